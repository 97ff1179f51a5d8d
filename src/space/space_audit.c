/* The audit: every invariant of the tables, and the tables against the kernel.
 * Locking: takes the space lock. Failure: reports, never repairs.
 * Signal safety: not for handlers. */
#include "space/space_change.h"
#include "space/space_system.h"
#include "space/space_view.h"

/* As sp->host, for views that are not entered there too. */
static uint64_t host_next(struct wvm_space *sp, uint64_t p, uint64_t hi, uint8_t *h)
{
    const struct wvm_alloc *a;
    uint64_t end = wvm_space_alloc_run(sp, p, hi, &a);
    if (a && a->flags & WVM_ALLOC_VIEW && !wvm_view_at(&sp->store, a->view)->entered) {
        *h = (uint8_t)wvm_space_prot_of(a->attr);
        return end;
    }
    return wvm_pages_next(&sp->store, &sp->host.pages, p, end, h);
}

/* Allocations whose committed pages are not what is charged for them. */
#define NOT_CHARGED (WVM_ALLOC_FIXED_PAGE | WVM_ALLOC_VIEW | WVM_ALLOC_PHYSICAL)

/* space.c I1 for one run of equal pages of an allocation. */
static const char *check_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr,
                             uint16_t flags)
{
    unsigned prot = attr == WVM_ATTR_RESERVED ? WVM_HOST_NONE : wvm_space_prot_of(attr);
    uint8_t h;
    for (uint64_t p = lo; p < hi;) {
        p = host_next(sp, p, hi, &h);
        if (attr & WVM_ATTR_GUARD && h != WVM_HP_HELD)
            return "space I1: a guard page that one call does not open";
        /* Write permission may be withheld: space_watch_fault.c. */
        if (prot && h == wvm_space_open_prot(flags, attr))
            continue;
        if (prot ? h != prot : wvm_hp_is_open(h) && !sp->stale)
            return "space I1: host state of a page against its state";
        if (attr == WVM_ATTR_RESERVED && h == WVM_HP_HELD && !(flags & WVM_ALLOC_VIEW) &&
            !sp->stale)
            return "space I1: a reserved page has contents";
    }
    return NULL;
}

/* space_view_pages.c I2: copying exactly where a page may have to be copied or was. */
static const char *check_kinds(struct wvm_space *sp, const struct wvm_alloc *a)
{
    uint8_t v, copied;
    uintptr_t run_end;
    for (uint64_t p = a->start, end; sp->any_copied && p < a->end; p = end) {
        end = wvm_pages_next(&sp->store, &a->pages, p - a->origin, a->end - a->origin, &v) +
              a->origin;
        end = wvm_pages_next(&sp->store, &sp->copied.pages, p, end, &copied);
        if (wvm_attr_is_copy(v) && !copied)
            return "space_view_pages I2: a page is shared that is to be copied";
        if (wvm_space_writes_through(v) && copied &&
            wvm_host_private_run(wvm_addr_of(p), wvm_addr_of(end), &run_end) == WVM_PRIVATE_NO)
            return "space_view_pages I2: a page would be copied that is shared";
    }
    return NULL;
}

/* space_view.c I1, and its mapping where it is in none of ours. */
static const char *check_view(struct wvm_space *sp, uint32_t id, uint64_t *committed)
{
    const struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
    const struct wvm_view *v = a->view ? wvm_view_at(&sp->store, a->view) : NULL;
    const struct wvm_backing *b = v ? v->backing : NULL;
    struct wvm_host_vma vma;
    if (!b || v->alloc != id || !b->refs)
        return "space_view I1: a view without a description";
    if (v->prev ? wvm_view_at(&sp->store, v->prev)->next != a->view : b->first_view != a->view)
        return "space_view I1: a view that its backing does not know";
    *committed += v->charged;
    for (uintptr_t at = wvm_addr_of(a->start); at < wvm_addr_of(a->end); at = vma.end) {
        if (wvm_host_map_find(at, &vma) <= 0 || vma.start > at)
            return "space_view I2: a page of a view is not mapped";
        uint64_t page = wvm_page_of(at);
        uint8_t h;
        host_next(sp, page, page + 1, &h);
        bool copied = wvm_sheet_at(&sp->store, &sp->copied, page);
        if (vma.shared != (a->flags & WVM_ALLOC_SHARED && !copied))
            return "space_view I2: the kind of a view's mapping";
        if (vma.prot != (h & WVM_HP_PROT) &&
            !wvm_space_any_fired(sp, page, wvm_page_of(vma.end)))
            return "space_view I3: the kernel's protection differs";
    }
    return a->flags & WVM_ALLOC_SHARED ? check_kinds(sp, a) : NULL;
}

