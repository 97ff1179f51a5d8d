/* The index: from a page to the allocation that contains it, or to its neighbours.
 *
 * Terms   position = a bit of a wvm_bits; chunk = 4 GiB of granules;
 *         slot = what starts in a granule.
 * I1  A bit of a summary level is set whenever the word below it is not 0. During a change it may
 *     be set although the word is 0; a search then goes on below it.
 * I2  slot is not 0 for each granule whose bit is set; it is 0, or stale for a moment, for others.
 * I3  A chain block is immutable while a slot names it and lists 2..16 allocations by rising start.
 * I4  Writers follow region.h 3.3.
 * Locking: wvm_index_look and _next_start none, all others the space lock.
 * Failure: none (chunks and chain blocks were provided). Signal safety: the lock-free functions. */
#include "base/assert.h"
#include "region/region.h"

#define LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define LOAD_ACQ(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define PUBLISH(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define NONE UINT32_MAX

/* ---- bitmaps with two summary levels ---- */

static void bits_set(struct wvm_bits *b, uint32_t i)
{
    uint64_t was = LOAD(&b->low[i >> 6]);
    PUBLISH(&b->low[i >> 6], was | (uint64_t)1 << (i & 63));
    if (was)
        return; /* I1: the summaries are there */
    PUBLISH(&b->mid[i >> 12], LOAD(&b->mid[i >> 12]) | (uint64_t)1 << (i >> 6 & 63));
    PUBLISH(&b->top, LOAD(&b->top) | (uint64_t)1 << (i >> 12));
}

static void bits_clear(struct wvm_bits *b, uint32_t i)
{
    uint64_t w = LOAD(&b->low[i >> 6]) & ~((uint64_t)1 << (i & 63));
    PUBLISH(&b->low[i >> 6], w);
    if (w)
        return;
    w = LOAD(&b->mid[i >> 12]) & ~((uint64_t)1 << (i >> 6 & 63));
    PUBLISH(&b->mid[i >> 12], w);
    if (!w)
        PUBLISH(&b->top, LOAD(&b->top) & ~((uint64_t)1 << (i >> 12)));
}

static uint32_t highest(uint64_t w)
{
    return 63 - __builtin_clzll(w);
}

/* Bits below position i of a word, and bits above it. */
static uint64_t below(uint32_t i)
{
    return ((uint64_t)1 << (i & 63)) - 1;
}

static uint64_t above(uint32_t i)
{
    return ~below(i) << 1;
}

/* Highest set position <= i; NONE. */
static uint32_t bits_pred(const struct wvm_bits *b, uint32_t i)
{
    uint64_t w = LOAD_ACQ(&b->low[i >> 6]) & (below(i) | (uint64_t)1 << (i & 63));
    if (w)
        return (i & ~63u) | highest(w);
    uint32_t m = i >> 12;
    uint64_t mid = LOAD_ACQ(&b->mid[m]) & below(i >> 6);
    uint64_t top = LOAD_ACQ(&b->top) & below(m);
    for (;;) {
        for (; mid; mid &= ~((uint64_t)1 << highest(mid))) {
            uint32_t word = m << 6 | highest(mid);
            w = LOAD_ACQ(&b->low[word]);
            if (w)
                return word << 6 | highest(w);
        }
        if (!top)
            return NONE;
        m = highest(top);
        top &= ~((uint64_t)1 << m);
        mid = LOAD_ACQ(&b->mid[m]);
    }
}

/* Lowest set position >= i; NONE. */
static uint32_t bits_succ(const struct wvm_bits *b, uint32_t i)
{
    uint64_t w = LOAD_ACQ(&b->low[i >> 6]) & ~below(i);
    if (w)
        return (i & ~63u) | __builtin_ctzll(w);
    uint32_t m = i >> 12;
    uint64_t mid = LOAD_ACQ(&b->mid[m]) & above(i >> 6);
    uint64_t top = LOAD_ACQ(&b->top) & above(m);
    for (;;) {
        for (; mid; mid &= mid - 1) {
            uint32_t word = m << 6 | __builtin_ctzll(mid);
            w = LOAD_ACQ(&b->low[word]);
            if (w)
                return word << 6 | __builtin_ctzll(w);
        }
        if (!top)
            return NONE;
        m = __builtin_ctzll(top);
        top &= top - 1;
        mid = LOAD_ACQ(&b->mid[m]);
    }
}

/* ---- chunks ---- */

#define CHUNK_MASK ((1u << WVM_CHUNK_BITS) - 1)

void wvm_index_init(struct wvm_index *ix)
{
    ix->chunks.low = ix->low;
}

