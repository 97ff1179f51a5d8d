/* MEM_RESET and MEM_RESET_UNDO, whose second half is also that of reclaiming (space_offer.c).
 *
 * 1. Reset lets the kernel drop the pages when it needs memory (MADV_FREE), and marks them.
 * 2. Undo takes them back and tells the truth about each marked page. Presence alone lies: the
 *    kernel may drop a page between the look and the cancel, or a read may have brought back a zero
 *    page. So, for each run of present pages: note the thread's fault count, cancel by a write that
 *    changes nothing, look at the count again. No fault: every page was still there and is now
 *    safe. Else a page with a byte that is not zero survived, and a page of zeros counts as lost. A
 *    page that was not present is lost.
 *
 * I1  Locked pages, memory that stays (space_large.c) and pages without contents are left alone by
 *     both; both succeed on them.
 * I2  After undo, successful or not, the pages are as accessible as before.
 * Locking: the space lock, taken here. Where the kernel cannot cancel by itself, one byte of each
 * page is written with its own value (`lock or 0`), the only touch of user memory in this room: the
 * page is ours, open, and cannot fault while the lock is held.
 * Failure: STATUS_CONFLICTING_ADDRESSES before anything; undo:
 * STATUS_UNSUCCESSFUL when data is lost.
 * Signal safety: not for handlers. */
#include "space/space_change.h"

#define BATCH 512
#define RW (WVM_HOST_R | WVM_HOST_W)

static wvm_status check_range(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                              struct wvm_alloc **out)
{
    uint32_t id;
    struct wvm_alloc *a = wvm_space_find(sp, lo, &id);
    *out = a;
    if (!a)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "nothing is reserved at",
                              wvm_addr_of(lo));
    if (hi > a->end)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range ends past the allocation, at", wvm_addr_of(a->end));
    if (a->flags & WVM_ALLOC_PHYSICAL)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "reserved with MEM_PHYSICAL, at",
                              wvm_addr_of(a->start));
    if (a->flags & WVM_ALLOC_VIEW && !wvm_space_view_anonymous(sp, a))
        return wvm_space_fail(STATUS_USER_MAPPED_FILE, "a view of a file, mapped at",
                              wvm_addr_of(a->start));
    return wvm_space_any_offered(sp, a, lo, hi) ? wvm_space_offered_fail(a) : STATUS_SUCCESS;
}

/* Runs `act` over every run of host state in [lo, hi) that has contents and is not locked. */
static bool each_run(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                     bool (*act)(struct wvm_space *, uint64_t, uint64_t, uint8_t))
{
    bool all = true;
    uint8_t h, locked;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_sheet_next(&sp->store, &sp->host, p, hi, &h);
        end = wvm_pages_next(&sp->store, &sp->locked.pages, p, end, &locked);
        if (wvm_hp_has_contents(h) && !locked)
            all &= act(sp, p, end, h);
    }
    return all;
}

/* ---- reset ---- */

static bool free_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h)
{
    (void)sp;
    (void)h;
    return wvm_host.lazy_free(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) == 0;
}

/* Only pages with contents are marked: a page committed later has nothing to lose. */
static bool mark_and_free_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h)
{
    wvm_sheet_set(&sp->store, &sp->reset, lo, hi, 1);
    wvm_store_flush(&sp->store);
    return free_run(sp, lo, hi, h);
}

/* Marks of all runs can be set, and first writes can be noted. */
static bool stock_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t runs = wvm_pages_count_runs(&sp->store, &sp->host.pages, lo, hi, UINT64_MAX)
                  + wvm_pages_count_runs(&sp->store, &sp->locked.pages, lo, hi, UINT64_MAX);
    return wvm_space_stock(sp, runs, hi - lo);
}

