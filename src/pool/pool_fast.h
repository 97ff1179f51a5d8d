/* The fast way through the pools: no lock, no shared write, no call; inline in the entries of the
 * busiest calls.
 *
 * Terms   way = what the thread knows of a row, a tag that it has used in one kind; home = the row
 *         at which a tag is looked for first, and most are; proven = not freed with a slack that
 *         is still to be looked at (pool_second.c).
 * There are three ways, each tried when the one before fails: this one, for tags that the thread
 * has used and magazines that have what it takes; the second (pool_second.c), which exchanges
 * magazines and finds tags; the long one (pool.h) for all else: a thread's first call, a tag's
 * first use, no memory at hand, large blocks, observers, a raised IRQL, everything that is wrong.
 * I1  A thread is inside between its two stores to `inside`: nobody looks at what it has meanwhile,
 *     and a handler that interrupts it finds every way closed.
 * I2  Nothing is changed before all comparisons are done: a call that fails has changed nothing.
 * I3  What is stored together lies together, and no slot is looked at: a pair of calls is bound by
 *     the number of its instructions and of the cache lines that it stores to. */
#ifndef WVM_POOL_POOL_FAST_H
#define WVM_POOL_POOL_FAST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/assert.h"

/* What the short way touches lies in its own object: no detour through the global offset table. */
#pragma GCC visibility push(hidden)
#include "pool/pool_internal.h"
#pragma GCC visibility pop

static inline uint32_t wvm_pool_fast_stop(const struct wvm_pool_thread *th)
{
    return __atomic_load_n(&th->key, __ATOMIC_RELAXED) & WVM_POOL_STOPS;
}

/* The thread is inside from now on. False: it was before. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_fast_enter(struct wvm_pool_thread *th)
{
    if (WVM_UNLIKELY(th->inside))
        return false;
    __atomic_store_n(&th->inside, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

WVM_ALWAYS_INLINE static inline void wvm_pool_fast_leave(struct wvm_pool_thread *th)
{
    __atomic_store_n(&th->inside, 0, __ATOMIC_RELEASE);
}

/* The way that is so many bytes behind that of a row. The address is computed once: fewer and
 * shorter instructions. */
WVM_ALWAYS_INLINE static inline struct wvm_pool_way *wvm_pool_way_of(struct wvm_pool_thread *th,
                                                                     size_t row, size_t bytes)
{
    struct wvm_pool_way *way = (struct wvm_pool_way *)(void *)((char *)&th->way[row] + bytes);
    __asm__("" : "+r"(way));
    return way;
}

/* The tag's way, if it is at home. */
WVM_ALWAYS_INLINE static inline struct wvm_pool_way *
wvm_pool_way_at(struct wvm_pool_thread *th, uint32_t tag, uint32_t type)
{
    return wvm_pool_way_of(th, WVM_POOL_HOME_ROW, wvm_pool_home_bytes(tag, type));
}

/* The shelf of a block of this way, for sizes up to a page. */
WVM_ALWAYS_INLINE static inline uint32_t
wvm_pool_shelf_of(const struct wvm_pool_thread *th, const struct wvm_pool_way *way, size_t size)
{
    return way->shelf + th->class_of[(size + 15) / 16];
}

/* A proven slot of the cache, which is on top, becomes a block of this use, which is not counted
 * yet. Inside. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_pop(struct wvm_pool_cache *cache, uint32_t use)
{
    struct wvm_pool_slot *slot = cache->top;
    void *block = slot->block;
    cache->top = slot - 1;
    __atomic_store_n(&slot->state->use, use, __ATOMIC_RELAXED);
    if (!block)
        __builtin_unreachable();
    return block;
}
/* The same of a block of so many bytes. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_pick(struct wvm_pool_cache *cache, uint32_t shelf,
                                                    const struct wvm_pool_way *way, size_t size)
{
    struct wvm_pool_state *state = cache->top->state;
    size_t room = cache->room;
    uint32_t use = way->live ^ shelf;
    if (room == size)
        return wvm_pool_pop(cache, use);
    void *block = wvm_pool_pop(cache, use ^ WVM_POOL_SLACKED);
    __atomic_store_n(&state->slack, (uint16_t)(room - size), __ATOMIC_RELAXED);
    wvm_pool_canary_put(block, room, size);
    return block;
}
/* A block is counted, and the thread leaves. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_taken(struct wvm_pool_thread *th,
                                                     const struct wvm_pool_cache *cache,
                                                     struct wvm_pool_way *way, void *block)
{
    bool full = wvm_pool_add_full(&way->taken, cache->count);
    wvm_pool_fast_leave(th);
    if (WVM_UNLIKELY(full))
        return wvm_pool_settle(0, 0, 0, block, way);
    return block;
}
/* Both, of a block with or without slack. */
void *wvm_pool_take(struct wvm_pool_thread *th, size_t size, uint32_t shelf,
                    struct wvm_pool_way *way, struct wvm_pool_cache *cache);

