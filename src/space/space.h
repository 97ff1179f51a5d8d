/* One address space: allocations, page states and the host's pages kept in step.
 *
 * The interface of this room for nt/. Everything here speaks of pages: addresses and sizes are
 * multiples of 4 KiB, ranges are [start, end), attributes are enum wvm_attr. Results are NTSTATUS
 * values. A failing call changes nothing. */
#ifndef WVM_SPACE_SPACE_H
#define WVM_SPACE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"
#include "host/host.h"

/* An NTSTATUS value; nt/ and api/ use the public type of the same size. */
typedef int32_t wvm_status;

/* Attributes of one page, one byte. The low four bits are the access; 0 there means "reserved". */
enum wvm_attr {
    WVM_ATTR_RESERVED = 0,
    WVM_ATTR_NA = 1,
    WVM_ATTR_RO = 2,
    WVM_ATTR_RW = 3,
    WVM_ATTR_WC = 4,
    WVM_ATTR_X = 5,
    WVM_ATTR_XR = 6,
    WVM_ATTR_XRW = 7,
    WVM_ATTR_XWC = 8,
    WVM_ATTR_OFFERED = 9, /* READWRITE, but inaccessible until it is reclaimed: space_offer.c */
    WVM_ATTR_ACCESS = 0x0f,
    WVM_ATTR_GUARD = 0x10,
    WVM_ATTR_NOCACHE = 0x20,
    WVM_ATTR_WRITECOMBINE = 0x40,
};

enum wvm_type { WVM_TYPE_FREE, WVM_TYPE_PRIVATE, WVM_TYPE_MAPPED, WVM_TYPE_IMAGE };

enum wvm_alloc_flag {
    WVM_ALLOC_WRITE_WATCH = 1,
    WVM_ALLOC_PHYSICAL = 2,
    WVM_ALLOC_FOREIGN = 4,   /* query results only: not obtained from winvm */
    WVM_ALLOC_FIXED_PAGE = 8,/* the shared user data page: cannot be changed or freed */
    WVM_ALLOC_PLACEHOLDER = 0x10, /* a reservation kept for another allocation or a view */
    WVM_ALLOC_REPLACED = 0x20,    /* took the place of a placeholder, and can become one again */
    WVM_ALLOC_VIEW = 0x40,        /* space_view.h */
    WVM_ALLOC_SHARED = 0x80,      /* a view whose writes reach what it is a view of */
    WVM_ALLOC_LARGE = 0x100,      /* of large pages, as far as the host gave them: space_large.c */
    WVM_ALLOC_HUGE = 0x200,       /* with LARGE: of huge ones */
    WVM_ALLOC_NONPAGED = 0x400,   /* of ordinary pages that stay in memory */
    WVM_ALLOC_STAYS = WVM_ALLOC_LARGE | WVM_ALLOC_HUGE | WVM_ALLOC_NONPAGED,
};

struct wvm_window;

/* A reservation, filled by nt/ after every argument was checked. */
struct wvm_request {
    struct wvm_window *window; /* where: space_window.h; NULL: outside all windows */
    uintptr_t start;    /* in: granule-aligned base, or 0: the space chooses; out: base */
    uintptr_t len;      /* bytes, page multiple, not 0. With a base: start+len does not wrap */
    uintptr_t low;      /* start 0: lowest base allowed, granule multiple; 0: no bound. From
                         * wvm_space_top() up: beyond the space, where the host has room */
    uintptr_t limit;    /* start 0: the range must end at or below limit; 0: no bound */
    uintptr_t align;    /* start 0: of the base, a power of two above a granule, or 0 */
    uint8_t attr;       /* enum wvm_attr: AllocationProtect; with commit the page state too */
    bool commit;
    bool top_down;      /* start 0: the highest fitting address */
    bool beyond;        /* start may lie past wvm_space_top(), where the host has room */
    uint16_t flags;     /* enum wvm_alloc_flag; STAYS: commit, range of whole units
                         * (space_large.c); PLACEHOLDER: neither commit nor another flag;
                         * REPLACED: start and len are exactly those of a placeholder */
};

