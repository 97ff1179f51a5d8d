/* Descriptors kept as objects, and what all kept descriptors have in common.
 *
 * Owns     whether the kernel knows MFD_NOEXEC_SEAL.
 * Terms    high number = one from NUMBER_MAX upwards, or just below a smaller limit, so that a
 *          program finds the low numbers it expects.
 * I1       Every descriptor returned is close-on-exec from its first moment.
 * I2       The soft limit of descriptors is raised only when the kernel has refused one, at most
 *          to the hard limit, and never lowered.
 * I3       A file is never made smaller by wvm_host_fd_extend, whoever else changes its size at the
 *          same time, where the file system can extend by itself (fallocate); elsewhere the size is
 *          compared just before.
 * I4       Shared memory is made without the right to be run as a program (MFD_NOEXEC_SEAL) where
 *          the kernel knows that; mapping it executable is not touched by it.
 * I5       No two marks of a process are the same; a descriptor that the program puts in place of
 *          ours has a position of its own.
 * Locking  none.   Failure: -errno, nothing kept.
 * Signal safety: all functions; errno is preserved. */
#include "host/host_object.h"

#include <sys/resource.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { NUMBER_MAX = 960, NUMBERS_ABOVE = 32, LIMIT_TRIES = 16, PATH_CAP = 512 };

/* Newer than the oldest headers. */
enum {
    MFD_CLOEXEC_ = 1,
    MFD_ALLOW_SEALING_ = 2,
    MFD_NOEXEC_SEAL_ = 8,
    F_ADD_SEALS_ = 1033,
    F_GET_SEALS_ = 1034,
    F_SEAL_SEAL_ = 1,
    F_SEAL_SHRINK_ = 2,
    F_SEAL_GROW_ = 4,
};

static int dup_from(int fd, unsigned long from)
{
    int made = (int)WVM_SYS(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from));
    return made == -EINVAL && !from ? -EMFILE : made; /* a limit of 0 */
}

static bool raise_limit(void)
{
    struct rlimit lim;
    if (WVM_SYS(getrlimit(RLIMIT_NOFILE, &lim)) != 0 || lim.rlim_cur >= lim.rlim_max)
        return false;
    rlim_t more = lim.rlim_cur ? lim.rlim_cur * 2 : 1;
    lim.rlim_cur = lim.rlim_max / 2 < lim.rlim_cur ? lim.rlim_max : more;
    if (WVM_SYS(setrlimit(RLIMIT_NOFILE, &lim)) != 0)
        return false;
    wvm_host_diag("out of descriptors: the soft limit is now %u", (unsigned)lim.rlim_cur);
    return true;
}

/* What one call that makes a descriptor gives, tried again as long as the limit can be raised. */
#define WITH_ROOM(call)                          \
    ({                                           \
        int made_;                               \
        do                                       \
            made_ = (call);                      \
        while (made_ == -EMFILE && raise_limit()); \
        made_;                                   \
    })

/* Names the limit that left a call without a descriptor. */
static int tell(int made)
{
    if (made == -EMFILE)
        wvm_host_diag("RLIMIT_NOFILE is reached; raise it with ulimit -n");
    return made;
}

/* A duplicate with a high number, or -errno. */
static int dup_high(int fd)
{
    int high = WITH_ROOM(dup_from(fd, NUMBER_MAX));
    for (int i = 0; i < LIMIT_TRIES && (high == -EINVAL || high == -EMFILE); i++) {
        struct rlimit lim;
        if (WVM_SYS(getrlimit(RLIMIT_NOFILE, &lim)) != 0 || lim.rlim_cur <= 2 * NUMBERS_ABOVE)
            return -EMFILE;
        if (lim.rlim_cur >= NUMBER_MAX + NUMBERS_ABOVE)
            break;
        high = dup_from(fd, (unsigned long)lim.rlim_cur - NUMBERS_ABOVE);
        if (high == -EMFILE && !raise_limit())
            break;
    }
    return high;
}

