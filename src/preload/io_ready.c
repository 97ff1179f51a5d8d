/* Buffers of system calls, looked at before the call.
 *
 * The kernel does not raise a guard page's exception and does not ask winvm about a page whose
 * writes are watched: the call would fail with EFAULT, and some calls lose data then (a datagram is
 * gone). So the buffer is shown to the space first: a guard page in it is disarmed and the call is
 * not made (EFAULT, once); a watched page is made ready and the call sees nothing.
 * Terms    armed = pages exist for which this matters; peek = to read what may be a bad pointer.
 * I1       No call is made twice, and none is made after its buffer met a guard page.
 * I2       A pointer of the program's is read only by wvm_io_peek: what is bad is left to the
 *          kernel, whose error the program gets.
 * I3       Only memory where a buffer begins is judged: one that begins elsewhere and runs into
 *          winvm's memory is left to the kernel.
 * I4       errno is kept.
 * Locking: the space's, inside wvm_space_ready, only when there is something to do.
 * Failure: none of its own.   Signal safety: yes. */
#include "preload/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "fault/fault.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "space/space_fault.h"

/* What the kernel takes at most: bytes in a call, vectors in an array, messages in an array. */
#define MAX_BYTES ((size_t)0x7ffff000)
#define MAX_PARTS 1024
#define PARTS_AT_ONCE 16
#define PAGE ((uintptr_t)4096)

bool wvm_io_armed;
static void (*arm_hook)(void);

static void note_armed(void)
{
    __atomic_store_n(&wvm_io_armed, true, __ATOMIC_RELAXED);
    if (arm_hook != NULL)
        arm_hook();
}

void wvm_io_init(void)
{
    if (wvm_chain_owns(SIGSEGV))
        wvm_io_armed = true;
    arm_hook = wvm_space_arm_hook;
    wvm_space_arm_hook = note_armed;
}

/* ---- the thread's own stack ---- */

/* Part of the stack that the host gave to this thread: the lower half is left out, so that no
 * rounding of sizes matters. Nothing of winvm's lies there. low == high: not known. */
static WVM_THREAD_LOCAL uintptr_t stack_low, stack_high;

void wvm_io_own_stack(uintptr_t high, size_t size)
{
    if (high >= wvm_space_host_top(&wvm_space_native) ||
        wvm_space_is_ours(&wvm_space_native, high))
        return;
    stack_high = high;
    stack_low = high - size / 2;
}

/* [at, at + n) lies in the part of the stack that is in use: it can be read. */
static bool is_in_use(uintptr_t at, size_t n)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here >= stack_low && at >= here && at < stack_high && n <= stack_high - at;
}

bool wvm_io_peek(void *dst, const void *src, size_t n)
{
    if (is_in_use((uintptr_t)src, n)) {
        memcpy(dst, src, n);
        return true;
    }
    return wvm_host_read(0, dst, (uintptr_t)src, n) == (ssize_t)n;
}

/* ---- buffers ---- */

bool wvm_io_ready(const void *buf, size_t n, bool write)
{
    uintptr_t start = (uintptr_t)buf, top = wvm_space_host_top(&wvm_space_native);
    if (n == 0 || start >= top || (start >= stack_low && start < stack_high))
        return true;
    int saved = errno;
    uintptr_t end = start + wvm_min(wvm_min(n, MAX_BYTES), top - start);
    wvm_status status = wvm_space_ready(&wvm_space_native, wvm_align_down(start, PAGE),
                                        wvm_align_up(end, PAGE), write);
    errno = saved;
    return status != STATUS_GUARD_PAGE_VIOLATION;
}

bool wvm_io_vector(const struct iovec *v, size_t n, bool write)
{
    struct iovec part[PARTS_AT_ONCE];
    if (n > MAX_PARTS)
        return true;
    if (!wvm_io_ready(v, n * sizeof *v, false))
        return false;
    for (size_t at = 0; at < n; at += PARTS_AT_ONCE) {
        size_t many = wvm_min(n - at, (size_t)PARTS_AT_ONCE);
        if (!wvm_io_peek(part, v + at, many * sizeof *v))
            return true;
        for (size_t i = 0; i < many; i++) {
            if (!wvm_io_ready(part[i].iov_base, part[i].iov_len, write))
                return false;
        }
    }
    return true;
}

bool wvm_io_message(const struct msghdr *msg, bool write)
{
    struct msghdr m;
    if (!wvm_io_ready(msg, sizeof *msg, write))
        return false;
    if (!wvm_io_peek(&m, msg, sizeof m))
        return true;
    return wvm_io_ready(m.msg_name, m.msg_namelen, write) &&
           wvm_io_ready(m.msg_control, m.msg_controllen, write) &&
           wvm_io_vector(m.msg_iov, m.msg_iovlen, write);
}

bool wvm_io_messages(const struct mmsghdr *msgs, size_t n, bool write)
{
    n = wvm_min(n, (size_t)MAX_PARTS);
    if (!wvm_io_ready(msgs, n * sizeof *msgs, true))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!wvm_io_message(&msgs[i].msg_hdr, write))
            return false;
    }
    return true;
}

bool wvm_io_address(const void *from, const socklen_t *len)
{
    socklen_t n;
    if (!wvm_io_ready(len, sizeof *len, true))
        return false;
    return from == NULL || !wvm_io_peek(&n, len, sizeof n) || wvm_io_ready(from, n, true);
}

/* The pipe's end decides which way the data goes. */
bool wvm_io_splice(int fd, const struct iovec *v, size_t n)
{
    if (!__atomic_load_n(&wvm_io_armed, __ATOMIC_RELAXED))
        return true;
    long flags = WVM_SYS(syscall(SYS_fcntl, fd, F_GETFL));
    return wvm_io_vector(v, n, flags >= 0 && (flags & O_ACCMODE) == O_RDONLY);
}
