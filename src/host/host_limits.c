/* The limits that explain a refusal.
 *
 * Owns     nothing.
 * Terms    limit = a bound set by an administrator or a shell: number of mappings, address space,
 *          data, locked memory, commit under strict accounting.
 * I1       These functions run after a refusal or at start; they are slow (they read /proc) and
 *          never decide whether an operation is tried.
 * I2       The first limit that the request does not fit is the answer. Locked memory comes last:
 *          most requests lock nothing.
 * Locking  none.   Failure: an unreadable limit counts as no limit.
 * Signal safety  all functions; errno is preserved. */
#include <linux/capability.h>
#include <sys/resource.h>

#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_system.h"

enum { TEXT_CAP = 4096, MAPS_MARGIN = 16, STATM_SIZE = 0, STATM_DATA = 5 };

static bool limit_of(int resource, uint64_t *out)
{
    struct rlimit lim;
    if (WVM_SYS(getrlimit(resource, &lim)) != 0 || lim.rlim_cur == RLIM_INFINITY)
        return false;
    *out = lim.rlim_cur;
    return true;
}

/* One column of /proc/self/statm in bytes, 0 when unreadable. */
static uint64_t statm_bytes(unsigned column)
{
    char text[256];
    const char *s = text;
    uint64_t v = 0;
    if (wvm_host_read_text(wvm_host_proc_root, "self/statm", text, sizeof(text)) <= 0)
        return 0;
    for (unsigned i = 0; i <= column; i++)
        if (!wvm_host_parse_dec(&s, &v))
            return 0;
    return v * WVM_PAGE_SIZE;
}

uint64_t wvm_host_mapped_bytes(void)
{
    return statm_bytes(STATM_SIZE);
}

bool wvm_host_text_value(const char *text, const char *key, uint64_t *out)
{
    const char *at = __builtin_strstr(text, key);
    if (at == NULL)
        return false;
    at += __builtin_strlen(key);
    return wvm_host_parse_dec(&at, out);
}

/* The value of "Key:   N kB" in bytes. False: no such line. */
static bool kb_line(const char *file, const char *key, uint64_t *out)
{
    char text[TEXT_CAP];
    if (wvm_host_read_text(wvm_host_proc_root, file, text, sizeof(text)) <= 0 ||
        !wvm_host_text_value(text, key, out))
        return false;
    *out *= 1024;
    return true;
}

static size_t left(uint64_t limit, uint64_t used)
{
    uint64_t v = limit > used ? limit - used : 0;
    return v < SIZE_MAX ? (size_t)v : SIZE_MAX;
}

size_t wvm_host_as_left(void)
{
    uint64_t limit;
    return limit_of(RLIMIT_AS, &limit) ? left(limit, statm_bytes(STATM_SIZE)) : SIZE_MAX;
}

size_t wvm_host_room_left(void)
{
    size_t allowed = wvm_host_as_left();
#ifndef __LP64__
    size_t room = left(wvm_host_caps.top, statm_bytes(STATM_SIZE));
    allowed = allowed < room ? allowed : room;
#endif
    return allowed;
}

static size_t data_left(void)
{
    uint64_t limit;
    return limit_of(RLIMIT_DATA, &limit) ? left(limit, statm_bytes(STATM_DATA)) : SIZE_MAX;
}

/* The kernel asks for the capability in the first user namespace; root of another one lacks it. */
static bool in_first_user_namespace(void)
{
    char text[128];
    const char *s = text;
    uint64_t inside = 0, outside = 0, count = 0;
    if (wvm_host_read_text(wvm_host_proc_root, "self/uid_map", text, sizeof(text)) <= 0)
        return true;
    return wvm_host_parse_dec(&s, &inside) && wvm_host_parse_dec(&s, &outside)
        && wvm_host_parse_dec(&s, &count) && inside == 0 && outside == 0 && count == UINT32_MAX;
}

static bool may_lock_anything(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (WVM_SYS(syscall(SYS_capget, &head, data)) != 0)
        return false;
    return (data[0].effective & (1u << CAP_IPC_LOCK)) != 0 && in_first_user_namespace();
}

size_t wvm_host_memlock_limit(void)
{
    uint64_t limit;
    if (!limit_of(RLIMIT_MEMLOCK, &limit) || may_lock_anything())
        return SIZE_MAX;
    return limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
}

static bool exceeds_memlock(size_t len)
{
    size_t limit = wvm_host_memlock_limit();
    uint64_t locked = 0;
    if (limit == SIZE_MAX)
        return false;
    kb_line("self/status", "VmLck:", &locked);
    return left(limit, locked) < len;
}

static bool exceeds_commit(size_t len)
{
    uint64_t limit, used;
    if (!wvm_host_caps.strict_commit)
        return len > wvm_host_caps.ram + wvm_host_caps.swap;
    return kb_line("meminfo", "CommitLimit:", &limit) && kb_line("meminfo", "Committed_AS:", &used)
        && left(limit, used) < len;
}

enum wvm_host_limit wvm_host_which_limit(size_t len)
{
    if (wvm_host_as_left() < len)
        return WVM_LIMIT_AS;
    if (data_left() < len)
        return WVM_LIMIT_DATA;
    if (wvm_host_map_count() + MAPS_MARGIN >= wvm_host_caps.max_map_count)
        return WVM_LIMIT_MAPS;
    if (exceeds_commit(len))
        return WVM_LIMIT_OVERCOMMIT;
    return exceeds_memlock(len) ? WVM_LIMIT_MEMLOCK : WVM_LIMIT_NONE;
}