int wvm_host_fd_high(int fd)
{
    int high = dup_high(fd);
    if (high < 0)
        return fd;
    wvm_sys_close(fd);
    return high;
}

static int memory_fd(const char *name, unsigned flags)
{
    return (int)wvm_sys3(SYS_memfd_create, (uintptr_t)name, flags, 0);
}

static int make_memory(const char *name)
{
    static bool no_exec_unknown; /* (a) */
    if (!__atomic_load_n(&no_exec_unknown, __ATOMIC_RELAXED)) {
        int fd = WITH_ROOM(memory_fd(name, MFD_CLOEXEC_ | MFD_NOEXEC_SEAL_));
        if (fd != -EINVAL)
            return tell(fd);
        __atomic_store_n(&no_exec_unknown, true, __ATOMIC_RELAXED);
    }
    return tell(WITH_ROOM(memory_fd(name, MFD_CLOEXEC_ | MFD_ALLOW_SEALING_)));
}

int wvm_host_shm_create(const char *name, uint64_t len)
{
    int fd = make_memory(name);
    if (fd < 0)
        return fd;
    int err = wvm_host_fd_resize(fd, len);
    if (err != 0) {
        wvm_sys_close(fd);
        return err;
    }
    return wvm_host_fd_high(fd);
}

int wvm_host_shm_seal(int fd)
{
    long err = WVM_SYS(syscall(SYS_fcntl, fd, F_ADD_SEALS_,
                               F_SEAL_SHRINK_ | F_SEAL_GROW_ | F_SEAL_SEAL_));
    return err == -EPERM && wvm_host_shm_is_sealed(fd) ? 0 : (int)err;
}

bool wvm_host_shm_is_sealed(int fd)
{
    long seals = WVM_SYS(syscall(SYS_fcntl, fd, F_GET_SEALS_, 0));
    return seals >= 0 && (seals & F_SEAL_SHRINK_) && (seals & F_SEAL_GROW_);
}

int wvm_host_fd_keep(int fd)
{
    int kept = dup_high(fd);
    return kept < 0 && kept != -EBADF ? tell(WITH_ROOM(dup_from(fd, 0))) : kept;
}

static int open_rights(const char *path, bool write)
{
    int flags = (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
#ifdef O_LARGEFILE
    flags |= O_LARGEFILE;
#endif
    return (int)WVM_SYS(syscall(SYS_openat, AT_FDCWD, path, flags, 0));
}

static int open_of(const char *owner, int fd, bool write)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "%s/%s/fd/%u", wvm_host_proc_root, owner, (unsigned)fd);
    return tell(WITH_ROOM(open_rights(path, write)));
}

int wvm_host_fd_reopen(pid_t pid, int fd, bool write)
{
    char owner[24];
    struct wvm_buf b;
    int made = pid == 0 ? open_of("thread-self", fd, write) : -ENOENT;
    if (made == -ENOENT) {
        wvm_buf_init(&b, owner, sizeof owner);
        wvm_buf_printf(&b, "%u", (unsigned)(pid ? pid : wvm_host_self()));
        made = open_of(owner, fd, write);
    }
    return made < 0 ? made : wvm_host_fd_high(made);
}

static int stat_of(int fd, wvm_stat *st)
{
    return (int)WVM_SYS(syscall(WVM_SYS_FSTAT, fd, st));
}

bool wvm_host_fd_identify(int fd, uint64_t *dev, uint64_t *ino)
{
    wvm_stat st;
    if (stat_of(fd, &st) != 0)
        return false;
    *dev = st.st_dev;
    *ino = st.st_ino;
    return true;
}

bool wvm_host_fd_is(int fd, uint64_t dev, uint64_t ino)
{
    uint64_t now_dev, now_ino;
    return wvm_host_fd_identify(fd, &now_dev, &now_ino) && now_dev == dev && now_ino == ino;
}

