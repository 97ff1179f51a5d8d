/* Sheets: page maps that nobody reads without the lock.
 *
 * The nodes and their invariants are those of region_pages.c, I3 excepted: a change writes to the
 * nodes where they are. What the kernel has for each page is kept so; it is read and changed
 * several times in an operation, always near the same place.
 * I1  near_ref is the height-2 node of block `near`, or near is WVM_SHEET_NOWHERE. Only a change of
 *     that node from the root down can free it, and such a change forgets it first.
 * I2  Fields are stored as lock-free readers expect of a node they hold by a stale reference: whole
 *     words; what they read is then thrown away.
 * Locking: the space lock. Failure: none; the pools were topped up.
 * Signal safety: not for handlers. */
#include "region/region_nodes.h"

#define NEAR_HEIGHT 2
#define NEAR_SHIFT 12
WVM_STATIC(1u << NEAR_SHIFT == WVM_SHEET_NEAR, "pages of a map of height 2");

void wvm_sheet_start(struct wvm_sheet *sh, uint8_t v)
{
    wvm_pages_start(&sh->pages, WVM_PAGES_MAX_HEIGHT, v);
    sh->near = WVM_SHEET_NOWHERE;
    sh->near_ref = 0;
}

static uint32_t root_of(const struct wvm_sheet *sh)
{
    return (uint32_t)LOAD(&sh->pages.root);
}

/* ---- reading ---- */

static void remember(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page)
{
    uint32_t ref = root_of(sh);
    for (unsigned h = WVM_PAGES_MAX_HEIGHT; h > NEAR_HEIGHT && !is_uniform(ref); h--)
        ref = own_inner(st, ref)->ref[page >> shift_of(h) & (FAN - 1)];
    sh->near = is_uniform(ref) ? WVM_SHEET_NOWHERE : page >> NEAR_SHIFT;
    sh->near_ref = ref;
}

/* End of the run of entries that begins with entry i of a node. */
static uint64_t run_of(uint64_t edge, unsigned i)
{
    return i + __builtin_ctzll(edge >> i) + 1;
}

/* The chunk that contains page, in the node used last. */
static inline uint64_t near_chunk_end(const struct wvm_store *st, const struct wvm_sheet *sh,
                                      uint64_t page, uint8_t *v)
{
    const struct inner *n = own_inner(st, sh->near_ref);
    unsigned i = page >> shift_of(NEAR_HEIGHT) & (FAN - 1);
    if (is_uniform(n->ref[i])) {
        *v = n->ref[i] & 0xff;
        return (sh->near << NEAR_SHIFT) + (run_of(n->edge, i) << shift_of(NEAR_HEIGHT));
    }
    const struct leaf *leaf = own_leaf(st, n->ref[i]);
    i = page & (FAN - 1);
    *v = leaf->val[i];
    return page - i + run_of(leaf->edge, i);
}

static uint64_t far_chunk_end(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page,
                              uint8_t *v)
{
    uint64_t end = 0;
    uint32_t path[WVM_PAGES_MAX_HEIGHT + 1];
    remember(st, sh, page);
    if (sh->near != WVM_SHEET_NOWHERE)
        return near_chunk_end(st, sh, page, v);
    path[WVM_PAGES_MAX_HEIGHT] = root_of(sh);
    bool whole = read_chunk(st, path, WVM_PAGES_MAX_HEIGHT, page, v, &end);
    WVM_VERIFY(whole);
    return end;
}

static inline uint64_t chunk_end(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page,
                                 uint8_t *v)
{
    if (WVM_LIKELY(page >> NEAR_SHIFT == sh->near))
        return near_chunk_end(st, sh, page, v);
    return far_chunk_end(st, sh, page, v);
}

uint64_t wvm_sheet_next(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page,
                        uint64_t limit, uint8_t *v)
{
    uint64_t end = chunk_end(st, sh, page, v);
    while (end < limit && !ends_in_leaf(end)) {
        uint8_t next_v;
        uint64_t next_end = chunk_end(st, sh, end, &next_v);
        if (next_v != *v)
            return end;
        end = next_end;
    }
    return end < limit ? end : limit;
}

uint8_t wvm_sheet_at(const struct wvm_store *st, struct wvm_sheet *sh, uint64_t page)
{
    uint8_t v;
    chunk_end(st, sh, page, &v);
    return v;
}

/* ---- changing ---- */

static uint32_t expand_leaf(struct wvm_store *st, uint32_t ref)
{
    uint32_t fresh = wvm_cells_take(&st->leaf);
    struct leaf *n = own_leaf(st, fresh);
    STORE(&n->edge, LAST_EDGE);
    for (unsigned i = 0; i < FAN / 8; i++)
        STORE(&n->word[i], (ref & 0xff) * 0x0101010101010101u);
    return fresh;
}

