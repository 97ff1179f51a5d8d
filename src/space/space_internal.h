/* What the files of this room share. Nobody outside includes it (unit tests of the room do). */
#ifndef WVM_SPACE_INTERNAL_H
#define WVM_SPACE_INTERNAL_H

#include <winvm/ntstatus.h>

#include "space/space_marks.h"
#include "space/space_state.h"
#include "space/space_watch.h"

/* ---- space.c ---- */

/* STATUS_POSSIBLE_DEADLOCK when this thread is inside already (an asynchronous signal handler). */
wvm_status wvm_space_enter(struct wvm_space *sp) WVM_MUST_CHECK;
void wvm_space_leave(struct wvm_space *sp);
/* Tops up every pool for one operation plus `n_runs` page-map runs over
 * n_pages. False: no memory. */
bool wvm_space_stock(struct wvm_space *sp, uint64_t n_runs, uint64_t n_pages) WVM_MUST_CHECK;
/* The same for operations that give memory back: may use what wvm_space_stock always leaves. */
bool wvm_space_stock_close(struct wvm_space *sp, uint64_t n_runs, uint64_t n_pages) WVM_MUST_CHECK;
/* The index can take a start in this granule. */
bool wvm_space_add_chunk(struct wvm_space *sp, uint64_t granule) WVM_MUST_CHECK;
static inline bool wvm_space_stock_index(struct wvm_space *sp, uint64_t granule)
{
    return WVM_LIKELY(!wvm_index_lacks(&sp->index, granule)) || wvm_space_add_chunk(sp, granule);
}
/* Zeroed memory for tables, never given back. */
bool wvm_space_take_meta(struct wvm_space *sp, size_t len, void **mem) WVM_MUST_CHECK;
/* Records why and returns status. */
wvm_status wvm_space_fail(wvm_status status, const char *text, uintptr_t at);
/* Turns -errno of the host into a status and says which limit it was. */
wvm_status wvm_space_host_fail(int err, size_t len);
/* The allocation that contains page, or NULL. */
struct wvm_alloc *wvm_space_search(struct wvm_space *sp, uint64_t page, uint32_t *id);
static inline struct wvm_alloc *wvm_space_find(struct wvm_space *sp, uint64_t page, uint32_t *id)
{
    if (WVM_UNLIKELY(!sp->last))
        return wvm_space_search(sp, page, id);
    struct wvm_alloc *a = wvm_alloc_at(&sp->store, sp->last);
    if (page < a->start || page >= a->end || (uint32_t)a->pages.root == WVM_REF_DEAD)
        return wvm_space_search(sp, page, id);
    *id = sp->last;
    return a;
}
/* *a: the allocation that contains page, or NULL. Its end, or where the next one begins, not beyond
 * limit. */
uint64_t wvm_space_alloc_run(struct wvm_space *sp, uint64_t page, uint64_t limit,
                             const struct wvm_alloc **a);
/* May n more pages be committed? */
wvm_status wvm_space_charge_ok(const struct wvm_space *sp, uint64_t n) WVM_MUST_CHECK;
void wvm_space_charge(struct wvm_space *sp, int64_t n);
/* Committed pages of [lo, hi), which lies in a. */
uint64_t wvm_space_count_mixed(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                               uint64_t hi);
static inline uint64_t wvm_space_count_committed(struct wvm_space *sp, const struct wvm_alloc *a,
                                                 uint64_t lo, uint64_t hi)
{
    uint8_t v;
    if (!wvm_pages_is_uniform(&a->pages, &v))
        return wvm_space_count_mixed(sp, a, lo, hi);
    return v == WVM_ATTR_RESERVED ? 0 : hi - lo;
}
/* The allocation `old` is gone, and `like` stands in its place, over the same pages, all of state
 * v: one store for readers. Returns the new one. The host's pages and the charge are the
 * caller's. */
uint32_t wvm_space_become(struct wvm_space *sp, uint32_t old, const struct wvm_found *like,
                          uint8_t v);
/* Pages [lo, hi) of a take state v (one publication). */
void wvm_space_set_pages(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                         uint8_t v);

/* ---- space_reserve.c, space_release.c, space_placeholder.c ---- */

/* A place for a request without a start, now occupied: its len, low, limit, align, top_down. */
wvm_status wvm_space_place_range(struct wvm_space *sp, const struct wvm_request *req,
                                 uint64_t *start) WVM_MUST_CHECK;
/* Pages [start, end), closed and about to become those of a new allocation, are made what it wants
 * and their commit is checked, not charged. After a failure wvm_space_watch_end is to follow. */
