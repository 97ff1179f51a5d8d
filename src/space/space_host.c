/* The kernel's side of every page we mapped: making pages accessible, inaccessible, empty.
 *
 * 1. States (enum wvm_hp), kept in sp->host: NONE (PROT_NONE, empty), accessible with some
 *    protection, FENCED (a guard region: empty and inaccessible, though its mapping keeps its
 *    protection), HELD (PROT_NONE, contents kept).
 * 2. Opening NONE is one mprotect. Opening a FENCED page of the right protection is one guard
 *    removal: half the cost, and no mapping is split. So small closed runs of writable memory are
 *    fenced, large ones are dropped by one MAP_FIXED, which also gives page tables and host charge
 *    back.
 * 3. Mappings are scarce (vm.max_map_count). Opening a page next to a granule of which only a part
 *    is open also opens the empty pages between, fenced: 100,000 allocations of 4 KiB are one
 *    mapping. Past half of the limit this is done over gaps of up to FILL_SCARCE pages.
 *
 * I1  sp->host is the truth about every page of our mappings; it changes only after the host call.
 * I2  Opening and hiding either complete or leave every page as it was (the inverse calls are
 *     derived from sp->host, which is still unchanged).
 * I3  Closing never fails: MAP_FIXED, else ballast is given up and it is tried again, else fences;
 *     in the last resort the pages are emptied and stay accessible (sp->stale) until reused.
 * Locking: the space lock. Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_internal.h"

#define FENCE_PAGES 32        /* above this MAP_FIXED is cheaper than 20 ns a page */
#define FENCE_SCARCE 512
#define FILL_PAGES (WVM_PAGES_PER_GRANULE - 1)
#define FILL_SCARCE 512
#define RW (WVM_HOST_R | WVM_HOST_W)

unsigned wvm_space_prot_of(uint8_t attr)
{
    static const uint8_t prot[] = {
        [WVM_ATTR_RO] = WVM_HOST_R,
        [WVM_ATTR_RW] = RW,
        [WVM_ATTR_WC] = RW, /* the host copies */
        [WVM_ATTR_X] = WVM_HOST_R | WVM_HOST_X,
        [WVM_ATTR_XR] = WVM_HOST_R | WVM_HOST_X,
        [WVM_ATTR_XRW] = RW | WVM_HOST_X,
        [WVM_ATTR_XWC] = RW | WVM_HOST_X,
    };
    unsigned access = attr & WVM_ATTR_ACCESS;
    return attr & WVM_ATTR_GUARD || access >= sizeof prot ? WVM_HOST_NONE : prot[access];
}

static bool fences_allowed(void)
{
    return wvm_host_caps.guard && !wvm_host_caps.strict_commit;
}

/* ---- opening ---- */

/* A border between mappings that was there before may need ballast to be there again. */
void wvm_space_restore(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot)
{
    int err;
    do
        err = wvm_host.protect(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT, prot);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
}

/* Restores the protections of [lo, hi) after an opening that went as far as hi. */
static void undo_protect(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (wvm_hp_vma_prot(h) != prot)
            wvm_space_restore(sp, p, end, wvm_hp_vma_prot(h));
    }
}

void wvm_space_restore_all(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (h & WVM_HP_FENCED)
            wvm_host.fence(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
        wvm_space_restore(sp, p, end, wvm_hp_vma_prot(h));
    }
}

/* First page of [p, hi) whose mapping has protection prot (has), or has not (!has). */
static uint64_t find_prot(struct wvm_space *sp, uint64_t p, uint64_t hi, unsigned prot, bool has)
{
    uint8_t h;
    while (p < hi) {
        uint64_t end = wvm_host_run(sp, p, hi, &h);
        if ((wvm_hp_vma_prot(h) == prot) == has)
            break;
        p = end;
    }
    return p;
}

/* One mprotect for each maximal stretch whose mapping has another protection. A call that fails may
 * have changed a part of its range. */
static int protect_runs(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot)
{
    uint64_t p = find_prot(sp, lo, hi, prot, false);
    while (p < hi) {
        uint64_t end = find_prot(sp, p, hi, prot, true);
        int err = wvm_host.protect(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT, prot);
        if (err < 0) {
            undo_protect(sp, lo, end, prot);
            return err;
        }
        p = find_prot(sp, end, hi, prot, false);
    }
    return 0;
}

static void undo_unfence(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (h & WVM_HP_FENCED)
            wvm_host.fence(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
    }
}

static int unfence_runs(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!(h & WVM_HP_FENCED))
            continue;
        int err = wvm_host.unfence(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
        if (err < 0) {
            undo_unfence(sp, lo, p);
            return err;
        }
    }
    return 0;
}

/* The empty pages next to [lo, hi) that should be opened with it as a fence, because the mapping on
 * their other side is writable too: *from <= lo, *to >= hi. */
