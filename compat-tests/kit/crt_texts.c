/* Scanning, sorting and searching by the headers of Windows' C run time on the compat path, in C
 * and C++. Ends with 0, or names what fails. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tchar.h>
#include <wchar.h>
#include <windows.h>

#include "crt_check.h"

static int n_compared;

static int __cdecl by_sign(void *sign, const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    n_compared++;
    return *(int *)sign * (x < y ? -1 : x > y);
}
static int __cdecl plainly(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sorting(void)
{
    int v[1000], i, up = 1, down = -1, key = 500, *found;
    unsigned x = 1, n = 3;
    for (i = 0; i < 1000; i++) v[i] = i;
    for (i = 999; i > 0; i--) { /* mixed, the same each time */
        int k, at;
        x = x * 1103515245u + 12345u;
        at = (int)((x >> 16) % (unsigned)(i + 1));
        k = v[i];
        v[i] = v[at];
        v[at] = k;
    }
    qsort_s(v, 1000, sizeof(v[0]), by_sign, &up);
    for (i = 0; i < 1000 && v[i] == i; i++)
        ;
    CHECK(i == 1000 && n_compared < 25000);
    found = (int *)bsearch_s(&key, v, 1000, sizeof(v[0]), by_sign, &up);
    CHECK(found == v + 500);
    for (key = 0; key < 1000; key++)
        CHECK(bsearch_s(&key, v, 1000, sizeof(v[0]), by_sign, &up) == v + key);
    CHECK(!bsearch_s(&key, v, 1000, sizeof(v[0]), by_sign, &up));
    key = -1;
    CHECK(!bsearch_s(&key, v, 1000, sizeof(v[0]), by_sign, &up));
    qsort_s(v, 1000, sizeof(v[0]), by_sign, &down);
    CHECK(v[0] == 999 && v[999] == 0);
    qsort_s(NULL, 0, 4, by_sign, &up);
    errno = 0;
    qsort_s(v, 10, 0, by_sign, &up);
    CHECK(errno == EINVAL && v[0] == 999);
    errno = 0;
    CHECK(!bsearch_s(NULL, v, 10, 4, by_sign, &up) && errno == EINVAL);
    key = 998;
    CHECK(_lfind(&key, v, &n, sizeof(v[0]), plainly) == v + 1);
    key = 7;
    CHECK(!_lfind(&key, v, &n, sizeof(v[0]), plainly) && n == 3);
    CHECK(_lsearch(&key, v, &n, sizeof(v[0]), plainly) == v + 3 && n == 4 && v[3] == 7);
    CHECK(_lsearch(&key, v, &n, sizeof(v[0]), plainly) == v + 3 && n == 4);
    CHECK(_lfind_s(&key, v, &n, sizeof(v[0]), by_sign, &up) == v + 3);
}

static void scanning(void)
{
    int i = 0, k = 0, n;
    unsigned u = 0;
    short h = 0;
    double d = 0;
    float f = 0;
    ULONGLONG q = 0;
    void *p = NULL;
    char a[8], b[8], c[3];
    FILE *file;
    CHECK(sscanf_s(" 12 word -0x1f", "%d %7s %i", &i, b, 8u, &k) == 2 || k == -0x1f);
    CHECK(sscanf_s(" 12 word -0x1f", "%d %s %i", &i, b, (unsigned)sizeof(b), &k) == 3);
    CHECK(i == 12 && !strcmp(b, "word") && k == -0x1f);
    /* The first text that does not fit ends it. */
    strcpy(a, "keep");
    CHECK(sscanf_s("one longwords 3", "%s %s %d", b, 8u, a, 8u, &i) == 1);
    CHECK(!strcmp(b, "one") && a[0] == 0 && i == 12);
    CHECK(sscanf_s("1234567 x", "%s", a, 8u) == 1 && !strcmp(a, "1234567"));
    CHECK(sscanf_s("12345678", "%s", a, 8u) == 0 && a[0] == 0);
    CHECK(sscanf_s("123456789", "%4s%n", a, 5u, &n) == 1 && !strcmp(a, "1234") && n == 4);
    c[2] = 'z';
    CHECK(sscanf_s("ab", "%2c", c, 2u) == 1 && !memcmp(c, "abz", 3));
    CHECK(sscanf_s("ab", "%2c", c, 1u) == 0 && sscanf_s("a", "%2c", c, 2u) == EOF);
    CHECK(sscanf_s("key=value;", "%7[a-z]=%[^;]", a, 8u, b, 8u) == 2);
    CHECK(!strcmp(a, "key") && !strcmp(b, "value"));
    CHECK(sscanf_s("]-x", "%[]-]%s", a, 8u, b, 8u) == 2 && !strcmp(a, "]-") && !strcmp(b, "x"));
    CHECK(sscanf_s("5 6", "%*d %d", &i) == 1 && i == 6);
    CHECK(sscanf_s("skipped 9", "%*s %d", &i) == 1 && i == 9);
    CHECK(sscanf_s("70000 2.5e3 1e-2x", "%hd%lf%f", &h, &d, &f) == 3);
    CHECK(h == 70000 - 65536 && d == 2500 && f > 0.0099f && f < 0.0101f);
    CHECK(sscanf_s("ffffffffffffffff 0x10", "%I64x %p", &q, &p) == 2);
    CHECK(q == (ULONGLONG)-1 && p == (void *)16);
    CHECK(sscanf_s("4294967295 077", "%u %o", &u, &i) == 2 && u == 4294967295u && i == 63);
    CHECK(sscanf_s("100%, 7", "%d%%, %d", &i, &k) == 2 && i == 100 && k == 7);
    CHECK(sscanf_s("", "%d", &i) == EOF && sscanf_s("x", "%d", &i) == 0);
    CHECK(sscanf_s("1,", "%d,%d", &i, &k) == 1 && sscanf_s("1;2", "%d,%d", &i, &k) == 1);
    CHECK(sscanf_s("12a", "%1d%d%c", &i, &k, c, 1u) == 3 && i == 1 && k == 2 && c[0] == 'a');
    CHECK(sscanf_s("inf -nan", "%lf %f", &d, &f) == 2 && d > 1e308 && f != f);
    errno = 0;
    CHECK(sscanf_s(NULL, "%d", &i) == EOF && errno == EINVAL);
    file = tmpfile();
    CHECK(file && fputs("3 three\n4 four", file) >= 0);
    rewind(file);
    CHECK(fscanf_s(file, "%d %s", &i, b, 8u) == 2 && i == 3 && !strcmp(b, "three"));
    CHECK(fscanf_s(file, "%d%*1[ ]", &i) == 1 && i == 4 && fgetc(file) == 'f');
    fclose(file);
#if __SIZEOF_WCHAR_T__ == 2
    {
        wchar_t w[8];
        CHECK(swscanf_s(L"12 \u00e9\u4e00! x", L"%d %s %hs", &i, w, 8u, a, 8u) == 3);
        CHECK(i == 12 && !wcscmp(w, L"\u00e9\u4e00!") && !strcmp(a, "x"));
        CHECK(swscanf_s(L"toolong", L"%s", w, 7u) == 0 && w[0] == 0);
        CHECK(swscanf_s(L"abc=\u4e00", L"%[a-c]=%[^x]", w, 8u, w + 4, 4u) == 2 && w[4] == 0x4e00);
    }
#endif
}

int main(void)
{
    sorting();
    scanning();
    return failed;
}
