/* The tracker: which allocations exist, what state their pages have, where free space is.
 *
 * 1. Concepts
 * 1.1 Page = 4 KiB, granule = 64 KiB. Addresses in this room are page or granule *numbers*.
 * 1.2 An allocation is one Windows reservation: [start, end) in pages, its AllocationProtect, type,
 *     flags. Allocations never overlap. A start is a multiple of 16 pages unless the allocation is
 *     the remainder of one that was released or split in the middle of a granule.
 * 1.3 Page state is one byte per page (enum wvm_attr above this room; plain numbers here), kept per
 *     allocation in a page map.
 * 1.4 A gap is a maximal run of granules inside our address space that no allocation touches.
 *
 * 2. Structures
 * 2.1 Page map (region_pages.c): a persistent 64-ary trie. A subtree whose pages are all equal is
 *     one number; a checkerboard costs one byte a page. A change copies the path to it and is
 *     published by one store of the root, so a reader sees all of it or nothing.
 *     Maps that only the holder of the lock reads are sheets (region_sheet.c): changed in place.
 * 2.2 Index (region_index.c): a six-level, 64-ary bitmap over granules in which an allocation
 *     starts, in two halves of three levels (4 GiB chunks, and a directory of chunks), with a
 *     32-bit slot per granule of a chunk. Only starts are stored: 64 KiB and 1 TiB cost the same. A
 *     granule in which several allocations start has an immutable block listing them.
 * 2.3 Gaps (region_gaps.c): a treap by address, each node augmented with the longest gap below it:
 *     lowest fit and highest fit within bounds in O(log n).
 *
 * 3. Readers
 * 3.1 Readers take no lock, make no system call, and wait for nobody:
 *     no state says "being written".
 * 3.2 Everything a reader can reach lives in type-stable pools (cells.h). A reader notes the root
 *     word of an allocation (version, reference), copies what it needs, and looks at the word
 *     again: equal words mean that all copies belong to that one state. Different words: another
 *     thread completed a change meanwhile; start again. A handler that interrupted a
 *     writer sees the state before.
 * 3.3 Order of a writer. Insert: fields, root, slot, bits from the leaf up. Remove: bits, slot,
 *     then the root says dead. So a fresh look-up never ends at a dead allocation.
 * 3.4 What is cut off an allocation appears before it gets shorter, and what is joined to one goes
 *     after it got longer. A look-up goes downwards: one that passed before the first and arrives
 *     after the second would find nothing; it sees by a count of cuts that it must start again.
 *
 * 4. Memory: this room never allocates. The caller tops the pools up (wvm_store_room) before a
 *    change; the change then cannot fail. */
#ifndef WVM_REGION_REGION_H
#define WVM_REGION_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"
#include "base/arith.h"
#include "region/cells.h"

#ifdef __LP64__
#define WVM_ADDRESS_BITS 47
#else
#define WVM_ADDRESS_BITS 32
#endif
#define WVM_N_GRANULES ((uint64_t)1 << (WVM_ADDRESS_BITS - WVM_GRANULE_SHIFT))
#define WVM_N_PAGES ((uint64_t)1 << (WVM_ADDRESS_BITS - WVM_PAGE_SHIFT))
#define WVM_GRANULE_OF(page) ((page) >> (WVM_GRANULE_SHIFT - WVM_PAGE_SHIFT))
#define WVM_PAGE_OF_GRANULE(g) ((uint64_t)(g) << (WVM_GRANULE_SHIFT - WVM_PAGE_SHIFT))

/* ---- the store: every pool of one tracker ---- */

struct wvm_store {
    struct wvm_cells leaf, inner; /* page maps */
    struct wvm_cells alloc;       /* allocations */
    struct wvm_cells chain;       /* blocks of allocations that start in one granule */
    struct wvm_cells gap;
    struct wvm_cells view;        /* what views are mapped from */
};
void wvm_store_init(struct wvm_store *st);
/* Makes everything freed since the last call reusable. After the change was published. */
static inline void wvm_store_flush(struct wvm_store *st)
{
    wvm_cells_flush(&st->leaf);
    wvm_cells_flush(&st->inner);
    wvm_cells_flush(&st->alloc);
    wvm_cells_flush(&st->chain);
    wvm_cells_flush(&st->gap);
    wvm_cells_flush(&st->view);
}

/* ---- page maps ---- */

/* version << 32 | reference. A reference is WVM_REF_UNIFORM | value, or the index of an inner node
 * (height > 1) or leaf (height 1). 0 is dead: there is no map. */
