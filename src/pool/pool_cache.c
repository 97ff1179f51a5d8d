/* Magazines: the slots that threads have ready, and how they change hands.
 *
 * Terms   magazine = an array of slots, aligned to its own size, whose first is its head: a slot
 *         without a block, at which an empty magazine's top stands; depot = a stack of magazines of
 *         one kind and class, of all threads; a stack is a word: number of the first magazine and a
 *         count of changes, so that none is mistaken for what it was before.
 * I1  Magazines are type-stable: the next number of one can be read while others take it.
 * I2  A magazine belongs to one thread or one stack; the depots hold no empty ones.
 * I3  Before spans are cut for a class the depots and empty spans of its kind hold at most an
 *     eighth of what the host has given, and DEPOT_MIN.
 * I4  Threads exchange magazines without a lock; only slots that no depot has are cut out of spans,
 *     under the part's lock.
 * Locking: none, but a new block of magazines has a lock of its own.   Failure: nothing changed.
 * Signal safety: none; a thread is in here once (wvm_pool_enter). */
#include "pool/pool_internal.h"

enum {
    MAGAZINE = WVM_POOL_SLOTS * (int)sizeof(struct wvm_pool_slot),
    BLOCK = 65536,            /* bytes of magazines made at once */
    FEWEST = 4096,            /* magazines there is room for */
    MOST = 1 << 20,
    DEPOT_MIN = 1 << 20,      /* bytes that depots and empty spans of a kind may always hold */
};
/* The head of a magazine: a slot without a block, unproven. */
union head {
    struct wvm_pool_slot slot;
    struct {
        void *none;
        uint32_t next; /* (a) number of a magazine << 1 | WVM_POOL_UNPROVEN; number 0: the last */
    };
};
_Static_assert(sizeof(union head) == sizeof(struct wvm_pool_slot), "a head is a slot");

static wvm_word64 depot[WVM_POOL_SHELVES];        /* (a) */
static wvm_word64 empties;                        /* (a) */
static wvm_word64 depot_bytes[WVM_POOL_KINDS];    /* (a) */
static char *region;
static pthread_mutex_t region_lock = PTHREAD_MUTEX_INITIALIZER;
static size_t region_size, region_used;
/* How many slots a magazine holds, while it is in a stack. */
static uint8_t *count_of;

/* What a cache without a magazine stands at. */
static struct wvm_pool_slot nothing = {.state = (struct wvm_pool_state *)WVM_POOL_UNPROVEN};

/* ---- stacks ---- */

static union head *magazine(uint32_t number)
{
    return (union head *)(region + (size_t)(number - 1) * (size_t)MAGAZINE);
}

static uint32_t number_of(const union head *m)
{
    return (uint32_t)(((const char *)m - region) / MAGAZINE) + 1;
}

static union head *head_of(const struct wvm_pool_slot *top)
{
    return (union head *)((uintptr_t)top & ~((uintptr_t)MAGAZINE - 1));
}

