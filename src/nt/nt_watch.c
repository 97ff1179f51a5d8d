/* NtGetWriteWatch, NtResetWriteWatch.
 *
 * Order of checks: handle; flags; base; size; the caller's variables; *count; the array; then what
 * lies there. A count of 0 is refused before the array is looked at (WW-025).
 * I1  A failing call changes neither watch nor the caller's variables.
 * I2  Only the pages that are reported are reset (WW-009).
 * I3  No page of the caller's is touched while space/ holds its lock: answers come in batches.
 * Locking: space/ locks.   Failure: decided before anything changes. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

/* An array of n results, some of which will be written. Proving foreign pages one by one would cost
 * more than the answer: the list of mappings decides, and where there is none, the proof. */
static bool array_writable(const void *array, size_t n)
{
    size_t len;
    if (__builtin_mul_overflow(n, sizeof(PVOID), &len) || !array)
        return false;
    return wvm_nt_accessible((uintptr_t)array, len, true) || wvm_user_writable(array, len);
}

static wvm_status check_range(const struct wvm_target *t, const struct wvm_nt_range *range,
                              uintptr_t *start, uintptr_t *end)
{
    if (range->base == 0)
        return STATUS_INVALID_PARAMETER_2;
    return wvm_nt_page_span(t, range, start, end);
}

/* base: of the target. */
static size_t store_runs(const struct wvm_watch *w, uintptr_t base, PVOID *out)
{
    size_t n = 0;
    for (unsigned i = 0; i < w->n_runs; i++)
        for (uint64_t at = w->run[i].start; at < w->run[i].end; at += WVM_PAGE_SIZE)
            out[n++] = (PVOID)(uintptr_t)(at - base);
    return n;
}

/* *count: room in, pages out. */
static wvm_status collect(struct wvm_watch *w, uintptr_t base, PVOID *out, ULONG_PTR *count)
{
    size_t done = 0;
    for (; w->most && w->start < w->end; w->start = w->next) {
        wvm_status status = wvm_space_watch_get(&wvm_space_native, w);
        if (status < 0)
            return status;
        size_t n = store_runs(w, base, out + done);
        done += n;
        w->most -= n;
    }
    *count = done;
    return STATUS_SUCCESS;
}

static wvm_status watch_get_in(const struct wvm_target *t, const struct wvm_nt_range *range,
                               uint32_t flags, const struct wvm_nt_watch *out)
{
    uintptr_t start, end;
    ULONG_PTR count;
    ULONG granularity = WVM_PAGE_SIZE;
    if (flags & ~WRITE_WATCH_FLAG_RESET)
        return STATUS_INVALID_PARAMETER_2;
    wvm_status status = check_range(t, range, &start, &end);
    if (status < 0)
        return status;
    if (!out->count || !wvm_user_writable(out->count, sizeof *out->count) || !out->granularity ||
        !wvm_user_writable(out->granularity, sizeof *out->granularity))
        return STATUS_ACCESS_VIOLATION;
    count = *out->count;
    if (count == 0)
        return STATUS_INVALID_PARAMETER_5;
    count = wvm_min(count, (end - start) >> WVM_PAGE_SHIFT);
    if (!array_writable(out->addresses, count))
        return STATUS_ACCESS_VIOLATION;
    struct wvm_watch w = {.start = start, .end = end, .most = count,
                          .reset = (flags & WRITE_WATCH_FLAG_RESET) != 0};
    status = collect(&w, t->base, out->addresses, &count);
    if (status < 0)
        return status;
    wvm_user_store(out->count, &count, sizeof count);
    wvm_user_store(out->granularity, &granularity, sizeof granularity);
    return STATUS_SUCCESS;
}

static wvm_status watch_reset_in(const struct wvm_target *t, const struct wvm_nt_range *range)
{
    uintptr_t start, end;
    wvm_status status = check_range(t, range, &start, &end);
    return status < 0 ? status : wvm_space_watch_reset(&wvm_space_native, start, end);
}

/* Another process answers ACCESS_DENIED: winvm asks for no watch there. */
static wvm_status find_target(HANDLE process, struct wvm_target *t)
{
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, t);
    return status >= 0 && t->pid ? (wvm_status)STATUS_ACCESS_DENIED : status;
}

wvm_status wvm_nt_watch_get(HANDLE process, const struct wvm_nt_range *range, uint32_t flags,
                            const struct wvm_nt_watch *out)
{
    struct wvm_target t;
    wvm_status status = find_target(process, &t);
    if (status < 0)
        return status;
    status = watch_get_in(&t, range, flags, out);
    wvm_target_drop(&t);
    return status;
}

wvm_status wvm_nt_watch_reset(HANDLE process, const struct wvm_nt_range *range)
{
    struct wvm_target t;
    wvm_status status = find_target(process, &t);
    if (status < 0)
        return status;
    status = watch_reset_in(&t, range);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtGetWriteWatch(HANDLE process, ULONG flags, PVOID base, SIZE_T size,
                             PVOID *addresses, ULONG_PTR *count, ULONG *granularity)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    struct wvm_nt_watch out = {addresses, count, granularity};
    return wvm_nt_watch_get(process, &range, flags, &out);
}

NTSTATUS wvm_NtResetWriteWatch(HANDLE process, PVOID base, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    return wvm_nt_watch_reset(process, &range);
}
