/* The working set: which pages are in it, and pages that leave it. Part of this room's interface;
 * the words are those of space_trim.c. */
#ifndef WVM_SPACE_SPACE_WORKING_H
#define WVM_SPACE_SPACE_WORKING_H

#include "host/host_working.h"
#include "space/space.h"

/* ---- of the room ---- */

/* Values of sp->left; 0: not left. */
enum wvm_left { WVM_LEFT = 1 };

/* Lock held: pages [lo, hi) leave as far as they can. */
void wvm_space_leave_range(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Lock held: pages [lo, hi) are in the working set again. */
void wvm_space_return_range(struct wvm_space *sp, uint64_t lo, uint64_t hi);

#endif
