/* Spans: 64 KiB cut into slots.
 *
 * Owns   the places, what is known of each span, the arrays of states.
 * Terms  side 0 of a span = the slots of its class, side 1 = its rest slots; to be had = neither in
 *        use nor in a magazine: never cut so far, or given back.
 * I1  A side with slots to be had is in the list of its class, of its part; others are in none.
 * I2  The slots of a side that were given back are a chain: each one's state names the next in the
 *     place of the size (index + 1, 0: the last).
 * I3  An array of states is zero when a span gets it, and is never given to the host: a state can
 *     be read at any time.
 * I4  Every place can be read; only those of spans have states.
 * I5  A span without a slot in use or in a magazine goes back to the pages at once.
 * Locking: the part's lock; the arrays of states have their own, taken inside.   Failure: fewer
 * slots. */
#include <string.h>

#include "base/assert.h"
#include "pool/pool_internal.h"

struct side {
    uint32_t next, prev; /* spans in the list of the class, 0: none */
    uint16_t total;      /* slots */
    uint16_t cut;        /* of them were cut */
    uint16_t given;      /* in the chain */
    uint16_t chain;      /* index + 1 of its first */
};
struct span {
    struct side side[2];
};
static struct span *spans; /* by (address - base) / 64 KiB, as the places */

/* ---- arrays of states, by class of their span ---- */
enum { STOCK = 256 * 1024 };
static pthread_mutex_t states_lock = PTHREAD_MUTEX_INITIALIZER;
static void *free_states[WVM_POOL_CLASSES]; /* the first word of each names the next */
static char *stock, *stock_end;

static size_t states_size(unsigned class)
{
    const struct wvm_pool_class *c = &wvm_pool_map.class[class];
    return wvm_align_up(c->times * sizeof(struct wvm_pool_state), WVM_POOL_CACHE_LINE);
}

static struct wvm_pool_state *states_take(unsigned class)
{
    size_t size = states_size(class);
    void *mem = NULL;
    pthread_mutex_lock(&states_lock);
    if (free_states[class]) {
        mem = free_states[class];
        free_states[class] = *(void **)mem;
        memset(mem, 0, size);
    } else {
        if ((size_t)(stock_end - stock) < size && wvm_host.meta(STOCK, &mem) == 0) {
            stock = mem;
            stock_end = stock + STOCK;
        }
        mem = (size_t)(stock_end - stock) >= size ? stock : NULL;
        stock += mem ? size : 0;
    }
    pthread_mutex_unlock(&states_lock);
    return mem;
}

static void states_give(struct wvm_pool_state *state, unsigned class)
{
    pthread_mutex_lock(&states_lock);
    *(void **)state = free_states[class];
    free_states[class] = state;
    pthread_mutex_unlock(&states_lock);
}

static struct wvm_pool_state *states_of(uint32_t i)
{
    return WVM_POOL_WHERE_STATE(__atomic_load_n(&wvm_pool_map.where[i], __ATOMIC_RELAXED));
}

/* ---- lists ---- */

static void list_put(struct wvm_pool_part *part, unsigned class, uint32_t i, unsigned side)
{
    struct side *s = &spans[i].side[side];
    s->prev = 0;
    s->next = part->partial[class];
    if (s->next)
        spans[s->next].side[wvm_pool_map.place[s->next].class != class].prev = i;
    part->partial[class] = i;
}

static void list_drop(struct wvm_pool_part *part, unsigned class, uint32_t i, unsigned side)
{
    struct side *s = &spans[i].side[side];
    if (s->prev)
        spans[s->prev].side[wvm_pool_map.place[s->prev].class != class].next = s->next;
    else
        part->partial[class] = s->next;
    if (s->next)
        spans[s->next].side[wvm_pool_map.place[s->next].class != class].prev = s->prev;
}

static unsigned to_be_had(const struct side *s)
{
    return (unsigned)(s->total - s->cut) + s->given;
}

/* ---- a span's beginning and end ---- */

