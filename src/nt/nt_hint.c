/* NtSetInformationVirtualMemory: hints about many ranges of a process; and the checks of the calls
 * that offer, reclaim and discard memory.
 *
 * Order of checks (WS-090): class; the pointer to the information; its length; the number of
 * ranges; the value of the information, the handle, the ranges. The ranges of a batch are copied
 * before they are looked at, and a batch is acted on when all of it is good: what is wrong in a
 * later one fails the call, and the hints that were given stay given.
 * I1  A hint never fails for what lies in a range: what is not mapped, or is not user space, is
 *     passed over (WS-082).
 * I2  A range is rounded out to pages (WS-081).
 * Locking: space/ locks.   Failure: no page's state or contents changed. */
#include "nt/nt_hint.h"

#include <errno.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_hint.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

#define BATCH 512 /* 8 KiB of stack */
#define PRIORITY_MOST 5 /* MEMORY_PRIORITY_NORMAL, as every page has it */
#define PRIORITY_COLD 2 /* MEMORY_PRIORITY_LOW: from here downwards pages go first */

/* ---- offer, reclaim, discard ---- */

static wvm_status check_pages(const struct wvm_nt_range *range)
{
    uintptr_t top = wvm_nt_top();
    if (range->base == 0 || range->size == 0 ||
        (range->base | range->size) & (WVM_PAGE_SIZE - 1))
        return STATUS_INVALID_PARAMETER;
    if (range->base >= top || range->size > top - range->base)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The host tells two priorities apart. */
wvm_status wvm_nt_offer(const struct wvm_nt_range *range, uint32_t priority)
{
    if (priority < VmOfferPriorityVeryLow || priority > VmOfferPriorityNormal)
        return STATUS_INVALID_PARAMETER;
    wvm_status status = check_pages(range);
    if (status < 0)
        return status;
    return wvm_space_offer(&wvm_space_native, range->base, range->base + range->size,
                           priority >= VmOfferPriorityBelowNormal);
}

wvm_status wvm_nt_reclaim(const struct wvm_nt_range *range, bool *lost)
{
    wvm_status status = check_pages(range);
    *lost = false;
    if (status < 0)
        return status;
    return wvm_space_reclaim(&wvm_space_native, range->base, range->base + range->size, lost);
}

wvm_status wvm_nt_discard(const struct wvm_nt_range *range)
{
    wvm_status status = check_pages(range);
    if (status < 0)
        return status;
    return wvm_space_discard(&wvm_space_native, range->base, range->base + range->size);
}

/* ---- ranges ---- */

/* The caller's array; what is to be done with its ranges. */
struct ranges {
    const struct wvm_target *t;
    const MEMORY_RANGE_ENTRY *at;
    uintptr_t n;
    enum wvm_host_hint hint;
    bool idle; /* nothing: they are only looked at */
};

union batch {
    MEMORY_RANGE_ENTRY entry[BATCH];
    struct wvm_host_range range[BATCH];
};
WVM_STATIC(sizeof(MEMORY_RANGE_ENTRY) == sizeof(struct wvm_host_range),
           "an entry becomes a range in its place");

static wvm_status fetch_batch(const struct ranges *r, uintptr_t from, size_t n, union batch *b)
{
    if (!wvm_user_fetch(b->entry, r->at + from, n * sizeof b->entry[0]))
        return STATUS_ACCESS_VIOLATION;
    for (size_t i = 0; i < n; i++)
        if (b->entry[i].NumberOfBytes == 0)
            return STATUS_INVALID_PARAMETER_4;
    return STATUS_SUCCESS;
}

/* The part of an entry that is user space, as addresses of the target's process. False: none. */
static bool make_range(const struct wvm_target *t, const MEMORY_RANGE_ENTRY *e,
                       struct wvm_host_range *out)
{
    uintptr_t from = (uintptr_t)e->VirtualAddress, len = e->NumberOfBytes;
    uintptr_t top = wvm_nt_end_for(t, from);
    if (from >= top)
        return false;
    uintptr_t end = len < top - from ? wvm_align_up(from + len, WVM_PAGE_SIZE) : top;
    out->start = t->base + wvm_align_down(from, WVM_PAGE_SIZE);
    out->len = t->base + end - out->start;
    return true;
}

/* Of this process winvm knows which pages left. */
static wvm_status trim_own(const struct wvm_host_range *range, size_t n)
{
    wvm_status status = STATUS_SUCCESS;
    for (size_t i = 0; status >= 0 && i < n; i++)
        status = wvm_space_trim(&wvm_space_native, range[i].start, range[i].start + range[i].len);
    return status;
}

static wvm_status do_batch(const struct ranges *r, size_t n, union batch *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        MEMORY_RANGE_ENTRY e = b->entry[i];
        kept += make_range(r->t, &e, &b->range[kept]);
    }
    if (r->hint == WVM_HINT_TRIM && r->t->pid == 0)
        return trim_own(b->range, kept);
    int err = kept ? wvm_host_hint(r->t->pid, r->hint, b->range, kept) : 0;
    return err == -EPERM || err == -ENOSYS ? (wvm_status)STATUS_ACCESS_DENIED
           : err == -ESRCH                 ? (wvm_status)STATUS_PROCESS_IS_TERMINATING
                                           : STATUS_SUCCESS;
}

