/* A process that its creator holds back until it lets it go (CREATE_SUSPENDED of CreateProcess).
 *
 * I1  The variable names a socket that the creator made for this process; anything else is taken
 *     for no hold. It is gone from the environment before the program sees it.
 * I2  When the creator ends first, the process ends.
 * Locking: none: called at load, by the first thread.   Failure: the process is not held.
 * Signal safety: none. */
#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/host_process.h"

#define VARIABLE "WINVM_HOLD"

static bool is_socket(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

int wvm_host_holder(void)
{
    int saved = errno;
    const char *text = getauxval(AT_SECURE) ? NULL : getenv(VARIABLE);
    char *end = NULL;
    long fd = text && text[0] ? strtol(text, &end, 10) : -1;
    bool good = fd > STDERR_FILENO && fd < 1 << 20 && *end == '\0' && is_socket((int)fd);
    if (text)
        unsetenv(VARIABLE);
    errno = saved;
    return good ? (int)fd : -1;
}

void wvm_host_hold(int holder)
{
    int saved = errno;
    char byte = 'r';
    ssize_t got = send(holder, &byte, 1, MSG_NOSIGNAL);
    while (got > 0 && (got = recv(holder, &byte, 1, 0)) < 0 && errno == EINTR)
        got = 1;
    if (got <= 0)
        _exit(EXIT_FAILURE);
    close(holder);
    errno = saved;
}
