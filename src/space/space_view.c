/* Views: mapping files and shared memory, and taking them away.
 *
 * Terms   as in space_view.h; sparse = of a backing whose pages are committed one by one.
 * I1  A view is an allocation with WVM_ALLOC_VIEW and a description (struct wvm_view), which is in
 *     the list of its backing's views and holds a reference to it.
 * I2  The host's mapping of a shared view is MAP_SHARED, of any other MAP_PRIVATE: copy-on-write is
 *     the host's. (Parts of a shared view that are WRITECOPY: space_view_pages.c.)
 * I3  sp->host says of a view's pages what they are: open with a protection, or HELD; never NONE or
 *     FENCED. A reserved page of a sparse view is HELD. A view that shares no granule with private
 *     memory and was never changed is not entered there (`entered`), its pages are NONE: entering
 *     would cost a third of the mapping. While one of those is in our mappings, no range of more
 *     than a granule is filled.
 * I4  A view is charged for the pages that the program may write copies of from the start.
 * I5  References are given up outside the lock: the last one may close descriptors.
 * Locking: the space lock, taken here.   Failure: nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_change.h"
#include "space/space_place.h"
#include "space/space_view.h"

bool wvm_space_stock_view(struct wvm_space *sp)
{
    struct wvm_cells *p = &sp->store.view;
    void *mem;
    if (WVM_LIKELY(wvm_cells_room(p)))
        return true;
    if (wvm_space_take_meta(sp, wvm_cells_segment_len(p), &mem) && wvm_cells_add(p, mem) == 0)
        return true;
    wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
    return false;
}

struct wvm_backing *wvm_space_backing_of(struct wvm_space *sp, const struct wvm_alloc *a)
{
    return wvm_view_at(&sp->store, a->view)->backing;
}

/* ---- the list of a backing's views ---- */

static void link_view(struct wvm_space *sp, struct wvm_backing *b, uint32_t id)
{
    struct wvm_view *v = wvm_view_at(&sp->store, id);
    v->backing = b;
    v->prev = 0;
    v->next = b->first_view;
    if (v->next)
        wvm_view_at(&sp->store, v->next)->prev = id;
    b->first_view = id;
}

static void unlink_view(struct wvm_space *sp, uint32_t id)
{
    struct wvm_view *v = wvm_view_at(&sp->store, id);
    struct wvm_backing *b = v->backing;
    if (v->next)
        wvm_view_at(&sp->store, v->next)->prev = v->prev;
    if (v->prev)
        wvm_view_at(&sp->store, v->prev)->next = v->next;
    else
        b->first_view = v->next;
}

/* ---- mapping ---- */

/* Pages that are charged at once (I4). */
static uint64_t count_copied(const struct wvm_view_request *req)
{
    uint64_t n = 0;
    if (!req->n_parts)
        return wvm_attr_is_copy(req->attr) ? wvm_page_of(req->len) : 0;
    for (unsigned i = 0; i < req->n_parts; i++)
        n += wvm_attr_is_copy(req->part[i].attr) ? req->part[i].end - req->part[i].start : 0;
    return n;
}

static uint16_t flags_of(const struct wvm_view_request *req)
{
    uint16_t flags = WVM_ALLOC_VIEW | (req->replace ? WVM_ALLOC_REPLACED : 0);
    if (wvm_space_writes_through(req->attr))
        flags |= WVM_ALLOC_SHARED;
    if (WVM_UNLIKELY(req->large))
        flags |= WVM_ALLOC_LARGE;
    return flags;
}

/* The pages of the parts get their protections; the whole view is HELD or open so far. */
static int make_parts(struct wvm_space *sp, const struct wvm_view_request *req, uint64_t lo)
{
    int err = 0;
    for (unsigned i = 0; !err && i < req->n_parts; i++) {
        const struct wvm_view_part *part = &req->part[i];
        err = wvm_space_make(sp, lo + part->start, lo + part->end, part->attr, WVM_ALLOC_VIEW);
        wvm_store_flush(&sp->store);
    }
    return err;
}

/* Its pages are not all open with the protection of its AllocationProtect, or private pages may lie
 * in the same granules: what is NONE between two of those is filled (space_host.c 3). */
