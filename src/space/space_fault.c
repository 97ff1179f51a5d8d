/* Faults on winvm's pages: guard pages fire, stacks grow, everything else is judged.
 *
 * Terms   fire = take the guard off a page and make it accessible; grow = fire the guard page of
 *         the stack that the thread runs on and arm the page below; claimed = marked BUSY by this
 *         call.
 * I1  A page is opened only while this call has claimed it, and after it made sure, with the claim
 *     in place, that its state still is what is being acted on and that no change is pending.
 * I2  For each arming of a guard page exactly one call answers GUARD (or grows a stack).
 * I3  The lowest page of a stack's allocation is never opened.
 * The order of claims is from the faulting page downwards; a claim that fails gives all others
 * back.
 * Locking: none.   Failure: NO_MEMORY; every page is as before.
 * Signal safety: wvm_space_fault, wvm_space_stack. */
#include "space/space_fault.h"

#include "space/space_change.h"
#include "space/space_system.h"

/* ---- what a page is now ---- */

struct page {
    struct wvm_found found; /* the allocation; run_end is not used */
    uint8_t mark;
    uint8_t attr;           /* the state, mark and map together */
};

static bool look_once(const struct wvm_space *sp, uint64_t page, struct page *out)
{
    if (!wvm_index_look(&sp->store, &sp->index, page, &out->found))
        return false;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    out->mark = wvm_overlay_get(&sp->fired, page);
    out->attr = wvm_marked_attr(out->found.run, out->mark);
    return true;
}

/* False: no allocation contains the page. A mark that is being settled may be missed in both
 * places; what is then seen is an older state: look_twice does not see such. */
static bool look_twice(const struct wvm_space *sp, uint64_t page, struct page *out)
{
    struct page again;
    if (!look_once(sp, page, out))
        return false;
    while (look_once(sp, page, &again)) {
        if (again.found.run == out->found.run && again.found.start == out->found.start)
            return true;
        *out = again;
    }
    return false;
}

static bool permits(uint8_t attr, unsigned access)
{
    unsigned prot = wvm_space_prot_of(attr);
    switch (access) {
    case WVM_ACCESS_WRITE:
        return prot & WVM_HOST_W;
    case WVM_ACCESS_EXECUTE:
        return prot & WVM_HOST_X;
    default:
        return prot != WVM_HOST_NONE;
    }
}

/* ---- claims ---- */

/* The page, whose mark p->mark is, belongs to this call until release_claim, and p describes it.
 * False: something is changing it. */
static bool claim(struct wvm_space *sp, uint64_t page, struct page *p)
{
    uint8_t pending;
    if (p->mark == WVM_MARK_BUSY ||
        !wvm_overlay_swap(&sp->fired, page, p->mark, WVM_MARK_BUSY))
        return false;
    if (WVM_LIKELY(wvm_space_pending(sp, page, page + 1, &pending) != WVM_PENDING_OTHER &&
                   wvm_index_look(&sp->store, &sp->index, page, &p->found))) {
        p->attr = wvm_marked_attr(p->found.run, p->mark);
        return true;
    }
    wvm_overlay_store(&sp->fired, page, p->mark);
    return false;
}

static void release_claim(struct wvm_space *sp, uint64_t page, uint8_t mark)
{
    wvm_overlay_store(&sp->fired, page, mark);
}

static bool open_pages(uint64_t lo, uint64_t hi, unsigned prot)
{
    return wvm_host.protect(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT, prot) == 0;
}

/* Pages that were never committed may lie behind a fence. */
static bool open_grown(uint64_t lo, uint64_t hi, unsigned prot)
{
    if (!open_pages(lo, hi, prot))
        return false;
    if (wvm_host_caps.guard)
        wvm_host.unfence(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT);
    return true;
}

/* ---- stacks ---- */

#define STACK_MOST 64 /* so many pages are left for the handling of an overflow, at most */

/* Claimed pages [lo, hi) below a claimed guard page. */
struct below {
    uint64_t lo, hi;
    uint16_t flags; /* of their allocation */
    struct {
        uint8_t mark, attr;
    } was[STACK_MOST]; /* by distance from hi, 0 the highest */
};

static void give_back(struct wvm_space *sp, const struct below *b)
{
    for (uint64_t p = b->lo; p < b->hi; p++)
        release_claim(sp, p, b->was[b->hi - 1 - p].mark);
}

