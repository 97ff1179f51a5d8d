/* Files by path and by descriptor: opening, reading, writing, positions. Each function is one
 * system call, or one in the usual case; results are 0, a number, or -errno; errno is preserved.
 * Buffers are the caller's affair: -EFAULT where the kernel cannot use them. */
#ifndef WVM_HOST_HOST_IO_H
#define WVM_HOST_HOST_IO_H

#include "host/host.h"

enum wvm_host_open {
    WVM_HOST_OPEN_READ = 1,
    WVM_HOST_OPEN_WRITE = 2,  /* neither: only to be looked at (not with CREATE) */
    WVM_HOST_OPEN_CREATE = 4, /* when it does not exist */
    WVM_HOST_OPEN_NEW = 8,    /* with CREATE: -EEXIST when it does */
    WVM_HOST_OPEN_APPEND = 16,
    WVM_HOST_OPEN_SYNC = 32,
    WVM_HOST_OPEN_NO_LINK = 64, /* -ELOOP when the last part of the path is a symbolic link */
};
/* A kept descriptor: close-on-exec, with a high number. mode: permissions of a new file. */
int wvm_host_io_open(const char *path, unsigned how, unsigned mode);

enum wvm_host_kind {
    WVM_HOST_REGULAR,
    WVM_HOST_DIRECTORY,
    WVM_HOST_DEVICE, /* character or block */
    WVM_HOST_PIPE,   /* and sockets */
    WVM_HOST_OTHER,
};
struct wvm_host_io_info {
    uint64_t dev, ino, size;
    enum wvm_host_kind kind;
};
int wvm_host_io_info(int fd, struct wvm_host_io_info *out);
/* follow: through a symbolic link. */
int wvm_host_io_info_at(const char *path, bool follow, struct wvm_host_io_info *out);
/* Is the descriptor still the file (dev, ino)? */
bool wvm_host_io_is(int fd, uint64_t dev, uint64_t ino);

/* Bytes moved, at the position `at`, or at the descriptor's when at is negative. */
int64_t wvm_host_io_read(int fd, void *to, size_t len, int64_t at);
int64_t wvm_host_io_write(int fd, const void *from, size_t len, int64_t at);
/* The same to a pipe or socket; -EPIPE without the signal (SIGPIPE) that write(2) sends. */
int64_t wvm_host_io_write_pipe(int fd, const void *from, size_t len);
/* The descriptor's position; whence is SEEK_SET, SEEK_CUR or SEEK_END. */
int64_t wvm_host_io_seek(int fd, int64_t offset, int whence);
int wvm_host_io_sync(int fd);
/* A number of the lowest kind for the same open file; inherit: not close-on-exec. */
int wvm_host_io_dup(int fd, bool inherit);
/* folder: an empty one; nothing else. */
int wvm_host_io_unlink(const char *path, bool folder);

#endif
