/* The long way: every allocation and free that pool_fast.h leaves, and what is done rarely.
 *
 * Terms   observer = somebody who sees every call (pool.h); while there is one, all calls come
 *         here; lane = what the calls for one tag and shelf need; a thread has one.
 * I1  A call is inside (wvm_pool_enter) for as long as it changes anything; observers are called
 *     inside, with no lock held.
 * I2  A failing call has changed nothing.
 * Locking: the part's lock for whole pages.   Signal safety: a call that interrupts another one of
 * the same thread is refused. */
#include <string.h>

#include "base/assert.h"
#include "pool/pool_fast.h"

enum { OBSERVERS = 8, CLEAR_BY_HOST = 256 * 1024 };

void (*wvm_pool_found)(const struct wvm_pool_finding *f);
static const struct wvm_pool_observer *observers[OBSERVERS];
static unsigned n_observers; /* (a) */
static bool prove_at_once;   /* (a) no free leaves a look at the slack for later */

#define FOR_OBSERVERS(o)                                                                           \
    for (unsigned i_ = 0; i_ < __atomic_load_n(&n_observers, __ATOMIC_ACQUIRE); i_++)              \
        for (const struct wvm_pool_observer *o = observers[i_]; o; o = NULL)

/* ---- counters ---- */

static void count_alloc(struct wvm_pool_thread *th, unsigned row, size_t room)
{
    wvm_pool_add(&th->tally[row].allocs, 1);
    wvm_pool_add(&th->tally[row].taken, room);
}

static void count_free(struct wvm_pool_thread *th, unsigned row, size_t room)
{
    wvm_pool_add(&th->tally[row].frees, 1);
    wvm_pool_add(&th->tally[row].given, room);
}

/* The thread's lane is that of the tag, whose row this is, and the shelf from now on. */
static struct wvm_pool_lane *lane_make(struct wvm_pool_thread *th, uint32_t tag, unsigned row,
                                       unsigned shelf)
{
    const struct wvm_pool_class *c = &wvm_pool_map.class[WVM_POOL_SHELF_CLASS(shelf)];
    struct wvm_pool_lane *lane = &th->lane;
    lane->tag = tag;
    lane->id = shelf << 16;
    lane->live = (row | WVM_POOL_LIVE) ^ wvm_pool_map.cookie;
    lane->type = wvm_pool_type_of(WVM_POOL_SHELF_KIND(shelf));
    lane->room = c->size;
    lane->slack = c->slack;
    lane->cache = &th->cache[shelf];
    lane->tally = &th->tally[row];
    return lane;
}

static struct wvm_pool_lane *lane_of(struct wvm_pool_thread *th, uint32_t tag, unsigned shelf)
{
    return lane_make(th, tag, wvm_pool_row_number(tag, WVM_POOL_SHELF_KIND(shelf)), shelf);
}

/* NULL: the tag was never used in this kind, or has no row of its own. */
static inline struct wvm_pool_lane *lane_of_known(struct wvm_pool_thread *th, uint32_t tag,
                                                  unsigned shelf)
{
    unsigned kind = WVM_POOL_SHELF_KIND(shelf);
    struct wvm_pool_way *way = &th->way[kind][tag * 0x9e3779b1u >> 24];
    if (WVM_UNLIKELY(way->tag != tag || !way->row)) {
        unsigned row = wvm_pool_row_known(tag, kind);
        if (!row)
            return NULL;
        *way = (struct wvm_pool_way){tag, row};
    }
    return lane_make(th, tag, way->row, shelf);
}
_Static_assert(WVM_POOL_WAYS == 1 << 8, "the hash of a tag has eight bits");

void wvm_pool_count(uint32_t tag, bool paged, bool free, size_t room)
{
    struct wvm_pool_thread *th = wvm_pool_me();
    unsigned row = wvm_pool_row_number(tag, paged ? WVM_POOL_PAGED : WVM_POOL_NX);
    if (th && free)
        count_free(th, row, room);
    else if (th)
        count_alloc(th, row, room);
}

/* ---- the second way ---- */

/* A proven slot is on top of the lane's cache. False: there is none to be had, or what is on top is
 * wrong. */
static inline bool top_ready(struct wvm_pool_thread *th, struct wvm_pool_lane *lane)
{
    struct wvm_pool_slot *slot = lane->cache->top;
    if (!wvm_pool_is_unproven(slot))
        return true;
    if (!slot->block)
        return wvm_pool_cache_fill(th, lane->id >> 16);
    slot->state = wvm_pool_slot_state(slot);
    uint32_t size = WVM_POOL_USE_SIZE(wvm_pool_use_get(slot->state));
    if (WVM_LIKELY(wvm_pool_canary_ok(slot->block, size, lane->room - size)))
        return true;
    slot->state = (struct wvm_pool_state *)((uintptr_t)slot->state | WVM_POOL_UNPROVEN);
    return wvm_pool_cache_fill(th, lane->id >> 16);
}

