/* winvm/crt_wide.h: more functions for texts of a wchar_t of 16 bits (-fshort-wchar), as Windows
 * has them: formats, numbers, the environment, files. Text of the host is UTF-8. Included by
 * crt_stdlib.h, whose functions it uses. */
#ifndef WINVM_CRT_WIDE_H
#define WINVM_CRT_WIDE_H

#if __SIZEOF_WCHAR_T__ == 2

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crt_wchar.h"
#include "crt_wprintf.h"

/* ---- UTF-8: both return the length without the NUL, and write what fits, with it ---- */

WINVM_CRT_ size_t winvm_narrow_(char *to, size_t size, const wchar_t *from)
{
    size_t n = 0;
    for (; *from; from++) {
        unsigned int c = (unsigned int)*from & 0xffff, b, i;
        char out[4];
        if (c >= 0xd800 && c < 0xdc00 && from[1] >= 0xdc00 && from[1] < 0xe000)
            c = 0x10000 + ((c - 0xd800) << 10) + ((unsigned int)*++from - 0xdc00);
        b = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (i = b; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
        out[0] = (char)(b == 1 ? c : (0xf00 >> b) | c);
        for (i = 0; i < b; i++, n++)
            if (n + 1 < size) to[n] = out[i];
    }
    if (size) to[n < size ? n : size - 1] = 0;
    return n;
}
WINVM_CRT_ size_t winvm_widen_(wchar_t *to, size_t size, const char *from)
{
    const unsigned char *p = (const unsigned char *)from;
    size_t n = 0;
    while (*p) {
        unsigned int c = *p++, more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (more) c &= 0x3fu >> more;
        for (; more && (*p & 0xc0) == 0x80; more--) c = (c << 6) | (*p++ & 0x3fu);
        if (c >= 0x10000) {
            if (n + 1 < size) to[n] = (wchar_t)(0xd800 + ((c - 0x10000) >> 10));
            n++;
            c = 0xdc00 + (c & 0x3ff);
        }
        if (n + 1 < size) to[n] = (wchar_t)c;
        n++;
    }
    if (size) to[n < size ? n : size - 1] = 0;
    return n;
}
/* Of malloc. */
WINVM_CRT_ char *winvm_new_narrow_(const wchar_t *from)
{
    size_t n = winvm_narrow_(NULL, 0, from);
    char *to = (char *)malloc(n + 1);
    if (to) winvm_narrow_(to, n + 1, from);
    return to;
}
WINVM_CRT_ wchar_t *winvm_new_wide_(const char *from)
{
    size_t n = winvm_widen_(NULL, 0, from);
    wchar_t *to = (wchar_t *)malloc((n + 1) * sizeof(*to));
    if (to) winvm_widen_(to, n + 1, from);
    return to;
}

/* ---- formats ---- */

#define WINVM_WVARIADIC_(result, last, call)  \
    int result;                               \
    va_list arguments;                        \
    va_start(arguments, last);                \
    result = call;                            \
    va_end(arguments);                        \
    return result

WINVM_CRT_ int _vsnwprintf(wchar_t *to, size_t size, const wchar_t *format, va_list arguments)
{
    return winvm_vsnwprintf_(to, size, format, arguments);
}
WINVM_CRT_ int _snwprintf(wchar_t *to, size_t size, const wchar_t *format, ...)
{
    WINVM_WVARIADIC_(n, format, winvm_vsnwprintf_(to, size, format, arguments));
}
WINVM_CRT_ int _vsnwprintf_s(wchar_t *to, size_t size, size_t most, const wchar_t *format,
                             va_list arguments)
{
    return winvm_vsnwprintf_s_(to, size, most, format, arguments);
}
WINVM_CRT_ int _snwprintf_s(wchar_t *to, size_t size, size_t most, const wchar_t *format, ...)
{
    WINVM_WVARIADIC_(n, format, winvm_vsnwprintf_s_(to, size, most, format, arguments));
}
WINVM_CRT_ int vswprintf_s(wchar_t *to, size_t size, const wchar_t *format, va_list arguments)
{
    return winvm_vsnwprintf_s_(to, size, size, format, arguments);
}
WINVM_CRT_ int swprintf_s(wchar_t *to, size_t size, const wchar_t *format, ...)
{
    WINVM_WVARIADIC_(n, format, winvm_vsnwprintf_s_(to, size, size, format, arguments));
}
WINVM_CRT_ int _vscwprintf(const wchar_t *format, va_list arguments)
{
    return winvm_vwformat_(NULL, 0, format, arguments);
}
WINVM_CRT_ int _scwprintf(const wchar_t *format, ...)
{
    WINVM_WVARIADIC_(n, format, winvm_vwformat_(NULL, 0, format, arguments));
}
#undef WINVM_WVARIADIC_
#define vswprintf _vsnwprintf
#define swprintf _snwprintf
#if defined(__cplusplus)
extern "C++" {
template <size_t N> inline int swprintf_s(wchar_t (&to)[N], const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vswprintf_s(to, N, format, arguments);
    va_end(arguments);
    return n;
}
}
#endif

/* ---- numbers: letters of ASCII, 79 at most ---- */

WINVM_CRT_ const char *winvm_wdigits_(char text[80], const wchar_t *from)
{
    size_t i = 0;
    while (i < 79 && from[i] > 0 && from[i] < 0x80) text[i] = (char)from[i], i++;
    text[i] = 0;
    return text;
}
#define WINVM_WNUMBER_(name, type, call)                              \
    WINVM_CRT_ type name(const wchar_t *text, wchar_t **end, int base) \
    {                                                                 \
        char digits[80], *behind;                                     \
        type v = (type)call(winvm_wdigits_(digits, text), &behind, base); \
        if (end) *end = (wchar_t *)text + (behind - digits);          \
        return v;                                                     \
    }
WINVM_WNUMBER_(winvm_wcstol_, long, strtol)
WINVM_WNUMBER_(winvm_wcstoul_, unsigned long, strtoul)
WINVM_WNUMBER_(_wcstoi64, int64_t, strtoll)
WINVM_WNUMBER_(_wcstoui64, uint64_t, strtoull)
#undef WINVM_WNUMBER_
WINVM_CRT_ double winvm_wcstod_(const wchar_t *text, wchar_t **end)
{
    char digits[80], *behind;
    double v = strtod(winvm_wdigits_(digits, text), &behind);
    if (end) *end = (wchar_t *)text + (behind - digits);
    return v;
}
#define wcstol winvm_wcstol_
#define wcstoul winvm_wcstoul_
#define wcstoll _wcstoi64
#define wcstoull _wcstoui64
#define wcstod winvm_wcstod_
#define _wtoi(text) ((int)_wcstoi64((text), NULL, 10))
#define _wtol(text) ((int)_wcstoi64((text), NULL, 10))
#define _wtoi64(text) _wcstoi64((text), NULL, 10)
#define _wtof(text) winvm_wcstod_((text), NULL)
WINVM_CRT_ errno_t winvm_wdigits_put_(errno_t error, const char *digits, wchar_t *to, size_t size)
{
    if (!to || !size) return winvm_crt_error_(EINVAL);
    to[0] = 0;
    if (error) return error;
    if (strlen(digits) >= size) return winvm_crt_error_(ERANGE);
    winvm_widen_(to, size, digits);
    return 0;
}
WINVM_CRT_ errno_t _itow_s(int v, wchar_t *to, size_t size, int base)
{
    char digits[66];
    errno_t error = _itoa_s(v, digits, sizeof(digits), base);
    return winvm_wdigits_put_(error, digits, to, size);
}
WINVM_CRT_ errno_t _ui64tow_s(uint64_t v, wchar_t *to, size_t size, int base)
{
    char digits[66];
    errno_t error = _ui64toa_s(v, digits, sizeof(digits), base);
    return winvm_wdigits_put_(error, digits, to, size);
}
WINVM_CRT_ wchar_t *_itow(int v, wchar_t *to, int base)
{
    _itow_s(v, to, 34, base);
    return to;
}
WINVM_CRT_ wchar_t *_ui64tow(uint64_t v, wchar_t *to, int base)
{
    _ui64tow_s(v, to, 66, base);
    return to;
}

/* ---- texts ---- */

WINVM_CRT_ size_t winvm_wcsspan_(const wchar_t *s, const wchar_t *of, int in)
{
    size_t n = 0;
    while (s[n] && (winvm_wcschr_(of, s[n]) != NULL) == in) n++;
    return n;
}
WINVM_CRT_ wchar_t *wcstok_s(wchar_t *s, const wchar_t *of, wchar_t **next)
{
    if (!s) s = *next;
    s += winvm_wcsspan_(s, of, 1);
    *next = s + winvm_wcsspan_(s, of, 0);
    if (*next == s) return NULL;
    if (**next) *(*next)++ = 0;
    return s;
}
WINVM_CRT_ wchar_t *winvm_wcscase_(wchar_t *s, int first, int by)
{
    wchar_t *p;
    for (p = s; *p; p++)
        if (*p >= first && *p <= first + 25) *p = (wchar_t)(*p + by);
    return s;
}
WINVM_CRT_ wchar_t *_wcsrev(wchar_t *s)
{
    size_t i, n = winvm_wcsnlen_(s, SIZE_MAX);
    for (i = 0; i < n / 2; i++) {
        wchar_t c = s[i];
        s[i] = s[n - 1 - i];
        s[n - 1 - i] = c;
    }
    return s;
}
WINVM_CRT_ int winvm_wmemcmp_(const wchar_t *a, const wchar_t *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}
WINVM_CRT_ wchar_t *winvm_wmemset_(wchar_t *s, wchar_t c, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) s[i] = c;
    return s;
}
#define wcsspn(s, of) winvm_wcsspan_((s), (of), 1)
#define wcscspn(s, of) winvm_wcsspan_((s), (of), 0)
#define _wcslwr(s) winvm_wcscase_((s), 'A', 'a' - 'A')
#define _wcsupr(s) winvm_wcscase_((s), 'a', 'A' - 'a')
#define _wcslwr_s(s, size) ((void)(size), (void)_wcslwr(s), 0)
#define _wcsupr_s(s, size) ((void)(size), (void)_wcsupr(s), 0)
#define wmemcmp winvm_wmemcmp_
#define wmemset winvm_wmemset_
WINVM_CRT_ errno_t wmemcpy_s(wchar_t *to, rsize_t size, const wchar_t *from, rsize_t n)
{
    if (!n) return 0;
    if (!to || !from) return winvm_crt_error_(EINVAL);
    if (n > size) return winvm_crt_error_(ERANGE);
    memcpy(to, from, n * sizeof(*to));
    return 0;
}
/* n: characters, or bytes, to be written without the NUL; _TRUNCATE: what fits. */
WINVM_CRT_ errno_t mbstowcs_s(size_t *converted, wchar_t *to, size_t size, const char *from,
                              size_t n)
{
    size_t length = from ? winvm_widen_(NULL, 0, from) : 0;
    if (converted) *converted = 0;
    if (!from || (to && !size) || (!to && size)) return winvm_crt_error_(EINVAL);
    if (to && length >= size && n != _TRUNCATE && n >= size) {
        to[0] = 0;
        return winvm_crt_error_(ERANGE);
    }
    if (to) winvm_widen_(to, n < size ? n + 1 : size, from);
    if (converted) *converted = to ? winvm_wcsnlen_(to, size) + 1 : length + 1;
    return to && length >= size && n == _TRUNCATE ? STRUNCATE : 0;
}
WINVM_CRT_ errno_t wcstombs_s(size_t *converted, char *to, size_t size, const wchar_t *from,
                              size_t n)
{
    size_t length = from ? winvm_narrow_(NULL, 0, from) : 0;
    if (converted) *converted = 0;
    if (!from || (to && !size) || (!to && size)) return winvm_crt_error_(EINVAL);
    if (to && length >= size && n != _TRUNCATE && n >= size) {
        to[0] = 0;
        return winvm_crt_error_(ERANGE);
    }
    if (to) winvm_narrow_(to, n < size ? n + 1 : size, from);
    if (converted) *converted = to ? strlen(to) + 1 : length + 1;
    return to && length >= size && n == _TRUNCATE ? STRUNCATE : 0;
}

