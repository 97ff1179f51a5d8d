/* Windows: ranges of the native space that are address spaces of their own ("based spaces").
 *
 * Terms   window = 4 GiB of addresses at a multiple of 4 GiB (its base), with fences around it;
 *         offset = an address as the window's own programs name it, address minus base;
 *         fence = addresses in which nothing is ever allocated: at least 2 GiB + 64 KiB below the
 *         base and 6 GiB above its end, so that base + 32-bit index + 32-bit displacement cannot
 *         leave them.
 * What lies in a window is allocations of the one tracker: every call of space.h and space_view.h
 * works on them by their real addresses. Only what chooses or claims addresses must know the
 * window: the `window` of struct wvm_request and wvm_view_request. Requests without one never get
 * an address inside a window or its fences.
 * Locking: the space lock, taken inside.   Failure: nothing changed. */
#ifndef WVM_SPACE_SPACE_WINDOW_H
#define WVM_SPACE_SPACE_WINDOW_H

#include "space/space.h"

#define WVM_WINDOW_SIZE ((uint64_t)1 << 32)

struct wvm_window;

/* A new window whose offsets from 0x10000 up to, not including, top may be used: top is a granule
 * multiple, 0x20000 .. 0xFFFF0000. NO_MEMORY. */
wvm_status wvm_window_open(struct wvm_space *sp, uint64_t top,
                           struct wvm_window **out) WVM_MUST_CHECK;
/* Releases every allocation and view in it, then the window. Nobody puts anything into it any more.
 * Never fails for want of host resources. POSSIBLE_DEADLOCK (a handler inside winvm),
 * UNABLE_TO_FREE_VM (something in it is kept in place): it stays open, to be closed again later. */
wvm_status wvm_window_close(struct wvm_space *sp, struct wvm_window *w) WVM_MUST_CHECK;
/* The base of the window in whose 4 GiB addr lies; 0: in none. Lock-free. */
uintptr_t wvm_window_holding(const struct wvm_space *sp, uintptr_t addr);
/* (c) Constant while it is open. */
uintptr_t wvm_window_base(const struct wvm_window *w);
uint64_t wvm_window_top(const struct wvm_window *w);
/* Bytes committed in it now, views and all, but no fixed page. */
uint64_t wvm_window_committed(struct wvm_space *sp, const struct wvm_window *w);
/* As wvm_space_query, within the window: addr is an offset below its top, and all addresses of the
 * answer are offsets; a free run ends at the top at the latest. Lock-free. */
wvm_status wvm_window_query(struct wvm_space *sp, const struct wvm_window *w, uintptr_t addr,
                            struct wvm_region *out) WVM_MUST_CHECK;

#endif
