/* Where slots come from: pages, spans, magazines. Terms: pool_internal.h. */
#ifndef WVM_POOL_POOL_PAGES_H
#define WVM_POOL_POOL_PAGES_H

#include "pool/pool_map.h"

struct wvm_pool_thread;
struct wvm_pool_slot;

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
    int lock_error;         /* (a) errno of the last lock; 0: it was locked */
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
/* Why the kind has no more pages, if the host did not lock the last it asked for; 0: it did. */
static inline int wvm_pool_lock_error(unsigned kind)
{
    return __atomic_load_n(&wvm_pool_part[kind].lock_error, __ATOMIC_RELAXED);
}
/* An allocation fails: who does not ask for diagnostics is told once that there is no more memory,
 * though the host has some. */
void wvm_pool_tell_lock_error(unsigned kind);
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

#endif