void wvm_index_add_chunk(struct wvm_index *ix, uint64_t granule, void *mem)
{
    struct wvm_chunk *c = mem;
    c->starts.low = c->low;
    PUBLISH(&ix->chunk[granule >> WVM_CHUNK_BITS], c);
}

static struct wvm_chunk *chunk_of(const struct wvm_index *ix, uint64_t granule)
{
    return LOAD_ACQ(&ix->chunk[granule >> WVM_CHUNK_BITS]);
}

static uint32_t *slot_of(const struct wvm_index *ix, uint64_t granule)
{
    return &chunk_of(ix, granule)->slot[granule & CHUNK_MASK];
}

/* Highest granule <= g whose bit is set; WVM_N_GRANULES: none. */
static uint64_t granule_pred(const struct wvm_index *ix, uint64_t g)
{
    const struct wvm_chunk *c = chunk_of(ix, g);
    uint32_t i = c ? bits_pred(&c->starts, g & CHUNK_MASK) : NONE;
    uint32_t k = g >> WVM_CHUNK_BITS;
    while (i == NONE) {
        k = k ? bits_pred(&ix->chunks, k - 1) : NONE;
        if (k == NONE)
            return WVM_N_GRANULES;
        i = bits_pred(&LOAD_ACQ(&ix->chunk[k])->starts, CHUNK_MASK);
    }
    return (uint64_t)k << WVM_CHUNK_BITS | i;
}

static uint64_t granule_succ(const struct wvm_index *ix, uint64_t g)
{
    if (g >= WVM_N_GRANULES)
        return WVM_N_GRANULES;
    const struct wvm_chunk *c = chunk_of(ix, g);
    uint32_t i = c ? bits_succ(&c->starts, g & CHUNK_MASK) : NONE;
    uint32_t k = g >> WVM_CHUNK_BITS;
    while (i == NONE) {
        k = k + 1 < WVM_N_CHUNKS ? bits_succ(&ix->chunks, k + 1) : NONE;
        if (k == NONE)
            return WVM_N_GRANULES;
        i = bits_succ(&LOAD_ACQ(&ix->chunk[k])->starts, 0);
    }
    return (uint64_t)k << WVM_CHUNK_BITS | i;
}

/* ---- what starts in one granule ---- */

static struct wvm_chain *chain_at(const struct wvm_store *st, uint32_t slot)
{
    return wvm_cells_at(&st->chain, slot & ~WVM_SLOT_CHAIN, sizeof(struct wvm_chain));
}

/* The allocations that a slot names, lowest first. Returns their number, 0 when the slot is empty
 * or the block was reused meanwhile (the caller looks at the slot again). */
static unsigned read_slot(const struct wvm_store *st, uint32_t slot,
                          uint32_t id[WVM_PAGES_PER_GRANULE])
{
    if (!(slot & WVM_SLOT_CHAIN)) {
        id[0] = slot;
        return slot != 0;
    }
    const struct wvm_chain *c = chain_at(st, slot);
    uint32_t version = c ? LOAD_ACQ(&c->version) : 1;
    if (version & 1)
        return 0;
    unsigned n = LOAD(&c->n) & 31;
    if (n > WVM_PAGES_PER_GRANULE)
        return 0;
    for (unsigned i = 0; i < n; i++)
        id[i] = LOAD(&c->id[i]);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return LOAD(&c->version) == version ? n : 0;
}

/* A slot value naming n allocations. */
static uint32_t make_slot(struct wvm_store *st, const uint32_t *id, unsigned n)
{
    if (n <= 1)
        return n ? id[0] : 0;
    uint32_t index = wvm_cells_take(&st->chain);
    struct wvm_chain *c = chain_at(st, index);
    __atomic_store_n(&c->version, c->version | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&c->n, n, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < n; i++)
        __atomic_store_n(&c->id[i], id[i], __ATOMIC_RELAXED);
    PUBLISH(&c->version, c->version + 1);
    return index | WVM_SLOT_CHAIN;
}

static void drop_slot(struct wvm_store *st, uint32_t slot)
{
    if (slot & WVM_SLOT_CHAIN)
        wvm_cells_free(&st->chain, slot & ~WVM_SLOT_CHAIN);
}

/* ---- changing ---- */

/* One more allocation in a granule in which others start. */
static void insert_beside(struct wvm_store *st, uint32_t *slot, uint32_t alloc)
{
    uint64_t start = wvm_alloc_at(st, alloc)->start;
    uint32_t old = *slot, id[WVM_PAGES_PER_GRANULE + 1];
    unsigned n = read_slot(st, old, id), at = n;
    WVM_VERIFY(n < WVM_PAGES_PER_GRANULE);
    for (; at && wvm_alloc_at(st, id[at - 1])->start > start; at--)
        id[at] = id[at - 1];
    id[at] = alloc;
    PUBLISH(slot, make_slot(st, id, n + 1));
    drop_slot(st, old);
}