static bool is_entered(const struct wvm_view_request *req, const struct wvm_place *place)
{
    bool whole = (place->lo | wvm_page_of(req->len)) % WVM_PAGES_PER_GRANULE == 0;
    return (place->ours && !whole) || req->n_parts || req->backing->commits ||
           !wvm_space_prot_of(req->attr);
}

static uint32_t describe(struct wvm_space *sp, const struct wvm_view_request *req,
                         const struct wvm_place *place, uint64_t charged)
{
    uint32_t view = wvm_cells_take(&sp->store.view);
    struct wvm_view *v = wvm_view_at(&sp->store, view);
    v->offset = req->offset;
    v->charged = charged;
    v->anonymous = req->anonymous;
    v->ours = place->ours;
    v->entered = is_entered(req, place);
    sp->n_hidden += place->ours && !v->entered;
    link_view(sp, req->backing, view);
    wvm_backing_hold(req->backing);
    sp->n_views++;
    sp->n_staying += req->large;
    sp->n_edges++;
    return view;
}

/* Before a reader can find the view. */
static void widen(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (lo < sp->views_lo || !sp->views_hi)
        __atomic_store_n(&sp->views_lo, lo, __ATOMIC_RELAXED);
    if (hi > sp->views_hi)
        __atomic_store_n(&sp->views_hi, hi, __ATOMIC_RELEASE);
}

static struct wvm_alloc *publish(struct wvm_space *sp, const struct wvm_view_request *req,
                                 const struct wvm_place *place, uint32_t view)
{
    struct wvm_found like = {
        .start = place->lo, .end = place->lo + wvm_page_of(req->len), .attr = req->attr,
        .type = req->type, .flags = flags_of(req),
    };
    uint8_t v = req->backing->commits ? WVM_ATTR_RESERVED : req->attr;
    uint32_t id;
    if (place->old) {
        id = wvm_space_become(sp, place->old, &like, v);
    } else {
        id = wvm_alloc_make(&sp->store, &like, like.start);
        struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
        wvm_pages_start(&a->pages, wvm_pages_height(like.end - like.start), v);
    }
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    a->mixed = (req->attr & (WVM_ATTR_NOCACHE | WVM_ATTR_WRITECOMBINE)) != 0;
    a->view = view;
    wvm_view_at(&sp->store, view)->alloc = id;
    for (unsigned i = 0; i < req->n_parts; i++) {
        wvm_space_set_pages(sp, a, like.start + req->part[i].start, like.start + req->part[i].end,
                            req->part[i].attr);
        wvm_store_flush(&sp->store);
    }
    if (!place->ours)
        widen(sp, like.start, like.end);
    if (!place->old)
        wvm_index_insert(&sp->store, &sp->index, id);
    sp->last = id;
    return a;
}

/* Everything that can be wanting before the first host call. */
static wvm_status stock_map(struct wvm_space *sp, const struct wvm_view_request *req,
                            uint64_t charged)
{
    if (!wvm_space_stock(sp, 2 * (uint64_t)req->n_parts, wvm_page_of(req->len)) ||
        !wvm_space_stock_view(sp))
        return STATUS_NO_MEMORY;
    if (!wvm_space_maps_allow_more(sp, 1 + 2 * (uint64_t)req->n_parts))
        return wvm_space_fail(STATUS_NO_MEMORY, "the host's vm.max_map_count is nearly reached; "
                              "raise it with sysctl", 0);
    return charged ? wvm_space_charge_ok(sp, charged) : STATUS_SUCCESS;
}

/* The pages are mapped; what is left are the tables and the parts. */
static wvm_status finish_map(struct wvm_space *sp, const struct wvm_view_request *req,
                             const struct wvm_place *place, unsigned prot)
{
    uint64_t lo = place->lo, hi = lo + wvm_page_of(req->len);
    if (is_entered(req, place))
        wvm_space_set_host(sp, lo, hi, prot ? (uint8_t)prot : WVM_HP_HELD);
    wvm_status status = STATUS_NO_MEMORY;
    if (place->old || wvm_space_stock_index(sp, WVM_GRANULE_OF(lo)))
        status = wvm_space_attr_ready(sp, lo, lo, hi, req->attr);
    if (status)
        return status;
    if (WVM_UNLIKELY(req->large))
        return wvm_space_keep_view(lo, hi);
    int err = make_parts(sp, req, lo);
    return err ? wvm_space_host_fail(err, req->len) : STATUS_SUCCESS;
}