/* What VirtualQuery reports about the run of equal pages that starts at the queried page. */
struct wvm_region {
    uintptr_t start, end;          /* the run, from the queried page upwards */
    uintptr_t alloc_start, alloc_end; /* the allocation; 0,0 when free */
    uint8_t attr;                  /* state of the run; 0: reserved (or free) */
    uint8_t alloc_attr;            /* AllocationProtect */
    uint8_t type;                  /* enum wvm_type */
    uint16_t flags;                 /* enum wvm_alloc_flag */
};

struct wvm_space;
extern struct wvm_space wvm_space_native;   /* this process's own address space */

/* Once, after wvm_host_init(). */
wvm_status wvm_space_init(struct wvm_space *sp);
/* First address past user space: 0x7FFFFFFF0000, or what the layout says. The lowest is 0x10000. */
uintptr_t wvm_space_top(const struct wvm_space *sp);
/* The same for what the host maps by itself: the program's code, stacks and heap may lie above a
 * lower top. */
uintptr_t wvm_space_host_top(const struct wvm_space *sp);

/* STATUS_CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT; INSUFFICIENT_RESOURCES (flags
 * STAYS). */
wvm_status wvm_space_reserve(struct wvm_space *sp, struct wvm_request *req) WVM_MUST_CHECK;
/* A readable page at addr, in window (space_window.h; NULL: outside all), that the program can
 * neither change nor free: it shows the page of shared memory (wvm_host.share) at `from`. Charges
 * nothing. CONFLICTING_ADDRESSES when the address is taken; NO_MEMORY. */
wvm_status wvm_space_fixed_page(struct wvm_space *sp, struct wvm_window *window, uintptr_t addr,
                                uintptr_t from) WVM_MUST_CHECK;
/* Every fixed page whose address differs from `like` by a multiple of 4 GiB shows the page at
 * `from` from now on: what a fork child inherited becomes its own. NO_MEMORY: the host refused one
 * of them at least, which may be unreadable now. */
wvm_status wvm_space_fixed_pages_move(struct wvm_space *sp, uintptr_t like,
                                      uintptr_t from) WVM_MUST_CHECK;
/* Commits or recommits [start,end), all inside one allocation; recommitted pages keep their
 * contents and take attr. CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT. */
wvm_status wvm_space_commit(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                            uint8_t attr) WVM_MUST_CHECK;
/* Decommit and release. start == end (size 0) means the whole allocation that starts at start; else
 * the range must lie in one allocation. *out_end receives the end of the range done.
 * MEMORY_NOT_ALLOCATED, FREE_VM_NOT_AT_BASE, UNABLE_TO_FREE_VM, UNABLE_TO_DELETE_SECTION.
 * Never fails for want of host resources. Foreign memory answers MEMORY_NOT_ALLOCATED. Memory that
 * stays is not decommitted, and released in whole units. */
wvm_status wvm_space_decommit(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                              uintptr_t *out_end) WVM_MUST_CHECK;
wvm_status wvm_space_release(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                             uintptr_t *out_end) WVM_MUST_CHECK;
/* The pages [start, end), not empty, become a placeholder of their own: a part of a larger
 * placeholder is split off, and an allocation that replaced a placeholder, of exactly this range,
 * becomes one again and loses its contents. CONFLICTING_ADDRESSES, MEMORY_NOT_ALLOCATED,
 * UNABLE_TO_DELETE_SECTION. Never fails for want of host resources. */
wvm_status wvm_space_preserve(struct wvm_space *sp, uintptr_t start, uintptr_t end) WVM_MUST_CHECK;
/* Placeholders, at least two, that make up exactly [start, end) become one.
 * CONFLICTING_ADDRESSES. */
wvm_status wvm_space_coalesce(struct wvm_space *sp, uintptr_t start, uintptr_t end) WVM_MUST_CHECK;
/* Changes protection; *old is the attribute of the first page before. NOCACHE and WRITECOMBINE
 * stick to the pages and are ignored in attr. NOT_COMMITTED, CONFLICTING_ADDRESSES, NO_MEMORY.
 * Works on foreign memory. */
wvm_status wvm_space_protect(struct wvm_space *sp, uintptr_t start, uintptr_t end, uint8_t attr,
                             uint8_t *old) WVM_MUST_CHECK;
/* addr: any address below wvm_space_host_top(); a free run ends at wvm_space_top() when it begins
 * below. Takes no lock; no system call for winvm's own memory. */
