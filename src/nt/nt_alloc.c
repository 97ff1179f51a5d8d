/* NtAllocateVirtualMemory and its Ex form: argument checks, rounding, and the choice between
 * reserve, commit and reset.
 *
 * Order of checks: handle; the caller's variables; ZeroBits or the extended parameters; address;
 * size; AllocationType; protection; privilege. Windows' own order is not known beyond "handle
 * first"; where two arguments are wrong the Win32 error is the same for all numbered statuses.
 * I1  A failing call changes neither memory nor *range.
 * I2  Reserving rounds the base down to a granule and the end, of the unrounded base, up to a page;
 *     everything else rounds to pages (specification section 2), the replacement of a placeholder
 *     too.
 * Large and nonpaged pages: nt_large.c.
 * Locking: space/ locks.   Failure: checked before space/ is called; space/ is atomic. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_extended.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_large.h"
#include "nt/nt_map.h"
#include "nt/nt_node.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

#define NONPAGED                                                                                   \
    (MEM_EXTENDED_PARAMETER_NONPAGED | MEM_EXTENDED_PARAMETER_NONPAGED_LARGE |                     \
     MEM_EXTENDED_PARAMETER_NONPAGED_HUGE)

/* What is asked for besides the range; bounds as in struct wvm_request, in the target's terms. */
struct want {
    const struct wvm_target *t;
    uint32_t type, prot;
    uintptr_t low, limit, align;
    uint16_t staying; /* flags of WVM_ALLOC_STAYS */
};

static uint16_t flags_of(uint32_t type)
{
    return (type & MEM_WRITE_WATCH ? WVM_ALLOC_WRITE_WATCH : 0) |
           (type & MEM_PHYSICAL ? WVM_ALLOC_PHYSICAL : 0) |
           (type & MEM_RESERVE_PLACEHOLDER ? WVM_ALLOC_PLACEHOLDER : 0) |
           (type & MEM_REPLACE_PLACEHOLDER ? WVM_ALLOC_REPLACED : 0);
}

/* Can a range that the space places satisfy the bounds at all? The lowest granule is never free
 * (VA-092). */
static bool has_room(const struct want *w, uintptr_t len)
{
    uintptr_t low = wvm_max(w->low, WVM_GRANULE_SIZE);
    uintptr_t limit = w->limit ? wvm_min(w->limit, w->t->top) : w->t->top;
    return wvm_align_up_checked(low, wvm_max(w->align, 1), &low) && low < limit &&
           limit - low >= len;
}

/* Where the space may place the range. */
static WVM_COLD wvm_status take_bounds(const struct want *w, struct wvm_request *req)
{
    if (!has_room(w, req->len))
        return STATUS_NO_MEMORY;
    req->low = w->low ? w->t->base + w->low : 0;
    req->limit = w->limit && w->limit < w->t->top ? w->t->base + w->limit : 0;
    req->align = w->align;
    return STATUS_SUCCESS;
}

static wvm_status reserve_range(struct wvm_nt_range *range, const struct want *w, uint8_t attr)
{
    uint32_t type = w->type;
    bool replace = type & MEM_REPLACE_PLACEHOLDER;
    struct wvm_request req = {
        .window = w->t->window,
        .attr = attr,
        .commit = (type & MEM_COMMIT) != 0,
        .top_down = (type & MEM_TOP_DOWN) != 0,
        .flags = flags_of(type) | w->staying,
    };
    uintptr_t start =
        wvm_align_down(range->base, replace ? WVM_PAGE_SIZE : WVM_GRANULE_SIZE);
    req.len = wvm_align_up(range->base + range->size, WVM_PAGE_SIZE) - start;
    if (range->base) {
        if (start == 0)
            return STATUS_INVALID_PARAMETER_2;
        req.start = w->t->base + start;
        req.beyond = !w->t->window && w->t->top > wvm_nt_top();
    } else if (WVM_UNLIKELY(w->limit | w->low | w->align)) {
        wvm_status status = take_bounds(w, &req);
        if (status < 0)
            return status;
    }
    wvm_status status = wvm_space_reserve(&wvm_space_native, &req);
    if (status >= 0) {
        range->base = req.start - w->t->base;
        range->size = req.len;
    }
    return status;
}

static wvm_status change_range(const struct wvm_target *t, struct wvm_nt_range *range,
                               uint32_t type, uint8_t attr)
{
    uintptr_t start = t->base + wvm_align_down(range->base, WVM_PAGE_SIZE);
    uintptr_t end = t->base + wvm_align_up(range->base + range->size, WVM_PAGE_SIZE);
    wvm_status status;
    if (type & MEM_COMMIT)
        status = wvm_space_commit(&wvm_space_native, start, end, attr);
    else if (type == MEM_RESET)
        status = wvm_space_reset(&wvm_space_native, start, end);
    else
        status = wvm_space_reset_undo(&wvm_space_native, start, end);
    if (status >= 0) {
        range->base = start - t->base;
        range->size = end - start;
    }
    return status;
}

