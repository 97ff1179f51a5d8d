/* Free space: the gaps between allocations, as a treap by address with the longest gap of each
 * subtree, so that placement by lowest or highest fit is O(log n).
 *
 * Terms   gap = [lo, lo + len) in granules; max = the longest len in a node's subtree.
 * I1  Gaps neither overlap nor touch: touching ones are joined.
 * I2  Nodes are ordered by lo and heap-ordered by prio; max is exact.
 * I3  Taking or giving space at an end of a gap changes the node in place; only a gap that appears
 *     or disappears changes the tree's shape, below the place where it is. On the way up from any
 *     change the work ends at the first node whose max stays the same.
 * I4  total is the number of granules in all gaps.
 * Locking: the space lock for everything; readers come for the total only.
 * Failure: none, one gap was provided. Signal safety: not for handlers. */
#include "base/assert.h"
#include "region/region.h"

struct gap {
    uint32_t link;
    uint32_t lo, len;
    uint32_t left, right;
    uint32_t prio;
    uint32_t max;
    uint32_t unused;
};
WVM_STATIC(sizeof(struct gap) == 32, "the store's object size");

/* Expected depth of a treap of 2^26 nodes is about 2 ln n = 36; past MAX_DEPTH the random numbers
 * would have to be broken. */
#define MAX_DEPTH 192

/* The seed after which the first random number is the highest: the gap that a space begins with,
 * from which most is taken, is the root of those that are cut off it. */
#define FIRST_IS_ROOT 0x5e6cfce7u

static struct gap *gap_at(const struct wvm_store *st, uint32_t i)
{
    return wvm_cells_own(&st->gap, i, sizeof(struct gap));
}

static uint32_t max_of(const struct wvm_store *st, uint32_t i)
{
    return i ? gap_at(st, i)->max : 0;
}

static void fix(const struct wvm_store *st, struct gap *g)
{
    uint32_t l = max_of(st, g->left), r = max_of(st, g->right);
    uint32_t m = l > r ? l : r;
    g->max = m > g->len ? m : g->len;
}

void wvm_gaps_init(struct wvm_gaps *gs)
{
    gs->root = 0;
    gs->seed = FIRST_IS_ROOT;
    gs->total = 0;
}

static inline void count(struct wvm_gaps *gs, int64_t n)
{
    __atomic_store_n(&gs->total, gs->total + (uint64_t)n, __ATOMIC_RELAXED);
}

static uint32_t next_random(struct wvm_gaps *gs)
{
    uint32_t x = gs->seed;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return gs->seed = x;
}

/* ---- shape ---- */

/* Nodes with lo < key go to *l, the others to *r. */
static void split(const struct wvm_store *st, uint32_t t, uint32_t key, uint32_t *l, uint32_t *r)
{
    if (!t) {
        *l = *r = 0;
        return;
    }
    struct gap *g = gap_at(st, t);
    if (g->lo < key) {
        split(st, g->right, key, &g->right, r);
        *l = t;
    } else {
        split(st, g->left, key, l, &g->left);
        *r = t;
    }
    fix(st, g);
}

/* Every node of a is below every node of b. */
static uint32_t merge(const struct wvm_store *st, uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    struct gap *ga = gap_at(st, a), *gb = gap_at(st, b);
    if (ga->prio > gb->prio) {
        ga->right = merge(st, ga->right, b);
        fix(st, ga);
        return a;
    }
    gb->left = merge(st, a, gb->left);
    fix(st, gb);
    return b;
}

/* ---- finding one ---- */

/* The way from the root down to where a search ended. */
struct path {
    unsigned depth;
    uint32_t node[MAX_DEPTH];
};

static void path_push(struct path *p, uint32_t i)
{
    WVM_VERIFY(p->depth < MAX_DEPTH);
    p->node[p->depth++] = i;
}

/* A subtree, and a key that lies where all of it does. */
struct branch {
    uint32_t root, key;
};

/* Where the gaps around a key are on a path: 1 + position, 0: there is none. */
struct around {
    unsigned before, after;
};

