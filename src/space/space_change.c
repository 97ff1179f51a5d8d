/* Where changes and the fault path meet.
 *
 * 1. The fault path takes no lock. What it does to a page (a guard page fires, a stack grows) it
 *    writes into the overlay sp->fired, which overrides the allocation's page map: first
 *    WVM_MARK_BUSY, then the host call, then the page's new state. The holder of the lock moves
 *    such marks into the maps (settles them) before it reads the states of a range or changes it.
 * 2. A change publishes its range and new state in sp->pending before its first host call. The
 *    fault path that set a mark to BUSY looks at pending afterwards; the change that published
 *    looks at the marks afterwards: one of them sees the other. The fault path then takes its mark
 *    back and lets the instruction run again; the change waits until no mark of its range is BUSY.
 * 3. A fault of the thread that makes the change (its asynchronous signal handler) cannot wait.
 *    Until the change has found no mark in its range it is decided by the old state, and makes the
 *    change look again; from then on by the new state: it may open a page that the change is about
 *    to open, and it may fire a guard page that the change is about to arm; the end of the change
 *    makes both true.
 *
 * I1  A mark other than BUSY is the truth about its page, except inside the pending range of the
 *     thread that holds the lock.
 * I2  While a range is pending no mark in it becomes BUSY for longer than the fault path needs to
 *     look at pending, except by the thread that made it pending.
 * I3  pending.seq is odd exactly while a change is published; a reader that finds it changed after
 *     reading the range takes the range for all of memory, which only costs a retry.
 * Locking: the space lock; wvm_space_pending none.   Failure: NO_MEMORY before anything changed.
 * Signal safety: wvm_space_pending and _touched. */
#include "space/space_change.h"

#include <sched.h>

#define STACK_CHUNKS 16 /* so far below a guard page a stack can grow: 4 GiB */

/* This thread's change is published: set while it may be looked at. */
static WVM_THREAD_LOCAL int publishing;

/* ---- pending ---- */

void wvm_space_publish(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
{
    struct wvm_change *c = &sp->pending;
    __atomic_store_n(&c->lo, lo, __ATOMIC_RELAXED);
    __atomic_store_n(&c->hi, hi, __ATOMIC_RELAXED);
    __atomic_store_n(&c->state, attr, __ATOMIC_RELAXED);
    publishing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    /* A full barrier: marks are read after it, pending after a mark's compare and swap (2). */
    __atomic_fetch_add(&c->seq, 1, __ATOMIC_SEQ_CST);
}

void wvm_space_withdraw(struct wvm_space *sp)
{
    __atomic_store_n(&sp->pending.seq, sp->pending.seq + 1, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    publishing = 0;
}

enum wvm_pending wvm_space_pending(const struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                   uint8_t *attr)
{
    const struct wvm_change *c = &sp->pending;
    uint32_t seq = __atomic_load_n(&c->seq, __ATOMIC_SEQ_CST);
    if (!(seq & 1))
        return WVM_PENDING_NONE;
    uint64_t from = __atomic_load_n(&c->lo, __ATOMIC_RELAXED);
    uint64_t to = __atomic_load_n(&c->hi, __ATOMIC_RELAXED);
    *attr = (uint8_t)__atomic_load_n(&c->state, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&c->seq, __ATOMIC_RELAXED) != seq)
        return WVM_PENDING_OTHER;
    if (hi <= from || lo >= to)
        return WVM_PENDING_NONE;
    return publishing ? WVM_PENDING_OWN : WVM_PENDING_OTHER;
}

void wvm_space_pending_touched(struct wvm_space *sp)
{
    __atomic_fetch_or(&sp->pending.state, WVM_CHANGE_TOUCHED, __ATOMIC_RELAXED);
}

/* ---- settling ---- */

void wvm_space_await_marks(const struct wvm_overlay *ov, uint64_t lo, uint64_t hi)
{
    uint8_t mark;
    for (uint64_t p = lo; p < hi;) {
        uint64_t end = wvm_overlay_next(ov, p, hi, &mark);
        if (mark == WVM_MARK_BUSY)
            sched_yield();
        else
            p = end;
    }
}

static void clear_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t mark)
{
    for (uint64_t p = lo; p < hi; p++)
        wvm_overlay_swap(&sp->fired, p, mark, WVM_MARK_NONE);
}

