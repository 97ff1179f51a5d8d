/* Rows: what each tag uses.
 *
 * Owns   the table of rows (tag and kind, by number), the hash that finds them, and the counters of
 *        threads that have ended.
 * I1  A row is made once, by its first allocation, and stays: a number found in a state or a way is
 *     always valid.
 * I2  A thread's counters are changed by that thread inside, or by others while nobody is; a row's
 *     value is the sum over all threads and over those that have ended, at one moment.
 *     What a way counts is blocks and bytes in one word: no block has less than 16 bytes, so that
 *     the number of blocks never passes its 32 bits before bit 63 is set, long before it overflows.
 * I3  Each kind has a row that takes what finds none of its own (tag "Ovfl").
 * Locking: rows_lock for new rows; the registry, and nobody inside, for sums.   Signal safety:
 * none. */
#include "base/assert.h"
#include "pool/pool_internal.h"
#include "pool/pool_view.h"

enum { HASH = 2 * WVM_POOL_ROWS, OVERFLOW_TAG = 0x6c66764f /* "Ovfl" */ };

static struct row {
    uint32_t tag;
    uint8_t kind;
} *rows;
static uint16_t *hash_row;  /* (a) number of a row, 0: free */
static uint32_t n_rows;     /* (a) rows have numbers below it; those without a tag are none */
static struct wvm_pool_tally *retired;
static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;

/* Where the row is in the hash, or would be. */
static uint32_t place_of(uint32_t tag, unsigned kind)
{
    uint32_t i = ((tag * 0x9e3779b1u + kind * 0x85ebca6bu) >> 16) % HASH;
    for (;; i = (i + 1) % HASH) {
        unsigned row = __atomic_load_n(&hash_row[i], __ATOMIC_ACQUIRE);
        if (!row || (rows[row].tag == tag && rows[row].kind == kind))
            return i;
    }
}

static unsigned set_row(unsigned row, uint32_t tag, unsigned kind)
{
    rows[row] = (struct row){tag, (uint8_t)kind};
    wvm_pool_map.row_tag[row] = tag;
    __atomic_store_n(&hash_row[place_of(tag, kind)], (uint16_t)row, __ATOMIC_RELEASE);
    return row;
}

static unsigned add_row(uint32_t tag, unsigned kind)
{
    if (n_rows == WVM_POOL_ROWS)
        return WVM_POOL_OVERFLOW_ROW + kind;
    unsigned row = set_row(n_rows, tag, kind);
    __atomic_store_n(&n_rows, n_rows + 1, __ATOMIC_RELEASE);
    return row;
}

unsigned wvm_pool_row_known(uint32_t tag, unsigned kind)
{
    return __atomic_load_n(&hash_row[place_of(tag, kind)], __ATOMIC_ACQUIRE);
}

unsigned wvm_pool_row_number(uint32_t tag, unsigned kind)
{
    unsigned row = wvm_pool_row_known(tag, kind);
    if (row)
        return row;
    pthread_mutex_lock(&rows_lock);
    row = hash_row[place_of(tag, kind)];
    if (!row)
        row = add_row(tag, kind);
    pthread_mutex_unlock(&rows_lock);
    return row;
}

void wvm_pool_rows_lock(void)
{
    pthread_mutex_lock(&rows_lock);
}

void wvm_pool_rows_unlock(void)
{
    pthread_mutex_unlock(&rows_lock);
}

/* ---- sums ---- */

static void add_tally(struct wvm_pool_tally *sum, const struct wvm_pool_tally *t)
{
    sum->allocs += t->allocs;
    sum->frees += t->frees;
    sum->taken += t->taken;
    sum->given += t->given;
}

/* What a way counts but for its hand. */
static void add_words(struct wvm_pool_tally *sum, const struct wvm_pool_way *w)
{
    sum->allocs += WVM_POOL_COUNT_BLOCKS(w->taken);
    sum->frees += WVM_POOL_COUNT_BLOCKS(w->given);
    sum->taken += WVM_POOL_COUNT_BYTES(w->taken);
    sum->given += WVM_POOL_COUNT_BYTES(w->given);
}

static void add_way(struct wvm_pool_tally *sum, const struct wvm_pool_way *w)
{
    uint64_t out = w->pairs & WVM_POOL_OUT, back = w->pairs / WVM_POOL_BACK;
    add_words(sum, w);
    sum->allocs += back + out;
    sum->frees += back;
    sum->taken += out * w->room;
}

/* Nobody is inside. */
static void sum_row(unsigned row, struct wvm_pool_tally *sum)
{
    *sum = retired[row];
    for (const struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next) {
        add_tally(sum, &th->tally[row]);
        add_way(sum, &th->way[row]);
    }
}

