/* Children that wait before their program begins (CREATE_SUSPENDED).
 *
 * Terms   held = the child has started, serves calls of others, and waits for a byte on a socket
 *         before its first constructor (host_hold.c); stopped = it stands at its first instruction,
 *         by the host's SIGSTOP: what happens to programs that are without winvm.
 * I1      Which of the two is decided before the child is made: by what its file names, or since
 *         this process's preload object is its too.
 * I2      A held child whose creator ends without letting it go ends.
 * Locking: kit_child.c's.   Failure: no child.   Signal safety: none. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit_spawn.h"

#define READY_MS 10000
#define FIRST_FREE 3 /* behind the standard descriptors */
#define VARIABLE "WINVM_HOLD="

/* ---- Which programs can be held ---- */

#if !defined(WVM_KIT_INSIDE)
/* It has libwinvm.so among the libraries that it needs, or the code of libwinvm.a. */
static bool names_winvm(const char *file, size_t size)
{
    static const char library[] = "libwinvm", variable[] = "WINVM_HOLD";
    return memmem(file, size, library, sizeof library - 1) != NULL ||
           memmem(file, size, variable, sizeof variable) != NULL;
}

static bool knows_winvm(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *file = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > (off_t)sizeof(Elf32_Ehdr))
        file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (file == MAP_FAILED)
        return false;
    bool known = memcmp(file, ELFMAG, SELFMAG) == 0 && names_winvm(file, (size_t)st.st_size);
    munmap(file, (size_t)st.st_size);
    return known;
}
#else
static bool knows_winvm(const char *path)
{
    (void)path;
    return true;
}
#endif

/* ---- What the child is told ---- */

static bool is_variable(const char *text)
{
    return strncmp(text, VARIABLE, sizeof VARIABLE - 1) == 0;
}

/* The environment with one variable more, in one piece of malloc. */
static char **with_variable(char **list, int fd)
{
    size_t n = 0, kept = 0;
    while (list && list[n])
        n++;
    char **longer = malloc((n + 2) * sizeof longer[0] + sizeof VARIABLE + 12);
    if (!longer)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!is_variable(list[i]))
            longer[kept++] = list[i];
    char *text = (char *)(longer + n + 2);
    snprintf(text, sizeof VARIABLE + 12, VARIABLE "%d", fd);
    longer[kept] = text;
    longer[kept + 1] = NULL;
    return longer;
}

static bool make_sockets(struct wvm_kit_plan *p)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    p->holder = pair[0];
    p->held = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_FREE);
    close(pair[1]);
    return p->held >= 0 || wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
}

bool wvm_kit_plan_hold(struct wvm_kit_plan *p)
{
    if (!knows_winvm(p->path)) {
        p->is_stopped = true;
        return true;
    }
    if (!make_sockets(p))
        return false;
    char **longer = with_variable(p->environment ? p->environment : environ, p->held);
    if (!longer)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    free(p->environment);
    p->environment = longer;
    return true;
}

/* ---- The child stands ---- */

bool wvm_kit_hold_ready(int holder)
{
    struct pollfd poll_for = {.fd = holder, .events = POLLIN};
    char byte;
    int got;
    while ((got = poll(&poll_for, 1, READY_MS)) < 0 && errno == EINTR)
        ;
    return got > 0 && recv(holder, &byte, 1, 0) == 1;
}

void wvm_kit_hold_end(int holder)
{
    const char go = 'g';
    (void)!send(holder, &go, 1, MSG_NOSIGNAL);
    close(holder);
}