static uint32_t expand_inner(struct wvm_store *st, uint32_t ref)
{
    uint32_t fresh = wvm_cells_take(&st->inner);
    struct inner *n = own_inner(st, fresh);
    STORE(&n->edge, LAST_EDGE);
    for (unsigned i = 0; i < FAN / 2; i++)
        STORE(&n->word[i], (uint64_t)ref << 32 | ref);
    return fresh;
}

static void edit_leaf(struct leaf *n, unsigned lo, unsigned hi, uint8_t v)
{
    STORE(&n->edge, leaf_edge_after(n, lo, hi, v));
    store_bytes(n->val + lo, v, hi - lo);
}

static uint32_t edit(struct wvm_store *st, uint32_t ref, unsigned height, uint64_t lo, uint64_t hi,
                     uint8_t v);

static void edit_inner(struct wvm_store *st, struct inner *n, unsigned height, uint64_t lo,
                       uint64_t hi, uint8_t v)
{
    unsigned shift = shift_of(height);
    unsigned first = lo >> shift, last = (hi - 1) >> shift;
    for (unsigned i = first; i <= last; i++) {
        uint64_t base = (uint64_t)i << shift, span = (uint64_t)1 << shift;
        uint64_t a = lo > base ? lo - base : 0;
        uint64_t b = hi < base + span ? hi - base : span;
        STORE(&n->ref[i], edit(st, n->ref[i], height - 1, a, b, v));
    }
    update_edges(n, first, last);
}

/* The reference for `ref` with pages [lo, hi) of it set to v. Recursion is at most the height. */
static uint32_t edit(struct wvm_store *st, uint32_t ref, unsigned height, uint64_t lo, uint64_t hi,
                     uint8_t v)
{
    if (lo == 0 && hi == (uint64_t)1 << (6 * height)) {
        wvm_nodes_free(st, ref, height);
        return WVM_REF_UNIFORM | v;
    }
    if (ref == (WVM_REF_UNIFORM | v))
        return ref;
    if (height == 1) {
        ref = is_uniform(ref) ? expand_leaf(st, ref) : ref;
        edit_leaf(own_leaf(st, ref), lo, hi, v);
        if (own_leaf(st, ref)->edge != LAST_EDGE)
            return ref;
        wvm_cells_free(&st->leaf, ref);
    } else {
        ref = is_uniform(ref) ? expand_inner(st, ref) : ref;
        edit_inner(st, own_inner(st, ref), height, lo, hi, v);
        if (!inner_uniform(own_inner(st, ref)))
            return ref;
        wvm_cells_free(&st->inner, ref);
    }
    return WVM_REF_UNIFORM | v;
}

/* A change inside one entry of a node of height 2. */
static void edit_entry(struct wvm_store *st, struct inner *n, uint64_t lo, uint64_t hi, uint8_t v)
{
    unsigned i = lo >> shift_of(NEAR_HEIGHT) & (FAN - 1);
    uint64_t first = lo & (FAN - 1), past = ((hi - 1) & (FAN - 1)) + 1;
    uint32_t was = n->ref[i], now = edit(st, was, NEAR_HEIGHT - 1, first, past, v);
    if (now == was)
        return; /* the leaf stayed a leaf: the node sees nothing of it */
    STORE(&n->ref[i], now);
    update_edges(n, i, i);
}

/* True: the change was confined to the node used last. Else it is to be made from the root, which
 * also replaces a node whose pages became equal. */
static bool edit_near(struct wvm_store *st, struct wvm_sheet *sh, uint64_t lo, uint64_t hi,
                      uint8_t v)
{
    if (lo >> NEAR_SHIFT != sh->near || (hi - 1) >> NEAR_SHIFT != sh->near)
        return false;
    struct inner *n = own_inner(st, sh->near_ref);
    uint64_t base = sh->near << NEAR_SHIFT;
    if ((lo ^ (hi - 1)) < FAN)
        edit_entry(st, n, lo, hi, v);
    else
        edit_inner(st, n, NEAR_HEIGHT, lo - base, hi - base, v);
    return !inner_uniform(n);
}

void wvm_sheet_set(struct wvm_store *st, struct wvm_sheet *sh, uint64_t lo, uint64_t hi, uint8_t v)
{
    WVM_ASSERT(lo < hi && hi <= WVM_N_PAGES);
    if (WVM_LIKELY(edit_near(st, sh, lo, hi, v)))
        return;
    sh->near = WVM_SHEET_NOWHERE;
    uint32_t ref = edit(st, root_of(sh), WVM_PAGES_MAX_HEIGHT, lo, hi, v);
    STORE(&sh->pages.root, ref);
}
