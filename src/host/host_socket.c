/* Sockets between processes of one machine.
 *
 * Owns     nothing.
 * Terms    message = what one send gives and one receive takes, never cut or joined
 *          (SOCK_SEQPACKET); name = an entry of a directory that is given as a descriptor.
 * I1       A name is made as NAME.new and renamed once calls are accepted: who finds it can call.
 * I2       Every descriptor returned is close-on-exec from its first moment; of those that
 *          come with a message one is taken, and the kernel drops the others.
 * I3       No call of the C library that a program may have replaced is used (preload/io.c).
 * Locking  none.   Failure: -errno, nothing kept.   Signal safety: all functions; errno is kept. */
#include "host/host_socket.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_private.h"

enum { BACKLOG = 64, MAX_WAIT = 32 };

uint64_t wvm_host_now(void)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The directory by its descriptor: its own path may be too long for an address, or not the same any
 * more. */
static void make_address(int dir, const char *name, const char *suffix, struct sockaddr_un *out)
{
    struct wvm_buf b;
    memset(out, 0, sizeof(*out));
    out->sun_family = AF_UNIX;
    wvm_buf_init(&b, out->sun_path, sizeof(out->sun_path));
    wvm_buf_printf(&b, "%s/self/fd/%d/%s%s", wvm_host_proc_root, dir, name, suffix);
}

static int make_socket(int flags)
{
    return (int)WVM_SYS(syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
}

static int publish(int fd, int dir, const char *name)
{
    struct sockaddr_un from, to;
    make_address(dir, name, ".new", &from);
    make_address(dir, name, "", &to);
    (void)WVM_SYS(syscall(SYS_unlink, from.sun_path));
    int err = (int)WVM_SYS(syscall(SYS_bind, fd, &from, sizeof(from)));
    if (err == 0)
        err = (int)WVM_SYS(chmod(from.sun_path, 0600));
    if (err == 0)
        err = (int)WVM_SYS(syscall(SYS_listen, fd, BACKLOG));
    if (err == 0)
        err = (int)WVM_SYS(syscall(SYS_rename, from.sun_path, to.sun_path));
    if (err != 0)
        (void)WVM_SYS(syscall(SYS_unlink, from.sun_path));
    return err;
}

int wvm_host_socket_listen(int dir, const char *name)
{
    int fd = make_socket(SOCK_NONBLOCK);
    if (fd < 0)
        return fd;
    int err = publish(fd, dir, name);
    if (err != 0) {
        wvm_sys_close(fd);
        return err;
    }
    return wvm_host_fd_high(fd);
}

int wvm_host_socket_connect(int dir, const char *name, uint64_t until)
{
    struct sockaddr_un to;
    make_address(dir, name, "", &to);
    int fd = make_socket(0), err;
    if (fd < 0)
        return fd;
    do {
        uint64_t now = wvm_host_now(), left = until > now ? until - now : 1;
        struct timeval t = {(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
        (void)WVM_SYS(syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
        err = (int)WVM_SYS(syscall(SYS_connect, fd, &to, sizeof(to)));
    } while (err == -EINTR && wvm_host_now() < until);
    if (err == 0)
        return fd;
    wvm_sys_close(fd);
    return err == -EAGAIN || err == -EINTR ? -ETIMEDOUT : err;
}

int wvm_host_socket_accept(int fd)
{
    int made;
    do
        made = (int)WVM_SYS(
            syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
    while (made == -EINTR || made == -ECONNABORTED);
    return made < 0 ? made : wvm_host_fd_high(made);
}

int wvm_host_socket_peer(int fd, pid_t *pid, uid_t *uid)
{
    struct ucred who;
    socklen_t len = sizeof(who);
    int err = (int)WVM_SYS(syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &who, &len));
    if (err != 0)
        return err;
    *pid = who.pid;
    *uid = who.uid;
    return 0;
}

/* Room for one descriptor: a length that holds no second one. */
union pass {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int wvm_host_socket_send(int fd, const void *msg, size_t len, int pass)
{
    struct iovec part = {(void *)(uintptr_t)msg, len};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    union pass room;
    if (pass >= 0) {
        memset(&room, 0, sizeof(room));
        room.head.cmsg_level = SOL_SOCKET;
        room.head.cmsg_type = SCM_RIGHTS;
        room.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&room.head), &pass, sizeof(pass));
        head.msg_control = &room;
        head.msg_controllen = CMSG_LEN(sizeof(int));
    }
    long n;
    do
        n = WVM_SYS(syscall(SYS_sendmsg, fd, &head, MSG_NOSIGNAL));
    while (n == -EINTR);
    return n < 0 ? (int)n : 0;
}

static int take_passed(const struct msghdr *head, const union pass *room)
{
    int fd = -1;
    if (head->msg_controllen >= CMSG_LEN(sizeof(int)) && room->head.cmsg_level == SOL_SOCKET &&
        room->head.cmsg_type == SCM_RIGHTS && room->head.cmsg_len >= CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(&room->head), sizeof(fd));
    return fd;
}

ssize_t wvm_host_socket_receive(int fd, void *msg, size_t cap, int *passed)
{
    struct iovec part = {msg, cap};
    union pass room;
    struct msghdr head;
    long n;
    do {
        memset(&room, 0, sizeof(room));
        head = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1, .msg_control = &room,
                               .msg_controllen = CMSG_LEN(sizeof(int))};
        n = WVM_SYS(syscall(SYS_recvmsg, fd, &head, MSG_CMSG_CLOEXEC));
    } while (n == -EINTR);
    *passed = n >= 0 ? take_passed(&head, &room) : -1;
    if (n >= 0 && (head.msg_flags & MSG_TRUNC)) {
        if (*passed >= 0)
            wvm_sys_close(*passed);
        *passed = -1;
        return -EMSGSIZE;
    }
    return n;
}

int wvm_host_socket_wait(struct wvm_host_wait *list, unsigned n, unsigned ms)
{
    struct pollfd polled[MAX_WAIT];
    n = wvm_min(n, MAX_WAIT);
    for (unsigned i = 0; i < n; i++)
        polled[i] = (struct pollfd){.fd = list[i].fd, .events = POLLIN};
    long found = WVM_SYS(syscall(SYS_poll, polled, n, (int)ms));
    for (unsigned i = 0; i < n; i++)
        list[i].ready = found > 0 && polled[i].revents != 0;
    return (int)found;
}

int wvm_host_socket_remove(int dir, const char *name)
{
    return (int)WVM_SYS(syscall(SYS_unlinkat, dir, name, 0));
}

/* The kernel's record of a name. */
struct entry {
    uint64_t ino;
    int64_t next;
    unsigned short len;
    unsigned char type;
    char name[];
};

int wvm_host_dir_each(int dir, bool (*visit)(int dir, const char *name, void *ctx), void *ctx)
{
    char block[4096] __attribute__((aligned(8)));
    long n = WVM_SYS(syscall(SYS_lseek, dir, 0L, SEEK_SET));
    while (n >= 0 && (n = WVM_SYS(syscall(SYS_getdents64, dir, block, sizeof(block)))) > 0) {
        const struct entry *e;
        for (long at = 0; at < n; at += e->len) {
            e = (const struct entry *)(block + at);
            if (!visit(dir, e->name, ctx))
                return 0;
        }
    }
    return (int)n;
}