static bool claim_below(struct wvm_space *sp, uint64_t start, uint64_t page, uint64_t n,
                        struct below *b)
{
    struct page p;
    b->lo = b->hi = page;
    for (uint64_t i = 0; i < n; i++) {
        p.mark = wvm_overlay_get(&sp->fired, b->lo - 1);
        if (!claim(sp, b->lo - 1, &p)) {
            give_back(sp, b);
            return false;
        }
        b->was[i].mark = p.mark;
        b->was[i].attr = p.attr;
        b->lo--;
        if (p.found.start != start) {
            give_back(sp, b);
            return false;
        }
    }
    return true;
}

static uint64_t n_reserved(const struct below *b)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < b->hi - b->lo; i++)
        n += b->was[i].attr == WVM_ATTR_RESERVED;
    return n;
}

static bool charge_grown(struct wvm_space *sp, uint64_t n)
{
    uint64_t used = __atomic_load_n(&sp->committed, __ATOMIC_RELAXED);
    if (used + __atomic_add_fetch(&sp->grown, n, __ATOMIC_RELAXED) <= sp->limit)
        return true;
    __atomic_fetch_sub(&sp->grown, n, __ATOMIC_RELAXED);
    return false;
}

static void mark_below(struct wvm_space *sp, const struct below *b, uint8_t attr)
{
    for (uint64_t p = b->lo; p < b->hi; p++)
        release_claim(sp, p, WVM_MARK_OF(attr));
}

/* The guard moves to the claimed page below; that becomes inaccessible when it was not. */
static bool move_guard(struct wvm_space *sp, const struct below *b, uint64_t page, uint8_t attr)
{
    uint64_t n = n_reserved(b);
    if (!charge_grown(sp, n))
        return false;
    bool done = open_grown(page, page + 1, wvm_space_open_prot(b->flags, attr));
    if (done && wvm_space_prot_of(b->was[0].attr) != WVM_HOST_NONE)
        done = wvm_host.protect(wvm_addr_of(b->lo), WVM_PAGE_SIZE, WVM_HOST_NONE) == 0;
    if (done)
        mark_below(sp, b, attr | WVM_ATTR_GUARD);
    else
        __atomic_fetch_sub(&sp->grown, n, __ATOMIC_RELAXED);
    return done;
}

/* Nothing is left to grow into: what remains above the lowest page becomes accessible, charged
 * whether the limit allows it or not. */
static bool open_rest(struct wvm_space *sp, const struct below *b, uint64_t page, uint8_t attr)
{
    if (!open_grown(b->lo, page + 1, wvm_space_open_prot(b->flags, attr)))
        return false;
    __atomic_fetch_add(&sp->grown, n_reserved(b), __ATOMIC_RELAXED);
    mark_below(sp, b, attr);
    return true;
}

/* Does the thread run on the allocation that contains the page? An empty stack's pointer is the
 * allocation's end. */
static bool is_stack(const struct page *p, const struct wvm_fault *fault)
{
    uint64_t at = wvm_page_of(fault->sp - 1);
    return fault->sp && p->found.type == WVM_TYPE_PRIVATE && at >= p->found.start &&
           at < p->found.end;
}

/* Pages that stay for the handling of an overflow, besides the page that was hit. */
static uint64_t guarantee_of(const struct wvm_fault *fault)
{
    uint64_t pages = (fault->guarantee + WVM_PAGE_SIZE - 1) >> WVM_PAGE_SHIFT;
    return wvm_max(1, wvm_min(pages, STACK_MOST - 1));
}

/* The page, a guard page of the thread's own stack, is claimed. *done: its guard is off. */
static enum wvm_fault_answer grow(struct wvm_space *sp, uint64_t page, const struct page *p,
                                  const struct wvm_fault *fault, bool *done)
{
    uint8_t attr = p->attr & ~WVM_ATTR_GUARD;
    uint64_t start = p->found.start, above = page > start ? page - start - 1 : 0;
    struct below b = {.flags = p->found.flags};
    *done = false;
    if (above >= guarantee_of(fault) + 1) {
        if (!claim_below(sp, start, page, 1, &b))
            return WVM_FAULT_RETRY;
        *done = move_guard(sp, &b, page, attr);
        if (*done)
            return WVM_FAULT_RETRY;
        give_back(sp, &b);
    }
    if (!claim_below(sp, start, page, wvm_min(above, STACK_MOST), &b))
        return WVM_FAULT_RETRY;
    *done = open_rest(sp, &b, page, attr);
    if (!*done)
        give_back(sp, &b);
    return *done ? WVM_FAULT_OVERFLOW : WVM_FAULT_NO_MEMORY;
}

