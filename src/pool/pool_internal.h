/* What the files of this room share.
 *
 * Layout   system space = one part per kind (struct wvm_pool_part), handed out in pages; a span is
 *          64 KiB of it at a multiple of 64 KiB, cut into slots.
 *          Span: groups of 4 KiB (classes below a page, so that no slot crosses a page) or of
 *          64 KiB (whole pages); each group holds as many slots of the span's class as fit, and
 *          what is left over is one slot of exactly the class of that size (the rest slot).
 * State    eight bytes a slot, kept away from it (struct wvm_pool_state). Index of a slot: its
 *          offset in the span shifted by the place's shift, no two slots have the same.
 * Counters in a thread's ways and tally, in the sums of threads that have ended: a row's value is
 *          all of these together, read while nobody is inside.
 * Way of a slot: span -> magazine of a thread -> block -> magazine of the thread that frees it ->
 *          depot (magazines of all threads, one stack per kind and class) or back to a thread; a
 *          span gets slots back when a thread ends, and when the pool is drained.
 * Locks    registry (threads) > part > tables; none is held while an observer is called. */
#ifndef WVM_POOL_POOL_INTERNAL_H
#define WVM_POOL_POOL_INTERNAL_H

#include <pthread.h>

#include "base/arith.h"
#include "host/host.h"
#include "pool/pool.h"

enum {
    WVM_POOL_PAGE = 4096,
    WVM_POOL_SPAN = 65536,
    WVM_POOL_SPAN_PAGES = 16,
    WVM_POOL_N_BELOW_PAGE = 47,  /* classes below 4096 bytes: 1 .. 47 */
    WVM_POOL_PAGE_CLASS = 48,    /* one page; 49: two pages ... */
    WVM_POOL_MAX_PAGES = 8,      /* of a class */
    WVM_POOL_CLASSES = WVM_POOL_PAGE_CLASS + WVM_POOL_MAX_PAGES, /* 1 .. 55 */
    WVM_POOL_SHELVES = 256,      /* 64 of each kind, and as many of none */
    WVM_POOL_SLOTS = 64,         /* of a magazine, the first is its head */
    WVM_POOL_ROWS = 16384,
    WVM_POOL_HOMES = 1024,       /* rows at which tags are looked for first */
    WVM_POOL_HOME_ROW = 4,       /* the first of them */
};

/* shelf = kind and class in one number. */
#define WVM_POOL_SHELF(kind, class) ((unsigned)(kind) << 6 | (unsigned)(class))
#define WVM_POOL_SHELF_KIND(shelf) ((shelf) >> 6)
#define WVM_POOL_SHELF_CLASS(shelf) ((shelf) & 63)
static inline bool wvm_pool_is_shelf(size_t shelf)
{
    size_t class = WVM_POOL_SHELF_CLASS(shelf);
    return WVM_POOL_SHELF_KIND(shelf) < WVM_POOL_KINDS && class > 0 && class < WVM_POOL_CLASSES;
}

/* What is known of a slot. `start` is written when it is cut; `use` says how it is used: shelf |
 * row << 16 | the flags below, exclusive-or the process's number, whose bit 31 is set, so that 0 as
 * it stands means: never in use. */
struct wvm_pool_state {
    uint32_t use;   /* (a) */
    uint16_t slack; /* (a) bytes, where use has SLACKED */
    uint16_t start; /* low 16 bits of its address */
};
#define WVM_POOL_SLACKED (1u << 8)
#define WVM_POOL_CHARGED_USE (1u << 9)
#define WVM_POOL_IDLE (1u << 30)
#define WVM_POOL_NO_USE (1u << 31 | 0xfc00u) /* none of these is in the use of any slot */
#define WVM_POOL_NOT_PLAIN (WVM_POOL_NO_USE | WVM_POOL_IDLE | WVM_POOL_CHARGED_USE)
#define WVM_POOL_USE(row, shelf) ((uint32_t)(row) << 16 | (uint32_t)(shelf))
#define WVM_POOL_USE_ROW(use) ((use) >> 16 & (WVM_POOL_ROWS - 1))
#define WVM_POOL_USE_SHELF(use) ((use) & (WVM_POOL_SHELVES - 1))