#define WVM_REF_UNIFORM 0x80000000u
#define WVM_REF_DEAD 0u
struct wvm_pages {
    wvm_word64 root; /* (a) */
    uint8_t height;  /* the map covers 64^height pages; constant while the map is alive */
};
#define WVM_PAGES_MAX_HEIGHT 6
/* New nodes one wvm_pages_set needs at most, of each kind. */
#define WVM_PAGES_SET_INNER (2 * (WVM_PAGES_MAX_HEIGHT - 1))
#define WVM_PAGES_SET_LEAF 2

/* Smallest height that covers n pages. */
static inline uint8_t wvm_pages_height(uint64_t n_pages)
{
    uint8_t h = 1;
    while (h < WVM_PAGES_MAX_HEIGHT && n_pages > (uint64_t)1 << (6 * h))
        h++;
    return h;
}
static inline uint64_t wvm_pages_root(const struct wvm_pages *m)
{
    return __atomic_load_n(&m->root, __ATOMIC_ACQUIRE);
}
/* Starts (or restarts) a map with every page equal to v. */
void wvm_pages_start(struct wvm_pages *m, uint8_t height, uint8_t v);
/* Frees all nodes; the map is dead. */
void wvm_pages_end(struct wvm_store *st, struct wvm_pages *m);
/* `to` starts with the nodes of `from`; from is then given up without freeing them. Between the two
 * calls neither map may change. */
void wvm_pages_adopt(struct wvm_pages *to, const struct wvm_pages *from);
void wvm_pages_abandon(struct wvm_pages *from);
/* Pages [lo, hi) become v. lo < hi <= 64^height. */
void wvm_pages_set(struct wvm_store *st, struct wvm_pages *m, uint64_t lo, uint64_t hi, uint8_t v);
/* The run of equal pages from `page` upwards, not beyond limit. False: the root is no longer the
 * map's (only without the lock). height: m->height as read together with root. */
bool wvm_pages_run(const struct wvm_store *st, uint32_t ref, unsigned height, uint64_t page,
                   uint64_t limit, uint8_t *v, uint64_t *end);
/* Lock held: is every page of the map *v? */
static inline bool wvm_pages_is_uniform(const struct wvm_pages *m, uint8_t *v)
{
    uint32_t ref = (uint32_t)__atomic_load_n(&m->root, __ATOMIC_RELAXED);
    *v = ref & 0xff;
    return ref & WVM_REF_UNIFORM;
}
/* As wvm_pages_run, for the holder of the lock. */
uint64_t wvm_pages_next_mixed(const struct wvm_store *st, const struct wvm_pages *m, uint64_t page,
                              uint64_t limit, uint8_t *v);
static inline uint64_t wvm_pages_next(const struct wvm_store *st, const struct wvm_pages *m,
                                      uint64_t page, uint64_t limit, uint8_t *v)
{
    return wvm_pages_is_uniform(m, v) ? limit : wvm_pages_next_mixed(st, m, page, limit, v);
}
/* Reads one page of a map that may change meanwhile; retries until it is consistent. */
uint8_t wvm_pages_peek(const struct wvm_store *st, const struct wvm_pages *m, uint64_t page,
                       uint64_t limit, uint64_t *end);
/* Number of runs in [lo, hi), counting no further than `most`. */
uint64_t wvm_pages_count_runs(const struct wvm_store *st, const struct wvm_pages *m, uint64_t lo,
                              uint64_t hi, uint64_t most);
/* NULL, or the first broken invariant. */
const char *wvm_pages_check(const struct wvm_store *st, const struct wvm_pages *m);

/* ---- sheets: page maps of the whole address space for the holder of the lock alone ---- */

/* Changed in place, and read from the node that was used last. The functions above that only read
 * may be used on `pages`. */
struct wvm_sheet {
    struct wvm_pages pages;
    uint64_t near;     /* which block of WVM_SHEET_NEAR pages near_ref describes */
    uint32_t near_ref; /* its node, of height 2 */
};
#define WVM_SHEET_NEAR 4096u
#define WVM_SHEET_NOWHERE UINT64_MAX

void wvm_sheet_start(struct wvm_sheet *sh, uint8_t v);
/* Pages [lo, hi) become v. Takes at most as many nodes as wvm_pages_set, and none when the range is
 * a whole run of equal pages. */