static void stack_push(wvm_word64 *stack, union head *m)
{
    uint64_t old = __atomic_load_n(stack, __ATOMIC_RELAXED), new;
    do {
        __atomic_store_n(&m->next, (uint32_t)old << 1 | WVM_POOL_UNPROVEN, __ATOMIC_RELAXED);
        new = ((old >> 32) + 1) << 32 | number_of(m);
    } while (!__atomic_compare_exchange_n(stack, &old, new, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
}

static union head *stack_pop(wvm_word64 *stack)
{
    uint64_t old = __atomic_load_n(stack, __ATOMIC_ACQUIRE), new;
    do {
        if (!(uint32_t)old)
            return NULL;
        uint32_t next = __atomic_load_n(&magazine((uint32_t)old)->next, __ATOMIC_RELAXED);
        new = ((old >> 32) + 1) << 32 | next >> 1;
    } while (!__atomic_compare_exchange_n(stack, &old, new, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_ACQUIRE));
    return magazine((uint32_t)old);
}

static uint64_t bytes_of(unsigned shelf, unsigned n)
{
    return (uint64_t)n * wvm_pool_map.class[WVM_POOL_SHELF_CLASS(shelf)].size;
}

static void depot_push(unsigned shelf, union head *m, unsigned n)
{
    count_of[number_of(m) - 1] = (uint8_t)n;
    __atomic_fetch_add(&depot_bytes[WVM_POOL_SHELF_KIND(shelf)], bytes_of(shelf, n),
                       __ATOMIC_RELAXED);
    stack_push(&depot[shelf], m);
}

/* *n: how many slots it holds. */
static union head *depot_pop(unsigned shelf, unsigned *n)
{
    union head *m = stack_pop(&depot[shelf]);
    if (!m)
        return NULL;
    *n = count_of[number_of(m) - 1];
    __atomic_fetch_sub(&depot_bytes[WVM_POOL_SHELF_KIND(shelf)], bytes_of(shelf, *n),
                       __ATOMIC_RELAXED);
    return m;
}

/* One more block of magazines; all but one are put into the stack of empty ones. */
static union head *more_magazines(void)
{
    pthread_mutex_lock(&region_lock);
    size_t at = region_used;
    if (at + BLOCK > region_size ||
        wvm_host.protect((uintptr_t)region + at, BLOCK, WVM_HOST_R | WVM_HOST_W)) {
        pthread_mutex_unlock(&region_lock);
        return NULL;
    }
    region_used += BLOCK;
    pthread_mutex_unlock(&region_lock);
    for (size_t i = 1; i < BLOCK / MAGAZINE; i++)
        stack_push(&empties, (union head *)(region + at + i * MAGAZINE));
    union head *first = (union head *)(region + at);
    first->next = WVM_POOL_UNPROVEN;
    return first;
}

static union head *empty_magazine(void)
{
    union head *m = stack_pop(&empties);
    return m ? m : more_magazines();
}

/* ---- a thread's caches ---- */

static unsigned held(const struct wvm_pool_slot *top)
{
    return (unsigned)(top - &head_of(top)->slot);
}

static unsigned limit_of(unsigned shelf)
{
    return wvm_pool_map.class[WVM_POOL_SHELF_CLASS(shelf)].limit;
}

static bool has_magazine(struct wvm_pool_thread *th, unsigned shelf)
{
    return wvm_pool_cache_of(th, shelf)->top != &nothing;
}

/* The cache stands at m, which holds n slots. */
static void load(struct wvm_pool_thread *th, unsigned shelf, union head *m, unsigned n)
{
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    cache->top = &m->slot + n;
    cache->full = &m->slot + limit_of(shelf);
}

static void swap_spare(struct wvm_pool_thread *th, unsigned shelf)
{
    struct wvm_pool_slot *other = th->spare[shelf];
    th->spare[shelf] = wvm_pool_cache_of(th, shelf)->top;
    load(th, shelf, head_of(other), held(other));
}

/* Slots cut out of spans, into the empty magazine of the cache. */
static bool cut_slots(struct wvm_pool_thread *th, unsigned shelf)
{
    unsigned kind = WVM_POOL_SHELF_KIND(shelf), want = limit_of(shelf);
    if (wvm_pool_depot_bytes(kind) > DEPOT_MIN + wvm_pool_held_bytes(kind) / 8)
        wvm_pool_depots_drain(kind);
    struct wvm_pool_slot **top = &wvm_pool_cache_of(th, shelf)->top;
    unsigned got = wvm_pool_slots_take(th, shelf, *top + 1, want);
    if (!got) {
        wvm_pool_depots_drain(kind);
        got = wvm_pool_slots_take(th, shelf, *top + 1, want);
    }
    *top += got;
    return got != 0;
}

/* A proven slot is on top. False: none is left. What is found wrong is out of use for good. */
static bool prove_top(struct wvm_pool_thread *th, unsigned shelf)
{
    for (struct wvm_pool_slot **top = &wvm_pool_cache_of(th, shelf)->top; (*top)->block; --*top)
        if (!wvm_pool_is_unproven(*top) || wvm_pool_prove(*top, &th->found)) {
            (*top)->state = wvm_pool_slot_state(*top);
            return true;
        }
    return false;
}

/* Is one of the slots of the magazine unproven? Those above its top, whatever they were, count. */
static bool has_unproven(const union head *m)
{
    uintptr_t any = 0;
    for (unsigned i = 1; i < WVM_POOL_SLOTS; i++)
        any |= (uintptr_t)(&m->slot)[i].state;
    return any & WVM_POOL_UNPROVEN;
}

/* The top of the magazine at top, all of whose slots are proven. */
static struct wvm_pool_slot *prove_all(struct wvm_pool_thread *th, struct wvm_pool_slot *top)
{
    if (!__atomic_load_n(&wvm_pool_map.was_late, __ATOMIC_RELAXED) || !has_unproven(head_of(top)))
        return top;
    for (struct wvm_pool_slot *s = &head_of(top)->slot + 1; s <= top;)
        if (!wvm_pool_is_unproven(s) || wvm_pool_prove(s, &th->found)) {
            s->state = wvm_pool_slot_state(s);
            s++;
        } else {
            *s = *top--;
        }
    return top;
}

/* A magazine leaves the thread. */
static void unload(struct wvm_pool_thread *th, struct wvm_pool_slot *top, unsigned shelf)
{
    top = prove_all(th, top);
    if (held(top))
        depot_push(shelf, head_of(top), held(top));
    else
        stack_push(&empties, head_of(top));
}

bool wvm_pool_cache_fill(struct wvm_pool_thread *th, unsigned shelf)
{
    struct wvm_pool_slot **spare = &th->spare[shelf];
    unsigned n;
    if (prove_top(th, shelf))
        return true;
    if (*spare && held(*spare)) {
        swap_spare(th, shelf);
        return wvm_pool_cache_fill(th, shelf);
    }
    union head *m = depot_pop(shelf, &n);
    if (m) {
        if (has_magazine(th, shelf) && *spare)
            stack_push(&empties, head_of(wvm_pool_cache_of(th, shelf)->top));
        else if (has_magazine(th, shelf))
            *spare = wvm_pool_cache_of(th, shelf)->top;
        load(th, shelf, m, n);
        return true;
    }
    if (!has_magazine(th, shelf)) {
        if (!(m = empty_magazine()))
            return false;
        load(th, shelf, m, 0);
    }
    return cut_slots(th, shelf);
}

bool wvm_pool_cache_room(struct wvm_pool_thread *th, unsigned shelf)
{
    struct wvm_pool_slot **spare = &th->spare[shelf];
    union head *m;
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    if (cache->top != cache->full)
        return true;
    if (*spare && held(*spare) < limit_of(shelf)) {
        swap_spare(th, shelf);
        return true;
    }
    if (!(m = empty_magazine()))
        return false;
    if (*spare)
        unload(th, *spare, shelf);
    if (has_magazine(th, shelf))
        *spare = cache->top;
    load(th, shelf, m, 0);
    return true;
}

static void clear(struct wvm_pool_thread *th, unsigned shelf)
{
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    cache->top = cache->full = &nothing;
    th->spare[shelf] = NULL;
}

/* A magazine's slots go back to their spans. */
static void give_back(struct wvm_pool_thread *th, struct wvm_pool_slot *top, unsigned shelf)
{
    struct wvm_pool_part *part = &wvm_pool_part[WVM_POOL_SHELF_KIND(shelf)];
    top = prove_all(th, top);
    union head *m = head_of(top);
    pthread_mutex_lock(&part->lock);
    wvm_pool_slots_give(part, &m->slot + 1, held(top), true);
    pthread_mutex_unlock(&part->lock);
    stack_push(&empties, m);
}

static void leave_span(struct wvm_pool_thread *th, unsigned shelf)
{
    struct wvm_pool_part *part = &wvm_pool_part[WVM_POOL_SHELF_KIND(shelf)];
    if (!th->span[shelf])
        return;
    pthread_mutex_lock(&part->lock);
    wvm_pool_span_leave(th, shelf);
    pthread_mutex_unlock(&part->lock);
}

void wvm_pool_cache_flush(struct wvm_pool_thread *th)
{
    wvm_pool_hands_flush(th);
    for (unsigned shelf = 0; shelf < WVM_POOL_SHELVES; shelf++) {
        if (has_magazine(th, shelf))
            give_back(th, wvm_pool_cache_of(th, shelf)->top, shelf);
        if (th->spare[shelf])
            give_back(th, th->spare[shelf], shelf);
        clear(th, shelf);
        leave_span(th, shelf);
    }
}

void wvm_pool_cache_init(struct wvm_pool_thread *th)
{
    for (unsigned shelf = 0; shelf < WVM_POOL_SHELVES; shelf++) {
        unsigned class = WVM_POOL_SHELF_CLASS(shelf);
        struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
        cache->room = wvm_pool_is_shelf(shelf) ? wvm_pool_map.class[class].size : 0;
        cache->count = WVM_POOL_COUNT(cache->room);
        clear(th, shelf);
    }
    __builtin_memcpy(th->class_of, wvm_pool_map.class_of, sizeof(th->class_of));
}

/* ---- draining ---- */

void wvm_pool_depots_drain(unsigned kind)
{
    struct wvm_pool_part *part = &wvm_pool_part[kind];
    for (unsigned class = 1; class < WVM_POOL_CLASSES; class++) {
        union head *m;
        unsigned n;
        while ((m = depot_pop(WVM_POOL_SHELF(kind, class), &n)) != NULL) {
            pthread_mutex_lock(&part->lock);
            wvm_pool_slots_give(part, &m->slot + 1, n, false);
            pthread_mutex_unlock(&part->lock);
            stack_push(&empties, m);
        }
    }
    pthread_mutex_lock(&part->lock);
    wvm_pool_spans_drain(part);
    pthread_mutex_unlock(&part->lock);
}

size_t wvm_pool_depot_bytes(unsigned kind)
{
    size_t empty = __atomic_load_n(&wvm_pool_part[kind].n_empty, __ATOMIC_RELAXED);
    return __atomic_load_n(&depot_bytes[kind], __ATOMIC_RELAXED) + empty * WVM_POOL_SPAN;
}

bool wvm_pool_depots_init(void)
{
    uintptr_t at;
    void *mem;
    size_t n = wvm_max(wvm_min(wvm_pool_map.size / 4096, MOST), FEWEST);
    if (wvm_host.reserve(n * MAGAZINE, &at) || wvm_host.meta(n, &mem))
        return false;
    region_size = n * MAGAZINE;
    region = (char *)at;
    count_of = mem;
    return true;
}
