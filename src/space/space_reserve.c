/* MEM_RESERVE, with or without MEM_COMMIT: finding the place, opening the pages, publishing.
 *
 * I1  The order is: place (or claim), open, then tables. A failing step gives the place back.
 * I2  A fixed range conflicts page by page: the free pages of a granule whose other pages belong to
 *     a remainder may be reserved again, from the granule's start.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_change.h"

wvm_status wvm_space_check_free(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t id = wvm_index_before(&sp->store, &sp->index, hi - 1);
    struct wvm_alloc *a = id ? wvm_alloc_at(&sp->store, id) : NULL;
    if (a && a->end > lo)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "range overlaps the reservation at",
                              wvm_addr_of(a->start));
    return STATUS_SUCCESS;
}

/* A free range at an address of the caller's. */
static wvm_status claim_fixed(struct wvm_space *sp, const struct wvm_request *req, uint64_t start,
                              uint64_t end)
{
    uint64_t lo = WVM_GRANULE_OF(start), hi = WVM_GRANULE_OF(end - 1) + 1;
    wvm_status status = wvm_space_check_free(sp, start, end);
    if (status)
        return status;
    return WVM_UNLIKELY(req->beyond) ? wvm_space_claim_any(sp, req->window, lo, hi)
                                     : wvm_space_claim(sp, req->window, lo, hi);
}

wvm_status wvm_space_place_range(struct wvm_space *sp, const struct wvm_request *req,
                                 uint64_t *start)
{
    uint64_t n = WVM_GRANULE_OF(wvm_page_of(req->len) + WVM_PAGES_PER_GRANULE - 1), g;
    struct wvm_bounds bounds = {
        .window = req->window,
        .low = req->low >> WVM_GRANULE_SHIFT,
        .align = req->align >> WVM_GRANULE_SHIFT,
        .top_down = req->top_down,
    };
    *start = 0;
    if (req->limit) {
        if (req->limit <= WVM_GRANULE_SIZE || req->limit - WVM_GRANULE_SIZE < req->len)
            return wvm_space_fail(STATUS_NO_MEMORY, "nothing of this size can lie below",
                                  req->limit);
        /* The rest of the last granule may lie above. */
        bounds.limit = ((req->limit - req->len) >> WVM_GRANULE_SHIFT) + n;
    }
    wvm_status status = wvm_space_place(sp, n, &bounds, &g);
    *start = WVM_PAGE_OF_GRANULE(g);
    return status;
}

static wvm_status find_place(struct wvm_space *sp, const struct wvm_request *req, uint64_t *start)
{
    if (!req->start)
        return wvm_space_place_range(sp, req, start);
    *start = wvm_page_of(req->start);
    return claim_fixed(sp, req, *start, wvm_page_of(req->start + req->len));
}

static uint32_t make_alloc(struct wvm_space *sp, const struct wvm_request *req, uint64_t start,
                           uint64_t end)
{
    struct wvm_found like = {
        .start = start, .end = end, .attr = req->attr,
        .type = WVM_TYPE_PRIVATE, .flags = req->flags,
    };
    uint32_t id = wvm_alloc_make(&sp->store, &like, start);
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    a->mixed = (req->attr & (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)) != 0;
    wvm_pages_start(&a->pages, wvm_pages_height(end - start),
                    req->commit ? req->attr : WVM_ATTR_RESERVED);
    return id;
}

wvm_status wvm_space_open_new(struct wvm_space *sp, const struct wvm_request *req, uint64_t start,
                              uint64_t end)
{
    wvm_space_watch_prepare(sp, req->flags, start, end);
    if (!req->commit)
        return STATUS_SUCCESS;
    wvm_status status = wvm_space_charge_ok(sp, end - start);
    if (!status)
        status = wvm_space_attr_ready(sp, start, start, end, req->attr);
    if (!status)
        status = wvm_space_watch_ready(sp, req->flags, start, start, end);
    if (status)
        return status;
    if (WVM_UNLIKELY(req->flags & WVM_ALLOC_STAYS))
        return wvm_space_make_staying(sp, req, start, end);
    int err = -ENOMEM;
    if (wvm_space_clean_stale(sp, NULL, start, end))
        err = wvm_space_make(sp, start, end, req->attr, req->flags);
    return err < 0 ? wvm_space_host_fail(err, req->len) : STATUS_SUCCESS;
}

