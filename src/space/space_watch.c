/* Write watches: which pages of an allocation were written (MEM_WRITE_WATCH).
 *
 * 1. The answer is the table (sp->watch, DIRTY) or the kernel. The kernel is asked about pages that
 *    have contents and are not dirty by the table; it answers exactly for pages that were never
 *    reset (what is in memory was written) and for armed ones (write protection was lifted). The
 *    first reset of a page registers its allocation's mappings and arms the page; nothing is done
 *    before that, and only what a reset reports is armed, in the step that finds it.
 * 2. What makes the kernel forget is preceded by a note in the table: decommit, MEM_RESET, fork.
 * 3. A page that cannot be watched any more (no descriptor, no mapping left, another owner of the
 *    mapping) stays dirty: every later call reports it, none misses a write.
 *
 * Terms   armed = clean and watched by the kernel; quick = a scan that is right only for runs of
 *         armed pages and costs half; stretch = pages with contents that one scan answers.
 * I1  Pages outside watched allocations have no bits.
 * I2  ARMED pages are not DIRTY and have contents. It is a hint: without it a scan is slower, with
 *     it on a page whose contents the program itself dropped the page is reported.
 * I3  A write is reported by the call that resets the page or by a later one: bits of the table are
 *     cleared before the page is armed, never after.
 * Locking: the space lock, taken here by _get and _reset.
 * Failure: INVALID_PARAMETER_1, NO_MEMORY before anything changed; else see 3.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_change.h"

#define DIRTY WVM_WATCHED_DIRTY
#define ARMED WVM_WATCHED_ARMED
#define REGISTERED WVM_WATCHED_REGISTERED
#define SMALL WVM_WATCHED_SMALL

#define QUICK_PAGES 256 /* shorter runs of armed pages are not worth a scan of their own */
#define NOTE_RUNS 64

/* ---- the table ---- */

static uint64_t next_run(struct wvm_space *sp, uint64_t p, uint64_t hi, uint8_t *v)
{
    return wvm_sheet_next(&sp->store, &sp->watch, p, hi, v);
}

/* Pages [lo, hi) lose the bits `off` and get the bits `on`. Needs nodes for one change. */
static void change_bits(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t off, uint8_t on)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = next_run(sp, p, hi, &v);
        uint8_t now = (uint8_t)((v & ~off) | on);
        if (now == v)
            continue;
        wvm_sheet_set(&sp->store, &sp->watch, p, end, now);
        wvm_store_flush(&sp->store);
    }
}

static bool all_have(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t bit)
{
    uint8_t v = bit;
    for (uint64_t p = lo; p < hi && v & bit;)
        p = next_run(sp, p, hi, &v);
    return v & bit;
}

void wvm_space_watch_set_dirty(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    change_bits(sp, lo, hi, ARMED, DIRTY);
}

/* Changes [n] of runs found by the host, as far as there is room for them. False: there is none. */
static bool change_found(struct wvm_space *sp, const struct wvm_host_scan *s, int n, uint8_t off,
                         uint8_t on)
{
    if (!wvm_space_stock_close(sp, (uint64_t)n, wvm_page_of(s->end) - wvm_page_of(s->start)))
        return false;
    for (int i = 0; i < n; i++)
        change_bits(sp, wvm_page_of(s->run[i].start), wvm_page_of(s->run[i].end), off, on);
    return true;
}

/* ---- the kernel ---- */

/* The mappings of [lo, hi), which is in one allocation, are registered; the whole allocation is,
 * when some of them are not. */
static bool register_pages(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint32_t id;
    if (all_have(sp, lo, hi, REGISTERED))
        return true;
    const struct wvm_alloc *a = wvm_space_find(sp, lo, &id);
    int err = wvm_host.watch(wvm_addr_of(a->start), (a->end - a->start) << WVM_PAGE_SHIFT);
    if (err) {
        wvm_host_diag("write watch: pages cannot be reset: error %d", -err);
        return false;
    }
    change_bits(sp, a->start, a->end, 0, REGISTERED);
    return true;
}

/* One scan. With rearm: of registered pages; one that lost its registration without our doing gets
 * it again, once. */