/* base and size against user space; both are still the caller's. */
static wvm_status check_range(const struct wvm_target *t, const struct wvm_nt_range *range)
{
    /* What is there is in the way. */
    uintptr_t top = range->base ? wvm_nt_end_for(t, range->base) : t->top;
    if (range->base >= top)
        return STATUS_INVALID_PARAMETER_2;
    if (range->size == 0 || range->size > top - range->base)
        return STATUS_INVALID_PARAMETER_4;
    if (range->base == 0 && range->size > top - WVM_GRANULE_SIZE)
        return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

/* The attribute of the protection, 0 when it is not legal: write-copy only in views, whose pages
 * can be committed but not reserved (SEC-160). */
static uint8_t attr_for(const struct wvm_nt_range *range, const struct want *w)
{
    uint8_t attr = wvm_nt_attr_of(w->prot, false);
    if (WVM_LIKELY(attr != 0) || range->base == 0 || (w->type & MEM_RESERVE))
        return attr;
    attr = wvm_nt_attr_of(w->prot, true);
    return attr && wvm_nt_takes_write_copy(w->t->base + range->base) ? attr : 0;
}

/* Large or nonpaged pages. */
static WVM_COLD wvm_status allocate_staying(struct wvm_nt_range *range, const struct want *w,
                                            uint64_t attributes, uint8_t attr)
{
    struct wvm_nt_staying s = {.type = w->type, .attributes = attributes, .attr = attr};
    struct want all = *w;
    wvm_status status = wvm_nt_check_staying(&s, range);
    if (status < 0)
        return status;
    all.staying = s.flags;
    if (range->base == 0 && s.align > WVM_GRANULE_SIZE)
        all.align = wvm_max(w->align, s.align);
    return reserve_range(range, &all, attr);
}

/* What both forms check once the type is legal; attributes: MEM_EXTENDED_PARAMETER_*. */
static wvm_status allocate(struct wvm_nt_range *range, const struct want *w, uint64_t attributes)
{
    uint32_t type = w->type;
    if (WVM_UNLIKELY((type & MEM_PHYSICAL) && w->prot != PAGE_READWRITE))
        return STATUS_INVALID_PARAMETER_6;
    uint8_t attr = attr_for(range, w);
    if (WVM_UNLIKELY(attr == 0))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (WVM_UNLIKELY(type & MEM_LARGE_PAGES || attributes & NONPAGED))
        return allocate_staying(range, w, attributes, attr);
    /* A commit that names no place is a reservation too (VA-027). */
    if ((type & MEM_RESERVE) || ((type & MEM_COMMIT) && range->base == 0))
        return reserve_range(range, w, attr);
    return change_range(w->t, range, type, attr);
}

static WVM_COLD wvm_status allocate_elsewhere(pid_t pid, struct wvm_nt_range *range,
                                              uintptr_t zero_bits, const struct want *w)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_ALLOCATE);
    req.zero_bits = zero_bits;
    req.type = w->type;
    req.prot = w->prot;
    return wvm_nt_range_elsewhere(pid, &req, range, NULL);
}

static WVM_COLD wvm_status allocate_ex_elsewhere(pid_t pid, struct wvm_nt_range *range,
                                                 uint32_t type, uint32_t prot,
                                                 const struct wvm_nt_extended *e)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_ALLOCATE_EX);
    wvm_nt_extended_to_request(e, &req);
    req.type = type;
    req.prot = prot;
    return wvm_nt_range_elsewhere(pid, &req, range, NULL);
}

/* The form without extended parameters. */
static inline wvm_status allocate_plain(struct wvm_nt_range *range, uintptr_t zero_bits,
                                        struct want *w)
{
    wvm_status status = wvm_nt_zero_bits(zero_bits, &w->limit);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = check_range(w->t, range);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_check_alloc_type(w->type);
    if (WVM_UNLIKELY(status < 0))
        return status;
    return allocate(range, w, 0);
}

wvm_status wvm_nt_allocate_in(const struct wvm_target *t, struct wvm_nt_range *range,
                              uintptr_t zero_bits, uint32_t type, uint32_t prot)
{
    struct want w = {.t = t, .type = type, .prot = prot};
    if (WVM_UNLIKELY(t->pid != 0))
        return allocate_elsewhere(t->pid, range, zero_bits, &w);
    return allocate_plain(range, zero_bits, &w);
}

wvm_status wvm_nt_allocate(HANDLE process, struct wvm_nt_range *range, uintptr_t zero_bits,
                           uint32_t type, uint32_t prot)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_allocate_in(&t, range, zero_bits, type, prot);
    wvm_target_drop(&t);
    return status;
}

wvm_status wvm_nt_allocate_within(const struct wvm_target *t, struct wvm_nt_range *range,
                                  uint32_t type, uint32_t prot, const struct wvm_nt_extended *e)
{
    wvm_status status = check_range(t, range);
    if (status >= 0)
        status = wvm_nt_check_alloc_type_ex(type, prot, range->base);
    if (status < 0)
        return status;
    struct want w = {t, type, prot, e->low, e->limit, e->align, 0};
    return allocate(range, &w, e->attributes);
}

wvm_status wvm_nt_allocate_ex(HANDLE process, struct wvm_nt_range *range, uint32_t type,
                              uint32_t prot, const struct wvm_nt_params *params)
{
    struct wvm_nt_extended e;
    struct wvm_target t;
    uintptr_t at = range->base;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = wvm_nt_extended(params, range->base, false, t.top, &e);
    if (status >= 0)
        status = t.pid ? allocate_ex_elsewhere(t.pid, range, type, prot, &e)
                       : wvm_nt_allocate_within(&t, range, type, prot, &e);
    wvm_target_drop(&t);
    if (status >= 0 && e.node_and_1 && (!at || type & MEM_RESERVE))
        wvm_nt_node_prefer(process, range->base, e.node_and_1 - 1);
    return status;
}

NTSTATUS wvm_NtAllocateVirtualMemory(HANDLE process, PVOID *base, ULONG_PTR zero_bits, PSIZE_T size,
                                     ULONG type, ULONG prot)
{
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    status = wvm_nt_allocate(process, &range, zero_bits, type, prot);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    return status;
}

NTSTATUS wvm_NtAllocateVirtualMemoryEx(HANDLE process, PVOID *base, PSIZE_T size, ULONG type,
                                       ULONG prot, PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    const struct wvm_nt_params array = {params, count};
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    status = wvm_nt_allocate_ex(process, &range, type, prot, &array);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    return status;
}
