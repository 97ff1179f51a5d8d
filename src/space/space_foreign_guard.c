/* Guard pages in memory that is not winvm's: hooking libraries guard pages of program code.
 *
 * A mark in sp->foreign says that VirtualProtect made the page a guard page (with the access it has
 * without the guard), or that this guard fired. Nobody tells winvm when such memory is unmapped, so
 * a mark is a claim, not the truth: the host call that opens the page fails where nothing is
 * mapped, and a fired mark is only good for letting the instruction run again.
 * I1  For each arming one call answers GUARD.
 * I2  A mark is cleared by the next VirtualProtect of its page.
 * Locking: the space lock for changes; none for queries and faults.
 * Failure: NO_MEMORY before anything changed.   Signal safety: wvm_space_foreign_fault, _marks. */
#include "space/space_change.h"

static bool is_guard(uint8_t mark)
{
    return mark != WVM_MARK_NONE && mark != WVM_MARK_BUSY && WVM_MARK_ATTR(mark) & WVM_ATTR_GUARD;
}

void wvm_space_foreign_marks(const struct wvm_space *sp, struct wvm_region *r)
{
    uint64_t page = wvm_page_of(r->start), hi = wvm_page_of(r->end), at;
    uint8_t first, mark;
    if (!wvm_overlay_any(&sp->foreign))
        return;
    at = wvm_overlay_next(&sp->foreign, page, hi, &first);
    while (at < hi) {
        uint64_t end = wvm_overlay_next(&sp->foreign, at, hi, &mark);
        if (is_guard(mark) || is_guard(first))
            break;
        at = end;
    }
    r->end = wvm_addr_of(at);
    if (is_guard(first))
        r->attr = WVM_MARK_ATTR(first);
}

wvm_status wvm_space_foreign_begin(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr)
{
    wvm_status status = STATUS_SUCCESS;
    if (attr & WVM_ATTR_GUARD)
        status = wvm_space_overlay_ready(sp, &sp->foreign, lo, hi);
    if (status)
        return status;
    wvm_space_publish(sp, lo, hi, attr);
    if (wvm_overlay_any(&sp->foreign))
        wvm_space_await_marks(&sp->foreign, lo, hi);
    return STATUS_SUCCESS;
}

void wvm_space_foreign_end(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr, bool done)
{
    uint8_t to = attr & WVM_ATTR_GUARD ? WVM_MARK_OF(attr) : WVM_MARK_NONE;
    if (done && (to || wvm_overlay_any(&sp->foreign)))
        for (uint64_t p = lo; p < hi; p++)
            wvm_overlay_swap(&sp->foreign, p, wvm_overlay_get(&sp->foreign, p), to);
    wvm_space_withdraw(sp);
}

static enum wvm_fault_answer fire(struct wvm_space *sp, uint64_t page, uint8_t mark)
{
    uint8_t pending, attr = WVM_MARK_ATTR(mark) & ~WVM_ATTR_GUARD;
    if (!wvm_overlay_swap(&sp->foreign, page, mark, WVM_MARK_BUSY))
        return WVM_FAULT_RETRY;
    if (wvm_space_pending(sp, page, page + 1, &pending) == WVM_PENDING_OTHER) {
        wvm_overlay_store(&sp->foreign, page, mark);
        return WVM_FAULT_RETRY;
    }
    bool done = wvm_host.protect(wvm_addr_of(page), WVM_PAGE_SIZE,
                                 wvm_space_foreign_prot(attr)) == 0;
    wvm_overlay_store(&sp->foreign, page, done ? WVM_MARK_OF(attr) : WVM_MARK_NONE);
    return done ? WVM_FAULT_GUARD : WVM_FAULT_FOREIGN;
}

static bool permits(uint8_t attr, unsigned access)
{
    unsigned prot = wvm_space_foreign_prot(attr);
    unsigned needs = access == WVM_ACCESS_WRITE     ? WVM_HOST_W
                     : access == WVM_ACCESS_EXECUTE ? WVM_HOST_X
                                                    : prot;
    return (prot & needs) != 0;
}

enum wvm_fault_answer wvm_space_foreign_fault(struct wvm_space *sp, uint64_t page, unsigned access)
{
    uint8_t attr, mark = wvm_overlay_get(&sp->foreign, page);
    if (wvm_space_pending(sp, page, page + 1, &attr) == WVM_PENDING_OTHER)
        return WVM_FAULT_RETRY;
    if (mark == WVM_MARK_BUSY)
        return WVM_FAULT_RETRY;
    if (is_guard(mark))
        return fire(sp, page, mark);
    if (mark != WVM_MARK_NONE && permits(WVM_MARK_ATTR(mark), access))
        return WVM_FAULT_RETRY;
    return WVM_FAULT_FOREIGN;
}
