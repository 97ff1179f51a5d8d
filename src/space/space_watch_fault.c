/* Write watches without the kernel's help: pages are kept without write permission until their
 * first write faults.
 *
 * 1. In a watched allocation every page that is opened lacks write permission, whatever its state
 *    says; sp->host says what the host really has. The first write faults: the fault path gives the
 *    permission and marks the page in the overlay sp->written, BUSY before the host call, FIRED
 *    after it. The holder of the lock settles FIRED marks into the tables: the page is dirty and
 *    its host state has write permission.
 * 2. A reset takes the permission away again. Like every change of these pages it is published
 *    first (space_change.c 2): a fault that claimed the page earlier is waited for, a later one
 *    gives its claim back and tries again.
 * 3. A buffer that a system call is about to write to is opened before the call, page by page as
 *    by a fault: the call would not fault but fail.
 *
 * I1  A page of such an allocation that has write permission in the host is dirty by the table, or
 *     FIRED; outside of the fault path and of a change there is no third case.
 * I2  FIRED does not promise permission to the fault path: a page that faults is opened again.
 * Locking: the space lock for what names the tables; wvm_space_watch_fault and _expect none.
 * Failure: NO_MEMORY before anything changed.   Signal safety: wvm_space_watch_fault. */
#include "host/host_signal.h"
#include "space/space_change.h"

#define FIRED 1
#define CHUNKS_BELOW 16 /* so far below committed pages a stack can grow */

wvm_status wvm_space_watch_ready_marks(struct wvm_space *sp, uint64_t start, uint64_t lo,
                                       uint64_t hi)
{
    uint64_t far = CHUNKS_BELOW * WVM_OVERLAY_SPAN;
    return wvm_space_overlay_ready(sp, &sp->written, lo - start > far ? lo - far : start, hi);
}

/* ---- the fault path ---- */

/* With the page claimed: the host protection to open it with; NONE: it is not to be written any
 * more, or somebody changes it. */
static unsigned prot_of_claimed(const struct wvm_space *sp, uint64_t page)
{
    struct wvm_found f;
    uint8_t pending;
    if (wvm_space_pending(sp, page, page + 1, &pending) == WVM_PENDING_OTHER)
        return WVM_HOST_NONE;
    if (!wvm_index_look(&sp->store, &sp->index, page, &f) || !wvm_watched_by_faults(f.flags))
        return WVM_HOST_NONE;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint8_t mark = wvm_overlay_get(&sp->fired, page);
    unsigned prot = wvm_space_prot_of(wvm_marked_attr(f.run, mark));
    return mark != WVM_MARK_BUSY && prot & WVM_HOST_W ? prot : WVM_HOST_NONE;
}

enum wvm_fault_answer wvm_space_watch_fault(struct wvm_space *sp, uint64_t page,
                                            const uint8_t *own)
{
    uint8_t mark = wvm_overlay_get(&sp->written, page);
    enum wvm_fault_answer answer = WVM_FAULT_RETRY;
    if (!wvm_overlay_chunk(&sp->written, page))
        return WVM_FAULT_NO_MEMORY;
    if (mark == WVM_MARK_BUSY || !wvm_overlay_swap(&sp->written, page, mark, WVM_MARK_BUSY))
        return WVM_FAULT_RETRY;
    unsigned prot = own ? wvm_space_prot_of(*own) : prot_of_claimed(sp, page);
    if (prot) {
        bool done = wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE, prot) == 0;
        answer = done ? WVM_FAULT_OPENED : WVM_FAULT_NO_MEMORY;
        mark = done ? FIRED : mark;
    }
    wvm_overlay_store(&sp->written, page, mark);
    return answer;
}

/* ---- buffers of system calls ---- */

/* As by faults, and like in the fault path no signal may come between a claim and its end. */
static enum wvm_fault_answer open_run(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    enum wvm_fault_answer answer = WVM_FAULT_OPENED;
    uint64_t mask = wvm_host_sigmask(~(wvm_host_sigbit(SIGSEGV) | wvm_host_sigbit(SIGBUS)));
    for (uintptr_t p = start; p < end && answer != WVM_FAULT_NO_MEMORY; p += WVM_PAGE_SIZE)
        answer = wvm_space_watch_fault(sp, wvm_page_of(p), NULL);
    wvm_host_sigmask(mask);
    return answer;
}

