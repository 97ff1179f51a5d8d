/* Offered, discarded and prefetched memory, and the targets of indirect calls. */
#ifndef WVM_NT_NT_HINT_H
#define WVM_NT_NT_HINT_H

#include "nt/nt.h"

/* This process's memory: base and size are page multiples, size not 0; INVALID_PARAMETER else, and
 * for a priority that is none. What lies there: space.h. */
wvm_status wvm_nt_offer(const struct wvm_nt_range *range, uint32_t priority) WVM_MUST_CHECK;
/* *lost: some page has not its old contents. */
wvm_status wvm_nt_reclaim(const struct wvm_nt_range *range, bool *lost) WVM_MUST_CHECK;
wvm_status wvm_nt_discard(const struct wvm_nt_range *range) WVM_MUST_CHECK;

/* A caller's array of n targets in [range), not looked at yet. */
struct wvm_nt_targets {
    struct wvm_nt_range range;
    uint32_t n;
    CFG_CALL_TARGET_INFO *at;
};
/* A view whose targets are set by its section. */
struct wvm_nt_targets_view {
    HANDLE section;
    uint64_t offset; /* bytes */
};
/* view: NULL for any executable memory. INVALID_PARAMETER, ACCESS_VIOLATION, NOT_COMMITTED,
 * INVALID_PAGE_PROTECTION, NOT_MAPPED_VIEW. */
struct wvm_target;
wvm_status wvm_nt_call_targets(HANDLE process, const struct wvm_nt_targets *targets,
                               const struct wvm_nt_targets_view *view) WVM_MUST_CHECK;

#endif