wvm_status wvm_space_open_new(struct wvm_space *sp, const struct wvm_request *req, uint64_t start,
                              uint64_t end) WVM_MUST_CHECK;
/* Empties pages [lo, hi) of a, host and charge; their state is still the old one. keep: they stay
 * in their allocation. True: there was something to do, and wvm_space_close_end is to follow. */
bool wvm_space_drop(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                    bool keep) WVM_MUST_CHECK;
/* The placeholder of exactly pages [start, end). CONFLICTING_ADDRESSES. */
wvm_status wvm_space_find_placeholder(struct wvm_space *sp, uint64_t start, uint64_t end,
                                      uint32_t *id) WVM_MUST_CHECK;
/* wvm_space_reserve over a placeholder. Lock held, stocked. */
wvm_status wvm_space_replace(struct wvm_space *sp, const struct wvm_request *req) WVM_MUST_CHECK;

/* Releases the whole allocation a, private memory, FIXED_PAGE too. Lock held. False: no memory for
 * the tables. */
bool wvm_space_release_whole(struct wvm_space *sp, uint32_t id) WVM_MUST_CHECK;

/* ---- space_large.c ---- */

/* Pages that an allocation with these flags is made of and changed in multiples of. */
uint64_t wvm_space_unit(uint16_t flags);
/* Do [lo, hi) begin and end at units of a? */
bool wvm_space_is_whole(const struct wvm_alloc *a, uint64_t lo, uint64_t hi);
/* May pages [lo, hi) of a take attr? Large pages change in whole units, and guard nothing. */
static inline bool wvm_space_takes_attr(const struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                                        uint8_t attr)
{
    return WVM_LIKELY(!(a->flags & WVM_ALLOC_LARGE)) ||
           (!(attr & WVM_ATTR_GUARD) && wvm_space_is_whole(a, lo, hi));
}
/* The next run of pages from *p upwards in no allocation that stays: *p becomes its first page; its
 * end. No more: both are hi. */
uint64_t wvm_space_pageable(struct wvm_space *sp, uint64_t *p, uint64_t hi);
/* Pages [lo, hi), closed and about to become those of a new allocation that stays, are opened.
 * INSUFFICIENT_RESOURCES. */