void wvm_index_insert(struct wvm_store *st, struct wvm_index *ix, uint32_t alloc)
{
    uint64_t g = WVM_GRANULE_OF(wvm_alloc_at(st, alloc)->start);
    struct wvm_chunk *c = chunk_of(ix, g);
    uint32_t *slot = &c->slot[g & CHUNK_MASK];
    if (*slot) {
        insert_beside(st, slot, alloc);
        return;
    }
    bool first = !c->starts.top;
    PUBLISH(slot, alloc);
    bits_set(&c->starts, g & CHUNK_MASK);
    if (first)
        bits_set(&ix->chunks, g >> WVM_CHUNK_BITS);
}

/* One less in a granule in which others start too. */
static void remove_beside(struct wvm_store *st, uint32_t *slot, uint32_t alloc)
{
    uint32_t old = *slot, id[WVM_PAGES_PER_GRANULE + 1];
    unsigned n = read_slot(st, old, id), kept = 0;
    for (unsigned i = 0; i < n; i++)
        if (id[i] != alloc)
            id[kept++] = id[i];
    WVM_VERIFY(kept && kept + 1 == n);
    PUBLISH(slot, make_slot(st, id, kept));
    drop_slot(st, old);
}

void wvm_index_remove(struct wvm_store *st, struct wvm_index *ix, uint32_t alloc)
{
    uint64_t g = WVM_GRANULE_OF(wvm_alloc_at(st, alloc)->start);
    struct wvm_chunk *c = chunk_of(ix, g);
    uint32_t *slot = &c->slot[g & CHUNK_MASK];
    if (*slot != alloc) {
        remove_beside(st, slot, alloc);
        return;
    }
    bits_clear(&c->starts, g & CHUNK_MASK);
    if (!c->starts.top)
        bits_clear(&ix->chunks, g >> WVM_CHUNK_BITS);
    PUBLISH(slot, 0);
}

void wvm_index_replace(struct wvm_store *st, struct wvm_index *ix, uint32_t old, uint32_t fresh)
{
    uint32_t *slot = slot_of(ix, WVM_GRANULE_OF(wvm_alloc_at(st, old)->start));
    uint32_t was = *slot, id[WVM_PAGES_PER_GRANULE + 1];
    unsigned n = read_slot(st, was, id), i = 0;
    while (i < n && id[i] != old)
        i++;
    WVM_VERIFY(i < n);
    id[i] = fresh;
    if (wvm_alloc_at(st, fresh)->end < wvm_alloc_at(st, old)->end)
        PUBLISH(&ix->cuts, ix->cuts + 1);
    PUBLISH(slot, make_slot(st, id, n));
    drop_slot(st, was);
}

size_t wvm_index_idle(const struct wvm_index *ix, uint64_t granule, uintptr_t *at)
{
    const struct wvm_chunk *c = chunk_of(ix, granule);
    if (!c || c->starts.top)
        return 0;
    *at = wvm_align_up((uintptr_t)c->low, WVM_PAGE_SIZE);
    return wvm_align_down((uintptr_t)(c + 1), WVM_PAGE_SIZE) - *at;
}

/* ---- looking up, lock held ---- */

uint32_t wvm_index_before(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page)
{
    uint64_t g = WVM_GRANULE_OF(page);
    const struct wvm_chunk *c = chunk_of(ix, g);
    uint32_t here = c ? c->slot[g & CHUNK_MASK] : 0;
    /* Mostly one allocation starts in this granule, at its first page. */
    if (here && !(here & WVM_SLOT_CHAIN) && wvm_alloc_at(st, here)->start <= page)
        return here;
    while ((g = granule_pred(ix, g)) != WVM_N_GRANULES) {
        uint32_t id[WVM_PAGES_PER_GRANULE];
        for (unsigned n = read_slot(st, *slot_of(ix, g), id); n; n--)
            if (wvm_alloc_at(st, id[n - 1])->start <= page)
                return id[n - 1];
        if (!g--)
            break;
    }
    return 0;
}

uint32_t wvm_index_after(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page)
{
    uint64_t g = WVM_GRANULE_OF(page);
    for (; (g = granule_succ(ix, g)) != WVM_N_GRANULES; g++) {
        uint32_t id[WVM_PAGES_PER_GRANULE];
        unsigned n = read_slot(st, *slot_of(ix, g), id);
        for (unsigned i = 0; i < n; i++)
            if (wvm_alloc_at(st, id[i])->start >= page)
                return id[i];
    }
    return 0;
}

