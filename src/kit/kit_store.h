/* Memory of the kit's own structures, which malloc of the program may be built on. */
#ifndef WVM_KIT_KIT_STORE_H
#define WVM_KIT_KIT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "kit/kit_lock.h"

#pragma GCC visibility push(hidden)

/* Pieces of one size; the first word of a piece that is not in use belongs to the store. A piece
 * stays readable, and a piece of this store, for ever. */
struct wvm_kit_store {
    const size_t size;
    struct wvm_kit_lock lock;
    void *free;
    char *fresh; /* what was never given out of the newest block */
    size_t n_fresh;
};

/* A piece, with the content it had when it was put back, 0 at first, but for its first word; NULL
 * without memory. */
void *wvm_kit_take(struct wvm_kit_store *store);
void wvm_kit_put(struct wvm_kit_store *store, void *piece);

#pragma GCC visibility pop

#endif
