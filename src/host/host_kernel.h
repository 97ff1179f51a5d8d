/* The kernel's interface as far as this room needs it: constants and structures that are newer than
 * the oldest headers we build with, and the one way system calls are made.
 * Every function here preserves errno and is async-signal-safe. */
#ifndef WVM_HOST_KERNEL_H
#define WVM_HOST_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"

enum { WVM_MLOCK_ONFAULT = 1 };
enum { WVM_MAP_HUGE_SHIFT = 26 };
enum {
    WVM_MAP_FIXED_NOREPLACE = 0x100000,
    WVM_MADV_FREE = 8,
    WVM_MADV_WIPEONFORK = 18,
    WVM_MADV_COLD = 20,
    WVM_MADV_PAGEOUT = 21,
    WVM_MADV_POPULATE_READ = 22,
    WVM_MADV_POPULATE_WRITE = 23,
    WVM_MADV_COLLAPSE = 25,
    WVM_MADV_GUARD_INSTALL = 102,
    WVM_MADV_GUARD_REMOVE = 103,
};

/* ioctl on /proc/PID/maps: one mapping by address. */
struct wvm_procmap_query {
    uint64_t size, query_flags, query_addr;
    uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
    uint32_t dev_major, dev_minor;
    uint32_t vma_name_size, build_id_size;
    uint64_t vma_name_addr, build_id_addr;
};
WVM_STATIC(sizeof(struct wvm_procmap_query) == 104, "PROCMAP_QUERY argument");
#define WVM_PROCMAP_QUERY _IOWR('f', 17, struct wvm_procmap_query)
enum {
    WVM_PROCMAP_READABLE = 0x01,
    WVM_PROCMAP_WRITABLE = 0x02,
    WVM_PROCMAP_EXECUTABLE = 0x04,
    WVM_PROCMAP_SHARED = 0x08,
    WVM_PROCMAP_COVERING_OR_NEXT = 0x10,
};

/* ioctl on /proc/PID/pagemap: runs of pages by category. */
struct wvm_page_region {
    uint64_t start, end, categories;
};
struct wvm_pm_scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
WVM_STATIC(sizeof(struct wvm_pm_scan_arg) == 96, "PAGEMAP_SCAN argument");
#define WVM_PAGEMAP_SCAN _IOWR('f', 16, struct wvm_pm_scan_arg)
enum {
    WVM_PAGE_IS_WRITTEN = 1 << 1,
    WVM_PAGE_IS_FILE = 1 << 2,
    WVM_PAGE_IS_PRESENT = 1 << 3,
    WVM_PAGE_IS_SWAPPED = 1 << 4,
    WVM_PAGE_IS_PFNZERO = 1 << 5,
    WVM_PAGE_IS_HUGE = 1 << 6,
    WVM_PAGE_IS_GUARD = 1 << 8, /* 6.15 */
};

enum {
    WVM_PM_SCAN_WP_MATCHING = 1 << 0,   /* what is reported is write-protected in the same step */
    WVM_PM_SCAN_CHECK_WPASYNC = 1 << 1, /* -EPERM where the mapping is not registered for that */
};

/* userfaultfd(2): only as the owner of write protection that the kernel lifts by itself. */
struct wvm_uffdio_api {
    uint64_t api, features, ioctls;
};
struct wvm_uffdio_register {
    uint64_t start, len, mode, ioctls;
};
WVM_STATIC(sizeof(struct wvm_uffdio_api) == 24, "UFFDIO_API argument");
WVM_STATIC(sizeof(struct wvm_uffdio_register) == 32, "UFFDIO_REGISTER argument");
#define WVM_UFFDIO_API _IOWR(0xAA, 0x3F, struct wvm_uffdio_api)
#define WVM_UFFDIO_REGISTER _IOWR(0xAA, 0x00, struct wvm_uffdio_register)
#define WVM_UFFD_API 0xAA
enum {
    WVM_UFFD_USER_MODE_ONLY = 1,
    WVM_UFFD_REGISTER_MODE_WP = 1 << 1,
    WVM_UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0,
    WVM_UFFD_FEATURE_WP_UNPOPULATED = 1 << 13,
    WVM_UFFD_FEATURE_WP_ASYNC = 1 << 15, /* 6.7 */
};

