/* The nodes of page maps, for the two files that change them: region_pages.c (copies the path, for
 * maps with readers) and region_sheet.c (in place, for maps without).
 * Form and invariants: region_pages.c. */
#ifndef WVM_REGION_NODES_H
#define WVM_REGION_NODES_H

#include "base/assert.h"
#include "region/region.h"

#define FAN 64u
#define LAST_EDGE ((uint64_t)1 << 63)

struct leaf {
    uint32_t link;
    uint32_t unused;
    wvm_word64 edge;
    union {
        uint8_t val[FAN];
        wvm_word64 word[FAN / 8];
    };
};

struct inner {
    uint32_t link;
    uint32_t unused;
    wvm_word64 edge;
    union {
        uint32_t ref[FAN];
        wvm_word64 word[FAN / 2];
    };
};

/* Readers may look at a node while its memory is being reused: plain machine loads and stores, but
 * visible as such to the compiler and the race detector. */
#define LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

/* Fills a node that is not reachable yet. */
static inline void store_words(wvm_word64 *to, const void *from, size_t n)
{
#ifdef __SANITIZE_THREAD__
    for (size_t i = 0; i < n; i++)
        STORE(&to[i], ((const uint64_t *)from)[i]);
#else
    __builtin_memcpy(to, from, n * sizeof *to);
#endif
}

static inline void store_bytes(uint8_t *to, uint8_t v, size_t n)
{
#ifdef __SANITIZE_THREAD__
    for (size_t i = 0; i < n; i++)
        STORE(&to[i], v);
#else
    __builtin_memset(to, v, n);
#endif
}

static inline struct leaf *leaf_at(const struct wvm_store *st, uint32_t ref)
{
    return wvm_cells_at(&st->leaf, ref, sizeof(struct leaf));
}

static inline struct inner *inner_at(const struct wvm_store *st, uint32_t ref)
{
    return wvm_cells_at(&st->inner, ref, sizeof(struct inner));
}

/* For the holder of the lock, whose references are never torn. */
static inline struct leaf *own_leaf(const struct wvm_store *st, uint32_t ref)
{
    return wvm_cells_own(&st->leaf, ref, sizeof(struct leaf));
}

static inline struct inner *own_inner(const struct wvm_store *st, uint32_t ref)
{
    return wvm_cells_own(&st->inner, ref, sizeof(struct inner));
}

static inline bool is_uniform(uint32_t ref)
{
    return ref & WVM_REF_UNIFORM;
}

static inline unsigned shift_of(unsigned height)
{
    return 6 * (height - 1);
}

/* Edge word after entries [lo, hi) became one value: before and after say whether the entries next
 * to the range differ from it. */
static inline uint64_t edge_after(uint64_t edge, unsigned lo, unsigned hi, bool before, bool after)
{
    uint64_t upto_hi = hi == FAN ? ~(uint64_t)0 : ((uint64_t)1 << hi) - 1;
    edge &= ~(upto_hi & ~(((uint64_t)1 << lo) - 1));
    if (lo) {
        uint64_t bit = (uint64_t)1 << (lo - 1);
        edge = before ? edge | bit : edge & ~bit;
    }
    if (hi == FAN || after)
        edge |= (uint64_t)1 << (hi - 1);
    return edge;
}

static inline uint64_t leaf_edge_after(const struct leaf *n, unsigned lo, unsigned hi, uint8_t v)
{
    return edge_after(n->edge, lo, hi, lo && n->val[lo - 1] != v, hi < FAN && n->val[hi] != v);
}

static inline bool entries_differ(const uint32_t *ref, unsigned i)
{
    return ref[i] != ref[i + 1] || !is_uniform(ref[i]);
}

/* Makes the edge word of an inner node right after entries first..last changed. */
static inline void update_edges(struct inner *n, unsigned first, unsigned last)
{
    uint64_t edge = n->edge;
    for (unsigned i = first ? first - 1 : 0; i <= last && i < FAN - 1; i++) {
        uint64_t bit = (uint64_t)1 << i;
        edge = entries_differ(n->ref, i) ? edge | bit : edge & ~bit;
    }
    STORE(&n->edge, edge);
}

static inline bool inner_uniform(const struct inner *n)
{
    return n->edge == LAST_EDGE && is_uniform(n->ref[FAN - 1]);
}

/* The chunk that contains page: its value, and the first page past it. path[height] is a node (or
 * number) that covers page; the nodes below it on the way to page are put into path. False: a torn
 * read. */
static inline bool read_chunk(const struct wvm_store *st, uint32_t path[WVM_PAGES_MAX_HEIGHT + 1],
                              unsigned height, uint64_t page, uint8_t *v, uint64_t *end)
{
    uint32_t ref = path[height];
    *v = ref & 0xff;
    *end = UINT64_MAX;
    for (; !is_uniform(ref); height--) {
        unsigned shift = shift_of(height), i = page >> shift & (FAN - 1);
        uint64_t first = page >> shift & ~(uint64_t)(FAN - 1);
        if (height == 1) {
            const struct leaf *n = leaf_at(st, ref);
            if (!n)
                return false;
            *v = LOAD(&n->val[i]);
            *end = first + i + __builtin_ctzll((LOAD(&n->edge) | LAST_EDGE) >> i) + 1;
            return true;
        }
        const struct inner *n = inner_at(st, ref);
        if (height == 0 || !n)
            return false;
        ref = LOAD(&n->ref[i]);
        path[height - 1] = ref;
        if (is_uniform(ref)) {
            *v = ref & 0xff;
            *end = (first + i + __builtin_ctzll((LOAD(&n->edge) | LAST_EDGE) >> i) + 1) << shift;
            return true;
        }
    }
    return true;
}

/* A chunk that ends inside a leaf is followed by another value (I2): its run ends there too. */
static inline bool ends_in_leaf(uint64_t end)
{
    return end & (FAN - 1);
}

/* Height of the lowest node that covers both pages, which differ. */
static inline unsigned common_height(uint64_t a, uint64_t b)
{
    return (63 - __builtin_clzll(a ^ b)) / 6 + 1;
}

/* Frees the nodes of a map of this height. */
void wvm_nodes_free(struct wvm_store *st, uint32_t ref, unsigned height);

#endif
