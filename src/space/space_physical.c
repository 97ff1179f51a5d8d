/* Windows of physical memory: pages that show frames, and no longer.
 *
 * I1  A page of a window has state RW and the host's mapping of its frame, shared and writable,
 *     exactly when it shows a frame; else it is RESERVED and NONE. Nothing else changes pages of
 *     windows: they cannot be committed, protected otherwise, reset, or released one by one.
 * I2  Pages that get a frame are mapped before their state says so, and pages that lose theirs are
 *     reserved before they are unmapped: a fault is judged by a state that stays, also in a handler
 *     that interrupted the call. So windows need no pending change (space_change.c).
 * I3  A call decides everything from the tables, marks what it will use, and makes the host calls
 *     while the tables still say how it was: what the host refuses is undone from them.
 * I4  Where several runs lose their frames, all are hidden before the tables forget one.
 * I5  n_edges counts each border between frames (space_frames.h) and two for each window.
 * Limits: each run of neighbouring frames is a mapping of the host's; past 7/8 of vm.max_map_count
 * a call that needs more of them fails.
 * Locking: the space lock, held by the caller.   Failure: nothing changed; where the host refuses
 * what it gave a moment ago, too, pages that cannot be put back show nothing.
 * Signal safety: not for handlers. */
#include "space/space_physical_parts.h"

#include <errno.h>

#include "host/host_object.h"

#define RW (WVM_HOST_R | WVM_HOST_W)

/* ---- the host's side ---- */

static int hide(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    int err;
    do
        err = wvm_host.discard(wvm_addr_of(lo), (size_t)(hi - lo) << WVM_PAGE_SHIFT);
    while (err == -ENOMEM && wvm_space_give_up_ballast(sp));
    return err;
}

/* The end of the run of pages from lo upwards that show neighbouring frames, or none. */
static uint64_t run_of(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint32_t *index)
{
    uint64_t p = lo + 1;
    *index = wvm_window_shown(sp, lo);
    while (p < hi && wvm_window_shown(sp, p) == (*index ? *index + (uint32_t)(p - lo) : 0))
        p++;
    return p;
}

/* ---- pages that lose their frames ---- */

static void reserve_pages(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    wvm_space_set_pages(sp, a, lo, hi, WVM_ATTR_RESERVED);
    wvm_store_flush(&sp->store);
}

static void claim_states(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    if (WVM_UNLIKELY(wvm_state_run(sp, a, lo, hi, &v) != hi || v != WVM_ATTR_RW)) {
        wvm_space_set_pages(sp, a, lo, hi, WVM_ATTR_RW);
        wvm_store_flush(&sp->store);
    }
}

int wvm_window_edges(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t left = wvm_window_shown(sp, lo - 1), right;
    int n = 0;
    for (uint64_t p = lo; p <= hi; p++, left = right) {
        right = wvm_window_shown(sp, p);
        n += wvm_frames_border(left, right);
    }
    return n;
}

void wvm_window_enter(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    claim_states(sp, a, lo, hi);
    if (WVM_UNLIKELY(wvm_host_run(sp, lo, hi, &h) != hi || h != RW))
        wvm_space_set_host(sp, lo, hi, RW);
    wvm_space_forget_marks(sp, lo, hi);
    wvm_store_flush(&sp->store);
}

/* Pages [lo, hi), all of which show frames, show none. */
static void forget_run(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_frames *f = &sp->frames;
    sp->n_edges -= wvm_window_edges(sp, lo, hi);
    for (uint64_t p = lo; p < hi; p++) {
        uint32_t *slot = wvm_frame_slot(f, p);
        *wvm_frame_word(f, *slot & ~WVM_SLOT_MARK) = WVM_FRAME_IDLE;
        *slot = 0;
        wvm_frames_count(f, p, -1);
    }
}

static uint64_t shown_end(struct wvm_space *sp, uint64_t p, uint64_t hi)
{
    while (p < hi && wvm_frame_at(&sp->frames, p))
        p++;
    return p;
}

/* Narrows [*lo, *hi) to the first and the last page that show frames; false: none does. */
static bool narrow(struct wvm_space *sp, uint64_t *lo, uint64_t *hi)
{
    uint64_t end = *hi, last;
    *lo = last = wvm_frames_next(&sp->frames, *lo, end);
    for (uint64_t p = *lo; p < end; p = wvm_frames_next(&sp->frames, last, end))
        last = shown_end(sp, p, end);
    *hi = last;
    return *lo < end;
}

void wvm_window_forget(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (!narrow(sp, &lo, &hi))
        return;
    for (uint64_t p = lo, end; p < hi; p = wvm_frames_next(&sp->frames, end, hi)) {
        end = shown_end(sp, p, hi);
        forget_run(sp, p, end);
    }
    wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
    wvm_space_forget_marks(sp, lo, hi);
    wvm_store_flush(&sp->store);
}

/* A page whose frame cannot be shown again shows none: the tables are true, what is lost is the
 * translation. */
static void lose(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_alloc *a = wvm_window_of(sp, lo);
    wvm_host_diag("a page of a window could not be mapped as it was");
    if (!wvm_frame_at(&sp->frames, lo) || !wvm_space_stock_close(sp, 0, 0))
        return;
    reserve_pages(sp, a, lo, hi);
    if (hide(sp, lo, hi))
        claim_states(sp, a, lo, hi);
    else
        wvm_window_forget(sp, lo, hi);
}

