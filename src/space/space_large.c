/* Memory that always stays: large pages, and nonpaged ones of ordinary size.
 *
 * Terms   unit = what such an allocation is made of and changed in multiples of: a large page
 *         (2 MiB), a huge one (1 GiB), or an ordinary page; reserved pages = those that the
 *         administrator set aside for large pages (hugetlb); transparent ones = made of ordinary
 *         memory by the kernel.
 * I1  An allocation with a flag of WVM_ALLOC_STAYS, no view, is committed whole for as long as it
 *     lives, and begins and ends at a multiple of its unit. All its pages are in memory from the
 *     start.
 * I2  Its pages are not marked in sp->locked, whatever the host does to keep them: locking and
 *     unlocking pass them over (wvm_space_pageable).
 * I3  Transparent and ordinary pages are locked in the host (RLIMIT_MEMLOCK); where that refuses
 *     and the machine has no swap they stay all the same. Reserved ones never leave.
 * I4  Each such allocation is counted in n_edges as two borders more: its mapping is of another
 *     kind than its neighbours'.
 * Views of large pages (WVM_ALLOC_VIEW too) are mapped by space_view.c, and count in n_staying.
 * Where large pages come from is the option `large`. With auto, reserved pages are used when there
 * are enough for the whole allocation, else transparent ones; some of those may be made of small
 * pages then, but not all.
 * A fork child inherits the contents; its pages are neither locked nor always large.
 * Locking: the space lock.   Failure: INSUFFICIENT_RESOURCES, nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "base/options.h"
#include "host/host_large.h"
#include "space/space_internal.h"

uint64_t wvm_space_unit(uint16_t flags)
{
    unsigned shift = flags & WVM_ALLOC_HUGE    ? WVM_HUGE_SHIFT
                     : flags & WVM_ALLOC_LARGE ? WVM_LARGE_SHIFT
                                               : WVM_PAGE_SHIFT;
    return (uint64_t)1 << (shift - WVM_PAGE_SHIFT);
}

bool wvm_space_is_whole(const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    return ((lo | hi) & (wvm_space_unit(a->flags) - 1)) == 0;
}

uint64_t wvm_space_pageable(struct wvm_space *sp, uint64_t *p, uint64_t hi)
{
    const struct wvm_alloc *a;
    if (WVM_LIKELY(!sp->n_staying))
        return hi;
    uint64_t end = *p;
    for (bool found = false; end < hi;) {
        uint64_t to = wvm_space_alloc_run(sp, end, hi, &a);
        bool stays = a && a->flags & WVM_ALLOC_STAYS;
        if (stays && found)
            return end;
        end = to;
        if (stays)
            *p = end;
        else
            found = true;
    }
    return end;
}

/* ---- making ---- */

/* Empty and inaccessible again, whatever was there and whatever kind of mapping. At the host's
 * limit of mappings there is a hole for a moment. */
static bool empty(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    int err;
    do
        err = wvm_host.discard(addr, len);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    if (err && wvm_host.unmap(addr, len) == 0)
        err = wvm_host.reserve_at(addr, len);
    if (err)
        return false;
    wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
    wvm_store_flush(&sp->store);
    wvm_space_watch_replaced(sp, lo, hi);
    return true;
}

/* Locked, or as good as that (I3). */
static int keep(uintptr_t addr, size_t len, bool view)
{
    int err = view ? wvm_host.lock_shared(addr, len) : wvm_host.lock(addr, len);
    if (err == 0)
        return 0;
    wvm_host_diag("the host's RLIMIT_MEMLOCK is reached; raise it with ulimit -l");
    wvm_host.unlock(addr, len);
    return wvm_host_caps.swap ? err : 0;
}

wvm_status wvm_space_keep_view(uint64_t lo, uint64_t hi)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    if (keep(addr, len, true) == 0) {
        wvm_host_meet_large(addr, len);
        return STATUS_SUCCESS;
    }
    return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the host does not lock so much", 0);
}

static int take_reserved(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot,
                         unsigned shift)
{
    const struct wvm_host_large_map map = {
        .addr = wvm_addr_of(lo), .len = (hi - lo) << WVM_PAGE_SHIFT, .shift = shift, .prot = prot};
    int err = wvm_host_has_reserved(shift) ? wvm_host.map_large(&map) : -ENOMEM;
    if (!err)
        wvm_space_set_host(sp, lo, hi, (uint8_t)prot);
    return err;
}

static int make_transparent(uintptr_t addr, size_t len)
{
    bool all = wvm_option(WVM_OPTION_LARGE) == WVM_LARGE_THP;
    size_t n_large, n = len >> WVM_LARGE_SHIFT;
    if (!wvm_host_has_transparent())
        return -ENOMEM;
    int err = wvm_host_make_large(addr, len, all, &n_large);
    if (!err && n_large < n)
        wvm_host_diag("%llu of %llu large pages are made of small ones",
                      (unsigned long long)(n - n_large), (unsigned long long)n);
    return err || n_large ? err : -EAGAIN;
}

/* Pages of ordinary memory, open, are made what the flags say. */
static int make_stay(struct wvm_space *sp, uint16_t flags, uint64_t lo, uint64_t hi, uint8_t attr)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    int err = wvm_space_make(sp, lo, hi, attr, flags);
    if (!err)
        err = flags & WVM_ALLOC_LARGE ? make_transparent(addr, len)
                                      : wvm_host_make_present(addr, len);
    return err ? err : keep(addr, len, false);
}

static int make_large(struct wvm_space *sp, const struct wvm_request *req, uint64_t lo, uint64_t hi)
{
    uint64_t way = wvm_option(WVM_OPTION_LARGE);
    unsigned prot = wvm_space_prot_of(req->attr);
    int err = -ENOMEM;
    if (req->flags & WVM_ALLOC_HUGE)
        return way == WVM_LARGE_THP ? err : take_reserved(sp, lo, hi, prot, WVM_HUGE_SHIFT);
    if (way != WVM_LARGE_THP)
        err = take_reserved(sp, lo, hi, prot, WVM_LARGE_SHIFT);
    return err && way != WVM_LARGE_HUGETLB ? make_stay(sp, req->flags, lo, hi, req->attr) : err;
}

wvm_status wvm_space_make_staying(struct wvm_space *sp, const struct wvm_request *req,
                                  uint64_t lo, uint64_t hi)
{
    int err = -ENOMEM;
    /* Page tables that are left of what was there would keep large pages out. */
    if (wvm_space_stock(sp, 4, hi - lo) && wvm_space_maps_allow_more(sp, 4) && empty(sp, lo, hi))
        err = req->flags & WVM_ALLOC_LARGE ? make_large(sp, req, lo, hi)
                                           : make_stay(sp, req->flags, lo, hi, req->attr);
    if (!err) {
        sp->n_staying++;
        sp->n_edges += 2;
        return STATUS_SUCCESS;
    }
    if (!empty(sp, lo, hi))
        sp->stale = true;
    wvm_host_diag("no memory that stays: %s",
                  req->flags & WVM_ALLOC_LARGE ? "the host has no large pages left for it; see "
                                                 "/proc/sys/vm/nr_hugepages"
                                               : "the host refuses to lock it");
    return wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES, "the host gives no such pages", 0);
}

/* ---- giving back ---- */

void wvm_space_close_staying(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                             uint64_t hi)
{
    int left = (a->start < lo) + (hi < a->end);
    sp->n_staying += (uint32_t)(left - 1);
    sp->n_edges += 2 * (left - 1);
    if (!empty(sp, lo, hi))
        wvm_space_close(sp, lo, hi);
}
