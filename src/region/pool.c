/* Type-stable object pools; the contract and the invariants are in pool.h. */
#include "region/pool.h"

#include "base/assert.h"

void wvm_pool_init(struct wvm_pool *p, uint32_t size)
{
    p->size = size;
    p->n_segs = 0;
    p->bump = 1;
    p->free = p->room = 0;
    p->pending = p->pending_last = p->n_pending = 0;
}

int wvm_pool_add(struct wvm_pool *p, void *mem)
{
    if (p->n_segs == WVM_POOL_SEGMENTS)
        return -1;
    __atomic_store_n(&p->seg[p->n_segs], mem, __ATOMIC_RELEASE);
    /* Index 0 is nobody's. */
    p->room += WVM_POOL_PER_SEGMENT - (p->n_segs == 0);
    p->n_segs++;
    return 0;
}

uint32_t wvm_pool_take_fresh(struct wvm_pool *p)
{
    WVM_VERIFY(p->bump < p->n_segs << WVM_POOL_SHIFT);
    return p->bump++;
}

void wvm_pool_flush_pending(struct wvm_pool *p)
{
    /* What made the objects unreachable was stored before their next
     * contents are: I2 for readers. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *wvm_pool_link(p, p->pending_last) = p->free;
    p->free = p->pending;
    p->room += p->n_pending;
    p->pending = p->n_pending = 0;
}
