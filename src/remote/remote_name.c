/* Names of servers in the run directory.
 *
 * I1  A name means one process for ever: its number and its start time.
 * I2  Only names of processes that have ended are removed; a living process replaces its own.
 * Locking: none.   Failure: nothing changed.   Signal safety: yes. */
#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "host/host_process.h"
#include "host/host_socket.h"
#include "remote/remote_internal.h"

#define PREFIX "remote-"

void wvm_remote_name(pid_t pid, uint64_t start, char out[WVM_REMOTE_NAME_CAP])
{
    struct wvm_buf b;
    wvm_buf_init(&b, out, WVM_REMOTE_NAME_CAP);
    wvm_buf_printf(&b, PREFIX "%d-%llu", (int)pid, (unsigned long long)start);
}

static bool parse_number(const char **s, uint64_t *out)
{
    const char *p = *s;
    *out = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(*p - '0'), out))
            return false;
    bool any = p != *s;
    *s = p;
    return any;
}

bool wvm_remote_parse_name(const char *name, pid_t *pid, uint64_t *start)
{
    uint64_t number;
    const char *p = name + sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0 || !parse_number(&p, &number) ||
        *p++ != '-' || number == 0 || number > INT32_MAX)
        return false;
    *pid = (pid_t)number;
    return parse_number(&p, start) && (*p == '\0' || *p == '.');
}

static bool remove_stale(int dir, const char *name, void *ctx)
{
    pid_t pid;
    uint64_t start, now;
    (void)ctx;
    if (!wvm_remote_parse_name(name, &pid, &start))
        return true;
    int err = wvm_host_process_start(pid, &now);
    if (err == -ESRCH || (err == 0 && now != start))
        (void)wvm_host_socket_remove(dir, name);
    return true;
}

void wvm_remote_sweep(int dir)
{
    (void)wvm_host_dir_each(dir, remove_stale, NULL);
}
