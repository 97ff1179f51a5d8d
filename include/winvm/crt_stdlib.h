/* winvm/crt_stdlib.h: what Windows' stdlib.h has beside libc's. */
#ifndef WINVM_CRT_STDLIB_H
#define WINVM_CRT_STDLIB_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crt_bits.h"
#include "crt_malloc.h"
#include "crt_search.h"
#include "crt_start.h"
#include "crt_types.h"

#ifndef _countof
#define _countof(a) (sizeof(a) / sizeof((a)[0]))
#endif
#ifndef __max
#define __max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef __min
#define __min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#define _MAX_PATH 260
#define _MAX_DRIVE 3
#define _MAX_DIR 256
#define _MAX_FNAME 256
#define _MAX_EXT 256
#define _MAX_ENV 32767
#define _WRITE_ABORT_MSG 0x1
#define _CALL_REPORTFAULT 0x2
#define _set_abort_behavior(flags, mask) ((void)(flags), (void)(mask), 0u)

#define _OUT_TO_DEFAULT 0
#define _OUT_TO_STDERR 1
#define _OUT_TO_MSGBOX 2
/* Where errors are told: on stderr, always. */
WINVM_CRT_ int _set_error_mode(int mode)
{
    (void)mode;
    return _OUT_TO_STDERR;
}

#define _strtoi64 strtoll
#define _strtoui64 strtoull
#define _atoi64 atoll
#define _abs64(v) __builtin_llabs(v)
#define _swab swab
#define _putenv(text) winvm_putenv_(text)

/* "name=value" sets, "name=" removes; the text is copied. */
WINVM_CRT_ int winvm_putenv_(const char *text)
{
    const char *equals = text ? strchr(text, '=') : NULL;
    char name[1024];
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(name, text, (size_t)(equals - text));
    name[equals - text] = 0;
    return equals[1] ? setenv(name, equals + 1, 1) : unsetenv(name);
}
/* An empty value removes. */
WINVM_CRT_ errno_t _putenv_s(const char *name, const char *value)
{
    if (!name || !value) return winvm_crt_error_(EINVAL);
    return (*value ? setenv(name, value, 1) : unsetenv(name)) ? errno : 0;
}
/* *value: of malloc; NULL: the environment does not have it. */
WINVM_CRT_ errno_t _dupenv_s(char **value, size_t *length, const char *name)
{
    const char *text;
    if (!value || !name) return winvm_crt_error_(EINVAL);
    text = getenv(name);
    *value = text ? strdup(text) : NULL;
    if (text && !*value) return winvm_crt_error_(ENOMEM);
    if (length) *length = text ? strlen(text) + 1 : 0;
    return 0;
}
/* *needed: with the NUL, 0: it does not exist. ERANGE: the buffer is too small. */
WINVM_CRT_ errno_t getenv_s(size_t *needed, char *buffer, rsize_t size, const char *name)
{
    const char *text;
    if (!needed || (!buffer && size) || !name) return winvm_crt_error_(EINVAL);
    text = getenv(name);
    *needed = text ? strlen(text) + 1 : 0;
    if (buffer && size) buffer[0] = 0;
    if (!text || !size) return 0;
    if (*needed > size) return winvm_crt_error_(ERANGE);
    memcpy(buffer, text, *needed);
    return 0;
}

/* Any number, of the host's generator. */
WINVM_CRT_ errno_t rand_s(unsigned int *value)
{
    if (!value) return winvm_crt_error_(EINVAL);
    return getentropy(value, sizeof(*value)) ? errno : 0;
}

/* Digits of a number in base 2..36. */
WINVM_CRT_ errno_t winvm_digits_(uint64_t v, int minus, char *to, size_t size, int base)
{
    char digits[66];
    size_t n = sizeof(digits), i = 0;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    to[0] = 0;
    if (base < 2 || base > 36) return winvm_crt_error_(EINVAL);
    digits[--n] = 0;
    do {
        digits[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % (unsigned)base];
    } while (v /= (unsigned)base);
    if (sizeof(digits) - n + (minus != 0) > size) return winvm_crt_error_(ERANGE);
    if (minus) to[i++] = '-';
    memcpy(to + i, digits + n, sizeof(digits) - n);
    return 0;
}
WINVM_CRT_ errno_t _itoa_s(int v, char *to, size_t size, int base)
{
    int minus = base == 10 && v < 0;
    return winvm_digits_(minus ? 0u - (unsigned int)v : (unsigned int)v, minus, to, size, base);
}
WINVM_CRT_ errno_t _i64toa_s(int64_t v, char *to, size_t size, int base)
{
    int minus = base == 10 && v < 0;
    return winvm_digits_(minus ? 0u - (uint64_t)v : (uint64_t)v, minus, to, size, base);
}
WINVM_CRT_ errno_t _ui64toa_s(uint64_t v, char *to, size_t size, int base)
{
    return winvm_digits_(v, 0, to, size, base);
}
#define _ultoa_s(v, to, size, base) _ui64toa_s((unsigned int)(v), (to), (size), (base))
#define _ltoa_s(v, to, size, base) _itoa_s((int)(v), (to), (size), (base))
WINVM_CRT_ char *_itoa(int v, char *to, int base)
{
    _itoa_s(v, to, 34, base);
    return to;
}
WINVM_CRT_ char *_i64toa(int64_t v, char *to, int base)
{
    _i64toa_s(v, to, 66, base);
    return to;
}
WINVM_CRT_ char *_ui64toa(uint64_t v, char *to, int base)
{
    _ui64toa_s(v, to, 66, base);
    return to;
}
#define _ltoa(v, to, base) _itoa((int)(v), (to), (base))
#define _ultoa(v, to, base) _ui64toa((unsigned int)(v), (to), (base))