static int scan(struct wvm_space *sp, struct wvm_host_scan *s)
{
    uint64_t lo = wvm_page_of(s->start), hi = wvm_page_of(s->end);
    if (s->rearm && !register_pages(sp, lo, hi))
        return -EPERM;
    int n = wvm_host.written(s);
    if (n != -EPERM || !s->rearm)
        return n;
    change_bits(sp, lo, hi, REGISTERED, 0);
    return register_pages(sp, lo, hi) ? wvm_host.written(s) : -EPERM;
}

static uint64_t contents_end(struct wvm_space *sp, uint64_t p, uint64_t hi)
{
    uint8_t h;
    while (p < hi) {
        uint64_t end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_has_contents(h))
            break;
        p = end;
    }
    return p;
}

/* The end of the stretch that begins at p, not dirty; p: the page has no contents. *quick: all of
 * it is armed. */
static uint64_t find_stretch(struct wvm_space *sp, uint64_t p, uint64_t hi, bool *quick)
{
    uint64_t end;
    uint8_t v;
    hi = contents_end(sp, p, hi);
    for (end = p; end < hi;) {
        uint64_t to = next_run(sp, end, hi, &v);
        bool big = v & ARMED && to - end >= QUICK_PAGES;
        if (v & DIRTY || (end > p && (big || *quick)))
            break;
        *quick = big;
        end = to;
    }
    return end;
}

/* ---- the answer ---- */

struct answer {
    struct wvm_watch *w;
    uint64_t most; /* pages that may still be reported */
};

static bool has_room(const struct answer *r)
{
    return r->most && r->w->n_runs < WVM_WATCH_RUNS;
}

/* Arms the pages of [lo, hi) that have contents; they were dirty by the table or are taken for
 * written. False: not all could be armed. */
static bool arm_pages(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_host_written run[NOTE_RUNS];
    uint8_t h;
    if (!wvm_host_caps.watch)
        return wvm_space_watch_withhold(sp, lo, hi);
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_has_contents(h))
            continue;
        struct wvm_host_scan s = {.start = wvm_addr_of(p), .end = wvm_addr_of(end),
                                  .most = UINT64_MAX, .rearm = true, .n_runs = NOTE_RUNS,
                                  .run = run};
        int n = scan(sp, &s);
        if (n < 0 || wvm_page_of(s.next) <= p)
            return false;
        change_found(sp, &s, n, 0, ARMED);
        end = wvm_page_of(s.next);
    }
    return true;
}

/* Pages [lo, hi), dirty by the table, are reported. Answers how far. */
static uint64_t report_dirty(struct wvm_space *sp, struct answer *r, uint64_t lo, uint64_t hi)
{
    if (hi - lo > r->most)
        hi = lo + r->most;
    r->w->run[r->w->n_runs++] =
        (struct wvm_host_written){.start = wvm_addr_of(lo), .end = wvm_addr_of(hi)};
    r->most -= hi - lo;
    if (r->w->reset) {
        change_bits(sp, lo, hi, DIRTY, 0);
        if (!arm_pages(sp, lo, hi))
            wvm_space_watch_set_dirty(sp, lo, hi);
    }
    return hi;
}

/* The stretch [lo, hi) is answered by the kernel, as far as there is room. What cannot be armed
 * is reported and stays written; where the kernel cannot be asked, all of it counts as dirty. */
static uint64_t report_stretch(struct wvm_space *sp, struct answer *r, uint64_t lo, uint64_t hi,
                               bool quick)
{
    struct wvm_watch *w = r->w;
    struct wvm_host_scan s = {.start = wvm_addr_of(lo), .end = wvm_addr_of(hi), .most = r->most,
                              .rearm = w->reset, .all_armed = quick,
                              .n_runs = WVM_WATCH_RUNS - w->n_runs, .run = w->run + w->n_runs};
    int n = scan(sp, &s);
    if (n < 0 && s.rearm) {
        s.rearm = false;
        n = scan(sp, &s);
    }
    uint64_t next = wvm_page_of(s.next);
    if (n < 0 || next <= lo) {
        wvm_space_watch_set_dirty(sp, lo, hi);
        return lo;
    }
    for (int i = 0; i < n; i++)
        r->most -= (s.run[i].end - s.run[i].start) >> WVM_PAGE_SHIFT;
    w->n_runs += (unsigned)n;
    if (s.rearm && !quick && n)
        change_found(sp, &s, n, 0, ARMED);
    return next;
}