static wvm_status commit_first(struct wvm_space *sp, struct wvm_alloc *a, uint64_t n)
{
    if (!wvm_space_backing_of(sp, a)->commits)
        return STATUS_SUCCESS;
    if (wvm_space_arm_hook)
        wvm_space_arm_hook(); /* pages that another process commits are opened by a fault */
    wvm_status status = wvm_space_view_sync(sp, a, a->start, a->end);
    if (!status && n)
        status = wvm_space_commit_locked(sp, a->start, a->start + n, a->attr);
    return status;
}

/* *b: the backing, whose reference is the caller's now. */
static wvm_status unmap_view(struct wvm_space *sp, struct wvm_alloc *a, uint32_t id, bool keep,
                             struct wvm_backing **b) WVM_MUST_CHECK;

/* A mapping that came to nothing. What the host does not take back stays occupied. */
static void give_up(struct wvm_space *sp, const struct wvm_place *place, uint64_t hi)
{
    if (wvm_space_vacate_view(sp, place, place->lo, hi))
        return;
    wvm_space_set_host(sp, place->lo, hi, WVM_HP_NONE);
    wvm_space_give_place(sp, place, place->lo, hi);
}

static wvm_status map_locked(struct wvm_space *sp, struct wvm_view_request *req)
{
    struct wvm_place place = {0};
    uint64_t charged = count_copied(req);
    bool later = req->n_parts || req->backing->commits;
    unsigned prot = later ? WVM_HOST_NONE : wvm_space_prot_of(req->attr);
    wvm_status status = stock_map(sp, req, charged);
    if (status)
        return status;
    status = wvm_space_place_view(sp, req, prot, &place);
    if (status)
        return status;
    status = finish_map(sp, req, &place, prot);
    if (status) {
        give_up(sp, &place, place.lo + wvm_page_of(req->len));
        return status;
    }
    wvm_space_charge(sp, (int64_t)charged);
    sp->view_charge += charged;
    struct wvm_alloc *a = publish(sp, req, &place, describe(sp, req, &place, charged));
    status = commit_first(sp, a, req->n_commit);
    if (!status) {
        req->start = wvm_addr_of(place.lo);
        return STATUS_SUCCESS;
    }
    struct wvm_backing *b;
    uint32_t id = wvm_view_at(&sp->store, a->view)->alloc;
    if (unmap_view(sp, a, id, req->replace, &b) == STATUS_SUCCESS)
        wvm_backing_drop(b); /* not the last: the caller has one */
    return status;
}

wvm_status wvm_space_map(struct wvm_space *sp, struct wvm_view_request *req)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = map_locked(sp, req);
    wvm_space_leave(sp);
    return status;
}

void wvm_space_enter_view(struct wvm_space *sp, const struct wvm_alloc *a)
{
    struct wvm_view *v = wvm_view_at(&sp->store, a->view);
    if (v->entered)
        return;
    wvm_space_set_host(sp, a->start, a->end, (uint8_t)wvm_space_prot_of(a->attr));
    sp->n_hidden -= v->ours;
    v->entered = true;
}

/* ---- unmapping ---- */

/* The view's pages are gone from the host. */
static void forget(struct wvm_space *sp, struct wvm_alloc *a, uint32_t id, bool keep)
{
    struct wvm_found like = {
        .start = a->start, .end = a->end, .attr = WVM_ATTR_NA, .type = WVM_TYPE_PRIVATE,
        .flags = WVM_ALLOC_PLACEHOLDER,
    };
    uint32_t view = a->view;
    uint64_t charged = wvm_view_at(&sp->store, view)->charged;
    wvm_space_charge(sp, -(int64_t)charged);
    sp->view_charge -= charged;
    wvm_space_forget_marks(sp, a->start, a->end);
    wvm_space_forget_copies(sp, a->start, a->end);
    unlink_view(sp, view);
    wvm_cells_free(&sp->store.view, view);
    sp->n_views--;
    sp->n_staying -= (a->flags & WVM_ALLOC_LARGE) != 0;
    wvm_space_maps_fewer(sp, 1);
    if (keep) {
        wvm_space_become(sp, id, &like, WVM_ATTR_RESERVED);
        return;
    }
    wvm_index_remove(&sp->store, &sp->index, id);
    wvm_pages_end(&sp->store, &a->pages);
    wvm_cells_free(&sp->store.alloc, id);
}

