/* winvm/crt_wfiles.h: files, folders and paths by texts of a wchar_t of 16 bits (-fshort-wchar).
 * Included by crt_wide.h, whose functions it uses. */
#ifndef WINVM_CRT_WFILES_H
#define WINVM_CRT_WFILES_H

#if __SIZEOF_WCHAR_T__ == 2

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A call with the path as the host has it; -1 and ENOMEM. */
#define WINVM_WPATH_(name, call)                    \
    WINVM_CRT_ int name(const wchar_t *path)        \
    {                                               \
        char *p = path ? winvm_new_narrow_(path) : NULL; \
        int result = -1;                            \
        if (p) result = call;                       \
        else winvm_crt_error_(path ? ENOMEM : EINVAL); \
        free(p);                                    \
        return result;                              \
    }
WINVM_WPATH_(_wmkdir, mkdir(p, 0777))
WINVM_WPATH_(_wrmdir, rmdir(p))
WINVM_WPATH_(_wchdir, chdir(p))
WINVM_WPATH_(_wputenv, winvm_putenv_(p))
#undef WINVM_WPATH_
/* NULL: whether there is a shell. */
WINVM_CRT_ int _wsystem(const wchar_t *command)
{
    char *p = command ? winvm_new_narrow_(command) : NULL;
    int result = command && !p ? -1 : system(p);
    free(p);
    return result;
}
WINVM_CRT_ int _wstat64(const wchar_t *path, struct stat *to)
{
    char *p = path ? winvm_new_narrow_(path) : NULL;
    int result = p ? stat(p, to) : -1;
    if (!path) winvm_crt_error_(EINVAL);
    free(p);
    return result;
}
#define _wstat _wstat64
#define _wstati64 _wstat64
/* As _sopen_s. */
WINVM_CRT_ errno_t _wsopen_s(int *fd, const wchar_t *path, int flags, int share, int mode)
{
    char *p = path ? winvm_new_narrow_(path) : NULL;
    (void)share;
    if (fd) *fd = -1;
    if (fd && p && !(mode & ~0600)) *fd = open(p, flags, mode & 0200 ? 0666 : 0444);
    else winvm_crt_error_(path && !p ? ENOMEM : EINVAL);
    free(p);
    return fd && *fd >= 0 ? 0 : errno;
}
WINVM_CRT_ int _wopen(const wchar_t *path, int flags, ...)
{
    int fd = -1, mode = 0600;
    va_list arguments;
    if (flags & O_CREAT) {
        va_start(arguments, flags);
        mode = va_arg(arguments, int) & 0600;
        va_end(arguments);
    }
    _wsopen_s(&fd, path, flags, 0, mode);
    return fd;
}
WINVM_CRT_ int _wrename(const wchar_t *from, const wchar_t *to)
{
    char *a = winvm_new_narrow_(from), *b = winvm_new_narrow_(to);
    int result = a && b ? rename(a, b) : -1;
    free(a);
    free(b);
    return result;
}
/* A text of malloc that becomes the caller's; NULL: errno is set. */
WINVM_CRT_ wchar_t *winvm_whand_(char *text, wchar_t *to, size_t size)
{
    wchar_t *wide = text ? winvm_new_wide_(text) : NULL;
    free(text);
    if (!wide || !to) return wide;
    if (winvm_wcsnlen_(wide, SIZE_MAX) < size) {
        winvm_wcscpy_(to, wide);
    } else {
        to = NULL;
        errno = ERANGE;
    }
    free(wide);
    return to;
}
WINVM_CRT_ wchar_t *_wfullpath(wchar_t *to, const wchar_t *path, size_t size)
{
    char *p = winvm_new_narrow_(path ? path : L""), *whole = p ? _fullpath(NULL, p, 0) : NULL;
    free(p);
    return winvm_whand_(whole, to, size);
}
WINVM_CRT_ wchar_t *_wgetcwd(wchar_t *to, int size)
{
    return winvm_whand_(getcwd(NULL, 0), to, size < 0 ? 0 : (size_t)size);
}
WINVM_CRT_ errno_t winvm_wpath_part_(wchar_t *to, size_t size, const wchar_t *text, size_t n)
{
    if (!to) return size ? EINVAL : 0;
    if (n >= size) return ERANGE;
    memcpy(to, text, n * sizeof(*to));
    to[n] = 0;
    return 0;
}
/* As _splitpath_s. */
WINVM_CRT_ errno_t _wsplitpath_s(const wchar_t *path, wchar_t *drive, size_t n_drive, wchar_t *dir,
                                 size_t n_dir, wchar_t *name, size_t n_name, wchar_t *ext,
                                 size_t n_ext)
{
    const wchar_t *p, *file, *dot, *end;
    errno_t error;
    if (!path) return winvm_crt_error_(EINVAL);
    p = path[0] && path[1] == ':' ? path + 2 : path;
    for (file = end = p; *end; end++)
        if (*end == '/' || *end == '\\') file = end + 1;
    dot = winvm_wcsrchr_(file, L'.');
    if (!dot) dot = end;
    error = winvm_wpath_part_(drive, n_drive, path, (size_t)(p - path));
    if (!error) error = winvm_wpath_part_(dir, n_dir, p, (size_t)(file - p));
    if (!error) error = winvm_wpath_part_(name, n_name, file, (size_t)(dot - file));
    if (!error) error = winvm_wpath_part_(ext, n_ext, dot, (size_t)(end - dot));
    if (!error) return 0;
    if (drive && n_drive) drive[0] = 0;
    if (dir && n_dir) dir[0] = 0;
    if (name && n_name) name[0] = 0;
    if (ext && n_ext) ext[0] = 0;
    return winvm_crt_error_(error);
}
#define _wsplitpath(path, drive, dir, name, ext)                                                 \
    ((void)_wsplitpath_s((path), (drive), (drive) ? _MAX_DRIVE : 0, (dir), (dir) ? _MAX_DIR : 0, \
                         (name), (name) ? _MAX_FNAME : 0, (ext), (ext) ? _MAX_EXT : 0))