wvm_status wvm_space_make_staying(struct wvm_space *sp, const struct wvm_request *req,
                                  uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
/* The pages of a view of large pages, mapped, stay in memory. INSUFFICIENT_RESOURCES. */
wvm_status wvm_space_keep_view(uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
/* As wvm_space_close, for whole units of a, which stays. */
void wvm_space_close_staying(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                             uint64_t hi);

/* ---- space_physical.c: windows ---- */

#define WVM_WINDOW_EDGES 2 /* counted in n_edges for each window */
/* No page of the window shows a frame any more; before it is released. NO_MEMORY: nothing
 * changed. */
wvm_status wvm_space_clear_window(struct wvm_space *sp, struct wvm_alloc *a) WVM_MUST_CHECK;
/* No page shows one of the n frames from index upwards, all owned. Lock held. NO_MEMORY:
 * nothing changed. */
wvm_status wvm_space_hide_frames(struct wvm_space *sp, uint32_t index,
                                 uint64_t n) WVM_MUST_CHECK;
void wvm_space_frames_after_fork_child(struct wvm_space *sp);

/* ---- space_audit.c ---- */

/* Lock held, everything flushed. NULL, or the first broken invariant. */
const char *wvm_space_audit_locked(struct wvm_space *sp);

/* ---- space_window.c ---- */

/* The window in which, or in whose fences, the granule lies; NULL: none. Any thread may ask. */
static inline struct wvm_window *wvm_space_window_at(const struct wvm_space *sp, uint64_t granule)
{
    if (WVM_LIKELY(!__atomic_load_n(&sp->n_windows, __ATOMIC_RELAXED)))
        return NULL;
    unsigned i = __atomic_load_n(&sp->window_of[granule >> WVM_CHUNK_BITS], __ATOMIC_RELAXED);
    return i ? (struct wvm_window *)&sp->window[i] : NULL;
}
static inline uintptr_t wvm_space_window_base(const struct wvm_window *w)
{
    uint32_t lo = __atomic_load_n(&w->lo, __ATOMIC_RELAXED);
    return (uintptr_t)(lo - 1) << WVM_GRANULE_SHIFT;
}
/* First granule of [lo, hi) that belongs to a window; hi: none does. Any thread may ask. */
uint64_t wvm_space_next_window(const struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* The gaps that granule is in when it is free. */
static inline struct wvm_gaps *wvm_space_gaps_at(struct wvm_space *sp, uint64_t granule)
{
    struct wvm_window *w = wvm_space_window_at(sp, granule);
    return WVM_UNLIKELY(w != NULL) ? &w->gaps : &sp->gaps;
}

/* ---- space_slab.c ---- */

/* Where a place is wanted, in granules. Zeroed: anywhere, the lowest. */
struct wvm_bounds {
    struct wvm_window *window; /* NULL: outside all windows */
    uint64_t low;   /* it begins at or above; 0: anywhere */
    uint64_t limit; /* it ends at or below; 0: anywhere */
    uint64_t align; /* of its begin: a power of two; 0: any */
    bool top_down;
};
/* A place of n granules within the bounds, now occupied. */
wvm_status wvm_space_make_place(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *bounds,
                                uint64_t *granule) WVM_MUST_CHECK;
WVM_MUST_CHECK static inline wvm_status wvm_space_place(struct wvm_space *sp, uint64_t n,
                                                        const struct wvm_bounds *b,
                                                        uint64_t *granule)
{
    struct wvm_gaps *gaps = b->window ? &b->window->gaps : &sp->gaps;
    *granule = 0;
    if (WVM_LIKELY(!(b->low | b->limit | b->align) && n < WVM_N_GRANULES))
        *granule = wvm_gaps_place(&sp->store, gaps, n, b->top_down);
    return WVM_LIKELY(*granule) ? STATUS_SUCCESS : wvm_space_make_place(sp, n, b, granule);
}
/* Granules [lo, hi) of window w (NULL: outside all), at an address the caller chose, become
 * occupied. Maps what is not ours. */
wvm_status wvm_space_claim(struct wvm_space *sp, const struct wvm_window *w, uint64_t lo,
                           uint64_t hi) WVM_MUST_CHECK;
/* The same also past the top of the space. */
wvm_status wvm_space_claim_any(struct wvm_space *sp, const struct wvm_window *w, uint64_t lo,
                               uint64_t hi) WVM_MUST_CHECK;
/* A range of n granules for a window and its fences: outside all windows, aligned to chunks, now
 * occupied. */
wvm_status wvm_space_place_fenced(struct wvm_space *sp, uint64_t n,
                                  uint64_t *granule) WVM_MUST_CHECK;
/* Quick: granules [lo, hi) lie in the first slab, the usual case. Any thread may ask. */
static inline bool wvm_space_in_main(const struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    return hi <= __atomic_load_n(&sp->main_hi, __ATOMIC_ACQUIRE) &&
           lo >= __atomic_load_n(&sp->main_lo, __ATOMIC_RELAXED);
}

/* Reserving charges no commit, so whatever the host ran out of is want of address space: the status
 * of its refusal. */
wvm_status wvm_space_no_room(int err, size_t len);

/* The mapping at addr, new and ours, can merge with itself after any changes. */
void wvm_space_prime(struct wvm_space *sp, uintptr_t addr);

/* Pages [start, end), all closed, belong to no allocation (any more): every granule of theirs that
 * no allocation touches becomes free. */
void wvm_space_unoccupy_parts(struct wvm_space *sp, uint64_t start, uint64_t end);
static inline void wvm_space_unoccupy(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    uint64_t lo = WVM_GRANULE_OF(start), hi = WVM_GRANULE_OF(end);
    bool whole = (start | end) % WVM_PAGES_PER_GRANULE == 0;
    if (WVM_LIKELY(whole && wvm_space_in_main(sp, lo, hi)))
        wvm_gaps_give(&sp->store, wvm_space_gaps_at(sp, lo), lo, hi);
    else
        wvm_space_unoccupy_parts(sp, start, end);
}

/* ---- space_range.c, space_range_tell.c ---- */

/* Takes all addresses below the top that are free. Once, before the space is used. NO_MEMORY: there
 * is none. */
wvm_status wvm_space_take_range(struct wvm_space *sp) WVM_MUST_CHECK;
/* Nothing is put where the first thread's stack grows. Once, before the space is used. */
void wvm_space_leave_stack(struct wvm_space *sp);
/* With the option diag: what was taken of the range, and what lies in the rest. */
void wvm_space_tell_range(struct wvm_space *sp);
/* Granules [*lo, *hi), cut at `at`, are the first at or above it that a mapping covers or that are
 * left to the host. 1: found, 0: none, or -errno. */
int wvm_space_next_taken(const struct wvm_space *sp, uint64_t at, uint64_t *lo, uint64_t *hi);
/* Some of the granules are left to the host. */
bool wvm_space_is_left(const struct wvm_space *sp, uintptr_t addr, size_t len);
/* The longest range of granules below the top that has no mappings; lo == hi: none. */
void wvm_space_find_hole(const struct wvm_space *sp, uint64_t *lo, uint64_t *hi);
/* A mapping of ours at the end of that. 0 or -errno. */
int wvm_space_reserve_below_top(const struct wvm_space *sp, uint64_t len,
                                uintptr_t *out) WVM_MUST_CHECK;

/* ---- space_host.c ---- */

/* Every page of [lo, hi) becomes accessible with prot (not NONE), contents kept. 0 or -errno. */
int wvm_space_open(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot) WVM_MUST_CHECK;
/* Accessible pages of [lo, hi) become inaccessible, contents kept. 0 or -errno. */
int wvm_space_hide(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
/* Every page of [lo, hi) becomes what a committed page of this state is in the host: opened, hidden
 * or held. flags: the allocation's. 0 or -errno. */
int wvm_space_make(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr,
                   uint16_t flags) WVM_MUST_CHECK;
/* Every page of [lo, hi) becomes inaccessible in a way that one call opens again, contents kept: a
 * guard page. 0 or -errno. */
int wvm_space_hold(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
/* Every page of [lo, hi) loses its contents and becomes inaccessible. Cannot fail. */
void wvm_space_close(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Reserved pages of [lo, hi) of a (NULL: all pages) that could not be made inaccessible are emptied
 * before their commit. False: the host refuses. */
bool wvm_space_clean_stale(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                           uint64_t hi) WVM_MUST_CHECK;
/* The mappings of [lo, hi) get back the protection they had a moment ago. */
void wvm_space_restore(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot);
/* The host has again for every page of [lo, hi) what sp->host says. */
void wvm_space_restore_all(struct wvm_space *sp, uint64_t lo, uint64_t hi);

/* ---- space_maps.c ---- */

/* The only way to change sp->host: pages [lo, hi) become v. */
void wvm_space_set_host(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t v);
/* The same for a range whose pages are all h. */
void wvm_space_set_host_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h, uint8_t v);
/* More than half of the mappings that the host allows are in use. */
bool wvm_space_maps_counted_scarce(struct wvm_space *sp);
static inline bool wvm_space_maps_scarce(struct wvm_space *sp)
{
    return WVM_UNLIKELY(sp->n_edges >= sp->calm_below) && wvm_space_maps_counted_scarce(sp);
}
/* May [lo, hi) get protection prot without using up the last mappings? */
bool wvm_space_maps_counted_allow(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot);
static inline bool wvm_space_maps_allow(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                        unsigned prot)
{
    return WVM_LIKELY(sp->n_edges < sp->calm_below) ||
           wvm_space_maps_counted_allow(sp, lo, hi, prot);
}
/* May n mappings be added? */
bool wvm_space_maps_allow_more(struct wvm_space *sp, uint64_t n);
/* Are about as many in use as we let there be? Then a refusal is most likely that. Reads the host's
 * list. */
bool wvm_space_maps_refused(void);
/* n mappings that n_edges counted are gone. */
void wvm_space_maps_fewer(struct wvm_space *sp, uint64_t n);
/* Makes the free space around a page that was released one mapping again, when that matters. */
void wvm_space_tidy_around(struct wvm_space *sp, uint64_t page);
static inline void wvm_space_tidy(struct wvm_space *sp, uint64_t page)
{
    if (WVM_UNLIKELY(sp->n_edges >= sp->calm_below || sp->ballast_lost))
        wvm_space_tidy_around(sp, page);
}
void wvm_space_take_ballast(struct wvm_space *sp);
/* Unmaps ballast so that the host has mappings to spare. False: none was left. */
bool wvm_space_give_up_ballast(struct wvm_space *sp);

/* ---- space_query.c ---- */

/* What the tables say about a page of ours: a query without the question which pages of a view were
 * written, and whether others committed them. False: no allocation contains it. Lock-free. */
bool wvm_space_look(struct wvm_space *sp, uint64_t page, struct wvm_found *f);

/* ---- space_protect.c ---- */

/* Takes the guard off the page at `at`, a page address, in ordinary code: GUARD_PAGE_VIOLATION, or
 * why not (SUCCESS: it has none any more). */
wvm_status wvm_space_disarm(struct wvm_space *sp, uintptr_t at) WVM_MUST_CHECK;

/* ---- space_foreign.c: memory that is not winvm's ---- */

/* What lies at the page address `at` inside a mapping of process pid, 0: this one. */
void wvm_space_describe(pid_t pid, const struct wvm_host_vma *vma, uintptr_t at,
                        struct wvm_region *out);

/* *out is free memory up to a foreign mapping of process pid, 0: this one. It is cut at the granule
 * in which the mapping begins, or becomes the reservation before the mapping (I4). Lock-free. */
void wvm_space_head(pid_t pid, struct wvm_region *out);

/* True: a mapping covers page, *out describes it. False: nothing is mapped there. Lock-free. */
bool wvm_space_foreign_query(struct wvm_space *sp, uint64_t page, struct wvm_region *out);
wvm_status wvm_space_foreign_protect(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                                     uint8_t attr, uint8_t *old) WVM_MUST_CHECK;

/* ---- views: space_view.c, space_view_pages.c ---- */

/* Writes to pages mapped so reach the backing. */
static inline bool wvm_space_writes_through(uint8_t attr)
{
    return (attr & WVM_ATTR_ACCESS) == WVM_ATTR_RW || (attr & WVM_ATTR_ACCESS) == WVM_ATTR_XRW;
}
static inline bool wvm_attr_is_copy(uint8_t attr)
{
    return (attr & WVM_ATTR_ACCESS) == WVM_ATTR_WC || (attr & WVM_ATTR_ACCESS) == WVM_ATTR_XWC;
}
struct wvm_backing *wvm_space_backing_of(struct wvm_space *sp, const struct wvm_alloc *a);
static inline bool wvm_space_view_anonymous(const struct wvm_space *sp, const struct wvm_alloc *a)
{
    return wvm_view_at(&sp->store, a->view)->anonymous;
}
/* One more view can be described. */
bool wvm_space_stock_view(struct wvm_space *sp) WVM_MUST_CHECK;
/* sp->host knows the view's pages: before they change. */
void wvm_space_enter_view(struct wvm_space *sp, const struct wvm_alloc *a);
/* May a page of the view get attr, which is changed to what it will be? SECTION_PROTECTION. */
wvm_status wvm_space_view_permits(const struct wvm_alloc *a, uint8_t *attr) WVM_MUST_CHECK;
/* The same for a commit. ALREADY_COMMITTED, SECTION_PROTECTION. */
wvm_status wvm_space_view_commits(const struct wvm_space *sp, const struct wvm_alloc *a,
                                  uint8_t *attr) WVM_MUST_CHECK;
/* Pages [lo, hi) of one shared view are about to get attr: they are in the right kind of mapping. 0
 * or -errno. */
int wvm_space_view_ready(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
    WVM_MUST_CHECK;
/* Lets pages [lo, hi), inaccessible and empty, merge with those around them: before a view or a
 * placeholder gives them up. What the host refuses only costs mappings. */
void wvm_space_join(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* That came to nothing: the pages are in the kind of mapping that their states want. */
void wvm_space_view_unready(struct wvm_space *sp, uint64_t lo, uint64_t hi);
void wvm_space_forget_copies(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* What pages [page, *end), whose state is attr, read as; *end is cut to those that do. One call of
 * the host at most. Lock-free. */
uint8_t wvm_space_view_written(uint64_t page, uint64_t *end, uint8_t attr);
/* Reserved pages of [lo, hi) that are committed in the backing are so here. */
wvm_status wvm_space_view_sync(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                               uint64_t hi) WVM_MUST_CHECK;
/* Pages of [lo, hi) that are committed nowhere. */
uint64_t wvm_space_view_uncommitted(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                                    uint64_t hi);
/* Pages [lo, hi) of a are committed now, n_new of them for the first time, and already charged. */
void wvm_space_view_committed(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                              uint64_t hi, uint64_t n_new);
/* For callers without the lock. A reserved page of a view: was it committed elsewhere? Then it is
 * here, too. */
bool wvm_space_view_catch_up(struct wvm_space *sp, uint64_t page);
/* The first of [page, end), reserved pages of one view, that is committed elsewhere; or end. */
uint64_t wvm_space_view_next_commit(struct wvm_space *sp, uint64_t page, uint64_t end);
/* wvm_space_commit with the lock held. */
wvm_status wvm_space_commit_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                   uint8_t attr) WVM_MUST_CHECK;
/* CONFLICTING_ADDRESSES when an allocation of ours overlaps [lo, hi). */
wvm_status wvm_space_check_free(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;

/* ---- the working set's limits: space_limits.c ---- */

/* Pages that process locks may hold in all. */
#define WVM_NO_LOCK_QUOTA UINT64_MAX
uint64_t wvm_space_lock_quota(const struct wvm_space *sp);

#endif
