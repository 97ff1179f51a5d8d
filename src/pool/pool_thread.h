/* What each thread has of its own, and the rows that it counts in. Terms: pool_internal.h,
 * pool_fast.h. */
#ifndef WVM_POOL_POOL_THREAD_H
#define WVM_POOL_POOL_THREAD_H

#include "pool/pool_map.h"

/* bits ^ *word, a word that others change. On x86 one instruction. */
static inline uint32_t wvm_pool_mix(const uint32_t *word, uint32_t bits)
{
#if (defined(__x86_64__) || defined(__i386__)) && !defined(__SANITIZE_THREAD__)
    __asm__("xorl %1, %0" : "+r"(bits) : "m"(*word) : "cc");
    return bits;
#else
    return __atomic_load_n(word, __ATOMIC_RELAXED) ^ bits;
#endif
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

/* One less. True: it was 0. On x86 one instruction. */
static inline bool wvm_pool_count_down(uint32_t *n)
{
#if defined(__x86_64__) || defined(__i386__)
    bool below;
    __asm__("subl $1, %0" : "+m"(*n), "=@ccc"(below));
    return below;
#else
    return (*n)-- == 0;
#endif
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
/* What the thread knows of a row, counts of it since it was last settled, and its hand: a slot that
 * goes out and comes back without a look at the magazines, for requests of one size. */
struct wvm_pool_way {
    uint32_t tag;
    uint32_t type;  /* wvm_pool_type_of() ^ the process's number. 0: nothing is known */
    wvm_word64 pairs;        /* (a) enum wvm_pool_hand, and how often it came back, each a BACK */
    wvm_word64 taken, given; /* (a) others: blocks | 16 bytes << 32; settled when bit 63 is set */
    uint32_t room;  /* (a) bytes of the hand's slot */
    uint32_t epoch; /* of the map, when the slot became the hand */
    uint32_t use;   /* of a block of `size` bytes, as it stands */
    uint32_t bare;  /* of a block that fills such a slot, not as it stands */
    uint32_t live;  /* of a block that fills a slot of shelf 0, as it stands */
    uint32_t shelf; /* of class 0 */
    size_t size;
    void *block;                  /* the hand */
    struct wvm_pool_state *state;
    struct wvm_pool_cache *cache; /* of such slots */
    struct wvm_pool_way *next;    /* of the same hash */
    uint64_t mask;   /* the canary's bits in the word where it is */
    uint16_t at;     /* where that is in the slot */
    uint16_t slack;
    uint32_t others; /* blocks besides the hand, before it is given up for one of them */
} __attribute__((aligned(128)));
enum wvm_pool_hand {
    WVM_POOL_OUT = 1,     /* somebody has the block */
    WVM_POOL_UNEVEN = 2,  /* what is asked for does not fill it */
    WVM_POOL_NO_HAND = 4, /* there is none; what size asks for comes from the magazine */
    WVM_POOL_HAND = 7,
    WVM_POOL_BACK = 8,
};
#define WVM_POOL_COUNT(room) ((uint64_t)(room) << 28 | 1)
#define WVM_POOL_COUNT_BLOCKS(word) ((word) & 0xffffffff)
#define WVM_POOL_COUNT_BYTES(word) ((word) >> 32 << 4)

/* Bits of WVM_POOL_NO_USE, none of which is in the process's number or in a type. */
enum wvm_pool_stop {
    WVM_POOL_STOP_WAIT = 1 << 25,     /* nobody may come in: the holder of the registry says so */
    WVM_POOL_STOP_OBSERVED = 1 << 26, /* there are observers, or wvm_pool_close() */
    WVM_POOL_STOP_FLUSH = 1 << 27,    /* what the thread has ready goes back */
    WVM_POOL_STOP_FENCE = 1 << 28,    /* no membarrier here: fences are the thread's own */
    WVM_POOL_STOP_RELOCK = 1 << 29,   /* a fork child, whose memory is not locked yet */
    WVM_POOL_STOP_RAISED = 1 << 30,   /* the thread's IRQL allows no short way */
    WVM_POOL_STOPS = 63 << 25,
};
/* The slots of a shelf that a thread has ready: a stack that ends at a slot without a block,
 * unproven. The caches of all shelves are a table by columns: that of a shelf begins 8 bytes behind
 * that of the shelf before, and its gaps are the others. So one short instruction finds it. */
#define WVM_POOL_GAP(type) [8 * WVM_POOL_SHELVES - sizeof(type)]
struct wvm_pool_cache {
    struct wvm_pool_slot *top;  /* the next one to be handed out */
    char gap_top WVM_POOL_GAP(void *);
    struct wvm_pool_slot *full; /* where top is when no more fits */
    char gap_full WVM_POOL_GAP(void *);
    size_t room;                /* bytes of a slot; constant */
    char gap_room WVM_POOL_GAP(size_t);
    wvm_word64 count;           /* WVM_POOL_COUNT of it; constant */
};
_Static_assert(offsetof(struct wvm_pool_cache, full) == 8 * WVM_POOL_SHELVES &&
                   offsetof(struct wvm_pool_cache, room) == 16 * WVM_POOL_SHELVES &&
                   offsetof(struct wvm_pool_cache, count) == 24 * WVM_POOL_SHELVES,
               "no column is in another's gap");
/* Blocks begin at multiples of 16 and of pages, and a store delays loads of all addresses that
 * differ from its own by multiples of 4096: what every call loads lies elsewhere. */
struct wvm_pool_thread {
    struct wvm_pool_tally *tally; /* by row */
    uint32_t inside __attribute__((aligned(8))); /* (a) 1: the thread is. Its thread's alone */
    uint32_t key;                                /* (a) the process's number and the stop bits */
    struct wvm_pool_finding found; /* code not 0: to be told when the thread is outside */
    char caches[4 * 8 * WVM_POOL_SHELVES] __attribute__((aligned(8))); /* wvm_pool_cache_of() */
    struct wvm_pool_slot *spare[WVM_POOL_SHELVES]; /* top of another magazine, full or empty; NULL:
                                                    * none */
    uint32_t span[WVM_POOL_SHELVES];  /* new slots come from it; 0: none. Part lock */
    struct wvm_pool_way *first[WVM_POOL_HASH]; /* ways by the hash of their tags; never NULL */
    uint8_t class_of[WVM_POOL_PAGE / 16 + 1]; /* as that of wvm_pool_map */
    uint32_t pages;                           /* hands that are pages */
    bool idle;                                /* registry lock */
    struct wvm_pool_thread *next;             /* (c) of all */
    struct wvm_pool_thread *next_idle;        /* registry lock */
    struct wvm_pool_way way[];                /* by row; wvm_pool_nobody has none */
};
extern WVM_THREAD_LOCAL struct wvm_pool_thread *wvm_pool_own; /* never NULL */
extern struct wvm_pool_thread wvm_pool_nobody;

/* The address is computed once: fewer and shorter instructions. */
WVM_ALWAYS_INLINE static inline struct wvm_pool_cache *wvm_pool_cache_of(struct wvm_pool_thread *th,
                                                                         size_t shelf)
{
    struct wvm_pool_cache *cache = (struct wvm_pool_cache *)(void *)(th->caches + 8 * shelf);
    __asm__("" : "+r"(cache));
    return cache;
}

WVM_ALWAYS_INLINE static inline uint32_t wvm_pool_hash(uint32_t tag)
{
    return tag * 0x9e3779b1u >> 22;
}
_Static_assert(WVM_POOL_HASH == 1 << 10, "ten bits of the hash");
_Static_assert(offsetof(struct wvm_pool_thread, inside) == 8, "half way between two blocks");
static inline uint32_t wvm_pool_shelf_of(const struct wvm_pool_thread *th,
                                         const struct wvm_pool_cache *cache)
{
    return (uint32_t)(((const char *)cache - th->caches) / 8);
}

/* The thread's way of a row of the kind. Inside. */
struct wvm_pool_way *wvm_pool_way_make(struct wvm_pool_thread *th, unsigned kind, unsigned row);
/* The way of the tag and the type ^ the process's number, from this one of its hash on. NULL: there
 * is none. */
static inline struct wvm_pool_way *wvm_pool_way_find(struct wvm_pool_way *way, uint32_t tag,
                                                     uint32_t type)
{
    for (; way; way = way->next)
        if (WVM_LIKELY(way->tag == tag && way->type == type))
            return way;
    return NULL;
}
extern struct wvm_pool_way wvm_pool_no_way; /* behind the last of each hash; fits nothing */

/* The POOL_TYPE of its blocks. */
static inline uint32_t wvm_pool_way_type(const struct wvm_pool_way *way)
{
    return way->type ^ wvm_pool_map.cookie;
}

/* A block was handed out besides the hand, and is not counted yet. It is the hand from now on, and
 * the thread leaves. */
__attribute__((returns_nonnull)) void *
wvm_pool_hand_learn(struct wvm_pool_state *state, size_t size, struct wvm_pool_cache *cache,
                    struct wvm_pool_thread *th, struct wvm_pool_way *way, void *block);
/* The slot is the hand of its way. Inside. */
static inline void wvm_pool_hand_is(struct wvm_pool_way *way, void *block,
                                    struct wvm_pool_state *state)
{
    way->block = block;
    way->state = state;
    way->epoch = __atomic_load_n(&wvm_pool_map.epoch, __ATOMIC_RELAXED);
}
/* All hands go back to the spans, as wvm_pool_cache_flush(), which calls it. */
void wvm_pool_hands_flush(struct wvm_pool_thread *th);
void wvm_pool_hands_init(struct wvm_pool_thread *th);
/* What the calling thread's way counts, which is much, is added to its tally. Outside. Returns
 * block. The first arguments say nothing: who calls has others there that it need not move. */
void *wvm_pool_settle(int none, int none2, int none3, void *block, struct wvm_pool_way *way);

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

#endif
