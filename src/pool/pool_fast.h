/* The fast way through the pools: no lock, no shared write, no call; inline in the entries of the
 * busiest calls.
 *
 * Terms   way = what the thread knows of a row, a tag that it has used in one kind; hand = the slot
 *         that a way keeps (pool_hand.c); proven = not freed with a slack that is still to be
 *         looked at (pool_second.c).
 * There are three ways, each tried when the one before fails: this one, for tags that the thread
 * has used and magazines that have what it takes, whose rest is pool_rest.h; the second
 * (pool_second.c), which exchanges magazines and finds tags; the long one (pool.h) for all else: a
 * thread's first call, a tag's first use, no memory at hand, large blocks, observers, a raised
 * IRQL, everything that is wrong.
 * I1  A thread is inside between its two stores to `inside`: nobody looks at what it has meanwhile,
 *     and a handler that interrupts it finds every way closed.
 * I2  Nothing is changed before all comparisons are done: a call that fails has changed nothing.
 * I3  A block that has no slack goes straight through the hand: neither jumps nor loads that depend
 *     on another, as a pair of calls is bound by the number of its instructions and its jumps. */
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

static inline uint32_t wvm_pool_key(const struct wvm_pool_thread *th)
{
    return __atomic_load_n(&th->key, __ATOMIC_RELAXED);
}

static inline uint32_t wvm_pool_fast_stop(const struct wvm_pool_thread *th)
{
    return wvm_pool_key(th) & WVM_POOL_STOPS;
}

/* The thread is inside from now on. False: it was before. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_fast_enter(struct wvm_pool_thread *th)
{
    bool inside;
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    __asm__("cmpl $0, %1" : "=@ccne"(inside) : "m"(th->inside));
#else
    inside = __atomic_load_n(&th->inside, __ATOMIC_RELAXED) != 0;
#endif
    if (WVM_UNLIKELY(inside))
        return false;
    __atomic_store_n(&th->inside, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return true;
}

WVM_ALWAYS_INLINE static inline void wvm_pool_fast_leave(struct wvm_pool_thread *th)
{
    __atomic_store_n(&th->inside, 0, __ATOMIC_RELEASE);
}

/* A proven slot of the cache, which is on top, becomes a block of this use, which is not counted
 * yet; state: the slot's. Inside. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_pop(struct wvm_pool_cache *cache, uint32_t use,
                                                   struct wvm_pool_state *state)
{
    struct wvm_pool_slot *slot = cache->top;
    void *block = slot->block;
    cache->top = slot - 1;
    __builtin_prefetch(slot[-1].block, 1);
    __atomic_store_n(&state->use, use, __ATOMIC_RELAXED);
    if (!block)
        __builtin_unreachable();
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
        block = wvm_pool_settle(0, 0, 0, block, way);
    if (!block)
        __builtin_unreachable();
    return block;
}

/* What becomes of a call. */
enum wvm_pool_fast {
    WVM_POOL_DONE,
    WVM_POOL_REST,   /* the thread is inside: wvm_pool_rest_alloc(), ..._free() */
    WVM_POOL_LATER,  /* likewise: wvm_pool_later_alloc() */
    WVM_POOL_OTHER,  /* likewise: wvm_pool_other_alloc(), ..._free() */
    WVM_POOL_SECOND, /* the second way */
};
/* What it has found. */
struct wvm_pool_rest {
    struct wvm_pool_thread *th;
    struct wvm_pool_way *way;
    struct wvm_pool_cache *cache;
    struct wvm_pool_state *state;
    uint32_t use; /* alloc: of a block that fills a slot of the cache, as it stands; free: SLACKED
                   * or 0 */
};

