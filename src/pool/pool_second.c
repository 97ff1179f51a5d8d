/* The second way, behind the fast one: magazines that are empty or full, tags that the thread uses
 * again; and when the slack of blocks is looked at.
 *
 * Terms   late = not looking at a block's slack when it is freed: it is only fetched then, and
 *         looked at when the slot is used again or leaves the thread. So it is where the pools are
 *         larger than caches (FAR): who waited there for each slack would wait for memory; where
 *         they are not, looking twice costs more than it saves.
 * I1  A slot that is found overrun late is out of use for good, and told when the thread is
 *     outside.
 * Locking: none but that of the magazines.   Failure: NULL, false: the long way.   Signal safety: a
 * call that interrupts another one of the same thread is refused. */
#include "pool/pool_fast.h"

enum { FAR = 24 << 20 };

void (*wvm_pool_found)(const struct wvm_pool_finding *f);
static bool prove_at_once; /* (a) */

/* ---- ways of tags ---- */

struct wvm_pool_way *wvm_pool_way_make(struct wvm_pool_thread *th, unsigned kind, unsigned row)
{
    struct wvm_pool_way *way = &th->way[row];
    way->tag = wvm_pool_map.row_tag[row];
    way->type = wvm_pool_type_of(kind) ^ wvm_pool_map.cookie;
    way->live = WVM_POOL_USE(row, 0) ^ wvm_pool_map.cookie;
    way->shelf = WVM_POOL_SHELF(kind, 0);
    return way;
}

/* NULL: the tag was never used in this kind, or has no row of its own. */
static struct wvm_pool_way *way_of_known(struct wvm_pool_thread *th, uint32_t tag, unsigned kind)
{
    struct wvm_pool_way *way = wvm_pool_way_at(th, tag, wvm_pool_type_of(kind));
    if (way->tag == tag && way->type == (wvm_pool_type_of(kind) ^ wvm_pool_map.cookie))
        return way;
    unsigned row = wvm_pool_row_known(tag, kind);
    return row ? wvm_pool_way_make(th, kind, row) : NULL;
}

/* ---- the second way ---- */

void *wvm_pool_take(struct wvm_pool_thread *th, size_t size, uint32_t shelf,
                    struct wvm_pool_way *way, struct wvm_pool_cache *cache)
{
    return wvm_pool_taken(th, cache, way, wvm_pool_pick(cache, shelf, way, size));
}

void *wvm_pool_rest_alloc(struct wvm_pool_thread *th, size_t size, uint32_t shelf,
                          struct wvm_pool_way *way, struct wvm_pool_cache *cache)
{
    struct wvm_pool_slot *slot = cache->top;
    if (WVM_LIKELY(slot->block != NULL)) {
        struct wvm_pool_state *state = wvm_pool_slot_state(slot);
        size_t slack = wvm_pool_slack_of(state, wvm_pool_use_get(state));
        if (WVM_LIKELY(wvm_pool_canary_ok(slot->block, cache->room, slack))) {
            slot->state = state;
            return wvm_pool_taken(th, cache, way, wvm_pool_pick(cache, shelf, way, size));
        }
    }
    wvm_pool_fast_leave(th);
    return NULL;
}

void *wvm_pool_second_alloc(unsigned kind, size_t size, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    unsigned class = wvm_pool_class_for(size), shelf = WVM_POOL_SHELF(kind, class);
    void *block = NULL;
    if (!class || !wvm_pool_fast_enter(th))
        return NULL;
    if (!wvm_pool_fast_stop(th)) {
        struct wvm_pool_way *way = way_of_known(th, tag, kind);
        if (way && wvm_pool_cache_fill(th, shelf))
            block = wvm_pool_take(th, size, shelf, way, wvm_pool_cache_of(th, shelf));
    }
    if (!block)
        wvm_pool_fast_leave(th);
    wvm_pool_tell_found(th);
    return block;
}

/* A live slot that begins at p goes to the thread's, after a look at its slack, and the thread
 * leaves. Inside. */
static bool give(struct wvm_pool_thread *th, void *p, bool any_tag, uint32_t tag)
{
    struct wvm_pool_state *state = wvm_pool_state_of(p);
    if (!state)
        return false;
    uint32_t use = wvm_pool_use_get(state), row = WVM_POOL_USE_ROW(use);
    size_t shelf = WVM_POOL_USE_SHELF(use), slack = wvm_pool_slack_of(state, use);
    if (use & WVM_POOL_NOT_PLAIN || state->start != (uint16_t)(uintptr_t)p ||
        !wvm_pool_is_shelf(shelf) || slack >= wvm_pool_cache_of(th, shelf)->room ||
        (!any_tag && wvm_pool_map.row_tag[row] != tag) ||
        (slack && !wvm_pool_canary_ok(p, wvm_pool_cache_of(th, shelf)->room, slack)) ||
        !wvm_pool_cache_room(th, (unsigned)shelf))
        return false;
    struct wvm_pool_way *way = wvm_pool_way_make(th, (unsigned)WVM_POOL_SHELF_KIND(shelf), row);
    wvm_pool_push(th, p, (struct wvm_pool_rest){state, way, wvm_pool_cache_of(th, shelf)}, 0);
    return true;
}

bool wvm_pool_second_free(void *p, bool any_tag, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    if (!wvm_pool_fast_enter(th))
        return false;
    bool done = !wvm_pool_fast_stop(th) && give(th, p, any_tag, tag);
    if (!done)
        wvm_pool_fast_leave(th);
    wvm_pool_tell_found(th);
    return done;
}

/* ---- when a slack is looked at ---- */

void wvm_pool_late_check(void)
{
    size_t held = 0;
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        held += wvm_pool_held_bytes(kind);
    bool late = held > FAR && !__atomic_load_n(&prove_at_once, __ATOMIC_RELAXED);
    if (late != __atomic_load_n(&wvm_pool_map.late, __ATOMIC_RELAXED))
        __atomic_store_n(&wvm_pool_map.late, late, __ATOMIC_RELAXED);
}

void wvm_pool_prove_at_once(bool on)
{
    __atomic_store_n(&prove_at_once, on, __ATOMIC_RELAXED);
    if (wvm_pool_started())
        wvm_pool_late_check();
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
