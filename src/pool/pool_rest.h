/* The rest of the fast way: blocks that fit no hand, or have slack; and the ways that are not the
 * first of their hash, or not known by a tag.
 *
 * Terms   late = a look at a slack is left for when the slot is used again (pool_second.c).
 * The thread is inside when these functions are called, and outside when they return. NULL, false:
 * take the second way. */
#ifndef WVM_POOL_POOL_REST_H
#define WVM_POOL_POOL_REST_H

#include "pool/pool_fast.h"

/* ---- allocation ---- */

/* A proven slot is on top, and becomes a block of so many bytes, which is not counted yet. use: as
 * it stands of one that fills it; state: the slot's. */
WVM_ALWAYS_INLINE static inline void *wvm_pool_pick(struct wvm_pool_cache *cache, uint32_t use,
                                                    size_t size, struct wvm_pool_state *state)
{
    size_t room = cache->room;
    if (WVM_UNLIKELY(room == size))
        return wvm_pool_pop(cache, use, state);
    void *block = wvm_pool_pop(cache, use ^ WVM_POOL_SLACKED, state);
    __atomic_store_n(&state->slack, (uint16_t)(room - size), __ATOMIC_RELAXED);
    wvm_pool_canary_put(block, room, size);
    return block;
}

/* The same, counted; the thread leaves. size: up to a page. */
WVM_ALWAYS_INLINE static inline void *
wvm_pool_pick_counted(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                      struct wvm_pool_thread *th, struct wvm_pool_way *way,
                      struct wvm_pool_state *state)
{
    void *block = wvm_pool_pick(cache, use, size, state);
    if (WVM_UNLIKELY(wvm_pool_count_down(&way->others)))
        return wvm_pool_hand_learn(state, size, cache, th, way, block);
    return wvm_pool_taken(th, cache, way, block);
}

/* A proven slot is on top. */
WVM_ALWAYS_INLINE static inline void *
wvm_pool_rest_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                    struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    return wvm_pool_pick_counted(use, size, cache, th, way, cache->top->state);
}

/* A slot is on top that is unproven, or none. */
WVM_ALWAYS_INLINE static inline void *
wvm_pool_later_alloc(uint32_t use, size_t size, struct wvm_pool_cache *cache,
                     struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    struct wvm_pool_slot *slot = cache->top;
    struct wvm_pool_state *state = wvm_pool_slot_state(slot);
    if (WVM_UNLIKELY(!slot->block) ||
        WVM_UNLIKELY(!wvm_pool_canary_ok(slot->block, cache->room, wvm_pool_slack(state)))) {
        wvm_pool_fast_leave(th);
        return NULL;
    }
    /* Loaded again: what stays in a register meanwhile needs one that must be saved before. */
    __asm__("" : "+m"(cache->top), "+m"(cache->room));
    return wvm_pool_pick_counted(use, size, cache, th, way, state);
}

/* way: the first of the tag's hash. */
static inline void *wvm_pool_other_alloc(uint32_t type, size_t size, uint32_t tag,
                                         struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    way = wvm_pool_way_find(way, tag, wvm_pool_mix(&th->key, type));
    if (!way || size > WVM_POOL_PAGE) {
        wvm_pool_fast_leave(th);
        return NULL;
    }
    if (way->size == size && !(way->pairs & (WVM_POOL_OUT | WVM_POOL_NO_HAND)))
        return wvm_pool_hand_out(th, way, way->slack == 0);
    uint32_t shelf = way->shelf + th->class_of[(size + 15) / 16];
    struct wvm_pool_cache *cache = wvm_pool_cache_of(th, shelf);
    if (wvm_pool_is_unproven(cache->top))
        return wvm_pool_later_alloc(way->live ^ shelf, size, cache, th, way);
    return wvm_pool_rest_alloc(way->live ^ shelf, size, cache, th, way);
}

/* ---- free ---- */

WVM_ALWAYS_INLINE static inline bool wvm_pool_is_late(void)
{
    return __atomic_load_n(&wvm_pool_map.late, __ATOMIC_ACQUIRE);
}

/* The slack will be looked at later. */
WVM_ALWAYS_INLINE static inline void wvm_pool_slack_fetch(const void *p, size_t room, size_t slack)
{
    __builtin_prefetch((const char *)p + wvm_pool_canary_at(room, room - slack));
    __builtin_prefetch(p, 1);
}

/* A live slot that begins at p, and is as its state says. slacked: SLACKED of its use. */
WVM_ALWAYS_INLINE static inline bool
wvm_pool_rest_free(void *p, uint32_t slacked, struct wvm_pool_state *state,
                   struct wvm_pool_thread *th, struct wvm_pool_way *way,
                   struct wvm_pool_cache *cache)
{
    unsigned mark = 0;
    if (cache->top == cache->full)
        goto leave;
    if (WVM_LIKELY(slacked)) {
        size_t room = cache->room, slack = wvm_pool_slack(state);
        if (WVM_UNLIKELY(slack >= room))
            goto leave;
        if (wvm_pool_is_late() && way->block != p) {
            wvm_pool_slack_fetch(p, room, slack);
            mark = WVM_POOL_UNPROVEN;
        } else if (WVM_UNLIKELY(!wvm_pool_canary_ok(p, room, slack))) {
            goto leave;
        }
    }
    if (WVM_UNLIKELY(way->cache == cache) && way->pairs & WVM_POOL_OUT && !mark) {
        wvm_pool_hand_is(way, p, state);
        wvm_pool_hand_back(th, state, way);
    } else {
        wvm_pool_push(th, p, state, cache, way, mark);
    }
    return true;
leave:
    wvm_pool_fast_leave(th);
    return false;
}

/* Whatever p is. */
static inline bool wvm_pool_other_free(void *p, bool any_tag, uint32_t tag,
                                       struct wvm_pool_thread *th)
{
    struct wvm_pool_state *state = wvm_pool_state_of(p);
    if (state) {
        uint32_t use = wvm_pool_mix(&th->key, __atomic_load_n(&state->use, __ATOMIC_RELAXED));
        struct wvm_pool_way *way = &th->way[WVM_POOL_USE_ROW(use)];
        if (use < 2 * WVM_POOL_SLACKED && state->start == (uint16_t)(uintptr_t)p && way->type &&
            (any_tag || way->tag == tag))
            return wvm_pool_rest_free(p, use & WVM_POOL_SLACKED, state, th, way,
                                      wvm_pool_cache_of(th, WVM_POOL_USE_SHELF(use)));
    }
    wvm_pool_fast_leave(th);
    return false;
}

#endif
