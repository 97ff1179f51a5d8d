/* The arrays of states of spans, and behind each a map of its slots (pool_states.c). */
#ifndef WVM_POOL_POOL_STATES_H
#define WVM_POOL_POOL_STATES_H

#include "pool/pool_internal.h"

/* For a span of the class: all zero. NULL: no memory. */
struct wvm_pool_state *wvm_pool_states_take(unsigned class);
void wvm_pool_states_give(struct wvm_pool_state *state, unsigned class);

/* Where the map is, in bytes behind the first state. */
static inline size_t wvm_pool_map_at(unsigned class)
{
    return wvm_pool_map.class[class].times * sizeof(struct wvm_pool_state);
}
/* 64-bit words of it for the slots of the class; one more, for the rest slots, is behind them. */
static inline unsigned wvm_pool_map_words(unsigned class)
{
    return wvm_pool_map.class[class].times / 64 + 1u;
}

#endif