/* What becomes of a call. */
enum wvm_pool_fast {
    WVM_POOL_DONE,
    WVM_POOL_SECOND, /* take the second way */
    WVM_POOL_REST,   /* the thread is inside: the call is wvm_pool_rest_alloc's, ..._free's */
};

/* What an allocation has found, for wvm_pool_rest_alloc(). */
struct wvm_pool_chosen {
    struct wvm_pool_thread *th;
    uint32_t shelf;
    struct wvm_pool_way *way;
    struct wvm_pool_cache *cache;
};

/* type: what is no kind's never fits. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_fast_alloc(uint32_t type, size_t size, uint32_t tag, void **block,
                    struct wvm_pool_chosen *rest)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    struct wvm_pool_way *way = wvm_pool_way_at(th, tag, type);
    if (WVM_UNLIKELY(way->tag != tag || size > WVM_POOL_PAGE || !wvm_pool_fast_enter(th)))
        return WVM_POOL_SECOND;
    if (WVM_UNLIKELY(way->type != wvm_pool_mix(&th->key, type))) {
        wvm_pool_fast_leave(th);
        return WVM_POOL_SECOND;
    }
    uint32_t shelf = wvm_pool_shelf_of(th, way, size);
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    *rest = (struct wvm_pool_chosen){th, shelf, way, cache};
    if (WVM_UNLIKELY(wvm_pool_is_unproven(cache->top)))
        return WVM_POOL_REST;
    if (WVM_LIKELY(cache->room == size))
        *block = wvm_pool_taken(th, cache, way, wvm_pool_pop(cache, way->live ^ shelf));
    else
        *block = wvm_pool_take(th, size, shelf, way, cache);
    return WVM_POOL_DONE;
}
/* An unproven slot is on top, or none. The thread is outside when it returns. NULL: take the second
 * way. */
void *wvm_pool_rest_alloc(struct wvm_pool_thread *th, size_t size, uint32_t shelf,
                          struct wvm_pool_way *way, struct wvm_pool_cache *cache);
void *wvm_pool_second_alloc(unsigned kind, size_t size, uint32_t tag);

/* Where the states of the slots around p are, WVM_POOL_WHERE; 0: in no span. */
WVM_ALWAYS_INLINE static inline uint64_t wvm_pool_where_of(const void *p)
{
    uintptr_t at = (uintptr_t)p - wvm_pool_map.base;
    return WVM_LIKELY(at < wvm_pool_map.size)
               ? __atomic_load_n(&wvm_pool_map.where[at / WVM_POOL_SPAN], __ATOMIC_ACQUIRE)
               : 0;
}

/* The state of the slot that begins at p, if one does. */
WVM_ALWAYS_INLINE static inline struct wvm_pool_state *wvm_pool_state_at(uint64_t where,
                                                                         const void *p)
{
    return WVM_POOL_WHERE_STATE(where) + WVM_POOL_WHERE_INDEX(where, (uintptr_t)p);
}

/* NULL: in no span. */
static inline struct wvm_pool_state *wvm_pool_state_of(const void *p)
{
    uint64_t where = wvm_pool_where_of(p);
    return where ? wvm_pool_state_at(where, p) : NULL;
}

/* What is known of a block that is freed. */
struct wvm_pool_rest {
    struct wvm_pool_state *state;
    struct wvm_pool_way *way;
    struct wvm_pool_cache *cache;
};

