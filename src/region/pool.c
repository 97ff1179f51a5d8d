/* Type-stable object pools; the contract and the invariants are in pool.h. */
#include "region/pool.h"

#include "base/assert.h"

static uint32_t *link_of(struct wvm_pool *p, uint32_t index)
{
    return wvm_pool_at(p, index, p->size);
}

void wvm_pool_init(struct wvm_pool *p, uint32_t size)
{
    p->size = size;
    p->n_segs = 0;
    p->bump = 1;
    p->free = p->n_free = 0;
    p->pending = p->pending_last = p->n_pending = 0;
}

int wvm_pool_add(struct wvm_pool *p, void *mem)
{
    if (p->n_segs == WVM_POOL_SEGMENTS)
        return -1;
    __atomic_store_n(&p->seg[p->n_segs], mem, __ATOMIC_RELEASE);
    p->n_segs++;
    return 0;
}

uint32_t wvm_pool_take(struct wvm_pool *p)
{
    uint32_t index = p->free;
    if (index) {
        p->free = *link_of(p, index);
        p->n_free--;
        return index;
    }
    WVM_VERIFY(p->bump < p->n_segs << WVM_POOL_SHIFT);
    return p->bump++;
}

void wvm_pool_free(struct wvm_pool *p, uint32_t index)
{
    WVM_ASSERT(index && index < p->bump);
    *link_of(p, index) = p->pending;
    if (!p->pending)
        p->pending_last = index;
    p->pending = index;
    p->n_pending++;
}

void wvm_pool_flush(struct wvm_pool *p)
{
    if (!p->pending)
        return;
    /* What made the objects unreachable was stored before their next contents are: I2 for readers. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *link_of(p, p->pending_last) = p->free;
    p->free = p->pending;
    p->n_free += p->n_pending;
    p->pending = p->n_pending = 0;
}
