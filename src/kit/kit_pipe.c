/* Pipes without a name.
 *
 * I1  What PeekNamedPipe tells it has copied (tee(2), MSG_PEEK): the pipe itself is not read.
 * Locking: none.   Failure: nothing made, nothing written.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

/* ---- CreatePipe ---- */

/* A handle for the descriptor, which is closed; NULL and an errno. */
static HANDLE handle_of(int fd, DWORD access, bool inherit)
{
    HANDLE h = winvm_handle_from_fd(fd, access);
    int error = errno;
    close(fd);
    if (h && inherit)
        SetHandleInformation(h, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    errno = error;
    return h;
}

BOOL wvm_kit_CreatePipe(PHANDLE read_end, PHANDLE write_end, LPSECURITY_ATTRIBUTES security,
                        DWORD size)
{
    int ends[2];
    bool inherit = security && security->bInheritHandle;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return wvm_kit_file_fail(errno, NULL);
    if (size > 0 && size <= INT32_MAX)
        fcntl(ends[1], F_SETPIPE_SZ, (int)size); /* more than is allowed: it stays as it is */
    HANDLE from = handle_of(ends[0], GENERIC_READ, inherit);
    HANDLE to = handle_of(ends[1], GENERIC_WRITE, inherit);
    if (from && to) {
        *read_end = from;
        *write_end = to;
        return TRUE;
    }
    if (from)
        CloseHandle(from);
    if (to)
        CloseHandle(to);
    return wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
}

/* ---- PeekNamedPipe ---- */

/* Copies up to n bytes that stay in the pipe; how many, or -errno. */
static ssize_t peek_pipe(int fd, void *out, size_t n)
{
    int copy[2];
    size_t got = 0;
    if (pipe2(copy, O_CLOEXEC) != 0)
        return -errno;
    fcntl(copy[1], F_SETPIPE_SZ, fcntl(fd, F_GETPIPE_SZ));
    ssize_t teed = tee(fd, copy[1], n, SPLICE_F_NONBLOCK), m = 1;
    int error = errno;
    while (teed > 0 && got < (size_t)teed && m > 0) {
        m = read(copy[0], (char *)out + got, (size_t)teed - got);
        got += m > 0 ? (size_t)m : 0;
    }
    close(copy[0]);
    close(copy[1]);
    return teed >= 0 || error == EAGAIN ? (ssize_t)got : -error;
}

static ssize_t peek(int fd, bool socket, void *out, size_t n)
{
    ssize_t got = n == 0 ? 0 : socket ? recv(fd, out, n, MSG_PEEK | MSG_DONTWAIT)
                                      : peek_pipe(fd, out, n);
    if (socket && got < 0)
        return errno == EAGAIN ? 0 : -errno;
    return got;
}

static void store(LPDWORD to, size_t value)
{
    if (to)
        *to = (DWORD)value;
}

BOOL wvm_kit_PeekNamedPipe(HANDLE h, LPVOID out, DWORD size, LPDWORD n_read, LPDWORD n_there,
                           LPDWORD n_left)
{
    struct wvm_kit_file f;
    int there = 0, fd = winvm_file_to_fd(h, FILE_READ_DATA);
    int error = fd < 0 ? errno : wvm_kit_file_of(fd, NULL, false, &f);
    ssize_t got = 0;
    if (!error && !S_ISFIFO(f.mode) && !S_ISSOCK(f.mode))
        error = ENOTTY;
    if (!error && (got = peek(fd, S_ISSOCK(f.mode), out, out ? size : 0)) < 0)
        error = (int)-got;
    if (!error && ioctl(fd, FIONREAD, &there) != 0)
        error = errno;
    struct pollfd is = {.fd = fd, .events = POLLIN};
    bool ended = !error && there == 0 && poll(&is, 1, 0) > 0 && (is.revents & (POLLHUP | POLLERR));
    if (fd >= 0)
        close(fd);
    if (error)
        return wvm_kit_file_fail(error, NULL);
    if (ended)
        return wvm_kit_fail(ERROR_BROKEN_PIPE);
    store(n_read, (size_t)got);
    store(n_there, (size_t)there);
    store(n_left, 0);
    return TRUE;
}

#define WVM_KIT_PIPE
#include "kit/kit_entry.h"