wvm_status wvm_space_query(struct wvm_space *sp, uintptr_t addr,
                           struct wvm_region *out) WVM_MUST_CHECK;
/* The same in another process as far as the host's list of its mappings tells: no page there is
 * reserved. PROCESS_IS_TERMINATING, ACCESS_DENIED, INSUFFICIENT_RESOURCES. */
wvm_status wvm_space_query_other(pid_t pid, uintptr_t addr, struct wvm_region *out) WVM_MUST_CHECK;
/* Lies addr in a mapping of winvm's (allocated or not) or in a view? Quick; takes no lock. */
bool wvm_space_is_ours(const struct wvm_space *sp, uintptr_t addr);
/* Bytes committed in the allocation at [r->alloc_start, r->alloc_end). */
uint64_t wvm_space_committed_bytes(struct wvm_space *sp, const struct wvm_region *r);

/* MEM_RESET and MEM_RESET_UNDO over a range of one allocation. CONFLICTING_ADDRESSES; undo answers
 * STATUS_UNSUCCESSFUL-class failure (see space_reset.c) when a page was lost. */
wvm_status wvm_space_reset(struct wvm_space *sp, uintptr_t start, uintptr_t end) WVM_MUST_CHECK;
wvm_status wvm_space_reset_undo(struct wvm_space *sp, uintptr_t start,
                                uintptr_t end) WVM_MUST_CHECK;

/* OfferVirtualMemory, ReclaimVirtualMemory and DiscardVirtualMemory over a range of one allocation.
 * CONFLICTING_ADDRESSES, NOT_COMMITTED, INVALID_PARAMETER (not ordinary private memory),
 * INVALID_PAGE_PROTECTION (some page is not READWRITE), NO_MEMORY. Reclaim leaves pages that are
 * not offered alone. keep_longer: other offered pages go first. *lost: some offered page has no
 * contents any more. */
wvm_status wvm_space_offer(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                           bool keep_longer) WVM_MUST_CHECK;
wvm_status wvm_space_reclaim(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                             bool *lost) WVM_MUST_CHECK;
wvm_status wvm_space_discard(struct wvm_space *sp, uintptr_t start, uintptr_t end) WVM_MUST_CHECK;
/* *r, a query's answer, goes on over pages that differ only in being offered, and shows none. */
void wvm_space_join_offered(struct wvm_space *sp, struct wvm_region *r);

/* The pages of a range of a write-watched allocation that were written since the allocation or
 * since they were last reported with reset. One call answers as many as fit; the next one goes on
 * at `next` until that is `end`. */
#define WVM_WATCH_RUNS 128
struct wvm_watch {
    uintptr_t start, end; /* in: page multiples, not empty */
    uint64_t most;        /* in: pages to be reported at most, not 0 */
    bool reset;           /* in: what is reported, and nothing else, is clean afterwards */
    unsigned n_runs;      /* out */
    uintptr_t next;       /* out: pages below it were answered */
    struct wvm_host_written run[WVM_WATCH_RUNS]; /* out: ascending; two may touch */
};
/* INVALID_PARAMETER_1: the range is not inside one watched allocation. */
wvm_status wvm_space_watch_get(struct wvm_space *sp, struct wvm_watch *w) WVM_MUST_CHECK;
wvm_status wvm_space_watch_reset(struct wvm_space *sp, uintptr_t start,
                                 uintptr_t end) WVM_MUST_CHECK;

/* Kinds of locks, which may be given together: into the working set, counted against the lock
 * quota, and into physical memory. */
enum wvm_lock_kind { WVM_LOCK_PROCESS = 1, WVM_LOCK_SYSTEM = 2 };
/* VirtualLock: SUCCESS, WAS_LOCKED (some page already was), ACCESS_VIOLATION (not committed or not
 * accessible), WORKING_SET_QUOTA. VirtualUnlock: SUCCESS, NOT_LOCKED: some page lacks one of the
 * kinds, and those that are not locked at all leave the working set (WS-009, WS-010). Foreign
 * memory allowed. */
