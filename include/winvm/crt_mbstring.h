/* winvm/crt_mbstring.h: texts of characters of several bytes, as Windows' mbstring.h has them. The
 * code page is UTF-8, as in the A functions; a byte that is no part of a character is one. Cases
 * are those of ASCII. n counts characters, and bytes in the functions with nb. */
#ifndef WINVM_CRT_MBSTRING_H
#define WINVM_CRT_MBSTRING_H

#include <string.h>

#include "crt_string.h"
#include "crt_types.h"

typedef unsigned char winvm_byte_;

/* Bytes of the character there; 0 at the end. */
WINVM_CRT_ size_t winvm_mb_size_(const winvm_byte_ *s)
{
    size_t n = *s == 0 ? 0 : *s < 0xc2 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 1, i;
    for (i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 1;
    return n;
}
#define _mbclen(s) winvm_mb_size_(s)
#define _ismbblead(c) ((int)((unsigned)(c) >= 0xc2 && (unsigned)(c) < 0xf5))
#define _ismbbtrail(c) ((int)(((unsigned)(c) & 0xc0) == 0x80))
#define _getmbcp() (65001)
/* 65001 only: -1. */
WINVM_CRT_ int _setmbcp(int page)
{
    if (page == 65001) return 0;
    errno = EINVAL;
    return -1;
}
WINVM_CRT_ winvm_byte_ *_mbsinc(const winvm_byte_ *s)
{
    size_t n = winvm_mb_size_(s);
    return (winvm_byte_ *)(uintptr_t)(s + (n ? n : 1));
}
/* The character in front of `at`; NULL: there is none. */
WINVM_CRT_ winvm_byte_ *_mbsdec(const winvm_byte_ *start, const winvm_byte_ *at)
{
    const winvm_byte_ *p;
    if (at <= start) return NULL;
    for (p = at - 1; p > start && at - p < 4 && (*p & 0xc0) == 0x80;) p--;
    return (winvm_byte_ *)(uintptr_t)(p + winvm_mb_size_(p) == at ? p : at - 1);
}
/* The character as a number of its bytes, the first one highest. */
WINVM_CRT_ unsigned _mbsnextc(const winvm_byte_ *s)
{
    size_t n = winvm_mb_size_(s), i;
    unsigned c = 0;
    for (i = 0; i < n; i++) c = c << 8 | s[i];
    return c;
}
WINVM_CRT_ size_t _mbslen(const winvm_byte_ *s)
{
    size_t n = 0;
    for (; *s; s += winvm_mb_size_(s)) n++;
    return n;
}
/* Bytes of the first n characters. */
WINVM_CRT_ size_t _mbsnbcnt(const winvm_byte_ *s, size_t n)
{
    const winvm_byte_ *p = s;
    for (; n && *p; n--) p += winvm_mb_size_(p);
    return (size_t)(p - s);
}
/* Characters that begin in the first n bytes. */
WINVM_CRT_ size_t _mbsnccnt(const winvm_byte_ *s, size_t n)
{
    size_t count = 0;
    const winvm_byte_ *p;
    for (p = s; (size_t)(p - s) < n && *p; p += winvm_mb_size_(p)) count++;
    return count;
}
#define _mbsninc(s, n) ((winvm_byte_ *)(uintptr_t)((s) + _mbsnbcnt((s), (n))))
WINVM_CRT_ int winvm_mb_fold_(int c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }
/* -1, 0, 1: of bytes, which is the order of the characters. */
WINVM_CRT_ int winvm_mb_compare_(const winvm_byte_ *a, const winvm_byte_ *b, size_t n, int fold)
{
    for (; n; n--, a++, b++) {
        int x = fold ? winvm_mb_fold_(*a) : *a, y = fold ? winvm_mb_fold_(*b) : *b;
        if (x != y) return x < y ? -1 : 1;
        if (!x) return 0;
    }
    return 0;
}
#define _mbscmp(a, b) winvm_mb_compare_((a), (b), SIZE_MAX, 0)
#define _mbsicmp(a, b) winvm_mb_compare_((a), (b), SIZE_MAX, 1)
#define _mbsnbcmp(a, b, n) winvm_mb_compare_((a), (b), (n), 0)
#define _mbsnbicmp(a, b, n) winvm_mb_compare_((a), (b), (n), 1)
WINVM_CRT_ int winvm_mb_compare_n_(const winvm_byte_ *a, const winvm_byte_ *b, size_t n, int fold)
{
    size_t x = _mbsnbcnt(a, n), y = _mbsnbcnt(b, n);
    return winvm_mb_compare_(a, b, x > y ? x : y, fold);
}
#define _mbsncmp(a, b, n) winvm_mb_compare_n_((a), (b), (n), 0)
#define _mbsnicmp(a, b, n) winvm_mb_compare_n_((a), (b), (n), 1)
/* c: as of _mbsnextc. */
WINVM_CRT_ winvm_byte_ *_mbschr(const winvm_byte_ *s, unsigned c)
{
    for (; _mbsnextc(s) != c; s += winvm_mb_size_(s))
        if (!*s) return NULL;
    return (winvm_byte_ *)(uintptr_t)s;
}
WINVM_CRT_ winvm_byte_ *_mbsrchr(const winvm_byte_ *s, unsigned c)
{
    const winvm_byte_ *found = NULL;
    for (;; s += winvm_mb_size_(s)) {
        if (_mbsnextc(s) == c) found = s;
        if (!*s) return (winvm_byte_ *)(uintptr_t)found;
    }
}
#define WINVM_MB_(s) ((char *)(uintptr_t)(s))
#define _mbsstr(s, what) ((winvm_byte_ *)(uintptr_t)strstr(WINVM_MB_(s), WINVM_MB_(what)))
#define _mbscpy(to, s) ((winvm_byte_ *)strcpy(WINVM_MB_(to), WINVM_MB_(s)))
#define _mbscat(to, s) ((winvm_byte_ *)strcat(WINVM_MB_(to), WINVM_MB_(s)))
#define _mbsdup(s) ((winvm_byte_ *)strdup(WINVM_MB_(s)))
#define _mbsnbcpy(to, s, n) ((winvm_byte_ *)strncpy(WINVM_MB_(to), WINVM_MB_(s), (n)))
#define _mbscpy_s(to, size, s) strcpy_s(WINVM_MB_(to), (size), WINVM_MB_(s))
#define _mbscat_s(to, size, s) strcat_s(WINVM_MB_(to), (size), WINVM_MB_(s))
WINVM_CRT_ winvm_byte_ *winvm_mb_case_(winvm_byte_ *s, int first, int by)
{
    winvm_byte_ *p;
    for (p = s; *p; p++)
        if (*p >= first && *p <= first + 25) *p = (winvm_byte_)(*p + by);
    return s;
}
#define _mbslwr(s) winvm_mb_case_((s), 'A', 'a' - 'A')
#define _mbsupr(s) winvm_mb_case_((s), 'a', 'A' - 'a')

#endif
