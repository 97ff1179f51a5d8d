/* The serving side: one thread of the process that other processes may change.
 *
 * Owns     the listening socket, the connections, and the thread.
 * Terms    seat = the place of one connection; guest = who sits there; stray = a descriptor number
 *          of ours that the program closed, and that may be a file of the program by now.
 * I1       Without wvm_remote_start() there is no thread, no socket and no name.
 * I2       A guest is of this user, or is sent away before a byte is read. A message that is no
 *          request ends its connection, after an answer that says so.
 * I3       A descriptor is read, written or closed only after it was seen to be still ours: with a
 *          program that closes every descriptor (close_range) what is under way is lost, and within
 *          a second the server has a new socket under the same name.
 * I4       The thread waits only in poll and for the space's lock, as any caller: an exit of the
 *          process, exec and fork do not wait for it. When the program's threads have ended it ends
 *          too, so that a program that leaves its first thread by pthread_exit() ends as it would
 *          without a server.
 * I5       A guest that says nothing for PATIENCE gives up its seat; when all are taken, the one
 *          who was silent for longest does, after MANNERS. Others wait in the socket's queue.
 * Locking: `lock` around every change of descriptors and seats, never around a request; taken
 * before the others by fork. Requests are served one after the other.
 * fork: the child closes its copies; it serves when it is started again.
 * Failure: the option diag tells why a process cannot serve.   Signal safety: none. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/arith.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_process.h"
#include "host/host_rundir.h"
#include "host/host_socket.h"
#include "host/host_thread.h"
#include "remote/remote_internal.h"

#include <winvm/ntstatus.h>

enum { N_SEATS = 16 };
enum { PATIENCE = 10000, MANNERS = 250, ROUND = 1000, FULL_ROUND = 50 }; /* milliseconds */

/* A kept descriptor and what file it is; fd -1: none. */
struct kept {
    int fd;
    uint64_t dev, ino;
};

struct seat {
    struct kept conn;
    uint64_t heard; /* when its guest last said something */
};

