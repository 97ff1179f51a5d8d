/* Where views live.
 *
 * Terms   arena = a range of address space in which nothing is mapped, chosen once, far from where
 *         the kernel puts mappings of its own choice; ours = in a slab or single mapping.
 * I1  A view lives in mappings of ours when it replaces a placeholder, when its address was asked
 *     for and any of it is ours, or when it has bounds or the arena is full. Its pages are put over
 *     ours then, and ours come back when it goes: nobody else can take the range in between.
 * I2  Any other view is mapped where nothing was (MAP_FIXED_NOREPLACE), at half the cost, and
 *     unmapped when it goes.
 * I3  A granule of the arena is in sp->arena, or in the spare range (the one that was vacated
 *     last), exactly when no view occupies it and no foreign mapping was met there. What was met is
 *     not looked at again.
 * I4  Where a view was that made a placeholder again, the pages are a mapping of its own kind
 *     (sp->alone): the next view there replaces exactly one mapping, at half the cost of cutting a
 *     hole into a larger one and closing it. Before private memory comes there, or the range is
 *     free, it is joined with its neighbours; but where all views lie in ours because the whole
 *     range was taken, free pages of the main slab may stay so until private memory comes there or
 *     mappings are scarce.
 * Locking: the space lock.   Failure: nothing changed.   Signal safety: not for handlers. */
#include "space/space_place.h"

#include <errno.h>

#define ARENA_MOST ((uint64_t)16 << (40 - WVM_GRANULE_SHIFT)) /* granules */
#define ARENA_LEAST ((uint64_t)16 << (30 - WVM_GRANULE_SHIFT))
#define TRIES 64

static uint64_t granules(uint64_t n_pages)
{
    return WVM_GRANULE_OF(n_pages + WVM_PAGES_PER_GRANULE - 1);
}

static int map_at(const struct wvm_view_request *req, uint64_t lo, bool over, unsigned prot)
{
    struct wvm_host_file_map m = {
        .addr = wvm_addr_of(lo), .len = req->len, .fd = req->backing->fd, .offset = req->offset,
        .prot = prot, .copy = !wvm_space_writes_through(req->attr), .replace = over,
    };
    return wvm_host.map_file(&m);
}

/* ---- over mappings of ours ---- */

/* Borders between pages that are alone and others, from page lo - 1 to page hi. */
static int64_t count_borders(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    int64_t n = 0;
    uint8_t v;
    uint64_t end = wvm_sheet_next(&sp->store, &sp->alone, lo - 1, hi + 1, &v);
    for (; end <= hi; n++)
        end = wvm_sheet_next(&sp->store, &sp->alone, end, hi + 1, &v);
    return n;
}

static void set_alone(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool alone)
{
    uint8_t v;
    if (!alone && !sp->any_alone)
        return;
    if (wvm_sheet_next(&sp->store, &sp->alone, lo, hi, &v) == hi && v == alone)
        return;
    int64_t before = count_borders(sp, lo, hi);
    sp->any_alone = true;
    wvm_sheet_set(&sp->store, &sp->alone, lo, hi, alone);
    sp->n_edges += count_borders(sp, lo, hi) - before;
}

/* The pages are what they were before there was a view: inaccessible and empty. keep: they stay a
 * mapping of their own. The kernel may have made one mapping of two views, and part it here. At its
 * limit of mappings, without ballast, there is a hole for a moment; if somebody gets that, the view
 * stays, to be unmapped again later. */
static int take_back(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool keep)
{
    uintptr_t addr = wvm_addr_of(lo);
    size_t len = (hi - lo) << WVM_PAGE_SHIFT;
    int err;
    do
        err = keep ? wvm_host.isolate(addr, len) : wvm_host.discard(addr, len);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    if (err == -ENOMEM && wvm_host.unmap(addr, len) == 0) { /* one mapping less */
        err = wvm_host.reserve_at(addr, len);
        keep = false;
    }
    if (err)
        return err;
    set_alone(sp, lo, hi, keep);
    wvm_space_watch_replaced(sp, lo, hi);
    return 0;
}

/* Free pages of ours may be fenced; there is nothing to fence where a view is. */
static void forget_fences(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    if (wvm_host_run(sp, lo, hi, &h) < hi || h != WVM_HP_NONE)
        wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
}

void wvm_space_join(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (!sp->any_alone || !wvm_space_any_marked(sp, &sp->alone.pages, lo, hi) ||
        wvm_host.discard(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) < 0)
        return;
    forget_fences(sp, lo, hi);
    set_alone(sp, lo, hi, false);
}