void wvm_pool_way_settle(struct wvm_pool_thread *th, size_t row)
{
    wvm_pool_view_move();
    add_words(&th->tally[row], &th->way[row]);
    th->way[row].taken = th->way[row].given = 0;
    wvm_pool_view_move();
}

void wvm_pool_tally_retire(struct wvm_pool_thread *from)
{
    wvm_pool_view_move();
    for (unsigned row = 1; row < n_rows; row++) {
        struct wvm_pool_tally *t = &from->tally[row];
        struct wvm_pool_way *w = &from->way[row];
        if (!(t->allocs | t->frees | w->taken | w->given | w->pairs))
            continue;
        add_way(t, w);
        add_tally(&retired[row], t);
        w->taken = w->given = 0;
        w->pairs &= WVM_POOL_HAND;
        *t = (struct wvm_pool_tally){0};
    }
    wvm_pool_view_move();
}

/* The row of a tag in the other non-paged kind; 0: none. */
static unsigned twin_of(unsigned row)
{
    if (rows[row].kind == WVM_POOL_PAGED)
        return 0;
    unsigned other = rows[row].kind == WVM_POOL_NX ? WVM_POOL_EXEC : WVM_POOL_NX;
    return hash_row[place_of(rows[row].tag, other)];
}

static void fill_row(unsigned row, struct wvm_pool_row *out)
{
    unsigned twin = twin_of(row);
    struct wvm_pool_tally sum, more = {0};
    sum_row(row, &sum);
    if (twin)
        sum_row(twin, &more);
    *out = (struct wvm_pool_row){
        .tag = rows[row].tag,
        .paged = rows[row].kind == WVM_POOL_PAGED,
        .allocs = sum.allocs + more.allocs,
        .frees = sum.frees + more.frees,
        .bytes = sum.taken + more.taken - sum.given - more.given,
    };
}

/* Told by the non-executable kind's row where there are two. A row without an allocation says
 * nothing. */
static bool is_told_elsewhere(unsigned row)
{
    return rows[row].kind == WVM_POOL_EXEC && twin_of(row);
}

size_t wvm_pool_rows(struct wvm_pool_row *out, size_t n)
{
    size_t found = 0;
    if (!wvm_pool_started())
        return 0;
    wvm_pool_quiet();
    unsigned end = __atomic_load_n(&n_rows, __ATOMIC_ACQUIRE);
    for (unsigned row = 1; row < end; row++) {
        struct wvm_pool_row r;
        if (is_told_elsewhere(row))
            continue;
        fill_row(row, &r);
        if (!r.allocs)
            continue;
        if (found < n)
            out[found] = r;
        found++;
    }
    wvm_pool_resume();
    return found;
}

bool wvm_pool_row_of(uint32_t tag, bool paged, struct wvm_pool_row *out)
{
    if (!wvm_pool_started())
        return false;
    unsigned row = hash_row[place_of(tag, paged ? WVM_POOL_PAGED : WVM_POOL_NX)];
    if (!row && !paged)
        row = hash_row[place_of(tag, WVM_POOL_EXEC)];
    if (!row)
        return false;
    wvm_pool_quiet();
    fill_row(row, out);
    wvm_pool_resume();
    return out->allocs != 0;
}

void wvm_pool_rows_used(uint64_t used[WVM_POOL_KINDS])
{
    wvm_pool_quiet();
    for (unsigned row = 1; row < __atomic_load_n(&n_rows, __ATOMIC_ACQUIRE); row++) {
        struct wvm_pool_tally sum;
        sum_row(row, &sum);
        used[rows[row].kind] += sum.taken - sum.given;
    }
    wvm_pool_resume();
}

WVM_STATIC(sizeof(struct row) == sizeof(struct wvm_pool_view_row) &&
               offsetof(struct row, kind) == offsetof(struct wvm_pool_view_row, kind),
           "the form that readers outside know");

void wvm_pool_rows_view(struct wvm_pool_view *v)
{
    v->n_rows = (uintptr_t)&n_rows;
    v->rows = (uintptr_t)rows;
    v->retired = (uintptr_t)retired;
}

bool wvm_pool_rows_init(void)
{
    void *a, *b, *c, *d;
    if (wvm_host.meta(WVM_POOL_ROWS * sizeof(*rows), &a) ||
        wvm_host.meta(HASH * sizeof(*hash_row), &b) ||
        wvm_host.meta(WVM_POOL_ROWS * sizeof(*retired), &c) ||
        wvm_host.meta(WVM_POOL_ROWS * sizeof(*wvm_pool_map.row_tag), &d))
        return false;
    rows = a;
    hash_row = b;
    retired = c;
    wvm_pool_map.row_tag = d;
    n_rows = WVM_POOL_OVERFLOW_ROW + WVM_POOL_KINDS;
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        (void)set_row(WVM_POOL_OVERFLOW_ROW + kind, OVERFLOW_TAG, kind);
    return true;
}