/* Of each 64 KiB, whether they are a span: kind, class, and class of the rest slots (0: none). */
struct wvm_pool_place {
    uint8_t kind;
    uint8_t class;   /* 0: no span */
    uint8_t rest;
};
/* Where the states of its slots are: their address << 16 | what an offset in the span is multiplied
 * by, and then divided by 65536, for the slot's index; 0: no span. */
#define WVM_POOL_WHERE(state, times) ((uint64_t)(uintptr_t)(state) << 16 | (times))
#define WVM_POOL_WHERE_STATE(where) ((struct wvm_pool_state *)(uintptr_t)((where) >> 16))
#define WVM_POOL_WHERE_INDEX(where, at) ((uint32_t)(uint16_t)(where) * (uint16_t)(at) >> 16)

struct wvm_pool_class {
    uint32_t size;
    uint32_t group;     /* bytes */
    uint16_t per_group;
    uint16_t limit;     /* slots of a magazine that are used */
    uint16_t times;     /* for WVM_POOL_WHERE */
    uint8_t rest;
};

/* What every call reads; written by wvm_pool_start() alone. */
struct wvm_pool_map {
    uintptr_t base;
    size_t size;      /* 0: not started */
    uint32_t cookie;
    uint64_t canary;
    bool late;         /* (a) a look at a slack is left for later */
    wvm_word64 *where; /* (a) by 64 KiB */
    struct wvm_pool_place *place;
    uint32_t *row_tag;
    uint8_t class_of[257];      /* by (size + 15) / 16, sizes up to a page; of 0: 0 */
    uint8_t class_of_line[65];  /* by (size + 63) / 64: multiples of a cache line */
    struct wvm_pool_class class[64];
};
extern struct wvm_pool_map wvm_pool_map;
void wvm_pool_classes_init(void);

/* 0: larger than every class, or nothing. */
static inline unsigned wvm_pool_class_for(size_t size)
{
    if (WVM_LIKELY(size <= WVM_POOL_PAGE))
        return wvm_pool_map.class_of[(size + 15) / 16];
    if (size <= WVM_POOL_MAX_PAGES * WVM_POOL_PAGE)
        return WVM_POOL_PAGE_CLASS + (unsigned)((size - 1) / WVM_POOL_PAGE);
    return 0;
}

/* ---- threads ---- */
struct wvm_pool_slot {
    void *block;
    struct wvm_pool_state *state; /* in a thread's magazine: with WVM_POOL_UNPROVEN */
};
/* Added to the address of a state: the slack of the slot's last use is still to be looked at,
 * before the slot is used again or leaves the thread; how much there is still stands in the
 * state. */
#define WVM_POOL_UNPROVEN 1
static inline bool wvm_pool_is_unproven(const struct wvm_pool_slot *slot)
{
    return (uintptr_t)slot->state & WVM_POOL_UNPROVEN;
}
static inline struct wvm_pool_state *wvm_pool_slot_state(const struct wvm_pool_slot *slot)
{
    return (struct wvm_pool_state *)((uintptr_t)slot->state & ~(uintptr_t)WVM_POOL_UNPROVEN);
}
/* One thread's part of a row's counters, but for what is still in its way. */
struct wvm_pool_tally {
    wvm_word64 allocs, frees, taken, given; /* (a) taken, given: bytes */
};
/* What the thread knows of a row, and counts of it since it was last settled. tag 0: nothing. */
struct wvm_pool_way {
    uint32_t tag;
    uint32_t type;  /* wvm_pool_type_of() */
    uint32_t live;  /* `use` of a live slot of shelf 0 without slack, as it stands */
    uint32_t shelf; /* of class 0 */
    wvm_word64 taken, given; /* (a) blocks | 16 bytes << 32; settled when bit 63 is set */
} __attribute__((aligned(32)));
#define WVM_POOL_COUNT(room) ((uint64_t)(room) << 28 | 1)
#define WVM_POOL_COUNT_BLOCKS(word) ((word) & 0xffffffff)
#define WVM_POOL_COUNT_BYTES(word) ((word) >> 32 << 4)