wvm_status wvm_space_lock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                             unsigned kinds) WVM_MUST_CHECK;
wvm_status wvm_space_unlock_as(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                               unsigned kinds) WVM_MUST_CHECK;
WVM_MUST_CHECK static inline wvm_status wvm_space_lock(struct wvm_space *sp, uintptr_t start,
                                                       uintptr_t end)
{
    return wvm_space_lock_as(sp, start, end, WVM_LOCK_PROCESS);
}
WVM_MUST_CHECK static inline wvm_status wvm_space_unlock(struct wvm_space *sp, uintptr_t start,
                                                         uintptr_t end)
{
    return wvm_space_unlock_as(sp, start, end, WVM_LOCK_PROCESS);
}

/* The working set's limits, in bytes. flags: one for the minimum, one for the maximum; recorded
 * only. */
enum wvm_ws_flag {
    WVM_WS_MIN_HARD = 1,
    WVM_WS_MIN_SOFT = 2,
    WVM_WS_MAX_HARD = 4,
    WVM_WS_MAX_SOFT = 8,
};
struct wvm_ws_limits { uint64_t min, max; uint32_t flags; };
void wvm_space_ws_limits(struct wvm_space *sp, struct wvm_ws_limits *out);
/* Those that a process starts with. */
void wvm_space_first_ws_limits(struct wvm_ws_limits *out);
/* Page multiples, min at least 20 pages. INSUFFICIENT_RESOURCES: a minimum that is raised promises
 * more locked memory than the host allows. */
wvm_status wvm_space_set_ws_limits(struct wvm_space *sp,
                                   const struct wvm_ws_limits *to) WVM_MUST_CHECK;
/* Of `writable` bytes in private mappings of this process that can be written, how much is
 * committed, with the rest of what winvm has committed. Walks the runs of the host's pages. */
uint64_t wvm_space_private_commit(struct wvm_space *sp, uint64_t writable);

/* The pages of [start, end), whoever's they are, leave the working set as far as they are in it and
 * not locked; _all: every page of the process, out of memory where the host has a place for it.
 * Contents and accessibility stay. POSSIBLE_DEADLOCK. */
wvm_status wvm_space_trim(struct wvm_space *sp, uintptr_t start, uintptr_t end) WVM_MUST_CHECK;
wvm_status wvm_space_trim_all(struct wvm_space *sp) WVM_MUST_CHECK;

/* Copies that cannot fault. *done = bytes copied, counted in whole pages up to the first bad one.
 * SUCCESS or PARTIAL_COPY. `remote` is the address named by the caller as the target process's. The
 * remote side is judged by winvm's own page states where the memory is winvm's. */
wvm_status wvm_space_read(struct wvm_space *sp, uintptr_t remote, void *local, size_t len,
                          size_t *done) WVM_MUST_CHECK;
wvm_status wvm_space_write(struct wvm_space *sp, uintptr_t remote, const void *local, size_t len,
                           size_t *done) WVM_MUST_CHECK;

/* Commit accounting, bytes. */
struct wvm_commit_info {
    uint64_t committed, limit, peak;
    uint64_t sections; /* what of `committed` is for sections */
};
void wvm_space_commit_info(struct wvm_space *sp, struct wvm_commit_info *out);
/* Where they are counted, for readers outside the process: pages charged, charged late (to be added
 * to those), limit, peak. Constant. */
void wvm_space_commit_words(const struct wvm_space *sp, const wvm_word64 *word[4]);

/* Bytes of user space, in whole granules, that are neither allocated nor foreign. Takes no lock. */
uint64_t wvm_space_free_bytes(const struct wvm_space *sp);

/* Why the calling thread's last failing space call failed, for the trace: a static text and up to
 * one address ("range overlaps the reservation at", 0x...). text NULL: nothing known. */
struct wvm_reason { const char *text; uintptr_t at; };
struct wvm_reason wvm_space_last_reason(void);
/* Nothing is known: before a call whose reason is to be told. */
void wvm_space_forget_reason(void);

/* fork(): prepare takes the locks in rank order, parent and child release them. */
void wvm_space_before_fork(struct wvm_space *sp);
void wvm_space_after_fork_parent(struct wvm_space *sp);
void wvm_space_after_fork_child(struct wvm_space *sp);

/* Walks every invariant of the tables and compares them with the kernel's list of mappings.
 * Returns NULL, or a static text naming the first broken invariant. Slow; takes the lock. */
const char *wvm_space_audit(struct wvm_space *sp);

#endif
