/* Views: allocations whose pages are those of a file or of shared memory.
 *
 * Terms   backing = what views are mapped from: a descriptor and a count of references; section/
 *         makes them (struct wvm_section begins with one);
 *         shared view = one of AllocationProtect RW or XRW: writes reach the backing;
 *         copying view = any other: a page that is written becomes a private copy (Windows allows
 *         WRITECOPY in every view that can be read).
 * Everything here speaks of pages and enum wvm_attr, like space.h; rights of handles, granularity
 * and the choice of error numbers are nt/'s. A failing call changes nothing. */
#ifndef WVM_SPACE_SPACE_VIEW_H
#define WVM_SPACE_SPACE_VIEW_H

#include "space/space.h"

/* Memory of a backing is type-stable: never returned, so that a reader without a lock may look at
 * one that died. (c) constant while alive, (a) atomic, (s) under the space lock. */
struct wvm_backing {
    uint32_t refs;         /* (a) of handles, views and whoever else holds it; 0: dead */
    uint32_t first_view;   /* (s) its views in this process: space_view.c */
    int fd;                /* (c) a descriptor of winvm's own */
    bool shared_writable;  /* (c) fd was opened for writing */
    /* (c) NULL: every page is committed. Else bit p of the map: page p of the backing, below
     * n_commits, is committed in every view of every process that has the backing. Shared memory,
     * wvm_commits_len(n_commits) bytes, zero at first; bits only rise. */
    wvm_word64 *commits;
    uint64_t n_commits;      /* (c) */
    wvm_word64 charged;      /* (a) pages this process charged for it (wvm_space_charge_section, and
                              * commits through views); the last drop gives them back */
    /* The last reference went. Called without the lock, maybe inside a fork child's or another
     * thread's call; must not touch views. */
    void (*last)(struct wvm_backing *b);
};

static inline void wvm_backing_hold(struct wvm_backing *b)
{
    __atomic_fetch_add(&b->refs, 1, __ATOMIC_RELAXED);
}
/* False: it is dead. For holders of a stale pointer; what is held may be another, newer object. */
static inline bool wvm_backing_try_hold(struct wvm_backing *b)
{
    uint32_t n = __atomic_load_n(&b->refs, __ATOMIC_RELAXED);
    while (n && !__atomic_compare_exchange_n(&b->refs, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                             __ATOMIC_RELAXED))
        ;
    return n != 0;
}
static inline void wvm_backing_drop(struct wvm_backing *b)
{
    if (__atomic_fetch_sub(&b->refs, 1, __ATOMIC_ACQ_REL) == 1)
        b->last(b);
}

/* The map of commits (space_commits.c). Pages are the backing's, below n_commits. */
uint64_t wvm_commits_len(uint64_t n_pages);
/* First page of [i, end) that is committed (next) or is not (gap); end: none. */
uint64_t wvm_commits_next(const struct wvm_backing *b, uint64_t i, uint64_t end);
uint64_t wvm_commits_gap(const struct wvm_backing *b, uint64_t i, uint64_t end);
void wvm_commits_set(struct wvm_backing *b, uint64_t i, uint64_t end);

/* Pages [start, end), counted from the start of the view, whose first state is not the
 * AllocationProtect: the sections of an image. */
struct wvm_view_part {
    wvm_word64 start, end; /* processes of either kind lay it out alike */
    uint8_t attr;
};

struct wvm_view_request {
    /* The caller holds it during the call; the view takes a reference of its own. */
    struct wvm_backing *backing;
    uint64_t offset;     /* bytes into the backing, page multiple */
    struct wvm_window *window; /* as in struct wvm_request */
    uintptr_t start;     /* in: base, page multiple, or 0: the space chooses; out: base */
    uintptr_t len;       /* bytes, page multiple, not 0 */
    uintptr_t low;       /* start 0: lowest base allowed, 0: no bound */
    uintptr_t limit;     /* start 0: the view must end at or below limit; 0: no bound */
    bool top_down;       /* start 0: the highest fitting address */
    bool large;          /* of large pages, which stay in memory; len is a multiple of them */
    bool replace;        /* start is a placeholder of exactly len bytes */
    uint8_t attr;        /* AllocationProtect, and the state of all pages that no part covers */
    uint8_t type;        /* WVM_TYPE_MAPPED or WVM_TYPE_IMAGE */
    bool anonymous;      /* of the page file: its pages can be committed again by VirtualAlloc */
    uint64_t n_commit;   /* backing with commits: so many first pages are committed by this call */
    unsigned n_parts;
    const struct wvm_view_part *part; /* rising, inside the view */
};
/* CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT (write-copy views are charged whole);
 * INSUFFICIENT_RESOURCES: the host locks no more (large);
 * ACCESS_DENIED: the host forbids the protection (noexec, a descriptor without the right). */
wvm_status wvm_space_map(struct wvm_space *sp, struct wvm_view_request *req) WVM_MUST_CHECK;

/* Unmaps the whole view that contains addr. keep: its place becomes a placeholder again.
 * NOT_MAPPED_VIEW; CONFLICTING_ADDRESSES: keep, but it did not replace a placeholder. */
wvm_status wvm_space_unmap(struct wvm_space *sp, uintptr_t addr, bool keep) WVM_MUST_CHECK;

/* What is mapped at addr. backing is held for the caller, who drops it. NOT_MAPPED_VIEW. */
struct wvm_view_info {
    struct wvm_backing *backing;
    uintptr_t start, end;
    uint64_t offset; /* of start, bytes into the backing */
    uint8_t attr, type;
};
wvm_status wvm_space_view_at(struct wvm_space *sp, uintptr_t addr,
                             struct wvm_view_info *out) WVM_MUST_CHECK;
/* Is some view of this process mapped from it? */
bool wvm_space_has_views(struct wvm_space *sp, struct wvm_backing *b);

/* Commit charge of sections: pages taken until given back. COMMITMENT_LIMIT. */
wvm_status wvm_space_charge_section(struct wvm_space *sp, uint64_t n_pages) WVM_MUST_CHECK;
void wvm_space_uncharge_section(struct wvm_space *sp, uint64_t n_pages);

/* PAGE_REVERT_TO_FILE_MAP: private copies in [start, end) of one copying view are given up, then
 * as wvm_space_protect. */
wvm_status wvm_space_revert(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                            uint8_t *old) WVM_MUST_CHECK;

#endif