void *wvm_pool_second_alloc(unsigned kind, size_t size, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    unsigned shelf = WVM_POOL_SHELF(kind, wvm_pool_class_for(size));
    struct wvm_pool_lane *last = wvm_pool_fast_enter(th);
    void *block = NULL;
    if (last != &wvm_pool_inside && !wvm_pool_fast_stop(th) && WVM_POOL_SHELF_CLASS(shelf)) {
        struct wvm_pool_lane *lane = lane_of_known(th, tag, shelf);
        if (lane && top_ready(th, lane))
            block = wvm_pool_lane_alloc(lane, size, lane->room - size);
    }
    wvm_pool_fast_leave(th, last);
    if (WVM_UNLIKELY(th->found.code && last != &wvm_pool_inside))
        wvm_pool_tell_found(th);
    return block;
}

/* As wvm_pool_lane_free, but the slack is only fetched, to be looked at later: it is likely to be
 * far away, and who waits for it here waits long. */
static bool free_unproven(struct wvm_pool_lane *lane, void *p, struct wvm_pool_state *state)
{
    uint32_t use = __atomic_load_n(&state->use, __ATOMIC_RELAXED), size = use ^ lane->live;
    struct wvm_pool_slot *top = lane->cache->top;
    if ((uint16_t)size)
        return false;
    __builtin_prefetch((char *)p + (size >> 16));
    __builtin_prefetch(p, 1);
    __atomic_store_n(&state->use, use ^ WVM_POOL_LIVE, __ATOMIC_RELAXED);
    top[1].block = p;
    top[1].state = (struct wvm_pool_state *)((uintptr_t)state | WVM_POOL_UNPROVEN);
    lane->cache->top = top + 1;
    wvm_pool_add(&lane->tally->frees, 1);
    wvm_pool_add(&lane->tally->given, lane->room);
    return true;
}

void wvm_pool_prove_at_once(bool on)
{
    __atomic_store_n(&prove_at_once, on, __ATOMIC_RELAXED);
}

/* The id of a shelf: no start, no flag. */
static inline bool is_shelf(uint32_t id)
{
    return !(id & 0xff00ffff) && wvm_pool_is_shelf(id >> 16);
}

bool wvm_pool_second_free(void *p, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    struct wvm_pool_state *state = wvm_pool_state_of(p);
    struct wvm_pool_lane *last = wvm_pool_fast_enter(th);
    bool done = false;
    if (state && last != &wvm_pool_inside && !wvm_pool_fast_stop(th)) {
        uint32_t id = __atomic_load_n(&state->id, __ATOMIC_RELAXED) ^ (uint16_t)(uintptr_t)p;
        struct wvm_pool_lane *lane = is_shelf(id) ? lane_of_known(th, tag, id >> 16) : NULL;
        if (lane &&
            (lane->cache->top != lane->cache->full || wvm_pool_cache_room(th, id >> 16))) {
            bool now = th->proofs || __atomic_load_n(&prove_at_once, __ATOMIC_RELAXED);
            done = now ? wvm_pool_lane_free(lane, p, state) : free_unproven(lane, p, state);
            th->proofs -= th->proofs != 0;
        }
    }
    wvm_pool_fast_leave(th, last);
    if (WVM_UNLIKELY(th->found.code && last != &wvm_pool_inside))
        wvm_pool_tell_found(th);
    return done;
}

/* ---- allocation ---- */

static void *alloc_slot(struct wvm_pool_thread *th, const struct wvm_pool_request *rq,
                        unsigned class)
{
    unsigned shelf = WVM_POOL_SHELF(rq->kind, class);
    if (!wvm_pool_cache_fill(th, shelf))
        return NULL;
    struct wvm_pool_lane *lane = lane_of(th, rq->tag, shelf);
    lane->cache->top->state->flags = rq->flags & WVM_POOL_CHARGED ? WVM_POOL_STATE_CHARGED : 0;
    return wvm_pool_lane_alloc(lane, rq->size, lane->room - rq->size);
}

static uint32_t take_pages(struct wvm_pool_part *part, uint32_t n, bool *zero)
{
    pthread_mutex_lock(&part->lock);
    uint32_t page = wvm_pool_run_take(part, n, 1, zero);
    pthread_mutex_unlock(&part->lock);
    if (page || wvm_pool_depot_bytes(part->kind) == 0)
        return page;
    wvm_pool_depots_drain(part->kind);
    pthread_mutex_lock(&part->lock);
    page = wvm_pool_run_take(part, n, 1, zero);
    pthread_mutex_unlock(&part->lock);
    return page;
}

