/* Page maps: one byte of state for each page of an allocation, as a persistent 64-ary trie.
 *
 * Terms   leaf = the bytes of 64 pages; inner node of height h = 64 references to maps of 64^(h-1)
 *         pages; reference = a number for "all these pages are v", or the index of a node; chunk =
 *         the pages that one look at one node proves equal.
 * I1  Canonical: no node's pages are all equal (such a node is replaced by its number), so a run of
 *     equal pages consists of at most two chunks for each level.
 * I2  edge bit i of a node is clear exactly when entries i and i+1 are known equal: two equal bytes
 *     of a leaf, two equal uniform references of an inner node. Bit 63 is always set.
 * I3  A node reachable from a published root never changes; a change copies the path (at most
 *     WVM_PAGES_SET_* nodes) and frees what it replaced into the pool's pending list.
 * Locking: wvm_pages_run and _peek none; all others the space lock.
 * Failure: none; the pools were topped up. Signal safety: _run and _peek may run in a handler. */
#include "region/region_nodes.h"

void wvm_store_init(struct wvm_store *st)
{
    wvm_cells_init(&st->leaf, sizeof(struct leaf));
    wvm_cells_init(&st->inner, sizeof(struct inner));
    wvm_cells_init(&st->alloc, sizeof(struct wvm_alloc));
    wvm_cells_init(&st->chain, sizeof(struct wvm_chain));
    wvm_cells_init(&st->gap, 32);
    wvm_cells_init(&st->view, sizeof(struct wvm_view));
}

/* ---- publishing ---- */

static void publish(struct wvm_pages *m, uint32_t ref)
{
    uint64_t version = (LOAD(&m->root) >> 32) + 1;
    __atomic_store_n(&m->root, version << 32 | ref, __ATOMIC_RELEASE);
}

void wvm_pages_start(struct wvm_pages *m, uint8_t height, uint8_t v)
{
    STORE(&m->height, height);
    publish(m, WVM_REF_UNIFORM | v);
}

/* ---- changing ---- */

void wvm_nodes_free(struct wvm_store *st, uint32_t ref, unsigned height)
{
    if (is_uniform(ref))
        return;
    if (height == 1) {
        wvm_cells_free(&st->leaf, ref);
        return;
    }
    struct inner *n = own_inner(st, ref);
    for (unsigned i = 0; i < FAN; i++)
        wvm_nodes_free(st, n->ref[i], height - 1);
    wvm_cells_free(&st->inner, ref);
}

static uint32_t set_leaf(struct wvm_store *st, uint32_t ref, unsigned lo, unsigned hi, uint8_t v)
{
    uint64_t edge;
    if (is_uniform(ref)) {
        edge = edge_after(LAST_EDGE, lo, hi, lo != 0, hi < FAN);
    } else {
        edge = leaf_edge_after(own_leaf(st, ref), lo, hi, v);
        wvm_cells_free(&st->leaf, ref);
    }
    if (edge == LAST_EDGE)
        return WVM_REF_UNIFORM | v;
    uint32_t fresh = wvm_cells_take(&st->leaf);
    struct leaf *n = own_leaf(st, fresh);
    STORE(&n->edge, edge);
    if (is_uniform(ref))
        store_bytes(n->val, ref & 0xff, FAN);
    else
        store_words(n->word, own_leaf(st, ref)->word, FAN / 8);
    store_bytes(n->val + lo, v, hi - lo);
    return fresh;
}

static uint32_t set_range(struct wvm_store *st, uint32_t ref, unsigned height, uint64_t lo,
                          uint64_t hi, uint8_t v);

/* A node that nobody sees yet, with the entries of `ref`, which is given up. */
static uint32_t copy_inner(struct wvm_store *st, uint32_t ref)
{
    uint32_t fresh = wvm_cells_take(&st->inner);
    struct inner *n = own_inner(st, fresh);
    if (is_uniform(ref)) {
        STORE(&n->edge, LAST_EDGE);
        for (unsigned i = 0; i < FAN / 2; i++)
            STORE(&n->word[i], (uint64_t)ref << 32 | ref);
        return fresh;
    }
    const struct inner *old = own_inner(st, ref);
    STORE(&n->edge, old->edge);
    store_words(n->word, old->word, FAN / 2);
    wvm_cells_free(&st->inner, ref);
    return fresh;
}

static uint32_t set_inner(struct wvm_store *st, uint32_t ref, unsigned height, uint64_t lo,
                          uint64_t hi, uint8_t v)
{
    unsigned shift = shift_of(height);
    unsigned first = lo >> shift, last = (hi - 1) >> shift;
    uint32_t fresh = copy_inner(st, ref);
    struct inner *n = own_inner(st, fresh);
    for (unsigned i = first; i <= last; i++) {
        uint64_t base = (uint64_t)i << shift, span = (uint64_t)1 << shift;
        uint64_t a = lo > base ? lo - base : 0;
        uint64_t b = hi < base + span ? hi - base : span;
        STORE(&n->ref[i], set_range(st, n->ref[i], height - 1, a, b, v));
    }
    update_edges(n, first, last);
    if (!inner_uniform(n))
        return fresh;
    wvm_cells_free(&st->inner, fresh);
    return WVM_REF_UNIFORM | v;
}

