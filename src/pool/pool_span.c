/* Spans: 64 KiB cut into slots.
 *
 * Owns   the places, what is known of each span.
 * Terms  side 0 of a span = the slots of its class, side 1 = its rest slots; to be had = neither in
 *        use nor in a magazine: never cut so far, or given back.
 * I1  A side with slots to be had is in the list of its class, of its part; others are in none.
 * I2  The slots of a side that were given back have their bits set in the span's map, and are taken
 *     again in the order of their addresses: neighbours, and so the states that share a line of
 *     the cache, go to one thread as far as possible.
 * I3  Every place can be read; only those of spans have states.
 * I4  A span without a slot in use or in a magazine is empty. It goes back to the pages at once, or
 *     when the pool is drained if the end of a thread has emptied it: until then a second free of
 *     a block that lay there is told as one.
 * I5  New slots for a thread come from a span of its own, as long as there is memory: no two
 *     threads write to one line of states. Rest slots, whose states lie among the others, come
 *     from its own spans or from nobody's.
 * Locking: the part's lock.   Failure: fewer slots. */
#include "base/assert.h"
#include "pool/pool_internal.h"
#include "pool/pool_states.h"

struct side {
    uint32_t next, prev; /* spans in the list of the class, 0: none */
    uint16_t total;      /* slots */
    uint16_t cut;        /* of them were cut */
    uint16_t given;      /* bits set in its map */
    uint16_t low;        /* words of the map before this one are 0 */
};
struct span {
    struct side side[2];
    const struct wvm_pool_thread *owner; /* takes slots of side 0 from it; NULL: nobody */
};
enum {
    REST_MIN = 16384, /* bytes of rest slots of a class: so many are not left over */
    LOOK = 16,        /* spans that are looked at for one of nobody's */
};
static struct span *spans; /* by (address - base) / 64 KiB, as the places */

static struct wvm_pool_state *states_of(uint32_t i)
{
    return WVM_POOL_WHERE_STATE(__atomic_load_n(&wvm_pool_map.where[i], __ATOMIC_RELAXED));
}

/* Bit k of a side is that of its k-th slot. */
static uint64_t *map_of(uint32_t i, unsigned side)
{
    unsigned class = wvm_pool_map.place[i].class;
    uint64_t *map = (uint64_t *)(void *)((char *)states_of(i) + wvm_pool_map_at(class));
    return side ? map + wvm_pool_map_words(class) : map;
}

/* ---- lists ---- */

static void list_put(struct wvm_pool_part *part, unsigned class, uint32_t i, unsigned side)
{
    struct side *s = &spans[i].side[side];
    s->prev = 0;
    s->next = part->partial[side][class];
    if (s->next)
        spans[s->next].side[side].prev = i;
    part->partial[side][class] = i;
}

static void list_drop(struct wvm_pool_part *part, unsigned class, uint32_t i, unsigned side)
{
    struct side *s = &spans[i].side[side];
    if (s->prev)
        spans[s->prev].side[side].next = s->next;
    else
        part->partial[side][class] = s->next;
    if (s->next)
        spans[s->next].side[side].prev = s->prev;
}

static unsigned to_be_had(const struct side *s)
{
    return (unsigned)(s->total - s->cut) + s->given;
}

/* ---- a span's beginning and end ---- */

static void count_empty(struct wvm_pool_part *part, int more)
{
    __atomic_store_n(&part->n_empty, part->n_empty + (uint32_t)more, __ATOMIC_RELAXED);
}

static bool is_empty(const struct span *s)
{
    return to_be_had(&s->side[0]) == s->side[0].total && to_be_had(&s->side[1]) == s->side[1].total;
}