static struct {
    pthread_mutex_t lock;
    int running;      /* (a) the thread exists or is being made */
    wvm_remote_serve *serve; /* (c) */
    struct kept listener;
    struct seat seat[N_SEATS];
    struct kept passed; /* came with the request that is being served */
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_ours(const struct kept *k)
{
    struct wvm_host_fd_info info;
    return k->fd >= 0 && wvm_host_fd_info(k->fd, &info) == 0 && info.dev == k->dev &&
           info.ino == k->ino;
}

static void keep(struct kept *k, int fd)
{
    struct wvm_host_fd_info info = {0};
    k->fd = fd;
    if (fd >= 0)
        (void)wvm_host_fd_info(fd, &info);
    k->dev = info.dev;
    k->ino = info.ino;
}

static void drop(struct kept *k)
{
    if (k->fd >= 0)
        wvm_host_fd_close(k->fd, k->dev, k->ino);
    k->fd = -1;
}

static void drop_all(void)
{
    drop(&server.listener);
    drop(&server.passed);
    for (unsigned i = 0; i < N_SEATS; i++)
        drop(&server.seat[i].conn);
}

/* ---- the socket ---- */

/* The run directory's descriptor, and the name of this process in it; or -errno. */
static int open_place(char name[WVM_REMOTE_NAME_CAP])
{
    uint64_t start;
    int err = wvm_host_process_start(getpid(), &start);
    if (err < 0)
        return err;
    wvm_remote_name(getpid(), start, name);
    return wvm_host_rundir_open(NULL, 0);
}

/* Under the lock. 0 or -errno. */
static int open_listener(void)
{
    char name[WVM_REMOTE_NAME_CAP];
    int dir = open_place(name);
    if (dir < 0)
        return dir;
    wvm_remote_sweep(dir);
    int fd = wvm_host_socket_listen(dir, name);
    wvm_sys_close(dir);
    if (fd < 0)
        return fd;
    keep(&server.listener, fd);
    return 0;
}

/* ---- guests ---- */

/* A free seat, else that of a guest who has been silent for too long, else NULL. */
static struct seat *find_seat(uint64_t now)
{
    struct seat *oldest = &server.seat[0];
    for (unsigned i = 0; i < N_SEATS; i++) {
        struct seat *s = &server.seat[i];
        if (s->conn.fd < 0)
            return s;
        if (s->heard < oldest->heard)
            oldest = s;
    }
    if (now - oldest->heard <= MANNERS)
        return NULL;
    drop(&oldest->conn);
    return oldest;
}

static void admit(uint64_t now)
{
    struct seat *s;
    int fd;
    pthread_mutex_lock(&server.lock);
    while (is_ours(&server.listener) && (s = find_seat(now)) != NULL &&
           (fd = wvm_host_socket_accept(server.listener.fd)) >= 0) {
        pid_t pid;
        uid_t uid;
        struct kept conn;
        keep(&conn, fd);
        if (wvm_host_socket_peer(fd, &pid, &uid) != 0 || uid != geteuid()) {
            drop(&conn);
            continue;
        }
        s->conn = conn;
        s->heard = now;
    }
    pthread_mutex_unlock(&server.lock);
}

static void send_away(struct seat *s)
{
    pthread_mutex_lock(&server.lock);
    drop(&s->conn);
    pthread_mutex_unlock(&server.lock);
}

/* The next message of a guest; its length, 0: there is none and will be none. */
static size_t hear(struct seat *s, struct wvm_remote_request *req)
{
    ssize_t n = -EBADF;
    int fd = -1;
    pthread_mutex_lock(&server.lock);
    if (is_ours(&s->conn))
        n = wvm_host_socket_receive(s->conn.fd, req, sizeof *req, &fd);
    keep(&server.passed, fd);
    pthread_mutex_unlock(&server.lock);
    if (n == -EMSGSIZE)
        return sizeof *req + 1;
    return n > 0 ? (size_t)n : 0;
}

/* False: the guest is to go. */
static bool reply(struct seat *s, struct wvm_remote_answer *answer)
{
    size_t len = wvm_remote_answer_seal(answer);
    bool sent = false;
    pthread_mutex_lock(&server.lock);
    drop(&server.passed);
    if (is_ours(&s->conn))
        sent = wvm_host_socket_send(s->conn.fd, answer, len, -1) == 0;
    pthread_mutex_unlock(&server.lock);
    return sent;
}

static void serve_guest(struct seat *s, uint64_t now)
{
    static struct wvm_remote_request req; /* both the thread's */
    static struct wvm_remote_answer answer;
    size_t len = hear(s, &req);
    bool ok = len != 0 && wvm_remote_request_ok(&req, len, server.passed.fd >= 0);
    if (len == 0) {
        send_away(s);
        return;
    }
    wvm_remote_answer_init(&answer, ok ? req.head.op : (uint16_t)WVM_REMOTE_NONE);
    answer.status = STATUS_INVALID_PARAMETER;
    if (ok)
        server.serve(&req, server.passed.fd, &answer);
    s->heard = now;
    if (!reply(s, &answer) || !ok)
        send_away(s);
}

/* ---- the thread ---- */

/* What to wait for: the listener first, then the seats. False: nobody can be let in now. */
static bool look_around(struct wvm_host_wait list[N_SEATS + 1], uint64_t now)
{
    bool room = false;
    pthread_mutex_lock(&server.lock);
    if (!is_ours(&server.listener)) {
        server.listener.fd = -1;
        (void)open_listener();
    }
    list[0].fd = server.listener.fd;
    for (unsigned i = 0; i < N_SEATS; i++) {
        struct seat *s = &server.seat[i];
        if (s->conn.fd >= 0 && (!is_ours(&s->conn) || now - s->heard > PATIENCE))
            drop(&s->conn);
        list[i + 1].fd = s->conn.fd;
        room |= s->conn.fd < 0 || now - s->heard > MANNERS;
    }
    if (!room)
        list[0].fd = -1;
    pthread_mutex_unlock(&server.lock);
    return room;
}

static void run(void)
{
    struct wvm_host_wait list[N_SEATS + 1];
    for (;;) {
        bool room = look_around(list, wvm_host_now());
        int found = wvm_host_socket_wait(list, N_SEATS + 1, room ? ROUND : FULL_ROUND);
        if (found == 0 && room && wvm_host_process_is_left())
            break;
        uint64_t now = wvm_host_now();
        for (unsigned i = 0; found > 0 && i < N_SEATS; i++)
            if (list[i + 1].ready)
                serve_guest(&server.seat[i], now);
        if (found > 0 && list[0].ready)
            admit(now);
    }
}

static const struct wvm_host_thread thread = {.name = "winvm-remote", .run = run};

static int start(void)
{
    pthread_mutex_lock(&server.lock);
    keep(&server.listener, -1);
    keep(&server.passed, -1);
    for (unsigned i = 0; i < N_SEATS; i++)
        keep(&server.seat[i].conn, -1);
    int err = open_listener();
    pthread_mutex_unlock(&server.lock);
    if (err == 0)
        err = wvm_host_thread_start(&thread);
    if (err < 0) {
        pthread_mutex_lock(&server.lock);
        drop_all();
        pthread_mutex_unlock(&server.lock);
    }
    return err;
}

int wvm_remote_start(wvm_remote_serve *serve)
{
    int saved = errno, none = 0;
    if (!__atomic_compare_exchange_n(&server.running, &none, 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        return 0;
    server.serve = serve;
    int err = start();
    if (err < 0) {
        wvm_host_diag("this process cannot serve others: error %d", -err);
        __atomic_store_n(&server.running, 0, __ATOMIC_RELEASE);
    }
    errno = saved;
    return err;
}

void wvm_remote_leave(void)
{
    char name[WVM_REMOTE_NAME_CAP];
    int dir = wvm_remote_serving() ? open_place(name) : -1;
    if (dir < 0)
        return;
    (void)wvm_host_socket_remove(dir, name);
    wvm_sys_close(dir);
}

bool wvm_remote_serving(void)
{
    return __atomic_load_n(&server.running, __ATOMIC_ACQUIRE) != 0;
}

void wvm_remote_before_fork(void)
{
    pthread_mutex_lock(&server.lock);
}

void wvm_remote_after_fork_parent(void)
{
    pthread_mutex_unlock(&server.lock);
}

bool wvm_remote_after_fork_child(void)
{
    bool parent_serves = server.running != 0;
    if (parent_serves)
        drop_all();
    server.running = 0;
    pthread_mutex_unlock(&server.lock);
    return parent_serves;
}