void wvm_sheet_set(struct wvm_store *st, struct wvm_sheet *sh, uint64_t lo, uint64_t hi, uint8_t v);
/* The value of one page. */
uint8_t wvm_sheet_at(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page);
/* As wvm_pages_next. */
uint64_t wvm_sheet_next(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page,
                        uint64_t limit, uint8_t *v);

/* ---- allocations ---- */

/* (c) constant while alive, (a) atomic. Readers copy (c) fields between two looks at pages.root. */
struct wvm_alloc {
    uint32_t link;       /* the pool's */
    uint8_t attr;        /* (c) AllocationProtect */
    uint8_t type;        /* (c) enum wvm_type */
    uint16_t flags;      /* (c) enum wvm_alloc_flag */
    wvm_word64 start, end; /* (c) pages */
    wvm_word64 origin;   /* (c) the page that is page 0 of the map; <= start */
    struct wvm_pages pages; /* (a) */
    uint32_t view;       /* (s) of a view: its description; else 0 */
    bool mixed;          /* (s) some page may have had NOCACHE or WRITECOMBINE */
};

/* What a view is mapped from; the room above gives the words their meaning. All (s). */
struct wvm_view {
    uint32_t link;       /* the pool's */
    uint32_t alloc;      /* whose it is */
    uint32_t prev, next; /* the other views of the same backing; 0: none */
    void *backing;
    uint64_t offset;     /* bytes into the backing, of the allocation's first page */
    uint64_t charged;    /* pages */
    bool anonymous;
    bool entered;        /* the map of the host's pages knows its pages */
    bool ours;           /* its pages are in mappings of ours, which take it back when it goes */
};

/* A consistent copy of an allocation, made without a lock. */
struct wvm_found {
    uint64_t start, end;
    uint64_t run_end;    /* end of the run that begins at the queried page */
    uint8_t run;         /* its state */
    uint8_t attr, type;
    uint16_t flags;
};

/* ---- the index ---- */

#define WVM_CHUNK_BITS 16 /* granules per chunk: 4 GiB */
#define WVM_N_CHUNKS (WVM_N_GRANULES >> WVM_CHUNK_BITS)

/* A bitmap of up to 2^18 positions with two levels of summary. */
struct wvm_bits {
    wvm_word64 top;
    wvm_word64 mid[64];
    wvm_word64 *low;
};

struct wvm_chunk {
    struct wvm_bits starts;
    wvm_word64 low[(1u << WVM_CHUNK_BITS) / 64];
    uint32_t slot[1u << WVM_CHUNK_BITS]; /* (a) 0, an allocation, or WVM_SLOT_CHAIN | block */
};
#define WVM_SLOT_CHAIN 0x80000000u

struct wvm_chain {
    uint32_t link;
    uint32_t n;                            /* 2..16 */
    uint32_t version;                      /* odd while the block is being filled (unreachable) */
    uint32_t id[WVM_PAGES_PER_GRANULE];    /* by rising start */
};

struct wvm_index {
    struct wvm_bits chunks;                /* chunks in which something starts */
    wvm_word64 low[(WVM_N_CHUNKS + 63) / 64];
    struct wvm_chunk *chunk[WVM_N_CHUNKS]; /* (a) set once */
    uint32_t cuts; /* (a) times that an allocation got shorter: 3.4 */
};

void wvm_index_init(struct wvm_index *ix);
/* True when granule g needs a new chunk before an insert: hand one in, zeroed. */
static inline bool wvm_index_lacks(const struct wvm_index *ix, uint64_t granule)
{
    return !ix->chunk[granule >> WVM_CHUNK_BITS];
}
void wvm_index_add_chunk(struct wvm_index *ix, uint64_t granule, void *mem);
/* The memory, in whole pages, that granule g's chunk has for allocations and that is zero while
 * nothing starts in it: readers do not see when it is emptied. Bytes; 0: something starts in it. */
size_t wvm_index_idle(const struct wvm_index *ix, uint64_t granule, uintptr_t *at);