/* One word of /proc/PID/pagemap. */
#define WVM_PM_FRAME (((uint64_t)1 << 55) - 1) /* 0 for all but CAP_SYS_ADMIN */
#define WVM_PM_ALONE ((uint64_t)1 << 56) /* mapped once */
#define WVM_PM_GUARD ((uint64_t)1 << 58) /* 6.15 */
#define WVM_PM_FILE ((uint64_t)1 << 61)
#define WVM_PM_SWAP ((uint64_t)1 << 62)
#define WVM_PM_PRESENT ((uint64_t)1 << 63)

/* The result of expr, a call that returns -1 and sets errno: that result, or -errno. */
#define WVM_SYS(expr)                               \
    ({                                              \
        int saved_errno_ = errno;                   \
        long result_ = (long)(expr);                \
        if (result_ == -1)                          \
            result_ = -errno;                       \
        errno = saved_errno_;                       \
        result_;                                    \
    })

/* The calls of the short paths, without the C library's detour through errno. Result or -errno. */
static inline long wvm_sys3(long nr, uintptr_t a, uintptr_t b, uintptr_t c)
{
#if defined(__x86_64__) && defined(__LP64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(nr), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
#else
    return WVM_SYS(syscall(nr, a, b, c));
#endif
}

static inline intptr_t wvm_sys_map(uintptr_t addr, size_t len, int prot, int flags, int fd,
                                   uint64_t off)
{
#if defined(__x86_64__) && defined(__LP64__)
    register long r10 __asm__("r10") = flags;
    register long r8 __asm__("r8") = fd;
    register uint64_t r9 __asm__("r9") = off;
    intptr_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"((long)SYS_mmap), "D"(addr), "S"(len), "d"((long)prot), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(SYS_mmap2)
    if (off >> 12 > UINT32_MAX)
        return -EOVERFLOW;
    return WVM_SYS(syscall(SYS_mmap2, addr, len, prot, flags, fd, (long)(off >> 12)));
#else
    return WVM_SYS(syscall(SYS_mmap, addr, len, prot, flags, fd, (long)off));
#endif
}

/* Anonymous memory, private unless flags says MAP_SHARED. Address or -errno; the addresses of user
 * space never look like the latter (the top 4095 values). */
static inline intptr_t wvm_sys_mmap(uintptr_t addr, size_t len, int prot, int flags)
{
    flags |= MAP_ANONYMOUS | (flags & MAP_SHARED ? 0 : MAP_PRIVATE);
    return wvm_sys_map(addr, len, prot, flags, -1, 0);
}

/* A file. off is a page multiple. */
static inline intptr_t wvm_sys_mmap_file(uintptr_t addr, size_t len, int prot, int flags, int fd,
                                         uint64_t off)
{
    if ((flags & MAP_SHARED) == 0)
        flags |= MAP_PRIVATE;
    return wvm_sys_map(addr, len, prot, flags, fd, off);
}

static inline int wvm_sys_failed(intptr_t r)
{
    return (uintptr_t)r > (uintptr_t)-4096;
}

static inline int wvm_sys_munmap(uintptr_t addr, size_t len)
{
    return (int)wvm_sys3(SYS_munmap, addr, len, 0);
}

static inline int wvm_sys_madvise(uintptr_t addr, size_t len, int advice)
{
    return (int)wvm_sys3(SYS_madvise, addr, len, (uintptr_t)advice);
}

