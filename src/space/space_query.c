/* What is at an address: the lock-free answer to VirtualQuery.
 *
 * I1  Memory of winvm's is answered from the tables, without lock or system call.
 * I2  Free ranges end where the next allocation begins or the granule of the next foreign mapping
 *     does; only a range that reaches the end of our mappings asks the kernel.
 * I3  Of a view the host is asked which pages were written (one call), and a page that is reserved
 *     here may be committed in another process; all else is the tables'.
 * I4  A state that the fault path gave to a page counts from the moment its mark is set: mark and
 *     map are read between two equal looks at the map.
 * Locking: none. Failure: none. Signal safety: safe in a handler. */
#include "space/space_change.h"
#include "space/space_system.h"

static void copy_found(const struct wvm_found *f, uint64_t page, struct wvm_region *out)
{
    out->start = wvm_addr_of(page);
    out->end = wvm_addr_of(f->run_end);
    out->alloc_start = wvm_addr_of(f->start);
    out->alloc_end = wvm_addr_of(f->end);
    out->attr = f->run;
    out->alloc_attr = f->attr;
    out->type = f->type;
    out->flags = f->flags;
}

static uint8_t owner_of(const struct wvm_space *sp, uint64_t page, uint64_t *end)
{
    uint64_t end_granule;
    if (WVM_LIKELY(wvm_space_in_main(sp, WVM_GRANULE_OF(page), WVM_GRANULE_OF(page) + 1))) {
        *end = WVM_PAGE_OF_GRANULE(sp->main_hi);
        return WVM_OWNER_SLAB;
    }
    uint8_t owner = wvm_pages_peek(&sp->store, &sp->owner, WVM_GRANULE_OF(page), WVM_N_GRANULES,
                                   &end_granule);
    *end = WVM_PAGE_OF_GRANULE(end_granule);
    return owner;
}

/* First page at or above `page` that is not free; `page` itself is in no allocation of ours. Past
 * user space there is nothing that could be free. */
static uint64_t free_end(const struct wvm_space *sp, uint64_t page)
{
    struct wvm_host_vma vma;
    uint64_t top = page < sp->top ? sp->top : sp->host_top;
    while (page < top) {
        uint64_t end;
        uint8_t owner = owner_of(sp, page, &end);
        if (owner == WVM_OWNER_SYSTEM)
            return page;
        if (owner == WVM_OWNER_FOREIGN) {
            int found = wvm_host_map_find(wvm_addr_of(page), &vma);
            /* The host's list has our mappings, too. */
            uint64_t next = found > 0 ? wvm_page_of(vma.start)
                                      : wvm_index_next_start(&sp->store, &sp->index, page);
            if (next < end)
                return wvm_min(wvm_max(next, page), top);
        } else {
            uint64_t next = wvm_index_next_start(&sp->store, &sp->index, page);
            uint64_t window = WVM_PAGE_OF_GRANULE(
                wvm_space_next_window(sp, WVM_GRANULE_OF(page), WVM_GRANULE_OF(end)));
            next = wvm_min(next, window);
            if (next < end)
                return next;
        }
        page = end;
    }
    return top;
}

/* The run of pages of equal map state and equal mark. */
static bool look_run(struct wvm_space *sp, uint64_t page, struct wvm_found *f)
{
    struct wvm_found again;
    uint64_t end;
    uint8_t mark;
    do {
        if (!wvm_index_look(&sp->store, &sp->index, page, f))
            return false;
        end = wvm_overlay_next(&sp->fired, page, f->run_end, &mark);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (!wvm_index_look(&sp->store, &sp->index, page, &again))
            return false;
    } while (again.start != f->start || again.run != f->run || again.run_end != f->run_end);
    f->run = wvm_marked_attr(f->run, mark);
    f->run_end = end;
    return true;
}

static WVM_COLD bool look_marked(struct wvm_space *sp, uint64_t page, struct wvm_found *f)
{
    struct wvm_found next;
    if (!look_run(sp, page, f))
        return false;
    while (f->run_end < f->end && look_run(sp, f->run_end, &next) && next.start == f->start &&
           next.run == f->run)
        f->run_end = next.run_end;
    return true;
}

static inline bool look(struct wvm_space *sp, uint64_t page, struct wvm_found *f)
{
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->fired)))
        return look_marked(sp, page, f);
    return wvm_index_look(&sp->store, &sp->index, page, f);
}

bool wvm_space_look(struct wvm_space *sp, uint64_t page, struct wvm_found *f)
{
    return look(sp, page, f);
}

/* What the pages of a view's run are beyond their state: private copies, or committed elsewhere.
 * False: look again. */
static WVM_COLD bool look_view(struct wvm_space *sp, uint64_t page, struct wvm_found *f)
{
    if (f->run == WVM_ATTR_RESERVED) {
        if (wvm_space_view_catch_up(sp, page))
            return false;
        f->run_end = wvm_space_view_next_commit(sp, page, f->run_end);
        return true;
    }
    uint8_t state = f->run;
    f->run = wvm_space_view_written(page, &f->run_end, state);
    /* Pages of a shared view that were made private read like their neighbours that were not. */
    struct wvm_found next;
    while (f->flags & WVM_ALLOC_SHARED &&
           __atomic_load_n(&sp->any_copied, __ATOMIC_RELAXED) && f->run_end < f->end &&
           look(sp, f->run_end, &next) && next.start == f->start &&
           wvm_space_view_written(f->run_end, &next.run_end, next.run) == f->run)
        f->run_end = next.run_end;
    return true;
}