/* Answers some pages from p upwards; how far. */
static uint64_t step(struct wvm_space *sp, struct answer *r, uint64_t p, uint64_t hi)
{
    uint8_t v, h;
    bool quick = false;
    uint64_t run = next_run(sp, p, hi, &v);
    if (v & DIRTY)
        return report_dirty(sp, r, p, run);
    if (!wvm_host_caps.watch)
        return run;
    uint64_t end = find_stretch(sp, p, hi, &quick);
    if (end > p)
        return report_stretch(sp, r, p, end, quick);
    return wvm_host_run(sp, p, run, &h);
}

static wvm_status find_watched(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                               struct wvm_alloc **out)
{
    uint32_t id;
    struct wvm_alloc *a = wvm_space_find(sp, lo, &id);
    *out = a;
    if (!a || !(a->flags & WVM_ALLOC_WRITE_WATCH))
        return wvm_space_fail(STATUS_INVALID_PARAMETER_1, "no write-watched allocation at",
                              wvm_addr_of(lo));
    if (hi > a->end)
        return wvm_space_fail(STATUS_INVALID_PARAMETER_1,
                              "the range ends past the allocation, at", wvm_addr_of(a->end));
    return wvm_space_stock(sp, 0, 0) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* What faults did is in the tables. A reset of pages that are watched by faults is a change of
 * their host state, and published. */
static wvm_status begin(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                        bool reset)
{
    wvm_status status;
    do
        status = wvm_space_settle(sp, a, lo, hi);
    while (!status && reset && wvm_watched_by_faults(a->flags) &&
           !wvm_space_change_begin(sp, a, lo, hi, WVM_ATTR_SAME, &status) && !status);
    return status;
}

static void finish(struct wvm_space *sp, struct wvm_alloc *a, bool reset)
{
    if (reset && wvm_watched_by_faults(a->flags))
        wvm_space_change_end(sp, a, false);
}

/* Answers pages from p upwards as long as there is room; how far. discard: the answer is of no
 * interest. */
static wvm_status answer_range(struct wvm_space *sp, struct wvm_watch *w, bool discard)
{
    struct answer r = {w, w->most};
    struct wvm_alloc *a;
    uint64_t p = wvm_page_of(w->start), hi = wvm_page_of(w->end);
    wvm_status status = find_watched(sp, p, hi, &a);
    if (!status)
        status = begin(sp, a, p, hi, w->reset);
    if (status)
        return status;
    for (w->n_runs = 0; p < hi && has_room(&r); w->n_runs = discard ? 0 : w->n_runs)
        p = step(sp, &r, p, hi);
    w->next = wvm_addr_of(p);
    finish(sp, a, w->reset);
    return STATUS_SUCCESS;
}

wvm_status wvm_space_watch_get(struct wvm_space *sp, struct wvm_watch *w)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = answer_range(sp, w, false);
    wvm_space_leave(sp);
    return status;
}

wvm_status wvm_space_watch_reset(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    struct wvm_watch w = {.start = start, .end = end, .most = UINT64_MAX, .reset = true};
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    status = answer_range(sp, &w, true);
    wvm_space_leave(sp);
    return status;
}

/* ---- what other operations do to watched pages ---- */

/* What the kernel knows of the stretch becomes bits. */
static void note_stretch(struct wvm_space *sp, uint64_t lo, uint64_t hi, bool quick)
{
    struct wvm_host_written run[NOTE_RUNS];
    for (uint64_t p = lo; p < hi;) {
        struct wvm_host_scan s = {.start = wvm_addr_of(p), .end = wvm_addr_of(hi),
                                  .most = UINT64_MAX, .all_armed = quick, .n_runs = NOTE_RUNS,
                                  .run = run};
        int n = scan(sp, &s);
        if (n < 0 || wvm_page_of(s.next) <= p || !change_found(sp, &s, n, ARMED, DIRTY)) {
            wvm_space_watch_set_dirty(sp, p, hi);
            return;
        }
        p = wvm_page_of(s.next);
    }
}

