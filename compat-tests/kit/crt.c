/* What unmodified sources use of Windows' C run time, by its headers on the compat path, in C and
 * C++. Ends with 0, or names what fails. */
#include <eh.h>
#include <malloc.h>
#include <new.h>
#include <process.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <io.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <wchar.h>
#include <limits.h>
#include <math.h>
#include <tchar.h>
#include <crtdbg.h>
#include <conio.h>
#include <direct.h>
#include <share.h>
#include <strsafe.h>
#include <intrin.h>
#include <windows.h>

#include "crt_check.h"

static volatile LONG ran;
static volatile long plain_long;

static __declspec(thread) int own = 3;
struct __declspec(align(32)) aligned {
    int x;
};
__declspec(noinline) static int one(void)
{
    return own - 2;
}
static __forceinline int square(int x)
{
    return x * x;
}
static FORCEINLINE int twice(int x)
{
    return 2 * x;
}

static unsigned __stdcall thread(void *p)
{
    ran = *(int *)p;
    return 9;
}
static void __cdecl plain(void *p)
{
    InterlockedIncrement((volatile LONG *)p);
}

static void test_memory(void)
{
    int i;
    char *p = (char *)_aligned_malloc(100, 64);
    CHECK(p && (size_t)p % 64 == 0 && _aligned_msize(p, 64, 0) == 100);
    memset(p, 5, 100);
    p = (char *)_aligned_realloc(p, 1000, 128);
    CHECK(p && (size_t)p % 128 == 0 && p[99] == 5);
    _aligned_free(p);
    p = (char *)_aligned_offset_malloc(100, 64, 8);
    CHECK(p && ((size_t)p + 8) % 64 == 0);
    _aligned_free(p);
    CHECK(!_aligned_malloc(1, 3) && errno == EINVAL);
    CHECK(!_aligned_malloc((size_t)-1, 16) && errno == ENOMEM);
    for (i = 100; i <= 100000; i *= 1000) {
        p = (char *)_malloca(i);
        memset(p, 1, (size_t)i);
        _freea(p);
    }
    p = (char *)_recalloc(calloc(1, 10), 1000, 10);
    for (i = 0; i < 10000 && !p[i]; i++)
        ;
    CHECK(_heapchk() == _HEAPOK && _heapmin() == 0);
    CHECK(i == 10000 && _msize(p) >= 10000 && !_expand(p, 1000000));
    free(p);
}

static void test_texts(void)
{
    char b[8], c[4], n[40];
    wchar_t w[4];
    CHECK(!strcpy_s(b, sizeof(b), "1234567") && !strcat_s(b, sizeof(b), ""));
    CHECK(strcpy_s(c, sizeof(c), "1234") == ERANGE && !c[0]);
    CHECK(strncpy_s(c, sizeof(c), "12345", _TRUNCATE) == STRUNCATE && !strcmp(c, "123"));
    CHECK(_snprintf(c, 4, "%d", 12345) == -1 && !memcmp(c, "1234", 4));
    CHECK(_snprintf(c, 4, "%d", 1234) == 4 && !memcmp(c, "1234", 4));
    CHECK(_snprintf(c, 4, "%d", 12) == 2 && !strcmp(c, "12"));
    CHECK(sprintf_s(c, 4, "%d", 12) == 2 && sprintf_s(c, 4, "%d", 1234) == -1 && !c[0]);
    CHECK(_snprintf_s(c, 4, _TRUNCATE, "%d", 12345) == -1 && !strcmp(c, "123"));
    CHECK(!_stricmp("ABC", "abc") && _strnicmp("ABC", "abd", 3) < 0 && !_strnicmp("ABC", "abd", 2));
    CHECK(!_i64toa_s(-5, n, sizeof(n), 10) && !strcmp(n, "-5"));
    CHECK(!_ui64toa_s(255, n, sizeof(n), 16) && !strcmp(n, "ff"));
    CHECK(!wcscpy_s(w, 4, L"abc") && wcslen(w) == 3 && !_wcsicmp(w, L"ABC"));
    CHECK(wcscpy_s(w, 4, L"abcd") == ERANGE && !w[0]);
    CHECK(StringCchCopyA(b, 8, "x") == S_OK);
    CHECK(StringCchCopyA(b, 2, "xy") == STRSAFE_E_INSUFFICIENT_BUFFER && !strcmp(b, "x"));
    CHECK(!_putenv_s("WINVM_CRT", "1") && !strcmp(getenv("WINVM_CRT"), "1"));
    CHECK(!_putenv("WINVM_CRT=") && !getenv("WINVM_CRT"));
}