/* Walks towards key: before = the gap with the highest lo <= key, after = the one with the lowest
 * lo > key. Both lie on the way. */
static inline struct around walk(const struct wvm_store *st, const struct wvm_gaps *gs,
                                 uint32_t key, struct path *p)
{
    struct around r = {0, 0};
    p->depth = 0;
    for (uint32_t t = gs->root; t;) {
        const struct gap *g = gap_at(st, t);
        path_push(p, t);
        if (g->lo <= key) {
            r.before = p->depth;
            t = g->right;
        } else {
            r.after = p->depth;
            t = g->left;
        }
    }
    return r;
}

/* The first n nodes of the path, from the last one up. Above a node whose longest gap stays the
 * same nothing changes. */
static void fix_path(const struct wvm_store *st, const struct path *p, unsigned n)
{
    while (n) {
        struct gap *g = gap_at(st, p->node[--n]);
        uint32_t was = g->max;
        fix(st, g);
        if (g->max == was)
            break;
    }
}

/* The last of the first n nodes of the path becomes [lo, hi), still between the same neighbours. */
static void resize(const struct wvm_store *st, const struct path *p, unsigned n, uint32_t lo,
                   uint32_t hi)
{
    struct gap *g = gap_at(st, p->node[n - 1]);
    g->lo = lo;
    g->len = hi - lo;
    fix_path(st, p, n);
}

/* Puts a subtree below the first n nodes of the path, on the side of key. */
static void hang(const struct wvm_store *st, struct wvm_gaps *gs, const struct path *p, unsigned n,
                 struct branch b)
{
    struct gap *g = n ? gap_at(st, p->node[n - 1]) : NULL;
    if (!g)
        gs->root = b.root;
    else if (g->lo <= b.key)
        g->right = b.root;
    else
        g->left = b.root;
    fix_path(st, p, n);
}

/* p is the walk to lo. */
static void insert(struct wvm_store *st, struct wvm_gaps *gs, const struct path *p, uint32_t lo,
                   uint32_t hi)
{
    uint32_t i = wvm_cells_take(&st->gap);
    struct gap *g = gap_at(st, i);
    unsigned n = 0;
    g->lo = lo;
    g->len = hi - lo;
    g->prio = next_random(gs);
    while (n < p->depth && gap_at(st, p->node[n])->prio >= g->prio)
        n++;
    split(st, n < p->depth ? p->node[n] : 0, lo, &g->left, &g->right);
    fix(st, g);
    hang(st, gs, p, n, (struct branch){i, lo});
}

/* The last of the first n nodes of the path goes; those before it stay a path. */
static void delete(struct wvm_store *st, struct wvm_gaps *gs, const struct path *p, unsigned n)
{
    uint32_t i = p->node[n - 1];
    const struct gap *g = gap_at(st, i);
    hang(st, gs, p, n - 1, (struct branch){merge(st, g->left, g->right), g->lo});
    wvm_cells_free(&st->gap, i);
}

static struct gap *find_before(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t key)
{
    struct gap *best = NULL;
    for (uint32_t t = gs->root; t;) {
        struct gap *g = gap_at(st, t);
        if (g->lo <= key)
            best = g;
        t = g->lo <= key ? g->right : g->left;
    }
    return best;
}

static struct gap *find_after(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t key)
{
    struct gap *best = NULL;
    for (uint32_t t = gs->root; t;) {
        struct gap *g = gap_at(st, t);
        if (g->lo >= key)
            best = g;
        t = g->lo >= key ? g->left : g->right;
    }
    return best;
}

bool wvm_gaps_overlap(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t lo,
                      uint32_t hi, uint32_t *a, uint32_t *b)
{
    const struct gap *g = find_before(st, gs, lo);
    if (!g || g->lo + g->len <= lo)
        g = find_after(st, gs, lo);
    if (!g || g->lo >= hi)
        return false;
    *a = g->lo > lo ? g->lo : lo;
    *b = g->lo + g->len < hi ? g->lo + g->len : hi;
    return true;
}

