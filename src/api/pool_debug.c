/* winvm's own calls for tests of programs that use kernel pools: failures on purpose, leaks.
 *
 * I1  None of them starts the pools; rules that are set before that are in force from the first
 *     block on, in place of the option's.
 * Locking: none of its own.   Failure: -1 and errno.   Signal safety: the counts only. */
#include <errno.h>

#include <winvm/pool.h>

#include "api/api.h"
#include "host/host.h"
#include "pool/pool_inject.h"
#include "pool/pool_trace.h"

static void start(void)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
}

WVM_EXPORT int winvm_pool_fail(const char *rules)
{
    start();
    const char *why = wvm_pool_inject_rules(rules);
    if (why == NULL)
        return 0;
    wvm_host_diag("winvm_pool_fail: '%s': %s", rules, why);
    errno = EINVAL;
    return -1;
}

WVM_EXPORT void winvm_pool_fail_nth(uint64_t n)
{
    start();
    wvm_pool_inject_nth(n);
}

WVM_EXPORT uint64_t winvm_pool_fail_seen(void)
{
    struct wvm_pool_injected count;
    wvm_pool_injected(&count);
    return count.seen;
}

WVM_EXPORT uint64_t winvm_pool_fail_refused(void)
{
    struct wvm_pool_injected count;
    wvm_pool_injected(&count);
    return count.refused;
}

WVM_EXPORT int winvm_pool_report_leaks(int fd)
{
    start();
    int result = wvm_pool_report_leaks(fd);
    if (result == 0)
        return 0;
    errno = -result;
    return -1;
}
