/* winvm's own calls about kernel pools: memory given back, figures, process objects (winvm/pool.h).
 *
 * I1  None of them starts the pools.
 * Locking: none of its own.   Failure: an object that is none of ours is left alone; NULL.
 * Signal safety: process objects only. */
#include <string.h>

#include <winvm/pool.h>

#include "api/api.h"
#include "nt/nt_quota.h"
#include "pool/pool.h"

WVM_EXPORT size_t winvm_pool_trim(void)
{
    return wvm_pool_started() ? wvm_pool_trim() : 0;
}

WVM_EXPORT void winvm_pool_usage(struct winvm_pool_usage *out)
{
    struct wvm_pool_usage usage;
    memset(out, 0, sizeof *out);
    if (!wvm_pool_started())
        return;
    wvm_pool_usage(&usage);
    for (int kind = 0; kind < WVM_POOL_KINDS; kind++) {
        out->committed[kind] = usage.committed[kind];
        out->used[kind] = usage.used[kind];
        out->peak[kind] = usage.peak[kind];
    }
    out->locked = usage.locked;
}

WVM_EXPORT winvm_process *winvm_process_initial(void)
{
    return wvm_process_object(WVM_PROCESS_INITIAL);
}

WVM_EXPORT winvm_process *winvm_process_system(void)
{
    return wvm_process_object(WVM_PROCESS_SYSTEM);
}

WVM_EXPORT winvm_process *winvm_process_create(void)
{
    return wvm_process_object_create();
}

WVM_EXPORT void winvm_process_close(winvm_process *process)
{
    wvm_process_object_close(process);
}

WVM_EXPORT winvm_process *winvm_process_attach(winvm_process *process)
{
    return wvm_process_object_attach(process);
}

WVM_EXPORT int winvm_process_query(winvm_process *process, struct winvm_process_quota *out)
{
    return wvm_process_object_query(process, out) ? 0 : -1;
}

WVM_EXPORT int winvm_process_limit(winvm_process *process, int paged, uint64_t limit)
{
    return wvm_process_object_limit(process, paged != 0, limit) ? 0 : -1;
}
