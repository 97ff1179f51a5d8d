/* Changing the protection of committed pages.
 *
 * I1  NOCACHE and WRITECOMBINE belong to how a page was allocated: a change keeps them and ignores
 *     those of the caller (VP-022..024). Pages that may differ in them are set run by run.
 * I2  Pages that lose access leave the working set once the program has asked for it.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include "space/space_change.h"
#include "space/space_working.h"

#define STICKY (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)

struct seen {
    bool same;     /* every page already has the attribute it would get */
    uint8_t first; /* attribute of the first page */
};

/* All pages committed, and none offered? */
static wvm_status inspect(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                          uint8_t attr, struct seen *seen)
{
    uint8_t v;
    seen->same = true;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        if (v == WVM_ATTR_RESERVED)
            return wvm_space_fail(STATUS_NOT_COMMITTED, "reserved, not committed, at",
                                  wvm_addr_of(p));
        if ((v & WVM_ATTR_ACCESS) == WVM_ATTR_OFFERED)
            return wvm_space_offered_fail(a);
        if (p == lo)
            seen->first = v;
        seen->same &= v == (attr | (v & STICKY));
    }
    return STATUS_SUCCESS;
}

static void set_sticky(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                       uint8_t attr)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        wvm_space_set_pages(sp, a, p, end, attr | (v & STICKY));
        wvm_store_flush(&sp->store);
    }
}

/* The range is pending. */
static wvm_status change(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                         uint8_t attr)
{
    int err = wvm_space_make(sp, lo, hi, attr, a->flags);
    if (err < 0)
        return wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT);
    if (a->mixed)
        set_sticky(sp, a, lo, hi, attr);
    else
        wvm_space_set_pages(sp, a, lo, hi, attr);
    return STATUS_SUCCESS;
}

static wvm_status stock_change(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                               uint8_t attr)
{
    uint64_t runs = 0;
    if (a->mixed)
        runs =
            wvm_pages_count_runs(&sp->store, &a->pages, lo - a->origin, hi - a->origin, UINT64_MAX);
    if (!wvm_space_stock(sp, runs, hi - lo))
        return STATUS_NO_MEMORY;
    return wvm_space_attr_ready(sp, a->start, lo, hi, attr);
}

static wvm_status change_if_needed(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                   uint64_t hi, uint8_t attr, struct seen *seen)
{
    wvm_status status;
    if (hi - lo == 1 && wvm_overlay_any(&sp->fired) && wvm_space_rearm(sp, a, lo, attr, &status)) {
        seen->first = attr & ~WVM_ATTR_GUARD;
        return status;
    }
    do {
        status = wvm_space_settle(sp, a, lo, hi);
        if (!status)
            status = inspect(sp, a, lo, hi, attr, seen);
        if (status || seen->same)
            return status;
        status = stock_change(sp, a, lo, hi, attr);
        if (status)
            return status;
    } while (!wvm_space_change_begin(sp, a, lo, hi, attr, &status) && !status);
    if (status)
        return status;
    status = change(sp, a, lo, hi, attr);
    wvm_space_change_end(sp, a, status != STATUS_SUCCESS);
    return status;
}

/* May the pages get *attr, which may change? */
static wvm_status check_attr(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                             uint8_t *attr)
{
    if (WVM_UNLIKELY(a->flags & WVM_ALLOC_VIEW)) {
        wvm_status status = wvm_space_view_permits(a, attr);
        if (!status && !wvm_space_stock(sp, 0, 0))
            return STATUS_NO_MEMORY;
        if (!status)
            wvm_space_enter_view(sp, a);
        return status ? status : wvm_space_view_sync(sp, a, lo, hi);
    }
    if (WVM_UNLIKELY(wvm_attr_is_copy(*attr)))
        return wvm_space_fail(STATUS_INVALID_PAGE_PROTECTION, "write-copy is for views, not at",
                              wvm_addr_of(lo));
    return STATUS_SUCCESS;
}

/* A page that became private stays so, whatever its protection is now. */
static uint8_t was_before(const struct wvm_alloc *a, uint64_t page, uint8_t attr)
{
    uint64_t end = page + 1;
    return a->flags & WVM_ALLOC_VIEW ? wvm_space_view_written(page, &end, attr) : attr;
}

static bool is_accessible(uint8_t attr)
{
    return (attr & WVM_ATTR_ACCESS) > WVM_ATTR_NA && !(attr & WVM_ATTR_GUARD);
}

/* What a lock kept, and what was in the working set. Guard pages stay locked. */
static void lose_access(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
{
    if ((attr & WVM_ATTR_ACCESS) == WVM_ATTR_NA)
        wvm_space_access_lost(sp, lo, hi);
    if (sp->asked)
        wvm_space_leave_range(sp, lo, hi);
}

static wvm_status protect_locked(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                 uint64_t hi, uint8_t attr, uint8_t *old)
{
    struct seen seen = {0};
    if (hi > a->end)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range ends past the allocation, at", wvm_addr_of(a->end));
    if (a->flags & WVM_ALLOC_FIXED_PAGE)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "the shared user data page",
                              wvm_addr_of(a->start));
    if (WVM_UNLIKELY(!wvm_space_takes_attr(a, lo, hi, attr)))
        return wvm_space_fail(STATUS_INVALID_PARAMETER, "not for large pages, allocated at",
                              wvm_addr_of(a->start));
    if (WVM_UNLIKELY(a->flags & WVM_ALLOC_PHYSICAL) && attr != WVM_ATTR_RW)
        return wvm_space_fail(STATUS_INVALID_PAGE_PROTECTION,
                              "reserved with MEM_PHYSICAL, and so always READWRITE, at",
                              wvm_addr_of(a->start));
    attr &= ~STICKY;
    wvm_status status = check_attr(sp, a, lo, hi, &attr);
    if (!status)
        status = change_if_needed(sp, a, lo, hi, attr, &seen);
    if (!status)
        *old = was_before(a, lo, seen.first);
    if (!status && !seen.same && !is_accessible(attr))
        lose_access(sp, lo, hi, attr);
    return status;
}

wvm_status wvm_space_protect(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                             uint8_t *old)
{
    uint32_t id;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    struct wvm_alloc *a = wvm_space_find(sp, wvm_page_of(start), &id);
    if (a)
        status = protect_locked(sp, a, wvm_page_of(start), wvm_page_of(end), attr, old);
    else
        status = wvm_space_foreign_protect(sp, start, end, attr, old);
    if (!a && !status && !is_accessible(attr))
        lose_access(sp, wvm_page_of(start), wvm_page_of(end), attr);
    wvm_space_leave(sp);
    return status;
}

/* ---- a guard page met by a system call ---- */

wvm_status wvm_space_disarm(struct wvm_space *sp, uintptr_t at)
{
    struct wvm_region r;
    struct seen seen = {0};
    uint32_t id;
    uint64_t page = wvm_page_of(at);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    struct wvm_alloc *a = wvm_space_find(sp, page, &id);
    if (!wvm_space_query(sp, at, &r) && r.type != WVM_TYPE_FREE && r.attr & WVM_ATTR_GUARD) {
        uint8_t attr = r.attr & ~(WVM_ATTR_GUARD | STICKY);
        seen.first = r.attr;
        status = a ? change_if_needed(sp, a, page, page + 1, attr, &seen)
                   : wvm_space_foreign_protect(sp, at, at + WVM_PAGE_SIZE, attr, &seen.first);
        if (!status && seen.first & WVM_ATTR_GUARD)
            status = STATUS_GUARD_PAGE_VIOLATION;
    }
    wvm_space_leave(sp);
    return status;
}