bool wvm_gaps_around(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t g,
                     uint32_t *lo, uint32_t *hi)
{
    const struct gap *b = find_before(st, gs, g);
    if (!b || b->lo + b->len <= g)
        return false;
    *lo = b->lo;
    *hi = b->lo + b->len;
    return true;
}

/* ---- giving and taking ---- */

void wvm_gaps_give(struct wvm_store *st, struct wvm_gaps *gs, uint32_t lo, uint32_t hi)
{
    struct path p;
    struct around r = walk(st, gs, lo, &p);
    const struct gap *b = r.before ? gap_at(st, p.node[r.before - 1]) : NULL;
    const struct gap *a = r.after ? gap_at(st, p.node[r.after - 1]) : NULL;
    WVM_ASSERT((!b || b->lo + b->len <= lo) && (!a || a->lo >= hi));
    count(gs, hi - lo);
    bool joins_before = b && b->lo + b->len == lo, joins_after = a && a->lo == hi;
    if (joins_before && joins_after) {
        uint32_t from = b->lo, to = a->lo + a->len;
        bool after_is_deeper = r.after > r.before;
        delete(st, gs, &p, after_is_deeper ? r.after : r.before);
        resize(st, &p, after_is_deeper ? r.before : r.after, from, to);
    } else if (joins_before) {
        resize(st, &p, r.before, b->lo, hi);
    } else if (joins_after) {
        resize(st, &p, r.after, lo, a->lo + a->len);
    } else {
        insert(st, gs, &p, lo, hi);
    }
}

static void insert_apart(struct wvm_store *st, struct wvm_gaps *gs, uint32_t lo, uint32_t hi)
{
    struct path p;
    walk(st, gs, lo, &p);
    insert(st, gs, &p, lo, hi);
}

/* Takes [lo, hi) out of the last of the first n nodes of the path. */
static inline void cut(struct wvm_store *st, struct wvm_gaps *gs, const struct path *p, unsigned n,
                       uint32_t lo, uint32_t hi)
{
    const struct gap *g = gap_at(st, p->node[n - 1]);
    uint32_t from = g->lo, to = g->lo + g->len;
    count(gs, (int64_t)lo - hi);
    if (from == lo && to == hi) {
        delete(st, gs, p, n);
    } else if (from == lo) {
        resize(st, p, n, hi, to);
    } else {
        resize(st, p, n, from, lo);
        if (hi < to)
            insert_apart(st, gs, hi, to);
    }
}

void wvm_gaps_take(struct wvm_store *st, struct wvm_gaps *gs, uint32_t lo, uint32_t hi)
{
    struct path p;
    unsigned n = walk(st, gs, lo, &p).before;
    WVM_VERIFY(n && hi <= gap_at(st, p.node[n - 1])->lo + gap_at(st, p.node[n - 1])->len);
    cut(st, gs, &p, n, lo, hi);
}

/* ---- placement ---- */

/* Where the run fits into the gap cut to the bounds; false: nowhere. */
static bool fits(const struct gap *g, const struct wvm_fit *f, uint32_t *out)
{
    uint64_t a = g->lo > f->lo ? g->lo : f->lo;
    uint64_t b = g->lo + g->len < f->hi ? g->lo + g->len : f->hi;
    if (a + f->n > b)
        return false;
    a = wvm_align_up(a, f->align);
    b = wvm_align_down(b - f->n, f->align);
    if (a > b)
        return false;
    *out = f->highest ? b : a;
    return true;
}

/* One search: gaps shorter than `least` are passed over, and after `patience` gaps that were long
 * enough and disappointed it is given up. */
struct seek {
    const struct wvm_fit *fit;
    uint64_t least;
    uint32_t patience;
};
enum { PATIENCE = 64 };

/* In-order search that enters only subtrees with a long enough gap and within the bounds: without
 * an alignment at most the two gaps cut by a bound can disappoint. */
