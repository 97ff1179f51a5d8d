/* Contents that the program can do without: offering pages, taking them back, discarding them.
 *
 * 1. Offer takes all access to the pages away and then lets the kernel drop those in memory when it
 *    needs memory (MADV_FREE). What is in swap stays there, and what never had contents has none to
 *    lose. A page whose contents may go is marked in sp->reset, as by MEM_RESET.
 * 2. Reclaim opens the pages and takes the marked ones back as MEM_RESET_UNDO does, which tells
 *    whether every one of them still has its contents.
 * 3. The kernel takes lazily freed pages in the order in which they were freed, but those that were
 *    used twice since only when no others are left. That is what keeping longer means: the pages
 *    are made readable for a moment and read in twice, by the host.
 * 4. Discard gives the memory of the pages back at once; they stay committed and accessible.
 *
 * I1  An offered page has the state OFFERED in its allocation's map, which stands for READWRITE: no
 *     other page can be offered. It is inaccessible, whoever asks: faults on it are violations, and
 *     the kernel fails system calls with EFAULT. (While it is being offered it can be read for the
 *     moment of 3.)
 * I2  Only reclaim makes an offered page accessible again, and only decommit and release end its
 *     state without that; every other change of it is refused, so that nobody can come to read
 *     contents without having been told whether they are the old ones.
 * I3  An offered page is not locked and not in the working set; queries do not tell it from its
 *     READWRITE neighbours.
 * Where the kernel does not take a page (mlockall, no MADV_FREE) its contents stay.
 * Locking: the space lock, taken here; none to join what a query found.
 * Failure: nothing changed; lost contents are not a failure but an answer.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "host/host_working.h"
#include "space/space_change.h"

#define BATCH 512

static bool is_offered(uint8_t attr)
{
    return (attr & WVM_ATTR_ACCESS) == WVM_ATTR_OFFERED;
}

static uint8_t with_access(uint8_t attr, uint8_t access)
{
    return (uint8_t)((attr & ~WVM_ATTR_ACCESS) | access);
}

bool wvm_space_offered_among(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                             uint64_t hi)
{
    uint8_t v = 0;
    for (uint64_t p = lo; p < hi && !is_offered(v);)
        p = wvm_state_run(sp, a, p, hi, &v);
    return is_offered(v);
}

wvm_status wvm_space_offered_fail(const struct wvm_alloc *a)
{
    return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                          "offered pages are to be reclaimed first, in the allocation at",
                          wvm_addr_of(a->start));
}

static bool shows_writable(const struct wvm_region *r)
{
    return r->type == WVM_TYPE_PRIVATE && (r->attr == WVM_ATTR_RW || is_offered(r->attr));
}

void wvm_space_join_offered(struct wvm_space *sp, struct wvm_region *r)
{
    struct wvm_region next;
    if (WVM_LIKELY(!__atomic_load_n(&sp->any_offered, __ATOMIC_RELAXED)) || !shows_writable(r))
        return;
    r->attr = WVM_ATTR_RW;
    while (r->end < r->alloc_end && !wvm_space_query(sp, r->end, &next) && shows_writable(&next) &&
           next.alloc_start == r->alloc_start && next.end > r->end)
        r->end = next.end;
}

/* ---- what may be asked for ---- */

static wvm_status find_range(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                             struct wvm_alloc **out)
{
    uint32_t id;
    const uint16_t other = WVM_ALLOC_VIEW | WVM_ALLOC_PHYSICAL | WVM_ALLOC_FIXED_PAGE |
                           WVM_ALLOC_STAYS;
    struct wvm_alloc *a = wvm_space_find(sp, lo, &id);
    *out = a;
    if (!a)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "nothing of winvm's is allocated at",
                              wvm_addr_of(lo));
    if (hi > a->end)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range ends past the allocation, at", wvm_addr_of(a->end));
    if (a->type != WVM_TYPE_PRIVATE || a->flags & other)
        return wvm_space_fail(STATUS_INVALID_PARAMETER, "not ordinary private memory, at",
                              wvm_addr_of(a->start));
    return STATUS_SUCCESS;
}

