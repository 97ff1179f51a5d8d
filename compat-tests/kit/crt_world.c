/* Locales, times and texts of several bytes by the headers of Windows' C run time on the compat
 * path, in C and C++. Ends with 0, or names what fails. */
#include <io.h>
#include <locale.h>
#include <mbstring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timeb.h>
#include <sys/utime.h>
#include <time.h>
#include <windows.h>

#include "crt_check.h"

static void locales(void)
{
    char text[16];
    char *end;
    _locale_t c = _create_locale(LC_ALL, "C"), now = _get_current_locale();
    CHECK(c && now && !_create_locale(LC_ALL, "no_SUCH.locale"));
    CHECK(!_create_locale(LC_ALL, NULL) && errno == EINVAL);
    CHECK(_toupper_l('a', c) == 'A' && _tolower_l('Q', NULL) == 'q' && _isalpha_l('x', c));
    CHECK(!_isdigit_l('x', c) && _isspace_l(' ', now) && _isxdigit_l('f', c));
    CHECK(_stricmp_l("ABC", "abc", c) == 0 && _strnicmp_l("ABx", "aby", 2, c) == 0);
    CHECK(_strcoll_l("a", "b", c) < 0 && _atoi_l("12", c) == 12 && _atof_l("1.5", c) == 1.5);
    CHECK(_strtod_l("2.5x", &end, c) == 2.5 && *end == 'x' && _strtol_l("ff", NULL, 16, c) == 255);
    CHECK(_snprintf_l(text, sizeof(text), "%.1f", c, 1.5) == 3 && !strcmp(text, "1.5"));
    CHECK(_snprintf_l(text, 2, "%d", c, 12345) == -1);
    CHECK(_sprintf_s_l(text, 3, "%d", c, 123) == -1 && text[0] == 0);
    CHECK(_configthreadlocale(0) == _DISABLE_PER_THREAD_LOCALE);
    CHECK(_configthreadlocale(_ENABLE_PER_THREAD_LOCALE) == -1 && errno == EINVAL);
    _free_locale(c);
    _free_locale(now);
}

static void times(void)
{
    struct _timeb now;
    struct __utimbuf64 when;
    struct _stat64 is;
    char name[16], path[] = "/tmp/winvm_crt_XXXXXX";
    size_t n = 0;
    long zone = 0, bias = 1;
    int summer = -1, fd;
    CHECK(!_putenv_s("TZ", "XST-3YDT"));
    CHECK(!_get_timezone(&zone) && zone == -3 * 3600 && _timezone == zone);
    CHECK(!_get_daylight(&summer) && summer == 1 && _daylight == 1);
    CHECK(!_get_dstbias(&bias) && bias == -3600 && _dstbias == bias);
    CHECK(!strcmp(_tzname[0], "XST") && !_get_tzname(&n, name, sizeof(name), 1) && n == 4);
    CHECK(!strcmp(name, "YDT") && _get_tzname(&n, name, 3, 1) == ERANGE && name[0] == 0);
    CHECK(_get_tzname(&n, name, sizeof(name), 2) == EINVAL && _get_timezone(NULL) == EINVAL);
    _ftime(&now);
    CHECK(now.millitm < 1000 && now.timezone == -180 && _time64(NULL) - now.time < 100);
    CHECK(!_ftime64_s(&now) && _ftime64_s(NULL) == EINVAL);
    CHECK(_mktemp(path) != NULL);
    fd = _open(path, _O_CREAT | _O_RDWR, 0600);
    when.actime = 1000000000;
    when.modtime = 1100000000;
    CHECK(fd >= 0 && _utime64(path, &when) == 0 && _stat64(path, &is) == 0);
    CHECK(is.st_mtime == 1100000000 && is.st_atime == 1000000000);
    when.modtime++;
    CHECK(_futime64(fd, &when) == 0 && _fstat64(fd, &is) == 0 && is.st_mtime == 1100000001);
    CHECK(_utime(path, NULL) == 0 && _stat64(path, &is) == 0 && is.st_mtime > 1500000000);
    CHECK(_utime("/nowhere/at/all", NULL) == -1 && errno == ENOENT);
    CHECK(_close(fd) == 0 && _unlink(path) == 0);
}

#define B(s) ((unsigned char *)(uintptr_t)(s))
/* x, e acute, an emoji, a byte that is nothing, y */
#define MIXED "x\xc3\xa9\xf0\x9f\x98\x80\xff" "y"

static void bytes(void)
{
    unsigned char text[32];
    const unsigned char *s = B(MIXED);
    CHECK(_mbslen(s) == 5 && _mbclen(s + 1) == 2);
    CHECK(_mbsinc(s + 3) == s + 7 && *_mbsinc(s + 7) == 'y');
    CHECK(_mbsdec(s, s + 7) == s + 3 && _mbsdec(s, s + 8) == s + 7 && _mbsdec(s, s + 3) == s + 1);
    CHECK(_mbsdec(s, s + 1) == s && !_mbsdec(s, s));
    CHECK(_mbsnextc(s + 1) == 0xc3a9 && _mbschr(s, 0xc3a9) == s + 1 && _mbschr(s, 'y') == s + 8);
    CHECK(!_mbschr(s, 0xa9) && _mbschr(s, 0) == s + 9 && _mbsrchr(s, 'x') == s);
    CHECK(_mbsnbcnt(s, 3) == 7 && _mbsnccnt(s, 3) == 2 && _mbsninc(s, 2) == s + 3);
    CHECK(_mbscmp(s, s) == 0 && _mbsicmp(B("AbC\xc3\xa9"), B("aBc\xc3\xa9")) == 0);
    CHECK(_mbscmp(B("a"), B("\xc3\xa9")) == -1);
    CHECK(_mbsncmp(B("\xc3\xa9" "x"), B("\xc3\xa9" "y"), 1) == 0);
    CHECK(_mbsnbcmp(B("\xc3\xa9"), B("\xc3\xa8"), 1) == 0 && _mbsnicmp(B("aBc"), B("AbD"), 2) == 0);
    CHECK(_mbscpy(text, s) == text && !strcmp((char *)text, MIXED) && _mbsstr(text, B("\xff")));
    CHECK(!strcmp((char *)_mbsupr(text), "X\xc3\xa9\xf0\x9f\x98\x80\xff" "Y"));
    CHECK(_ismbblead(0xc3) && !_ismbblead('x') && _ismbbtrail(0xa9) && _getmbcp() == 65001);
    CHECK(_setmbcp(65001) == 0 && _setmbcp(932) == -1);
}

int main(void)
{
    locales();
    times();
    bytes();
    return failed;
}