static void find_fill(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint64_t *from, uint64_t *to)
{
    bool scarce = !sp->n_hidden && wvm_space_maps_scarce(sp);
    uint64_t most = scarce ? FILL_SCARCE : FILL_PAGES;
    uint64_t floor = lo > most + 1 ? lo - most - 1 : 1;
    uint8_t h = 0, last = 0;
    uint64_t empty_from = lo;
    *from = lo;
    *to = hi;
    if (scarce || lo % WVM_PAGES_PER_GRANULE == 0) {
        for (uint64_t p = floor, end; p < lo; p = end) {
            end = wvm_host_run(sp, p, lo, &h);
            if (h != WVM_HP_NONE)
                last = h;
            empty_from = h == WVM_HP_NONE ? p : lo;
        }
        if (empty_from > floor && wvm_hp_vma_prot(last) == RW)
            *from = empty_from;
    }
    uint64_t end = wvm_host_run(sp, hi, hi + most + 1, &h);
    if (h == WVM_HP_NONE && end <= hi + most && (scarce || end % WVM_PAGES_PER_GRANULE == 0)) {
        wvm_host_run(sp, end, end + 1, &h);
        if (wvm_hp_vma_prot(h) == RW)
            *to = end;
    }
}

/* Pages outside the granules of [lo, hi) may be anybody's: then nothing is filled. */
static void clip_fill(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint64_t *from, uint64_t *to)
{
    uint64_t first = WVM_GRANULE_OF(*from), last = WVM_GRANULE_OF(*to - 1) + 1;
    if (WVM_LIKELY(wvm_space_in_main(sp, first, last)) ||
        wvm_space_all_marked(sp, &sp->owner, first, last))
        return;
    *from = wvm_max(*from, lo & ~(uint64_t)(WVM_PAGES_PER_GRANULE - 1));
    *to = wvm_min(*to, wvm_align_up(hi, WVM_PAGES_PER_GRANULE));
}

/* Fences empty pages [lo, hi), all or none. */
static bool fence_empty(uint64_t lo, uint64_t hi)
{
    if (lo == hi || wvm_host.fence(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) == 0)
        return true;
    wvm_host.unfence(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    return false;
}

static void unfence_empty(uint64_t lo, uint64_t hi)
{
    if (lo < hi)
        wvm_host.unfence(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
}

/* Opens empty pages [lo, hi) writable together with the fence that joins them to their neighbours.
 * The fence is up before anything is accessible. */
static int open_empty(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t from, to;
    find_fill(sp, lo, hi, &from, &to);
    clip_fill(sp, lo, hi, &from, &to);
    if (!wvm_space_maps_allow(sp, from, to, RW))
        return -ENOMEM;
    if (!fence_empty(from, lo))
        from = lo;
    if (!fence_empty(hi, to))
        to = hi;
    int err = wvm_host.protect(wvm_addr_of(from), (to - from) << WVM_PAGE_SHIFT, RW);
    if (err < 0) {
        unfence_empty(from, lo);
        unfence_empty(hi, to);
        return err;
    }
    if (from < lo)
        wvm_space_set_host_run(sp, from, lo, WVM_HP_NONE, WVM_HP_FENCED | RW);
    if (hi < to)
        wvm_space_set_host_run(sp, hi, to, WVM_HP_NONE, WVM_HP_FENCED | RW);
    wvm_space_set_host_run(sp, lo, hi, WVM_HP_NONE, RW);
    return 0;
}

/* Opens [lo, hi), one run of state h, with at most two calls. */
static int open_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h, unsigned prot)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    bool changes = wvm_hp_vma_prot(h) != prot;
    int err = changes ? wvm_host.protect(addr, len, prot) : 0;
    if (!err && h & WVM_HP_FENCED)
        err = wvm_host.unfence(addr, len);
    if (!err)
        wvm_space_set_host_run(sp, lo, hi, h, prot);
    else if (changes)
        undo_protect(sp, lo, hi, prot);
    return err;
}

int wvm_space_open(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot)
{
    uint8_t h;
    uint64_t end = wvm_host_run(sp, lo, hi, &h);
    if (end == hi && h == prot)
        return 0;
    if (end == hi && h == WVM_HP_NONE && prot == RW && fences_allowed())
        return open_empty(sp, lo, hi);
    if (!wvm_space_maps_allow(sp, lo, hi, prot))
        return -ENOMEM;
    if (end == hi)
        return open_run(sp, lo, hi, h, prot);
    int err = protect_runs(sp, lo, hi, prot);
    if (err < 0)
        return err;
    err = unfence_runs(sp, lo, hi);
    if (err < 0) {
        undo_protect(sp, lo, hi, prot);
        return err;
    }
    wvm_space_set_host(sp, lo, hi, prot);
    return 0;
}

int wvm_space_hide(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    uint64_t p, end;
    if (!wvm_space_maps_allow(sp, lo, hi, WVM_HOST_NONE))
        return -ENOMEM;
    for (p = lo; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_is_open(h))
            continue;
        int err = wvm_host.protect(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT, WVM_HOST_NONE);
        if (err < 0) {
            undo_protect(sp, lo, end, WVM_HOST_NONE);
            return err;
        }
    }
    for (p = lo; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (wvm_hp_is_open(h)) {
            wvm_space_set_host_run(sp, p, end, h, WVM_HP_HELD);
            wvm_store_flush(&sp->store);
        }
    }
    return 0;
}

