/* Processes that do with sections what they are told, and answer: what the tests of sections
 * between processes share. On top of env.h.
 *
 * Terms   peer = a process at the other end of a socket; fresh = it runs this program again, so
 *         that it has nothing in common with its parent; inherited = a plain fork child;
 *         slot = the number under which a peer keeps a handle and a view.
 * I1      The first process carries out orders itself with the same code (perform), so both ends
 *         are told about in the same words.
 * I2      A peer ends with its socket: none is left when the first process ends. */
#ifndef PEER_H
#define PEER_H

#include "env.h"

#include <sys/socket.h>

enum { N_SLOTS = 256, PEER_FD = 3 };
enum { UNTOUCHED = 0x5EC7104 }; /* the last error before each order */

enum what {
    CREATE,  /* slot, a: protection and SEC_ flags, n: size, name ("": none); value: got a handle */
    OPEN,    /* slot, a: access, name; likewise */
    CLOSE,   /* slot; value: what CloseHandle said */
    MAP,     /* slot, a: access, n: offset, len; value: got a view */
    UNMAP,   /* slot */
    READ,    /* slot, n: offset; value: the byte */
    WRITE,   /* slot, n: offset, a: the byte */
    COMMIT,  /* slot, n: offset, len; value: VirtualAlloc gave the address */
    QUERY,   /* slot, n: offset; value: State << 32 | Protect */
    TO_FD,   /* slot; the answer brings a descriptor */
    FROM_FD, /* slot; the order brings a descriptor; value: got a handle;
                the error is errno */
    AUDIT,   /* value: winvm_audit() */
};

struct order {
    enum what what;
    unsigned slot;
    DWORD a;
    uint64_t n, len;
    char name[64];
};

struct answer {
    uint64_t value;
    DWORD error;
    int fd; /* in the process that reads the answer */
};

static HANDLE handles[N_SLOTS];
static unsigned char *views[N_SLOTS];

/* Orders about a slot's section. */
static struct answer perform_on_section(const struct order *o, int fd)
{
    struct answer r = {.fd = -1};
    const char *name = o->name[0] ? o->name : NULL;
    HANDLE *h = &handles[o->slot];
    switch (o->what) {
    case CREATE:
        *h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, o->a, (DWORD)(o->n >> 32), (DWORD)o->n,
                                name);
        r.value = *h != NULL;
        break;
    case OPEN:
        *h = OpenFileMappingA(o->a, FALSE, name);
        r.value = *h != NULL;
        break;
    case CLOSE:
        r.value = CloseHandle(*h) != 0;
        break;
    case TO_FD:
        r.fd = winvm_section_to_fd(*h);
        r.value = r.fd >= 0;
        break;
    case FROM_FD:
        errno = 0;
        *h = winvm_section_from_fd(fd, SECTION_ALL_ACCESS);
        r.value = *h != NULL;
        r.error = (DWORD)errno;
        close(fd);
        return r;
    default:
        r.value = (uint64_t)winvm_audit();
        break;
    }
    r.error = GetLastError();
    return r;
}

/* Orders about a slot's view, which is there. */
static uint64_t perform_on_view(const struct order *o)
{
    unsigned char *view = views[o->slot];
    MEMORY_BASIC_INFORMATION m;
    switch (o->what) {
    case UNMAP: return UnmapViewOfFile(view) != 0;
    case READ: return view[o->n];
    case WRITE: view[o->n] = (unsigned char)o->a; return 0;
    case COMMIT: return VirtualAlloc(view + o->n, o->len, MEM_COMMIT, o->a) == view + o->n;
    default:
        m = look_at(view + o->n);
        return (uint64_t)m.State << 32 | m.Protect;
    }
}

static struct answer perform(const struct order *o, int fd)
{
    struct answer r = {.fd = -1};
    SetLastError(UNTOUCHED);
    switch (o->what) {
    case MAP:
        views[o->slot] = MapViewOfFile(handles[o->slot], o->a, (DWORD)(o->n >> 32), (DWORD)o->n,
                                       o->len);
        r.value = views[o->slot] != NULL;
        break;
    case READ: case WRITE: case COMMIT: case QUERY:
        if (!views[o->slot]) { /* some order before it failed */
            r.value = (uint64_t)-1;
            return r;
        }
        /* fall through */
    case UNMAP:
        r.value = perform_on_view(o);
        break;
    default:
        return perform_on_section(o, fd);
    }
    r.error = GetLastError();
    return r;
}

/* ---- messages ---- */