enum wvm_pool_stop {
    WVM_POOL_STOP_WAIT = 4,      /* nobody may come in: the holder of the registry says so */
    WVM_POOL_STOP_OBSERVED = 8,  /* there are observers */
    WVM_POOL_STOP_FLUSH = 16,    /* what the thread has ready goes back */
    WVM_POOL_STOP_FENCE = 32,    /* the host has no membarrier: fences are the thread's own */
    WVM_POOL_STOP_RELOCK = 64,   /* a fork child, whose memory is not locked yet */
    WVM_POOL_STOP_RAISED = 128,  /* the thread's IRQL allows no short way */
    WVM_POOL_STOP_CLOSED = 256,  /* wvm_pool_close() */
};
struct wvm_pool_thread {
    uint32_t inside;            /* (a) 1: the thread is. Written by its thread alone */
    uint32_t stop;              /* (a) */
    struct wvm_pool_tally *tally; /* by row */
    struct wvm_pool_finding found; /* code not 0: to be told when the thread is outside */
    /* The slots it has ready, by shelf: a stack that ends at a slot without a block,
     * unproven. */
    struct wvm_pool_slot *top[WVM_POOL_SHELVES];   /* the next one to be handed out */
    struct wvm_pool_slot *full[WVM_POOL_SHELVES];  /* where top is when no more fits */
    size_t room[WVM_POOL_SHELVES];                 /* bytes of a slot; constant */
    uint64_t count[WVM_POOL_SHELVES];              /* WVM_POOL_COUNT of it; constant */
    struct wvm_pool_slot *spare[WVM_POOL_SHELVES]; /* top of another magazine, full or empty; NULL:
                                                    * none */
    uint32_t span[WVM_POOL_SHELVES];  /* new slots come from it; 0: none. Part lock */
    uint8_t class_of[WVM_POOL_PAGE / 16 + 1]; /* as that of wvm_pool_map */
    bool idle;                                /* registry lock */
    struct wvm_pool_thread *next;             /* (c) of all */
    struct wvm_pool_thread *next_idle;        /* registry lock */
    struct wvm_pool_way way[];                /* by row; of wvm_pool_nobody to the last home */
};
extern WVM_THREAD_LOCAL struct wvm_pool_thread *wvm_pool_own; /* never NULL */
extern struct wvm_pool_thread wvm_pool_nobody;

/* The thread's way of a row of the kind. Inside. */
struct wvm_pool_way *wvm_pool_way_make(struct wvm_pool_thread *th, unsigned kind, unsigned row);
/* What the calling thread's way counts, which is much, is added to its tally. Outside. Returns
 * block. */
void *wvm_pool_settle(void *block, struct wvm_pool_way *way);

bool wvm_pool_threads_init(void);
/* The calling thread's; NULL: no memory for it. */
struct wvm_pool_thread *wvm_pool_me(void);
/* Comes in, after waiting where it must. False: the thread is inside already (a handler). */
bool wvm_pool_enter(struct wvm_pool_thread *th);
void wvm_pool_leave(struct wvm_pool_thread *th);
/* Everybody else is kept out between the two; the caller is not inside. */
void wvm_pool_quiet(void);
void wvm_pool_resume(void);
/* Sets, clears stop bits in all threads, those to come included (but FLUSH). */
void wvm_pool_stop_all(unsigned bits);
void wvm_pool_go_all(unsigned bits);

/* ---- rows ---- */
bool wvm_pool_rows_init(void);
/* The number of (tag, kind), made when it is new; the table full: the row that takes the rest. */
unsigned wvm_pool_row_number(uint32_t tag, unsigned kind);
/* The same without making one. 0: there is none. */
unsigned wvm_pool_row_known(uint32_t tag, unsigned kind);
/* The counters of `from` are added to those of the threads that have ended, and cleared.
 * Registry lock. */