/* ---- the answer ---- */

/* Whoever's change the page is under: state `own` counts in place of the map's (SAME: does not). */
static enum wvm_fault_answer fire(struct wvm_space *sp, uint64_t page, struct page *p, uint8_t own,
                                  const struct wvm_fault *fault)
{
    enum wvm_fault_answer answer = WVM_FAULT_RETRY;
    bool done = false;
    if (!claim(sp, page, p))
        return WVM_FAULT_RETRY;
    if (p->mark == WVM_MARK_NONE && own != WVM_ATTR_SAME)
        p->attr = own;
    uint8_t attr = p->attr & ~WVM_ATTR_GUARD;
    if (p->attr == attr) {
        /* it fired meanwhile */
    } else if (is_stack(p, fault)) {
        answer = grow(sp, page, p, fault, &done);
    } else {
        unsigned prot = wvm_space_open_prot(p->found.flags, attr);
        done = p->found.run == WVM_ATTR_RESERVED ? open_grown(page, page + 1, prot)
                                                 : open_pages(page, page + 1, prot);
        answer = done ? WVM_FAULT_GUARD : WVM_FAULT_NO_MEMORY;
    }
    release_claim(sp, page, done ? WVM_MARK_OF(attr) : p->mark);
    return answer;
}

/* A page that this very thread is changing to state attr (space_change.c 3). */
static enum wvm_fault_answer judge_own(struct wvm_space *sp, uint64_t page, uint8_t attr,
                                       const struct wvm_fault *fault)
{
    struct page p;
    if (!look_once(sp, page, &p))
        return WVM_FAULT_VIOLATION;
    if (p.mark == WVM_MARK_BUSY)
        return WVM_FAULT_RETRY;
    /* A page that is being emptied stays closed, whatever its mark says until the end. */
    if (attr == WVM_ATTR_RESERVED || (p.mark == WVM_MARK_NONE && attr != WVM_ATTR_SAME))
        p.attr = attr;
    if (p.attr & WVM_ATTR_GUARD) {
        wvm_space_pending_touched(sp);
        return fire(sp, page, &p, attr, fault);
    }
    if (!permits(p.attr, fault->access))
        return WVM_FAULT_VIOLATION;
    wvm_space_pending_touched(sp);
    if (wvm_watched_by_faults(p.found.flags) && fault->access == WVM_ACCESS_WRITE)
        return wvm_space_watch_fault(sp, page, &p.attr);
    unsigned prot = wvm_space_open_prot(p.found.flags, p.attr);
    return open_grown(page, page + 1, prot) ? WVM_FAULT_RETRY : WVM_FAULT_NO_MEMORY;
}

/* A page that no change is pending for. */
static enum wvm_fault_answer judge(struct wvm_space *sp, uint64_t page,
                                   const struct wvm_fault *fault)
{
    struct page p = {.mark = wvm_overlay_get(&sp->fired, page)};
    /* A guard page by its mark needs no look before it is claimed. */
    if (p.mark != WVM_MARK_BUSY && WVM_MARK_ATTR(p.mark) & WVM_ATTR_GUARD)
        return fire(sp, page, &p, WVM_ATTR_SAME, fault);
    if (!look_twice(sp, page, &p))
        return WVM_FAULT_VIOLATION;
    if (p.mark == WVM_MARK_BUSY)
        return WVM_FAULT_RETRY;
    if (p.attr & WVM_ATTR_GUARD)
        return fire(sp, page, &p, WVM_ATTR_SAME, fault);
    if (p.attr == WVM_ATTR_RESERVED && p.found.flags & WVM_ALLOC_VIEW)
        return wvm_space_view_catch_up(sp, page) ? WVM_FAULT_RETRY : WVM_FAULT_VIOLATION;
    if (!permits(p.attr, fault->access))
        return WVM_FAULT_VIOLATION;
    if (wvm_watched_by_faults(p.found.flags) && fault->access == WVM_ACCESS_WRITE)
        return wvm_space_watch_fault(sp, page, NULL);
    return WVM_FAULT_RETRY;
}