/* space_physical.c I1: pages of a window and the frames they show. */
static const char *check_window(struct wvm_space *sp, const struct wvm_alloc *a)
{
    struct wvm_host_vma vma;
    uint8_t v;
    for (uint64_t p = a->start, end; p < a->end; p = end) {
        uint32_t index = wvm_frame_at(&sp->frames, p);
        end = index ? p + 1 : wvm_frames_next(&sp->frames, p, a->end);
        uint64_t to = wvm_pages_next(&sp->store, &a->pages, p - a->origin, end - a->origin, &v);
        if (to != end - a->origin || v != (index ? WVM_ATTR_RW : WVM_ATTR_RESERVED))
            return "space_physical I1: the state of a page of a window";
        if (!index)
            continue;
        if (wvm_host_map_find(wvm_addr_of(p), &vma) <= 0 || vma.start > wvm_addr_of(p) ||
            !vma.shared || vma.ino != sp->frames.ino ||
            vma.offset + (wvm_addr_of(p) - vma.start) != (uint64_t)index << WVM_PAGE_SHIFT)
            return "space_physical I1: a page does not show its frame";
    }
    return NULL;
}

/* space_placeholder.c I2, and what the flags promise. */
static const char *check_flags(const struct wvm_alloc *a)
{
    uint8_t v;
    if (!(a->flags & WVM_ALLOC_PLACEHOLDER))
        return NULL;
    if (a->flags != WVM_ALLOC_PLACEHOLDER || a->type != WVM_TYPE_PRIVATE || a->attr != WVM_ATTR_NA)
        return "space_placeholder: a placeholder that is something else too";
    if (!wvm_pages_is_uniform(&a->pages, &v) || v != WVM_ATTR_RESERVED)
        return "space_placeholder I2: a page of a placeholder is not reserved";
    return NULL;
}

static const char *check_allocs(struct wvm_space *sp, uint64_t *committed)
{
    uint32_t id;
    uint8_t v;
    *committed = sp->section_charge + sp->frames.charged;
    for (uint64_t at = 0; (id = wvm_index_after(&sp->store, &sp->index, at)) != 0;) {
        const struct wvm_alloc *a = wvm_alloc_at(&sp->store, id);
        const char *wrong = check_flags(a);
        if (wrong)
            return wrong;
        for (uint64_t p = a->start, end; p < a->end; p = end) {
            end = wvm_pages_next(&sp->store, &a->pages, p - a->origin, a->end - a->origin, &v) +
                  a->origin;
            const char *bad = check_run(sp, p, end, v, a->flags);
            if (bad)
                return bad;
            if (v != WVM_ATTR_RESERVED && !(a->flags & NOT_CHARGED))
                *committed += end - p;
        }
        const char *bad = a->flags & WVM_ALLOC_VIEW ? check_view(sp, id, committed) : NULL;
        if (!bad && a->flags & WVM_ALLOC_PHYSICAL)
            bad = check_window(sp, a);
        if (bad)
            return bad;
        at = a->start + 1;
    }
    return NULL;
}

/* space.c I3, and that nothing outside allocations is accessible, for one set of gaps. */
static const char *check_gaps(struct wvm_space *sp, const struct wvm_gaps *gaps, uint64_t lo,
                              uint64_t hi)
{
    uint8_t owner;
    uint32_t a, b;
    for (uint64_t g = lo, end; g < hi; g = end) {
        end = wvm_pages_next(&sp->store, &sp->owner, g, hi, &owner);
        while (g < end) {
            bool gap = wvm_gaps_overlap(&sp->store, gaps, g, end, &a, &b);
            if (gap && owner != WVM_OWNER_SLAB && !wvm_space_window_at(sp, a))
                return "space I3: a gap outside the slabs";
            if (!gap)
                break;
            uint32_t id = wvm_index_before(&sp->store, &sp->index, WVM_PAGE_OF_GRANULE(b) - 1);
            if (id && wvm_alloc_at(&sp->store, id)->end > WVM_PAGE_OF_GRANULE(a))
                return "space I3: a gap overlaps an allocation";
            const char *bad = check_run(sp, WVM_PAGE_OF_GRANULE(a), WVM_PAGE_OF_GRANULE(b),
                                        WVM_ATTR_RESERVED, 0);
            if (bad)
                return bad;
            g = b;
        }
    }
    return NULL;
}