static wvm_status reserve_locked(struct wvm_space *sp, struct wvm_request *req)
{
    uint64_t start;
    if (!wvm_space_stock(sp, 0, 0))
        return STATUS_NO_MEMORY;
    if (WVM_UNLIKELY(req->flags & WVM_ALLOC_REPLACED))
        return wvm_space_replace(sp, req);
    wvm_status status = find_place(sp, req, &start);
    if (status)
        return status;
    uint64_t end = start + wvm_page_of(req->len);
    wvm_space_join(sp, start, end);
    status = STATUS_NO_MEMORY;
    if (wvm_space_stock_index(sp, WVM_GRANULE_OF(start)))
        status = wvm_space_open_new(sp, req, start, end);
    if (status) {
        wvm_space_watch_end(sp, req->flags, start, end);
        wvm_space_unoccupy(sp, start, end);
        return status;
    }
    if (req->commit)
        wvm_space_charge(sp, end - start);
    if (WVM_UNLIKELY(req->flags & WVM_ALLOC_PHYSICAL))
        sp->n_edges += WVM_WINDOW_EDGES;
    sp->last = make_alloc(sp, req, start, end);
    wvm_index_insert(&sp->store, &sp->index, sp->last);
    req->start = wvm_addr_of(start);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_reserve(struct wvm_space *sp, struct wvm_request *req)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = reserve_locked(sp, req);
    wvm_space_leave(sp);
    return status;
}

/* ---- the page that winvm writes and the program reads ---- */

static wvm_status fix_locked(struct wvm_space *sp, struct wvm_request *req, uintptr_t from)
{
    uint64_t start;
    if (!wvm_space_stock(sp, 0, 0))
        return STATUS_NO_MEMORY;
    wvm_status status = find_place(sp, req, &start);
    if (status)
        return status;
    int err = -ENOMEM;
    if (wvm_space_maps_allow_more(sp, 2) && wvm_space_stock_index(sp, WVM_GRANULE_OF(start)))
        err = wvm_host.alias(from, WVM_PAGE_SIZE, req->start);
    if (err < 0) {
        wvm_space_unoccupy(sp, start, start + 1);
        return wvm_space_host_fail(err, WVM_PAGE_SIZE);
    }
    wvm_space_set_host(sp, start, start + 1, WVM_HOST_R);
    sp->last = make_alloc(sp, req, start, start + 1);
    wvm_index_insert(&sp->store, &sp->index, sp->last);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_fixed_page(struct wvm_space *sp, struct wvm_window *window, uintptr_t addr,
                                uintptr_t from)
{
    struct wvm_request req = {
        .window = window, .start = addr, .len = WVM_PAGE_SIZE, .attr = WVM_ATTR_RO,
        .commit = true, .flags = WVM_ALLOC_FIXED_PAGE,
    };
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = fix_locked(sp, &req, from);
    wvm_space_leave(sp);
    return status;
}

/* First page >= at that lies as far above a multiple of 4 GiB as `like` does. */
static uint64_t next_like(uint64_t at, uint64_t like)
{
    const uint64_t step = WVM_WINDOW_SIZE >> WVM_PAGE_SHIFT;
    return at + ((like - at) & (step - 1));
}

wvm_status wvm_space_fixed_pages_move(struct wvm_space *sp, uintptr_t like, uintptr_t from)
{
    uint32_t id;
    uint64_t at = next_like(0, wvm_page_of(like));
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    while (WVM_GRANULE_OF(at) < WVM_N_GRANULES &&
           (id = wvm_index_after(&sp->store, &sp->index, at)) != 0) {
        const struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
        if (a->start == at && a->flags & WVM_ALLOC_FIXED_PAGE) {
            int err = wvm_host.alias(from, WVM_PAGE_SIZE, wvm_addr_of(at));
            if (err < 0)
                status = wvm_space_host_fail(err, WVM_PAGE_SIZE);
        }
        at = next_like(a->start > at ? a->start : at + 1, wvm_page_of(like));
    }
    wvm_space_leave(sp);
    return status;
}
