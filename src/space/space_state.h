/* What a space consists of, and what the kernel has for a page of it (enum wvm_hp). Part of
 * space_internal.h.
 *
 * Lock notation: (c) constant after init, (s) under the space lock, (a) atomic, read without it. */
#ifndef WVM_SPACE_STATE_H
#define WVM_SPACE_STATE_H

#include <pthread.h>

#include "base/assert.h"
#include "host/host.h"
#include "region/region.h"
#include "space/space.h"
#include "space/space_frames.h"
#include "space/space_overlay.h"
#include "space/space_window.h"

#define WVM_N_BALLAST 8

/* State of one page of our own mappings as the kernel has it: what space_host.c keeps in step. */
enum wvm_hp {
    WVM_HP_NONE = 0,      /* PROT_NONE, no contents */
    WVM_HP_PROT = 7,      /* mask of enum wvm_host_prot; alone: accessible, with contents */
    WVM_HP_FENCED = 0x08, /* guard region: inaccessible, no contents; the prot bits are the VMA's */
    WVM_HP_HELD = 0x10,   /* PROT_NONE, contents kept */
};

/* Whose mapping a granule is. */
enum wvm_owner { WVM_OWNER_FOREIGN, WVM_OWNER_SLAB, WVM_OWNER_SINGLE, WVM_OWNER_SYSTEM };

/* Bits of a page of a watched allocation. */
enum wvm_watched {
    WVM_WATCHED_DIRTY = 1,      /* reported without asking the kernel */
    WVM_WATCHED_ARMED = 2,      /* was armed while it had contents, and has had them since */
    WVM_WATCHED_REGISTERED = 4, /* its mapping was registered and not replaced since */
    WVM_WATCHED_SMALL = 8,      /* its mapping takes no huge pages */
};

#define WVM_CHANGE_TOUCHED 0x100

/* The change that is under way, for the fault path: space_change.c. */
struct wvm_change {
    uint32_t seq;    /* (a) odd: [lo, hi) is about to take state attr */
    uint16_t state;  /* (a) attr; WVM_CHANGE_TOUCHED: the own thread's fault path opened a page */
    wvm_word64 lo, hi; /* (a) pages */
};

/* A range of our mappings that is an address space of its own. Memory is type-stable. */
struct wvm_window {
    struct wvm_gaps gaps;        /* (s) its free granules */
    uint32_t lo, hi;             /* (c) granules that may be allocated; lo: (a) */
    uint32_t fence_lo, fence_hi; /* (c) with its fences: WVM_WINDOW_CHUNKS chunks; lo: (a) */
    uint32_t next_closed;        /* (s) */
};
#define WVM_WINDOW_CHUNKS 4 /* one below the base, the window, two above */
#define WVM_N_WINDOWS (WVM_N_CHUNKS / WVM_WINDOW_CHUNKS + 1)

