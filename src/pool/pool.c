/* The long way: every allocation and free that the short ones leave, and what is done rarely.
 *
 * I1  A call is inside (wvm_pool_enter) for as long as it changes anything; observers are called
 *     inside, with no lock held.
 * I2  A failing call has changed nothing.
 * Locking: the part's lock for whole pages.   Signal safety: a call that interrupts another one of
 * the same thread is refused. */
#include <string.h>

#include "pool/pool_rest.h"

enum { CLEAR_BY_HOST = 256 * 1024 };

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

void wvm_pool_count(uint32_t tag, bool paged, bool free, size_t room)
{
    struct wvm_pool_thread *th = wvm_pool_me();
    unsigned row = wvm_pool_row_number(tag, paged ? WVM_POOL_PAGED : WVM_POOL_NX);
    if (th && free)
        count_free(th, row, room);
    else if (th)
        count_alloc(th, row, room);
}

/* ---- allocation ---- */

static void *alloc_slot(struct wvm_pool_thread *th, const struct wvm_pool_request *rq,
                        unsigned class)
{
    unsigned row = wvm_pool_row_number(rq->tag, rq->kind), shelf = WVM_POOL_SHELF(rq->kind, class);
    if (!wvm_pool_cache_fill(th, shelf))
        return NULL;
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    struct wvm_pool_state *state = cache->top->state;
    uint32_t use = WVM_POOL_USE(row, shelf) ^ wvm_pool_map.cookie;
    void *block = wvm_pool_pick(cache, use, rq->size, state);
    count_alloc(th, row, cache->room);
    if (rq->flags & WVM_POOL_CHARGED)
        wvm_pool_flip(&state->use, WVM_POOL_CHARGED_USE);
    return block;
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

/* The known bytes, and no others: the contents may be known to be zero. */
static void canary_put_big(char *block, size_t room, size_t slack)
{
    const char *canary = (const char *)&wvm_pool_map.canary;
    size_t n = wvm_min(slack, sizeof(uint64_t));
    memcpy(block + room - slack, canary + sizeof(uint64_t) - n, n);
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
    canary_put_big(block, room, room - rq->size);
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

static void *alloc_plain(struct wvm_pool_thread *th, const struct wvm_pool_request *rq, bool *zero)
{
    unsigned class = class_for(rq);
    return class ? alloc_slot(th, rq, class) : alloc_big(th, rq, zero);
}

/* The host locks no more: what is kept ready goes back first, of the other non-paged kind too, and
 * of other threads as soon as they come in. */
static void *alloc_trimmed(struct wvm_pool_thread *th, const struct wvm_pool_request *rq,
                           bool *zero)
{
    wvm_pool_leave(th);
    (void)wvm_pool_trim();
    (void)wvm_pool_enter(th);
    void *block = alloc_plain(th, rq, zero);
    if (!block)
        wvm_pool_tell_lock_error(rq->kind);
    return block;
}

static void *alloc_inside(struct wvm_pool_thread *th, const struct wvm_pool_request *rq)
{
    bool zero = false;
    if (wvm_pool_observers_refuse(rq))
        return NULL;
    void *block = wvm_pool_observers_serve(rq);
    if (!block) {
        block = alloc_plain(th, rq, &zero);
        if (!block && wvm_pool_lock_error(rq->kind))
            block = alloc_trimmed(th, rq, &zero);
    }
    if (!block)
        return NULL;
    if ((rq->flags & WVM_POOL_ZERO) && !zero)
        clear(rq, block);
    wvm_pool_observers_allocated(block, rq);
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
    unsigned stop = __atomic_load_n(&th->key, __ATOMIC_ACQUIRE);
    if (stop & WVM_POOL_STOP_FLUSH) {
        __atomic_fetch_and(&th->key, ~(unsigned)WVM_POOL_STOP_FLUSH, __ATOMIC_RELEASE);
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

static void free_slot(struct wvm_pool_thread *th, const struct wvm_pool_where *w)
{
    unsigned kind = w->block.kind, shelf = WVM_POOL_USE_SHELF(wvm_pool_use_get(w->slot.state));
    count_free(th, w->row, w->block.room);
    wvm_pool_use_set(w->slot.state, WVM_POOL_USE(w->row, shelf) | WVM_POOL_IDLE);
    if (wvm_pool_cache_room(th, shelf)) {
        *++wvm_pool_cache_of(th, shelf)->top = w->slot;
        return;
    }
    pthread_mutex_lock(&wvm_pool_part[kind].lock);
    wvm_pool_slots_give(&wvm_pool_part[kind], &w->slot, 1, false);
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
    if (wvm_pool_observers_free(rq, f))
        return true;
    if (f->code)
        return false;
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

/* ---- questions ---- */

bool wvm_pool_find_inside(const void *p, struct wvm_pool_block *out)
{
    struct wvm_pool_where w;
    if (wvm_pool_observers_find(p, out))
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
