/* NtFreeVirtualMemory: decommit, release, and what becomes of placeholders.
 *
 * Order of checks: handle; the caller's variables; address; size; FreeType; then what lies there.
 * I1  A failing call changes neither memory nor *range.
 * I2  Size 0 means the whole allocation whose base is the page of the address; anything else is
 *     rounded out to pages and must lie in one allocation.
 * I3  Placeholders need a size: their range is named exactly.
 * Locking: space/ locks.   Failure: decided before anything changes. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_rules.h"
#include "nt/nt_node.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

static wvm_status check_span(const struct wvm_target *t, const struct wvm_nt_range *range,
                             uintptr_t *start, uintptr_t *end)
{
    if (range->size != 0)
        return wvm_nt_page_span(t, range, start, end);
    if (range->base >= wvm_nt_end_for(t, range->base))
        return STATUS_INVALID_PARAMETER_2;
    *start = *end = t->base + wvm_align_down(range->base, WVM_PAGE_SIZE);
    return STATUS_SUCCESS;
}

static wvm_status free_span(uint32_t type, uintptr_t start, uintptr_t end, uintptr_t *done_end)
{
    *done_end = end;
    if (type & MEM_RELEASE)
        wvm_nt_node_forget(start, end);
    if (type == MEM_RELEASE)
        return wvm_space_release(&wvm_space_native, start, end, done_end);
    if (type == MEM_DECOMMIT)
        return wvm_space_decommit(&wvm_space_native, start, end, done_end);
    if (type == (MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER))
        return wvm_space_preserve(&wvm_space_native, start, end);
    return wvm_space_coalesce(&wvm_space_native, start, end);
}

static WVM_COLD wvm_status free_elsewhere(pid_t pid, struct wvm_nt_range *range, uint32_t type)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_FREE);
    req.type = type;
    return wvm_nt_range_elsewhere(pid, &req, range, NULL);
}

static inline wvm_status free_in(const struct wvm_target *t, struct wvm_nt_range *range,
                                 uint32_t type)
{
    uintptr_t start, end, done_end;
    wvm_status status = check_span(t, range, &start, &end);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_check_free_type(type, range->size);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = free_span(type, start, end, &done_end);
    if (status < 0)
        return status;
    /* A decommit of the whole allocation reports size 0 (VF-009). */
    range->size = type == MEM_DECOMMIT && range->size == 0 ? 0 : done_end - start;
    range->base = start - t->base;
    return status;
}

wvm_status wvm_nt_free(HANDLE process, struct wvm_nt_range *range, uint32_t type)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY(t.pid != 0))
        return free_elsewhere(t.pid, range, type);
    status = free_in(&t, range, type);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtFreeVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG type)
{
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    status = wvm_nt_free(process, &range, type);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    return status;
}
