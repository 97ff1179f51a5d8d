/* winvm/crt_string.h: what Windows' string.h has beside libc's. The _s functions answer EINVAL and
 * ERANGE, and leave an empty text. */
#ifndef WINVM_CRT_STRING_H
#define WINVM_CRT_STRING_H

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "crt_types.h"

#define _stricmp strcasecmp
#define _strcmpi strcasecmp
#define _strnicmp strncasecmp
#ifndef stricmp
#define stricmp strcasecmp
#endif
#ifndef strnicmp
#define strnicmp strncasecmp
#endif
#ifndef strcmpi
#define strcmpi strcasecmp
#endif
#define _stricoll strcasecmp
#define _strcoll strcoll
#define _strdup strdup
#define _memccpy memccpy
#define strtok_s strtok_r

WINVM_CRT_ int _memicmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = (const unsigned char *)a, *q = (const unsigned char *)b;
    for (; n; n--, p++, q++)
        if (tolower(*p) != tolower(*q)) return tolower(*p) - tolower(*q);
    return 0;
}
WINVM_CRT_ char *_strlwr(char *text)
{
    char *p;
    for (p = text; *p; p++) *p = (char)tolower((unsigned char)*p);
    return text;
}
WINVM_CRT_ char *_strupr(char *text)
{
    char *p;
    for (p = text; *p; p++) *p = (char)toupper((unsigned char)*p);
    return text;
}
WINVM_CRT_ char *_strrev(char *text)
{
    size_t i, n = strlen(text);
    for (i = 0; i < n / 2; i++) {
        char c = text[i];
        text[i] = text[n - 1 - i];
        text[n - 1 - i] = c;
    }
    return text;
}
WINVM_CRT_ char *_strset(char *text, int c)
{
    return (char *)memset(text, c, strlen(text));
}
WINVM_CRT_ char *_strnset(char *text, int c, size_t n)
{
    size_t length = strlen(text);
    return (char *)memset(text, c, n < length ? n : length);
}
WINVM_CRT_ size_t winvm_strnlen_(const char *text, size_t n)
{
    const char *end = (const char *)memchr(text, 0, n);
    return end ? (size_t)(end - text) : n;
}
WINVM_CRT_ size_t strnlen_s(const char *text, size_t n)
{
    return text ? winvm_strnlen_(text, n) : 0;
}

WINVM_CRT_ errno_t memcpy_s(void *to, rsize_t size, const void *from, rsize_t n)
{
    if (!n) return 0;
    if (!to) return winvm_crt_error_(EINVAL);
    if (!from || n > size) {
        memset(to, 0, size);
        return winvm_crt_error_(from ? ERANGE : EINVAL);
    }
    memcpy(to, from, n);
    return 0;
}
WINVM_CRT_ errno_t memmove_s(void *to, rsize_t size, const void *from, rsize_t n)
{
    if (!n) return 0;
    if (!to || !from) return winvm_crt_error_(EINVAL);
    if (n > size) return winvm_crt_error_(ERANGE);
    memmove(to, from, n);
    return 0;
}

/* n characters at most of `from` behind the `at` first ones of `to`. */
WINVM_CRT_ errno_t winvm_strput_(char *to, rsize_t size, size_t at, const char *from, size_t n)
{
    size_t length;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    if (at >= size || !from) {
        to[0] = 0;
        return winvm_crt_error_(EINVAL);
    }
    length = winvm_strnlen_(from, n == _TRUNCATE ? size - at : n < size - at ? n : size - at);
    if (length >= size - at) {
        if (n != _TRUNCATE) {
            to[0] = 0;
            return winvm_crt_error_(ERANGE);
        }
        memcpy(to + at, from, size - at - 1);
        to[size - 1] = 0;
        return STRUNCATE;
    }
    memcpy(to + at, from, length);
    to[at + length] = 0;
    return 0;
}
WINVM_CRT_ errno_t strcpy_s(char *to, rsize_t size, const char *from)
{
    return winvm_strput_(to, size, 0, from, _TRUNCATE - 1);
}
WINVM_CRT_ errno_t strncpy_s(char *to, rsize_t size, const char *from, rsize_t n)
{
    return winvm_strput_(to, size, 0, n ? from : "", n);
}
WINVM_CRT_ errno_t strcat_s(char *to, rsize_t size, const char *from)
{
    return winvm_strput_(to, size, to ? winvm_strnlen_(to, size) : 0, from, _TRUNCATE - 1);
}
WINVM_CRT_ errno_t strncat_s(char *to, rsize_t size, const char *from, rsize_t n)
{
    return winvm_strput_(to, size, to ? winvm_strnlen_(to, size) : 0, n ? from : "", n);
}
WINVM_CRT_ errno_t strerror_s(char *to, size_t size, int error)
{
    return winvm_strput_(to, size, 0, strerror(error), _TRUNCATE) == EINVAL ? EINVAL : 0;
}
/* What a program says, ": ", what errno means, and the end of the line; 94 characters of it. */
WINVM_CRT_ errno_t _strerror_s(char *to, size_t size, const char *said)
{
    const char *means = strerror(errno);
    size_t n;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    to[0] = 0;
    n = said && *said ? winvm_strnlen_(said, 94) : 0;
    if (n + (n ? 2 : 0) + strlen(means) + 2 > size) return winvm_crt_error_(ERANGE);
    if (n) memcpy(to, said, n);
    strcpy(to + n, n ? ": " : "");
    strcat(strcat(to, means), "\n");
    return 0;
}
/* Valid until the thread asks again. */
extern __thread char winvm_crt_strerror_[256]
    __attribute__((__weak__, __visibility__("hidden")));
__thread char winvm_crt_strerror_[256];
WINVM_CRT_ char *_strerror(const char *said)
{
    _strerror_s(winvm_crt_strerror_, sizeof(winvm_crt_strerror_), said);
    return winvm_crt_strerror_;
}
WINVM_CRT_ errno_t _strlwr_s(char *text, size_t size)
{
    if (!text || winvm_strnlen_(text, size) == size) return winvm_crt_error_(EINVAL);
    _strlwr(text);
    return 0;
}
WINVM_CRT_ errno_t _strupr_s(char *text, size_t size)
{
    if (!text || winvm_strnlen_(text, size) == size) return winvm_crt_error_(EINVAL);
    _strupr(text);
    return 0;
}

#if defined(__cplusplus)
/* For arrays, which know their size. */
extern "C++" {
template <size_t N> inline errno_t strcpy_s(char (&to)[N], const char *from)
{
    return strcpy_s(to, N, from);
}
template <size_t N> inline errno_t strncpy_s(char (&to)[N], const char *from, size_t n)
{
    return strncpy_s(to, N, from, n);
}
template <size_t N> inline errno_t strcat_s(char (&to)[N], const char *from)
{
    return strcat_s(to, N, from);
}
template <size_t N> inline errno_t strncat_s(char (&to)[N], const char *from, size_t n)
{
    return strncat_s(to, N, from, n);
}
}
#endif

#endif
