/* Changes that the fault path must know of while they are under way. */
#ifndef WVM_SPACE_SPACE_CHANGE_H
#define WVM_SPACE_SPACE_CHANGE_H

#include "space/space_fault.h"
#include "space/space_internal.h"

/* What a mark in sp->fired says: the page's state is `attr`, whatever its allocation's map says. */
#define WVM_MARK_OF(attr) ((uint8_t)(0x80 | (attr)))
#define WVM_MARK_ATTR(mark) ((uint8_t)((mark) & 0x7f))

/* The state of a page whose map says v. A busy mark changes nothing yet. */
static inline uint8_t wvm_marked_attr(uint8_t v, uint8_t mark)
{
    return mark == WVM_MARK_NONE || mark == WVM_MARK_BUSY ? v : WVM_MARK_ATTR(mark);
}

/* Pages [lo, hi) of a are about to take state attr (RESERVED: to be emptied); host calls follow.
 * True: go on. False: the fault path had changed some of them meanwhile; the tables tell now, plan
 * again. *status is not SUCCESS when bookkeeping memory is short. */
bool wvm_space_change_begin(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi,
                            uint8_t attr, wvm_status *status) WVM_MUST_CHECK;
/* A page that fired is to take the guard state attr that its map still says: one host call does it.
 * False: it is not such a page, nothing was done. */
bool wvm_space_rearm(struct wvm_space *sp, struct wvm_alloc *a, uint64_t page, uint8_t attr,
                     wvm_status *status) WVM_MUST_CHECK;
/* The same for pages that are to be emptied, which cannot fail: what the fault path did to them is
 * not settled but forgotten at the end, when the map says so. */
void wvm_space_close_begin(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi);
void wvm_space_close_end(struct wvm_space *sp);
/* The change is in the tables, or (failed) undone. a is the allocation whose pages [lo, hi) are. */
void wvm_space_change_end(struct wvm_space *sp, struct wvm_alloc *a, bool failed);

/* `attr` of a change that leaves every page's state as it is. */
#define WVM_ATTR_SAME 0x80

/* Brings what the fault path did to pages [lo, hi) of a into the tables. */
wvm_status wvm_space_settle_marks(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                                  uint64_t hi) WVM_MUST_CHECK;
WVM_MUST_CHECK static inline wvm_status wvm_space_settle(struct wvm_space *sp, struct wvm_alloc *a,
                                                         uint64_t lo, uint64_t hi)
{
    wvm_status status = STATUS_SUCCESS;
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->fired)))
        status = wvm_space_settle_marks(sp, a, lo, hi);
    if (WVM_UNLIKELY(wvm_overlay_any(&sp->written)) && !status)
        status = wvm_space_watch_settle_marks(sp, lo, hi);
    return status;
}
/* Some page of [lo, hi) has a state that the fault path gave it. */
bool wvm_space_any_fired(const struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* In a fork child: pages that another thread's fault path was changing are as before. */
void wvm_space_settle_busy(struct wvm_space *sp);

/* Pages [lo, hi) of a can be armed as guard pages: marks exist, faults will arrive. */
wvm_status wvm_space_arm_ready(struct wvm_space *sp, uint64_t start, uint64_t lo,
                               uint64_t hi) WVM_MUST_CHECK;
static inline wvm_status wvm_space_attr_ready(struct wvm_space *sp, uint64_t start, uint64_t lo,
                                              uint64_t hi, uint8_t attr)
{
    return WVM_UNLIKELY(attr & WVM_ATTR_GUARD) ? wvm_space_arm_ready(sp, start, lo, hi)
                                               : STATUS_SUCCESS;
}

/* Marks of [lo, hi) can be set, and faults will arrive. */
wvm_status wvm_space_overlay_ready(struct wvm_space *sp, struct wvm_overlay *ov, uint64_t lo,
                                   uint64_t hi) WVM_MUST_CHECK;
/* The parts of beginning and ending a change. */
void wvm_space_publish(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr);
void wvm_space_withdraw(struct wvm_space *sp);
/* Returns when no mark of [lo, hi) is BUSY; the range is pending. */
void wvm_space_await_marks(const struct wvm_overlay *ov, uint64_t lo, uint64_t hi);

/* ---- space_foreign_guard.c: guard pages in memory that is not winvm's ---- */

/* Cuts a run of foreign memory to pages that are guard pages alike, and says so. */
void wvm_space_foreign_marks(const struct wvm_space *sp, struct wvm_region *r);
/* Before and after the host changed [lo, hi) to attr. */
wvm_status wvm_space_foreign_begin(struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                   uint8_t attr) WVM_MUST_CHECK;
void wvm_space_foreign_end(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t attr,
                           bool done);
/* wvm_space_fault for a page that is not winvm's. */
enum wvm_fault_answer wvm_space_foreign_fault(struct wvm_space *sp, uint64_t page,
                                              unsigned access);
unsigned wvm_space_foreign_prot(uint8_t attr);

/* The fault path of a page that is watched by faults and may be written: makes it writable, once
 * its write is on record. own: the state that this thread's own change is about to give it, or
 * NULL. */
enum wvm_fault_answer wvm_space_watch_fault(struct wvm_space *sp, uint64_t page,
                                            const uint8_t *own);

/* The change under way as the fault path sees it: does it cover a page of [lo, hi)? */
enum wvm_pending { WVM_PENDING_NONE, WVM_PENDING_OTHER, WVM_PENDING_OWN };
enum wvm_pending wvm_space_pending(const struct wvm_space *sp, uint64_t lo, uint64_t hi,
                                   uint8_t *attr);
/* The fault path of the thread that makes the change has opened a page of it. */
void wvm_space_pending_touched(struct wvm_space *sp);

#endif
