/* winvm/crt_stdio.h: what Windows' stdio.h has beside libc's. Formats are libc's: %lld and %zu, not
 * %I64d and %Iu. */
#ifndef WINVM_CRT_STDIO_H
#define WINVM_CRT_STDIO_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crt_scan.h"
#include "crt_types.h"

#define WINVM_PRINTF_(format, first) __attribute__((__format__(__printf__, format, first)))

#define _fileno fileno
#define _fdopen fdopen
#define _popen popen
#define _pclose pclose
#define _unlink unlink
#define _tempnam tempnam
#define _getw getw
#define _putw putw
#define _fseeki64 fseeko
#define _ftelli64 ftello
#define _getc_nolock getc_unlocked
#define _putc_nolock putc_unlocked
#define _lock_file flockfile
#define _unlock_file funlockfile
#define _flushall() fflush(NULL)
#define _fread_nolock fread
#define _fwrite_nolock fwrite
#define _fseek_nolock fseek
#define _ftell_nolock ftell
#define _fseeki64_nolock fseeko
#define _ftelli64_nolock ftello
#define _fclose_nolock fclose
#define _fflush_nolock fflush
#if defined(__GLIBC__) && !defined(__USE_GNU)
extern int fcloseall(void);
#endif
/* Files that the host opened for tmpfile are gone already. */
#define _rmtmp() (0)
#define _fcloseall fcloseall
/* The host's limit of descriptors; one that is within it changes nothing. -1: it is not. */
WINVM_CRT_ int _getmaxstdio(void) { return (int)sysconf(_SC_OPEN_MAX); }
WINVM_CRT_ int _setmaxstdio(int most)
{
    if (most >= 20 && most <= _getmaxstdio()) return most;
    winvm_crt_error_(EINVAL);
    return -1;
}
#define _fsopen(path, mode, share) ((void)(share), fopen((path), (mode)))

/* The length when it is below size, with a NUL; size when that is it, without; else -1, and size
 * characters without a NUL. */
WINVM_CRT_ WINVM_PRINTF_(3, 0) int _vsnprintf(char *to, size_t size, const char *format,
                                              va_list arguments)
{
    char last = 0;
    int n;
    va_list again;
    va_copy(again, arguments);
    n = vsnprintf(to, size, format, arguments);
    if (n >= 0 && size && to && (size_t)n >= size) {
        /* The character that vsnprintf put its NUL for. */
        FILE *f;
        char *all = NULL;
        size_t length = 0;
        f = open_memstream(&all, &length);
        if (f) {
            vfprintf(f, format, again);
            fclose(f);
            last = length >= size ? all[size - 1] : 0;
            __builtin_free(all);
        }
        to[size - 1] = last;
        n = (size_t)n == size ? n : -1;
    }
    va_end(again);
    return n;
}
WINVM_CRT_ WINVM_PRINTF_(3, 4) int _snprintf(char *to, size_t size, const char *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = _vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return n;
}
WINVM_CRT_ WINVM_PRINTF_(1, 0) int _vscprintf(const char *format, va_list arguments)
{
    return vsnprintf(NULL, 0, format, arguments);
}
WINVM_CRT_ WINVM_PRINTF_(1, 2) int _scprintf(const char *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    return n;
}
/* n characters at most; more, or no room for them: -1, and an empty text unless n is _TRUNCATE. */
WINVM_CRT_ WINVM_PRINTF_(4, 0) int _vsnprintf_s(char *to, size_t size, size_t n,
                                                const char *format, va_list arguments)
{
    int length;
    size_t room = n < size ? n + 1 : size;
    if (!to || !size || !format) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    length = vsnprintf(to, room, format, arguments);
    if (length >= 0 && (size_t)length < room) return length;
    if (n != _TRUNCATE && n >= size) {
        to[0] = 0;
        winvm_crt_error_(ERANGE);
    }
    return -1;
}
WINVM_CRT_ WINVM_PRINTF_(4, 5) int _snprintf_s(char *to, size_t size, size_t n,
                                               const char *format, ...)
{
    int length;
    va_list arguments;
    va_start(arguments, format);
    length = _vsnprintf_s(to, size, n, format, arguments);
    va_end(arguments);
    return length;
}
WINVM_CRT_ WINVM_PRINTF_(3, 0) int vsprintf_s(char *to, size_t size, const char *format,
                                              va_list arguments)
{
    return _vsnprintf_s(to, size, size, format, arguments);
}
WINVM_CRT_ WINVM_PRINTF_(3, 4) int sprintf_s(char *to, size_t size, const char *format, ...)
{
    int length;
    va_list arguments;
    va_start(arguments, format);
    length = vsprintf_s(to, size, format, arguments);
    va_end(arguments);
    return length;
}
#define vsnprintf_s _vsnprintf_s
#define printf_s printf
#define fprintf_s fprintf
#define vprintf_s vprintf
#define vfprintf_s vfprintf

/* *file: NULL and the error. */
WINVM_CRT_ errno_t fopen_s(FILE **file, const char *path, const char *mode)
{
    if (!file || !path || !mode) return winvm_crt_error_(EINVAL);
    *file = fopen(path, mode);
    return *file ? 0 : errno;
}
WINVM_CRT_ errno_t freopen_s(FILE **file, const char *path, const char *mode, FILE *old)
{
    if (!file || !mode || !old) return winvm_crt_error_(EINVAL);
    *file = freopen(path, mode, old);
    return *file ? 0 : errno;
}
WINVM_CRT_ errno_t tmpfile_s(FILE **file)
{
    if (!file) return winvm_crt_error_(EINVAL);
    *file = tmpfile();
    return *file ? 0 : errno;
}

#if defined(__cplusplus)
extern "C++" {
template <size_t N>
WINVM_PRINTF_(2, 3) inline int sprintf_s(char (&to)[N], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsprintf_s(to, N, format, arguments);
    va_end(arguments);
    return length;
}
}
#endif

#endif
