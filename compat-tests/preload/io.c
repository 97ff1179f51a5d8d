/* System calls whose buffers lie on guard pages (GP-023): the first call fails with EFAULT and has
 * done nothing, the guard is gone, the same call again succeeds. What was there to be read is not
 * lost. Bad pointers get the kernel's answer. */
#define _GNU_SOURCE
#include <winvm/winvm.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

static int n;
static char *area;   /* eight committed pages; the tests guard single ones */

static void ok(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

/* Page i becomes a guard page. */
static char *guard(int i)
{
    DWORD old;
    if (!VirtualProtect(area + i * 4096, 4096, PAGE_READWRITE | PAGE_GUARD, &old))
        printf("# VirtualProtect: %lu\n", (unsigned long)GetLastError());
    return area + i * 4096;
}

static int is_guarded(const void *p)
{
    MEMORY_BASIC_INFORMATION info = {0};
    VirtualQuery(p, &info, sizeof info);
    return (info.Protect & PAGE_GUARD) != 0;
}

/* call with p on a guard page, twice. */
#define TWICE(what, call, good)                                                 \
    do {                                                                        \
        char *p = guard(1);                                                     \
        errno = 0;                                                              \
        long first = (long)(call), error = errno, guarded = is_guarded(p);      \
        long again = (long)(call);                                              \
        int right = (good);                                                     \
        if (!(first == -1 && error == EFAULT && !guarded && right))             \
            printf("# first %ld, errno %ld, guard %ld, again %ld, right %d\n",  \
                   first, error, guarded, again, right);                        \
        ok(first == -1 && error == EFAULT && !guarded && right, what);          \
    } while (0)

static int pipe_with(const char *text)
{
    int fd[2];
    if (pipe(fd) != 0 || write(fd[1], text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(fd[1]);
    return fd[0];
}

static int file_with(const char *text)
{
    int fd = memfd_create("io", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || lseek(fd, 0, SEEK_SET))
        abort();
    return fd;
}

static void files(void)
{
    struct iovec v[2];
    int fd = pipe_with("data"), file = file_with("0123456789");
    TWICE("read from a pipe", read(fd, p, 100), again == 4 && memcmp(p, "data", 4) == 0);
    TWICE("pread", pread(file, p, 4, 3), again == 4 && memcmp(p, "3456", 4) == 0);
    TWICE("pread64", pread64(file, p, 4, 3), again == 4);
    TWICE("read far into the buffer", read(file, p - 4096, 4098), again == 10);
    v[0] = (struct iovec){area + 4 * 4096, 2};
    v[1] = (struct iovec){area + 4096 + 7, 3};
    lseek(file, 0, SEEK_SET);
    TWICE("readv, second part", readv(file, v, 2), again == 5 && memcmp(p + 7, "234", 3) == 0);
    TWICE("preadv", preadv(file, v, 2, 4), again == 5 && memcmp(p + 7, "678", 3) == 0);
    TWICE("preadv2", preadv2(file, v, 2, 4, 0), again == 5);
    TWICE("write", write(file, p, 3), again == 3);
    TWICE("pwrite", pwrite(file, p, 3, 0), again == 3);
    TWICE("writev", writev(file, v, 2), again == 5);
    TWICE("pwritev", pwritev(file, v, 2, 0), again == 5);
    TWICE("pwritev2", pwritev2(file, v, 2, 0, 0), again == 5);
    close(fd);
    close(file);
}

static void arrays(void)
{
    int file = file_with("0123456789");
    char out[8] = {0};
    struct iovec *v = (struct iovec *)(area + 2 * 4096);
    v[0] = (struct iovec){out, 4};
    guard(2);
    errno = 0;
    ssize_t first = readv(file, v, 1);
    int error = errno, guarded = is_guarded(v);
    ssize_t again = readv(file, v, 1);
    ok(first == -1 && error == EFAULT && !guarded && again == 4 && memcmp(out, "0123", 4) == 0,
       "readv: the array lies on a guard page");
    /* The 20th part: beyond what is looked at at once. */
    struct iovec many[32];
    for (int i = 0; i < 32; i++)
        many[i] = (struct iovec){out, 0};
    many[20] = (struct iovec){guard(1), 4};
    first = readv(file, many, 32);
    ok(first == -1 && !is_guarded(area + 4096) && readv(file, many, 32) == 4,
       "readv: the 20th part");
    many[20].iov_base = guard(1);
    errno = 0;
    ok(readv(file, many, 1025) == -1 && errno == EINVAL && is_guarded(area + 4096),
       "readv: too many parts are the kernel's to refuse");
    errno = 0;
    ok(readv(file, many, -1) == -1 && errno == EINVAL, "readv: a negative number");
    read(file, area + 4096, 1);
    close(file);
}

static int datagrams(int fd[2])
{
    return socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
}

static int udp(int fd[2], struct sockaddr_in *to)
{
    socklen_t len = sizeof *to;
    memset(to, 0, sizeof *to);
    to->sin_family = AF_INET;
    to->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
    fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
    return fd[0] < 0 || fd[1] < 0 || bind(fd[0], (struct sockaddr *)to, sizeof *to) != 0 ||
           getsockname(fd[0], (struct sockaddr *)to, &len) != 0;
}

static void unix_datagrams(void)
{
    int fd[2];
    char control[64];
    struct iovec v[2] = {{area + 4 * 4096, 2}, {area + 4096, 64}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    struct mmsghdr mm[2] = {{.msg_hdr = {.msg_iov = &v[0], .msg_iovlen = 1}},
                            {.msg_hdr = {.msg_iov = &v[1], .msg_iovlen = 1}}};
    datagrams(fd);
    send(fd[1], "datagram", 8, 0);
    TWICE("recv of an AF_UNIX datagram", recv(fd[0], p, 64, MSG_DONTWAIT),
          again == 8 && memcmp(p, "datagram", 8) == 0);
    send(fd[1], "datagram", 8, 0);
    TWICE("recvmsg, second part", recvmsg(fd[0], &m, MSG_DONTWAIT),
          again == 8 && memcmp(p, "tagram", 6) == 0);
    send(fd[1], "datagram", 8, 0);
    m.msg_iovlen = 1;
    m.msg_control = area + 4096;
    m.msg_controllen = sizeof control;
    TWICE("recvmsg, control data", recvmsg(fd[0], &m, MSG_DONTWAIT), again == 2);
    send(fd[1], "one", 3, 0);
    send(fd[1], "two", 3, 0);
    TWICE("recvmmsg, second message", recvmmsg(fd[0], mm, 2, MSG_DONTWAIT, NULL),
          again == 2 && memcmp(p, "two", 3) == 0);
    TWICE("send", send(fd[1], p, 3, MSG_DONTWAIT), again == 3);
    m = (struct msghdr){.msg_iov = v, .msg_iovlen = 2};
    v[1].iov_len = 5;
    TWICE("sendmsg", sendmsg(fd[1], &m, MSG_DONTWAIT), again == 7);
    TWICE("sendmmsg", sendmmsg(fd[1], mm, 2, MSG_DONTWAIT), again == 2);
    TWICE("sendto", sendto(fd[1], p, 3, MSG_DONTWAIT, NULL, 0), again == 3);
    close(fd[0]);
    close(fd[1]);
}

static void inet_datagrams(void)
{
    int fd[2];
    struct sockaddr_in to, *from;
    socklen_t len = sizeof to;
    struct pollfd ready = {.events = POLLIN};
    if (udp(fd, &to) != 0) {
        printf("ok %d - UDP # SKIP no loopback\n", ++n);
        return;
    }
    ready.fd = fd[0];
    sendto(fd[1], "datagram", 8, 0, (struct sockaddr *)&to, sizeof to);
    poll(&ready, 1, 1000);
    TWICE("recv of a UDP datagram", recv(fd[0], p, 64, MSG_DONTWAIT),
          again == 8 && memcmp(p, "datagram", 8) == 0);
    sendto(fd[1], "datagram", 8, 0, (struct sockaddr *)&to, sizeof to);
    poll(&ready, 1, 1000);
    from = (struct sockaddr_in *)(area + 4096);
    TWICE("recvfrom: the address",
          recvfrom(fd[0], area, 64, MSG_DONTWAIT, (struct sockaddr *)p, &len),
          again == 8 && len == sizeof to && from->sin_family == AF_INET);
    *from = to;
    TWICE("sendto: the address", sendto(fd[1], "x", 1, 0, (struct sockaddr *)p, sizeof to),
          again == 1);
    TWICE("getsockname", getsockname(fd[0], (struct sockaddr *)p, &len),
          again == 0 && from->sin_port == to.sin_port);
    len = 0;
    memcpy(area + 4096, &(socklen_t){sizeof to}, sizeof len);
    TWICE("getsockname: the length", getsockname(fd[0], (struct sockaddr *)&to, (socklen_t *)p),
          again == 0);
    close(fd[0]);
    close(fd[1]);
}

static void accepting(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof name;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), peer = socket(AF_UNIX, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&name, sizeof name.sun_family);
    listen(listener, 4);
    getsockname(listener, (struct sockaddr *)&name, &len);
    connect(peer, (struct sockaddr *)&name, len);
    socklen_t room = sizeof name;
    TWICE("accept", accept(listener, (struct sockaddr *)p, &room), again >= 0);
    connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, len);
    TWICE("accept4", accept4(listener, (struct sockaddr *)p, &room, SOCK_CLOEXEC), again >= 0);
    room = sizeof name;
    TWICE("getpeername", getpeername(peer, (struct sockaddr *)p, &room),
          again == 0 && room == len);
    close(listener);
    close(peer);
}

static void waiting(void)
{
    int fd = eventfd(5, EFD_NONBLOCK), ep = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 99}, *events;
    struct pollfd one = {.fd = fd, .events = POLLIN};
    struct timespec zero = {0, 0};
    sigset_t mask;
    uint64_t count;
    sigemptyset(&mask);
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    memcpy(area + 4096, &one, sizeof one);
    TWICE("poll", poll((struct pollfd *)p, 1, 0), again == 1);
    TWICE("ppoll", ppoll((struct pollfd *)p, 1, &zero, &mask), again == 1);
    events = (struct epoll_event *)(area + 4096);
    TWICE("epoll_wait", epoll_wait(ep, (struct epoll_event *)p, 4, 0),
          again == 1 && events->data.u64 == 99);
    TWICE("epoll_pwait", epoll_pwait(ep, (struct epoll_event *)p, 4, 0, &mask), again == 1);
    fd_set *set = (fd_set *)(area + 4096);
    memset(set, 0, sizeof *set);
    FD_SET(fd, set);
    struct timeval now = {0, 0};
    TWICE("select", select(fd + 1, (fd_set *)p, NULL, NULL, &now), again == 1);
    TWICE("pselect", pselect(fd + 1, NULL, NULL, (fd_set *)p, &zero, &mask), again >= 0);
    TWICE("read of an eventfd", read(fd, p, 8),
          again == 8 && (memcpy(&count, p, 8), count) == 5);
    close(fd);
    close(ep);
}

static void names(void)
{
    char here[4096];
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    struct stat st;
    struct timespec start = {0, 0};
    (void)start;
    TWICE("readlink", readlink("/proc/self/exe", p, 4096), again > 0 && p[0] == '/');
    TWICE("readlinkat", readlinkat(AT_FDCWD, "/proc/self/exe", p, 4096), again > 0);
    TWICE("getdents64", getdents64(dir, p, 4096), again > 0);
    TWICE("stat", stat("/", (struct stat *)p),
          again == 0 && lstat("/", &st) == 0 && ((struct stat *)p)->st_ino == st.st_ino);
    TWICE("fstat", fstat(dir, (struct stat *)p), again == 0);
    TWICE("lstat", lstat("/", (struct stat *)p), again == 0);
    TWICE("fstatat", fstatat(dir, ".", (struct stat *)p, 0), again == 0);
    TWICE("statx", statx(dir, ".", 0, STATX_INO, (struct statx *)p), again == 0);
    TWICE("getcwd", getcwd(p, 4096) == NULL ? -1 : 0,
          again == 0 && strcmp(p, getcwd(here, sizeof here)) == 0);
    TWICE("getrandom", getrandom(p, 16, 0), again == 16);
    TWICE("getentropy", getentropy(p, 16), again == 0);
    close(dir);
}

static void other_process(void)
{
    char from[16] = "remote";
    struct iovec local = {area + 4096, 7}, remote = {from, 7};
    TWICE("process_vm_readv", process_vm_readv(getpid(), &local, 1, &remote, 1, 0),
          again == 7 && strcmp(p, "remote") == 0);
    TWICE("process_vm_writev", process_vm_writev(getpid(), &local, 1, &remote, 1, 0), again == 7);
    int fd[2];
    if (pipe(fd) != 0)
        abort();
    TWICE("vmsplice into a pipe", vmsplice(fd[1], &local, 1, SPLICE_F_NONBLOCK), again == 7);
    TWICE("vmsplice out of a pipe", vmsplice(fd[0], &local, 1, SPLICE_F_NONBLOCK), again == 7);
    close(fd[0]);
    close(fd[1]);
}

#define FAULTS(what, call)                                                      \
    (errno = 0, ok((long)(call) == -1 && errno == EFAULT, "bad pointer: " what))

static void bad_pointers(void)
{
    int file = file_with("0123456789"), fd[2];
    struct msghdr m = {.msg_iov = (struct iovec *)8, .msg_iovlen = 1};
    struct sockaddr_un name;
    void *none = (void *)8, *reserved = VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_READWRITE);
    struct timespec zero = {0, 0};
    datagrams(fd);
    send(fd[1], "x", 1, 0);
    FAULTS("read", read(file, none, 4));
    FAULTS("read, reserved memory", read(file, reserved, 4));
    FAULTS("read, high", read(file, (void *)-1, 4));
    FAULTS("readv", readv(file, none, 1));
    FAULTS("readv, reserved memory", readv(file, reserved, 1));
    FAULTS("recvmsg", recvmsg(fd[0], none, MSG_DONTWAIT));
    FAULTS("recvmsg, its array", recvmsg(fd[0], &m, MSG_DONTWAIT));
    FAULTS("sendmmsg", sendmmsg(fd[1], none, 1, 0));
    FAULTS("getsockname", getsockname(fd[0], (struct sockaddr *)&name, none));
    FAULTS("ppoll's mask", ppoll(NULL, 0, &zero, none));
    FAULTS("pselect's mask", pselect(0, NULL, NULL, NULL, &zero, none));
    FAULTS("sigsuspend", sigsuspend(none));
    FAULTS("poll", poll(none, 1, 0));
    char *half = area + 8 * 4096 - 2;
    errno = 0;
    ok(pread(file, half, 4, 0) == 2 || errno == EFAULT, "a buffer that ends in reserved memory");
    ok(read(file, NULL, 0) == 0 && pread(file, area, INT_MAX, 0) == 10, "odd lengths");
    if (sizeof(void *) == 8) /* in 32 bits there is space for as many as a call may ask for */
        FAULTS("read, more bytes than there is space", read(file, area, SIZE_MAX / 2));
    errno = 0;
    ok(read(-1, guard(1), 4) == -1 && !is_guarded(area + 4096), "a bad descriptor");
    close(file);
    close(fd[0]);
    close(fd[1]);
}

