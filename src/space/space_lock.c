/* VirtualLock and VirtualUnlock, and the marks they and MEM_RESET leave on pages.
 *
 * Terms   kind = enum wvm_lock_kind, a bit of a page's mark; the quota is that of process locks.
 * I1  A page is marked in sp->locked with a kind exactly when it was locked so and nothing since
 *     unlocked, decommitted or released it or took its access. Locks of a kind do not nest.
 * I2  Locking checks every page of the range before the host is asked;
 *     a failing call locks nothing.
 * I3  Unlocking pages that are not all locked changes no lock; the others leave the working set.
 * I4  Memory that stays (space_large.c) is neither locked nor unlocked: both pass it over.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include "space/space_change.h"

#include "space/space_working.h"

/* Pages of the range that are locked with one of the kinds. */
static uint64_t count_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned kinds)
{
    uint64_t n = 0;
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&sp->store, &sp->locked.pages, p, hi, &v);
        n += v & kinds ? end - p : 0;
    }
    return n;
}

bool wvm_space_any_marked(struct wvm_space *sp, const struct wvm_pages *map, uint64_t lo,
                          uint64_t hi)
{
    uint8_t v;
    return wvm_pages_next(&sp->store, map, lo, hi, &v) != hi || v;
}

bool wvm_space_all_marked(struct wvm_space *sp, const struct wvm_pages *map, uint64_t lo,
                          uint64_t hi)
{
    uint8_t v;
    return wvm_pages_next(&sp->store, map, lo, hi, &v) == hi && v;
}

void wvm_space_forget_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (wvm_space_any_marked(sp, &sp->locked.pages, lo, hi)) {
        sp->n_locked -= count_locked(sp, lo, hi, WVM_LOCK_PROCESS);
        wvm_sheet_set(&sp->store, &sp->locked, lo, hi, 0);
    }
    if (wvm_space_any_marked(sp, &sp->reset.pages, lo, hi))
        wvm_sheet_set(&sp->store, &sp->reset, lo, hi, 0);
    wvm_space_return_range(sp, lo, hi);
}

/* Every page of the range must be committed and accessible, whoever's it is. *guard: a guard
 * page. */
static wvm_status check_accessible(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                   uintptr_t *guard)
{
    struct wvm_region r;
    for (uintptr_t at = wvm_addr_of(lo); at < wvm_addr_of(hi); at = r.end) {
        wvm_status status = wvm_space_query(sp, at, &r);
        if (status)
            return status;
        if (r.type != WVM_TYPE_FREE && r.attr & WVM_ATTR_GUARD) {
            *guard = at;
            return STATUS_GUARD_PAGE_VIOLATION;
        }
        uint8_t access = r.attr & WVM_ATTR_ACCESS;
        if (r.type == WVM_TYPE_FREE || access <= WVM_ATTR_NA || access == WVM_ATTR_OFFERED)
            return wvm_space_fail(STATUS_ACCESS_VIOLATION, "not accessible, at", at);
    }
    return STATUS_SUCCESS;
}

/* The next run of equal marks from *p upwards, past memory that stays. False: none below hi. */
static bool next_marks(struct wvm_space *sp, uint64_t *p, uint64_t hi, uint64_t *end, uint8_t *v)
{
    *end = wvm_space_pageable(sp, p, hi);
    if (*p == *end)
        return false;
    *end = wvm_pages_next(&sp->store, &sp->locked.pages, *p, *end, v);
    return true;
}

static uint64_t count_pageable(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t n = 0;
    for (uint64_t p = lo, end; (end = wvm_space_pageable(sp, &p, hi)) > p; p = end)
        n += end - p;
    return n;
}

