/* Between the files of space_physical: windows and what they show. Lock held for all of it.
 *
 * Terms   as in space_physical.h and space_frames.h. */
#ifndef WVM_SPACE_SPACE_PHYSICAL_PARTS_H
#define WVM_SPACE_SPACE_PHYSICAL_PARTS_H

#include "space/space_change.h"
#include "space/space_physical.h"

/* ---- space_physical.c ---- */

/* n pages show n neighbouring frames. 0 or -errno; a failure may leave the range empty. */
static inline int wvm_window_show(const struct wvm_space *sp, uint64_t page, uint64_t n,
                                  uint32_t index)
{
    const struct wvm_host_file_map map = {
        .addr = wvm_addr_of(page), .len = (size_t)n << WVM_PAGE_SHIFT, .fd = sp->frames.fd,
        .offset = (uint64_t)index << WVM_PAGE_SHIFT, .prot = WVM_HOST_R | WVM_HOST_W,
        .replace = true,
    };
    return wvm_host.map_file(&map);
}
/* The host has again for [lo, hi), pages of one window without marks of calls, what the tables say;
 * what it refuses shows nothing. */
void wvm_window_put_back(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Borders from the page before lo to the page hi. */
int wvm_window_edges(struct wvm_space *sp, uint64_t lo, uint64_t hi);
/* Pages [lo, hi) of window a are of state RW, for the host too. */
void wvm_window_enter(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi);
/* Pages [lo, hi) of window a are reserved, and show nothing to the host; the tables know still what
 * they showed. One call of the host at most. Stocked for the runs of their states. NO_MEMORY:
 * nothing changed. Hiding hidden pages is harmless. */
wvm_status wvm_window_hide(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo,
                           uint64_t hi) WVM_MUST_CHECK;
/* Hidden pages show again what they showed. */
void wvm_window_unhide(struct wvm_space *sp, struct wvm_alloc *a, uint64_t lo, uint64_t hi);
/* Hidden pages show nothing, and the tables know it. */
void wvm_window_forget(struct wvm_space *sp, uint64_t lo, uint64_t hi);

/* The frame that a page shows; 0: none. */
static inline uint32_t wvm_window_shown(struct wvm_space *sp, uint64_t page)
{
    return wvm_frame_at(&sp->frames, page) & ~WVM_SLOT_MARK;
}

/* The window that contains the page, or NULL. */
static inline struct wvm_alloc *wvm_window_of(struct wvm_space *sp, uint64_t page)
{
    uint32_t id;
    struct wvm_alloc *a = page < sp->host_top ? wvm_space_find(sp, page, &id) : NULL;
    return a && a->flags & WVM_ALLOC_PHYSICAL ? a : NULL;
}

/* ---- space_physical_run.c ---- */

/* The usual call: neighbouring frames, on pages of one window whose translations lie together.
 * False: the call is not of that kind, or has to fail; nothing changed. */
bool wvm_window_map_run(struct wvm_space *sp, const struct wvm_frames_map *m) WVM_MUST_CHECK;

#endif
