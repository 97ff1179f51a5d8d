/* The validator of the tracker: walks the index and says which invariant is broken.
 * Locking: the space lock. Failure: reports, never repairs. Signal safety: not for handlers. */
#include "region/region.h"

static const char *check_alloc(const struct wvm_store *st, const struct wvm_alloc *a,
                               uint64_t prev_end)
{
    if (a->start >= a->end || a->end > WVM_N_PAGES)
        return "region 1.2: empty or oversized allocation";
    if (a->start < prev_end)
        return "region 1.2: allocations overlap";
    if (a->origin > a->start)
        return "region: origin above start";
    if (a->end - a->origin > (uint64_t)1 << (6 * a->pages.height))
        return "region: page map too low for its allocation";
    return wvm_pages_check(st, &a->pages);
}

const char *wvm_region_check(const struct wvm_store *st, const struct wvm_index *ix)
{
    uint64_t prev_end = 0, n = 0;
    for (uint64_t at = 0;;) {
        uint32_t id = wvm_index_after(st, ix, at);
        if (!id)
            break;
        const struct wvm_alloc *a = wvm_alloc_at(st, id);
        if (wvm_index_before(st, ix, a->start) != id)
            return "region_index: successor and predecessor disagree";
        const char *bad = check_alloc(st, a, prev_end);
        if (bad)
            return bad;
        prev_end = a->end;
        at = a->start + 1;
        n++;
    }
    return n == wvm_cells_used(&st->alloc) ? NULL : "region: an allocation is in no index";
}