static void test_threads(void)
{
    int seven = 7;
    DWORD code = 0;
    volatile LONG two = 0;
    HANDLE h = (HANDLE)_beginthreadex(NULL, 0, thread, &seven, 0, NULL);
    CHECK(h && WaitForSingleObject(h, 10000) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(h, &code) && code == 9 && ran == 7 && CloseHandle(h));
    CHECK(_beginthread(plain, 0, (void *)&two) != (uintptr_t)-1);
    while (!two)
        Sleep(1);
}

static void test_files(void)
{
    int fd = _open(__FILE__, _O_RDONLY | _O_BINARY);
    CHECK(fd >= 0 && _lseeki64(fd, 0, SEEK_END) == _filelengthi64(fd));
    CHECK((HANDLE)_get_osfhandle(fd) != INVALID_HANDLE_VALUE);
    CHECK(_close(fd) == 0);
}

static void test_intrinsics(void)
{
    unsigned long bit;
    DWORD high;
    unsigned char bytes[8];
    int info[4];
    CHECK(_BitScanForward(&bit, 0x50) && bit == 4 && !_BitScanForward(&bit, 0));
    CHECK(_BitScanReverse64(&high, (ULONGLONG)1 << 40) && high == 40);
    CHECK(_byteswap_ulong(0x01020304) == 0x04030201 && _rotl(1, 33) == 2);
    CHECK(_rotr64(1, 1) == (ULONGLONG)1 << 63 && __lzcnt(1) == 31 && __popcnt(255) == 8);
    __cpuid(info, 0);
    CHECK(info[0] > 0);
    __stosb(bytes, 7, sizeof(bytes));
    CHECK(bytes[7] == 7);
    CHECK(InterlockedDecrement(&plain_long) == -1 && plain_long == -1);
    CHECK(_InterlockedCompareExchange(&plain_long, 5, -1) == -1 && plain_long == 5);
    _ReadWriteBarrier();
    _mm_pause();
}

static int told;

static void tell(const wchar_t *what, const wchar_t *function, const wchar_t *file, unsigned line,
                 uintptr_t reserved)
{
    (void)what, (void)function, (void)file, (void)line, (void)reserved;
    told++;
}

static void handlers_and_paths(void)
{
    char to[8], drive[_MAX_DRIVE], dir[_MAX_DIR], name[_MAX_FNAME], ext[_MAX_EXT];
    char path[_MAX_PATH];
    unsigned a = 0, b = 0;
    CHECK(_set_invalid_parameter_handler(tell) == NULL);
    CHECK(_get_invalid_parameter_handler() == tell);
    CHECK(strcpy_s(to, 3, "long") == ERANGE && told == 1);
    CHECK(sprintf_s(to, 3, "%d", 1234) == -1 && told == 2 && to[0] == 0);
    CHECK(_set_thread_local_invalid_parameter_handler(tell) == NULL);
    CHECK(_snprintf_s(to, 3, _TRUNCATE, "%d", 1234) == -1 && told == 2 && !strcmp(to, "12"));
    CHECK(_set_thread_local_invalid_parameter_handler(NULL) == tell);
    CHECK(_set_invalid_parameter_handler(NULL) == tell);
    CHECK(rand_s(NULL) == EINVAL && told == 2);
    CHECK(!rand_s(&a) && !rand_s(&b) && (a != b || (!rand_s(&a) && a != b)));
    _splitpath("C:/one/two.tar.gz", drive, dir, name, ext);
    CHECK(!strcmp(drive, "C:") && !strcmp(dir, "/one/"));
    CHECK(!strcmp(name, "two.tar") && !strcmp(ext, ".gz"));
    _makepath(path, drive, "/one", name, "gz");
    CHECK(!strcmp(path, "C:/one/two.tar.gz"));
    CHECK(_splitpath_s("name", NULL, 0, NULL, 0, to, 3, NULL, 0) == ERANGE && to[0] == 0);
    CHECK(_makepath_s(to, sizeof(to), NULL, "folder", "x", NULL) == ERANGE && to[0] == 0);
    CHECK(_set_new_mode(0) == 0 && _access_s("/nowhere/at/all", 0) == ENOENT);
}