/* The host has again for [lo, hi) what the tables say: it had a moment ago. */
void wvm_window_put_back(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t index;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = run_of(sp, p, hi, &index);
        int err = index ? wvm_window_show(sp, p, end - p, index) : hide(sp, p, end);
        while (err == -ENOMEM && index && wvm_space_give_up_ballast(sp))
            err = wvm_window_show(sp, p, end - p, index);
        if (WVM_UNLIKELY(err))
            lose(sp, p, end);
    }
}

void wvm_window_unhide(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    if (!narrow(sp, &lo, &hi))
        return;
    for (uint64_t p = lo, end; p < hi; p = wvm_frames_next(&sp->frames, end, hi)) {
        end = shown_end(sp, p, hi);
        claim_states(sp, a, p, end);
    }
    wvm_window_put_back(sp, lo, hi);
}

wvm_status wvm_window_hide(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    if (!narrow(sp, &lo, &hi))
        return STATUS_SUCCESS;
    reserve_pages(sp, a, lo, hi);
    int err = hide(sp, lo, hi);
    if (WVM_LIKELY(!err))
        return STATUS_SUCCESS;
    wvm_window_unhide(sp, a, lo, hi);
    return wvm_space_host_fail(err, (size_t)(hi - lo) << WVM_PAGE_SHIFT);
}

static wvm_status clear(struct wvm_space *sp, struct wvm_alloc *a)
{
    wvm_status status = wvm_window_hide(sp, a, a->start, a->end);
    if (!status)
        wvm_window_forget(sp, a->start, a->end);
    return status;
}

/* Stocked so that the release that follows needs nothing more. */
wvm_status wvm_space_clear_window(struct wvm_space *sp, struct wvm_alloc *a)
{
    uint64_t runs =
        wvm_pages_count_runs(&sp->store, &a->pages, a->start - a->origin, a->end - a->origin,
                             UINT64_MAX);
    if (!wvm_space_stock_close(sp, 2 * runs + 1, 2 * (a->end - a->start)))
        return STATUS_NO_MEMORY;
    wvm_status status = clear(sp, a);
    if (!status)
        wvm_space_maps_fewer(sp, WVM_WINDOW_EDGES);
    return status;
}

/* ---- frames that go ---- */

/* How many of the frames [index, index + n) are shown by pages of one window, *a, that follow each
 * other, the first of them *page. Where the first frame is shown nowhere, *a is NULL: one. */
static uint64_t shown_together(struct wvm_space *sp, uint32_t index, uint64_t n,
                               struct wvm_alloc **a, uint64_t *page)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t k = 1;
    *page = *wvm_frame_word(f, index);
    *a = *page == WVM_FRAME_IDLE ? NULL : wvm_window_of(sp, *page);
    while (*a && k < n && *page + k < (*a)->end &&
           *wvm_frame_word(f, index + (uint32_t)k) == *page + k)
        k++;
    return k;
}

static bool stock_hiding(struct wvm_space *sp, uint32_t index, uint64_t n)
{
    struct wvm_alloc *a;
    uint64_t page, runs = 0;
    for (uint64_t i = 0; i < n; runs += a != NULL)
        i += shown_together(sp, index + (uint32_t)i, n - i, &a, &page);
    return wvm_space_stock_close(sp, 4 * runs, 4 * 64 * runs);
}

wvm_status wvm_space_hide_frames(struct wvm_space *sp, uint32_t index, uint64_t n)
{
    wvm_status status = STATUS_SUCCESS;
    struct wvm_alloc *a;
    uint64_t page, done = 0, k;
    if (!stock_hiding(sp, index, n))
        return STATUS_NO_MEMORY;
    for (; !status && done < n; done += k) {
        k = shown_together(sp, index + (uint32_t)done, n - done, &a, &page);
        status = a ? wvm_window_hide(sp, a, page, page + k) : (wvm_status)STATUS_SUCCESS;
    }
    for (uint64_t i = 0; i < done; i += k) {
        k = shown_together(sp, index + (uint32_t)i, n - i, &a, &page);
        if (a && status)
            wvm_window_unhide(sp, a, page, page + k);
        else if (a)
            wvm_window_forget(sp, page, page + k);
    }
    return status;
}

/* ---- fork ---- */

/* What the parent shows goes on there: the child has no frame of it, and so nobody shares one. The
 * state that a window has as a whole needs no memory: neither step can fail. */
void wvm_space_frames_after_fork_child(struct wvm_space *sp)
{
    struct wvm_frames *f = &sp->frames;
    for (uint64_t p = 0; (p = wvm_frames_next(f, p, WVM_N_PAGES)) < WVM_N_PAGES;) {
        struct wvm_alloc *a = wvm_window_of(sp, p);
        WVM_VERIFY(wvm_space_stock_close(sp, 0, 0));
        WVM_VERIFY(clear(sp, a) == STATUS_SUCCESS);
        p = a->end;
    }
    if (f->made)
        wvm_host_fd_close(f->fd, f->dev, f->ino);
    wvm_space_charge(sp, -(int64_t)f->charged);
    wvm_frames_forget(sp);
}