static wvm_status reset_pages(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                              uint64_t hi)
{
    uint8_t v;
    bool marked = wvm_sheet_next(&sp->store, &sp->reset, lo, hi, &v) == hi && v;
    if ((!marked || a->flags & WVM_ALLOC_WRITE_WATCH) && !stock_marks(sp, lo, hi))
        return STATUS_NO_MEMORY;
    wvm_space_watch_keep(sp, a, lo, hi);
    each_run(sp, lo, hi, marked ? free_run : mark_and_free_run);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_reset(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    uint64_t lo = wvm_page_of(start), hi = wvm_page_of(end);
    struct wvm_alloc *a;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = check_range(sp, lo, hi, &a);
    if (!status)
        status = wvm_space_settle(sp, a, lo, hi);
    /* The contents of the page file's sections are others' too: they are kept. */
    if (!status && wvm_host_caps.madv_free && !(a->flags & (WVM_ALLOC_VIEW | WVM_ALLOC_STAYS)))
        status = reset_pages(sp, a, lo, hi);
    wvm_space_leave(sp);
    return status;
}

/* ---- undo ---- */

static int cancel(uint64_t lo, uint64_t hi)
{
    if (wvm_host_caps.populate_write)
        return wvm_host.populate(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    for (uint64_t p = lo; p < hi; p++)
        __atomic_fetch_or((char *)wvm_addr_of(p), 0, __ATOMIC_SEQ_CST);
    return 0;
}

static bool has_data(uint64_t page)
{
    uint64_t word[64];
    for (uintptr_t at = wvm_addr_of(page); at < wvm_addr_of(page + 1); at += sizeof word) {
        if (wvm_host_read(0, word, at, sizeof word) != (ssize_t)sizeof word)
            return false;
        for (unsigned i = 0; i < WVM_ARRAY_LEN(word); i++)
            if (word[i])
                return true;
    }
    return false;
}

/* [lo, hi) was present a moment ago. True: every page kept its contents. */
static bool take_back(uint64_t lo, uint64_t hi)
{
    uint64_t faults = wvm_host_fault_count();
    if (cancel(lo, hi) == 0 && wvm_host_fault_count() == faults)
        return true;
    for (uint64_t p = lo; p < hi; p++)
        if (!has_data(p))
            return false;
    return true;
}

/* Every present page is taken back, whatever was lost before it. */
static bool undo_batch(uint64_t lo, uint64_t hi)
{
    uint8_t vec[BATCH];
    bool all = true;
    if (wvm_host_residency(wvm_addr_of(lo), hi - lo, vec) < 0)
        return false;
    for (uint64_t p = lo, end; p < hi; p = end) {
        bool present = vec[p - lo] & 1;
        for (end = p + 1; end < hi && (vec[end - lo] & 1) == present; end++)
            ;
        all &= present && take_back(p, end);
    }
    return all;
}

static bool undo_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    unsigned prot = h & WVM_HP_PROT;
    bool all = true, lift = !(prot & WVM_HOST_W);
    uint8_t marked;
    if (lift && wvm_host.protect(addr, len, prot | RW) < 0)
        return false;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&sp->store, &sp->reset.pages, p, wvm_min(hi, p + BATCH), &marked);
        if (marked)
            all &= undo_batch(p, end);
    }
    if (lift)
        wvm_space_restore(sp, lo, hi, prot);
    return all;
}

bool wvm_space_undo_reset(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    return each_run(sp, lo, hi, undo_run);
}

static wvm_status undo_locked(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    wvm_status status;
    do
        status = wvm_space_settle(sp, a, lo, hi);
    while (!status && !wvm_space_change_begin(sp, a, lo, hi, WVM_ATTR_SAME, &status) && !status);
    if (status)
        return status;
    if (wvm_watched_by_faults(a->flags)) /* write permission may be lifted: nobody would fault */
        wvm_space_watch_set_dirty(sp, lo, hi);
    if (!wvm_space_undo_reset(sp, lo, hi))
        status = wvm_space_fail(STATUS_UNSUCCESSFUL, "the host dropped some of the pages", 0);
    wvm_sheet_set(&sp->store, &sp->reset, lo, hi, 0);
    wvm_space_change_end(sp, a, false);
    return status;
}

wvm_status wvm_space_reset_undo(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    uint64_t lo = wvm_page_of(start), hi = wvm_page_of(end);
    struct wvm_alloc *a;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = check_range(sp, lo, hi, &a);
    if (!status && wvm_space_any_marked(sp, &sp->reset.pages, lo, hi))
        status = wvm_space_stock(sp, 0, 0) ? undo_locked(sp, a, lo, hi) : STATUS_NO_MEMORY;
    wvm_space_leave(sp);
    return status;
}
