/* Type-stable object pools: numbered objects of one size in segments that are never given back.
 *
 * Terms   object = one fixed-size record, named by a 32-bit index, 0 meaning none; segment = the
 *         memory of 2^WVM_CELLS_SHIFT objects, handed in by the caller.
 * I1  Once an index has been given out, its memory stays mapped and of the same type for ever, so a
 *     reader with a stale index reads old or new contents of the right type, never something else.
 * I2  A freed object is not reused before wvm_cells_flush(): until then its contents are intact, so
 *     a reader that still sees the old root of a structure reads the old structure.
 * I3  The first 32 bits of an object are the pool's own link; readers never look at them.
 * Locking: every function but wvm_cells_at belongs to the holder of the space lock.
 * Failure: wvm_cells_take never fails while wvm_cells_room() was not 0. */
#ifndef WVM_REGION_CELLS_H
#define WVM_REGION_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"
#include "base/assert.h"

#define WVM_CELLS_SHIFT 12
#define WVM_CELLS_PER_SEGMENT (1u << WVM_CELLS_SHIFT)
#define WVM_CELLS_SEGMENTS 16384u

struct wvm_cells {
    uint32_t size;                /* bytes of an object */
    uint32_t n_segs;              /* segments present */
    uint32_t bump;                /* lowest index never given out */
    uint32_t free;                /* list of reusable objects */
    uint32_t room;                /* objects that can be taken before the next segment */
    uint32_t pending, pending_last; /* list of objects freed since the last flush */
    uint32_t n_pending;
    void *seg[WVM_CELLS_SEGMENTS]; /* (a) set once, read by anyone; last: the first ones are near */
};

void wvm_cells_init(struct wvm_cells *p, uint32_t size);
/* Bytes of one segment. */
static inline size_t wvm_cells_segment_len(const struct wvm_cells *p)
{
    return (size_t)p->size << WVM_CELLS_SHIFT;
}
/* Objects that can be taken before the next segment. */
static inline uint32_t wvm_cells_room(const struct wvm_cells *p)
{
    return p->room;
}
/* Objects in use (freed but unflushed ones included). */
static inline uint32_t wvm_cells_used(const struct wvm_cells *p)
{
    uint32_t cap = p->n_segs << WVM_CELLS_SHIFT;
    return cap ? cap - 1 - p->room : 0;
}
/* mem: zeroed, wvm_cells_segment_len() bytes. -1 when no more segments can be held. */
int wvm_cells_add(struct wvm_cells *p, void *mem) WVM_MUST_CHECK;
/* The object, or NULL for an index that was never given a segment (a torn read). Lock-free. */
static inline void *wvm_cells_at(const struct wvm_cells *p, uint32_t index, size_t size)
{
    uint32_t s = index >> WVM_CELLS_SHIFT;
    if (WVM_UNLIKELY(s >= WVM_CELLS_SEGMENTS))
        return NULL;
    char *seg = __atomic_load_n(&p->seg[s], __ATOMIC_ACQUIRE);
    if (WVM_UNLIKELY(!seg))
        return NULL;
    return seg + (size_t)(index & (WVM_CELLS_PER_SEGMENT - 1)) * size;
}

/* The same for the holder of the lock, whose indices are never torn: never NULL. */
static inline void *wvm_cells_own(const struct wvm_cells *p, uint32_t index, size_t size)
{
    WVM_ASSERT(index && index < p->bump);
    char *seg = p->seg[index >> WVM_CELLS_SHIFT];
    return seg + (size_t)(index & (WVM_CELLS_PER_SEGMENT - 1)) * size;
}

static inline uint32_t *wvm_cells_link(const struct wvm_cells *p, uint32_t index)
{
    return wvm_cells_own(p, index, p->size);
}

/* The parts off the usual path. */
uint32_t wvm_cells_take_fresh(struct wvm_cells *p);
void wvm_cells_flush_pending(struct wvm_cells *p);

static inline uint32_t wvm_cells_take(struct wvm_cells *p)
{
    uint32_t index = p->free;
    p->room--;
    if (WVM_UNLIKELY(!index))
        return wvm_cells_take_fresh(p);
    p->free = *wvm_cells_link(p, index);
    return index;
}

static inline void wvm_cells_free(struct wvm_cells *p, uint32_t index)
{
    WVM_ASSERT(index && index < p->bump);
    *wvm_cells_link(p, index) = p->pending;
    if (!p->pending)
        p->pending_last = index;
    p->pending = index;
    p->n_pending++;
}

static inline void wvm_cells_flush(struct wvm_cells *p)
{
    if (p->pending)
        wvm_cells_flush_pending(p);
}

#endif
