/* The memory of another process, told from the host's list of its mappings.
 *
 * I1  What is told is what space_foreign.c would tell of the same mappings in this process: the
 *     states that winvm keeps in that process are not known here (remote/ asks for them).
 * I2  The answer is true for the moment of each system call; the other process goes on meanwhile.
 * Locking: none.   Failure: nothing told.   Signal safety: safe in a handler. */
#include <errno.h>

#include "space/space_internal.h"

static wvm_status host_failure(int error)
{
    switch (error) {
    case -ENOENT:
    case -ESRCH:
        return STATUS_PROCESS_IS_TERMINATING;
    case -EACCES:
    case -EPERM:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_INSUFFICIENT_RESOURCES;
    }
}

wvm_status wvm_space_query_other(pid_t pid, uintptr_t addr, struct wvm_region *out)
{
    struct wvm_host_vma vma;
    uintptr_t at = wvm_align_down(addr, WVM_PAGE_SIZE), top = wvm_space_top(&wvm_space_native);
    top = at < top ? top : wvm_space_host_top(&wvm_space_native);
    int found = wvm_host_map_find_of(pid, at, &vma);
    if (found < 0)
        return host_failure(found);
    if (found > 0 && vma.start <= at) {
        vma.end = wvm_min(vma.end, top);
        wvm_space_describe(pid, &vma, at, out);
        return STATUS_SUCCESS;
    }
    /* Only a process that has ended has no mapping at all. */
    if (found == 0 && wvm_host_map_find_of(pid, 0, &(struct wvm_host_vma){0}) == 0)
        return STATUS_PROCESS_IS_TERMINATING;
    *out = (struct wvm_region){.start = at, .type = WVM_TYPE_FREE};
    out->end = found > 0 ? wvm_min(vma.start, top) : top;
    if (out->end < top)
        wvm_space_head(pid, out);
    return STATUS_SUCCESS;
}