/* The thread is inside, and the first way of the tag's hash is looked at. False: it was before. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_fast_begin(uint32_t tag, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    if (!wvm_pool_fast_enter(th))
        return false;
    rest->th = th;
    rest->way = th->first[wvm_pool_hash(tag)];
    return true;
}

/* Another way fits, or none does. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast wvm_pool_other(struct wvm_pool_thread *th)
{
    if (WVM_LIKELY(!wvm_pool_fast_stop(th)))
        return WVM_POOL_OTHER;
    wvm_pool_fast_leave(th);
    return WVM_POOL_SECOND;
}

/* The hand, which is idle, goes out, and the thread leaves. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_hand_out(struct wvm_pool_thread *th,
                                                        struct wvm_pool_way *way, bool even)
{
    void *block = way->block;
    struct wvm_pool_state *state = way->state;
    wvm_pool_add(&way->pairs, WVM_POOL_OUT);
    __atomic_store_n(&state->use, way->use, __ATOMIC_RELAXED);
    if (!even) {
        __atomic_store_n(&state->slack, way->slack, __ATOMIC_RELAXED);
        __builtin_memcpy((char *)block + way->at, &wvm_pool_map.canary, sizeof(uint64_t));
    }
    wvm_pool_fast_leave(th);
    if (!block)
        __builtin_unreachable();
    return block;
}

/* Whether the slot on top of the cache is proven. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_proven(const struct wvm_pool_cache *cache)
{
    if (WVM_UNLIKELY(wvm_pool_is_unproven(cache->top)))
        return WVM_POOL_LATER;
    return WVM_POOL_REST;
}

/* Two ends of wvm_pool_fast_alloc(): another size than the hand's; and no even hand that is
 * idle. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_other_size(uint32_t type, size_t size, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = rest->th;
    struct wvm_pool_way *way = rest->way;
    if (WVM_UNLIKELY(way->type != (wvm_pool_key(th) ^ type)) || WVM_UNLIKELY(size > WVM_POOL_PAGE))
        return wvm_pool_other(th);
    uint32_t shelf = way->shelf + th->class_of[(size + 15) / 16];
    rest->cache = wvm_pool_cache_of(th, shelf);
    rest->use = way->live ^ shelf;
    return wvm_pool_proven(rest->cache);
}

WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_no_even(uint64_t pairs, void **block, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = rest->th;
    struct wvm_pool_way *way = rest->way;
    rest->cache = way->cache;
    rest->use = way->use;
    if (pairs & WVM_POOL_UNEVEN) {
        rest->use ^= WVM_POOL_SLACKED;
        if (WVM_UNLIKELY(pairs & WVM_POOL_OUT))
            return wvm_pool_proven(rest->cache);
        *block = wvm_pool_hand_out(th, way, false);
        return WVM_POOL_DONE;
    }
    if (WVM_UNLIKELY(wvm_pool_is_unproven(rest->cache->top)))
        return WVM_POOL_LATER;
    struct wvm_pool_state *state = rest->cache->top->state;
    *block = wvm_pool_taken(th, rest->cache, way, wvm_pool_pop(rest->cache, rest->use, state));
    return WVM_POOL_DONE;
}

/* type: what is no kind's never fits. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_fast_alloc(uint32_t type, size_t size, uint32_t tag, void **block,
                    struct wvm_pool_rest *rest)
{
    if (!wvm_pool_fast_begin(tag, rest))
        return WVM_POOL_SECOND;
    struct wvm_pool_thread *th = rest->th;
    struct wvm_pool_way *way = rest->way;
    if (WVM_UNLIKELY(way->tag != tag))
        return wvm_pool_other(th);
    if (WVM_UNLIKELY(way->size != size))
        return wvm_pool_other_size(type, size, rest);
    if (WVM_UNLIKELY(way->type != wvm_pool_mix(&th->key, type)))
        return wvm_pool_other(th);
    if (WVM_UNLIKELY(way->pairs & WVM_POOL_HAND))
        return wvm_pool_no_even(way->pairs, block, rest);
    *block = wvm_pool_hand_out(th, way, true);
    return WVM_POOL_DONE;
}
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

/* A live slot goes to where its thread has room for it, and the thread leaves; mark: 0 or
 * WVM_POOL_UNPROVEN. Inside. */
WVM_ALWAYS_INLINE static inline void
wvm_pool_push(struct wvm_pool_thread *th, void *p, struct wvm_pool_state *state,
              struct wvm_pool_cache *cache, struct wvm_pool_way *way, unsigned mark)
{
    struct wvm_pool_slot *slot = cache->top + 1;
    wvm_pool_flip(&state->use, WVM_POOL_IDLE);
    slot->block = p;
    slot->state = (struct wvm_pool_state *)((uintptr_t)state + mark);
    cache->top = slot;
    bool full = wvm_pool_add_full(&way->given, cache->count);
    wvm_pool_fast_leave(th);
    if (WVM_UNLIKELY(full))
        (void)wvm_pool_settle(0, 0, 0, NULL, way);
}

/* A live slot becomes the hand, which was out, and the thread leaves. Inside. */
WVM_ALWAYS_INLINE static inline void wvm_pool_hand_back(struct wvm_pool_thread *th,
                                                        struct wvm_pool_state *state,
                                                        struct wvm_pool_way *way)
{
    wvm_pool_flip(&state->use, WVM_POOL_IDLE);
    wvm_pool_add(&way->pairs, WVM_POOL_BACK - WVM_POOL_OUT);
    wvm_pool_fast_leave(th);
}

