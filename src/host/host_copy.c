/* Copies that report a bad address instead of faulting.
 *
 * Owns     nothing.
 * Terms    remote = the address that may be bad; chunk = what one pipe transfer takes.
 * I1       Protections count: a page that the process could not read or write itself is not copied.
 *          (/proc/PID/mem looks through them: the forced write, and nothing else, uses it.)
 * I2       The result is a count of bytes from the front; a bad page ends the copy at its border.
 * I3       The pipe is the fallback for this process only; it lives for one call.
 * Locking  none.   Failure: -errno, nothing copied.   Signal safety: all functions; errno is kept.
 */
#include <sys/uio.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { CHUNK = 4096 }; /* PIPE_BUF: a transfer of this size is whole or fails */

struct transfer {
    pid_t pid;
    uintptr_t from, to; /* the one that is remote is read or written through the kernel */
    size_t len;
    bool write;         /* to is remote */
};

static ssize_t copy_by_vm_call(const struct transfer *t)
{
    struct iovec from = {(void *)t->from, t->len}, to = {(void *)t->to, t->len};
    const struct iovec *local = t->write ? &from : &to, *remote = t->write ? &to : &from;
    long nr = t->write ? SYS_process_vm_writev : SYS_process_vm_readv;
    return WVM_SYS(syscall(nr, t->pid, local, 1UL, remote, 1UL, 0UL));
}

static size_t chunk_len(const struct transfer *t, size_t done)
{
    size_t len = wvm_min(t->len - done, CHUNK);
    size_t from_room = CHUNK - ((t->from + done) & (CHUNK - 1));
    size_t to_room = CHUNK - ((t->to + done) & (CHUNK - 1));
    return wvm_min(len, wvm_min(from_room, to_room));
}

/* A system call answers EFAULT where a load or store would fault. */
static ssize_t copy_by_pipe(const struct transfer *t)
{
    int fds[2];
    ssize_t r = WVM_SYS(syscall(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK));
    size_t done = 0;
    if (r != 0)
        return r;
    while (done < t->len) {
        size_t len = chunk_len(t, done);
        r = WVM_SYS(syscall(SYS_write, fds[1], t->from + done, len));
        if (r == (ssize_t)len)
            r = wvm_sys_read(fds[0], (void *)(t->to + done), len);
        if (r != (ssize_t)len)
            break;
        done += len;
    }
    wvm_sys_close(fds[0]);
    wvm_sys_close(fds[1]);
    return done != 0 || t->len == 0 ? (ssize_t)done : r < 0 ? r : -EFAULT;
}

static ssize_t copy(struct transfer *t)
{
    bool self = t->pid == 0;
    if (self)
        t->pid = wvm_host_self();
    ssize_t r = copy_by_vm_call(t);
    if (self && (r == -ENOSYS || r == -EPERM || r == -ESRCH))
        r = copy_by_pipe(t);
    return r;
}

ssize_t wvm_host_read(pid_t pid, void *local, uintptr_t remote, size_t len)
{
    struct transfer t = {.pid = pid, .from = remote, .to = (uintptr_t)local, .len = len};
    return copy(&t);
}

ssize_t wvm_host_write(pid_t pid, const void *local, uintptr_t remote, size_t len)
{
    struct transfer t = {
        .pid = pid, .from = (uintptr_t)local, .to = remote, .len = len, .write = true};
    return copy(&t);
}

ssize_t wvm_host_write_forced(pid_t pid, const void *local, uintptr_t remote, size_t len)
{
    char path[64];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/%d/mem", wvm_host_proc_root, (int)pid);
    int fd = (int)WVM_SYS(syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));
    if (fd < 0)
        return fd;
    ssize_t n = WVM_SYS(syscall(SYS_pwrite64, fd, local, len, (uint64_t)remote));
    wvm_sys_close(fd);
    return n;
}