static wvm_status unmap_view(struct wvm_space *sp, struct wvm_alloc *a, uint32_t id, bool keep,
                             struct wvm_backing **b)
{
    struct wvm_view *v = wvm_view_at(&sp->store, a->view);
    struct wvm_place place = {.lo = a->start, .ours = v->ours, .old = keep ? id : 0};
    uint64_t lo = a->start, hi = a->end;
    wvm_space_close_begin(sp, a, lo, hi);
    int err = wvm_space_vacate_view(sp, &place, lo, hi);
    if (err) {
        wvm_space_change_end(sp, a, true);
        return wvm_space_host_fail(err, (hi - lo) << WVM_PAGE_SHIFT);
    }
    *b = v->backing;
    if (v->entered)
        wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
    else
        sp->n_hidden -= v->ours;
    forget(sp, a, id, keep);
    wvm_space_close_end(sp);
    wvm_space_give_place(sp, &place, lo, hi);
    return STATUS_SUCCESS;
}

static wvm_status unmap_locked(struct wvm_space *sp, uintptr_t addr, bool keep,
                               struct wvm_backing **b)
{
    uint32_t id;
    struct wvm_alloc *a = wvm_space_find(sp, wvm_page_of(addr), &id);
    if (!a || !(a->flags & WVM_ALLOC_VIEW))
        return wvm_space_fail(STATUS_NOT_MAPPED_VIEW, "no view of winvm's at", addr);
    if (keep && !(a->flags & WVM_ALLOC_REPLACED))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the view did not replace a placeholder", wvm_addr_of(a->start));
    if (!wvm_space_stock_close(sp, 0, 0))
        return STATUS_NO_MEMORY;
    return unmap_view(sp, a, id, keep, b);
}

wvm_status wvm_space_unmap(struct wvm_space *sp, uintptr_t addr, bool keep)
{
    struct wvm_backing *b = NULL;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = unmap_locked(sp, addr, keep, &b);
    wvm_space_leave(sp);
    if (b)
        wvm_backing_drop(b);
    return status;
}

/* ---- looking ---- */

wvm_status wvm_space_view_at(struct wvm_space *sp, uintptr_t addr, struct wvm_view_info *out)
{
    uint32_t id;
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    const struct wvm_alloc *a = wvm_space_find(sp, wvm_page_of(addr), &id);
    if (a && a->flags & WVM_ALLOC_VIEW) {
        const struct wvm_view *v = wvm_view_at(&sp->store, a->view);
        *out = (struct wvm_view_info){
            .backing = v->backing, .start = wvm_addr_of(a->start), .end = wvm_addr_of(a->end),
            .offset = v->offset, .attr = a->attr, .type = a->type,
        };
        wvm_backing_hold(out->backing);
    } else {
        status = wvm_space_fail(STATUS_NOT_MAPPED_VIEW, "no view of winvm's at", addr);
    }
    wvm_space_leave(sp);
    return status;
}

bool wvm_space_has_views(struct wvm_space *sp, struct wvm_backing *b)
{
    (void)sp;
    return __atomic_load_n(&b->first_view, __ATOMIC_RELAXED) != 0;
}

/* ---- the charge of sections ---- */

wvm_status wvm_space_charge_section(struct wvm_space *sp, uint64_t n_pages)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = wvm_space_charge_ok(sp, n_pages);
    if (!status) {
        wvm_space_charge(sp, (int64_t)n_pages);
        sp->section_charge += n_pages;
    }
    wvm_space_leave(sp);
    return status;
}

void wvm_space_uncharge_section(struct wvm_space *sp, uint64_t n_pages)
{
    /* A handler inside winvm leaves it to the next one. */
    if (wvm_space_enter(sp)) {
        __atomic_fetch_add(&sp->uncharged, n_pages, __ATOMIC_RELAXED);
        return;
    }
    n_pages += __atomic_exchange_n(&sp->uncharged, 0, __ATOMIC_RELAXED);
    wvm_space_charge(sp, -(int64_t)n_pages);
    sp->section_charge -= n_pages;
    wvm_space_leave(sp);
}
