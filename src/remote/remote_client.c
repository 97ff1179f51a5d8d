/* The asking side: one connection, one request, one answer.
 *
 * A connection for each call makes it about five times as long as one over a kept connection would
 * be. For that nothing has to be kept, found again after fork() or close_range(), or taken from a
 * dead process.
 * I1  A request is sent only to the process named: the kernel tells who listens, and that must be
 *     that process and this user.
 * I2  A request is sent only once.
 * I3  A call ends in time: at once when the other process ends, soon when it is stopped, and when
 *     the patience is over.
 * Locking: none.   Failure: remote.h says whether something may have been done.
 * Signal safety: yes; errno is preserved. */
#include <errno.h>
#include <unistd.h>

#include "host/host_kernel.h"
#include "host/host_process.h"
#include "host/host_rundir.h"
#include "host/host_socket.h"
#include "remote/remote_internal.h"

enum { SLICE = 250 }; /* milliseconds between two looks at a process that does not answer */

unsigned wvm_remote_patience = 10000;

/* Why a connection failed: to callers of this room a process that cannot be reached does not
 * serve. */
static int reach_failure(int dir, pid_t pid, const char *name, int err)
{
    uint64_t start;
    if (err == -ECONNREFUSED && wvm_host_process_start(pid, &start) == -ESRCH)
        (void)wvm_host_socket_remove(dir, name);
    return err == -ECONNREFUSED || err == -EACCES || err == -ENOTDIR ? -ENOENT : err;
}

static int reach(pid_t pid, uint64_t until)
{
    char name[WVM_REMOTE_NAME_CAP];
    uint64_t start;
    pid_t peer;
    uid_t uid;
    if (wvm_host_process_start(pid, &start) < 0)
        return -ENOENT;
    int dir = wvm_host_rundir_open(NULL, 0);
    if (dir < 0)
        return dir == -EMFILE || dir == -ENFILE ? dir : -ENOENT;
    wvm_remote_name(pid, start, name);
    int fd = wvm_host_socket_connect(dir, name, until);
    if (fd < 0)
        fd = reach_failure(dir, pid, name, fd);
    wvm_sys_close(dir);
    if (fd >= 0 && (wvm_host_socket_peer(fd, &peer, &uid) != 0 || peer != pid ||
                    uid != geteuid())) {
        wvm_sys_close(fd);
        return -ENOENT;
    }
    return fd;
}

static int await(int fd, pid_t pid, uint64_t until)
{
    for (uint64_t now; (now = wvm_host_now()) < until;) {
        struct wvm_host_wait wait = {.fd = fd};
        uint64_t left = until - now;
        (void)wvm_host_socket_wait(&wait, 1, (unsigned)(left < SLICE ? left : SLICE));
        if (wait.ready)
            return 0;
        if (left > SLICE && wvm_host_process_is_stopped(pid))
            break;
    }
    return -ETIMEDOUT;
}

static int receive(int fd, uint16_t op, struct wvm_remote_answer *answer)
{
    int passed;
    ssize_t n = wvm_host_socket_receive(fd, answer, sizeof *answer, &passed);
    if (passed >= 0)
        wvm_sys_close(passed);
    if (n == 0 || n == -ECONNRESET)
        return -ECONNRESET;
    return n > 0 && wvm_remote_answer_ok(answer, (size_t)n, op) ? 0 : -EPROTO;
}

int wvm_remote_call(pid_t pid, const struct wvm_remote_request *req, int fd,
                    struct wvm_remote_answer *answer)
{
    uint64_t until = wvm_host_now() + wvm_remote_patience;
    int sock = reach(pid, until);
    if (sock < 0)
        return sock;
    int err = wvm_host_socket_send(sock, req, sizeof *req, fd);
    if (err == 0)
        err = await(sock, pid, until);
    if (err == 0)
        err = receive(sock, req->head.op, answer);
    wvm_sys_close(sock);
    return err == -EPIPE ? -ECONNRESET : err == -EAGAIN ? -ETIMEDOUT : err;
}