void wvm_pool_tally_retire(struct wvm_pool_thread *from);
/* Rooms of the live blocks of each kind are added to used[]. */
void wvm_pool_rows_used(uint64_t used[WVM_POOL_KINDS]);
void wvm_pool_rows_lock(void);
void wvm_pool_rows_unlock(void);
/* A thread's counts of one row are added to its tally. Registry lock. */
void wvm_pool_way_settle(struct wvm_pool_thread *th, size_t row);
/* The row at which a tag is looked for first, counted from WVM_POOL_HOME_ROW. */
WVM_ALWAYS_INLINE static inline size_t wvm_pool_home(uint32_t tag, uint32_t type)
{
    return (tag + type) * 0x9e3779b1u >> 22;
}
_Static_assert(WVM_POOL_HOMES == 1 << 10, "ten bits of the hash");
/* Tells where the rows are. */
struct wvm_pool_view;
void wvm_pool_rows_view(struct wvm_pool_view *v);
/* One row a kind takes all tags that find no row any more: what they were is not known. */
enum { WVM_POOL_OVERFLOW_ROW = 1 };
static inline bool wvm_pool_row_is_overflow(unsigned row)
{
    return row - WVM_POOL_OVERFLOW_ROW < WVM_POOL_KINDS;
}
extern pthread_mutex_t wvm_pool_registry;
extern struct wvm_pool_thread *wvm_pool_all; /* (a) */

/* ---- the view from outside: pool_view.h ---- */
/* Opens it, when everything else is there. */
void wvm_pool_view_open(void);
/* Around every move of counters from a thread to those that have ended. Registry lock. */
void wvm_pool_view_move(void);

/* ---- pages ---- */
/* Commits what of a table describes its elements [from, to). 0 or -errno. */
int wvm_pool_table_commit(void *table, size_t size, uint32_t from, uint32_t to);
enum wvm_pool_what { WVM_POOL_NONE, WVM_POOL_FREE, WVM_POOL_IN_SPAN, WVM_POOL_BIG, WVM_POOL_LENT };
enum wvm_pool_held {
    WVM_POOL_DIRTY,
    WVM_POOL_ZEROED,   /* contents zero */
    WVM_POOL_RELEASED, /* likewise, as the host has taken them back; not locked either */
};
/* One page; of a run the first one speaks for all, of a free one the last too. */
struct wvm_pool_page {
    uint32_t run;     /* pages */
    uint8_t what;
    uint8_t held;     /* free: enum wvm_pool_held */
    uint16_t row;
    union {
        struct { uint32_t next, prev; };  /* free: pages, 0: none */
        struct { uint64_t size : 56, flags : 8; };
    };
};
enum { WVM_POOL_BINS = 128 };
struct wvm_pool_bins {
    uint32_t head[WVM_POOL_BINS]; /* pages, 0: none */
    uint64_t map[WVM_POOL_BINS / 64];
};
struct wvm_pool_part {
    pthread_mutex_t lock;
    uint32_t first, end;    /* pages; first is never 0 */
    uint32_t grown;         /* first page that was never committed */
    unsigned kind;
    struct wvm_pool_bins bins[2]; /* free runs; [1]: released ones */
    uint32_t n_idle[WVM_POOL_RELEASED + 1]; /* pages in free runs */
    uint32_t n_peak;
    uint64_t n_locked;
    int lock_error;         /* errno of the last lock; 0: it was locked */
    /* spans with slots to be had, by class: their numbers, 0: none; [1]: with rest slots */
    uint32_t partial[2][WVM_POOL_CLASSES];
    uint32_t n_rest[WVM_POOL_CLASSES]; /* rest slots to be had */
    uint32_t n_empty;                  /* (a) spans without a slot in use or in a magazine */
};
extern struct wvm_pool_part wvm_pool_part[WVM_POOL_KINDS];
extern struct wvm_pool_page *wvm_pool_page;
bool wvm_pool_pages_init(void);
/* n pages whose first is a multiple of align (1 or WVM_POOL_SPAN_PAGES); 0: none to be had. *zero:
 * their contents are zero. Part lock. */
uint32_t wvm_pool_run_take(struct wvm_pool_part *part, uint32_t n, uint32_t align, bool *zero);
void wvm_pool_run_give(struct wvm_pool_part *part, uint32_t page, uint32_t n);
/* Free runs go back to the host until at most `keep` pages are left; how many. Part lock. */
uint32_t wvm_pool_runs_trim(struct wvm_pool_part *part, uint32_t keep);
/* The same for somebody who looks after the pages: inaccessible, without contents, not locked. They
 * come back by their first page; where the host refuses that they stay lent. */