static bool search(const struct wvm_store *st, uint32_t t, struct seek *s, uint32_t *out)
{
    const struct wvm_fit *f = s->fit;
    if (!t || max_of(st, t) < s->least)
        return false;
    const struct gap *g = gap_at(st, t);
    bool left_ok = g->lo > f->lo, right_ok = (uint64_t)g->lo + g->len < f->hi;
    uint32_t first = f->highest ? g->right : g->left, second = f->highest ? g->left : g->right;
    bool first_ok = f->highest ? right_ok : left_ok, second_ok = f->highest ? left_ok : right_ok;
    if (first_ok && search(st, first, s, out))
        return true;
    if (s->patience && g->len >= s->least) {
        if (fits(g, f, out))
            return true;
        s->patience--;
    }
    return s->patience && second_ok && search(st, second, s, out);
}

/* A gap that is longer by the alignment fits wherever it lies, unless a bound cuts it. It is looked
 * for once many shorter ones have disappointed; all of those are tried when there is none. */
bool wvm_gaps_fit(const struct wvm_store *st, const struct wvm_gaps *gs, const struct wvm_fit *fit,
                  uint32_t *out)
{
    struct seek near = {fit, fit->n, PATIENCE};
    if (search(st, gs->root, &near, out))
        return true;
    if (near.patience)
        return false;
    struct seek sure = {fit, (uint64_t)fit->n + fit->align - 1, PATIENCE};
    struct seek any = {fit, fit->n, UINT32_MAX};
    return search(st, gs->root, &sure, out) || search(st, gs->root, &any, out);
}

/* The first gap of at least n granules from one side. Some node below each node entered has it. */
static bool walk_longest(const struct wvm_store *st, const struct wvm_gaps *gs, uint32_t n,
                         bool highest, struct path *p)
{
    uint32_t t = gs->root;
    p->depth = 0;
    if (max_of(st, t) < n)
        return false;
    for (;;) {
        const struct gap *g = gap_at(st, t);
        uint32_t first = highest ? g->right : g->left;
        path_push(p, t);
        if (max_of(st, first) >= n)
            t = first;
        else if (g->len >= n)
            return true;
        else
            t = highest ? g->left : g->right;
    }
}

uint32_t wvm_gaps_place(struct wvm_store *st, struct wvm_gaps *gs, uint32_t n, bool highest)
{
    struct path p;
    if (!walk_longest(st, gs, n, highest, &p))
        return 0;
    const struct gap *g = gap_at(st, p.node[p.depth - 1]);
    uint32_t lo = highest ? g->lo + g->len - n : g->lo;
    cut(st, gs, &p, p.depth, lo, lo + n);
    return lo;
}

/* ---- checking ---- */

static const char *check_node(const struct wvm_store *st, uint32_t t, uint64_t *end,
                              uint64_t *total)
{
    if (!t)
        return NULL;
    const struct gap *g = gap_at(st, t);
    const char *bad = check_node(st, g->left, end, total);
    if (bad)
        return bad;
    if (g->lo <= *end && *end != UINT64_MAX)
        return "region_gaps I1: gaps overlap, touch or are out of order";
    *end = (uint64_t)g->lo + g->len;
    *total += g->len;
    bad = check_node(st, g->right, end, total);
    if (bad)
        return bad;
    uint32_t l = max_of(st, g->left), r = max_of(st, g->right), m = l > r ? l : r;
    if (g->len == 0 || g->max != (m > g->len ? m : g->len))
        return "region_gaps I2: max";
    if ((g->left && gap_at(st, g->left)->prio > g->prio) ||
        (g->right && gap_at(st, g->right)->prio > g->prio))
        return "region_gaps I2: heap order";
    return NULL;
}

const char *wvm_gaps_check(const struct wvm_store *st, const struct wvm_gaps *gs)
{
    uint64_t end = UINT64_MAX, total = 0;
    const char *bad = check_node(st, gs->root, &end, &total);
    if (bad)
        return bad;
    return total == gs->total ? NULL : "region_gaps I4: total";
}
