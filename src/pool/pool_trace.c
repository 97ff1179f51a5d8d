/* Call sites of blocks, in a table beside the pool.
 *
 * Terms    note = what is kept for an address at which a block began: of the block that is there
 *          now, or was there last; site = the address that a call returns to.
 * Owns     the notes: a hash table of chains, in metadata that is never given back.
 * I1       A note stays where it is once it is in its chain, and keeps its address for good. So a
 *          chain only grows in front, and reading needs no lock.
 * I2       Only who allocates or frees the block at an address changes its note, and the pool
 *          orders these; two threads never make a note of one address at once. Words are read whole
 *          by others, a note may be between two states.
 * I3       A site is that of the program's call, whatever of winvm's stands between (base/site.h);
 *          what the pool was told counts only where no public call was made.
 * I4       Without memory for a note its block is not traced.
 * Locking  none.   Failure: I4.   Signal safety: finding and describing. */
#include "pool/pool_trace.h"

#include "base/arith.h"
#include "base/options.h"
#include "base/site.h"
#include "host/host.h"
#include "host/host_symbol.h"
#include "pool/pool_notes.h"

enum {
    CHAINS_SHIFT = sizeof(void *) == 8 ? 20 : 16,
    CHAINS = 1 << CHAINS_SHIFT,
    PER_CHUNK = 1024,
    CHUNKS_MOST = sizeof(void *) == 8 ? 1 << 18 : 1 << 12,
    GRAIN_SHIFT = sizeof(void *) == 8 ? 4 : 3,
};

static uint32_t *chains;               /* (a) number of the first note + 1; 0: none */
static struct wvm_pool_note **chunks;  /* (a) notes in the order of their numbers */
static uint32_t n_notes;               /* (a) numbers given out */
static bool tracing;                   /* (c) after the start */

/* ---- the table ---- */

struct wvm_pool_note *wvm_pool_note_at(uint32_t number)
{
    uint32_t chunk = number / PER_CHUNK;
    struct wvm_pool_note *notes =
        chunk < CHUNKS_MOST ? __atomic_load_n(&chunks[chunk], __ATOMIC_ACQUIRE) : NULL;
    return notes != NULL ? &notes[number % PER_CHUNK] : NULL;
}

uint32_t wvm_pool_notes(void)
{
    return __atomic_load_n(&n_notes, __ATOMIC_ACQUIRE);
}

/* Blocks that lie together have their chains together. */
static uint32_t *chain_of(uintptr_t addr)
{
    uintptr_t grain = addr >> GRAIN_SHIFT;
    return &chains[(grain ^ grain >> CHAINS_SHIFT) % CHAINS];
}

static struct wvm_pool_note *find_note(uintptr_t addr)
{
    uint32_t next = __atomic_load_n(chain_of(addr), __ATOMIC_ACQUIRE);
    while (next != 0) {
        struct wvm_pool_note *note = wvm_pool_note_at(next - 1);
        if (note->addr == addr)
            return note;
        next = note->next;
    }
    return NULL;
}

/* The chunk that a number lies in is there. False: no memory. */
static bool have_chunk(uint32_t number)
{
    struct wvm_pool_note **slot = &chunks[number / PER_CHUNK], *none = NULL;
    void *made;
    if (__atomic_load_n(slot, __ATOMIC_ACQUIRE) != NULL)
        return true;
    if (wvm_host.meta(PER_CHUNK * sizeof(**slot), &made) != 0)
        return false;
    /* Whoever is second has made one in vain: seldom, and small. */
    (void)__atomic_compare_exchange_n(slot, &none, made, false, __ATOMIC_RELEASE,
                                      __ATOMIC_RELAXED);
    return true;
}

