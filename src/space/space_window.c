/* Windows: making and ending the ranges that are address spaces of their own.
 *
 * Layout   of a window of base B, in chunks of 4 GiB: [B-1, B) fence, [B, B+1) the window,
 *          [B+1, B+3) fence. Below 64 KiB and from its top on the window is fence too.
 * I1  window_of names the window of every chunk of such a range, and is 0 for all others: one load
 *     tells whose an address is.
 * I2  A free granule of a window's is in the window's gaps, never in those of the space; the fences
 *     are in none, and no allocation ever touches them.
 * I3  All of the range is in mappings of ours as long as the window is open.
 * A window costs no system call: its range comes out of a slab. What was put into it is released
 * allocation by allocation, so that the lock is never held for long.
 * Locking: the space lock, taken here; committed() takes none.   Failure: nothing changed.
 * Signal safety: not for handlers. */
#include "space/space_change.h"
#include "space/space_view.h"

#define CHUNK_GRANULES ((uint64_t)1 << WVM_CHUNK_BITS)

uint64_t wvm_space_next_window(const struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (WVM_LIKELY(!__atomic_load_n(&sp->n_windows, __ATOMIC_RELAXED)))
        return hi;
    for (uint64_t g = lo; g < hi; g = wvm_align_down(g, CHUNK_GRANULES) + CHUNK_GRANULES)
        if (wvm_space_window_at(sp, g))
            return g;
    return hi;
}

uintptr_t wvm_window_base(const struct wvm_window *w)
{
    return wvm_space_window_base(w);
}

uint64_t wvm_window_top(const struct wvm_window *w)
{
    return wvm_addr_of(WVM_PAGE_OF_GRANULE(w->hi)) - wvm_window_base(w);
}

/* ---- opening ---- */

static void name_chunks(struct wvm_space *sp, const struct wvm_window *w, uint16_t number)
{
    for (uint64_t g = w->fence_lo; g < w->fence_hi; g += CHUNK_GRANULES)
        __atomic_store_n(&sp->window_of[g >> WVM_CHUNK_BITS], number, __ATOMIC_RELEASE);
}

/* A description that no window has; 0: all are in use. */
static uint32_t take_number(struct wvm_space *sp)
{
    uint32_t i = sp->closed_window;
    if (i)
        sp->closed_window = sp->window[i].next_closed;
    else if (sp->fresh_window + 1 < WVM_N_WINDOWS)
        i = ++sp->fresh_window;
    return i;
}

static void give_number(struct wvm_space *sp, uint32_t i)
{
    sp->window[i].next_closed = sp->closed_window;
    sp->closed_window = i;
}

static wvm_status open_locked(struct wvm_space *sp, uint64_t top, struct wvm_window **out)
{
    uint64_t at;
    uint32_t i = wvm_space_stock(sp, 0, 0) ? take_number(sp) : 0;
    if (!i)
        return wvm_space_fail(STATUS_NO_MEMORY, "no room for the description of a space", 0);
    wvm_status status = wvm_space_place_fenced(sp, WVM_WINDOW_CHUNKS * CHUNK_GRANULES, &at);
    if (status) {
        give_number(sp, i);
        return status;
    }
    struct wvm_window *w = &sp->window[i];
    wvm_gaps_init(&w->gaps);
    __atomic_store_n(&w->fence_lo, (uint32_t)at, __ATOMIC_RELAXED);
    w->fence_hi = at + WVM_WINDOW_CHUNKS * CHUNK_GRANULES;
    __atomic_store_n(&w->lo, (uint32_t)(at + CHUNK_GRANULES + 1), __ATOMIC_RELAXED);
    w->hi = at + CHUNK_GRANULES + (top >> WVM_GRANULE_SHIFT);
    wvm_gaps_give(&sp->store, &w->gaps, w->lo, w->hi);
    __atomic_store_n(&sp->n_windows, sp->n_windows + 1, __ATOMIC_RELAXED);
    name_chunks(sp, w, (uint16_t)i);
    *out = w;
    return STATUS_SUCCESS;
}

wvm_status wvm_window_open(struct wvm_space *sp, uint64_t top, struct wvm_window **out)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = open_locked(sp, top, out);
    wvm_space_leave(sp);
    return status;
}

/* ---- closing ---- */

/* The lowest allocation of the window's at or above page *at is released; *at: above it. False:
 * there is none, or this thread is inside winvm. *kept is set when it is still there, or another
 * thread released it. */