/* space_window.c I1, I2. */
static const char *check_windows(struct wvm_space *sp)
{
    uint32_t a, b;
    for (uint64_t k = 0; k < WVM_N_CHUNKS; k++) {
        const struct wvm_window *w = wvm_space_window_at(sp, k << WVM_CHUNK_BITS);
        if (!w)
            continue;
        uint64_t lo = k << WVM_CHUNK_BITS, hi = lo + (1u << WVM_CHUNK_BITS);
        if (lo < w->fence_lo || hi > w->fence_hi)
            return "space_window I1: a chunk that is not its window's";
        if (wvm_gaps_overlap(&sp->store, &sp->gaps, lo, hi, &a, &b))
            return "space_window I2: a gap outside the window's own";
        const char *bad = lo == w->lo - 1 ? check_gaps(sp, &w->gaps, w->lo, w->hi) : NULL;
        if (!bad && lo == w->lo - 1)
            bad = wvm_gaps_check(&sp->store, &w->gaps);
        if (bad)
            return bad;
    }
    return NULL;
}

/* space_host.c I1 against the kernel's list. */
static const char *check_kernel(struct wvm_space *sp)
{
    struct wvm_host_vma vma = {0};
    uint8_t owner, h;
    for (uint64_t g = 0, end; g < WVM_N_GRANULES; g = end) {
        end = wvm_pages_next(&sp->store, &sp->owner, g, WVM_N_GRANULES, &owner);
        if (owner == WVM_OWNER_FOREIGN || owner == WVM_OWNER_SYSTEM)
            continue;
        uint64_t hi = WVM_PAGE_OF_GRANULE(end);
        for (uint64_t p = WVM_PAGE_OF_GRANULE(g), to; p < hi; p = to) {
            to = host_next(sp, p, hi, &h);
            for (uintptr_t at = wvm_addr_of(p); at < wvm_addr_of(to); at = vma.end) {
                if (wvm_host_map_find(at, &vma) <= 0 || vma.start > at)
                    return "space_slab I1: a granule of ours is not mapped";
                /* What the fault path opened is not in the map yet. */
                uint64_t last = wvm_min(wvm_page_of(vma.end), to);
                if (vma.prot != (h & WVM_HP_PROT) &&
                    !wvm_space_any_fired(sp, wvm_page_of(at), last))
                    return "space_host I1: the kernel's protection differs";
            }
        }
    }
    return NULL;
}

/* space_system.c I1, I3. */
static const char *check_system(struct wvm_space *sp)
{
    uint8_t owner, h;
    uint64_t lo = wvm_page_of(wvm_space_system_range.start);
    uint64_t hi = wvm_page_of(wvm_space_system_range.end), end;
    uint64_t first = WVM_N_GRANULES, last = 0;
    for (uint64_t g = 0; g < WVM_N_GRANULES; g = end) {
        end = wvm_pages_next(&sp->store, &sp->owner, g, WVM_N_GRANULES, &owner);
        if (owner != WVM_OWNER_SYSTEM)
            continue;
        first = wvm_min(first, g);
        last = end;
    }
    if (hi == 0)
        return last ? "space_system I1: granules without a range" : NULL;
    if (WVM_PAGE_OF_GRANULE(first) != lo || WVM_PAGE_OF_GRANULE(last) != hi ||
        host_next(sp, lo, hi, &h) != hi || h != WVM_HP_NONE)
        return "space_system I1: a granule that is not the system's";
    if (wvm_space_check_free(sp, lo, hi))
        return "space_system I1: an allocation in system space";
    return wvm_space_any_marked(sp, &sp->locked.pages, lo, hi) ? "space_system I3: a mark" : NULL;
}

const char *wvm_space_audit_locked(struct wvm_space *sp)
{
    uint64_t committed;
    const struct wvm_pages *map[] = {&sp->owner,       &sp->host.pages,   &sp->locked.pages,
                                     &sp->reset.pages, &sp->watch.pages,  &sp->copied.pages,
                                     &sp->alone.pages, &sp->left.pages,   &sp->seen.pages};
    const char *bad = wvm_region_check(&sp->store, &sp->index);
    for (unsigned i = 0; !bad && i < WVM_ARRAY_LEN(map); i++)
        bad = wvm_pages_check(&sp->store, map[i]);
    if (!bad)
        bad = wvm_gaps_check(&sp->store, &sp->gaps);
    if (!bad)
        bad = wvm_gaps_check(&sp->store, &sp->arena);
    if (!bad)
        bad = wvm_frames_check(sp);
    if (!bad)
        bad = check_allocs(sp, &committed);
    if (!bad && committed != sp->committed)
        bad = "space I2: the commit charge";
    if (!bad)
        bad = check_gaps(sp, &sp->gaps, 0, WVM_N_GRANULES);
    if (!bad && sp->n_windows)
        bad = check_windows(sp);
    if (!bad)
        bad = check_system(sp);
    if (!bad)
        bad = wvm_space_watch_audit(sp);
    return bad ? bad : check_kernel(sp);
}

const char *wvm_space_audit(struct wvm_space *sp)
{
    if (wvm_space_enter(sp))
        return "the audit was called from a handler inside winvm";
    const char *bad = wvm_space_audit_locked(sp);
    wvm_space_leave(sp);
    return bad;
}
