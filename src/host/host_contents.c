/* Contents and paths of files behind kept and foreign descriptors.
 *
 * Terms   early end = the file is shorter than was asked for; what was there counts.
 * I1      The file position of a descriptor that is read from is neither used nor moved: it may be
 *         the program's.
 * Locking none.   Failure: -errno; what was written to the target until then stays.
 * Signal safety: all functions; errno is preserved. A signal only interrupts to go on. */
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_object.h"

/* One call moves at most this many bytes, a page multiple below the kernel's own limit. */
enum { MOVE_MAX = 0x7ffff000, BUFFER = 4096 };

int64_t wvm_host_fd_read(int fd, void *out, size_t len, uint64_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = wvm_sys_pread(fd, (char *)out + done, len - done, at + done);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return n;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

static int64_t write_all(int fd, const char *from, size_t len, uint64_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = wvm_sys_pwrite(fd, from + done, len - done, at + done);
        if (n <= 0)
            return n < 0 ? n : -ENOSPC;
        done += (size_t)n;
    }
    return (int64_t)done;
}

/* For files that the kernel cannot send by itself. */
static int64_t copy_by_buffer(const struct wvm_host_fd_copy *c, uint64_t done)
{
    char buffer[BUFFER];
    while (done < c->len) {
        size_t want = c->len - done < sizeof buffer ? (size_t)(c->len - done) : sizeof buffer;
        int64_t n = wvm_host_fd_read(c->from, buffer, want, c->from_at + done);
        if (n > 0)
            n = write_all(c->to, buffer, (size_t)n, c->to_at + done);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        done += (uint64_t)n;
    }
    return (int64_t)done;
}

int64_t wvm_host_fd_copy(const struct wvm_host_fd_copy *c)
{
    uint64_t done = 0;
    uint64_t from = c->from_at;
    int64_t at = wvm_sys_lseek(c->to, (int64_t)c->to_at, SEEK_SET);
    if (at < 0)
        return at;
    while (done < c->len) {
        uint64_t want = c->len - done < MOVE_MAX ? c->len - done : MOVE_MAX;
        ssize_t n = wvm_sys_sendfile(c->to, c->from, &from, (size_t)want);
        if (n == -EINTR)
            continue;
        if (n == -EINVAL || n == -ENOSYS)
            return copy_by_buffer(c, done);
        if (n < 0)
            return n;
        if (n == 0)
            break;
        done += (uint64_t)n;
    }
    return (int64_t)done;
}

ssize_t wvm_host_fd_path(int fd, char *out, size_t cap)
{
    char link[32];
    struct wvm_buf b;
    wvm_buf_init(&b, link, sizeof link);
    wvm_buf_printf(&b, "/proc/self/fd/%d", fd);
    ssize_t n = WVM_SYS(syscall(SYS_readlink, link, out, cap));
    if (n == (ssize_t)cap)
        return -ENAMETOOLONG;
    if (n >= 0)
        out[n] = '\0';
    return n;
}