static bool release_lowest(struct wvm_space *sp, const struct wvm_window *w, uint64_t *at,
                           bool *kept)
{
    uint64_t from = WVM_PAGE_OF_GRANULE(w->lo), to = WVM_PAGE_OF_GRANULE(w->hi);
    if (wvm_space_enter(sp))
        return false;
    uint32_t id = wvm_index_after(&sp->store, &sp->index, wvm_max(from, *at));
    const struct wvm_alloc *a = id ? wvm_alloc_at(&sp->store, id) : NULL;
    uint64_t start = a && a->start < to ? a->start : to;
    bool view = start < to && a->flags & WVM_ALLOC_VIEW;
    if (start < to && !view)
        *kept |= !wvm_space_release_whole(sp, id);
    wvm_space_leave(sp);
    *at = start + 1;
    if (view)
        *kept |= wvm_space_unmap(sp, wvm_addr_of(start), false) != STATUS_SUCCESS;
    return start < to;
}

/* Free pages may be fenced with guard regions or be mappings of their own: one call makes them what
 * the slab around is, and with the fences around them takes the host's page tables for them away.
 * What the host refuses only costs memory and mappings. */
static void level(struct wvm_space *sp, const struct wvm_window *w)
{
    uint64_t lo = WVM_PAGE_OF_GRANULE(w->lo), hi = WVM_PAGE_OF_GRANULE(w->hi);
    uint64_t from = WVM_PAGE_OF_GRANULE(w->fence_lo), to = WVM_PAGE_OF_GRANULE(w->fence_hi);
    if (wvm_space_stock_close(sp, 0, 0) &&
        wvm_host.discard(wvm_addr_of(from), (to - from) << WVM_PAGE_SHIFT) == 0)
        wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
}

/* What the index has of the window's pages is zero by now, and costs the host nothing. */
static void trim_index(struct wvm_space *sp, const struct wvm_window *w)
{
    uintptr_t at;
    size_t len = wvm_index_idle(&sp->index, w->lo, &at);
    if (len)
        (void)wvm_host.drop(at, len);
}

static void close_locked(struct wvm_space *sp, struct wvm_window *w)
{
    level(sp, w);
    trim_index(sp, w);
    wvm_gaps_take(&sp->store, &w->gaps, w->lo, w->hi);
    name_chunks(sp, w, 0);
    __atomic_store_n(&sp->n_windows, sp->n_windows - 1, __ATOMIC_RELAXED);
    wvm_store_flush(&sp->store);
    wvm_space_unoccupy(sp, WVM_PAGE_OF_GRANULE(w->fence_lo), WVM_PAGE_OF_GRANULE(w->fence_hi));
    give_number(sp, (uint32_t)(w - sp->window));
}

wvm_status wvm_window_close(struct wvm_space *sp, struct wvm_window *w)
{
    uint32_t a, b;
    bool kept = true;
    for (int i = 0; kept && i < 2; i++) {
        uint64_t at = 0;
        kept = false;
        while (release_lowest(sp, w, &at, &kept))
            ;
    }
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = STATUS_UNABLE_TO_FREE_VM;
    if (wvm_space_stock_close(sp, 0, 0) &&
        wvm_gaps_around(&sp->store, &w->gaps, (uint32_t)w->lo, &a, &b) && b - a == w->hi - w->lo) {
        close_locked(sp, w);
        status = STATUS_SUCCESS;
    }
    wvm_space_leave(sp);
    return status;
}

/* ---- looking ---- */

uint64_t wvm_window_committed(struct wvm_space *sp, const struct wvm_window *w)
{
    uint64_t bytes = 0;
    struct wvm_region run;
    for (uintptr_t at = 0, top = wvm_window_top(w); at < top; at = run.end) {
        if (wvm_window_query(sp, w, at, &run))
            break;
        if (run.type != WVM_TYPE_FREE && run.attr != WVM_ATTR_RESERVED &&
            !(run.flags & WVM_ALLOC_FIXED_PAGE))
            bytes += run.end - run.start;
    }
    return bytes;
}

uintptr_t wvm_window_holding(const struct wvm_space *sp, uintptr_t addr)
{
    if (addr >> WVM_GRANULE_SHIFT >> WVM_CHUNK_BITS >= WVM_N_CHUNKS)
        return 0;
    const struct wvm_window *w = wvm_space_window_at(sp, addr >> WVM_GRANULE_SHIFT);
    uintptr_t base = addr & ~(uintptr_t)(WVM_WINDOW_SIZE - 1);
    return w && wvm_window_base(w) == base ? base : 0;
}