/* ---- the environment and files ---- */

/* NULL: it does not exist. Valid until the thread asks for another one. */
extern __thread wchar_t *winvm_crt_wgetenv_ __attribute__((__weak__, __visibility__("hidden")));
__thread wchar_t *winvm_crt_wgetenv_;
WINVM_CRT_ wchar_t *_wgetenv(const wchar_t *name)
{
    char *narrow = winvm_new_narrow_(name);
    const char *text = narrow ? getenv(narrow) : NULL;
    free(narrow);
    free(winvm_crt_wgetenv_);
    winvm_crt_wgetenv_ = text ? winvm_new_wide_(text) : NULL;
    return winvm_crt_wgetenv_;
}
WINVM_CRT_ errno_t _wgetenv_s(size_t *needed, wchar_t *to, rsize_t size, const wchar_t *name)
{
    const wchar_t *text;
    if (!needed || (!to && size) || !name) return winvm_crt_error_(EINVAL);
    text = _wgetenv(name);
    *needed = text ? winvm_wcsnlen_(text, SIZE_MAX) + 1 : 0;
    if (to && size) to[0] = 0;
    if (!text || !size) return 0;
    if (*needed > size) return winvm_crt_error_(ERANGE);
    winvm_wcscpy_(to, text);
    return 0;
}
WINVM_CRT_ errno_t _wdupenv_s(wchar_t **value, size_t *length, const wchar_t *name)
{
    const wchar_t *text;
    if (!value || !name) return winvm_crt_error_(EINVAL);
    text = _wgetenv(name);
    *value = text ? winvm_wcsdup_(text) : NULL;
    if (length) *length = text ? winvm_wcsnlen_(text, SIZE_MAX) + 1 : 0;
    return text && !*value ? winvm_crt_error_(ENOMEM) : 0;
}
WINVM_CRT_ errno_t _wputenv_s(const wchar_t *name, const wchar_t *value)
{
    char *n, *v;
    errno_t error;
    if (!name || !value) return winvm_crt_error_(EINVAL);
    n = winvm_new_narrow_(name);
    v = winvm_new_narrow_(value);
    error = n && v ? _putenv_s(n, v) : ENOMEM;
    free(n);
    free(v);
    return error;
}
WINVM_CRT_ FILE *_wfopen(const wchar_t *path, const wchar_t *mode)
{
    char *p = winvm_new_narrow_(path), how[16];
    FILE *f;
    winvm_narrow_(how, sizeof(how), mode);
    f = p ? fopen(p, how) : NULL;
    free(p);
    return f;
}
WINVM_CRT_ errno_t _wfopen_s(FILE **file, const wchar_t *path, const wchar_t *mode)
{
    if (!file || !path || !mode) return winvm_crt_error_(EINVAL);
    *file = _wfopen(path, mode);
    return *file ? 0 : errno;
}
WINVM_CRT_ int _waccess(const wchar_t *path, int mode)
{
    char *p = winvm_new_narrow_(path);
    int result = p ? access(p, mode) : -1;
    free(p);
    return result;
}
WINVM_CRT_ int _wunlink(const wchar_t *path)
{
    char *p = winvm_new_narrow_(path);
    int result = p ? unlink(p) : -1;
    free(p);
    return result;
}
#define _wremove _wunlink

#include "crt_wfiles.h"

#endif
#endif