/* Pages [lo, hi) of a, whose map says v, have state attr by their marks. False: the host
 * refuses. */
static bool settle_run(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                       uint8_t v, uint8_t attr)
{
    unsigned prot = wvm_space_open_prot(a->flags, attr);
    if (prot)
        wvm_space_set_host(sp, lo, hi, (uint8_t)prot);
    else if (wvm_space_hold(sp, lo, hi) < 0)
        return false;
    if (v == WVM_ATTR_RESERVED) {
        __atomic_fetch_sub(&sp->grown, hi - lo, __ATOMIC_RELAXED);
        wvm_space_charge(sp, (int64_t)(hi - lo));
    }
    wvm_space_set_pages(sp, a, lo, hi, attr);
    wvm_store_flush(&sp->store);
    return true;
}

/* The next run of equal marks and equal map states from p upwards. */
static uint64_t next_run(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t p, uint64_t hi,
                         uint8_t *v, uint8_t *mark)
{
    uint64_t end = wvm_overlay_next(&sp->fired, p, hi, mark);
    if (*mark == WVM_MARK_NONE)
        return end;
    return wvm_state_run(sp, a, p, end, v);
}

static uint64_t count_marked(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                             uint64_t hi)
{
    uint64_t n = 0;
    uint8_t v, mark;
    for (uint64_t p = lo; p < hi;) {
        p = next_run(sp, a, p, hi, &v, &mark);
        n += mark != WVM_MARK_NONE;
    }
    return n;
}

/* The range is published: no mark of it changes but by the own thread's fault path, and a mark that
 * is BUSY is about to be given back. */
static wvm_status settle_published(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                   uint64_t hi)
{
    uint8_t v = 0, mark;
    if (!wvm_space_stock(sp, count_marked(sp, a, lo, hi), hi - lo))
        return STATUS_NO_MEMORY;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = next_run(sp, a, p, hi, &v, &mark);
        if (mark == WVM_MARK_BUSY) {
            sched_yield();
            end = p;
        }
        if (mark == WVM_MARK_NONE || mark == WVM_MARK_BUSY)
            continue;
        if (!settle_run(sp, a, p, end, v, WVM_MARK_ATTR(mark)))
            return wvm_space_fail(STATUS_NO_MEMORY, "no mapping left to settle the page at",
                                  wvm_addr_of(p));
        clear_marks(sp, p, end, mark);
    }
    return STATUS_SUCCESS;
}

/* A guard page that fired between the look at its mark and the host call would be closed again:
 * settling is a change like any other. */
wvm_status wvm_space_settle_marks(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                  uint64_t hi)
{
    if (!count_marked(sp, a, lo, hi))
        return STATUS_SUCCESS;
    wvm_space_publish(sp, lo, hi, WVM_ATTR_SAME);
    wvm_space_await_marks(&sp->fired, lo, hi);
    wvm_status status = settle_published(sp, a, lo, hi);
    wvm_space_change_end(sp, a, false);
    return status;
}

bool wvm_space_any_fired(const struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t mark;
    if (wvm_space_watch_any_fired(sp, lo, hi))
        return true;
    if (!wvm_overlay_any(&sp->fired))
        return false;
    return wvm_overlay_next(&sp->fired, lo, hi, &mark) != hi || mark != WVM_MARK_NONE;
}

/* A page of a that was claimed: it has the host state of its own state again. One that had no state
 * was to become the guard page of a stack. */
static void take_back(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t page)
{
    uint8_t v, mark = WVM_MARK_NONE;
    wvm_pages_next(&sp->store, &a->pages, page - a->origin, page + 1 - a->origin, &v);
    if (v == WVM_ATTR_RESERVED)
        mark = WVM_MARK_OF(a->attr | WVM_ATTR_GUARD);
    wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE, wvm_space_open_prot(a->flags, v));
    wvm_overlay_store(&sp->fired, page, mark);
}