/* As _makepath_s. */
WINVM_CRT_ errno_t _wmakepath_s(wchar_t *to, size_t size, const wchar_t *drive, const wchar_t *dir,
                                const wchar_t *name, const wchar_t *ext)
{
    char *part[4], *whole = NULL;
    const wchar_t *given[4];
    size_t i, n = 8;
    errno_t error = ENOMEM;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    to[0] = 0;
    given[0] = drive, given[1] = dir, given[2] = name, given[3] = ext;
    for (i = 0; i < 4; i++) {
        part[i] = winvm_new_narrow_(given[i] ? given[i] : L"");
        n += part[i] ? strlen(part[i]) : 0;
    }
    if (part[0] && part[1] && part[2] && part[3]) whole = (char *)malloc(n);
    if (whole) error = _makepath_s(whole, n, part[0], part[1], part[2], part[3]);
    if (!error && winvm_widen_(NULL, 0, whole) >= size) error = winvm_crt_error_(ERANGE);
    if (!error) winvm_widen_(to, size, whole);
    for (i = 0; i < 4; i++) free(part[i]);
    free(whole);
    return error;
}
#define _wmakepath(to, drive, dir, name, ext) \
    ((void)_wmakepath_s((to), _MAX_PATH, (drive), (dir), (name), (ext)))
/* What errno means; valid until the thread asks again. */
extern __thread wchar_t winvm_crt_wcserror_[256]
    __attribute__((__weak__, __visibility__("hidden")));
__thread wchar_t winvm_crt_wcserror_[256];
WINVM_CRT_ wchar_t *_wcserror(int error)
{
    winvm_widen_(winvm_crt_wcserror_, 256, strerror(error));
    return winvm_crt_wcserror_;
}
/* __argv in wide characters: made when it is first asked for. NULL: no memory. */
extern wchar_t **winvm_crt_wargv_ __attribute__((__weak__, __visibility__("hidden")));
wchar_t **winvm_crt_wargv_;
WINVM_CRT_ wchar_t **winvm_crt_widen_arguments_(void)
{
    wchar_t **none = NULL, **to, **known = __atomic_load_n(&winvm_crt_wargv_, __ATOMIC_ACQUIRE);
    int i;
    if (known) return known;
    to = (wchar_t **)calloc((size_t)__argc + 1, sizeof(*to));
    for (i = 0; to && i < __argc; i++) to[i] = winvm_new_wide_(__argv[i]);
    if (__atomic_compare_exchange_n(&winvm_crt_wargv_, &none, to, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return to;
    for (i = 0; to && i < __argc; i++) free(to[i]);
    free(to);
    return none; /* another thread was first */
}
#define __wargv winvm_crt_widen_arguments_()
__attribute__((__noreturn__)) WINVM_CRT_ void _wassert(const wchar_t *what, const wchar_t *file,
                                                       unsigned line)
{
    char *w = winvm_new_narrow_(what), *f = winvm_new_narrow_(file);
    _assert(w ? w : "", f ? f : "", line);
}

#endif
#endif