/* Which states the pages of a range may have, besides READWRITE. */
enum pages { PAGES_WRITABLE, PAGES_OFFERED, PAGES_COMMITTED };

static wvm_status check_pages(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                              uint64_t hi, enum pages want)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        uintptr_t at = wvm_addr_of(p);
        if (v == WVM_ATTR_RESERVED)
            return wvm_space_fail(STATUS_NOT_COMMITTED, "reserved, not committed, at", at);
        if (want == PAGES_COMMITTED || (want == PAGES_OFFERED && is_offered(v)))
            continue;
        if (is_offered(v))
            return wvm_space_offered_fail(a);
        if ((v & WVM_ATTR_ACCESS) != WVM_ATTR_RW || v & WVM_ATTR_GUARD)
            return wvm_space_fail(STATUS_INVALID_PAGE_PROTECTION, "not PAGE_READWRITE, at", at);
    }
    return STATUS_SUCCESS;
}

/* The range is in order and settled, and there is memory for a new state and a mark of each of its
 * pages. */
static wvm_status prepare(struct wvm_space *sp, uint64_t lo, uint64_t hi, enum pages want,
                          struct wvm_alloc **a)
{
    wvm_status status = find_range(sp, lo, hi, a);
    if (!status)
        status = wvm_space_settle(sp, *a, lo, hi);
    if (!status)
        status = check_pages(sp, *a, lo, hi, want);
    if (!status && !wvm_space_stock(sp, hi - lo, hi - lo))
        status = STATUS_NO_MEMORY;
    return status;
}

/* Begins a change that the fault path decides by the old states. */
static wvm_status begin(struct wvm_space *sp, uint64_t lo, uint64_t hi, enum pages want,
                        struct wvm_alloc **a)
{
    wvm_status status;
    do
        status = prepare(sp, lo, hi, want, a);
    while (!status && !wvm_space_change_begin(sp, *a, lo, hi, WVM_ATTR_SAME, &status) && !status);
    return status;
}

/* ---- offer ---- */

static void set_offered(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        wvm_space_set_pages(sp, a, p, end, with_access(v, WVM_ATTR_OFFERED));
        wvm_store_flush(&sp->store);
    }
}

/* Pages [lo, hi), just given, go after others. It is a wish: no failure. */
static void use_twice(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    if (wvm_host.protect(addr, len, WVM_HOST_R) < 0)
        return;
    if (wvm_host.populate_read(addr, len) == 0)
        (void)wvm_host.populate_read(addr, len);
    wvm_space_restore(sp, lo, hi, WVM_HOST_NONE);
}

/* The kernel may have pages [lo, hi), which are in memory. */
static void give(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool keep_longer)
{
    if (lo >= hi || wvm_host.lazy_free(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) < 0)
        return;
    wvm_sheet_set(&sp->store, &sp->reset, lo, hi, 1);
    wvm_store_flush(&sp->store);
    if (keep_longer && wvm_host_caps.populate_write)
        use_twice(sp, lo, hi);
}

/* The same for all pages of [lo, hi) that are in memory and not the page of zeros. */
static void give_present(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool keep_longer)
{
    uint8_t vec[BATCH];
    uint64_t from = lo; /* pages [from, p) are in memory */
    for (uint64_t p = lo; p < hi; p++) {
        uint64_t i = (p - lo) % BATCH;
        if (i == 0 && wvm_host_pages_of(0, wvm_addr_of(p), wvm_min(hi - p, BATCH),
                                        WVM_WANT_PRESENT, vec) < 0) {
            hi = p;
        } else if ((vec[i] & (WVM_PAGE_PRESENT | WVM_PAGE_ZERO)) != WVM_PAGE_PRESENT) {
            give(sp, from, p, keep_longer);
            from = p + 1;
        }
    }
    give(sp, from, hi, keep_longer);
}

