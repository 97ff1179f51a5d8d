/* NtAllocateVirtualMemory: argument checks, rounding, and the choice between reserve, commit and
 * reset.
 *
 * Order of checks: handle; the caller's variables; ZeroBits; address; size; AllocationType;
 * protection; privilege. Windows' own order is not known beyond "handle first"; where two arguments
 * are wrong the Win32 error is the same for all numbered statuses.
 * I1  A failing call changes neither memory nor *range.
 * I2  Reserving rounds the base down to a granule and the end, of the unrounded base, up to a page;
 *     everything else rounds to pages (specification section 2).
 * Large pages need a privilege that a process of ours never holds: a legal request is answered with
 * PRIVILEGE_NOT_HELD.
 * Locking: space/ locks.   Failure: checked before space/ is called; space/ is atomic. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_handle.h"
#include "nt/nt_rules.h"
#include "nt/nt_user.h"

static wvm_status reserve_range(struct wvm_nt_range *range, uintptr_t limit, uint32_t type,
                                uint8_t attr)
{
    struct wvm_request req = {
        .limit = limit,
        .attr = attr,
        .commit = (type & MEM_COMMIT) != 0,
        .top_down = (type & MEM_TOP_DOWN) != 0,
    };
    if (range->base) {
        req.start = wvm_align_down(range->base, WVM_GRANULE_SIZE);
        req.limit = 0;
        if (req.start == 0)
            return STATUS_INVALID_PARAMETER_2;
    }
    req.len = wvm_align_up(range->base + range->size, WVM_PAGE_SIZE) - req.start;
    /* The lowest granule is never free, so nothing fits below a bound this low (VA-092). */
    if (req.limit && (req.limit <= WVM_GRANULE_SIZE || req.limit - WVM_GRANULE_SIZE < req.len))
        return STATUS_NO_MEMORY;
    if (type & MEM_WRITE_WATCH)
        req.flags |= WVM_ALLOC_WRITE_WATCH;
    if (type & MEM_PHYSICAL)
        req.flags |= WVM_ALLOC_PHYSICAL;
    wvm_status status = wvm_space_reserve(&wvm_space_native, &req);
    if (status >= 0) {
        range->base = req.start;
        range->size = req.len;
    }
    return status;
}

static wvm_status change_range(struct wvm_nt_range *range, uint32_t type, uint8_t attr)
{
    uintptr_t start = wvm_align_down(range->base, WVM_PAGE_SIZE);
    uintptr_t end = wvm_align_up(range->base + range->size, WVM_PAGE_SIZE);
    wvm_status status;
    if (type & MEM_COMMIT)
        status = wvm_space_commit(&wvm_space_native, start, end, attr);
    else if (type == MEM_RESET)
        status = wvm_space_reset(&wvm_space_native, start, end);
    else
        status = wvm_space_reset_undo(&wvm_space_native, start, end);
    if (status >= 0) {
        range->base = start;
        range->size = end - start;
    }
    return status;
}

/* base and size against user space; both are still the caller's. */
static wvm_status check_range(const struct wvm_nt_range *range)
{
    uintptr_t top = wvm_nt_top();
    if (range->base >= top)
        return STATUS_INVALID_PARAMETER_2;
    if (range->size == 0 || range->size > top - range->base)
        return STATUS_INVALID_PARAMETER_4;
    if (range->base == 0 && range->size > top - WVM_GRANULE_SIZE)
        return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_allocate(HANDLE process, struct wvm_nt_range *range, uintptr_t zero_bits,
                           uint32_t type, uint32_t prot)
{
    uintptr_t limit;
    wvm_status status = wvm_handle_own(process, PROCESS_VM_OPERATION);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_zero_bits(zero_bits, &limit);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = check_range(range);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_check_alloc_type(type);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY((type & MEM_PHYSICAL) && prot != PAGE_READWRITE))
        return STATUS_INVALID_PARAMETER_6;
    uint8_t attr = wvm_nt_attr_of(prot, false);
    if (WVM_UNLIKELY(attr == 0))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (WVM_UNLIKELY(type & MEM_LARGE_PAGES))
        return STATUS_PRIVILEGE_NOT_HELD;
    /* A commit that names no place is a reservation too (VA-027). */
    if ((type & MEM_RESERVE) || ((type & MEM_COMMIT) && range->base == 0))
        return reserve_range(range, limit, type, attr);
    return change_range(range, type, attr);
}

NTSTATUS wvm_NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG_PTR zero_bits, PSIZE_T size,
                                     ULONG type, ULONG prot)
{
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_own_range(process, base, size, &range);
    if (status < 0)
        return status;
    status = wvm_nt_allocate(process, &range, zero_bits, type, prot);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    return status;
}
