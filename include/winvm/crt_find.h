/* winvm/crt_find.h: _findfirst and its kin, as Windows' io.h has them, over the host's folders.
 * Names are matched letter by letter; `*.*` is every name. */
#ifndef WINVM_CRT_FIND_H
#define WINVM_CRT_FIND_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crt_types.h"

#if defined(__GLIBC__) && !defined(__USE_MISC) && !defined(__cplusplus)
extern int lstat(const char *, struct stat *);
#endif

#define _A_NORMAL 0x00
#define _A_RDONLY 0x01
#define _A_HIDDEN 0x02
#define _A_SYSTEM 0x04
#define _A_SUBDIR 0x10
#define _A_ARCH 0x20

typedef uint32_t _fsize_t;
struct _finddata_t {
    unsigned attrib;
    __time64_t time_create, time_access, time_write;
    _fsize_t size; /* its low 32 bits */
    char name[260];
};
struct __finddata64_t {
    unsigned attrib;
    __time64_t time_create, time_access, time_write;
    int64_t size;
    char name[260];
};
#define _finddata64i32_t _finddata_t
#define _finddatai64_t __finddata64_t
#define _finddata64_t __finddata64_t

/* What a handle of _findfirst is. */
struct winvm_find_ {
    DIR *dir;
    char *folder, *pattern; /* of malloc; pattern lies in folder's memory */
};

WINVM_CRT_ int winvm_name_matches_(const char *name, const char *pattern)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            for (;; name++) {
                if (winvm_name_matches_(name, pattern + 1)) return 1;
                if (!*name) return 0;
            }
        }
        if (!*name || (*pattern != '?' && *pattern != *name)) return 0;
        name++;
    }
    return !*name;
}
WINVM_CRT_ void winvm_find_free_(struct winvm_find_ *find)
{
    if (find->dir) closedir(find->dir);
    free(find->folder);
    free(find);
}
/* spec: a folder, a separator, a pattern. */
WINVM_CRT_ struct winvm_find_ *winvm_find_open_(const char *spec)
{
    struct winvm_find_ *find;
    const char *p, *name = spec;
    size_t n;
    if (!spec) {
        winvm_crt_error_(EINVAL);
        return NULL;
    }
    for (p = spec; *p; p++)
        if (*p == '/' || *p == '\\') name = p + 1;
    n = (size_t)(name - spec);
    find = (struct winvm_find_ *)calloc(1, sizeof(*find));
    if (!find) return NULL;
    find->folder = (char *)malloc(n + 3 + strlen(name) + 1);
    if (find->folder) {
        char *end = find->folder;
        if (!n) *end++ = '.', *end++ = '/';
        for (p = spec; p < name; p++) *end++ = (char)(*p == '\\' ? '/' : *p);
        *end++ = 0;
        find->pattern = strcpy(end, strcmp(name, "*.*") ? name : "*");
        find->dir = opendir(find->folder);
    }
    if (find->dir) return find;
    winvm_find_free_(find);
    errno = ENOENT;
    return NULL;
}
/* The next one that matches; 0, or -1 and errno ENOENT. A name that is too long is passed over. */
WINVM_CRT_ int winvm_find_next_(struct winvm_find_ *find, struct __finddata64_t *to)
{
    struct dirent *e;
    while ((e = readdir(find->dir)) != NULL) {
        struct stat is;
        char *path;
        int found;
        if (!winvm_name_matches_(e->d_name, find->pattern) ||
            strlen(e->d_name) >= sizeof(to->name))
            continue;
        path = (char *)malloc(strlen(find->folder) + strlen(e->d_name) + 1);
        if (!path) return -1;
        strcat(strcpy(path, find->folder), e->d_name);
        found = !stat(path, &is) || !lstat(path, &is);
        to->attrib = !found ? _A_NORMAL : S_ISDIR(is.st_mode) ? _A_SUBDIR : _A_ARCH;
        if (found && access(path, W_OK)) to->attrib |= _A_RDONLY;
        free(path);
        if (!found) continue;
        to->time_create = is.st_ctime;
        to->time_access = is.st_atime;
        to->time_write = is.st_mtime;
        to->size = S_ISDIR(is.st_mode) ? 0 : (int64_t)is.st_size;
        strcpy(to->name, e->d_name);
        return 0;
    }
    errno = ENOENT;
    return -1;
}
/* 0, or -1: errno ENOENT there is no more, EINVAL. */
WINVM_CRT_ int _findnext64(intptr_t find, struct __finddata64_t *to)
{
    if (find == -1 || !find || !to) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    return winvm_find_next_((struct winvm_find_ *)find, to);
}
/* A handle for _findnext and _findclose; -1: errno ENOENT, EINVAL, ENOMEM. */
WINVM_CRT_ intptr_t _findfirst64(const char *spec, struct __finddata64_t *to)
{
    struct winvm_find_ *find = to ? winvm_find_open_(spec) : NULL;
    if (!to) winvm_crt_error_(EINVAL);
    if (!find) return -1;
    if (!winvm_find_next_(find, to)) return (intptr_t)find;
    winvm_find_free_(find);
    errno = ENOENT;
    return -1;
}
WINVM_CRT_ int _findclose(intptr_t find)
{
    if (find == -1 || !find) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    winvm_find_free_((struct winvm_find_ *)find);
    return 0;
}
WINVM_CRT_ void winvm_find_shorten_(struct _finddata_t *to, const struct __finddata64_t *from)
{
    to->attrib = from->attrib;
    to->time_create = from->time_create;
    to->time_access = from->time_access;
    to->time_write = from->time_write;
    to->size = (_fsize_t)from->size;
    strcpy(to->name, from->name);
}
WINVM_CRT_ intptr_t _findfirst(const char *spec, struct _finddata_t *to)
{
    struct __finddata64_t found;
    intptr_t find = _findfirst64(spec, to ? &found : NULL);
    if (find != -1) winvm_find_shorten_(to, &found);
    return find;
}
WINVM_CRT_ int _findnext(intptr_t find, struct _finddata_t *to)
{
    struct __finddata64_t found;
    int result = _findnext64(find, to ? &found : NULL);
    if (!result) winvm_find_shorten_(to, &found);
    return result;
}
#define _findfirst64i32 _findfirst
#define _findnext64i32 _findnext
#define _findfirsti64 _findfirst64
#define _findnexti64 _findnext64

#endif
