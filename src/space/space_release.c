/* MEM_DECOMMIT and MEM_RELEASE.
 *
 * I1  Neither can fail once its arguments are good and bookkeeping memory is there.
 * I2  Releasing a part leaves up to two remainders, each an allocation of its own with its own
 *     base; readers see the old allocation or the remainder, never neither.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_change.h"

struct target {
    uint32_t id;
    struct wvm_alloc *a;
    uint64_t start, end; /* pages to be done */
};

/* The rules common to both calls: which allocation, and is the range inside it. */
static wvm_status find_target(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                              struct target *t)
{
    t->start = wvm_page_of(start);
    t->end = wvm_page_of(end);
    t->a = wvm_space_find(sp, t->start, &t->id);
    if (!t->a)
        return wvm_space_fail(STATUS_MEMORY_NOT_ALLOCATED, "no allocation of winvm's at", start);
    if (t->a->flags & WVM_ALLOC_FIXED_PAGE)
        return wvm_space_fail(STATUS_UNABLE_TO_FREE_VM, "the shared user data page", start);
    if (t->start == t->end) {
        if (t->start != t->a->start)
            return wvm_space_fail(STATUS_FREE_VM_NOT_AT_BASE, "size 0 needs the base, which is",
                                  wvm_addr_of(t->a->start));
        t->end = t->a->end;
    }
    if (t->end > t->a->end)
        return wvm_space_fail(STATUS_UNABLE_TO_FREE_VM, "the range ends past the allocation, at",
                              wvm_addr_of(t->a->end));
    if (t->a->type != WVM_TYPE_PRIVATE)
        return wvm_space_fail(STATUS_UNABLE_TO_DELETE_SECTION, "a view, mapped at",
                              wvm_addr_of(t->a->start));
    return STATUS_SUCCESS;
}

/* A window of physical pages goes as a whole, and what it shows is not committed. */
static wvm_status check_window(const struct target *t, bool release)
{
    bool whole = t->start == t->a->start && t->end == t->a->end;
    if (WVM_LIKELY(!(t->a->flags & WVM_ALLOC_PHYSICAL)) || (release && whole))
        return STATUS_SUCCESS;
    return wvm_space_fail(
        release ? STATUS_FREE_VM_NOT_AT_BASE : STATUS_MEMORY_NOT_ALLOCATED,
        "reserved with MEM_PHYSICAL, which can be released as a whole only, at",
        wvm_addr_of(t->a->start));
}

bool wvm_space_drop(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi, bool keep)
{
    uint64_t n = wvm_space_count_committed(sp, a, lo, hi);
    if (!n && !wvm_space_any_fired(sp, lo, hi))
        return false;
    wvm_space_close_begin(sp, a, lo, hi);
    if (keep)
        wvm_space_watch_keep(sp, a, lo, hi);
    if (WVM_UNLIKELY(a->flags & WVM_ALLOC_STAYS))
        wvm_space_close_staying(sp, a, lo, hi);
    else
        wvm_space_close(sp, lo, hi);
    wvm_space_charge(sp, -(int64_t)n);
    wvm_space_forget_marks(sp, lo, hi);
    return true;
}

/* ---- decommit ---- */

