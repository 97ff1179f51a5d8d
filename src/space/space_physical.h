/* Frames of physical memory that a program owns, and windows that show them (AWE).
 *
 * Terms   frame, number = space_frames.h; window = a reservation with WVM_ALLOC_PHYSICAL. A page of
 *         a window is reserved while it shows no frame, and of state RW while it shows one.
 * A frame is a page of memory that is there: it is charged, resident and zeroed when it is taken,
 * keeps its contents while nothing shows it and when its window is released, and is given back by
 * wvm_space_frames_free or at the end of the process. A fork child owns none, and its windows show
 * none. Arrays are the caller's own memory (nt/ copies what programs hand in). */
#ifndef WVM_SPACE_SPACE_PHYSICAL_H
#define WVM_SPACE_SPACE_PHYSICAL_H

#include "space/space.h"

#define WVM_FRAMES_ANY_NODE UINT32_MAX

struct wvm_frame_run {
    uintptr_t first; /* number; the others follow it */
    uint64_t n;
};
/* At most `want` new frames, not 0, with numbers one after the other; fewer when commit limit,
 * memory of the host or the tables allow no more. node: of the host's memory, a wish.
 * INSUFFICIENT_RESOURCES, COMMITMENT_LIMIT, NO_MEMORY: not a single one. */
wvm_status wvm_space_frames_take(struct wvm_space *sp, uint64_t want, uint32_t node,
                                 struct wvm_frame_run *out) WVM_MUST_CHECK;
/* Frames are given back in the order of the array, *done of them; what shows one shows none
 * afterwards. INVALID_PARAMETER_3: number[*done] is no frame of the program's; NO_MEMORY. */
wvm_status wvm_space_frames_free(struct wvm_space *sp, const uintptr_t *number, uint64_t n,
                                 uint64_t *done) WVM_MUST_CHECK;

/* Pages and what they are to show. */
struct wvm_frames_map {
    const uintptr_t *at;     /* addresses of n pages, anywhere in windows; NULL: n pages from */
    uintptr_t start;         /* here, all in one window */
    const uintptr_t *number; /* the frame of each; NULL: none, or */
    uintptr_t first;         /* this one and those that follow it, unless 0 */
    uint64_t n;              /* not 0 */
};
/* One step for the caller: all or nothing. What the pages showed before is shown no more. Each run
 * of frames that follow each other, on pages that do, is one call of the host.
 * INVALID_PARAMETER_1: an address in no window; _2: the range leaves its window, or (at) an address
 * is named twice; _3: a number that is no frame of the program's, is named twice, or is shown by a
 * page that is not among these. NO_MEMORY: also when the host has no mappings left. */
wvm_status wvm_space_frames_map(struct wvm_space *sp,
                                const struct wvm_frames_map *m) WVM_MUST_CHECK;
/* The first two statuses without a lock, for ranges whose arrays are still to be read. */
wvm_status wvm_space_frames_range(struct wvm_space *sp, uintptr_t start,
                                  uint64_t n) WVM_MUST_CHECK;
/* Frames that the program owns now; a hint. */
uint64_t wvm_space_frames_owned(const struct wvm_space *sp);

/* Memory for copies of long arrays; NULL: none. */
void *wvm_space_scratch(size_t len);
void wvm_space_scratch_end(void *mem, size_t len);

#endif