/* The whole path of an existing or missing file, of malloc when `to` is NULL. */
WINVM_CRT_ char *_fullpath(char *to, const char *path, size_t size)
{
    char *whole = realpath(path, NULL);
    if (!whole) whole = path ? strdup(path) : NULL;
    if (!to || !whole) return whole;
    if (strlen(whole) >= size) {
        free(whole);
        errno = ERANGE;
        return NULL;
    }
    strcpy(to, whole);
    free(whole);
    return to;
}

/* n characters of text; NULL: it is not wanted. */
WINVM_CRT_ errno_t winvm_path_part_(char *to, size_t size, const char *text, size_t n)
{
    if (!to) return size ? EINVAL : 0;
    if (n >= size) return ERANGE;
    memcpy(to, text, n);
    to[n] = 0;
    return 0;
}
/* The folder ends with its slash, the extension begins with its dot. */
WINVM_CRT_ errno_t _splitpath_s(const char *path, char *drive, size_t n_drive, char *dir,
                                size_t n_dir, char *name, size_t n_name, char *ext, size_t n_ext)
{
    const char *p, *file, *dot;
    errno_t error;
    if (!path) return winvm_crt_error_(EINVAL);
    p = path[0] && path[1] == ':' ? path + 2 : path;
    for (file = dot = p; *dot; dot++)
        if (*dot == '/' || *dot == '\\') file = dot + 1;
    dot = strrchr(file, '.');
    if (!dot) dot = file + strlen(file);
    error = winvm_path_part_(drive, n_drive, path, (size_t)(p - path));
    if (!error) error = winvm_path_part_(dir, n_dir, p, (size_t)(file - p));
    if (!error) error = winvm_path_part_(name, n_name, file, (size_t)(dot - file));
    if (!error) error = winvm_path_part_(ext, n_ext, dot, strlen(dot));
    if (!error) return 0;
    if (drive && n_drive) drive[0] = 0;
    if (dir && n_dir) dir[0] = 0;
    if (name && n_name) name[0] = 0;
    if (ext && n_ext) ext[0] = 0;
    return winvm_crt_error_(error);
}
#define _splitpath(path, drive, dir, name, ext)                                                 \
    ((void)_splitpath_s((path), (drive), (drive) ? _MAX_DRIVE : 0, (dir), (dir) ? _MAX_DIR : 0, \
                        (name), (name) ? _MAX_FNAME : 0, (ext), (ext) ? _MAX_EXT : 0))
WINVM_CRT_ errno_t _makepath_s(char *to, size_t size, const char *drive, const char *dir,
                               const char *name, const char *ext)
{
    const char *part[7];
    size_t i, n = 0;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    part[0] = drive ? drive : "";
    part[1] = *part[0] && part[0][strlen(part[0]) - 1] != ':' ? ":" : "";
    part[2] = dir ? dir : "";
    part[3] = *part[2] && !strchr("/\\", part[2][strlen(part[2]) - 1]) ? "/" : "";
    part[4] = name ? name : "";
    part[5] = ext && *ext && *ext != '.' ? "." : "";
    part[6] = ext ? ext : "";
    for (i = 0; i < 7; i++) n += strlen(part[i]);
    to[0] = 0;
    if (n >= size) return winvm_crt_error_(ERANGE);
    for (i = n = 0; i < 7; i++) {
        memcpy(to + n, part[i], strlen(part[i]) + 1);
        n += strlen(part[i]);
    }
    return 0;
}
#define _makepath(to, drive, dir, name, ext) \
    ((void)_makepath_s((to), _MAX_PATH, (drive), (dir), (name), (ext)))

WINVM_CRT_ errno_t _get_errno(int *value)
{
    if (!value) return EINVAL;
    *value = errno;
    return 0;
}
WINVM_CRT_ errno_t _set_errno(int value)
{
    errno = value;
    return 0;
}

#include "crt_wide.h"

#endif
