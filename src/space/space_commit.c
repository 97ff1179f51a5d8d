/* MEM_COMMIT on pages of an allocation: fresh pages appear zeroed, committed ones keep their
 * contents, all take the new protection.
 *
 * I1  Nothing is asked of the host for a page whose accessibility does not change; a recommit with
 *     the same protection is answered from the tables alone.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_change.h"

/* What is to be committed, and whether it may be; of a view *attr may change. */
static wvm_status find_range(struct wvm_space *sp, uint64_t lo, uint64_t hi, struct wvm_alloc **a,
                             uint8_t *attr)
{
    uint32_t id;
    *a = wvm_space_find(sp, lo, &id);
    if (!*a)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "nothing is reserved at",
                              wvm_addr_of(lo));
    if (hi > (*a)->end)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range ends past the reservation, at", wvm_addr_of((*a)->end));
    if ((*a)->flags & WVM_ALLOC_VIEW)
        return wvm_space_view_commits(sp, *a, attr);
    if ((*a)->type != WVM_TYPE_PRIVATE || (*a)->flags & (WVM_ALLOC_FIXED_PAGE | WVM_ALLOC_PHYSICAL |
                                                          WVM_ALLOC_PLACEHOLDER))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "pages of this kind cannot be committed, at",
                              wvm_addr_of((*a)->start));
    if (WVM_UNLIKELY(!wvm_space_takes_attr(*a, lo, hi, *attr)))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "not for large pages, allocated at",
                              wvm_addr_of((*a)->start));
    if (WVM_UNLIKELY(wvm_attr_is_copy(*attr)))
        return wvm_space_fail(STATUS_INVALID_PAGE_PROTECTION, "write-copy is for views, not at",
                              wvm_addr_of(lo));
    return wvm_space_any_offered(sp, *a, lo, hi) ? wvm_space_offered_fail(*a) : STATUS_SUCCESS;
}

static bool is_uniform(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                       uint8_t attr)
{
    uint8_t v;
    hi -= a->origin;
    return wvm_pages_next(&sp->store, &a->pages, lo - a->origin, hi, &v) == hi && v == attr;
}

static int set_host(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                    uint8_t attr)
{
    wvm_space_watch_prepare(sp, a->flags, lo, hi);
    if (!wvm_space_clean_stale(sp, a, lo, hi))
        return -ENOMEM;
    return wvm_space_make(sp, lo, hi, attr, a->flags);
}

/* Pages that are committed by nobody yet. */
static uint64_t count_new(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    if (a->flags & WVM_ALLOC_VIEW)
        return wvm_space_view_uncommitted(sp, a, lo, hi);
    return hi - lo - wvm_space_count_committed(sp, a, lo, hi);
}

/* The range is pending. */
static wvm_status commit_pending(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                 uint64_t hi, uint8_t attr)
{
    uint64_t n_new = count_new(sp, a, lo, hi);
    wvm_status status = wvm_space_charge_ok(sp, n_new);
    if (status)
        return status;
    int err = set_host(sp, a, lo, hi, attr);
    if (err < 0)
        return wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT);
    a->mixed |= (attr & (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)) != 0;
    wvm_space_charge(sp, n_new);
    wvm_space_set_pages(sp, a, lo, hi, attr);
    if (a->flags & WVM_ALLOC_VIEW) {
        wvm_store_flush(&sp->store);
        wvm_space_view_committed(sp, a, lo, hi, n_new);
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_space_commit_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
{
    struct wvm_alloc *a;
    wvm_status status = find_range(sp, lo, hi, &a, &attr);
    if (status)
        return status;
    do {
        status = wvm_space_settle(sp, a, lo, hi);
        if (status || is_uniform(sp, a, lo, hi, attr))
            return status;
        status = wvm_space_attr_ready(sp, a->start, lo, hi, attr);
        if (!status)
            status = wvm_space_watch_ready(sp, a->flags, a->start, lo, hi);
        if (status)
            return status;
        if (!wvm_space_stock(sp, 0, 0))
            return STATUS_NO_MEMORY;
        if (a->flags & WVM_ALLOC_VIEW)
            wvm_space_enter_view(sp, a);
    } while (!wvm_space_change_begin(sp, a, lo, hi, attr, &status) && !status);
    if (status)
        return status;
    status = commit_pending(sp, a, lo, hi, attr);
    wvm_space_change_end(sp, a, status != STATUS_SUCCESS);
    return status;
}

wvm_status wvm_space_commit(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = wvm_space_commit_locked(sp, wvm_page_of(start), wvm_page_of(end), attr);
    wvm_space_leave(sp);
    return status;
}