static wvm_status offer_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool keep_longer)
{
    struct wvm_alloc *a;
    wvm_status status = begin(sp, lo, hi, PAGES_OFFERED, &a);
    if (status)
        return status;
    int err = wvm_space_hide(sp, lo, hi);
    if (err < 0) {
        wvm_space_change_end(sp, a, true);
        return wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT);
    }
    set_offered(sp, a, lo, hi);
    __atomic_store_n(&sp->any_offered, true, __ATOMIC_RELAXED);
    wvm_space_change_end(sp, a, false);
    wvm_space_access_lost(sp, lo, hi);
    wvm_space_watch_keep(sp, a, lo, hi);
    if (wvm_host_caps.madv_free)
        give_present(sp, lo, hi, keep_longer);
    return STATUS_SUCCESS;
}

/* From the caller's frame upwards its stack cannot be offered: nobody could return. */
static bool is_own_stack(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
    return wvm_space_stack(sp, here, &low, &high) && start < high && end > here;
}

wvm_status wvm_space_offer(struct wvm_space *sp, uintptr_t start, uintptr_t end, bool keep_longer)
{
    if (is_own_stack(sp, start, end))
        return wvm_space_fail(STATUS_INVALID_PARAMETER, "the stack of the calling thread, at",
                              start);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = offer_locked(sp, wvm_page_of(start), wvm_page_of(end), keep_longer);
    wvm_space_leave(sp);
    return status;
}

/* ---- reclaim ---- */

static void close_again(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    int err;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        do
            err = is_offered(v) ? wvm_space_hide(sp, p, end) : 0;
        while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    }
}

static int open_offered(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        int err = is_offered(v) ? wvm_space_make(sp, p, end, WVM_ATTR_RW, a->flags) : 0;
        if (err < 0) {
            close_again(sp, a, lo, p);
            return err;
        }
        wvm_store_flush(&sp->store);
    }
    return 0;
}

/* Offered pages of [lo, hi) are open. True: they have their contents. */
static bool take_back(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    bool all = true;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_state_run(sp, a, p, hi, &v);
        if (!is_offered(v))
            continue;
        if (wvm_watched_by_faults(a->flags)) /* taking back is a write that nobody would see */
            wvm_space_watch_set_dirty(sp, p, end);
        all &= wvm_space_undo_reset(sp, p, end);
        wvm_sheet_set(&sp->store, &sp->reset, p, end, 0);
        wvm_space_set_pages(sp, a, p, end, with_access(v, WVM_ATTR_RW));
        wvm_store_flush(&sp->store);
    }
    return all;
}

static wvm_status reclaim_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool *lost)
{
    struct wvm_alloc *a;
    wvm_status status = begin(sp, lo, hi, PAGES_COMMITTED, &a);
    if (status)
        return status;
    int err = open_offered(sp, a, lo, hi);
    if (err == 0)
        *lost = !take_back(sp, a, lo, hi);
    wvm_space_change_end(sp, a, err < 0);
    return err < 0 ? wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT) : STATUS_SUCCESS;
}

wvm_status wvm_space_reclaim(struct wvm_space *sp, uintptr_t start, uintptr_t end, bool *lost)
{
    *lost = false;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = reclaim_locked(sp, wvm_page_of(start), wvm_page_of(end), lost);
    wvm_space_leave(sp);
    return status;
}

/* ---- discard ---- */

/* The host keeps locked pages as they are. */
static void drop_unlocked(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t locked;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&sp->store, &sp->locked.pages, p, hi, &locked);
        if (!locked)
            (void)wvm_host.drop(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
    }
}

static wvm_status discard_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_alloc *a;
    wvm_status status = prepare(sp, lo, hi, PAGES_WRITABLE, &a);
    if (status)
        return status;
    wvm_space_watch_keep(sp, a, lo, hi);
    drop_unlocked(sp, lo, hi);
    if (wvm_space_any_marked(sp, &sp->reset.pages, lo, hi))
        wvm_sheet_set(&sp->store, &sp->reset, lo, hi, 0);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_discard(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    if (is_own_stack(sp, start, end))
        return wvm_space_fail(STATUS_INVALID_PARAMETER, "the stack of the calling thread, at",
                              start);
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = discard_locked(sp, wvm_page_of(start), wvm_page_of(end));
    wvm_space_leave(sp);
    return status;
}
