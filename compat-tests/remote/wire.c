/* Straight to the socket of a process that serves others (option remote): nonsense, silence,
 * strangers, and names that a killed process leaves.
 *
 * Argument: how many wild messages; "target" is the process that serves. */
#include "channel.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int call_socket(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval patience = {5, 0};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A request as it goes over the wire: head, operation, then values. */
union message {
    struct {
        uint32_t magic;
        uint16_t version, op;
        uint32_t length, type;
        uint64_t value[10];
        uint32_t prot, granted, machine;
        uint8_t small[6], zero[6];
    } __attribute__((packed)) request;
    unsigned char bytes[400];
};

static uint64_t seed = 12345;
static uint64_t dice(uint64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % n;
}

static uint64_t wild_value(char *area)
{
    switch (dice(6)) {
    case 0: return 0;
    case 1: return dice(32) * PAGE;
    case 2: return ~(uint64_t)0 << dice(64);
    case 3: return (uint64_t)1 << dice(64);
    case 4: return 0x7fffffff0000 - dice(3);
    default: return (uintptr_t)area + dice(16 * PAGE);
    }
}

/* Nonsense, and requests of right form with wild values; addresses are those of the area, or of
 * nothing, so that what is done hits only the area. */
static size_t make_wild(union message *m, char *area)
{
    for (size_t i = 0; i < sizeof m->bytes; i++)
        m->bytes[i] = (unsigned char)dice(256);
    if (dice(4) == 0)
        return 1 + dice(sizeof m->bytes);
    memset(m->request.zero, 0, sizeof m->request.zero);
    m->request.magic = 0x524d5657;
    m->request.version = (uint16_t)(dice(20) ? 1 : dice(65536));
    m->request.op = (uint16_t)dice(14);
    m->request.length = sizeof m->request;
    static const uint32_t types[] = {MEM_RESERVE, MEM_COMMIT, MEM_RESERVE | MEM_COMMIT, MEM_RESET,
                                     MEM_DECOMMIT, MEM_RELEASE, MEM_TOP_DOWN | MEM_RESERVE, 1, 2};
    static const uint32_t prots[] = {1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x104, 0x204};
    if (dice(4))
        m->request.type = types[dice(9)];
    if (dice(4))
        m->request.prot = prots[dice(10)];
    for (unsigned i = 0; i < 10; i++)
        m->request.value[i] = wild_value(area);
    if (m->request.value[1] > 16 * PAGE && m->request.value[0] >= (uintptr_t)area &&
        m->request.value[0] < (uintptr_t)area + 16 * PAGE)
        m->request.value[1] = PAGE;
    return sizeof m->request;
}

static void send_wild(int fd, union message *m, size_t len, int pass)
{
    char room[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = {m, len};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    if (pass >= 0) {
        int fds[2] = {pass, pass};
        size_t n = (1 + dice(2)) * sizeof(int);
        memset(room, 0, sizeof room);
        head.msg_control = room;
        head.msg_controllen = CMSG_LEN(n);
        struct cmsghdr *c = CMSG_FIRSTHDR(&head);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n);
        memcpy(CMSG_DATA(c), fds, n);
    }
    (void)sendmsg(fd, &head, MSG_NOSIGNAL);
}

static void nonsense(struct target *t, unsigned rounds)
{
    char path[600];
    static char answer[16384];
    unsigned answered = 0, silent = 0;
    char *area = (char *)(uintptr_t)tell(t, 'v', 16 * PAGE);
    unsigned n_fds = count_entries(t->pid, "fd", NULL);
    int memfd = memfd_create("channel", MFD_CLOEXEC), fd = -1;
    ok(area && find_socket(t->pid, path, sizeof path), "the socket is found");
    if (ftruncate(memfd, 16 * PAGE) != 0)
        return;
    for (unsigned i = 0; i < rounds; i++) {
        union message m;
        if (fd < 0 && (fd = call_socket(path)) < 0)
            break;
        size_t len = make_wild(&m, area);
        send_wild(fd, &m, len, dice(3) ? -1 : dice(2) ? memfd : t->orders);
        if (dice(50) == 0) { /* goes away without waiting */
            close(fd);
            fd = -1;
            continue;
        }
        ssize_t n = recv(fd, answer, sizeof answer, 0);
        answered += n > 0;
        silent += n < 0 && errno == EAGAIN;
        if (n <= 0 || dice(10) == 0) {
            close(fd);
            fd = -1;
        }
    }
    close(fd);
    close(memfd);
    ok(answered > rounds / 2 && silent == 0, "%u wild messages, %u answered, %u not in time",
       rounds, answered, silent);
    ok(served_soon(t->handle) && tell(t, 'a', 0) == 1, "the server is unharmed");
    usleep(100000);
    unsigned now = count_entries(t->pid, "fd", NULL);
    /* Mapped views of the shared memory that was passed may keep descriptors. */
    ok(now <= n_fds + 64, "descriptors there: %u, then %u", n_fds, now);
}

/* Guests who say nothing take no seat for long, and many of them do no harm. */
static void silent_guests(struct target *t)
{
    char path[600];
    int fd[100];
    find_socket(t->pid, path, sizeof path);
    for (unsigned i = 0; i < 100; i++)
        fd[i] = call_socket(path);
    ok(served_soon(t->handle), "a hundred silent guests");
    for (unsigned i = 0; i < 100; i++)
        close(fd[i]);
    ok(served_soon(t->handle), "who went");
}

static void be_stranger(void *path)
{
    char byte;
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return;
    int fd = call_socket(path);
    ok(fd >= 0, "a stranger can call when the directory is open");
    (void)send(fd, "?", 1, MSG_NOSIGNAL);
    errno = 0;
    ssize_t n = recv(fd, &byte, 1, 0);
    ok(n == 0 || (n < 0 && errno == ECONNRESET), "and is sent away (%zd, %d)", n, errno);
    close(fd);
}

static void strangers(struct target *t)
{
    char path[600];
    if (geteuid() != 0) {
        env_skip("another user is sent away", "not root");
        return;
    }
    struct stat st;
    ok(find_socket(t->pid, path, sizeof path) && stat(path, &st) == 0 &&
           (st.st_mode & 077) == 0 && stat(run_dir, &st) == 0 && (st.st_mode & 077) == 0,
       "socket and directory are the user's alone");
    chmod(run_dir, 0755);
    chmod(path, 0666);
    ok(in_child(be_stranger, path), "another user is sent away");
    chmod(path, 0600);
    chmod(run_dir, 0700);
    ok(served_soon(t->handle), "the user is not");
}

static void stale_names(void)
{
    char path[600];
    struct target t = start(served);
    ok(find_socket(t.pid, path, sizeof path), "a name of its own");
    kill(t.pid, SIGKILL);
    end_target(&t);
    struct target next = start(served);
    ok(access(path, F_OK) != 0 && find_socket(next.pid, path, sizeof path),
       "the name of a killed process is removed by the next one");
    ok(end_target(&next) && access(path, F_OK) != 0, "who ends well takes the name along");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "target") == 0)
        return be_target();
    settle(argv);
    env_start();
    struct target t = start(served);
    nonsense(&t, argc > 1 ? (unsigned)atoi(argv[1]) : 3000);
    silent_guests(&t);
    strangers(&t);
    ok(end_target(&t), "the target ends well");
    stale_names();
    remove_run_dir();
    return env_end();
}
