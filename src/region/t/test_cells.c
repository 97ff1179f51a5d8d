/* Object pools: numbers, reuse only after a flush, segments. */
#include <string.h>

#include "region/t/region_unit.h"

static struct wvm_cells p;

static void add(void)
{
    void *mem = calloc(1, wvm_cells_segment_len(&p));
    ck_assert_int_eq(wvm_cells_add(&p, mem), 0);
}

START_TEST(numbers_and_room)
{
    wvm_cells_init(&p, 24);
    ck_assert_uint_eq(wvm_cells_room(&p), 0);
    ck_assert_ptr_null(wvm_cells_at(&p, 1, 24));
    add();
    /* number 0 is no object */
    ck_assert_uint_eq(wvm_cells_room(&p), WVM_CELLS_PER_SEGMENT - 1);
    for (uint32_t i = 1; i < WVM_CELLS_PER_SEGMENT; i++)
        ck_assert_uint_eq(wvm_cells_take(&p), i);
    ck_assert_uint_eq(wvm_cells_room(&p), 0);
    add();
    ck_assert_uint_eq(wvm_cells_take(&p), WVM_CELLS_PER_SEGMENT);
    ck_assert_uint_eq(wvm_cells_used(&p), WVM_CELLS_PER_SEGMENT);
    ck_assert_ptr_nonnull(wvm_cells_at(&p, WVM_CELLS_PER_SEGMENT, 24));
    ck_assert_ptr_null(wvm_cells_at(&p, UINT32_MAX, 24));
    ck_assert_ptr_null(wvm_cells_at(&p, 2 * WVM_CELLS_PER_SEGMENT, 24));
}
END_TEST

/* I2: contents stay until the flush, and the object is not given out before. */
START_TEST(reuse_after_flush)
{
    wvm_cells_init(&p, 24);
    add();
    uint32_t a = wvm_cells_take(&p), b = wvm_cells_take(&p);
    char *at = wvm_cells_at(&p, a, 24);
    memset(at + 4, 0x5a, 20);
    wvm_cells_free(&p, a);
    wvm_cells_free(&p, b);
    ck_assert_uint_eq(wvm_cells_used(&p), 2);
    uint32_t c = wvm_cells_take(&p);
    ck_assert(c != a && c != b);
    for (int i = 4; i < 24; i++)
        ck_assert_int_eq(at[i], 0x5a);
    uint32_t room = wvm_cells_room(&p);
    wvm_cells_flush(&p);
    wvm_cells_flush(&p);
    ck_assert_uint_eq(wvm_cells_room(&p), room + 2);
    uint32_t d = wvm_cells_take(&p), e = wvm_cells_take(&p);
    ck_assert((d == a && e == b) || (d == b && e == a));
}
END_TEST

START_TEST(addresses_never_move)
{
    static void *seen[3 * WVM_CELLS_PER_SEGMENT];
    wvm_cells_init(&p, 16);
    for (uint32_t i = 1; i < WVM_ARRAY_LEN(seen); i++) {
        if (!wvm_cells_room(&p))
            add();
        uint32_t index = wvm_cells_take(&p);
        ck_assert_uint_eq(index, i);
        seen[i] = wvm_cells_at(&p, index, 16);
    }
    for (uint32_t i = 1; i < WVM_ARRAY_LEN(seen); i++)
        ck_assert_ptr_eq(wvm_cells_at(&p, i, 16), seen[i]);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("region-cells", 30, &tc);
    tcase_add_test(tc, numbers_and_room);
    tcase_add_test(tc, reuse_after_flush);
    tcase_add_test(tc, addresses_never_move);
    return unit_run(suite);
}