static uint32_t span_make(struct wvm_pool_part *part, unsigned class)
{
    const struct wvm_pool_class *c = &wvm_pool_map.class[class];
    struct wvm_pool_state *state = wvm_pool_states_take(class);
    bool zero;
    uint32_t page = state ? wvm_pool_run_take(part, WVM_POOL_SPAN_PAGES, WVM_POOL_SPAN_PAGES, &zero)
                          : 0;
    if (!page) {
        if (state)
            wvm_pool_states_give(state, class);
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
    count_empty(part, 1);
    list_put(part, class, i, 0);
    if (c->rest) {
        list_put(part, c->rest, i, 1);
        part->n_rest[c->rest] += groups;
    }
    return i;
}

static void span_end(struct wvm_pool_part *part, uint32_t i)
{
    struct wvm_pool_place *place = &wvm_pool_map.place[i];
    struct wvm_pool_state *state = states_of(i);
    unsigned class = place->class;
    count_empty(part, -1);
    list_drop(part, place->class, i, 0);
    if (place->rest) {
        list_drop(part, place->rest, i, 1);
        part->n_rest[place->rest] -= spans[i].side[1].total;
    }
    place->class = 0;
    spans[i].owner = NULL;
    __atomic_fetch_add(&wvm_pool_map.epoch, 2, __ATOMIC_RELAXED);
    __atomic_store_n(&wvm_pool_map.where[i], 0, __ATOMIC_RELEASE);
    wvm_pool_states_give(state, class);
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

/* The number of the slot of a side that begins at this offset. */
static unsigned number_at(const struct wvm_pool_class *c, unsigned side, uint32_t at)
{
    return side ? at / c->group : at / c->group * c->per_group + at % c->group / c->size;
}

/* The first slot that was given back. */
static unsigned map_take(uint32_t i, unsigned side)
{
    struct side *s = &spans[i].side[side];
    uint64_t *map = map_of(i, side);
    while (!map[s->low])
        s->low++;
    unsigned bit = (unsigned)__builtin_ctzll(map[s->low]);
    map[s->low] &= map[s->low] - 1;
    s->given--;
    return s->low * 64u + bit;
}

static void map_put(uint32_t i, unsigned side, unsigned k)
{
    struct side *s = &spans[i].side[side];
    uint64_t *word = &map_of(i, side)[k / 64], bit = (uint64_t)1 << k % 64;
    WVM_ASSERT(!(*word & bit));
    *word |= bit;
    s->low = (uint16_t)wvm_min(s->low, k / 64);
    s->given++;
}

static void slot_take(uint32_t i, unsigned side, struct wvm_pool_slot *out)
{
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    const struct wvm_pool_class *c = &wvm_pool_map.class[place->class];
    struct side *s = &spans[i].side[side];
    bool again = s->given != 0;
    uint32_t at = offset_of(c, side, again ? map_take(i, side) : s->cut++);
    out->state = &states_of(i)[WVM_POOL_WHERE_INDEX(c->times, at)];
    out->block = (void *)(wvm_pool_map.base + (uintptr_t)i * WVM_POOL_SPAN + at);
    if (!again)
        out->state->start = (uint16_t)at;
}

/* ---- which span ---- */

static bool is_own(const struct wvm_pool_thread *th, unsigned shelf, uint32_t i)
{
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    return spans[i].owner == th && WVM_POOL_SHELF(place->kind, place->class) == shelf;
}

/* A span with slots to be had that is nobody's, or th's; 0: none is found. */
static uint32_t span_free(const struct wvm_pool_part *part, unsigned class, unsigned side,
                          const struct wvm_pool_thread *th)
{
    uint32_t i = part->partial[side][class];
    for (unsigned looked = 0; i && spans[i].owner && spans[i].owner != th;
         i = spans[i].side[side].next)
        if (++looked == LOOK)
            return 0;
    return i;
}

/* The thread's own span, or the one that it takes now; 0: none. */
static uint32_t span_own(struct wvm_pool_thread *th, struct wvm_pool_part *part, unsigned class)
{
    unsigned shelf = WVM_POOL_SHELF(part->kind, class);
    uint32_t i = th->span[shelf];
    if (i && is_own(th, shelf, i) && to_be_had(&spans[i].side[0]))
        return i;
    wvm_pool_span_leave(th, shelf);
    i = span_free(part, class, 0, th);
    if (!i)
        i = span_make(part, class);
    if (i) {
        spans[i].owner = th;
        th->span[shelf] = i;
    }
    return i;
}

void wvm_pool_span_leave(struct wvm_pool_thread *th, unsigned shelf)
{
    uint32_t i = th->span[shelf];
    if (i && is_own(th, shelf, i))
        spans[i].owner = NULL;
    th->span[shelf] = 0;
}

/* The span to take slots of a class from, and their side; 0: none. */
static uint32_t span_for(struct wvm_pool_thread *th, struct wvm_pool_part *part, unsigned class,
                         unsigned *side)
{
    *side = 1;
    size_t rest = part->n_rest[class] * (size_t)wvm_pool_map.class[class].size;
    uint32_t i = rest >= REST_MIN ? span_free(part, class, 1, th) : 0;
    if (i)
        return i;
    *side = 0;
    i = span_own(th, part, class);
    if (!i)
        i = part->partial[0][class];
    if (!i)
        i = part->partial[*side = 1][class];
    return i;
}

static unsigned span_take(struct wvm_pool_part *part, uint32_t i, unsigned side,
                          struct wvm_pool_slot *slot, unsigned n)
{
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    struct side *s = &spans[i].side[side];
    unsigned class = side ? place->rest : place->class, got = 0;
    count_empty(part, -(int)is_empty(&spans[i]));
    while (got < n && to_be_had(s))
        slot_take(i, side, &slot[got++]);
    if (side)
        part->n_rest[class] -= got;
    if (!to_be_had(s))
        list_drop(part, class, i, side);
    return got;
}

unsigned wvm_pool_slots_take(struct wvm_pool_thread *th, unsigned shelf,
                             struct wvm_pool_slot *slot, unsigned n)
{
    struct wvm_pool_part *part = &wvm_pool_part[WVM_POOL_SHELF_KIND(shelf)];
    unsigned got = 0, side;
    pthread_mutex_lock(&part->lock);
    while (got <= n / 2) {
        uint32_t i = span_for(th, part, WVM_POOL_SHELF_CLASS(shelf), &side);
        if (!i)
            break;
        got += span_take(part, i, side, slot + got, n - got);
    }
    pthread_mutex_unlock(&part->lock);
    for (unsigned a = 0, b = got; a + 1 < b; a++) {
        struct wvm_pool_slot t = slot[a];
        slot[a] = slot[--b];
        slot[b] = t;
    }
    return got;
}

/* True: the span is empty now. */
static bool slot_give(struct wvm_pool_part *part, const struct wvm_pool_slot *slot)
{
    uint32_t i = wvm_pool_page_of(slot->block) / WVM_POOL_SPAN_PAGES;
    const struct wvm_pool_place *place = &wvm_pool_map.place[i];
    const struct wvm_pool_class *c = &wvm_pool_map.class[place->class];
    uint32_t at = (uint16_t)(uintptr_t)slot->block;
    unsigned side = at % c->group >= c->per_group * c->size;
    struct side *s = &spans[i].side[side];
    if (!to_be_had(s))
        list_put(part, side ? place->rest : place->class, i, side);
    map_put(i, side, number_at(c, side, at));
    if (side)
        part->n_rest[place->rest]++;
    count_empty(part, is_empty(&spans[i]));
    return is_empty(&spans[i]);
}

void wvm_pool_slots_give(struct wvm_pool_part *part, const struct wvm_pool_slot *slot, unsigned n,
                         bool keep)
{
    for (unsigned k = 0; k < n; k++)
        if (slot_give(part, &slot[k]) && !keep)
            span_end(part, wvm_pool_page_of(slot[k].block) / WVM_POOL_SPAN_PAGES);
}

void wvm_pool_spans_drain(struct wvm_pool_part *part)
{
    for (unsigned class = 1; class < WVM_POOL_CLASSES; class++)
        for (uint32_t next, i = part->partial[0][class]; i && part->n_empty; i = next) {
            next = spans[i].side[0].next;
            if (is_empty(&spans[i]))
                span_end(part, i);
        }
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