/* Makes [lo, hi), one run of state h, a run of guard pages. */
static int hold_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    int err = h & WVM_HP_PROT ? wvm_host.protect(addr, len, WVM_HOST_NONE) : 0;
    if (!err && h & WVM_HP_FENCED)
        err = wvm_host.unfence(addr, len);
    if (err)
        wvm_space_restore_all(sp, lo, hi);
    return err;
}

int wvm_space_hold(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    int err = wvm_space_maps_allow(sp, lo, hi, WVM_HOST_NONE) ? 0 : -ENOMEM;
    for (uint64_t p = lo, end; !err && p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        err = hold_run(sp, p, end, h);
        if (err)
            wvm_space_restore_all(sp, lo, p);
    }
    if (!err)
        wvm_space_set_host(sp, lo, hi, WVM_HP_HELD);
    return err;
}

int wvm_space_make(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr, uint16_t flags)
{
    unsigned prot = wvm_space_open_prot(flags, attr);
    bool shared = WVM_UNLIKELY(flags & WVM_ALLOC_SHARED);
    int err = shared ? wvm_space_view_ready(sp, lo, hi, attr) : 0;
    if (err)
        ; /* some pages may be of another kind already */
    else if (prot)
        err = wvm_space_open(sp, lo, hi, prot);
    else
        err = attr & WVM_ATTR_GUARD ? wvm_space_hold(sp, lo, hi) : wvm_space_hide(sp, lo, hi);
    if (err && shared)
        wvm_space_view_unready(sp, lo, hi);
    return err;
}

/* ---- closing ---- */

struct extent {
    uint64_t first, last;   /* smallest range of all pages with contents; empty: equal */
    uint64_t n_pages;       /* of them */
    bool all_rw;
};

static struct extent measure(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct extent x = {lo, lo, 0, true};
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_has_contents(h))
            continue;
        if (x.first == x.last)
            x.first = p;
        x.last = end;
        x.n_pages += end - p;
        x.all_rw &= h == RW;
    }
    return x;
}

/* Fences every run with contents. False: some run refused (locked memory); what was fenced stays so
 * and is recorded. */
static bool fence_runs(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_has_contents(h))
            continue;
        if (wvm_host.fence(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT) < 0) {
            /* The kernel may have fenced what lies before a locked page. */
            wvm_host.unfence(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
            return false;
        }
        wvm_space_set_host_run(sp, p, end, h, WVM_HP_FENCED | wvm_hp_vma_prot(h));
        wvm_store_flush(&sp->store);
    }
    return true;
}

static bool discard_range(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    int err = wvm_host.discard(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    if (err == -ENOMEM && wvm_space_give_up_ballast(sp))
        err = wvm_host.discard(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    if (err < 0)
        return false;
    wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
    wvm_space_watch_replaced(sp, lo, hi);
    return true;
}

/* Locked pages, which the host does not empty, may be left over from a close that failed. */
static bool drop_unlocked(uintptr_t addr, size_t len)
{
    if (WVM_LIKELY(wvm_host.drop(addr, len) == 0))
        return true;
    wvm_host.unlock(addr, len);
    return wvm_host.drop(addr, len) == 0;
}

/* Empties the pages with contents; the accessible ones stay so. False: the host refused some. */
static bool empty_runs(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    bool all = true;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_has_contents(h))
            continue;
        bool empty = drop_unlocked(wvm_addr_of(p), (end - p) << WVM_PAGE_SHIFT);
        if (empty && h == WVM_HP_HELD) {
            wvm_space_set_host_run(sp, p, end, h, WVM_HP_NONE);
            wvm_store_flush(&sp->store);
        }
        all &= empty;
    }
    return all;
}

void wvm_space_close(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct extent x = measure(sp, lo, hi);
    if (x.first == x.last)
        return;
    uint64_t most = wvm_space_maps_scarce(sp) ? FENCE_SCARCE : FENCE_PAGES;
    if (x.all_rw && x.n_pages <= most && fences_allowed() && fence_runs(sp, x.first, x.last))
        return;
    if (discard_range(sp, x.first, x.last))
        return;
    wvm_host.unlock(wvm_addr_of(x.first), (x.last - x.first) << WVM_PAGE_SHIFT);
    if (wvm_host_caps.guard && fence_runs(sp, x.first, x.last))
        return;
    sp->stale = true;
    empty_runs(sp, x.first, x.last);
}

bool wvm_space_clean_stale(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                           uint64_t hi)
{
    uint8_t v = WVM_ATTR_RESERVED;
    bool clean = true;
    if (WVM_LIKELY(!sp->stale))
        return true;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = hi;
        if (a)
            end = wvm_pages_next(&sp->store, &a->pages, p - a->origin, hi - a->origin, &v) +
                  a->origin;
        if (v == WVM_ATTR_RESERVED)
            clean &= empty_runs(sp, p, end);
    }
    return clean;
}