/* The host refused: what it locked all the same is unlocked, as far as it was not before. */
static void undo_lock(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t end;
    uint8_t v;
    for (uint64_t p = lo; next_marks(sp, &p, hi, &end, &v); p = end)
        if (!v)
            wvm_host.unlock(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
}

/* Locking does not part a view from what it is a view of. */
static int lock_run(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    const struct wvm_alloc *a;
    int err = 0;
    if (WVM_LIKELY(!sp->n_views))
        return wvm_host.lock(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    for (uint64_t p = lo, end; !err && p < hi; p = end) {
        end = wvm_space_alloc_run(sp, p, hi, &a);
        size_t len = (end - p) << WVM_PAGE_SHIFT;
        err = a && a->flags & WVM_ALLOC_VIEW ? wvm_host.lock_shared(wvm_addr_of(p), len)
                                             : wvm_host.lock(wvm_addr_of(p), len);
    }
    return err;
}

static int lock_range(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    int err = 0;
    for (uint64_t p = lo, end; !err && (end = wvm_space_pageable(sp, &p, hi)) > p; p = end)
        err = lock_run(sp, p, end);
    return err;
}

/* Room for the marks of a range, whose runs may each change. */
static bool stock_locks(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t runs = 0;
    if (wvm_space_any_marked(sp, &sp->locked.pages, lo, hi))
        runs = wvm_pages_count_runs(&sp->store, &sp->locked.pages, lo, hi, UINT64_MAX);
    return wvm_space_stock(sp, runs, hi - lo);
}

/* The pages get the marks `add` and lose the marks `take`; what has none left is unlocked. */
static void change_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned add,
                         unsigned take)
{
    uint64_t end;
    uint8_t v;
    for (uint64_t p = lo; next_marks(sp, &p, hi, &end, &v); p = end) {
        unsigned mark = (v | add) & ~take;
        if (v && !mark)
            wvm_host.unlock(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
        wvm_sheet_set(&sp->store, &sp->locked, p, end, (uint8_t)mark);
        wvm_store_flush(&sp->store);
    }
}

static wvm_status check_quota(struct wvm_space *sp, uint64_t n_new)
{
    uint64_t quota = wvm_space_lock_quota(sp);
    if (quota == WVM_NO_LOCK_QUOTA || sp->n_locked + n_new <= quota)
        return STATUS_SUCCESS;
    wvm_host_diag("%llu of %llu pages are locked: see SetProcessWorkingSetSize and the option "
                  "lock-quota", (unsigned long long)sp->n_locked, (unsigned long long)quota);
    return wvm_space_fail(STATUS_WORKING_SET_QUOTA, "the lock quota is reached", 0);
}

static wvm_status host_refused(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    const char *why = "the host's RLIMIT_MEMLOCK is reached; raise it with ulimit -l";
    undo_lock(sp, lo, hi);
    wvm_host_diag("%s", why);
    return wvm_space_fail(STATUS_WORKING_SET_QUOTA, why, 0);
}

static wvm_status lock_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned kinds,
                              uintptr_t *guard)
{
    uint64_t n_new = 0;
    wvm_status status = check_accessible(sp, lo, hi, guard);
    if (status)
        return status;
    if (!stock_locks(sp, lo, hi))
        return STATUS_NO_MEMORY;
    if (kinds & WVM_LOCK_PROCESS)
        n_new = count_pageable(sp, lo, hi) - count_locked(sp, lo, hi, WVM_LOCK_PROCESS);
    status = check_quota(sp, n_new);
    if (status)
        return status;
    if (lock_range(sp, lo, hi) < 0)
        return host_refused(sp, lo, hi);
    if (!wvm_space_watch_locked(sp, lo, hi)) {
        undo_lock(sp, lo, hi);
        return STATUS_NO_MEMORY;
    }
    bool before = count_locked(sp, lo, hi, kinds) != 0;
    sp->n_locked += n_new;
    change_marks(sp, lo, hi, kinds, 0);
    wvm_space_return_range(sp, lo, hi);
    return before ? STATUS_WAS_LOCKED : STATUS_SUCCESS;
}

static wvm_status lock_once(struct wvm_space *sp, uintptr_t start, uintptr_t end, unsigned kinds,
                            uintptr_t *guard)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = lock_locked(sp, wvm_page_of(start), wvm_page_of(end), kinds, guard);
    wvm_space_leave(sp);
    return status;
}

/* A guard page is met as by an access: it is disarmed, and the call fails (GP-015). */
wvm_status wvm_space_lock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end, unsigned kinds)
{
    uintptr_t guard = 0;
    wvm_status status, disarmed = STATUS_SUCCESS;
    do {
        status = lock_once(sp, start, end, kinds, &guard);
        if (status == STATUS_GUARD_PAGE_VIOLATION)
            disarmed = wvm_space_disarm(sp, guard);
    } while (status == STATUS_GUARD_PAGE_VIOLATION && disarmed == STATUS_SUCCESS);
    return disarmed ? disarmed : status;
}

/* Every page of the range is locked with every one of the kinds. */
static bool all_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned kinds)
{
    uint64_t end;
    uint8_t v;
    for (uint64_t p = lo; next_marks(sp, &p, hi, &end, &v); p = end) {
        if ((v & kinds) != kinds)
            return false;
    }
    return true;
}

static wvm_status unlock_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned kinds)
{
    if (!all_locked(sp, lo, hi, kinds)) {
        wvm_space_leave_range(sp, lo, hi);
        return wvm_space_fail(STATUS_NOT_LOCKED, "some page of the range is not locked", 0);
    }
    if (!stock_locks(sp, lo, hi))
        return STATUS_NO_MEMORY;
    sp->n_locked -= kinds & WVM_LOCK_PROCESS ? count_pageable(sp, lo, hi) : 0;
    change_marks(sp, lo, hi, 0, kinds);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_unlock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                               unsigned kinds)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = unlock_locked(sp, wvm_page_of(start), wvm_page_of(end), kinds);
    wvm_space_leave(sp);
    return status;
}

void wvm_space_access_lost(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (!wvm_space_any_marked(sp, &sp->locked.pages, lo, hi) || !stock_locks(sp, lo, hi))
        return;
    sp->n_locked -= count_locked(sp, lo, hi, WVM_LOCK_PROCESS);
    change_marks(sp, lo, hi, 0, WVM_LOCK_PROCESS | WVM_LOCK_SYSTEM);
}