static void *blocks(void *arg)
{
    char c;
    read(*(int *)arg, &c, 1);
    return NULL;
}

static void nothing(int sig)
{
    (void)sig;
}

static void cancelled(void)
{
    int fd[2];
    pthread_t t;
    void *result = NULL;
    char c;
    if (pipe(fd) != 0)
        abort();
    pthread_create(&t, NULL, blocks, &fd[0]);
    usleep(20000);
    pthread_cancel(t);
    ok(pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED, "read is a cancellation point");
    struct sigaction act = {.sa_handler = nothing};
    sigaction(SIGALRM, &act, NULL);
    ualarm(20000, 0);
    errno = 0;
    ok(read(fd[0], &c, 1) == -1 && errno == EINTR, "read is interrupted");
    act.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &act, NULL);
    ualarm(20000, 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(60000);
        _exit(write(fd[1], "z", 1) != 1);
    }
    ok(read(fd[0], &c, 1) == 1 && c == 'z', "read is started again");
    waitpid(child, NULL, 0);
    close(fd[0]);
    close(fd[1]);
}

/* stdio reads inside the C library: nothing can be interposed, and the page stays as it is. */
static void standard_io(void)
{
    FILE *f = fopen("/dev/zero", "r");
    setvbuf(f, NULL, _IONBF, 0);
    char *p = guard(1);
    size_t got = fread(p, 1, 16, f);
    ok(got == 0 && ferror(f) && is_guarded(p), "fread onto a guard page fails and leaves it");
    fclose(f);
    read(-1, p, 1);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    area = VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_READWRITE);
    area = VirtualAlloc(area, 8 * 4096, MEM_COMMIT, PAGE_READWRITE);
    if (area == NULL)
        return 1;
    guard(1);
    files();
    arrays();
    unix_datagrams();
    inet_datagrams();
    accepting();
    waiting();
    names();
    other_process();
    bad_pointers();
    cancelled();
    standard_io();
    return 0;
}