void wvm_space_settle_busy(struct wvm_space *sp)
{
    uint32_t id;
    /* Whether a foreign guard page was opened is not known: the next access tells. */
    for (uint64_t p = 0; wvm_overlay_find(&sp->foreign, WVM_MARK_BUSY, &p); p++)
        wvm_overlay_store(&sp->foreign, p, WVM_MARK_NONE);
    for (uint64_t p = 0; wvm_overlay_find(&sp->fired, WVM_MARK_BUSY, &p); p++) {
        const struct wvm_alloc *a = wvm_space_find(sp, p, &id);
        if (a)
            take_back(sp, a, p);
    }
}

/* ---- changes ---- */

/* From here on faults of the own thread are decided by the new state. False: one came before. */
static bool change_state(struct wvm_space *sp, uint8_t attr)
{
    uint16_t untouched = WVM_ATTR_SAME;
    return __atomic_compare_exchange_n(&sp->pending.state, &untouched, attr, false,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool wvm_space_change_begin(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                            uint8_t attr, wvm_status *status)
{
    bool quiet = true;
    wvm_space_publish(sp, lo, hi, WVM_ATTR_SAME);
    *status = STATUS_SUCCESS;
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->written)))
        quiet = wvm_space_watch_quiet(sp, lo, hi);
    if (quiet && WVM_UNLIKELY(wvm_overlay_any(&sp->fired))) {
        wvm_space_await_marks(&sp->fired, lo, hi);
        quiet = !count_marked(sp, a, lo, hi);
        if (!quiet)
            *status = settle_published(sp, a, lo, hi);
    }
    if (quiet && change_state(sp, attr))
        return true;
    wvm_space_change_end(sp, a, false);
    return false;
}

/* The page, in the pending range, has no mark any more. A claim that another thread is about to
 * give back is waited for: taken away from it, it would come back uncounted. */
static void forget_mark(struct wvm_space *sp, uint64_t page)
{
    uint8_t mark;
    while ((mark = wvm_overlay_get(&sp->fired, page)) != WVM_MARK_NONE) {
        if (mark == WVM_MARK_BUSY)
            sched_yield();
        else
            wvm_overlay_swap(&sp->fired, page, mark, WVM_MARK_NONE);
    }
}

/* The change was undone, and with it what the own thread's fault path did in the new state. */
static void forget_own(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v, mark;
    __atomic_store_n(&sp->pending.state, WVM_ATTR_SAME, __ATOMIC_RELAXED);
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = next_run(sp, a, p, hi, &v, &mark);
        for (uint64_t q = p; mark != WVM_MARK_NONE && q < end; q++)
            forget_mark(sp, q);
    }
}

/* The own thread's fault path opened pages meanwhile: all have the host state of the tables again,
 * except those it gave a state of their own, which have that. It may come again while this runs. */
static void make_true(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v, mark;
    do {
        __atomic_fetch_and(&sp->pending.state, (uint16_t)~WVM_CHANGE_TOUCHED, __ATOMIC_RELAXED);
        /* Without memory to settle in, a page that was written faults and is opened again. */
        if (wvm_overlay_any(&sp->written) && wvm_space_watch_settle_marks(sp, lo, hi))
            wvm_space_forget_reason();
        wvm_space_restore_all(sp, lo, hi);
        for (uint64_t p = lo, end; p < hi; p = end) {
            end = next_run(sp, a, p, hi, &v, &mark);
            if (mark != WVM_MARK_NONE && mark != WVM_MARK_BUSY)
                wvm_space_restore(sp, p, end, wvm_space_open_prot(a->flags, WVM_MARK_ATTR(mark)));
        }
    } while (__atomic_load_n(&sp->pending.state, __ATOMIC_RELAXED) & WVM_CHANGE_TOUCHED);
}