/* Needs one chain block. The allocation is complete and overlaps no other. */
void wvm_index_insert(struct wvm_store *st, struct wvm_index *ix, uint32_t alloc);
/* Needs one chain block. The allocation itself is not freed. */
void wvm_index_remove(struct wvm_store *st, struct wvm_index *ix, uint32_t alloc);
/* Puts `fresh`, which starts at the same page, where `old` is: one store for readers. */
void wvm_index_replace(struct wvm_store *st, struct wvm_index *ix, uint32_t old, uint32_t fresh);
/* The allocation with the highest start <= page, or 0. Lock held. */
uint32_t wvm_index_before(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page);
/* The allocation with the lowest start >= page, or 0. Lock held. */
uint32_t wvm_index_after(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page);
/* For readers, whose index may be torn: NULL then. */
static inline struct wvm_alloc *wvm_alloc_peek(const struct wvm_store *st, uint32_t index)
{
    return wvm_cells_at(&st->alloc, index, sizeof(struct wvm_alloc));
}
/* For the holder of the lock. */
static inline struct wvm_alloc *wvm_alloc_at(const struct wvm_store *st, uint32_t index)
{
    return wvm_cells_own(&st->alloc, index, sizeof(struct wvm_alloc));
}

static inline struct wvm_view *wvm_view_at(const struct wvm_store *st, uint32_t index)
{
    return wvm_cells_own(&st->view, index, sizeof(struct wvm_view));
}

/* A new allocation as `like` describes it (start, end, attr, type, flags); its page map is not
 * started. */
static inline uint32_t wvm_alloc_make(struct wvm_store *st, const struct wvm_found *like,
                                      uint64_t origin)
{
    uint32_t id = wvm_cells_take(&st->alloc);
    struct wvm_alloc *a = wvm_alloc_at(st, id);
    __atomic_store_n(&a->start, like->start, __ATOMIC_RELAXED);
    __atomic_store_n(&a->end, like->end, __ATOMIC_RELAXED);
    __atomic_store_n(&a->origin, origin, __ATOMIC_RELAXED);
    __atomic_store_n(&a->attr, like->attr, __ATOMIC_RELAXED);
    __atomic_store_n(&a->type, like->type, __ATOMIC_RELAXED);
    __atomic_store_n(&a->flags, like->flags, __ATOMIC_RELAXED);
    a->view = 0;
    return id;
}

/* Lock-free. True: *out describes the allocation that contains page. False: none does. */
bool wvm_index_look(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page,
                    struct wvm_found *out);
/* Lock-free: lowest page >= page at which an allocation starts; WVM_N_PAGES when there is none. */
uint64_t wvm_index_next_start(const struct wvm_store *st, const struct wvm_index *ix,
                              uint64_t page);

/* ---- gaps (granules; all for the holder of the lock) ---- */

struct wvm_gaps {
    uint32_t root;
    uint32_t seed;
    wvm_word64 total; /* (a) granules in all of them */
};
void wvm_gaps_init(struct wvm_gaps *gs);
/* [lo, hi) becomes free; joined with its neighbours. No part of it is free
 * already. Needs one gap. */
void wvm_gaps_give(struct wvm_store *st, struct wvm_gaps *gs, uint32_t lo, uint32_t hi);
/* [lo, hi), which lies in one gap, is taken out. Needs one gap. */
void wvm_gaps_take(struct wvm_store *st, struct wvm_gaps *gs, uint32_t lo, uint32_t hi);
/* Where a run of free granules is wanted. */
struct wvm_fit {
    uint32_t n;
    uint32_t lo, hi; /* inside [lo, hi) */
    uint32_t align;  /* of its start: a power of two, 1 for none */
    bool highest;
};
/* The lowest (or highest) fitting start; false: nothing fits. Where more than 64 gaps are long
 * enough and disappoint by the alignment, the lowest (or highest) start in a gap that is longer by
 * the alignment. O(log n) but where no gap is as long as that. */
bool wvm_gaps_fit(const struct wvm_store *st, const struct wvm_gaps *gs, const struct wvm_fit *fit,
                  uint32_t *out);
/* The same without bounds, and what was found is taken out. Needs one gap. 0: nothing fits (granule
 * 0 is never free). */
uint32_t wvm_gaps_place(struct wvm_store *st, struct wvm_gaps *gs, uint32_t n, bool highest);
/* The lowest free part [*a, *b) of [lo, hi); false: nothing there is free. */
bool wvm_gaps_overlap(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t lo,
                      uint32_t hi, uint32_t *a, uint32_t *b);
/* The gap that contains granule g; false: g is in none. */
bool wvm_gaps_around(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t g,
                     uint32_t *lo, uint32_t *hi);
const char *wvm_gaps_check(const struct wvm_store *st, const struct wvm_gaps *gs);

/* ---- the whole ---- */

/* Index order, chain blocks, page maps: NULL, or the first broken invariant. */
const char *wvm_region_check(const struct wvm_store *st, const struct wvm_index *ix);

#endif
