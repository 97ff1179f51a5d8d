/* Kernel pools: blocks with a kind and a tag out of system space.
 *
 * The interface of this room for nt/: sizes in bytes, results plain. The room knows nothing of
 * pool flags, IRQL rules, quotas or exceptions; those are nt/nt_pool*.c. It never calls malloc,
 * keeps everything it knows of a block away from the block, and stays right over fork().
 *
 * Terms   kind = which memory: executable or not, pageable or not;
 *         class = a block size that is kept ready: 16 .. 4096 bytes, and 2 .. 8 pages;
 *         row = the counters of one tag in pageable or non-pageable memory;
 *         finding = what a check of a block found wrong: a bug check that the caller is to raise.
 * Addresses of system space are never those of user space (space/space_system.h). */
#ifndef WVM_POOL_POOL_H
#define WVM_POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"
#include "base/fmt.h"

/* The value is that of the POOL_TYPE's bit 0 and of its bit 9 moved to bit 1. */
enum wvm_pool_kind {
    WVM_POOL_EXEC = 0,  /* non-paged, executable */
    WVM_POOL_PAGED = 1,
    WVM_POOL_NX = 2,    /* non-paged, not executable */
    WVM_POOL_KINDS
};
/* The POOL_TYPE of a kind. */
static inline uint32_t wvm_pool_type_of(enum wvm_pool_kind kind)
{
    return ((unsigned)kind & 1) | ((unsigned)kind & 2) << 8;
}

/* Is the calling thread where a walk or a trim waits for it? */
bool wvm_pool_inside(void);

enum wvm_pool_flag {
    WVM_POOL_ZERO = 1,          /* contents are zero */
    WVM_POOL_CACHE_ALIGNED = 2, /* a multiple of WVM_POOL_CACHE_LINE */
    WVM_POOL_CHARGED = 4,       /* marked: quota was charged for it (wvm_pool_block.charged) */
    WVM_POOL_SPECIAL_END = 8,   /* when it comes from special pool: at the end of its page */
    WVM_POOL_SPECIAL_START = 16,
};

enum {
    WVM_POOL_ALIGN = sizeof(void *) == 8 ? 16 : 8, /* of every block */
    WVM_POOL_CACHE_LINE = 64,
    WVM_POOL_SMALL_MAX = 4096 - 4 * (int)sizeof(void *), /* larger ones are whole pages */
};

struct wvm_pool_request {
    enum wvm_pool_kind kind;
    uint32_t tag;     /* without the protected bit */
    size_t size;      /* 0 counts as 1 */
    unsigned flags;   /* enum wvm_pool_flag */
    const void *caller; /* for traces: the address its call returns to */
};

/* What is known of a block. */
struct wvm_pool_block {
    void *start;
    size_t size;      /* as asked for */
    size_t room;      /* bytes of the block: class or whole pages */
    uint32_t tag;
    enum wvm_pool_kind kind;
    bool charged;
    bool special;
};

/* A bug check to be raised: its code and four parameters as documented. code 0: nothing. */
struct wvm_pool_finding {
    uint32_t code;
    uintptr_t parameter[4];
};

/* Told what is found wrong with a block after its free has returned, with no lock held: in large
 * pools the slack of a block may be looked at after its free, but before the block is used again or
 * leaves the thread. Set once. */
extern void (*wvm_pool_found)(const struct wvm_pool_finding *f);

/* Gives the room the addresses [base, base+size), reserved and inaccessible, page multiples; once,
 * before anything else here. False: no memory for the tables. */
bool wvm_pool_start(uintptr_t base, size_t size) WVM_MUST_CHECK;
bool wvm_pool_started(void);

/* NULL: no memory. Not for signal handlers that interrupt this room: there it is NULL too. */
void *wvm_pool_alloc(const struct wvm_pool_request *rq);
/* Frees p. any_tag, or tag is the block's (without the protected bit). False: nothing was changed
 * and *f says what is wrong. */
bool wvm_pool_free(void *p, uint32_t tag, bool any_tag, const void *caller,
                   struct wvm_pool_finding *f);
/* The live block that starts at p. False: there is none. */
bool wvm_pool_find(const void *p, struct wvm_pool_block *out);
/* The same for any address inside a live block. Slower. */
bool wvm_pool_find_inside(const void *p, struct wvm_pool_block *out);
/* Calls visit for every live block; nobody else is in the room meanwhile. visit must not call
 * it. */
void wvm_pool_walk(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg);

