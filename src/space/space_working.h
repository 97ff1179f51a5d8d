/* The working set: which pages are in it, and pages that leave it. Part of this room's interface;
 * the words are those of space_trim.c. */
#ifndef WVM_SPACE_SPACE_WORKING_H
#define WVM_SPACE_SPACE_WORKING_H

#include "host/host_working.h"
#include "space/space.h"

/* What is known of one page: of one in the working set its enum wvm_attr, and these. */
enum wvm_working {
    WVM_WORKING_ATTR = 0xff,
    WVM_WORKING_VALID = 0x100,
    WVM_WORKING_SHARED = 0x200,  /* of a view or an image, and no private copy; VALID or not */
    WVM_WORKING_SEVERAL = 0x400, /* mapped elsewhere too */
    WVM_WORKING_LOCKED = 0x800,
    WVM_WORKING_LARGE = 0x1000,
};
#define WVM_WORKING_PAGES 2048

/* Some page is marked as having left: without that the next call has nothing to look for. */
bool wvm_space_any_left(const struct wvm_space *sp);
/* To be called before wvm_space_working is for pages of [start, end): pages that left and are in
 * use again count as returned. POSSIBLE_DEADLOCK. */
wvm_status wvm_space_working_begin(struct wvm_space *sp, uintptr_t start,
                                   uintptr_t end) WVM_MUST_CHECK;
/* code[i] for each of n pages from start, WVM_WORKING_PAGES at most, below wvm_space_host_top().
 * 0: nothing there. */
wvm_status wvm_space_working(struct wvm_space *sp, uintptr_t start, size_t n,
                             uint16_t *code) WVM_MUST_CHECK;
/* Of code[] as wvm_space_working filled it remains what is VALID and was not so at the last look
 * with `note`, which takes note. POSSIBLE_DEADLOCK, NO_MEMORY. */
wvm_status wvm_space_take_new(struct wvm_space *sp, uintptr_t start, size_t n, uint16_t *code,
                              bool note) WVM_MUST_CHECK;
/* No page was VALID at a look before. */
void wvm_space_forget_seen(struct wvm_space *sp);
/* The same as wvm_space_working for pages of one region of another process. ACCESS_DENIED,
 * PROCESS_IS_TERMINATING. */
wvm_status wvm_space_working_region(pid_t pid, const struct wvm_region *r, uintptr_t start,
                                    size_t n, uint16_t *code) WVM_MUST_CHECK;

/* ---- of the room: lock held ---- */

/* Values of sp->left; 0: not left. Larger ones only in space_left.c. */
enum wvm_left { WVM_LEFT = 1 };

/* Pages [lo, hi) leave as far as they can. */
void wvm_space_leave_range(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Pages [lo, hi) are in the working set again. */
void wvm_space_return_range(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Those that are in use again. */
void wvm_space_left_refresh(struct wvm_space *sp, uint64_t lo, uint64_t hi);

#endif