/* A live slot goes to where its thread has room for it, and the thread leaves; mark: 0 or
 * WVM_POOL_UNPROVEN. Inside. */
WVM_ALWAYS_INLINE static inline void wvm_pool_push(struct wvm_pool_thread *th, void *p,
                                                   struct wvm_pool_rest what, unsigned mark)
{
    struct wvm_pool_slot *slot = what.cache->top + 1;
    struct wvm_pool_way *way = what.way;
    wvm_pool_flip(&what.state->use, WVM_POOL_IDLE);
    slot->block = p;
    slot->state = (struct wvm_pool_state *)((uintptr_t)what.state + mark);
    what.cache->top = slot;
    bool full = wvm_pool_add_full(&way->given, what.cache->count);
    wvm_pool_fast_leave(th);
    if (WVM_UNLIKELY(full))
        (void)wvm_pool_settle(0, 0, 0, NULL, way);
}

/* The slot of this use begins at p, has the tag, and the thread has room for it. */
WVM_ALWAYS_INLINE static inline bool
wvm_pool_is_freeable(struct wvm_pool_thread *th, const void *p, bool any_tag, uint32_t tag,
                     struct wvm_pool_state *state, uint32_t use, struct wvm_pool_rest *rest)
{
    rest->state = state;
    rest->cache = wvm_pool_cache_of(th, WVM_POOL_USE_SHELF(use));
    rest->way = wvm_pool_way_of(th, 0, WVM_POOL_USE_ROW(use) * sizeof(struct wvm_pool_way));
    return WVM_LIKELY(state->start == (uint16_t)(uintptr_t)p) &&
           WVM_LIKELY(any_tag || rest->way->tag == tag) &&
           WVM_LIKELY(rest->cache->top != rest->cache->full);
}

/* Of a use no flag but SLACKED is set, and no stop bit of the thread, if it is less than twice
 * that. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_fast_free(void *p, bool any_tag, uint32_t tag, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    uint64_t where = wvm_pool_where_of(p);
    if (WVM_UNLIKELY(!where || !wvm_pool_fast_enter(th)))
        return WVM_POOL_SECOND;
    struct wvm_pool_state *state = wvm_pool_state_at(where, p);
    uint32_t use = wvm_pool_mix(&th->key, __atomic_load_n(&state->use, __ATOMIC_RELAXED));
    if (WVM_LIKELY(use < WVM_POOL_SLACKED)) {
        if (WVM_LIKELY(wvm_pool_is_freeable(th, p, any_tag, tag, state, use, rest))) {
            wvm_pool_push(th, p, *rest, 0);
            return WVM_POOL_DONE;
        }
    } else if (use < 2 * WVM_POOL_SLACKED &&
               wvm_pool_is_freeable(th, p, any_tag, tag, state, use, rest)) {
        return WVM_POOL_REST;
    }
    wvm_pool_fast_leave(th);
    return WVM_POOL_SECOND;
}

WVM_ALWAYS_INLINE static inline bool wvm_pool_is_late(void)
{
    return __atomic_load_n(&wvm_pool_map.late, __ATOMIC_RELAXED);
}

/* The slack will be looked at later. */
WVM_ALWAYS_INLINE static inline void wvm_pool_slack_fetch(const void *p, size_t room, size_t slack)
{
    __builtin_prefetch((const char *)p + wvm_pool_canary_at(room, room - slack));
    __builtin_prefetch(p, 1);
}

/* The thread is outside when it returns. False: take the second way. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_rest_free(void *p, struct wvm_pool_rest rest)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    size_t room = rest.cache->room, slack = wvm_pool_slack(rest.state);
    bool ok = slack < room;
    if (ok && wvm_pool_is_late()) {
        wvm_pool_slack_fetch(p, room, slack);
        wvm_pool_push(th, p, rest, WVM_POOL_UNPROVEN);
        return true;
    }
    if (ok && wvm_pool_canary_ok(p, room, slack)) {
        wvm_pool_push(th, p, rest, 0);
        return true;
    }
    wvm_pool_fast_leave(th);
    return false;
}
bool wvm_pool_second_free(void *p, bool any_tag, uint32_t tag);

#endif