struct wvm_space {
    pthread_mutex_t lock;
    uint64_t top;              /* (c) first page past user space */
    uint64_t host_top;         /* (c) first page past what the host maps for this process */
    bool low;                  /* (c) the range below top was taken at start: space_range.c */
    bool range_refused;        /* (c) but not all that was free of it */
    struct { uint64_t lo, hi; } gap_left[3]; /* (c) granules of it that are the host's, ascending */
    unsigned n_gaps_left;      /* (c) */
    struct wvm_store store;    /* (s), readers by region.h 3.2 */
    struct wvm_index index;    /* (s), same */
    struct wvm_gaps gaps;      /* (s) free granules of slabs */
    struct wvm_pages owner;    /* (s) by granule number: enum wvm_owner; readers peek */
    struct wvm_sheet host;     /* (s) by page number: enum wvm_hp */
    struct wvm_sheet locked;   /* (s) by page number: enum wvm_lock_kind */
    struct wvm_sheet reset;    /* (s) by page number: 1 = MEM_RESET or offered since it last had
                                * contents */
    bool any_offered;          /* (s) some page ever was */
    struct wvm_sheet left;     /* (s) by page number: space_trim.c */
    struct wvm_sheet seen;     /* (s) by page number: 1 = seen in the working set */
    bool asked;                /* (s) the working set was asked for: space_trim.c I3 */
    struct wvm_sheet watch;    /* (s) by page number: enum wvm_watched */
    struct wvm_overlay written; /* (a) first writes: space_watch_fault.c */
    bool watch_used;           /* (a) some allocation was ever watched */
    bool watch_alone;          /* (s) the fork under way is by the only thread */
    struct wvm_overlay fired;  /* (a) states that the fault path gave to pages: space_change.c */
    struct wvm_overlay foreign;/* (a) guard pages that are not ours: space_foreign_guard.c */
    struct wvm_change pending; /* (s), the fault path reads it */
    wvm_word64 grown;          /* (a) pages that stacks grew by and that are not charged yet */
    struct wvm_sheet copied;   /* (s) by page number: space_view_pages.c I2 */
    bool any_copied;           /* (s, a) some page ever was */
    struct wvm_sheet alone;    /* (s) by page number: space_place.c I4 */
    bool any_alone;            /* (s) some page ever was */
    uint32_t n_windows;        /* (s, a) that are open */
    uint32_t closed_window;    /* (s) list of those that were */
    uint32_t fresh_window;     /* (s) of those that never were open the first is the one after it */
    struct wvm_gaps arena;     /* (s) free granules for views: space_place.c */
    uint64_t arena_lo, arena_hi; /* (s) its granules */
    uint64_t spare;            /* (s) of them: the range that was vacated last, */
    uint32_t spare_n;          /* (s) so long, which is not in `arena` */
    bool arena_chosen;         /* (s) */
    uint32_t n_views;          /* (s) */
    uint32_t n_hidden;         /* (s) of them in mappings of ours that `host` does not know of */
    wvm_word64 views_lo, views_hi; /* (a) pages: all views outside our mappings ever lay between */
    wvm_word64 section_charge; /* (s) pages of `committed` that sections are charged for */
    uint64_t view_charge;      /* (s) and views */
    wvm_word64 uncharged;      /* (a) of those, to be given back */
    wvm_word64 committed;      /* (s) pages charged */
    wvm_word64 peak;           /* (s) highest `committed` */
    wvm_word64 limit;          /* (c) pages that may be charged */
    wvm_word64 slab_len;       /* (s) bytes to ask for next, 0 before the first slab */
    wvm_word64 main_lo, main_hi; /* (a) granules of the first slab, which stays a slab for ever */
    struct wvm_frames frames;  /* (s) space_frames.h */
    int64_t n_edges;           /* (s) borders between protections inside our mappings, and views:
                                * at least as many as there are mappings of ours */
    int64_t n_maps_other;      /* (s) mappings of the process that are not ours, as last counted */
    int64_t counted_at;        /* (s) n_edges when they were counted */
    int64_t recount_at;        /* (s) n_edges at which to count again */
    int64_t calm_below;        /* (s) n_edges below which mappings are not scarce, uncounted */
    uint32_t last;             /* (s) the allocation used last; it may be gone */
    uint64_t n_locked;         /* (s) pages marked WVM_LOCK_PROCESS in `locked` */
    struct wvm_ws_limits ws;   /* (s) */
    uint32_t n_staying;        /* (s) allocations with a flag of WVM_ALLOC_STAYS */
    uint64_t n_changes;        /* (s) since start, counted for the option audit */
    bool stale;                /* (s) reserved pages may have contents: see wvm_space_close */
    uintptr_t ballast[WVM_N_BALLAST]; /* (s) one-page mappings to give up at the VMA limit */
    unsigned n_ballast;        /* (s) */
    bool ballast_lost;         /* (s) some was given up since it was last taken */
    bool as_limited;           /* (s) RLIMIT_AS was set when the last slab was taken */
    char *chunk_room;          /* (s) memory for index chunks to come, */
    uint32_t n_chunk_room;     /* (s) so many */
    uint16_t window_of[WVM_N_CHUNKS];        /* (a) whose window or fence a chunk is; 0: none's */
    struct wvm_window window[WVM_N_WINDOWS]; /* number 0 is none */
};
WVM_STATIC(WVM_N_WINDOWS <= UINT16_MAX, "window_of holds every number");

/* The run of host state from page upwards, not beyond limit. */
static inline uint64_t wvm_host_run(struct wvm_space *sp, uint64_t page, uint64_t limit, uint8_t *h)
{
    return wvm_sheet_next(&sp->store, &sp->host, page, limit, h);
}

/* The run of equal states in a's map from page upwards, not beyond limit. */
static inline uint64_t wvm_state_run(const struct wvm_space *sp, const struct wvm_alloc *a,
                                     uint64_t page, uint64_t limit, uint8_t *v)
{
    return wvm_pages_next(&sp->store, &a->pages, page - a->origin, limit - a->origin, v) +
           a->origin;
}

static inline unsigned wvm_hp_vma_prot(uint8_t h)
{
    return h & WVM_HP_PROT;
}

static inline bool wvm_hp_is_open(uint8_t h)
{
    return h & WVM_HP_PROT && !(h & WVM_HP_FENCED);
}

static inline bool wvm_hp_has_contents(uint8_t h)
{
    return wvm_hp_is_open(h) || h == WVM_HP_HELD;
}

static inline uint64_t wvm_page_of(uintptr_t addr)
{
    return addr >> WVM_PAGE_SHIFT;
}

static inline uintptr_t wvm_addr_of(uint64_t page)
{
    return (uintptr_t)page << WVM_PAGE_SHIFT;
}

#endif
