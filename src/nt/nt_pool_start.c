/* The start of the kernel pools: at the first call that needs them.
 *
 * Owns    the bounds of system space, and whether it could be opened.
 * Terms   short = more than a part of the kind's addresses, or for non-paged memory of what may be
 *         locked, is in blocks: 7/8 for low priority, 15/16 for normal. High priority is refused
 *         by nothing but the end of memory (POOL-027).
 * I1  The pools are started once; what cannot be opened then stays closed.
 * I2  A program that never calls them pays for nothing: no address space, no memory.
 * Locking: pthread_once.   Failure: false; one line on standard error with diag=1.
 * Signal safety: the first call is not. */
#include <pthread.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_pool.h"
#include "nt/nt_pool_fault.h"
#include "pool/pool_inject.h"
#include "pool/pool_special.h"
#include "pool/pool_trace.h"
#include "space/space_system.h"

#if defined(__x86_64__)
#define LEAST ((size_t)64 << 20)
#define MOST ((size_t)1 << 40)
#else
#define LEAST ((size_t)16 << 20)
#define MOST ((size_t)512 << 20)
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready; /* (a) set last */
static uintptr_t system_start, system_end;

static void start(void)
{
    uint64_t wanted = wvm_option(WVM_OPTION_POOL_SIZE);
    size_t most = MOST, least = LEAST;
    if (wanted != 0) {
        most = (size_t)wvm_min(wvm_align_up(wvm_min(wanted, MOST), WVM_GRANULE_SIZE), MOST);
        least = (size_t)wvm_min(least, most);
    }
    wvm_status status = wvm_space_system_open(&wvm_space_native, least, most, &system_start,
                                              &system_end);
    if (status >= 0 && wvm_pool_start(system_start, system_end - system_start)) {
        const wvm_word64 *commit[4];
        wvm_space_commit_words(&wvm_space_native, commit);
        wvm_pool_publish_commit(commit);
        wvm_pool_inject_start();
        wvm_pool_special_start();
        wvm_pool_trace_start();
        wvm_nt_pool_faults_start();
        wvm_pool_found = wvm_bug_check_finding;
        __atomic_store_n(&ready, true, __ATOMIC_RELEASE);
        return;
    }
    if (wvm_option(WVM_OPTION_DIAG))
        wvm_host_log("kernel pools: no room for system space: status %x", (unsigned)status);
}

bool wvm_nt_pool_ready(void)
{
    if (WVM_UNLIKELY(!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)))
        pthread_once(&once, start);
    return __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
}

void wvm_nt_pool_bounds(uintptr_t *start_out, uintptr_t *end_out)
{
    *start_out = *end_out = 0;
    if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
        *start_out = system_start;
        *end_out = system_end;
    }
}

/* Would `size` more than `taken` go beyond the part of `whole` that this priority may fill? */
static bool goes_beyond(uint64_t taken, size_t size, uint64_t whole, uint32_t priority)
{
    uint64_t part = whole - whole / (priority == LowPoolPriority ? 8 : 16);
    return taken > part || size > part - taken;
}

bool wvm_nt_pool_is_short(enum wvm_pool_kind kind, size_t size, uint32_t priority)
{
    struct wvm_pool_usage usage;
    wvm_pool_usage(&usage);
    if (goes_beyond(usage.used[kind], size, usage.whole[kind], priority))
        return true;
    size_t lockable = wvm_host_memlock_limit();
    return kind != WVM_POOL_PAGED && usage.locked != 0 && lockable != SIZE_MAX &&
           goes_beyond(usage.used[WVM_POOL_EXEC] + usage.used[WVM_POOL_NX], size, lockable,
                       priority);
}

void wvm_nt_pool_before_fork(void)
{
    if (wvm_pool_started())
        wvm_pool_before_fork();
}

void wvm_nt_pool_after_fork_parent(void)
{
    if (wvm_pool_started())
        wvm_pool_after_fork_parent();
}

void wvm_nt_pool_after_fork_child(void)
{
    if (wvm_pool_started())
        wvm_pool_after_fork_child();
}
