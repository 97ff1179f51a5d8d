/* The arrays of states of spans, with their maps.
 *
 * Owns   the arrays that no span has, by class.
 * I1  An array is zero when a span gets it, and is never given to the host: a state can be read at
 *     any time.
 * I2  Arrays begin with a line of the cache, so that no line is of two spans.
 * Locking: a lock of its own, inside that of a part.   Failure: NULL.   Signal safety: none. */
#include <string.h>

#include "pool/pool_states.h"

enum { STOCK = 256 * 1024 };
static pthread_mutex_t states_lock = PTHREAD_MUTEX_INITIALIZER;
static void *free_states[WVM_POOL_CLASSES]; /* the first word of each names the next */
static char *stock, *stock_end;

static size_t states_size(unsigned class)
{
    size_t map = (wvm_pool_map_words(class) + 1) * sizeof(uint64_t);
    return wvm_align_up(wvm_pool_map_at(class) + map, WVM_POOL_CACHE_LINE);
}

struct wvm_pool_state *wvm_pool_states_take(unsigned class)
{
    size_t size = states_size(class);
    void *mem = NULL;
    pthread_mutex_lock(&states_lock);
    if (free_states[class]) {
        mem = free_states[class];
        free_states[class] = *(void **)mem;
        memset(mem, 0, size);
    } else {
        if ((size_t)(stock_end - stock) < size && wvm_host.meta(STOCK, &mem) == 0) {
            stock = mem;
            stock_end = stock + STOCK;
        }
        mem = (size_t)(stock_end - stock) >= size ? stock : NULL;
        stock += mem ? size : 0;
    }
    pthread_mutex_unlock(&states_lock);
    return mem;
}

void wvm_pool_states_give(struct wvm_pool_state *state, unsigned class)
{
    pthread_mutex_lock(&states_lock);
    *(void **)state = free_states[class];
    free_states[class] = state;
    pthread_mutex_unlock(&states_lock);
}
