/* Files by path and by descriptor.
 *
 * I1  Raw system calls only: interposed functions of the C library are not met, errno is preserved.
 * I2  A call that a signal interrupted before it did anything is made again.
 * I3  A write at the limit of file sizes (RLIMIT_FSIZE) is -EFBIG, without the signal that write(2)
 *     sends, but for descriptors of the program's own that append.
 * I4  A write to a pipe that nobody reads is -EPIPE, without a signal.
 * Locking: none.   Failure: -errno.   Signal safety: all functions. */
#include "host/host_io.h"

#include <limits.h>

#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_signal.h"

#ifndef O_LARGEFILE
#define O_LARGEFILE 0
#endif

/* The result of a system call that is made until no signal cuts it short. */
#define AGAIN(call)                  \
    ({                               \
        int64_t answer_;             \
        do                           \
            answer_ = WVM_SYS(call); \
        while (answer_ == -EINTR);   \
        answer_;                     \
    })

static int open_flags(unsigned how)
{
    int flags = O_CLOEXEC | O_NOCTTY | O_LARGEFILE;
    if ((how & (WVM_HOST_OPEN_READ | WVM_HOST_OPEN_WRITE)) == 0)
        flags |= O_PATH;
    else if ((how & WVM_HOST_OPEN_WRITE) == 0)
        flags |= O_RDONLY;
    else
        flags |= how & WVM_HOST_OPEN_READ ? O_RDWR : O_WRONLY;
    return flags | (how & WVM_HOST_OPEN_CREATE ? O_CREAT : 0) |
           (how & WVM_HOST_OPEN_NEW ? O_EXCL : 0) | (how & WVM_HOST_OPEN_APPEND ? O_APPEND : 0) |
           (how & WVM_HOST_OPEN_SYNC ? O_DSYNC : 0) |
           (how & WVM_HOST_OPEN_NO_LINK ? O_NOFOLLOW : 0);
}

int wvm_host_io_open(const char *path, unsigned how, unsigned mode)
{
    int fd = (int)AGAIN(syscall(SYS_openat, AT_FDCWD, path, open_flags(how), mode));
    return fd < 0 ? fd : wvm_host_fd_high(fd);
}

static enum wvm_host_kind kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return WVM_HOST_REGULAR;
    case S_IFDIR:
        return WVM_HOST_DIRECTORY;
    case S_IFCHR:
    case S_IFBLK:
        return WVM_HOST_DEVICE;
    case S_IFIFO:
    case S_IFSOCK:
        return WVM_HOST_PIPE;
    default:
        return WVM_HOST_OTHER;
    }
}

static int tell(long result, const wvm_stat *st, struct wvm_host_io_info *out)
{
    if (result < 0)
        return (int)result;
    *out = (struct wvm_host_io_info){
        .dev = st->st_dev,
        .ino = st->st_ino,
        .size = (uint64_t)st->st_size,
        .kind = kind_of(st->st_mode),
    };
    return 0;
}

int wvm_host_io_info(int fd, struct wvm_host_io_info *out)
{
    wvm_stat st = {0};
    return tell(WVM_SYS(syscall(WVM_SYS_FSTATAT, fd, "", &st, AT_EMPTY_PATH)), &st, out);
}

int wvm_host_io_info_at(const char *path, bool follow, struct wvm_host_io_info *out)
{
    wvm_stat st = {0};
    int flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    return tell(WVM_SYS(syscall(WVM_SYS_FSTATAT, AT_FDCWD, path, &st, flags)), &st, out);
}

bool wvm_host_io_is(int fd, uint64_t dev, uint64_t ino)
{
    return wvm_host_fd_is(fd, dev, ino);
}

int64_t wvm_host_io_read(int fd, void *to, size_t len, int64_t at)
{
    if (at < 0)
        return AGAIN(syscall(SYS_read, fd, to, len));
    int64_t n;
    do
        n = wvm_sys_pread(fd, to, len, (uint64_t)at);
    while (n == -EINTR);
    return n;
}

/* I3. What has no position has no limit. */
static bool is_past_limit(int fd, int64_t at)
{
    if (wvm_host_size_allowed(INT64_MAX))
        return false;
    if (at < 0)
        at = wvm_host_io_seek(fd, 0, SEEK_CUR);
    return at >= 0 && !wvm_host_size_allowed((uint64_t)at + 1);
}

int64_t wvm_host_io_write(int fd, const void *from, size_t len, int64_t at)
{
    if (is_past_limit(fd, at))
        return -EFBIG;
    if (at < 0)
        return AGAIN(syscall(SYS_write, fd, from, len));
    return wvm_sys_pwrite(fd, from, len, (uint64_t)at);
}

/* I4. The signal is the thread's own, and taken back while it is blocked; one that was pending
 * before stays. */
int64_t wvm_host_io_write_pipe(int fd, const void *from, size_t len)
{
    const uint64_t pipe = wvm_host_sigbit(SIGPIPE);
    const struct timespec now = {0};
    uint64_t old = 0, pending = 0;
    WVM_SYS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &pipe, &old, sizeof old));
    WVM_SYS(syscall(SYS_rt_sigpending, &pending, sizeof pending));
    int64_t n = AGAIN(syscall(SYS_write, fd, from, len));
    if (n == -EPIPE && !(pending & pipe))
        WVM_SYS(syscall(SYS_rt_sigtimedwait, &pipe, NULL, &now, sizeof pipe));
    WVM_SYS(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof old));
    return n;
}

int64_t wvm_host_io_seek(int fd, int64_t offset, int whence)
{
    return wvm_sys_lseek(fd, offset, whence);
}

int wvm_host_io_sync(int fd)
{
    return (int)AGAIN(syscall(SYS_fsync, fd));
}

int wvm_host_io_dup(int fd, bool inherit)
{
    return (int)WVM_SYS(syscall(SYS_fcntl, fd, inherit ? F_DUPFD : F_DUPFD_CLOEXEC, 0));
}

int wvm_host_io_unlink(const char *path, bool folder)
{
    return (int)WVM_SYS(syscall(SYS_unlinkat, AT_FDCWD, path, folder ? AT_REMOVEDIR : 0));
}