static struct wvm_pool_note *make_note(uintptr_t addr)
{
    uint32_t number = __atomic_fetch_add(&n_notes, 1, __ATOMIC_RELAXED);
    if (number >= (uint32_t)CHUNKS_MOST * PER_CHUNK) {
        __atomic_fetch_sub(&n_notes, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    if (!have_chunk(number))
        return NULL;
    struct wvm_pool_note *note = wvm_pool_note_at(number);
    uint32_t *chain = chain_of(addr), first = __atomic_load_n(chain, __ATOMIC_RELAXED);
    note->addr = addr;
    do
        note->next = first;
    while (!__atomic_compare_exchange_n(chain, &first, number + 1, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
    return note;
}

/* ---- what the pool tells ---- */

static uintptr_t site_or(const void *told)
{
    return (uintptr_t)(wvm_site != NULL ? wvm_site : told);
}

static void on_allocated(const struct wvm_pool_block *b, const struct wvm_pool_request *rq)
{
    struct wvm_pool_note *note = find_note((uintptr_t)b->start);
    if (note == NULL)
        note = make_note((uintptr_t)b->start);
    if (note == NULL)
        return;
    __atomic_store_n(&note->size, b->size, __ATOMIC_RELAXED);
    __atomic_store_n(&note->room, b->room, __ATOMIC_RELAXED);
    __atomic_store_n(&note->tag, b->tag, __ATOMIC_RELAXED);
    __atomic_store_n(&note->allocated, site_or(rq->caller), __ATOMIC_RELAXED);
    __atomic_store_n(&note->paged, b->kind == WVM_POOL_PAGED, __ATOMIC_RELAXED);
    __atomic_store_n(&note->live, true, __ATOMIC_RELEASE);
}

static void on_freeing(const struct wvm_pool_block *b, const void *caller)
{
    struct wvm_pool_note *note = find_note((uintptr_t)b->start);
    if (note == NULL)
        return;
    __atomic_store_n(&note->freed, site_or(caller), __ATOMIC_RELAXED);
    __atomic_store_n(&note->live, false, __ATOMIC_RELEASE);
}

static const struct wvm_pool_observer tracer = {
    .allocated = on_allocated,
    .freeing = on_freeing,
    .describe = wvm_pool_trace_describe,
};

bool wvm_pool_traced(void)
{
    return tracing;
}

void wvm_pool_trace_start(void)
{
    void *at;
    if (tracing || (!wvm_option(WVM_OPTION_POOL_TRACE) && !wvm_option(WVM_OPTION_POOL_LEAKS)))
        return;
    if (wvm_host.meta(CHAINS * sizeof(*chains), &at) != 0)
        goto none;
    chains = at;
    if (wvm_host.meta(CHUNKS_MOST * sizeof(*chunks), &at) != 0)
        goto none;
    chunks = at;
    tracing = true;
    wvm_pool_observe(&tracer);
    return;
none:
    wvm_host_log("pool-trace: no memory for the table of call sites");
}

/* ---- asking ---- */

bool wvm_pool_trace_find(const void *p, struct wvm_pool_traces *out)
{
    struct wvm_pool_note *note = tracing ? find_note((uintptr_t)p) : NULL;
    if (note == NULL)
        return false;
    out->live = __atomic_load_n(&note->live, __ATOMIC_ACQUIRE);
    out->tag = __atomic_load_n(&note->tag, __ATOMIC_RELAXED);
    out->size = __atomic_load_n(&note->size, __ATOMIC_RELAXED);
    out->allocated = (const void *)__atomic_load_n(&note->allocated, __ATOMIC_RELAXED);
    out->freed = (const void *)__atomic_load_n(&note->freed, __ATOMIC_RELAXED);
    return true;
}

/* The block that begins at p, or next before it in its page. */
static bool find_near(const void *p, uintptr_t *start, struct wvm_pool_traces *out)
{
    uintptr_t page = (uintptr_t)p & ~(uintptr_t)(WVM_PAGE_SIZE - 1);
    uintptr_t at = (uintptr_t)p & ~(((uintptr_t)1 << GRAIN_SHIFT) - 1);
    for (;; at -= (uintptr_t)1 << GRAIN_SHIFT) {
        *start = at;
        if (wvm_pool_trace_find((const void *)at, out))
            return true;
        if (at == page)
            return false;
    }
}

static void put_site(struct wvm_buf *out, const char *what, const void *site)
{
    if (site == NULL)
        return;
    wvm_buf_printf(out, "  %s by ", what);
    wvm_host_put_code(out, (uintptr_t)site);
    wvm_buf_char(out, '\n');
}

void wvm_pool_trace_describe(const void *p, struct wvm_buf *out)
{
    struct wvm_pool_traces t;
    uintptr_t start;
    if (!tracing || !find_near(p, &start, &t))
        return;
    if (start != (uintptr_t)p)
        wvm_buf_printf(out, "  %zu bytes behind the start of a block of %zu bytes, %s\n",
                       (uintptr_t)p - start, t.size, t.live ? "allocated" : "free");
    put_site(out, "allocated", t.allocated);
    put_site(out, t.live ? "before that freed" : "freed", t.freed);
}
