/* The short way through the pools: no lock, no shared write, no call.
 *
 * What it cannot decide it leaves to pool.h: a thread's first call, a tag's first use in it, an
 * empty or full magazine, blocks above a page, observers, a raised IRQL, everything that is wrong.
 * I1  Each store is such that a signal handler, or a fork(), between any two of them finds a
 *     consistent room: a slot is in the magazine or its state says that it is in use, at most for
 *     an instant neither. */
#ifndef WVM_POOL_POOL_FAST_H
#define WVM_POOL_POOL_FAST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the short way touches lies in its own object: no detour through the global offset table. */
#pragma GCC visibility push(hidden)
#include "pool/pool_internal.h"
#pragma GCC visibility pop

#define WVM_POOL_WAY_KEY (((uint64_t)1 << 48) - 1)

static inline unsigned wvm_pool_way_of(uint32_t tag)
{
    return (tag * 0x9e3779b1u) >> 26;
}

/* True: the thread is inside, and may take the short way. */
static inline bool wvm_pool_fast_enter(struct wvm_pool_thread *th)
{
    if (WVM_UNLIKELY(th->busy != 0))
        return false;
    __atomic_store_n(&th->busy, WVM_POOL_INSIDE, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (WVM_LIKELY(__atomic_load_n(&th->stop, __ATOMIC_RELAXED) == 0))
        return true;
    __atomic_store_n(&th->busy, 0, __ATOMIC_RELEASE);
    return false;
}

static inline void wvm_pool_fast_leave(struct wvm_pool_thread *th)
{
    __atomic_store_n(&th->busy, 0, __ATOMIC_RELEASE);
}

/* NULL: take the long way. */
static inline void *wvm_pool_fast_alloc(unsigned kind, size_t size, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    unsigned class = wvm_pool_class_for(size);
    if (WVM_UNLIKELY(!class) || !wvm_pool_fast_enter(th))
        return NULL;
    struct wvm_pool_cache *cache = &th->cache[kind][class];
    struct wvm_pool_slot *slot = cache->top;
    uint64_t way = th->way[wvm_pool_way_of(tag)];
    void *block = slot->block;
    if (WVM_UNLIKELY((way & WVM_POOL_WAY_KEY) != ((uint64_t)kind << 32 | tag) || !block)) {
        wvm_pool_fast_leave(th);
        return NULL;
    }
    struct wvm_pool_tally *tally = &th->tally[way >> 48];
    size_t room = cache->size;
    cache->top = slot - 1;
    wvm_pool_state_set(slot->state, WVM_POOL_STATE(way >> 48, size, block, class));
    wvm_pool_add(&tally->allocs, 1);
    wvm_pool_add(&tally->taken, room);
    wvm_pool_canary_put(block, size, room);
    wvm_pool_fast_leave(th);
    return block;
}

/* False: take the long way. */
static inline bool wvm_pool_fast_free(void *p, uint32_t tag, bool any_tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    uintptr_t at = (uintptr_t)p - wvm_pool_map.base;
    if (WVM_UNLIKELY(at >= wvm_pool_map.size) || !wvm_pool_fast_enter(th))
        return false;
    const struct wvm_pool_place *place = &wvm_pool_map.place[at / WVM_POOL_SPAN];
    wvm_word64 *state = __atomic_load_n(&place->state, __ATOMIC_ACQUIRE);
    if (WVM_UNLIKELY(!state))
        goto long_way;
    state += at % WVM_POOL_SPAN >> place->shift;
    uint64_t s = wvm_pool_state_get(state);
    unsigned class = (unsigned)(s >> 48), row = WVM_POOL_STATE_ROW(s);
    if (WVM_UNLIKELY(WVM_POOL_STATE_START(s) != (uint16_t)at || class - 1 >= WVM_POOL_CLASSES - 1 ||
                     row >= WVM_POOL_ROWS || (!any_tag && wvm_pool_map.row_tag[row] != tag)))
        goto long_way;
    struct wvm_pool_cache *cache = &th->cache[place->kind][class];
    struct wvm_pool_slot *top = cache->top;
    size_t room = cache->size;
    if (WVM_UNLIKELY(top == cache->full || !wvm_pool_canary_ok(p, WVM_POOL_STATE_SIZE(s), room)))
        goto long_way;
    struct wvm_pool_tally *tally = &th->tally[row];
    wvm_pool_state_set(state, s & ~WVM_POOL_STATE_CLASS_BITS);
    top[1] = (struct wvm_pool_slot){p, state};
    cache->top = top + 1;
    wvm_pool_add(&tally->frees, 1);
    wvm_pool_add(&tally->given, room);
    wvm_pool_fast_leave(th);
    return true;
long_way:
    wvm_pool_fast_leave(th);
    return false;
}

#endif