/* The reference for `ref` with pages [lo, hi) of it set to v. Recursion is at most the height. */
static uint32_t set_range(struct wvm_store *st, uint32_t ref, unsigned height, uint64_t lo,
                          uint64_t hi, uint8_t v)
{
    if (lo == 0 && hi == (uint64_t)1 << (6 * height)) {
        wvm_nodes_free(st, ref, height);
        return WVM_REF_UNIFORM | v;
    }
    if (ref == (WVM_REF_UNIFORM | v))
        return ref;
    return height == 1 ? set_leaf(st, ref, lo, hi, v) : set_inner(st, ref, height, lo, hi, v);
}

void wvm_pages_set(struct wvm_store *st, struct wvm_pages *m, uint64_t lo, uint64_t hi, uint8_t v)
{
    WVM_ASSERT(lo < hi && hi <= (uint64_t)1 << (6 * m->height));
    uint32_t old = (uint32_t)LOAD(&m->root);
    uint32_t ref = set_range(st, old, m->height, lo, hi, v);
    if (ref != old)
        publish(m, ref);
}

void wvm_pages_end(struct wvm_store *st, struct wvm_pages *m)
{
    uint32_t old = (uint32_t)LOAD(&m->root);
    publish(m, WVM_REF_DEAD);
    if (!is_uniform(old))
        wvm_nodes_free(st, old, m->height);
}

void wvm_pages_adopt(struct wvm_pages *to, const struct wvm_pages *from)
{
    STORE(&to->height, from->height);
    publish(to, (uint32_t)LOAD(&from->root));
}

void wvm_pages_abandon(struct wvm_pages *from)
{
    publish(from, WVM_REF_DEAD);
}

/* ---- reading ---- */

bool wvm_pages_run(const struct wvm_store *st, uint32_t ref, unsigned height, uint64_t page,
                   uint64_t limit, uint8_t *v, uint64_t *end)
{
    uint32_t path[WVM_PAGES_MAX_HEIGHT + 1];
    if (height - 1 >= WVM_PAGES_MAX_HEIGHT)
        return false;
    path[height] = ref;
    if (!read_chunk(st, path, height, page, v, end))
        return false;
    /* I1 bounds the chunks of one run; more of them can only be a torn read. */
    for (unsigned n = 0; *end < limit; n++) {
        if (ends_in_leaf(*end))
            return true;
        uint8_t next_v;
        uint64_t next_end;
        unsigned top = common_height(page, *end);
        if (n > 2 * WVM_PAGES_MAX_HEIGHT || top > height)
            return false;
        page = *end;
        if (!read_chunk(st, path, top, page, &next_v, &next_end))
            return false;
        if (next_v != *v)
            return true;
        *end = next_end;
    }
    *end = limit;
    return true;
}

uint64_t wvm_pages_next_mixed(const struct wvm_store *st, const struct wvm_pages *m, uint64_t page,
                              uint64_t limit, uint8_t *v)
{
    uint64_t end = limit;
    bool whole = wvm_pages_run(st, (uint32_t)LOAD(&m->root), m->height, page, limit, v, &end);
    WVM_VERIFY(whole);
    return end;
}

uint8_t wvm_pages_peek(const struct wvm_store *st, const struct wvm_pages *m, uint64_t page,
                       uint64_t limit, uint64_t *end)
{
    for (;;) {
        uint8_t v = 0;
        uint64_t root = wvm_pages_root(m);
        bool ok = wvm_pages_run(st, (uint32_t)root, m->height, page, limit, &v, end);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (LOAD(&m->root) == root && ok)
            return v;
    }
}

uint64_t wvm_pages_count_runs(const struct wvm_store *st, const struct wvm_pages *m, uint64_t lo,
                              uint64_t hi, uint64_t most)
{
    uint64_t n = 0;
    uint8_t v;
    for (uint64_t p = lo; p < hi && n < most; n++)
        p = wvm_pages_next(st, m, p, hi, &v);
    return n;
}

/* ---- checking ---- */

static const char *check_leaf(const struct leaf *n)
{
    for (unsigned i = 0; i < FAN - 1; i++)
        if ((n->edge >> i & 1) != (n->val[i] != n->val[i + 1]))
            return "region_pages I2: leaf edge";
    if (!(n->edge & LAST_EDGE))
        return "region_pages I2: last edge of a leaf";
    return n->edge == LAST_EDGE ? "region_pages I1: uniform leaf" : NULL;
}

static const char *check_node(const struct wvm_store *st, uint32_t ref, unsigned height)
{
    if (is_uniform(ref))
        return NULL;
    if (height == 1)
        return check_leaf(own_leaf(st, ref));
    const struct inner *n = own_inner(st, ref);
    if (n->edge == LAST_EDGE && is_uniform(n->ref[0]))
        return "region_pages I1: uniform inner node";
    for (unsigned i = 0; i < FAN; i++) {
        const char *bad = check_node(st, n->ref[i], height - 1);
        if (bad)
            return bad;
        if ((n->edge >> i & 1) != (i == FAN - 1 || entries_differ(n->ref, i)))
            return "region_pages I2: inner edge";
    }
    return NULL;
}

const char *wvm_pages_check(const struct wvm_store *st, const struct wvm_pages *m)
{
    uint32_t ref = (uint32_t)LOAD(&m->root);
    return ref == WVM_REF_DEAD ? "region_pages: dead map" : check_node(st, ref, m->height);
}
