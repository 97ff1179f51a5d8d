/* Write watches, for the other files of the room: space_watch.c, space_watch_fault.c. Part of
 * space_internal.h. */
#ifndef WVM_SPACE_WATCH_H
#define WVM_SPACE_WATCH_H

#include <winvm/ntstatus.h>

#include "space/space_state.h"

/* space_host.c: enum wvm_host_prot of a page of state attr. */
unsigned wvm_space_prot_of(uint8_t attr);

/* Memory of these flags is watched by protection faults. */
static inline bool wvm_watched_by_faults(uint16_t flags)
{
    return WVM_UNLIKELY(flags & WVM_ALLOC_WRITE_WATCH) && !wvm_host_caps.watch;
}
/* The host protection with which a page of state attr is opened. */
static inline unsigned wvm_space_open_prot(uint16_t flags, uint8_t attr)
{
    unsigned prot = wvm_space_prot_of(attr);
    return wvm_watched_by_faults(flags) ? prot & ~(unsigned)WVM_HOST_W : prot;
}
/* Marks for first writes to pages [lo, hi) of the allocation that begins at start. */
wvm_status wvm_space_watch_ready_marks(struct wvm_space *sp, uint64_t start, uint64_t lo,
                                       uint64_t hi) WVM_MUST_CHECK;
WVM_MUST_CHECK static inline wvm_status wvm_space_watch_ready(struct wvm_space *sp, uint16_t flags,
                                                              uint64_t start, uint64_t lo,
                                                              uint64_t hi)
{
    return wvm_watched_by_faults(flags) ? wvm_space_watch_ready_marks(sp, start, lo, hi)
                                        : STATUS_SUCCESS;
}
/* The host is about to write to [start, end) on the caller's behalf. Lock-free. */
void wvm_space_watch_expect_some(struct wvm_space *sp, uintptr_t start, uintptr_t end);
static inline void wvm_space_watch_expect(struct wvm_space *sp, uintptr_t start, size_t len)
{
    if (WVM_UNLIKELY(__atomic_load_n(&sp->watch_used, __ATOMIC_RELAXED)) && !wvm_host_caps.watch)
        wvm_space_watch_expect_some(sp, wvm_align_down(start, WVM_PAGE_SIZE), start + len);
}
bool wvm_space_watch_any_fired(const struct wvm_space *sp, uint64_t lo, uint64_t hi);
wvm_status wvm_space_watch_settle_marks(struct wvm_space *sp, uint64_t lo,
                                        uint64_t hi) WVM_MUST_CHECK;
/* The range is pending. True: no first write is under way or unsettled in it. */
bool wvm_space_watch_quiet(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* The range is pending and about to be emptied. */
void wvm_space_watch_take_marked(struct wvm_space *sp, uint64_t lo, uint64_t hi);
void wvm_space_watch_settle_busy(struct wvm_space *sp);
/* Pages [lo, hi), pending and settled, can be written by faults only. False: not all. */
bool wvm_space_watch_withhold(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;

/* The allocation is being made, or pages [lo, hi) of it are about to be opened. */
void wvm_space_watch_prepare_small(struct wvm_space *sp, uint64_t lo, uint64_t hi);
static inline void wvm_space_watch_prepare(struct wvm_space *sp, uint16_t flags, uint64_t lo,
                                           uint64_t hi)
{
    if (WVM_UNLIKELY(flags & WVM_ALLOC_WRITE_WATCH)) {
        __atomic_store_n(&sp->watch_used, true, __ATOMIC_RELAXED);
        if (wvm_host_caps.huge_always)
            wvm_space_watch_prepare_small(sp, lo, hi);
    }
}
/* Pages [lo, hi) of a are about to lose their contents, or may from now on: what the kernel knows
 * of them is noted. Their state is settled. */
void wvm_space_watch_note(struct wvm_space *sp, uint64_t lo, uint64_t hi);
static inline void wvm_space_watch_keep(struct wvm_space *sp, const struct wvm_alloc *a,
                                        uint64_t lo, uint64_t hi)
{
    if (WVM_UNLIKELY(a->flags & WVM_ALLOC_WRITE_WATCH))
        wvm_space_watch_note(sp, lo, hi);
}
/* The mappings of [lo, hi) were replaced. */
void wvm_space_watch_replaced_some(struct wvm_space *sp, uint64_t lo, uint64_t hi);
static inline void wvm_space_watch_replaced(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (WVM_UNLIKELY(sp->watch_used))
        wvm_space_watch_replaced_some(sp, lo, hi);
}
/* Pages [lo, hi), closed, leave their allocation, which had these flags. */
void wvm_space_watch_forget(struct wvm_space *sp, uint64_t lo, uint64_t hi);
static inline void wvm_space_watch_end(struct wvm_space *sp, uint16_t flags, uint64_t lo,
                                       uint64_t hi)
{
    if (WVM_UNLIKELY(flags & WVM_ALLOC_WRITE_WATCH))
        wvm_space_watch_forget(sp, lo, hi);
}
/* VirtualLock has locked [lo, hi): its watched pages count as written. False: no memory. */
bool wvm_space_watch_touch(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;
static inline bool wvm_space_watch_locked(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    return WVM_LIKELY(!sp->watch_used) || wvm_space_watch_touch(sp, lo, hi);
}
/* Pages [lo, hi) count as written. Needs nodes for one change. */
void wvm_space_watch_set_dirty(struct wvm_space *sp, uint64_t lo, uint64_t hi);
void wvm_space_watch_before_fork(struct wvm_space *sp);
void wvm_space_watch_after_fork_child(struct wvm_space *sp);
/* NULL, or the first broken invariant. */
const char *wvm_space_watch_audit(struct wvm_space *sp);

#endif
