/* Hints to the kernel: process_madvise over many ranges, or madvise range by range.
 *
 * Owns     nothing; the descriptor of a process lives for one call.
 * Terms    batch = ranges that one call takes: at most BATCH_RANGES, at most BATCH_BYTES together
 *          (the kernel cuts what is longer without a word).
 * I1       A hint never fails for a range: the kernel stops at one that is not mapped throughout,
 *          having done what is mapped of it; that range is passed over and the rest goes on.
 * I2       Where the kernel has no process_madvise the own process is served range by range.
 * Locking  none.   Failure: -errno before anything was done, when the process cannot be reached.
 * Signal safety  all functions; errno is preserved. */
#include "host/host_hint.h"

#include <sys/uio.h>

#include "base/arith.h"
#include "base/assert.h"
#include "host/host_kernel.h"

/* Newer than the oldest headers we build with; the same numbers on every architecture. */
enum { NR_PIDFD_OPEN = 434, NR_PROCESS_MADVISE = 440 };
/* The calling process in place of a descriptor of it (6.15). */
enum { OWN_PROCESS = -10001 };
enum { BATCH_RANGES = 1024, BATCH_BYTES = 1 << 30 };

WVM_STATIC(sizeof(struct wvm_host_range) == sizeof(struct iovec) &&
               offsetof(struct wvm_host_range, len) == offsetof(struct iovec, iov_len),
           "a range is the kernel's iovec");

static int advice_of(enum wvm_host_hint hint)
{
    static const uint8_t advice[] = {
        [WVM_HINT_NEED] = MADV_WILLNEED,
        [WVM_HINT_COLD] = WVM_MADV_COLD,
        [WVM_HINT_TRIM] = WVM_MADV_PAGEOUT,
    };
    return advice[hint];
}

static long advise(int process, const struct wvm_host_range *range, size_t n, int advice)
{
    return WVM_SYS(syscall(NR_PROCESS_MADVISE, process, range, n, advice, 0));
}

static size_t batch_of(const struct wvm_host_range *range, size_t n)
{
    size_t k = 0, bytes = 0;
    for (n = wvm_min(n, BATCH_RANGES); k < n && range[k].len <= BATCH_BYTES - bytes; k++)
        bytes += range[k].len;
    return k;
}

/* Ranges that `done` bytes of a batch cover. */
static size_t covered(const struct wvm_host_range *range, size_t n, size_t done)
{
    size_t k = 0;
    for (; k < n && done >= range[k].len; k++)
        done -= range[k].len;
    return k;
}

/* One range that is longer than a batch. */
static long advise_long(int process, const struct wvm_host_range *range, int advice)
{
    for (size_t done = 0; done < range->len;) {
        struct wvm_host_range part = {range->start + done,
                                      wvm_min(range->len - done, (size_t)BATCH_BYTES)};
        long r = advise(process, &part, 1, advice);
        if (r == -EPERM || r == -ESRCH || r == -ENOSYS)
            return r;
        done += part.len;
    }
    return 0;
}

static int advise_all(int process, const struct wvm_host_range *range, size_t n, int advice)
{
    for (size_t i = 0; i < n;) {
        size_t k = batch_of(range + i, n - i), step = 1;
        long r = k ? advise(process, range + i, k, advice)
                   : advise_long(process, range + i, advice);
        if (r == -EPERM || r == -ESRCH || r == -ENOSYS || r == -EBADF)
            return (int)r;
        if (k && r > 0)
            step = covered(range + i, k, (size_t)r);
        /* It stopped at a range that it could not do all of. */
        i += k && r > 0 && step < k ? step + 1 : step;
    }
    return 0;
}

static int advise_by_descriptor(pid_t pid, const struct wvm_host_range *range, size_t n, int advice)
{
    int fd = (int)WVM_SYS(syscall(NR_PIDFD_OPEN, pid, 0));
    if (fd < 0)
        return fd;
    int err = advise_all(fd, range, n, advice);
    wvm_sys_close(fd);
    return err;
}

int wvm_host_hint(pid_t pid, enum wvm_host_hint hint, const struct wvm_host_range *range, size_t n)
{
    int advice = advice_of(hint);
    if (pid != 0)
        return advise_by_descriptor(pid, range, n, advice);
    if (n > 1 && (advise_all(OWN_PROCESS, range, n, advice) == 0 ||
                  advise_by_descriptor(getpid(), range, n, advice) == 0))
        return 0;
    for (size_t i = 0; i < n; i++)
        (void)wvm_sys_madvise(range[i].start, range[i].len, advice);
    return 0;
}