void wvm_space_watch_expect_some(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    struct wvm_region r;
    for (uintptr_t p = start; p < end; p = r.end) {
        if (!wvm_space_is_ours(sp, p) || wvm_space_query(sp, p, &r) ||
            !(wvm_space_prot_of(r.attr) & WVM_HOST_W))
            return;
        if (wvm_watched_by_faults(r.flags) &&
            open_run(sp, p, wvm_min(end, r.end)) == WVM_FAULT_NO_MEMORY)
            return;
    }
}

/* ---- settling ---- */

bool wvm_space_watch_any_fired(const struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t mark;
    if (!wvm_overlay_any(&sp->written))
        return false;
    return wvm_overlay_next(&sp->written, lo, hi, &mark) != hi || mark != WVM_MARK_NONE;
}

static uint64_t count_fired(const struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t n = 0;
    uint8_t mark;
    for (uint64_t p = lo; p < hi;) {
        p = wvm_overlay_next(&sp->written, p, hi, &mark);
        n += mark == FIRED;
    }
    return n;
}

static void clear_fired(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    for (uint64_t p = lo; p < hi; p++)
        wvm_overlay_swap(&sp->written, p, FIRED, WVM_MARK_NONE);
}

/* Accessible pages of [lo, hi) have write permission. */
static void add_permission(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (wvm_hp_is_open(h) && !(h & WVM_HOST_W)) {
            wvm_space_set_host_run(sp, p, end, h, h | WVM_HOST_W);
            wvm_store_flush(&sp->store);
        }
    }
}

wvm_status wvm_space_watch_settle_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t mark;
    uint64_t runs = count_fired(sp, lo, hi);
    if (!runs)
        return STATUS_SUCCESS;
    if (!wvm_space_stock(sp, 2 * runs, 2 * (hi - lo)))
        return STATUS_NO_MEMORY;
    for (uint64_t p = lo, end; p < hi && runs; p = end) {
        end = wvm_overlay_next(&sp->written, p, hi, &mark);
        if (mark != FIRED)
            continue;
        wvm_space_watch_set_dirty(sp, p, end);
        add_permission(sp, p, end);
        clear_fired(sp, p, end);
        runs--;
    }
    return STATUS_SUCCESS;
}

bool wvm_space_watch_quiet(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    wvm_space_await_marks(&sp->written, lo, hi);
    return count_fired(sp, lo, hi) == 0;
}

/* Marked pages are taken for pages with contents, whatever the host map said. */
void wvm_space_watch_take_marked(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t mark;
    wvm_space_await_marks(&sp->written, lo, hi);
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_overlay_next(&sp->written, p, hi, &mark);
        if (mark != FIRED)
            continue;
        wvm_space_watch_set_dirty(sp, p, end);
        wvm_space_set_host(sp, p, end, WVM_HP_HELD);
        wvm_store_flush(&sp->store);
        clear_fired(sp, p, end);
    }
}

/* Another thread may have written to the page before this process was made. */
void wvm_space_watch_settle_busy(struct wvm_space *sp)
{
    for (uint64_t p = 0; wvm_overlay_find(&sp->written, WVM_MARK_BUSY, &p); p++) {
        wvm_space_restore_all(sp, p, p + 1);
        if (wvm_space_stock(sp, 0, 0))
            wvm_space_watch_set_dirty(sp, p, p + 1);
        wvm_overlay_store(&sp->written, p, WVM_MARK_NONE);
    }
}

/* ---- resetting ---- */

bool wvm_space_watch_withhold(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t h;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_host_run(sp, p, hi, &h);
        if (!wvm_hp_is_open(h) || !(h & WVM_HOST_W))
            continue;
        if (!wvm_space_stock(sp, 1, end - p) ||
            wvm_space_open(sp, p, end, wvm_hp_vma_prot(h) & ~(unsigned)WVM_HOST_W) < 0)
            return false;
        wvm_store_flush(&sp->store);
    }
    return true;
}
