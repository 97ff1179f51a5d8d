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
static wvm_status claim_fixed(struct wvm_space *sp, const struct wvm_window *w, uint64_t start,
                              uint64_t end)
{
    wvm_status status = wvm_space_check_free(sp, start, end);
    if (status)
        return status;
    return wvm_space_claim(sp, w, WVM_GRANULE_OF(start), WVM_GRANULE_OF(end - 1) + 1);
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
    return claim_fixed(sp, req->window, *start, wvm_page_of(req->start + req->len));
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

/* ---- the page that is there before the program ---- */

/* Fills and seals one page at an address of the caller's. */
static int fill_page(uint64_t page, const void *contents, size_t len)
{
    size_t done = 0;
    int err = wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE, WVM_HOST_R | WVM_HOST_W);
    if (!err)
        done = wvm_host_write(0, contents, wvm_addr_of(page), len);
    return err || done != len ? -1 : wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE, WVM_HOST_R);
}

wvm_status wvm_space_fixed_page(struct wvm_space *sp, uintptr_t addr, const void *contents,
                                size_t len)
{
    struct wvm_request req = {
        .start = addr, .len = WVM_PAGE_SIZE, .attr = WVM_ATTR_RO, .flags = WVM_ALLOC_FIXED_PAGE,
    };
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = reserve_locked(sp, &req);
    if (!status && fill_page(wvm_page_of(addr), contents, len) == 0) {
        uint32_t id;
        struct wvm_alloc *a = wvm_space_find(sp, wvm_page_of(addr), &id);
        wvm_space_set_host(sp, a->start, a->end, WVM_HOST_R);
        wvm_space_set_pages(sp, a, a->start, a->end, WVM_ATTR_RO);
    }
    wvm_space_leave(sp);
    return status;
}