void wvm_space_change_end(struct wvm_space *sp, struct wvm_alloc *a, bool failed)
{
    uint64_t lo = wvm_max(sp->pending.lo, a->start), hi = wvm_min(sp->pending.hi, a->end);
    if (WVM_UNLIKELY(sp->pending.state & WVM_CHANGE_TOUCHED)) {
        if (failed)
            forget_own(sp, a, lo, hi);
        make_true(sp, a, lo, hi);
    }
    wvm_space_withdraw(sp);
}

bool wvm_space_rearm(struct wvm_space *sp, struct wvm_alloc *a, uint64_t page, uint8_t attr,
                     wvm_status *status)
{
    uint8_t v, mark = wvm_overlay_get(&sp->fired, page);
    wvm_pages_next(&sp->store, &a->pages, page - a->origin, page + 1 - a->origin, &v);
    if (v != attr || !(attr & WVM_ATTR_GUARD) || wvm_marked_attr(v, mark) & WVM_ATTR_GUARD)
        return false;
    wvm_space_publish(sp, page, page + 1, attr);
    if (wvm_overlay_any(&sp->written))
        wvm_space_await_marks(&sp->written, page, page + 1);
    int err = wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE, WVM_HOST_NONE);
    /* Nobody else changes the mark of a page that is accessible. */
    if (!err)
        wvm_overlay_store(&sp->fired, page, WVM_MARK_OF(attr));
    wvm_space_change_end(sp, a, false);
    *status = err ? wvm_space_host_fail(err, WVM_PAGE_SIZE) : STATUS_SUCCESS;
    return true;
}

/* Marked pages are taken for pages with contents, whatever the host map said. */
static void take_marked(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    uint8_t v, mark;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = next_run(sp, a, p, hi, &v, &mark);
        if (mark == WVM_MARK_BUSY)
            end = p; /* again: it is about to be given back */
        if (mark == WVM_MARK_NONE || mark == WVM_MARK_BUSY)
            continue;
        wvm_space_set_host(sp, p, end, WVM_HP_HELD);
        wvm_store_flush(&sp->store);
        if (v == WVM_ATTR_RESERVED)
            __atomic_fetch_sub(&sp->grown, end - p, __ATOMIC_RELAXED);
    }
}

void wvm_space_close_begin(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi)
{
    wvm_space_publish(sp, lo, hi, WVM_ATTR_RESERVED);
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->written)))
        wvm_space_watch_take_marked(sp, lo, hi);
    if (WVM_LIKELY(!wvm_overlay_any(&sp->fired)))
        return;
    wvm_space_await_marks(&sp->fired, lo, hi);
    take_marked(sp, a, lo, hi);
}

void wvm_space_close_end(struct wvm_space *sp)
{
    uint8_t mark;
    uint64_t hi = sp->pending.hi;
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->fired))) {
        for (uint64_t p = sp->pending.lo, end; p < hi; p = end) {
            end = wvm_overlay_next(&sp->fired, p, hi, &mark);
            for (uint64_t q = p; mark != WVM_MARK_NONE && q < end; q++)
                forget_mark(sp, q);
        }
    }
    wvm_space_withdraw(sp);
}

/* ---- arming ---- */

void (*wvm_space_arm_hook)(void);

wvm_status wvm_space_overlay_ready(struct wvm_space *sp, struct wvm_overlay *ov, uint64_t lo,
                                   uint64_t hi)
{
    uint64_t chunk;
    while ((chunk = wvm_overlay_lacks(ov, lo, hi)) != WVM_OVERLAY_CHUNKS) {
        void *mem;
        if (!wvm_space_take_meta(sp, sizeof(struct wvm_overlay_chunk), &mem))
            return wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
        wvm_overlay_add(ov, chunk, mem);
    }
    if (wvm_space_arm_hook)
        wvm_space_arm_hook();
    return STATUS_SUCCESS;
}

wvm_status wvm_space_arm_ready(struct wvm_space *sp, uint64_t start, uint64_t lo, uint64_t hi)
{
    uint64_t low = lo > STACK_CHUNKS * WVM_OVERLAY_SPAN ? lo - STACK_CHUNKS * WVM_OVERLAY_SPAN : 0;
    return wvm_space_overlay_ready(sp, &sp->fired, wvm_max(start, low), hi);
}