/* ---- looking up, no lock ---- */

enum look { LOOK_FREE, LOOK_FOUND, LOOK_AGAIN };

/* Copies allocation `id` as far as page needs it. AGAIN: it changed,
 * or is not what the index meant. */
static enum look copy_alloc(const struct wvm_store *st, uint32_t id, uint64_t page,
                            struct wvm_found *out)
{
    const struct wvm_alloc *a = wvm_alloc_peek(st, id);
    if (!a)
        return LOOK_AGAIN;
    uint64_t root = wvm_pages_root(&a->pages);
    if ((uint32_t)root == WVM_REF_DEAD)
        return LOOK_AGAIN;
    out->start = LOAD(&a->start);
    out->end = LOAD(&a->end);
    out->attr = LOAD(&a->attr);
    out->type = LOAD(&a->type);
    out->flags = LOAD(&a->flags);
    uint64_t origin = LOAD(&a->origin);
    bool inside = page >= out->start && page < out->end, whole = true;
    if (inside) {
        whole = wvm_pages_run(st, (uint32_t)root, LOAD(&a->pages.height), page - origin,
                              out->end - origin, &out->run, &out->run_end);
        out->run_end += origin;
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (!whole || LOAD(&a->pages.root) != root)
        return LOOK_AGAIN;
    return inside ? LOOK_FOUND : LOOK_FREE;
}

/* The start of an allocation that may be changing; false: it is gone. */
static bool read_start(const struct wvm_store *st, uint32_t id, uint64_t *start)
{
    const struct wvm_alloc *a = wvm_alloc_peek(st, id);
    uint64_t root = a ? wvm_pages_root(&a->pages) : 0;
    if ((uint32_t)root == WVM_REF_DEAD)
        return false;
    *start = LOAD(&a->start);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return LOAD(&a->pages.root) == root;
}

/* One granule's slot: the allocation there with the highest start <= page. */
static enum look look_slot(const struct wvm_store *st, uint32_t slot, uint64_t granule,
                           uint64_t page, struct wvm_found *out, bool *any)
{
    uint32_t id[WVM_PAGES_PER_GRANULE];
    unsigned n = read_slot(st, slot, id);
    if (!n)
        return LOOK_AGAIN;
    for (; n; n--) {
        uint64_t start;
        if (!read_start(st, id[n - 1], &start) || WVM_GRANULE_OF(start) != granule)
            return LOOK_AGAIN;
        if (start <= page) {
            *any = true;
            enum look r = copy_alloc(st, id[n - 1], page, out);
            return r != LOOK_AGAIN && out->start != start ? LOOK_AGAIN : r;
        }
    }
    return LOOK_FREE;
}

static enum look look_once(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page,
                           struct wvm_found *out)
{
    uint64_t g = WVM_GRANULE_OF(page);
    while ((g = granule_pred(ix, g)) != WVM_N_GRANULES) {
        uint32_t *slot = slot_of(ix, g), seen = LOAD_ACQ(slot);
        bool any = false;
        if (seen) {
            enum look r = look_slot(st, seen, g, page, out, &any);
            if (r == LOOK_AGAIN || LOAD_ACQ(slot) != seen)
                return LOOK_AGAIN;
            if (any)
                return r;
        }
        if (!g--)
            break;
    }
    return LOOK_FREE;
}

bool wvm_index_look(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page,
                    struct wvm_found *out)
{
    enum look r;
    uint32_t cuts;
    do {
        cuts = LOAD_ACQ(&ix->cuts);
        r = look_once(st, ix, page, out);
    } while (WVM_UNLIKELY(r == LOOK_AGAIN || (r == LOOK_FREE && LOAD(&ix->cuts) != cuts)));
    return r == LOOK_FOUND;
}

uint64_t wvm_index_next_start(const struct wvm_store *st, const struct wvm_index *ix, uint64_t page)
{
    uint64_t g = WVM_GRANULE_OF(page);
    while ((g = granule_succ(ix, g)) != WVM_N_GRANULES) {
        uint32_t id[WVM_PAGES_PER_GRANULE];
        unsigned n = read_slot(st, LOAD_ACQ(slot_of(ix, g)), id);
        for (unsigned i = 0; i < n; i++) {
            uint64_t start;
            if (read_start(st, id[i], &start) && WVM_GRANULE_OF(start) == g && start >= page)
                return start;
        }
        g++;
    }
    return WVM_N_PAGES;
}