static inline bool send_with_fd(int to, void *data, size_t len, int fd)
{
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(sizeof(int))];
    } c;
    struct iovec part = {data, len};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = &c;
        m.msg_controllen = sizeof(c.room);
        c.h.cmsg_level = SOL_SOCKET;
        c.h.cmsg_type = SCM_RIGHTS;
        c.h.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&c.h), &fd, sizeof(int));
    }
    return sendmsg(to, &m, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline bool receive_with_fd(int from, void *data, size_t len, int *fd)
{
    union {
        struct cmsghdr h;
        char room[CMSG_SPACE(sizeof(int))];
    } c;
    struct iovec part = {data, len};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c.room)};
    *fd = -1;
    if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != (ssize_t)len)
        return false;
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    if (h && h->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(h), sizeof(int));
    return true;
}

/* ---- peers ---- */

struct peer {
    pid_t pid;
    int fd;
};

/* What a peer does until its socket ends. */
static inline int serve(int fd)
{
    struct order o;
    int with;
    env_be_child();
    while (receive_with_fd(fd, &o, sizeof(o), &with)) {
        struct answer r = perform(&o, with);
        if (!send_with_fd(fd, &r, sizeof(r), r.fd))
            break;
        if (r.fd >= 0)
            close(r.fd);
    }
    return 0;
}

static inline struct peer new_peer(bool fresh)
{
    int pair[2];
    struct peer p = {-1, -1};
    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return p;
    p.pid = fork();
    if (p.pid == 0) {
        close(pair[0]);
        if (!fresh)
            _exit(serve(pair[1]));
        if (pair[1] == PEER_FD)
            fcntl(PEER_FD, F_SETFD, 0);
        else
            dup2(pair[1], PEER_FD);
        execl("/proc/self/exe", "self", "peer", (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    p.fd = pair[0];
    return p;
}

static inline bool end_peer(struct peer *p, int sig)
{
    int status = -1;
    if (sig)
        kill(p->pid, sig);
    close(p->fd);
    return waitpid(p->pid, &status, 0) == p->pid && (sig ? WTERMSIG(status) == sig : status == 0);
}

/* p NULL: this process. An order that a peer did not live to answer has the error -1. */
static inline struct answer tell_fd(struct peer *p, struct order o, int fd)
{
    struct answer r = {.error = (DWORD)-1, .fd = -1};
    int with;
    if (!p)
        return perform(&o, fd);
    if (!send_with_fd(p->fd, &o, sizeof(o), fd) || !receive_with_fd(p->fd, &r, sizeof(r), &with))
        return (struct answer){.error = (DWORD)-1, .fd = -1};
    r.fd = with;
    if (fd >= 0)
        close(fd);
    return r;
}

static inline struct answer tell(struct peer *p, struct order o)
{
    return tell_fd(p, o, -1);
}

/* ---- the usual orders ---- */

static inline struct answer create(struct peer *p, unsigned slot, const char *name, uint64_t size)
{
    struct order o = {.what = CREATE, .slot = slot, .a = PAGE_READWRITE, .n = size};
    snprintf(o.name, sizeof(o.name), "%s", name);
    return tell(p, o);
}

static inline struct answer open_name(struct peer *p, unsigned slot, const char *name)
{
    struct order o = {.what = OPEN, .slot = slot, .a = FILE_MAP_ALL_ACCESS};
    snprintf(o.name, sizeof(o.name), "%s", name);
    return tell(p, o);
}

static inline struct answer map(struct peer *p, unsigned slot, DWORD access)
{
    return tell(p, (struct order){.what = MAP, .slot = slot, .a = access});
}

static inline unsigned read_byte(struct peer *p, unsigned slot, uint64_t at)
{
    return (unsigned)tell(p, (struct order){.what = READ, .slot = slot, .n = at}).value;
}

static inline void write_byte(struct peer *p, unsigned slot, uint64_t at, unsigned byte)
{
    tell(p, (struct order){.what = WRITE, .slot = slot, .n = at, .a = byte});
}

static inline bool close_slot(struct peer *p, unsigned slot)
{
    return tell(p, (struct order){.what = CLOSE, .slot = slot}).value != 0;
}

static inline bool unmap(struct peer *p, unsigned slot)
{
    return tell(p, (struct order){.what = UNMAP, .slot = slot}).value != 0;
}

/* Handle and error are as they should be. */
static inline bool is_answer(struct answer r, bool handle, DWORD error)
{
    static unsigned n_wrong;
    if ((r.value != handle || r.error != error) && n_wrong++ < 20)
        printf("# %s, last error %u\n", r.value ? "a handle" : "no handle", (unsigned)r.error);
    return r.value == handle && r.error == error;
}
#define IS_NEW(r) is_answer(r, true, 0)
#define IS_OLD(r) is_answer(r, true, ERROR_ALREADY_EXISTS)
#define IS_FOUND(r) is_answer(r, true, UNTOUCHED)
#define IS_MISSING(r) is_answer(r, false, ERROR_FILE_NOT_FOUND)

/* The program's peers, when it runs as one; else returns. */
static inline void start_or_serve(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "peer") == 0)
        exit(serve(PEER_FD));
    env_start();
}

#endif