/* *zero: the contents are. */
static void *alloc_big(struct wvm_pool_thread *th, const struct wvm_pool_request *rq, bool *zero)
{
    struct wvm_pool_part *part = &wvm_pool_part[rq->kind];
    size_t pages = (rq->size - 1) / WVM_POOL_PAGE + 1, room = pages * WVM_POOL_PAGE;
    if (pages > part->end - part->first)
        return NULL;
    uint32_t page = take_pages(part, (uint32_t)pages, zero);
    if (!page)
        return NULL;
    unsigned row = wvm_pool_row_number(rq->tag, rq->kind);
    void *block = wvm_pool_page_start(page);
    wvm_pool_canary_put(block, rq->size, room - rq->size);
    pthread_mutex_lock(&part->lock);
    wvm_pool_page[page].row = (uint16_t)row;
    wvm_pool_page[page].size = rq->size;
    wvm_pool_page[page].flags = rq->flags & WVM_POOL_CHARGED;
    wvm_pool_page[page].what = WVM_POOL_BIG;
    pthread_mutex_unlock(&part->lock);
    count_alloc(th, row, room);
    return block;
}

/* The class for a request; 0: whole pages of its own. */
static unsigned class_for(const struct wvm_pool_request *rq)
{
    if ((rq->flags & WVM_POOL_CACHE_ALIGNED) && rq->size <= WVM_POOL_SMALL_MAX)
        return wvm_pool_map.class_of_line[(rq->size + WVM_POOL_CACHE_LINE - 1) /
                                          WVM_POOL_CACHE_LINE];
    return wvm_pool_class_for(rq->size);
}

/* Large pageable memory is zeroed by the host, when it is touched. */
static void clear(const struct wvm_pool_request *rq, void *block)
{
    size_t whole = wvm_align_down(rq->size, WVM_POOL_PAGE);
    if (rq->kind == WVM_POOL_PAGED && whole >= CLEAR_BY_HOST &&
        wvm_host.drop((uintptr_t)block, whole) == 0)
        memset((char *)block + whole, 0, rq->size - whole);
    else
        memset(block, 0, rq->size);
}

static void *alloc_inside(struct wvm_pool_thread *th, const struct wvm_pool_request *rq)
{
    bool zero = false;
    void *block = NULL;
    FOR_OBSERVERS(o)
        if (o->refuse && o->refuse(rq))
            return NULL;
    FOR_OBSERVERS(o)
        if (!block && o->serve)
            block = o->serve(rq);
    if (!block) {
        unsigned class = class_for(rq);
        block = class ? alloc_slot(th, rq, class) : alloc_big(th, rq, &zero);
    }
    if (!block)
        return NULL;
    if ((rq->flags & WVM_POOL_ZERO) && !zero)
        clear(rq, block);
    if (__atomic_load_n(&n_observers, __ATOMIC_ACQUIRE)) {
        struct wvm_pool_block b;
        bool known = wvm_pool_find(block, &b);
        FOR_OBSERVERS(o)
            if (known && o->allocated)
                o->allocated(&b, rq);
    }
    return block;
}

/* The memory of a fork child is locked again. The registry is taken outside: who holds it may wait
 * for this thread to leave. */
static void relock(struct wvm_pool_thread *th)
{
    wvm_pool_leave(th);
    wvm_pool_go_all(WVM_POOL_STOP_RELOCK);
    (void)wvm_pool_enter(th);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        pthread_mutex_lock(&wvm_pool_part[kind].lock);
        wvm_pool_pages_relock(&wvm_pool_part[kind]);
        pthread_mutex_unlock(&wvm_pool_part[kind].lock);
    }
}

/* What the thread was told to do when it comes in. */
static void catch_up(struct wvm_pool_thread *th)
{
    unsigned stop = __atomic_load_n(&th->stop, __ATOMIC_ACQUIRE);
    if (stop & WVM_POOL_STOP_FLUSH) {
        __atomic_fetch_and(&th->stop, ~(unsigned)WVM_POOL_STOP_FLUSH, __ATOMIC_RELEASE);
        wvm_pool_cache_flush(th);
    }
    if (WVM_UNLIKELY(stop & WVM_POOL_STOP_RELOCK))
        relock(th);
}

void *wvm_pool_alloc(const struct wvm_pool_request *rq)
{
    struct wvm_pool_thread *th = wvm_pool_me();
    if (!th || !wvm_pool_enter(th))
        return NULL;
    catch_up(th);
    struct wvm_pool_request sized = *rq;
    sized.size += sized.size == 0;
    void *block = sized.size <= SIZE_MAX - WVM_POOL_PAGE ? alloc_inside(th, &sized) : NULL;
    wvm_pool_leave(th);
    wvm_pool_tell_found(th);
    return block;
}