uint32_t wvm_pool_run_lend(struct wvm_pool_part *part, uint32_t n);
void wvm_pool_run_return(struct wvm_pool_part *part, uint32_t page);
/* The first page of the run in use that holds `page`; 0: it is in none. Part lock. */
uint32_t wvm_pool_run_first(const struct wvm_pool_part *part, uint32_t page);
/* In a fork child: locks what is to be locked. Part lock. */
void wvm_pool_pages_relock(struct wvm_pool_part *part);
/* Pages that the host has given; a guess without the part lock. */
static inline uint32_t wvm_pool_part_held(const struct wvm_pool_part *part)
{
    return __atomic_load_n(&part->grown, __ATOMIC_RELAXED) - part->first -
           __atomic_load_n(&part->n_idle[WVM_POOL_RELEASED], __ATOMIC_RELAXED);
}
static inline size_t wvm_pool_held_bytes(unsigned kind)
{
    return (size_t)wvm_pool_part_held(&wvm_pool_part[kind]) * WVM_POOL_PAGE;
}

static inline void *wvm_pool_page_start(uint32_t page)
{
    return (void *)(wvm_pool_map.base + (uintptr_t)page * WVM_POOL_PAGE);
}
static inline uint32_t wvm_pool_page_of(const void *p)
{
    return (uint32_t)(((uintptr_t)p - wvm_pool_map.base) / WVM_POOL_PAGE);
}

/* ---- spans ---- */
bool wvm_pool_spans_init(void);
/* Tables for the pages [from, to). Part lock. */
bool wvm_pool_spans_grow(uint32_t from, uint32_t to);
/* Up to n slots for the thread, lowest addresses last. How many. Takes the part lock. */
unsigned wvm_pool_slots_take(struct wvm_pool_thread *th, unsigned shelf,
                             struct wvm_pool_slot *slot, unsigned n);
/* The thread's span is anybody's from now on. Part lock. */
void wvm_pool_span_leave(struct wvm_pool_thread *th, unsigned shelf);
/* keep: spans that are empty then are kept until they are drained. Part lock. */
void wvm_pool_slots_give(struct wvm_pool_part *part, const struct wvm_pool_slot *slot, unsigned n,
                         bool keep);
/* Empty spans go back to the pages. Part lock. */
void wvm_pool_spans_drain(struct wvm_pool_part *part);
/* The slot of a span that holds p, whatever its state: its start, size and state. */
bool wvm_pool_slot_at(const void *p, struct wvm_pool_slot *out, uint32_t *size);

/* ---- magazines ---- */
bool wvm_pool_depots_init(void);
/* A slot of the shelf is on top of the thread's cache. False: no memory. Inside. */
bool wvm_pool_cache_fill(struct wvm_pool_thread *th, unsigned shelf);
/* There is room for one more. False: no memory for a magazine: nothing is to be pushed. */
bool wvm_pool_cache_room(struct wvm_pool_thread *th, unsigned shelf);
/* All that the thread has ready goes back to the spans. Inside, or on behalf of a thread that is
 * gone. Takes the part locks. */
void wvm_pool_cache_flush(struct wvm_pool_thread *th);
void wvm_pool_cache_init(struct wvm_pool_thread *th);
/* What lies in the depots of a kind goes back to the spans, and empty ones to the pages. Takes the
 * part lock. */
void wvm_pool_depots_drain(unsigned kind);
/* Bytes in the depots and in empty spans. */
size_t wvm_pool_depot_bytes(unsigned kind);

/* ---- blocks ---- */
static inline uint32_t wvm_pool_use_get(const struct wvm_pool_state *state)
{
    return __atomic_load_n(&state->use, __ATOMIC_RELAXED) ^ wvm_pool_map.cookie;
}
/* Of a slot whose use has SLACKED. */
static inline size_t wvm_pool_slack(const struct wvm_pool_state *state)
{
    return __atomic_load_n(&state->slack, __ATOMIC_RELAXED);
}
/* Of a slot with this use. */
static inline size_t wvm_pool_slack_of(const struct wvm_pool_state *state, uint32_t use)
{
    return use & WVM_POOL_SLACKED ? wvm_pool_slack(state) : 0;
}
static inline void wvm_pool_use_set(struct wvm_pool_state *state, uint32_t use)
{
    __atomic_store_n(&state->use, use ^ wvm_pool_map.cookie, __ATOMIC_RELAXED);
}