/* Gives what is free back to the host. Bytes given back. */
size_t wvm_pool_trim(void);

/* Counters of one tag in pageable or non-pageable memory. */
struct wvm_pool_row {
    uint32_t tag;
    bool paged;
    uint64_t allocs, frees;
    uint64_t bytes;  /* rooms of its live blocks */
};
/* Fills at most n rows; the number of rows there are. Rows of tags that were used once stay. When
 * nobody is in the room meanwhile the numbers are exact; else each is as it was at some moment of
 * the call, and frees never exceed allocs. */
size_t wvm_pool_rows(struct wvm_pool_row *row, size_t n);
/* One row. False: the tag was never used there. */
bool wvm_pool_row_of(uint32_t tag, bool paged, struct wvm_pool_row *out);

struct wvm_pool_usage {
    uint64_t whole[WVM_POOL_KINDS];     /* bytes of addresses that the kind has */
    uint64_t committed[WVM_POOL_KINDS]; /* bytes taken from the host, free ones included */
    uint64_t used[WVM_POOL_KINDS];      /* rooms of live blocks */
    uint64_t peak[WVM_POOL_KINDS];      /* the highest value of committed */
    uint64_t locked;                    /* bytes locked in memory */
};
void wvm_pool_usage(struct wvm_pool_usage *out);

/* The calling thread's short way (pool_fast.h) is closed while this is on: its IRQL has rules. */
void wvm_pool_set_raised(bool raised);

/* Where the commit charge of the process is counted, for those who read it from outside: pages
 * charged, charged late, limit, peak. Constant. */
void wvm_pool_publish_commit(const wvm_word64 *const word[4]);

/* No call takes a short way from now on: each one is to pass the gate of its entry. Before the
 * first call. */
void wvm_pool_close(void);

/* ---- the slow way: what has to see every call ---- */

/* Somebody who wants to see every allocation and free. While there is one, no call takes the short
 * way. Constant; several may be added, each once, never removed. */
struct wvm_pool_observer {
    /* Before an allocation: true refuses it (fault injection). */
    bool (*refuse)(const struct wvm_pool_request *rq);
    /* Instead of an ordinary block: NULL: no. */
    void *(*serve)(const struct wvm_pool_request *rq);
    /* A live block that serve gave out: found by any address inside. */
    bool (*find)(const void *p, struct wvm_pool_block *out);
    /* Asked with every address before the room's own tables. True: it was such a block, and is
     * freed: the observer has counted it and told the others (wvm_pool_tell_freeing). False with
     * f->code 0: none of its addresses; with a finding: one of them, and nothing was changed. */
    bool (*free)(void *p, uint32_t tag, bool any_tag, const void *caller,
                 struct wvm_pool_finding *f);
    /* wvm_pool_walk over such blocks. False: visit said so. */
    bool (*walk)(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg);
    /* After an allocation, before a free that will succeed. */
    void (*allocated)(const struct wvm_pool_block *b, const struct wvm_pool_request *rq);
    void (*freeing)(const struct wvm_pool_block *b, const void *caller);
    /* For a report: appends lines about the block at p, or what was one, each indented by two
     * blanks and ended. Safe in signal handlers. */
    void (*describe)(const void *p, struct wvm_buf *out);
    /* Around fork(): takes, and gives back, its locks. */
    void (*before_fork)(void);
    void (*after_fork)(bool child);
};
void wvm_pool_observe(const struct wvm_pool_observer *observer);

/* On: every free looks at the block's slack, however large the pools are. */
void wvm_pool_prove_at_once(bool on);

/* For observers: n whole pages of system space, inaccessible until protected by the caller, without
 * contents and not locked; page-aligned. NULL: none. They are given back all together. */
void *wvm_pool_pages_take(enum wvm_pool_kind kind, size_t n_pages);
void wvm_pool_pages_give(void *p);
/* For observers: calls `freeing` of every observer for a block that one of them frees. */
void wvm_pool_tell_freeing(const struct wvm_pool_block *b, const void *caller);
/* Calls `describe` of every observer. Safe in signal handlers. */
void wvm_pool_describe(const void *p, struct wvm_buf *out);
/* For observers: counts a block they serve or free in its row. */
void wvm_pool_count(uint32_t tag, bool paged, bool free, size_t room);

/* ---- fork ---- */
void wvm_pool_before_fork(void);
void wvm_pool_after_fork_parent(void);
void wvm_pool_after_fork_child(void);

#endif