#if __SIZEOF_WCHAR_T__ == 2
#define W(s) L##s
#else
#define W(s) (LPCWSTR) u##s
#endif
/* Texts of 16 bits, where L"..." is one. */
static void wide_texts(void)
{
    WCHAR to[32];
    CHECK(StringCchPrintfW(to, 32, W("%s|%hs|%5d|%-4u|%04X|%lld|%c"), W("wide"),
                           "narrow", -7, 3u, 0xabu, 1LL << 40, 'z') ==
          STRSAFE_E_INSUFFICIENT_BUFFER);
    CHECK(!memcmp(to, W("wide|narrow|   -7|3   |00AB|109"), 62) && to[31] == 0);
    CHECK(StringCchPrintfW(to, 32, W("%*d|%.2s|%.1f|%%"), 4, 5, W("abc"),
                           2.5) == S_OK);
    CHECK(!memcmp(to, W("   5|ab|2.5|%"), 28));
#if __SIZEOF_WCHAR_T__ == 2
    {
        wchar_t text[16], *end, *next, list[] = L"a,,b";
        char narrow[16];
        size_t n;
        CHECK(swprintf_s(text, 16, L"%d-%ls", 42, L"x") == 4 && !wcscmp(text, L"42-x"));
        CHECK(_snwprintf_s(text, 4, _TRUNCATE, L"%ls", L"long") == -1 && !wcscmp(text, L"lon"));
        CHECK(_snwprintf(text, 3, L"%ls", L"long") == -1 && text[2] == L'n');
        CHECK(swprintf_s(text, 3, L"%ls", L"long") == -1 && text[0] == 0);
        CHECK(wcstoul(L"0x1fz", &end, 0) == 31 && *end == L'z' && _wtoi(L"-5") == -5);
        CHECK(!_itow_s(-12, text, 16, 10) && !wcscmp(text, L"-12"));
        CHECK(!wcscmp(wcstok_s(list, L",", &next), L"a"));
        CHECK(!wcscmp(wcstok_s(NULL, L",", &next), L"b") && !wcstok_s(NULL, L",", &next));
        CHECK(!_wputenv_s(L"CRT_WIDE", L"\u00e9\U0001f600") && _wgetenv(L"CRT_WIDE")[2] == 0xde00);
        CHECK(!_wgetenv_s(&n, text, 16, L"CRT_WIDE") && n == 4);
        CHECK(!wcstombs_s(&n, narrow, 16, text, _TRUNCATE) && n == 7);
        CHECK(!strcmp(narrow, "\xc3\xa9\xf0\x9f\x98\x80"));
        CHECK(mbstowcs_s(&n, text, 3, "abc", 3) == ERANGE && text[0] == 0);
        CHECK(mbstowcs_s(&n, text, 3, "abc", _TRUNCATE) == STRUNCATE && n == 3);
        CHECK(_wfopen(L"/nowhere/at/all", L"r") == NULL && !_waccess(L"/", 0));
    }
#endif
}

int main(void)
{
    test_memory();
    test_texts();
    test_threads();
    test_files();
    test_intrinsics();
    handlers_and_paths();
    wide_texts();
    CHECK(square(3) + twice(1) + one() == 12 && sizeof(struct aligned) == 32);
    CHECK(max(1, 2) == 2 && min(1, 2) == 1);
    return failed;
}