static wvm_status decommit_locked(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                                  uintptr_t *out_end)
{
    struct target t;
    wvm_status status = find_target(sp, start, end, &t);
    if (!status)
        status = check_window(&t, false);
    if (status)
        return status;
    if (WVM_UNLIKELY(t.a->flags & WVM_ALLOC_STAYS))
        return wvm_space_fail(STATUS_UNABLE_TO_FREE_VM, "memory that always stays, allocated at",
                              wvm_addr_of(t.a->start));
    if (!wvm_space_stock_close(sp, 0, 0))
        return STATUS_NO_MEMORY;
    if (wvm_space_drop(sp, t.a, t.start, t.end, true)) {
        wvm_space_set_pages(sp, t.a, t.start, t.end, WVM_ATTR_RESERVED);
        wvm_space_close_end(sp);
    }
    *out_end = wvm_addr_of(t.end);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_decommit(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                              uintptr_t *out_end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = decommit_locked(sp, start, end, out_end);
    wvm_space_leave(sp);
    return status;
}

/* ---- release ---- */

/* A copy of the allocation's description for the pages [start, end) of it, without a page map. */
static uint32_t make_remainder(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t start,
                               uint64_t end, uint64_t origin)
{
    struct wvm_found like = {
        .start = start, .end = end, .attr = a->attr, .type = a->type, .flags = a->flags,
    };
    uint32_t id = wvm_alloc_make(&sp->store, &like, origin);
    wvm_alloc_at(&sp->store, id)->mixed = a->mixed;
    return id;
}

/* The pages behind the released ones become an allocation; its map is built run by run. */
static void keep_right(struct wvm_space *sp, const struct target *t)
{
    uint64_t from = t->end, to = t->a->end;
    uint32_t id = make_remainder(sp, t->a, from, to, from);
    struct wvm_alloc *r = wvm_alloc_at(&sp->store, id);
    uint8_t v;
    uint64_t end = wvm_state_run(sp, t->a, from, to, &v);
    wvm_pages_start(&r->pages, wvm_pages_height(to - from), v);
    for (uint64_t p = end; p < to; p = end) {
        end = wvm_state_run(sp, t->a, p, to, &v);
        wvm_space_set_pages(sp, r, p, to, v);
        wvm_store_flush(&sp->store);
    }
    wvm_index_insert(&sp->store, &sp->index, id);
}

/* The pages before the released ones take over the map in one store for readers; what it says about
 * later pages is then cut off. */
static void keep_left(struct wvm_space *sp, const struct target *t)
{
    struct wvm_alloc *a = t->a;
    uint32_t id = make_remainder(sp, a, a->start, t->start, a->origin);
    struct wvm_alloc *l = wvm_alloc_at(&sp->store, id);
    uint8_t last;
    uint64_t cut = t->start - a->origin;
    wvm_pages_adopt(&l->pages, &a->pages);
    wvm_index_replace(&sp->store, &sp->index, t->id, id);
    wvm_pages_abandon(&a->pages);
    wvm_pages_next(&sp->store, &l->pages, cut - 1, cut, &last);
    wvm_pages_set(&sp->store, &l->pages, cut, (uint64_t)1 << (6 * l->pages.height), last);
}

static bool release_target(struct wvm_space *sp, const struct target *t)
{
    uint64_t old_start = t->a->start, old_end = t->a->end;
    uint64_t runs = 0;
    if (WVM_UNLIKELY(t->a->flags & WVM_ALLOC_PHYSICAL) && wvm_space_clear_window(sp, t->a))
        return false;
    if (t->end < old_end) {
        runs = wvm_pages_count_runs(&sp->store, &t->a->pages, t->end - t->a->origin,
                                    old_end - t->a->origin, UINT64_MAX);
        if (!wvm_space_stock_index(sp, WVM_GRANULE_OF(t->end)))
            return false;
    }
    if (!wvm_space_stock_close(sp, runs, old_end - t->end))
        return false;
    bool dropped = wvm_space_drop(sp, t->a, t->start, t->end, false);
    wvm_space_watch_end(sp, t->a->flags, t->start, t->end);
    if (t->end < old_end)
        keep_right(sp, t);
    if (old_start < t->start) {
        keep_left(sp, t);
    } else {
        wvm_index_remove(&sp->store, &sp->index, t->id);
        wvm_pages_end(&sp->store, &t->a->pages);
    }
    if (dropped)
        wvm_space_close_end(sp);
    if (t->a->flags & WVM_ALLOC_PLACEHOLDER)
        wvm_space_join(sp, t->start, t->end);
    wvm_cells_free(&sp->store.alloc, t->id);
    wvm_space_unoccupy(sp, t->start, t->end);
    wvm_space_tidy(sp, t->start);
    return true;
}

static wvm_status release_locked(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                                 uintptr_t *out_end)
{
    struct target t;
    wvm_status status = find_target(sp, start, end, &t);
    if (!status)
        status = check_window(&t, true);
    if (status)
        return status;
    if (WVM_UNLIKELY(!wvm_space_is_whole(t.a, t.start, t.end)))
        return wvm_space_fail(STATUS_UNABLE_TO_FREE_VM, "part of a large page, allocated at",
                              wvm_addr_of(t.a->start));
    if (!release_target(sp, &t))
        return STATUS_NO_MEMORY;
    *out_end = wvm_addr_of(t.end);
    return STATUS_SUCCESS;
}

/* The page's memory is another's, and nobody is charged for it. */
static bool empty_fixed(struct wvm_space *sp, struct wvm_alloc *a)
{
    int err;
    do
        err = wvm_host.discard(wvm_addr_of(a->start), (a->end - a->start) << WVM_PAGE_SHIFT);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    if (err || !wvm_space_stock_close(sp, 0, 0))
        return false;
    wvm_space_set_host(sp, a->start, a->end, WVM_HP_NONE);
    wvm_space_set_pages(sp, a, a->start, a->end, WVM_ATTR_RESERVED);
    return true;
}

bool wvm_space_release_whole(struct wvm_space *sp, uint32_t id)
{
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    const struct target t = {.id = id, .a = a, .start = a->start, .end = a->end};
    if (a->flags & WVM_ALLOC_FIXED_PAGE && !empty_fixed(sp, a))
        return false;
    return release_target(sp, &t);
}

wvm_status wvm_space_release(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                             uintptr_t *out_end)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = release_locked(sp, start, end, out_end);
    wvm_space_leave(sp);
    return status;
}