/* ---- free ---- */

void wvm_pool_tell_freeing(const struct wvm_pool_block *b, const void *caller)
{
    FOR_OBSERVERS(o)
        if (o->freeing)
            o->freeing(b, caller);
}

void wvm_pool_describe(const void *p, struct wvm_buf *out)
{
    FOR_OBSERVERS(o)
        if (o->describe)
            o->describe(p, out);
}

static void free_slot(struct wvm_pool_thread *th, const struct wvm_pool_where *w)
{
    unsigned kind = w->block.kind, shelf = w->slot.state->shelf;
    struct wvm_pool_lane *lane = lane_of(th, w->block.tag, shelf);
    count_free(th, w->row, lane->room);
    w->slot.state->flags = 0;
    wvm_pool_use_set(w->slot.state, w->row);
    if (wvm_pool_cache_room(th, shelf)) {
        *++lane->cache->top = w->slot;
        return;
    }
    pthread_mutex_lock(&wvm_pool_part[kind].lock);
    wvm_pool_slots_give(&wvm_pool_part[kind], &w->slot, 1);
    pthread_mutex_unlock(&wvm_pool_part[kind].lock);
}

/* False: it is no longer the block that was judged, as another thread has freed it meanwhile. */
static bool free_big(struct wvm_pool_thread *th, const struct wvm_pool_where *w)
{
    struct wvm_pool_part *part = &wvm_pool_part[w->block.kind];
    const struct wvm_pool_page *run = &wvm_pool_page[w->page];
    pthread_mutex_lock(&part->lock);
    bool same = wvm_pool_run_first(part, w->page) == w->page && run->what == WVM_POOL_BIG &&
                run->row == w->row && run->size == w->block.size;
    if (same)
        wvm_pool_run_give(part, w->page, run->run);
    pthread_mutex_unlock(&part->lock);
    if (same)
        count_free(th, w->row, w->block.room);
    return same;
}

static bool free_inside(struct wvm_pool_thread *th, const struct wvm_pool_free_request *rq,
                        struct wvm_pool_finding *f)
{
    struct wvm_pool_where w;
    *f = (struct wvm_pool_finding){0};
    FOR_OBSERVERS(o)
        if (o->free) {
            if (o->free(rq->block, rq->tag, rq->any_tag, rq->caller, f))
                return true;
            if (f->code)
                return false;
        }
    do {
        if (!wvm_pool_judge(rq->block, rq->tag, rq->any_tag, &w, f))
            return false;
        wvm_pool_tell_freeing(&w.block, rq->caller);
    } while (!w.slot.state && !free_big(th, &w));
    if (w.slot.state)
        free_slot(th, &w);
    return true;
}

bool wvm_pool_free(void *p, uint32_t tag, bool any_tag, const void *caller,
                   struct wvm_pool_finding *f)
{
    struct wvm_pool_thread *th = wvm_pool_me();
    struct wvm_pool_free_request rq = {p, tag, any_tag, caller};
    *f = (struct wvm_pool_finding){0};
    if (!th || !wvm_pool_enter(th))
        return false;
    catch_up(th);
    bool done = free_inside(th, &rq, f);
    wvm_pool_leave(th);
    wvm_pool_tell_found(th);
    return done;
}

void wvm_pool_tell_found(struct wvm_pool_thread *th)
{
    struct wvm_pool_finding f = th->found;
    if (WVM_LIKELY(!f.code))
        return;
    th->found.code = 0;
    if (wvm_pool_found)
        wvm_pool_found(&f);
}

/* ---- questions ---- */

bool wvm_pool_find_inside(const void *p, struct wvm_pool_block *out)
{
    struct wvm_pool_where w;
    FOR_OBSERVERS(o)
        if (o->find && o->find(p, out))
            return true;
    if (!wvm_pool_locate(p, &w))
        return false;
    *out = w.block;
    return true;
}

bool wvm_pool_find(const void *p, struct wvm_pool_block *out)
{
    return wvm_pool_find_inside(p, out) && out->start == p;
}

/* ---- observers ---- */

void wvm_pool_observe(const struct wvm_pool_observer *observer)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    WVM_ASSERT(n_observers < OBSERVERS);
    observers[n_observers] = observer;
    __atomic_store_n(&n_observers, n_observers + 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    wvm_pool_stop_all(WVM_POOL_STOP_OBSERVED);
}

bool wvm_pool_walk_observers(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg)
{
    FOR_OBSERVERS(o)
        if (o->walk && !o->walk(visit, arg))
            return false;
    return true;
}

void wvm_pool_observers_fork(bool before, bool child)
{
    FOR_OBSERVERS(o)
        if (before && o->before_fork)
            o->before_fork();
        else if (!before && o->after_fork)
            o->after_fork(child);
}