static wvm_status each_batch(const struct ranges *r)
{
    union batch b;
    wvm_status status = STATUS_SUCCESS;
    for (uintptr_t i = 0, n; status >= 0 && i < r->n; i += n) {
        n = wvm_min(r->n - i, BATCH);
        status = fetch_batch(r, i, n, &b);
        if (status >= 0 && !r->idle)
            status = do_batch(r, n, &b);
    }
    return status;
}

static wvm_status do_ranges(const struct ranges *r)
{
    uintptr_t len, end;
    if (!r->at || __builtin_mul_overflow(r->n, sizeof *r->at, &len) ||
        !wvm_add_checked((uintptr_t)r->at, len, &end))
        return STATUS_ACCESS_VIOLATION;
    return each_batch(r);
}

/* ---- the call ---- */

/* INVALID_PARAMETER_5: the class knows no such value. */
static wvm_status choose_hint(VIRTUAL_MEMORY_INFORMATION_CLASS class, ULONG value,
                              struct ranges *r)
{
    ULONG most = class == VmPagePriorityInformation ? PRIORITY_MOST : 0;
    r->hint = class == VmPrefetchInformation       ? WVM_HINT_NEED
              : class == VmPagePriorityInformation ? WVM_HINT_COLD
                                                   : WVM_HINT_TRIM;
    r->idle = class == VmPagePriorityInformation && value > PRIORITY_COLD;
    return value > most ? (wvm_status)STATUS_INVALID_PARAMETER_5 : STATUS_SUCCESS;
}

static wvm_status set_hint(HANDLE process, struct ranges *r)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    r->t = &t;
    status = do_ranges(r);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtSetInformationVirtualMemory(HANDLE process, VIRTUAL_MEMORY_INFORMATION_CLASS class,
                                           ULONG_PTR n, MEMORY_RANGE_ENTRY *entries, PVOID info,
                                           ULONG len)
{
    struct ranges r = {.at = entries, .n = n};
    ULONG value;
    if (class != VmPrefetchInformation && class != VmPagePriorityInformation &&
        class != VmRemoveFromWorkingSetInformation)
        return STATUS_INVALID_PARAMETER_2;
    if (!info)
        return STATUS_INVALID_PARAMETER_5;
    if (len != sizeof value)
        return STATUS_INVALID_PARAMETER_6;
    if (!wvm_user_fetch(&value, info, sizeof value))
        return STATUS_ACCESS_VIOLATION;
    if (n == 0)
        return STATUS_INVALID_PARAMETER_3;
    wvm_status status = choose_hint(class, value, &r);
    return status < 0 ? status : set_hint(process, &r);
}
