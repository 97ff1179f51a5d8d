/* The short way through the pools: no lock, no shared write, no call.
 *
 * There are three ways, each tried when the one before fails: the fast one, inline, for the tag and
 * shelf that the thread's lane is of, those of its last call; the second, which makes the lane that
 * of others; the long one (pool.h) for all else: a thread's first call, a tag's first use, no
 * memory at hand, large blocks, observers, a raised IRQL, everything that is wrong.
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

/* The thread's lane; the thread is inside from now on. No type is that of wvm_pool_inside, which a
 * thread that was inside gets: it fits nothing. */
WVM_ALWAYS_INLINE static inline struct wvm_pool_lane *
wvm_pool_fast_enter(struct wvm_pool_thread *th)
{
    struct wvm_pool_lane *last = __atomic_load_n(&th->last, __ATOMIC_RELAXED);
    __atomic_store_n(&th->last, &wvm_pool_inside, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return last;
}

/* Stop bits, none of which is in a type or in the start of a state's id. */
static inline uint32_t wvm_pool_fast_stop(const struct wvm_pool_thread *th)
{
    return __atomic_load_n(&th->stop, __ATOMIC_RELAXED);
}

static inline void wvm_pool_fast_leave(struct wvm_pool_thread *th, struct wvm_pool_lane *lane)
{
    __atomic_store_n(&th->last, lane, __ATOMIC_RELEASE);
}

WVM_ALWAYS_INLINE static inline bool wvm_pool_lane_is(const struct wvm_pool_lane *lane,
                                                      uint32_t tag, uint32_t id)
{
    return lane->tag == tag && lane->id == id;
}

/* A block of the lane. NULL: it has none ready, or an unproven one. Inside. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_lane_alloc(struct wvm_pool_lane *lane, size_t size,
                                                           size_t slack)
{
    struct wvm_pool_slot *slot = lane->cache->top;
    struct wvm_pool_state *state = slot->state;
    void *block = NULL;
    if (WVM_LIKELY(!((uintptr_t)state & WVM_POOL_UNPROVEN))) {
        block = slot->block;
        lane->cache->top = slot - 1;
        __atomic_store_n(&state->use, lane->live ^ (uint32_t)size << 16, __ATOMIC_RELAXED);
        wvm_pool_add(&lane->tally->allocs, 1);
        wvm_pool_add(&lane->tally->taken, lane->room);
        wvm_pool_canary_put(block, size, slack);
        if (!block)
            __builtin_unreachable();
    }
    return block;
}

/* Frees a block whose state has the id of the lane. False: it cannot. Inside. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_lane_free(struct wvm_pool_lane *lane, void *p,
                                                        struct wvm_pool_state *state)
{
    /* all that differs from a live block of this tag is the size */
    uint32_t size = __atomic_load_n(&state->use, __ATOMIC_RELAXED) ^ lane->live;
    struct wvm_pool_slot *top = lane->cache->top;
    if (WVM_UNLIKELY((uint16_t)size || top == lane->cache->full ||
                     !wvm_pool_canary_ok(p, size >> 16, lane->room - (size >> 16))))
        return false;
    __atomic_store_n(&state->use, lane->live ^ WVM_POOL_LIVE, __ATOMIC_RELAXED);
    top[1] = (struct wvm_pool_slot){p, state};
    lane->cache->top = top + 1;
    wvm_pool_add(&lane->tally->frees, 1);
    wvm_pool_add(&lane->tally->given, lane->room);
    return true;
}

/* The second way: the thread's lane becomes that of the tag and the shelf. NULL, false: take the
 * long way. */
void *wvm_pool_second_alloc(unsigned kind, size_t size, uint32_t tag);
bool wvm_pool_second_free(void *p, uint32_t tag);

/* With the lane as it is. NULL: take the second way. type: what is no kind's never fits. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_fast_alloc(uint32_t type, size_t size, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    struct wvm_pool_lane *lane = wvm_pool_fast_enter(th);
    size_t slack = lane->room - size;
    void *block = NULL;
    if (WVM_LIKELY(lane->tag == tag && lane->type == (type | wvm_pool_fast_stop(th)) &&
                   slack <= lane->slack))
        block = wvm_pool_lane_alloc(lane, size, slack);
    wvm_pool_fast_leave(th, lane);
    return block;
}

/* The state of the slot that begins at p, if one does; NULL: in no span. */
static inline struct wvm_pool_state *wvm_pool_state_of(const void *p)
{
    uintptr_t at = (uintptr_t)p - wvm_pool_map.base;
    if (WVM_UNLIKELY(at >= wvm_pool_map.size))
        return NULL;
    const struct wvm_pool_place *place = &wvm_pool_map.place[at / WVM_POOL_SPAN];
    struct wvm_pool_state *state = __atomic_load_n(&place->state, __ATOMIC_ACQUIRE);
    return WVM_LIKELY(state != NULL) ? state + ((uint32_t)(uint16_t)at >> place->shift) : NULL;
}

/* False: take the second way. */
WVM_ALWAYS_INLINE static inline bool wvm_pool_fast_free(void *p, uint32_t tag)
{
    struct wvm_pool_thread *th = wvm_pool_own;
    struct wvm_pool_state *state = wvm_pool_state_of(p);
    if (WVM_UNLIKELY(!state))
        return false;
    struct wvm_pool_lane *lane = wvm_pool_fast_enter(th);
    uint32_t id = __atomic_load_n(&state->id, __ATOMIC_RELAXED) ^ (uint16_t)(uintptr_t)p;
    bool done = WVM_LIKELY(wvm_pool_lane_is(lane, tag, id | wvm_pool_fast_stop(th))) &&
                wvm_pool_lane_free(lane, p, state);
    wvm_pool_fast_leave(th, lane);
    return done;
}

/* The tag of the block at p, as far as can be told quickly; any tag when it is none. */
static inline uint32_t wvm_pool_fast_tag(const void *p)
{
    const struct wvm_pool_state *state = wvm_pool_state_of(p);
    return state ? wvm_pool_map.row_tag[WVM_POOL_USE_ROW(wvm_pool_use_get(state))] : 0;
}

#endif