/* Read-only, close-on-exec. Descriptor or -errno. */
static inline int wvm_sys_open(const char *path)
{
    return (int)WVM_SYS(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
}

/* Unlike open(2) of the C library no point at which a thread can be cancelled. */
static inline int wvm_sys_open_at(int dir, const char *path, int flags, unsigned mode)
{
    return (int)WVM_SYS(syscall(SYS_openat, dir, path, flags, mode));
}

static inline void wvm_sys_close(int fd)
{
    (void)WVM_SYS(syscall(SYS_close, fd));
}

static inline ssize_t wvm_sys_read(int fd, void *buf, size_t len)
{
    ssize_t r;
    do
        r = WVM_SYS(syscall(SYS_read, fd, buf, len));
    while (r == -EINTR);
    return r;
}

static inline ssize_t wvm_sys_pread(int fd, void *buf, size_t len, uint64_t at)
{
#ifdef __LP64__
    return WVM_SYS(syscall(SYS_pread64, fd, buf, len, at));
#else
    return WVM_SYS(syscall(SYS_pread64, fd, buf, len, (uint32_t)at, (uint32_t)(at >> 32)));
#endif
}

/* What the kernel tells of a file; an i386 kernel's is not the C library's. */
#ifdef __LP64__
typedef struct stat wvm_stat;
#define WVM_SYS_FSTAT SYS_fstat
#define WVM_SYS_FSTATAT SYS_newfstatat
#else
typedef struct {
    uint64_t st_dev;
    uint32_t unused1, unused2, st_mode, st_nlink, st_uid, st_gid;
    uint64_t st_rdev;
    uint32_t unused3;
    int64_t st_size;
    uint32_t st_blksize;
    uint64_t st_blocks;
    uint32_t times[6];
    uint64_t st_ino;
} wvm_stat;
WVM_STATIC(sizeof(wvm_stat) == 96, "struct stat64 of the kernel");
#define WVM_SYS_FSTAT SYS_fstat64
#define WVM_SYS_FSTATAT SYS_fstatat64
#endif

/* The file position, or -errno. */
static inline int64_t wvm_sys_lseek(int fd, int64_t to, int whence)
{
#ifdef __LP64__
    return wvm_sys3(SYS_lseek, (uintptr_t)fd, (uintptr_t)to, (uintptr_t)whence);
#else
    int64_t at = 0;
    long err = WVM_SYS(syscall(SYS__llseek, fd, (uint32_t)((uint64_t)to >> 32), (uint32_t)to, &at,
                               whence));
    return err < 0 ? err : at;
#endif
}

static inline int wvm_sys_ftruncate(int fd, uint64_t size)
{
#ifdef __LP64__
    return (int)wvm_sys3(SYS_ftruncate, (uintptr_t)fd, size, 0);
#else
    return (int)wvm_sys3(SYS_ftruncate64, (uintptr_t)fd, (uint32_t)size, (uint32_t)(size >> 32));
#endif
}

/* Bytes that the kernel copied from *at of a file, which moves on; or -errno. */
static inline ssize_t wvm_sys_sendfile(int to, int from, uint64_t *at, size_t len)
{
#ifdef __LP64__
    return WVM_SYS(syscall(SYS_sendfile, to, from, at, len));
#else
    return WVM_SYS(syscall(SYS_sendfile64, to, from, at, len));
#endif
}

static inline ssize_t wvm_sys_pwrite(int fd, const void *buf, size_t len, uint64_t at)
{
    ssize_t r;
    do
#ifdef __LP64__
        r = WVM_SYS(syscall(SYS_pwrite64, fd, buf, len, at));
#else
        r = WVM_SYS(syscall(SYS_pwrite64, fd, buf, len, (uint32_t)at, (uint32_t)(at >> 32)));
#endif
    while (r == -EINTR);
    return r;
}

static inline int wvm_sys_ioctl(int fd, unsigned long request, void *arg)
{
    return (int)WVM_SYS(syscall(SYS_ioctl, fd, request, arg));
}

#endif
