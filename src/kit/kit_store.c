/* Pieces of one size in blocks of the host's pages.
 *
 * Terms   block = BLOCK bytes, or one piece if that is larger, from mmap.
 * I1      Blocks are never given back: a piece can be looked at by who holds a stale reference.
 * I2      malloc is not called: the program's may be built on the kit.
 * Locking: the store's lock; nothing is called under it but mmap.
 * Failure: NULL, nothing changed.   Signal safety: none. */
#include "kit/kit_store.h"

#include <errno.h>
#include <sys/mman.h>

#include "base/arith.h"

#define BLOCK 65536u
#define ALIGNMENT 64u

static size_t stride_of(const struct wvm_kit_store *store)
{
    return (store->size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static int add_block(struct wvm_kit_store *store)
{
    size_t stride = stride_of(store), size = stride > BLOCK ? stride : BLOCK;
    int saved = errno;
    void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    if (mem == MAP_FAILED)
        return -1;
    store->fresh = mem;
    store->n_fresh = size / stride;
    return 0;
}

void *wvm_kit_take(struct wvm_kit_store *store)
{
    wvm_kit_lock(&store->lock);
    void *piece = store->free;
    if (piece) {
        store->free = *(void **)piece;
    } else if (store->n_fresh > 0 || add_block(store) == 0) {
        piece = store->fresh;
        store->fresh += stride_of(store);
        store->n_fresh--;
    }
    wvm_kit_unlock(&store->lock);
    return piece;
}

void wvm_kit_put(struct wvm_kit_store *store, void *piece)
{
    wvm_kit_lock(&store->lock);
    __atomic_store_n((void **)piece, store->free, __ATOMIC_RELAXED); /* others may look at it */
    store->free = piece;
    wvm_kit_unlock(&store->lock);
}