static uint32_t span_make(struct wvm_pool_part *part, unsigned class)
{
    const struct wvm_pool_class *c = &wvm_pool_map.class[class];
    struct wvm_pool_state *state = states_take(class);
    bool zero;
    uint32_t page = state ? wvm_pool_run_take(part, WVM_POOL_SPAN_PAGES, WVM_POOL_SPAN_PAGES, &zero)
                          : 0;
    if (!page) {
        if (state)
            states_give(state, class);
        return 0;
    }
    uint32_t i = page / WVM_POOL_SPAN_PAGES;
    uint16_t groups = (uint16_t)(WVM_POOL_SPAN / c->group);
    wvm_pool_page[page].what = WVM_POOL_IN_SPAN;
    spans[i].side[0] = (struct side){.total = (uint16_t)(groups * c->per_group)};
    spans[i].side[1] = (struct side){.total = c->rest ? groups : 0};
    struct wvm_pool_place *place = &wvm_pool_map.place[i];
    place->kind = (uint8_t)part->kind;
    place->class = (uint8_t)class;
    place->rest = c->rest;
    __atomic_store_n(&wvm_pool_map.where[i], WVM_POOL_WHERE(state, c->times), __ATOMIC_RELEASE);
    list_put(part, class, i, 0);
    if (c->rest)
        list_put(part, c->rest, i, 1);
    return i;
}

static void span_end(struct wvm_pool_part *part, uint32_t i)
{
    struct wvm_pool_place *place = &wvm_pool_map.place[i];
    struct wvm_pool_state *state = states_of(i);
    unsigned class = place->class;
    list_drop(part, place->class, i, 0);
    if (place->rest)
        list_drop(part, place->rest, i, 1);
    place->class = 0;
    __atomic_store_n(&wvm_pool_map.where[i], 0, __ATOMIC_RELEASE);
    states_give(state, class);
    wvm_pool_run_give(part, i * WVM_POOL_SPAN_PAGES, WVM_POOL_SPAN_PAGES);
}

/* ---- slots ---- */

/* Offset in the span of the k-th slot of a side. */
static uint32_t offset_of(const struct wvm_pool_class *c, unsigned side, unsigned k)
{
    if (side)
        return k * c->group + c->per_group * c->size;
    return k / c->per_group * c->group + k % c->per_group * c->size;
}

/* A slot that was given back. */
static void chain_take(uint32_t i, struct side *s, struct wvm_pool_slot *out)
{
    out->state = &states_of(i)[s->chain - 1];
    s->chain = (uint16_t)WVM_POOL_USE_SLACK(wvm_pool_use_get(out->state));
    s->given--;
}

static void slot_take(uint32_t i, unsigned side, struct wvm_pool_slot *out)
{
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    struct side *s = &spans[i].side[side];
    uintptr_t start = wvm_pool_map.base + (uintptr_t)i * WVM_POOL_SPAN;
    if (s->given) {
        chain_take(i, s, out);
        out->block = (void *)(start + out->state->start);
        return;
    }
    uint32_t at = offset_of(&wvm_pool_map.class[place->class], side, s->cut++);
    out->state = &states_of(i)[WVM_POOL_WHERE_INDEX(wvm_pool_map.class[place->class].times, at)];
    out->state->start = (uint16_t)at;
    out->state->shelf = (uint8_t)WVM_POOL_SHELF(place->kind, side ? place->rest : place->class);
    out->block = (void *)(start + at);
}

unsigned wvm_pool_slots_take(unsigned kind, unsigned class, struct wvm_pool_slot *slot, unsigned n)
{
    struct wvm_pool_part *part = &wvm_pool_part[kind];
    unsigned got = 0;
    pthread_mutex_lock(&part->lock);
    while (got < n) {
        uint32_t i = part->partial[class];
        if (!i && (got || !(i = span_make(part, class))))
            break;
        unsigned side = wvm_pool_map.place[i].class != class;
        while (got < n && to_be_had(&spans[i].side[side]))
            slot_take(i, side, &slot[got++]);
        if (!to_be_had(&spans[i].side[side]))
            list_drop(part, class, i, side);
    }
    pthread_mutex_unlock(&part->lock);
    for (unsigned a = 0, b = got; a + 1 < b; a++) {
        struct wvm_pool_slot t = slot[a];
        slot[a] = slot[--b];
        slot[b] = t;
    }
    return got;
}