/* The host refused a view at the place: that is given back, unless it is a hole now. */
static void retreat(struct wvm_space *sp, const struct wvm_place *place, uint64_t hi)
{
    uintptr_t addr = wvm_addr_of(place->lo);
    bool replaced = take_back(sp, place->lo, hi, place->old != 0) == 0;
    /* Without a mapping to spare for that: emptying, where nothing is, needs all of it mapped. */
    bool kept = !replaced && wvm_host.drop(addr, wvm_addr_of(hi) - addr) == 0;
    if (!kept)
        forget_fences(sp, place->lo, hi);
    if (replaced || kept)
        wvm_space_give_place(sp, place, place->lo, hi);
}

static wvm_status map_over(struct wvm_space *sp, const struct wvm_view_request *req, unsigned prot,
                           struct wvm_place *place)
{
    int err = map_at(req, place->lo, true, prot);
    uint64_t hi = place->lo + wvm_page_of(req->len);
    place->ours = true;
    if (err) { /* some kernels unmap first and fail then */
        retreat(sp, place, hi);
        return wvm_space_host_fail(err, req->len);
    }
    forget_fences(sp, place->lo, hi);
    return STATUS_SUCCESS;
}

static wvm_status over_placeholder(struct wvm_space *sp, const struct wvm_view_request *req,
                                   unsigned prot, struct wvm_place *place)
{
    place->lo = wvm_page_of(req->start);
    wvm_status status = wvm_space_find_placeholder(
        sp, place->lo, place->lo + wvm_page_of(req->len), &place->old);
    return status ? status : map_over(sp, req, prot, place);
}

/* ---- the arena ---- */

/* A page that nobody uses, so that the free range around a view is not the longest that the kernel
 * has in that part of its tables: it would update them up to the root. */
static void anchor(struct wvm_space *sp, uint64_t g)
{
    if (wvm_host.reserve_at((uintptr_t)g << WVM_GRANULE_SHIFT, WVM_PAGE_SIZE) == 0)
        sp->n_edges++;
    wvm_gaps_take(&sp->store, &sp->arena, (uint32_t)g, (uint32_t)g + 1);
}

/* The kernel fills a hole from its ends. */
static void choose_arena(struct wvm_space *sp)
{
    uint64_t lo, hi;
    sp->arena_chosen = true;
    if (sp->low)
        return; /* there is nothing but what is ours */
    wvm_space_find_hole(sp, &lo, &hi);
    lo += (hi - lo) / 8;
    hi = wvm_min(hi - (hi - lo) / 4, lo + ARENA_MOST);
    if (hi < lo + ARENA_LEAST)
        return;
    sp->arena_lo = lo;
    sp->arena_hi = hi;
    wvm_gaps_give(&sp->store, &sp->arena, lo, hi);
    anchor(sp, lo);
    for (uint64_t step = ARENA_LEAST; lo + 4 * step < hi && step <= 256 * ARENA_LEAST; step *= 4)
        anchor(sp, lo + step);
}

/* The parts of [lo, hi) (granules) that are free in the arena: in it, or taken out of it. */
static void give_arena(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    lo = wvm_max(lo, sp->arena_lo);
    hi = wvm_min(hi, sp->arena_hi);
    if (lo < hi)
        wvm_gaps_give(&sp->store, &sp->arena, lo, hi);
}

static void give_spare(struct wvm_space *sp)
{
    if (sp->spare_n)
        give_arena(sp, sp->spare, sp->spare + sp->spare_n);
    sp->spare_n = 0;
}

/* Most views are as long as the one before. */
static void keep_spare(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    give_spare(sp);
    if (lo < sp->arena_lo || hi > sp->arena_hi) {
        give_arena(sp, lo, hi);
        return;
    }
    sp->spare = lo;
    sp->spare_n = (uint32_t)(hi - lo);
}

static uint64_t find_in_arena(struct wvm_space *sp, uint64_t n, bool top_down)
{
    if (WVM_LIKELY(n == sp->spare_n && !top_down)) {
        sp->spare_n = 0;
        return sp->spare;
    }
    give_spare(sp);
    return wvm_gaps_place(&sp->store, &sp->arena, (uint32_t)n, top_down);
}

static void take_arena(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t a, b;
    for (uint64_t g = lo; g < hi && wvm_gaps_overlap(&sp->store, &sp->arena, g, hi, &a, &b); g = b)
        wvm_gaps_take(&sp->store, &sp->arena, a, b);
}

/* Granules [lo, hi), taken out, held a foreign mapping: the rest is given back, or all of it when
 * the mapping is gone. */
