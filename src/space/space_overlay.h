/* Marks on single pages that the fault path may set: one byte a page, in chunks found through a
 * directory.
 *
 * A chunk is made under the lock, before the first page of it can fault into the fault path, and is
 * never given back. Marks are changed by compare and swap from anywhere, and stored by whoever
 * holds the page's mark at WVM_MARK_BUSY. A page without a chunk has mark 0. */
#ifndef WVM_SPACE_SPACE_OVERLAY_H
#define WVM_SPACE_SPACE_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arith.h"
#include "region/region.h"

#define WVM_OVERLAY_SHIFT 16 /* pages of a chunk: 256 MiB of address space */
#define WVM_OVERLAY_SPAN ((uint64_t)1 << WVM_OVERLAY_SHIFT)
#define WVM_OVERLAY_CHUNKS (WVM_N_PAGES >> WVM_OVERLAY_SHIFT)

#define WVM_MARK_NONE 0
#define WVM_MARK_BUSY 0xff /* the fault path is changing the page; it never waits meanwhile */

struct wvm_overlay_chunk {
    _Alignas(8) uint8_t mark[1u << WVM_OVERLAY_SHIFT]; /* (a) */
};

struct wvm_overlay {
    uint32_t n;                      /* (a) at least the number of marks that are not 0 */
    uint32_t first, last;            /* (s) chunks that were made lie in [first, last) */
    struct wvm_overlay_chunk *chunk[WVM_OVERLAY_CHUNKS]; /* (a) set once */
};

/* Every page of [lo, hi) lacks no chunk: the number of the first one missing, or
 * WVM_OVERLAY_CHUNKS. */
uint64_t wvm_overlay_lacks(const struct wvm_overlay *ov, uint64_t lo, uint64_t hi);
/* mem: zeroed, sizeof(struct wvm_overlay_chunk). Lock held. */
void wvm_overlay_add(struct wvm_overlay *ov, uint64_t chunk, void *mem);

static inline struct wvm_overlay_chunk *wvm_overlay_chunk(const struct wvm_overlay *ov,
                                                          uint64_t page)
{
    return __atomic_load_n(&ov->chunk[page >> WVM_OVERLAY_SHIFT], __ATOMIC_ACQUIRE);
}

static inline uint8_t wvm_overlay_get(const struct wvm_overlay *ov, uint64_t page)
{
    const struct wvm_overlay_chunk *c = wvm_overlay_chunk(ov, page);
    return c ? __atomic_load_n(&c->mark[page & (WVM_OVERLAY_SPAN - 1)], __ATOMIC_ACQUIRE) : 0;
}

/* Some page may be marked. */
static inline bool wvm_overlay_any(const struct wvm_overlay *ov)
{
    return __atomic_load_n(&ov->n, __ATOMIC_ACQUIRE) != 0;
}

/* A page's mark goes from `was` to `v`; false: it was something else (or there is no chunk). */
bool wvm_overlay_swap(struct wvm_overlay *ov, uint64_t page, uint8_t was, uint8_t v);
/* The caller's own BUSY mark becomes v, which is not BUSY. */
void wvm_overlay_store(struct wvm_overlay *ov, uint64_t page, uint8_t v);
/* The run of equal marks from page upwards, not beyond limit. */
uint64_t wvm_overlay_next(const struct wvm_overlay *ov, uint64_t page, uint64_t limit, uint8_t *v);
/* The lowest page from *page upwards whose mark is v, not NONE: *page. False: there is none. Lock
 * held. */
bool wvm_overlay_find(const struct wvm_overlay *ov, uint8_t v, uint64_t *page);

#endif