static void note_dirty(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t v, h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        bool quick = false;
        end = next_run(sp, p, hi, &v);
        if (v & DIRTY)
            continue;
        uint64_t stretch = find_stretch(sp, p, hi, &quick);
        if (stretch > p)
            note_stretch(sp, p, stretch, quick);
        end = stretch > p ? stretch : wvm_host_run(sp, p, end, &h);
    }
}

void wvm_space_watch_note(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (!wvm_host_caps.watch)
        return;
    note_dirty(sp, lo, hi);
    change_bits(sp, lo, hi, ARMED, 0);
}

void wvm_space_watch_replaced_some(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    change_bits(sp, lo, hi, ARMED | REGISTERED | SMALL, 0);
}

/* What is left of the watch's own mappings becomes part of the slab again. */
void wvm_space_watch_forget(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t v = 0;
    for (uint64_t p = lo; p < hi && !(v & (REGISTERED | SMALL));)
        p = next_run(sp, p, hi, &v);
    if (v & (REGISTERED | SMALL) &&
        wvm_host.discard(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) == 0)
        wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
    wvm_store_flush(&sp->store);
    change_bits(sp, lo, hi, 0xff, 0);
}

/* Without a mapping to spare the pages stay as they are: a write may then be reported as 512. */
void wvm_space_watch_prepare_small(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (!all_have(sp, lo, hi, SMALL) &&
        wvm_host.small_pages(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) == 0)
        change_bits(sp, lo, hi, 0, SMALL);
}

bool wvm_space_watch_touch(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    const struct wvm_alloc *a;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_space_alloc_run(sp, p, hi, &a);
        if (!a || !(a->flags & WVM_ALLOC_WRITE_WATCH))
            continue;
        if (!wvm_space_stock(sp, 0, 0))
            return false;
        wvm_space_watch_set_dirty(sp, p, end);
    }
    return true;
}

/* ---- fork ---- */

/* Runs `act` over the pages of every allocation that has registered pages. */
static void each_registered(struct wvm_space *sp,
                            void (*act)(struct wvm_space *, uint64_t, uint64_t))
{
    uint32_t id;
    uint8_t v;
    if (!sp->watch_used)
        return;
    for (uint64_t p = 1, end; p < WVM_N_PAGES; p = end) {
        end = next_run(sp, p, WVM_N_PAGES, &v);
        const struct wvm_alloc *a = v & REGISTERED ? wvm_space_find(sp, p, &id) : NULL;
        if (!a)
            continue;
        end = a->end;
        act(sp, a->start, a->end);
    }
}

/* A child has the pages but nothing protects them. Where no other thread can write meanwhile,
 * what is dirty is noted and the child arms the rest again; else every page is taken for
 * written. */
void wvm_space_watch_before_fork(struct wvm_space *sp)
{
    sp->watch_alone = wvm_host_single_threaded();
    if (sp->watch_alone)
        each_registered(sp, note_dirty);
}

static void disown(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    change_bits(sp, lo, hi, ARMED | REGISTERED, 0);
}

static void arm_again(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    disown(sp, lo, hi);
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = next_run(sp, p, hi, &v);
        if (!(v & DIRTY) && !arm_pages(sp, p, end))
            return;
    }
}

void wvm_space_watch_after_fork_child(struct wvm_space *sp)
{
    each_registered(sp, sp->watch_alone ? arm_again : disown);
}

/* ---- the audit ---- */

const char *wvm_space_watch_audit(struct wvm_space *sp)
{
    uint8_t v, h;
    uint32_t id;
    for (uint64_t p = 1, end; p < WVM_N_PAGES; p = end) {
        end = next_run(sp, p, WVM_N_PAGES, &v);
        if (!v)
            continue;
        struct wvm_alloc *a = wvm_space_find(sp, p, &id);
        if (!a || !(a->flags & WVM_ALLOC_WRITE_WATCH))
            return "space_watch I1: bits of a page that is not watched";
        end = wvm_min(end, a->end);
        if (v & ARMED && v & DIRTY)
            return "space_watch I2: an armed page is dirty";
        if (v & ARMED && (wvm_host_run(sp, p, end, &h), !wvm_hp_has_contents(h)))
            return "space_watch I2: an armed page has no contents";
    }
    return NULL;
}
