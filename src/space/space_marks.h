/* Marks on pages, and pages that are offered, for the other files of the room: space_lock.c,
 * space_reset.c, space_offer.c. Part of space_internal.h. */
#ifndef WVM_SPACE_MARKS_H
#define WVM_SPACE_MARKS_H

#include <winvm/ntstatus.h>

#include "space/space_state.h"

/* ---- space_offer.c ---- */

/* Some page of [lo, hi), which lies in a, is offered. */
bool wvm_space_offered_among(struct wvm_space *sp, const struct wvm_alloc *a, uint64_t lo,
                             uint64_t hi);
static inline bool wvm_space_any_offered(struct wvm_space *sp, const struct wvm_alloc *a,
                                         uint64_t lo, uint64_t hi)
{
    return WVM_UNLIKELY(sp->any_offered) && wvm_space_offered_among(sp, a, lo, hi);
}
/* The answer of every call that would change such pages: CONFLICTING_ADDRESSES. */
wvm_status wvm_space_offered_fail(const struct wvm_alloc *a);

/* ---- marks: the maps `locked` and `reset` ---- */

/* Takes the pages of [lo, hi) that are marked in `reset` back; they are pending and open. True:
 * each of them has its contents. */
bool wvm_space_undo_reset(struct wvm_space *sp, uint64_t lo, uint64_t hi) WVM_MUST_CHECK;

/* Pages [lo, hi) lost their contents and all their marks. */
void wvm_space_forget_marks(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Is some page (any) or is every page of [lo, hi) marked? */
bool wvm_space_any_marked(struct wvm_space *sp, const struct wvm_pages *map, uint64_t lo,
                          uint64_t hi);
bool wvm_space_all_marked(struct wvm_space *sp, const struct wvm_pages *map, uint64_t lo,
                          uint64_t hi);
/* Pages [lo, hi) became inaccessible: they are not locked any more (WS-014). Without memory for
 * bookkeeping they stay locked. */
void wvm_space_access_lost(struct wvm_space *sp, uint64_t lo, uint64_t hi);

#endif
