/* Type-stable object pools; the contract and the invariants are in cells.h. */
#include "region/cells.h"

#include "base/assert.h"

void wvm_cells_init(struct wvm_cells *p, uint32_t size)
{
    p->size = size;
    p->n_segs = 0;
    p->bump = 1;
    p->free = p->room = 0;
    p->pending = p->pending_last = p->n_pending = 0;
}

int wvm_cells_add(struct wvm_cells *p, void *mem)
{
    if (p->n_segs == WVM_CELLS_SEGMENTS)
        return -1;
    __atomic_store_n(&p->seg[p->n_segs], mem, __ATOMIC_RELEASE);
    /* Index 0 is nobody's. */
    p->room += WVM_CELLS_PER_SEGMENT - (p->n_segs == 0);
    p->n_segs++;
    return 0;
}

uint32_t wvm_cells_take_fresh(struct wvm_cells *p)
{
    WVM_VERIFY(p->bump < p->n_segs << WVM_CELLS_SHIFT);
    return p->bump++;
}

void wvm_cells_flush_pending(struct wvm_cells *p)
{
    /* What made the objects unreachable was stored before their next
     * contents are: I2 for readers. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *wvm_cells_link(p, p->pending_last) = p->free;
    p->free = p->pending;
    p->room += p->n_pending;
    p->pending = p->n_pending = 0;
}
