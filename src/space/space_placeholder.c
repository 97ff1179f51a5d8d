/* Placeholders: reservations that keep a range of addresses for allocations and views to come.
 *
 * Terms   placeholder = an allocation flagged so: reserved, AllocationProtect NOACCESS;
 *         to replace = to put an allocation over exactly its pages; to preserve = to make it a
 *         placeholder again, or to cut a smaller one out of a placeholder.
 * I1  The range of a placeholder lies in mappings of ours, and splitting, joining, replacing and
 *     preserving never unmap: at no moment could a mapping of somebody else's come there.
 * I2  All pages of a placeholder are reserved; its range begins and ends at any page. Several of
 *     them may lie in one granule, with what replaced others.
 * I3  Readers see the old allocation or a new one at each page, never nothing.
 * Locking: the space lock, taken here, but by wvm_space_replace.   Failure: nothing changed.
 * Preserving never fails for want of host resources.   Signal safety: not for handlers. */
#include "space/space_change.h"

static wvm_status conflict(const char *why, uint64_t page)
{
    return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, why, wvm_addr_of(page));
}

static struct wvm_found describe(uint64_t start, uint64_t end)
{
    return (struct wvm_found){.start = start, .end = end, .attr = WVM_ATTR_NA,
                              .type = WVM_TYPE_PRIVATE, .flags = WVM_ALLOC_PLACEHOLDER};
}

/* ---- replacing ---- */

wvm_status wvm_space_find_placeholder(struct wvm_space *sp, uint64_t start, uint64_t end,
                                      uint32_t *id)
{
    const struct wvm_alloc *a = wvm_space_find(sp, start, id);
    if (!a || !(a->flags & WVM_ALLOC_PLACEHOLDER))
        return conflict("no placeholder at", start);
    if (a->start != start || a->end != end)
        return conflict("not the exact range of the placeholder at", a->start);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_replace(struct wvm_space *sp, const struct wvm_request *req)
{
    uint64_t start = wvm_page_of(req->start), end = wvm_page_of(req->start + req->len);
    uint32_t id;
    struct wvm_found like = {
        .start = start, .end = end, .attr = req->attr,
        .type = WVM_TYPE_PRIVATE, .flags = req->flags,
    };
    wvm_status status = wvm_space_find_placeholder(sp, start, end, &id);
    if (status)
        return status;
    wvm_space_join(sp, start, end);
    status = wvm_space_open_new(sp, req, start, end);
    if (status) {
        wvm_space_watch_end(sp, req->flags, start, end);
        return status;
    }
    if (req->commit)
        wvm_space_charge(sp, (int64_t)(end - start));
    wvm_space_become(sp, id, &like, req->commit ? req->attr : WVM_ATTR_RESERVED);
    return STATUS_SUCCESS;
}

/* ---- preserving ---- */

/* A placeholder of its own for pages [start, end), which lie in a larger one. */
static void add_piece(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    struct wvm_found like = describe(start, end);
    uint32_t id = wvm_alloc_make(&sp->store, &like, start);
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    a->mixed = false;
    wvm_pages_start(&a->pages, wvm_pages_height(end - start), WVM_ATTR_RESERVED);
    wvm_index_insert(&sp->store, &sp->index, id);
}

/* The pieces above the first one appear first: until the first one is cut, the old placeholder
 * answers for what is below them. */
static wvm_status split(struct wvm_space *sp, uint32_t id, uint64_t start, uint64_t end)
{
    uint64_t lo = wvm_alloc_at(&sp->store, id)->start, hi = wvm_alloc_at(&sp->store, id)->end;
    if (lo == start && hi == end)
        return conflict("nothing to split off the placeholder at", lo);
    if (!wvm_space_stock_index(sp, WVM_GRANULE_OF(start)) ||
        !wvm_space_stock_index(sp, WVM_GRANULE_OF(end)) || !wvm_space_stock_close(sp, 0, 0))
        return STATUS_NO_MEMORY;
    if (end < hi)
        add_piece(sp, end, hi);
    if (lo < start)
        add_piece(sp, start, end);
    struct wvm_found first = describe(lo, lo < start ? start : end);
    wvm_space_become(sp, id, &first, WVM_ATTR_RESERVED);
    return STATUS_SUCCESS;
}

static wvm_status give_back(struct wvm_space *sp, uint32_t id)
{
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    struct wvm_found like = describe(a->start, a->end);
    if (!wvm_space_stock_close(sp, 0, 0))
        return STATUS_NO_MEMORY;
    bool dropped = wvm_space_drop(sp, a, a->start, a->end, false);
    wvm_space_watch_end(sp, a->flags, a->start, a->end);
    wvm_space_become(sp, id, &like, WVM_ATTR_RESERVED);
    if (dropped)
        wvm_space_close_end(sp);
    return STATUS_SUCCESS;
}

static wvm_status preserve_locked(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    uint32_t id;
    const struct wvm_alloc *a = wvm_space_find(sp, start, &id);
    if (!a)
        return wvm_space_fail(STATUS_MEMORY_NOT_ALLOCATED, "no allocation of winvm's at",
                              wvm_addr_of(start));
    if (a->type != WVM_TYPE_PRIVATE)
        return wvm_space_fail(STATUS_UNABLE_TO_DELETE_SECTION, "a view, mapped at",
                              wvm_addr_of(a->start));
    if (end > a->end)
        return conflict("the range ends past the allocation, at", a->end);
    if (a->flags & WVM_ALLOC_PLACEHOLDER)
        return split(sp, id, start, end);
    if (!(a->flags & WVM_ALLOC_REPLACED))
        return conflict("the allocation did not replace a placeholder:", a->start);
    if (start != a->start || end != a->end)
        return conflict("not the exact range of the allocation at", a->start);
    return give_back(sp, id);
}

wvm_status wvm_space_preserve(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = preserve_locked(sp, wvm_page_of(start), wvm_page_of(end));
    wvm_space_leave(sp);
    return status;
}

/* ---- coalescing ---- */

/* Do placeholders, at least two, make up exactly [start, end)? */
static wvm_status check_pieces(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    uint32_t id;
    unsigned long n = 0;
    for (uint64_t p = start; p < end; n++) {
        const struct wvm_alloc *a = wvm_space_find(sp, p, &id);
        if (!a || !(a->flags & WVM_ALLOC_PLACEHOLDER))
            return conflict("no placeholder at", p);
        if (a->start != p || a->end > end)
            return conflict("the range cuts the placeholder at", a->start);
        p = a->end;
    }
    return n > 1 ? STATUS_SUCCESS : conflict("one placeholder alone, at", start);
}

/* The whole stands over its pieces before they go, one by one. */
static wvm_status coalesce_locked(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    uint32_t id;
    wvm_status status = check_pieces(sp, start, end);
    if (status)
        return status;
    if (!wvm_space_stock_close(sp, 0, 0))
        return STATUS_NO_MEMORY;
    uint64_t next = wvm_space_find(sp, start, &id)->end;
    struct wvm_found whole = describe(start, end);
    wvm_space_become(sp, id, &whole, WVM_ATTR_RESERVED);
    while (next < end) {
        id = wvm_index_after(&sp->store, &sp->index, next);
        struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
        next = a->end;
        wvm_index_remove(&sp->store, &sp->index, id);
        wvm_pages_end(&sp->store, &a->pages);
        wvm_cells_free(&sp->store.alloc, id);
        wvm_store_flush(&sp->store);
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_space_coalesce(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = coalesce_locked(sp, wvm_page_of(start), wvm_page_of(end));
    wvm_space_leave(sp);
    return status;
}
