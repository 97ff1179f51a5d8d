/* What the tests of this room share: a store that never runs dry, and random numbers. */
#ifndef WVM_REGION_T_REGION_UNIT_H
#define WVM_REGION_T_REGION_UNIT_H

#include "base/t/unit.h"
#include "region/region.h"

static inline void unit_fill_pool(struct wvm_cells *p)
{
    while (wvm_cells_room(p) < WVM_CELLS_PER_SEGMENT / 4) {
        void *mem = calloc(1, wvm_cells_segment_len(p));
        ck_assert_ptr_nonnull(mem);
        ck_assert_int_eq(wvm_cells_add(p, mem), 0);
    }
}

/* Before every change: what wvm_space_stock() does for space/. */
static inline void unit_fill(struct wvm_store *st)
{
    unit_fill_pool(&st->leaf);
    unit_fill_pool(&st->inner);
    unit_fill_pool(&st->alloc);
    unit_fill_pool(&st->chain);
    unit_fill_pool(&st->gap);
}

static inline uint64_t unit_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull >> 16;
}

#define UNIT_OK(text) ck_assert_str_eq((text) ? (text) : "", "")

#endif