/* The canary of a block of the hand's size is as it was. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_hand_ok(const struct wvm_pool_way *way)
{
    uint64_t word;
    __builtin_memcpy(&word, (const char *)way->block + way->at, sizeof(word));
    return WVM_LIKELY(way->state->slack == way->slack) &&
           WVM_LIKELY(((word ^ wvm_pool_map.canary) & way->mask) == 0);
}

/* A block that is not known as the hand, of the way whose `bare` ^ the key is this. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_give(void *p, uint32_t bare, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = rest->th;
    struct wvm_pool_way *way = rest->way;
    struct wvm_pool_state *state = rest->state;
    struct wvm_pool_cache *cache = way->cache;
    uint32_t odd = __atomic_load_n(&state->use, __ATOMIC_RELAXED) ^ bare;
    if (WVM_UNLIKELY(state->start != (uint16_t)(uintptr_t)p))
        return wvm_pool_other(th);
    if (WVM_UNLIKELY(odd)) {
        if (WVM_UNLIKELY(odd & ~(WVM_POOL_SLACKED | WVM_POOL_CLASS_BITS)))
            return wvm_pool_other(th);
        rest->cache = wvm_pool_cache_of(th, WVM_POOL_USE_SHELF(odd ^ way->bare));
        rest->use = odd & WVM_POOL_SLACKED;
        return WVM_POOL_REST;
    }
    rest->cache = cache;
    rest->use = 0;
    if (WVM_UNLIKELY(way->pairs & WVM_POOL_OUT) || WVM_UNLIKELY(cache->top == cache->full))
        return WVM_POOL_REST;
    wvm_pool_push(th, p, state, cache, way, 0);
    return WVM_POOL_DONE;
}

WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_fast_free(void *p, uint32_t tag, struct wvm_pool_rest *rest)
{
    if (!wvm_pool_fast_begin(tag, rest))
        return WVM_POOL_SECOND;
    struct wvm_pool_thread *th = rest->th;
    struct wvm_pool_way *way = rest->way;
    if (WVM_UNLIKELY(way->tag != tag))
        return wvm_pool_other(th);
    uint32_t bare = wvm_pool_mix(&th->key, way->bare);
    if (WVM_LIKELY(way->block == p) &&
        WVM_LIKELY(way->epoch == __atomic_load_n(&wvm_pool_map.epoch, __ATOMIC_RELAXED))) {
        uint32_t odd = __atomic_load_n(&way->state->use, __ATOMIC_RELAXED) ^ bare;
        if (WVM_LIKELY(!odd) || (odd == WVM_POOL_SLACKED && wvm_pool_hand_ok(way))) {
            wvm_pool_hand_back(th, way->state, way);
            return WVM_POOL_DONE;
        }
    }
    uint64_t where = wvm_pool_where_of(p);
    if (WVM_UNLIKELY(!where))
        return wvm_pool_other(th);
    rest->state = wvm_pool_state_at(where, p);
    return wvm_pool_give(p, bare, rest);
}

/* Of any tag: the state says which. */
WVM_ALWAYS_INLINE static inline enum wvm_pool_fast
wvm_pool_fast_free_any(void *p, struct wvm_pool_rest *rest)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    uint64_t where = wvm_pool_where_of(p);
    if (WVM_UNLIKELY(!where) || WVM_UNLIKELY(!wvm_pool_fast_enter(th)))
        return WVM_POOL_SECOND;
    struct wvm_pool_state *state = wvm_pool_state_at(where, p);
    uint32_t use = wvm_pool_mix(&th->key, __atomic_load_n(&state->use, __ATOMIC_RELAXED));
    struct wvm_pool_way *way = &th->way[WVM_POOL_USE_ROW(use)];
    *rest = (struct wvm_pool_rest){.th = th, .way = way, .state = state};
    if (WVM_UNLIKELY(!way->type))
        return wvm_pool_other(th);
    uint32_t bare = wvm_pool_mix(&th->key, way->bare);
    if (WVM_LIKELY(__atomic_load_n(&state->use, __ATOMIC_RELAXED) == bare) &&
        WVM_LIKELY(way->pairs & WVM_POOL_OUT) &&
        WVM_LIKELY(state->start == (uint16_t)(uintptr_t)p)) {
        wvm_pool_hand_is(way, p, state);
        wvm_pool_hand_back(th, state, way);
        return WVM_POOL_DONE;
    }
    return wvm_pool_give(p, bare, rest);
}
bool wvm_pool_second_free(void *p, bool any_tag, uint32_t tag);

#endif