/* What the allocation with the page is there; *same false: look again. */
static inline bool look_allocated(struct wvm_space *sp, uint64_t page, struct wvm_region *out,
                                  bool *same)
{
    struct wvm_found f;
    if (!look(sp, page, &f))
        return false;
    *same = !(f.flags & WVM_ALLOC_VIEW) || look_view(sp, page, &f);
    copy_found(&f, page, out);
    return true;
}

/* Nobody outside the window can have what is free in it. False: it is another window by now. */
static bool describe_window(const struct wvm_space *sp, const struct wvm_window *w, uint64_t page,
                            struct wvm_region *out)
{
    uint64_t next = wvm_index_next_start(&sp->store, &sp->index, page);
    uint64_t lo = WVM_PAGE_OF_GRANULE(__atomic_load_n(&w->fence_lo, __ATOMIC_RELAXED));
    uint64_t hi = lo + WVM_PAGE_OF_GRANULE((uint64_t)WVM_WINDOW_CHUNKS << WVM_CHUNK_BITS);
    out->end = wvm_addr_of(wvm_min(next, hi));
    out->alloc_start = wvm_addr_of(lo);
    out->alloc_end = wvm_addr_of(hi);
    out->alloc_attr = WVM_ATTR_NA;
    out->type = WVM_TYPE_PRIVATE;
    return page >= lo && page < hi;
}

/* To everybody it is a reservation, whatever is in it. */
static WVM_COLD void describe_system(struct wvm_region *out)
{
    out->alloc_start = wvm_space_system_range.start;
    out->end = out->alloc_end = wvm_space_system_range.end;
    out->alloc_attr = WVM_ATTR_NA;
    out->type = WVM_TYPE_PRIVATE;
}

/* False: a mapping of ours appeared meanwhile; look again. */
static bool query_once(struct wvm_space *sp, uint64_t page, struct wvm_region *out)
{
    uint64_t owner_end;
    bool same;
    if (WVM_LIKELY(look_allocated(sp, page, out, &same)))
        return same;
    *out = (struct wvm_region){.start = wvm_addr_of(page), .type = WVM_TYPE_FREE};
    const struct wvm_window *w = wvm_space_window_at(sp, WVM_GRANULE_OF(page));
    if (WVM_UNLIKELY(w != NULL))
        return describe_window(sp, w, page, out);
    if (WVM_UNLIKELY(wvm_space_is_system(sp, out->start, 1))) {
        describe_system(out);
        return true;
    }
    if (owner_of(sp, page, &owner_end) == WVM_OWNER_FOREIGN) {
        bool mapped = wvm_space_foreign_query(sp, page, out);
        if (owner_of(sp, page, &owner_end) != WVM_OWNER_FOREIGN)
            return false;
        if (mapped)
            return true;
    }
    uint64_t next = free_end(sp, page);
    out->end = wvm_addr_of(next);
    if (next < sp->top && next % WVM_PAGES_PER_GRANULE &&
        owner_of(sp, next, &owner_end) == WVM_OWNER_FOREIGN)
        wvm_space_head(0, out);
    return true;
}

wvm_status wvm_space_query(struct wvm_space *sp, uintptr_t addr, struct wvm_region *out)
{
    while (!query_once(sp, wvm_page_of(addr), out))
        ;
    return STATUS_SUCCESS;
}

wvm_status wvm_window_query(struct wvm_space *sp, const struct wvm_window *w, uintptr_t addr,
                            struct wvm_region *out)
{
    uintptr_t base = wvm_space_window_base(w);
    uint64_t page = wvm_page_of(base + addr);
    bool same = true;
    while (look_allocated(sp, page, out, &same)) {
        if (!same)
            continue;
        out->start -= base;
        out->end -= base;
        out->alloc_start -= base;
        out->alloc_end -= base;
        return STATUS_SUCCESS;
    }
    uint64_t next = wvm_index_next_start(&sp->store, &sp->index, page);
    *out = (struct wvm_region){.start = wvm_addr_of(page) - base, .type = WVM_TYPE_FREE};
    out->end = wvm_addr_of(wvm_min(next, WVM_PAGE_OF_GRANULE(w->hi))) - base;
    return STATUS_SUCCESS;
}

bool wvm_space_is_ours(const struct wvm_space *sp, uintptr_t addr)
{
    uint64_t end, granule = WVM_GRANULE_OF(wvm_page_of(addr));
    if (WVM_LIKELY(wvm_space_in_main(sp, granule, granule + 1)) ||
        wvm_pages_peek(&sp->store, &sp->owner, granule, granule + 1, &end) != WVM_OWNER_FOREIGN)
        return true;
    struct wvm_found f;
    uint64_t page = wvm_page_of(addr);
    return page < __atomic_load_n(&sp->views_hi, __ATOMIC_RELAXED) &&
           page >= __atomic_load_n(&sp->views_lo, __ATOMIC_RELAXED) &&
           wvm_index_look(&sp->store, &sp->index, page, &f);
}

uint64_t wvm_space_committed_bytes(struct wvm_space *sp, const struct wvm_region *r)
{
    uint64_t bytes = 0;
    struct wvm_region run;
    for (uintptr_t at = r->alloc_start; at < r->alloc_end; at = run.end) {
        if (wvm_space_query(sp, at, &run) || run.alloc_start != r->alloc_start)
            break;
        if (run.attr != WVM_ATTR_RESERVED)
            bytes += run.end - run.start;
    }
    return bytes;
}
