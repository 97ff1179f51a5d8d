/* What the fast way leaves: blocks that fit no hand or have slack; then the second way: magazines
 * that are empty or full, tags that the thread uses again; and when the slack is looked at.
 *
 * Terms   late = not looking at a block's slack when it is freed: it is only fetched then, and
 *         looked at when the slot is used again or leaves the thread. So it is where the pools are
 *         larger than caches (FAR): who waited there for each slack would wait for memory; where
 *         they are not, looking twice costs more than it saves.
 * I1  A slot that is found overrun late is out of use for good, and told when the thread is
 *     outside.
 * Locking: none but that of the magazines.   Failure: NULL, false: the long way.   Signal safety: a
 * call that interrupts another one of the same thread is refused. */
#include "pool/pool_rest.h"

enum { FAR = 24 << 20 };

void (*wvm_pool_found)(const struct wvm_pool_finding *f);
static bool prove_at_once; /* (a) */

/* ---- the second way ---- */

/* A proven slot of the shelf is on top. */
static void *give_out(struct wvm_pool_thread *th, size_t size, struct wvm_pool_way *way,
                      unsigned shelf)
{
    return wvm_pool_rest_alloc(way->live ^ shelf, size, wvm_pool_cache_of(th, shelf), th, way);
}

void *wvm_pool_second_alloc(unsigned kind, size_t size, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    unsigned class = wvm_pool_class_for(size), shelf = WVM_POOL_SHELF(kind, class);
    void *block = NULL;
    if (!class || !wvm_pool_fast_enter(th))
        return NULL;
    if (!wvm_pool_fast_stop(th)) {
        unsigned row = wvm_pool_row_known(tag, kind);
        if (row && wvm_pool_cache_fill(th, shelf))
            block = give_out(th, size, wvm_pool_way_make(th, kind, row), shelf);
    }
    if (!block)
        wvm_pool_fast_leave(th);
    wvm_pool_tell_found(th);
    return block;
}

/* The thread has its way and room for a live slot that begins at p. Inside. */
static bool make_room(struct wvm_pool_thread *th, const void *p)
{
    const struct wvm_pool_state *state = wvm_pool_state_of(p);
    if (!state)
        return false;
    uint32_t use = wvm_pool_use_get(state), shelf = WVM_POOL_USE_SHELF(use);
    if (use & WVM_POOL_NOT_PLAIN || !wvm_pool_is_shelf(shelf) || !WVM_POOL_USE_ROW(use))
        return false;
    (void)wvm_pool_way_make(th, WVM_POOL_SHELF_KIND(shelf), WVM_POOL_USE_ROW(use));
    return wvm_pool_cache_room(th, shelf);
}

bool wvm_pool_second_free(void *p, bool any_tag, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    bool done = false;
    if (!wvm_pool_fast_enter(th))
        return false;
    if (!wvm_pool_fast_stop(th) && make_room(th, p))
        done = wvm_pool_other_free(p, any_tag, tag, th);
    else
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
    if (late == __atomic_load_n(&wvm_pool_map.late, __ATOMIC_RELAXED))
        return;
    __atomic_store_n(&wvm_pool_map.was_late, true, __ATOMIC_RELAXED);
    __atomic_store_n(&wvm_pool_map.late, late, __ATOMIC_RELEASE);
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
