/* Threads that sleep for an address, whatever its size and value. */
#ifndef WVM_KIT_KIT_LOT_H
#define WVM_KIT_KIT_LOT_H

#include <stddef.h>

#include "kit/kit_lock.h"

#pragma GCC visibility push(hidden)

/* What a sleep asks and does: still: whether to sleep at all, asked once under the lot's lock;
 * then: what is done once the thread can be woken, NULL: nothing. */
struct wvm_kit_sleep {
    bool (*still)(const void *address, const void *arg);
    void (*then)(void *arg);
    void *arg;
};
/* Sleeps until a wake of the address. False: the deadline has passed. */
bool wvm_kit_lot_sleep(const void *address, const struct wvm_kit_sleep *sleep, uint64_t deadline);
/* Wakes the `most` threads that have slept longest for the address. Returns their number. */
unsigned wvm_kit_lot_wake(const void *address, unsigned most);

/* As `still`, with a wvm_kit_compared: the `size` bytes at the address are those at `with`. */
struct wvm_kit_compared {
    const void *with;
    size_t size; /* wvm_kit_lot_size */
};
bool wvm_kit_lot_equal(const void *address, const void *arg);
static inline bool wvm_kit_lot_size(size_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

#pragma GCC visibility pop

#endif
