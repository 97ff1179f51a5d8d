/* winvm/crt_wchar.h: the functions for texts of wchar_t that Windows sources use.
 *
 * Where wchar_t has 16 bits (-fshort-wchar), as L"..." of such a source has them, libc's functions,
 * which take 32 bits, are replaced by ones for 16; what is not here must not be called then. */
#ifndef WINVM_CRT_WCHAR_H
#define WINVM_CRT_WCHAR_H

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "crt_types.h"

#if defined(__GLIBC__) && !defined(__USE_MISC) && !defined(__cplusplus)
extern int wcscasecmp(const wchar_t *, const wchar_t *);
extern int wcsncasecmp(const wchar_t *, const wchar_t *, size_t);
extern wchar_t *wcsdup(const wchar_t *);
extern size_t wcsnlen(const wchar_t *, size_t);
#endif

#if __SIZEOF_WCHAR_T__ == 2
WINVM_CRT_ size_t winvm_wcsnlen_(const wchar_t *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i]) i++;
    return i;
}
WINVM_CRT_ wchar_t *winvm_wcsncat_(wchar_t *to, const wchar_t *from, size_t n)
{
    size_t at = winvm_wcsnlen_(to, SIZE_MAX), length = winvm_wcsnlen_(from, n);
    memcpy(to + at, from, length * sizeof(*to));
    to[at + length] = 0;
    return to;
}
WINVM_CRT_ wchar_t *winvm_wcscpy_(wchar_t *to, const wchar_t *from)
{
    memcpy(to, from, (winvm_wcsnlen_(from, SIZE_MAX) + 1) * sizeof(*to));
    return to;
}
WINVM_CRT_ wchar_t *winvm_wcsncpy_(wchar_t *to, const wchar_t *from, size_t n)
{
    size_t length = winvm_wcsnlen_(from, n);
    memcpy(to, from, length * sizeof(*to));
    memset(to + length, 0, (n - length) * sizeof(*to));
    return to;
}
/* Letters of ASCII in any case when `fold` is set. */
WINVM_CRT_ int winvm_wcsncmp_(const wchar_t *a, const wchar_t *b, size_t n, int fold)
{
    for (; n; n--, a++, b++) {
        int x = *a, y = *b;
        if (fold && x >= 'A' && x <= 'Z') x += 'a' - 'A';
        if (fold && y >= 'A' && y <= 'Z') y += 'a' - 'A';
        if (x != y) return x < y ? -1 : 1;
        if (!x) return 0;
    }
    return 0;
}
WINVM_CRT_ wchar_t *winvm_wcschr_(const wchar_t *s, wchar_t c)
{
    for (; *s != c; s++)
        if (!*s) return NULL;
    return (wchar_t *)s;
}
WINVM_CRT_ wchar_t *winvm_wcsrchr_(const wchar_t *s, wchar_t c)
{
    const wchar_t *found = NULL;
    for (;; s++) {
        if (*s == c) found = s;
        if (!*s) return (wchar_t *)found;
    }
}
WINVM_CRT_ wchar_t *winvm_wcsstr_(const wchar_t *s, const wchar_t *what)
{
    size_t n = winvm_wcsnlen_(what, SIZE_MAX);
    for (;; s++) {
        if (!winvm_wcsncmp_(s, what, n, 0)) return (wchar_t *)s;
        if (!*s) return NULL;
    }
}
WINVM_CRT_ wchar_t *winvm_wcsdup_(const wchar_t *s)
{
    wchar_t *to = (wchar_t *)malloc((winvm_wcsnlen_(s, SIZE_MAX) + 1) * sizeof(*s));
    return to ? winvm_wcscpy_(to, s) : NULL;
}
#define wcslen(s) winvm_wcsnlen_((s), SIZE_MAX)
#define wcsnlen winvm_wcsnlen_
#define wcscpy winvm_wcscpy_
#define wcsncpy winvm_wcsncpy_
#define wcscat(to, from) winvm_wcsncat_((to), (from), SIZE_MAX)
#define wcsncat winvm_wcsncat_
#define wcscmp(a, b) winvm_wcsncmp_((a), (b), SIZE_MAX, 0)
#define wcsncmp(a, b, n) winvm_wcsncmp_((a), (b), (n), 0)
#define _wcsicmp(a, b) winvm_wcsncmp_((a), (b), SIZE_MAX, 1)
#define _wcsnicmp(a, b, n) winvm_wcsncmp_((a), (b), (n), 1)
#define wcschr winvm_wcschr_
#define wcsrchr winvm_wcsrchr_
#define wcsstr winvm_wcsstr_
#define _wcsdup winvm_wcsdup_
#define wmemcpy(to, from, n) ((wchar_t *)memcpy((to), (from), (n) * sizeof(wchar_t)))
#define wmemmove(to, from, n) ((wchar_t *)memmove((to), (from), (n) * sizeof(wchar_t)))
#else
#define _wcsicmp wcscasecmp
#define _wcsnicmp wcsncasecmp
#define _wcsdup wcsdup
#define winvm_wcsnlen_ wcsnlen
#define winvm_wcsncat_ wcsncat
#define swprintf_s swprintf
#define _snwprintf swprintf
#define _vsnwprintf vswprintf
#define wcstok_s wcstok
#define _wtoi(text) ((int)wcstol((text), NULL, 10))
#define _wtoi64(text) wcstoll((text), NULL, 10)
#define _wcstoi64 wcstoll
#define _wcstoui64 wcstoull
#endif
#define wcsicmp _wcsicmp
#define wcsnicmp _wcsnicmp

/* n characters at most of `from` behind the `at` first ones of `to`. */
WINVM_CRT_ errno_t winvm_wcsput_(wchar_t *to, size_t size, size_t at, const wchar_t *from,
                                 size_t n)
{
    size_t i;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    if (at >= size || !from) {
        to[0] = 0;
        return winvm_crt_error_(EINVAL);
    }
    for (i = 0; i < n && from[i]; i++) {
        if (at + i + 1 >= size) {
            to[n == _TRUNCATE ? at + i : 0] = 0;
            return n == _TRUNCATE ? STRUNCATE : winvm_crt_error_(ERANGE);
        }
        to[at + i] = from[i];
    }
    to[at + i] = 0;
    return 0;
}
WINVM_CRT_ size_t winvm_wcsend_(const wchar_t *s, size_t n)
{
    size_t i = 0;
    while (s && i < n && s[i]) i++;
    return i;
}
#define wcsnlen_s winvm_wcsend_
#define wcscpy_s(to, size, from) winvm_wcsput_((to), (size), 0, (from), _TRUNCATE - 1)
#define wcsncpy_s(to, size, from, n) winvm_wcsput_((to), (size), 0, (from), (n))
#define wcscat_s(to, size, from) \
    winvm_wcsput_((to), (size), winvm_wcsend_((to), (size)), (from), _TRUNCATE - 1)
#define wcsncat_s(to, size, from, n) \
    winvm_wcsput_((to), (size), winvm_wcsend_((to), (size)), (from), (n))

#endif