static void leave_foreign(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_host_vma vma;
    int found = wvm_host_map_find((uintptr_t)lo << WVM_GRANULE_SHIFT, &vma);
    uint64_t from = found < 0 ? lo : hi, to = hi; /* not to be looked at again when nobody tells */
    if (found > 0 && vma.start >> WVM_GRANULE_SHIFT < hi) {
        from = wvm_max(vma.start >> WVM_GRANULE_SHIFT, lo);
        to = wvm_align_up(vma.end, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT;
    }
    give_arena(sp, lo, from);
    if (to < hi)
        give_arena(sp, to, hi);
    else
        take_arena(sp, hi, wvm_min(to, sp->arena_hi));
}

/* False: no room, or it is full of foreign mappings; else *status tells. */
static bool in_arena(struct wvm_space *sp, const struct wvm_view_request *req, unsigned prot,
                     struct wvm_place *place, wvm_status *status)
{
    uint64_t n = granules(wvm_page_of(req->len));
    if (!sp->arena_chosen)
        choose_arena(sp);
    for (int i = 0; i < TRIES && n < WVM_N_GRANULES; i++) {
        uint64_t g = find_in_arena(sp, n, req->top_down);
        if (!g)
            return false;
        place->lo = WVM_PAGE_OF_GRANULE(g);
        int err = map_at(req, place->lo, false, prot);
        *status = STATUS_SUCCESS;
        if (WVM_LIKELY(!err))
            return true;
        if (err == -EEXIST) {
            leave_foreign(sp, g, g + n);
            continue;
        }
        give_arena(sp, g, g + n);
        *status = wvm_space_host_fail(err, req->len);
        return true;
    }
    return false;
}

/* ---- an address of the caller's ---- */

static bool any_ours(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    return wvm_space_in_main(sp, lo, hi) || wvm_space_any_marked(sp, &sp->owner, lo, hi);
}

static wvm_status at_address(struct wvm_space *sp, const struct wvm_view_request *req,
                             unsigned prot, struct wvm_place *place)
{
    uint64_t lo = wvm_page_of(req->start), hi = lo + wvm_page_of(req->len);
    uint64_t from = WVM_GRANULE_OF(lo), to = granules(hi);
    wvm_status status = wvm_space_check_free(sp, lo, hi);
    if (status)
        return status;
    place->lo = lo;
    if (any_ours(sp, from, to)) {
        status = wvm_space_claim(sp, req->window, from, to);
        return status ? status : map_over(sp, req, prot, place);
    }
    int err = map_at(req, lo, false, prot);
    if (!err) {
        give_spare(sp);
        take_arena(sp, from, to);
    }
    if (err == -EEXIST)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range is in use outside winvm, at or above", req->start);
    return err ? wvm_space_host_fail(err, req->len) : STATUS_SUCCESS;
}

/* ---- all of it ---- */

wvm_status wvm_space_place_view(struct wvm_space *sp, const struct wvm_view_request *req,
                                unsigned prot, struct wvm_place *place)
{
    wvm_status status;
    if (req->replace)
        return over_placeholder(sp, req, prot, place);
    if (req->start)
        return at_address(sp, req, prot, place);
    if (WVM_LIKELY(!req->limit && !req->low && !req->window && !req->large) &&
        in_arena(sp, req, prot, place, &status))
        return status;
    const struct wvm_request range = {
        .window = req->window, .len = req->len, .low = req->low, .limit = req->limit,
        .align = req->large ? wvm_space_unit(WVM_ALLOC_LARGE) << WVM_PAGE_SHIFT : 0,
        .top_down = req->top_down};
    status = wvm_space_place_range(sp, &range, &place->lo);
    if (status)
        return status;
    return map_over(sp, req, prot, place);
}

/* The next view is likely to come there. */
static bool stays_alone(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    return sp->low && wvm_space_in_main(sp, WVM_GRANULE_OF(lo), granules(hi)) &&
           !wvm_space_maps_scarce(sp);
}

int wvm_space_vacate_view(struct wvm_space *sp, const struct wvm_place *place, uint64_t lo,
                          uint64_t hi)
{
    int err;
    if (place->ours)
        return take_back(sp, lo, hi, place->old != 0 || stays_alone(sp, lo, hi));
    do
        err = wvm_host.unmap(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    return err;
}

void wvm_space_give_place(struct wvm_space *sp, const struct wvm_place *place, uint64_t lo,
                          uint64_t hi)
{
    if (place->old)
        return;
    if (place->ours)
        wvm_space_unoccupy(sp, lo, hi);
    else
        keep_spare(sp, WVM_GRANULE_OF(lo), granules(hi));
}
