/* System calls that write into watched memory (MEM_WRITE_WATCH): the program notices nothing, and
 * the pages count as written. watch.sh runs it with each way to keep watches. */
#define _GNU_SOURCE
#include <winvm/winvm.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int n;
static char *area;

static void ok(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

/* The written pages as a mask, and all are watched again. */
static unsigned written(void)
{
    void *pages[16];
    ULONG_PTR count = 16;
    ULONG size = 0;
    unsigned mask = 0;
    if (GetWriteWatch(WRITE_WATCH_FLAG_RESET, area, 0x10000, pages, &count, &size) != 0)
        return ~0u;
    for (ULONG_PTR i = 0; i < count; i++)
        mask |= 1u << (((char *)pages[i] - area) / 4096);
    return mask;
}

#define WRITES(what, call, result, pages)                                        \
    do {                                                                         \
        errno = 0;                                                               \
        long got = (long)(call);                                                 \
        int error = errno;                                                       \
        unsigned mask = written();                                               \
        if (got != (result) || mask != (pages))                                  \
            printf("# got %ld, errno %d, pages %x\n", got, error, mask);         \
        ok(got == (result) && mask == (pages), what);                            \
    } while (0)

int main(void)
{
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), fd[2];
    area = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    if (area == NULL || socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) != 0)
        return 1;
    memset(area, 1, 0x10000);
    ok(written() == 0xffff, "all pages");
    ok(written() == 0, "none");
    WRITES("read", read(zero, area + 0x3000, 10), 10, 1u << 3);
    WRITES("read again", read(zero, area + 0x3000, 10), 10, 1u << 3);
    WRITES("read over a border", read(zero, area + 0x3ffe, 4), 4, 3u << 3);
    WRITES("read into all", read(zero, area, 0x10000), 0x10000, 0xffffu);
    WRITES("write takes nothing", write(null, area, 0x10000), 0x10000, 0u);
    struct iovec v[2] = {{area + 0x1000, 2}, {area + 0x8000, 6}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    WRITES("readv", readv(zero, v, 2), 8, 1u << 1 | 1u << 8);
    send(fd[1], "datagram", 8, 0);
    WRITES("recvmsg", recvmsg(fd[0], &m, MSG_DONTWAIT), 8, 1u << 1 | 1u << 8);
    ok(memcmp(area + 0x8000, "tagram", 6) == 0, "the datagram is there");
    return 0;
}