int wvm_host_fd_info(int fd, struct wvm_host_fd_info *out)
{
    wvm_stat st;
    int err = stat_of(fd, &st);
    if (err != 0)
        return err;
    long flags = WVM_SYS(syscall(SYS_fcntl, fd, F_GETFL, 0));
    if (flags < 0)
        return (int)flags;
    bool usable = (flags & O_PATH) == 0;
    *out = (struct wvm_host_fd_info){
        .dev = st.st_dev,
        .ino = st.st_ino,
        .size = (uint64_t)st.st_size,
        .regular = S_ISREG(st.st_mode),
        .readable = usable && (flags & O_ACCMODE) != O_WRONLY,
        .writable = usable && (flags & O_ACCMODE) != O_RDONLY,
    };
    return 0;
}

void wvm_host_fd_close(int fd, uint64_t dev, uint64_t ino)
{
    if (wvm_host_fd_is(fd, dev, ino))
        wvm_sys_close(fd);
}

/* Positions of files go up to 2^63; what programs read and write lies far below half of that. */
#define MARKS ((uint64_t)1 << 62)

int wvm_host_fd_mark(int fd, uint64_t *mark)
{
    static wvm_word64 used; /* (a) */
    uint64_t place = MARKS + __atomic_add_fetch(&used, 1, __ATOMIC_RELAXED);
    int64_t got = wvm_sys_lseek(fd, (int64_t)place, SEEK_SET);
    if (got != (int64_t)place)
        return got < 0 ? (int)got : -ESPIPE;
    *mark = place;
    return 0;
}

bool wvm_host_fd_is_marked(int fd, uint64_t mark)
{
    return wvm_sys_lseek(fd, 0, SEEK_CUR) == (int64_t)mark;
}

void wvm_host_fd_close_marked(int fd, uint64_t mark)
{
    if (wvm_host_fd_is_marked(fd, mark))
        (void)wvm_sys3(SYS_close, (uintptr_t)fd, 0, 0);
}

/* The old call: half the price of prlimit64(2). */
bool wvm_host_size_allowed(uint64_t size)
{
    struct rlimit lim;
    if (size == 0)
        return true;
#ifdef __LP64__
    long err = wvm_sys3(SYS_getrlimit, RLIMIT_FSIZE, (uintptr_t)&lim, 0);
#else
    long err = WVM_SYS(getrlimit(RLIMIT_FSIZE, &lim));
#endif
    return size <= INT64_MAX &&
           (err != 0 || lim.rlim_cur == RLIM_INFINITY || size <= lim.rlim_cur);
}

int wvm_host_fd_resize(int fd, uint64_t size)
{
    int err;
    if (!wvm_host_size_allowed(size))
        return -EFBIG;
    do
        err = wvm_sys_ftruncate(fd, size);
    while (err == -EINTR);
    return err;
}

/* The C library's call is a cancellation point. Each 64-bit number is two arguments on i386. */
static int allocate_at(int fd, uint64_t at)
{
    return (int)WVM_SYS(syscall(SYS_fallocate, fd, 0, at, (uint64_t)1));
}

int wvm_host_fd_extend(int fd, uint64_t size)
{
    wvm_stat st;
    int err = stat_of(fd, &st);
    if (err != 0 || (uint64_t)st.st_size >= size)
        return err;
    if (!wvm_host_size_allowed(size))
        return -EFBIG;
    do
        err = allocate_at(fd, size - 1);
    while (err == -EINTR);
    if (err == -EOPNOTSUPP || err == -ENOSYS)
        err = wvm_host_fd_resize(fd, size);
    return err;
}

int wvm_host_fd_map_meta(int fd, uint64_t offset, size_t len, void **out)
{
    intptr_t r = wvm_sys_mmap_file(0, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    if (wvm_sys_failed(r))
        return (int)r;
    *out = (void *)r;
    return 0;
}