/* A counter that its thread alone changes and others read. On x86-64 one instruction. */
static inline void wvm_pool_add(wvm_word64 *counter, uint64_t n)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    __asm__("addq %1, %0" : "+m"(*counter) : "er"(n) : "cc");
#else
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
#endif
}

/* The same. True: bit 63 is set now. */
static inline bool wvm_pool_add_full(wvm_word64 *counter, uint64_t n)
{
    bool full;
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    __asm__("addq %2, %0" : "+m"(*counter), "=@ccs"(full) : "er"(n));
#else
    wvm_pool_add(counter, n);
    full = __atomic_load_n(counter, __ATOMIC_RELAXED) >> 63;
#endif
    return full;
}

/* Changes bits of a word that its thread alone changes and others read. */
static inline void wvm_pool_flip(uint32_t *word, uint32_t bits)
{
#if (defined(__x86_64__) || defined(__i386__)) && !defined(__SANITIZE_THREAD__)
    __asm__("xorl %1, %0" : "+m"(*word) : "er"(bits) : "cc");
#else
    __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) ^ bits, __ATOMIC_RELAXED);
#endif
}

/* Of the bytes behind those asked for the first eight are known, or as many as there are. Where
 * the eight bytes begin, counted from the end of the slot; without a branch, as nobody can tell
 * how much slack a block has. */
static inline size_t wvm_pool_canary_back(size_t slack)
{
    return slack > sizeof(uint64_t) ? slack : sizeof(uint64_t);
}
/* With slack. */
static inline void wvm_pool_canary_put(void *block, size_t room, size_t slack)
{
    __builtin_memcpy((char *)block + room - wvm_pool_canary_back(slack), &wvm_pool_map.canary,
                     sizeof(uint64_t));
}
/* With slack. True: they are as they were. Bytes asked for that are among the eight do not
 * count. */
static inline bool wvm_pool_canary_ok(const void *block, size_t room, size_t slack)
{
    uint64_t word;
    size_t back = wvm_pool_canary_back(slack);
    __builtin_memcpy(&word, (const char *)block + room - back, sizeof(word));
    return (word ^ wvm_pool_map.canary) >> 8 * (back - slack) == 0;
}

struct wvm_pool_free_request {
    void *block;
    uint32_t tag;
    bool any_tag;
    const void *caller;
};

/* ---- observers: each asks or tells all of them what struct wvm_pool_observer says ---- */
bool wvm_pool_observers_refuse(const struct wvm_pool_request *rq);
void *wvm_pool_observers_serve(const struct wvm_pool_request *rq);
void wvm_pool_observers_allocated(const void *block, const struct wvm_pool_request *rq);
bool wvm_pool_observers_free(const struct wvm_pool_free_request *rq, struct wvm_pool_finding *f);
bool wvm_pool_observers_find(const void *p, struct wvm_pool_block *out);
bool wvm_pool_walk_observers(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg);
void wvm_pool_observers_fork(bool before, bool child);

/* Looks at the slack of an unproven slot. False: *f says what is wrong, unless it says something
 * already. */
bool wvm_pool_prove(const struct wvm_pool_slot *slot, struct wvm_pool_finding *f);
/* Decides whether it is left for later from now on: where the pools are larger than caches, who
 * waits for a slack waits long. */
void wvm_pool_late_check(void);
/* Outside: tells what was found. */
void wvm_pool_tell_found(struct wvm_pool_thread *th);

/* Where a block's state is, of either sort. */
struct wvm_pool_where {
    struct wvm_pool_slot slot;   /* state NULL: the block is whole pages of its own */
    uint32_t page;               /* number of its first page, then */
    struct wvm_pool_block block;
    unsigned row;
};
/* The live block that holds p. False: none. Observers are not asked. */
bool wvm_pool_locate(const void *p, struct wvm_pool_where *out);
/* What is wrong with freeing p. True: nothing, and *out says what it is. */
bool wvm_pool_judge(const void *p, uint32_t tag, bool any_tag, struct wvm_pool_where *out,
                    struct wvm_pool_finding *f);

#endif