/* Whoever opened system space says what its pages are. */
static WVM_COLD enum wvm_fault_answer judge_system(const struct wvm_fault *fault)
{
    const struct wvm_system_fault f = {
        .addr = fault->addr, .ip = fault->ip,
        .write = fault->access == WVM_ACCESS_WRITE,
        .execute = fault->access == WVM_ACCESS_EXECUTE,
    };
    bool (*ask)(const struct wvm_system_fault *) =
        __atomic_load_n(&wvm_space_system_fault, __ATOMIC_ACQUIRE);
    return ask && ask(&f) ? WVM_FAULT_RETRY : WVM_FAULT_VIOLATION;
}

enum wvm_fault_answer wvm_space_fault(struct wvm_space *sp, const struct wvm_fault *fault)
{
    uint64_t page = wvm_page_of(fault->addr);
    uint8_t attr;
    if (page >= sp->host_top)
        return WVM_FAULT_FOREIGN;
    if (WVM_UNLIKELY(wvm_space_is_system(sp, fault->addr, 1)))
        return judge_system(fault);
    if (!wvm_space_is_ours(sp, fault->addr))
        return wvm_space_foreign_fault(sp, page, fault->access);
    switch (wvm_space_pending(sp, page, page + 1, &attr)) {
    case WVM_PENDING_OTHER:
        return WVM_FAULT_RETRY;
    case WVM_PENDING_OWN:
        return judge_own(sp, page, attr, fault);
    default:
        return judge(sp, page, fault);
    }
}

uint32_t wvm_space_changes(const struct wvm_space *sp)
{
    return __atomic_load_n(&sp->pending.seq, __ATOMIC_RELAXED);
}

bool wvm_space_stack(struct wvm_space *sp, uintptr_t stack_pointer, uintptr_t *low,
                     uintptr_t *high)
{
    struct wvm_found f;
    uint64_t page = wvm_page_of(stack_pointer);
    if (page >= sp->host_top || !wvm_index_look(&sp->store, &sp->index, page, &f) ||
        f.type != WVM_TYPE_PRIVATE)
        return false;
    *low = wvm_addr_of(f.start);
    *high = wvm_addr_of(f.end);
    return true;
}

/* ---- buffers of system calls ---- */

/* The first guard page that an access to all of [start, end), byte by byte, would meet. */
static bool find_guard(struct wvm_space *sp, uintptr_t start, uintptr_t end, uintptr_t *at)
{
    struct wvm_found f;
    for (uint64_t p = wvm_page_of(start); p < wvm_page_of(end); p = f.run_end) {
        if (!wvm_space_look(sp, p, &f))
            return false;
        if (f.run == WVM_ATTR_RESERVED && f.flags & WVM_ALLOC_VIEW &&
            wvm_space_view_catch_up(sp, p) && !wvm_space_look(sp, p, &f))
            return false;
        if (f.run & WVM_ATTR_GUARD) {
            *at = wvm_addr_of(p);
            return true;
        }
        if (f.run <= WVM_ATTR_NA)
            return false;
    }
    return false;
}

/* A buffer on the stack that this very thread runs on grows the stack, as any access would: its
 * pages are touched from the top down. No lock is held. */
static void touch_own_stack(struct wvm_space *sp, uintptr_t start, uintptr_t end)
{
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
    struct wvm_region r;
    if (!wvm_space_stack(sp, here, &low, &high) || start < low || end > high)
        return;
    if (wvm_space_query(sp, start, &r) ||
        (r.attr != WVM_ATTR_RESERVED && !(r.attr & WVM_ATTR_GUARD)))
        return;
    uintptr_t p = wvm_min(end, wvm_align_up(here, WVM_PAGE_SIZE));
    for (; p > start; p -= WVM_PAGE_SIZE)
        (void)*(volatile const char *)(p - (uintptr_t)WVM_PAGE_SIZE);
}

wvm_status wvm_space_ready(struct wvm_space *sp, uintptr_t start, uintptr_t end, bool write)
{
    uintptr_t at;
    wvm_status status = STATUS_SUCCESS;
    if (WVM_LIKELY(!wvm_space_is_ours(sp, start)))
        return STATUS_SUCCESS;
    touch_own_stack(sp, start, end);
    if (find_guard(sp, start, end, &at))
        status = wvm_space_disarm(sp, at);
    if (status == STATUS_GUARD_PAGE_VIOLATION)
        return status;
    if (write)
        wvm_space_watch_expect(sp, start, end - start);
    return STATUS_SUCCESS;
}
