/* winvm/crt_files.h: opening, locking and naming of files, as Windows' io.h, stdio.h and share.h
 * have it. Files of the host are not shared by mode. */
#ifndef WINVM_CRT_FILES_H
#define WINVM_CRT_FILES_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crt_string.h"
#include "crt_types.h"

#define _LK_UNLCK 0
#define _LK_LOCK 1
#define _LK_NBLCK 2
#define _LK_RLCK 3
#define _LK_NBRLCK 4
#define _LK_UNLOCK _LK_UNLCK

/* -1 in *fd: the error. */
WINVM_CRT_ errno_t _sopen_s(int *fd, const char *path, int flags, int share, int mode)
{
    (void)share;
    if (fd) *fd = -1;
    if (!fd || !path || (mode & ~0600)) return winvm_crt_error_(EINVAL);
    *fd = open(path, flags, mode & 0200 ? 0666 : 0444);
    return *fd < 0 ? errno : 0;
}
WINVM_CRT_ int _sopen(const char *path, int flags, int share, ...)
{
    int fd = -1, mode = 0600;
    va_list arguments;
    if (flags & O_CREAT) {
        va_start(arguments, share);
        mode = va_arg(arguments, int) & 0600;
        va_end(arguments);
    }
    _sopen_s(&fd, path, flags, share, mode);
    return fd;
}

/* A lock that others' descriptors respect who ask for one, of n bytes from the position on. -1 and
 * errno EACCES: somebody has it; EDEADLK: for ten seconds; EBADF, EINVAL. */
WINVM_CRT_ int winvm_lock_try_(int fd, struct flock *lock)
{
#if defined(__LP64__)
    int how = 37; /* F_OFD_SETLK: of the open file, as on Windows, not of the process */
#else
    int how = F_SETLK;
#endif
    lock->l_pid = 0;
    if (!fcntl(fd, how, lock)) return 0;
    if (errno == EBADF && lock->l_type == F_WRLCK) { /* open for reading only */
        lock->l_type = F_RDLCK;
        if (!fcntl(fd, how, lock)) return 0;
        lock->l_type = F_WRLCK;
    }
    if (errno == EAGAIN) errno = EACCES;
    return -1;
}
WINVM_CRT_ int _locking(int fd, int mode, long n)
{
    struct flock lock;
    int tries = mode == _LK_LOCK || mode == _LK_RLCK ? 10 : 1;
    if (mode < _LK_UNLCK || mode > _LK_NBRLCK || n < 0) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    memset(&lock, 0, sizeof(lock));
    lock.l_type = (short)(mode == _LK_UNLCK ? F_UNLCK : F_WRLCK);
    lock.l_whence = SEEK_CUR;
    lock.l_len = n;
    for (;;) {
        if (!winvm_lock_try_(fd, &lock)) return 0;
        if (errno != EACCES) return -1;
        if (!--tries) break;
        sleep(1);
    }
    if (mode == _LK_LOCK || mode == _LK_RLCK) errno = EDEADLK;
    return -1;
}
/* 1: the position is the end; 0; -1. */
WINVM_CRT_ int _eof(int fd)
{
    struct stat is;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &is)) return -1;
    return at >= is.st_size;
}

/* The X's at the end become a letter and the number of the process; the name is free when it is
 * answered. */
WINVM_CRT_ errno_t _mktemp_s(char *name, size_t size)
{
    size_t n = name ? strnlen_s(name, size) : 0, i;
    unsigned long left;
    char first;
    if (!name || n == size || n < 6 || memcmp(name + n - 6, "XXXXXX", 6))
        return winvm_crt_error_(EINVAL);
    for (first = 'a'; first <= 'z'; first++) {
        for (i = n, left = (unsigned long)getpid(); i-- > n - 5; left /= 10)
            name[i] = (char)('0' + left % 10);
        name[n - 6] = first;
        if (access(name, F_OK)) return 0;
    }
    name[0] = 0;
    errno = EEXIST;
    return EEXIST;
}
WINVM_CRT_ char *_mktemp(char *name)
{
    return name && !_mktemp_s(name, strlen(name) + 1) ? name : NULL;
}
#define L_tmpnam_s 40
#define TMP_MAX_S 0x7fffffff
/* A name below /tmp that no file has. */
WINVM_CRT_ errno_t tmpnam_s(char *to, size_t size)
{
    char name[L_tmpnam_s];
    uint64_t random;
    if (!to || !size) return winvm_crt_error_(EINVAL);
    to[0] = 0;
    do {
        if (getentropy(&random, sizeof(random))) return errno;
        sprintf(name, "/tmp/s%016lx", (unsigned long)random);
    } while (!access(name, F_OK));
    if (strlen(name) >= size) return winvm_crt_error_(ERANGE);
    strcpy(to, name);
    return 0;
}

#endif