static void slot_give(struct wvm_pool_part *part, const struct wvm_pool_slot *slot)
{
    uint32_t i = wvm_pool_page_of(slot->block) / WVM_POOL_SPAN_PAGES;
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    const struct wvm_pool_class *c = &wvm_pool_map.class[place->class];
    uint32_t at = (uint16_t)(uintptr_t)slot->block;
    unsigned side = at % c->group >= c->per_group * c->size;
    struct side *s = &spans[i].side[side];
    uint32_t row = slot->state->use ? WVM_POOL_USE_ROW(wvm_pool_use_get(slot->state)) : 0;
    wvm_pool_use_set(slot->state, WVM_POOL_USE(row, s->chain) | WVM_POOL_IDLE);
    if (!to_be_had(s))
        list_put(part, side ? place->rest : place->class, i, side);
    s->chain = (uint16_t)(slot->state - states_of(i) + 1);
    s->given++;
    if (to_be_had(&spans[i].side[0]) == spans[i].side[0].total &&
        to_be_had(&spans[i].side[1]) == spans[i].side[1].total)
        span_end(part, i);
}

void wvm_pool_slots_give(struct wvm_pool_part *part, const struct wvm_pool_slot *slot, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        slot_give(part, &slot[k]);
}

bool wvm_pool_slot_at(const void *p, struct wvm_pool_slot *out, uint32_t *size)
{
    uintptr_t at = (uintptr_t)p - wvm_pool_map.base, in = at % WVM_POOL_SPAN;
    const struct wvm_pool_place *place = &wvm_pool_map.place[at / WVM_POOL_SPAN];
    unsigned class = place->class;
    struct wvm_pool_state *state = states_of((uint32_t)(at / WVM_POOL_SPAN));
    if (!class || !state)
        return false;
    const struct wvm_pool_class *c = &wvm_pool_map.class[class];
    uint32_t n = (uint32_t)(in % c->group) / c->size;
    if (n >= c->per_group) {
        if (!c->rest)
            return false;
        n = c->per_group;
    }
    *size = n < c->per_group ? c->size : wvm_pool_map.class[c->rest].size;
    uintptr_t start = in - in % c->group + (uintptr_t)n * c->size;
    out->block = (char *)p - (in - start);
    out->state = &state[WVM_POOL_WHERE_INDEX(c->times, start)];
    return true;
}

/* ---- tables ---- */

bool wvm_pool_spans_grow(uint32_t from, uint32_t to)
{
    return wvm_pool_table_commit(spans, sizeof(*spans), from / WVM_POOL_SPAN_PAGES,
                                 to / WVM_POOL_SPAN_PAGES) == 0;
}

static bool table_reserve(size_t size, void *out)
{
    size_t n = wvm_pool_map.size / WVM_POOL_SPAN;
    return wvm_host.reserve(wvm_align_up(n * size, WVM_GRANULE_SIZE), out) == 0;
}

bool wvm_pool_spans_init(void)
{
    uintptr_t places, wheres, table;
    uint32_t n = (uint32_t)(wvm_pool_map.size / WVM_POOL_SPAN);
    if (!table_reserve(sizeof(*wvm_pool_map.place), &places) ||
        !table_reserve(sizeof(*wvm_pool_map.where), &wheres) ||
        !table_reserve(sizeof(*spans), &table) ||
        wvm_pool_table_commit((void *)places, sizeof(*wvm_pool_map.place), 0, n) ||
        wvm_pool_table_commit((void *)wheres, sizeof(*wvm_pool_map.where), 0, n))
        return false;
    wvm_pool_map.place = (struct wvm_pool_place *)places;
    wvm_pool_map.where = (wvm_word64 *)wheres;
    spans = (struct span *)table;
    return true;
}
