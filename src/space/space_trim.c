/* Pages leave the working set.
 *
 * Windows takes a page out of the working set by making its page-table entry invalid; the contents
 * stay. The host can do that to pages it can get again from elsewhere. For the others winvm keeps
 * a sheet:
 * Terms   left = marked in sp->left: the page left the working set and was not seen in use since;
 *         used = the host's accessed bit is set: an access, or a system call on the page, set it.
 * I1  A page that leaves keeps its contents and its accessibility: no access ever faults for it,
 *     and no system call that is handed the page fails.
 * I2  A left page was not used when it was marked, unless the host would not clear its bit: pages
 *     that several processes map, or that are locked. Then it counts as used at once.
 * I3  Pages that lose access leave only when the program ever asked for a working set: others pay
 *     nothing. (On Windows a page without access is never in the working set, and comes back by
 *     the first use.)
 * I4  Locked pages stay, and offered ones are not in it. Marks on pages that are not in memory mean
 *     nothing.
 * The shared page of zeros has no accessed bit. Where nobody can write the page just goes; else it
 * becomes a page of its own, up to ZEROS_MOST of them at a time; what is more stays, and never
 * counts as left. So it does in watched memory, where this would be a write.
 * Locking: the space lock, taken here, except where noted.   Failure: pages stay.
 * Signal safety: not for handlers. */
#include "space/space_working.h"

#include "space/space_change.h"

#define ZEROS_MOST 4096

struct trim {
    struct wvm_space *sp;
    uint64_t zeros; /* pages of zeros that may still become pages of their own */
    bool deep;      /* out of memory, where the host has a place for them */
};

static inline uintptr_t len_of(uint64_t lo, uint64_t hi)
{
    return (uintptr_t)(hi - lo) << WVM_PAGE_SHIFT;
}

/* Pages whose contents are nowhere else. */
static void leave_own(const struct trim *t, uint64_t lo, uint64_t hi)
{
    struct wvm_space *sp = t->sp;
    if (wvm_host.cool(wvm_addr_of(lo), len_of(lo, hi)) < 0)
        return;
    if (t->deep && wvm_host_caps.swap)
        wvm_host.page_out(wvm_addr_of(lo), len_of(lo, hi));
    if (wvm_space_all_marked(sp, &sp->left.pages, lo, hi) || !wvm_space_stock(sp, 0, 0))
        return;
    wvm_sheet_set(&sp->store, &sp->left, lo, hi, WVM_LEFT);
    wvm_store_flush(&sp->store);
}

/* Pages of zeros of private memory. */
static void leave_zeros(struct trim *t, uint64_t lo, uint64_t hi, bool writable)
{
    uintptr_t at = wvm_addr_of(lo), end = wvm_addr_of(hi), from, to;
    for (; at < end && wvm_host_find_zeros(at, end, &from, &to); at = to) {
        uint64_t n = wvm_page_of(to) - wvm_page_of(from);
        if (!writable)
            wvm_host.drop(from, to - from);
        else if (n <= t->zeros && wvm_host_caps.populate_write &&
                 wvm_host.populate(from, to - from) == 0)
            t->zeros -= n;
        else
            break;
    }
}

/* Pages which nobody can write, of a view that copies or of memory that is not ours: those of the
 * file can be had again. */
static void leave_copying(const struct trim *t, uint64_t lo, uint64_t hi)
{
    uintptr_t run_end;
    for (uint64_t p = lo; p < hi; p = wvm_page_of(run_end)) {
        if (wvm_host_private_run(wvm_addr_of(p), wvm_addr_of(hi), &run_end) == WVM_PRIVATE_NO)
            wvm_host.drop(wvm_addr_of(p), run_end - wvm_addr_of(p));
        else
            leave_own(t, p, wvm_page_of(run_end));
    }
}

/* A guard page becomes so when the fault path likes, without the lock. */
static bool is_writable(uint8_t attr)
{
    return attr & WVM_ATTR_GUARD || wvm_space_prot_of(attr) & WVM_HOST_W;
}

/* Pages [lo, hi) of a, committed, of state attr and not locked. */
static void leave_ours(struct trim *t, const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                       uint8_t attr)
{
    struct wvm_space *sp = t->sp;
    uint8_t copied;
    if (!(a->flags & WVM_ALLOC_VIEW)) {
        if (!(a->flags & WVM_ALLOC_WRITE_WATCH) && !(attr & WVM_ATTR_GUARD))
            leave_zeros(t, lo, hi, is_writable(attr));
        leave_own(t, lo, hi);
        return;
    }
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_sheet_next(&sp->store, &sp->copied, p, hi, &copied);
        if (a->flags & WVM_ALLOC_SHARED && !copied)
            wvm_host.drop(wvm_addr_of(p), len_of(p, end));
        else if (is_writable(attr))
            leave_own(t, p, end);
        else
            leave_copying(t, p, end);
    }
}

static void leave_unlocked(struct trim *t, uint64_t lo, uint64_t hi, const struct wvm_region *r)
{
    struct wvm_space *sp = t->sp;
    uint32_t id;
    uint8_t locked;
    const struct wvm_alloc *a = wvm_space_find(sp, lo, &id);
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_pages_next(&sp->store, &sp->locked.pages, p, hi, &locked);
        if (locked)
            continue;
        if (a)
            leave_ours(t, a, p, end, r->attr);
        else if (r->attr == WVM_ATTR_NA)
            leave_copying(t, p, end);
        else
            leave_own(t, p, end);
    }
}

static void trim(struct trim *t, uintptr_t start, uintptr_t end)
{
    struct wvm_region r;
    for (uintptr_t at = start; at < end; at = r.end) {
        if (wvm_space_query(t->sp, at, &r) || r.end <= at)
            return;
        if (r.type != WVM_TYPE_FREE && r.attr != WVM_ATTR_RESERVED &&
            (r.attr & WVM_ATTR_ACCESS) != WVM_ATTR_OFFERED &&
            !(r.flags & (WVM_ALLOC_FIXED_PAGE | WVM_ALLOC_PHYSICAL | WVM_ALLOC_STAYS)))
            leave_unlocked(t, wvm_page_of(at), wvm_page_of(wvm_min(r.end, end)), &r);
    }
}

void wvm_space_leave_range(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct trim t = {.sp = sp, .zeros = ZEROS_MOST};
    trim(&t, wvm_addr_of(lo), wvm_addr_of(hi));
}

void wvm_space_return_range(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (wvm_space_any_marked(sp, &sp->left.pages, lo, hi))
        wvm_sheet_set(&sp->store, &sp->left, lo, hi, 0);
}

wvm_status wvm_space_trim(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    wvm_space_leave_range(sp, wvm_page_of(start), wvm_page_of(end));
    wvm_space_leave(sp);
    return STATUS_SUCCESS;
}

/* What several processes map is cleared for all of this one at once: everything is leaving. */
wvm_status wvm_space_trim_all(struct wvm_space *sp)
{
    struct trim t = {.sp = sp, .zeros = ZEROS_MOST, .deep = true};
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    trim(&t, WVM_GRANULE_SIZE, wvm_space_host_top(sp));
    wvm_host_forget_use();
    wvm_space_leave(sp);
    return STATUS_SUCCESS;
}
