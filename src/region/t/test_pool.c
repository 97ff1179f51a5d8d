/* Object pools: numbers, reuse only after a flush, segments. */
#include <string.h>

#include "region/t/region_unit.h"

static struct wvm_pool p;

static void add(void)
{
    void *mem = calloc(1, wvm_pool_segment_len(&p));
    ck_assert_int_eq(wvm_pool_add(&p, mem), 0);
}

START_TEST(numbers_and_room)
{
    wvm_pool_init(&p, 24);
    ck_assert_uint_eq(wvm_pool_room(&p), 0);
    ck_assert_ptr_null(wvm_pool_at(&p, 1, 24));
    add();
    /* number 0 is no object */
    ck_assert_uint_eq(wvm_pool_room(&p), WVM_POOL_PER_SEGMENT - 1);
    for (uint32_t i = 1; i < WVM_POOL_PER_SEGMENT; i++)
        ck_assert_uint_eq(wvm_pool_take(&p), i);
    ck_assert_uint_eq(wvm_pool_room(&p), 0);
    add();
    ck_assert_uint_eq(wvm_pool_take(&p), WVM_POOL_PER_SEGMENT);
    ck_assert_uint_eq(wvm_pool_used(&p), WVM_POOL_PER_SEGMENT);
    ck_assert_ptr_nonnull(wvm_pool_at(&p, WVM_POOL_PER_SEGMENT, 24));
    ck_assert_ptr_null(wvm_pool_at(&p, UINT32_MAX, 24));
    ck_assert_ptr_null(wvm_pool_at(&p, 2 * WVM_POOL_PER_SEGMENT, 24));
}
END_TEST

/* I2: contents stay until the flush, and the object is not given out before. */
START_TEST(reuse_after_flush)
{
    wvm_pool_init(&p, 24);
    add();
    uint32_t a = wvm_pool_take(&p), b = wvm_pool_take(&p);
    char *at = wvm_pool_at(&p, a, 24);
    memset(at + 4, 0x5a, 20);
    wvm_pool_free(&p, a);
    wvm_pool_free(&p, b);
    ck_assert_uint_eq(wvm_pool_used(&p), 2);
    uint32_t c = wvm_pool_take(&p);
    ck_assert(c != a && c != b);
    for (int i = 4; i < 24; i++)
        ck_assert_int_eq(at[i], 0x5a);
    uint32_t room = wvm_pool_room(&p);
    wvm_pool_flush(&p);
    wvm_pool_flush(&p);
    ck_assert_uint_eq(wvm_pool_room(&p), room + 2);
    uint32_t d = wvm_pool_take(&p), e = wvm_pool_take(&p);
    ck_assert((d == a && e == b) || (d == b && e == a));
}
END_TEST

START_TEST(addresses_never_move)
{
    static void *seen[3 * WVM_POOL_PER_SEGMENT];
    wvm_pool_init(&p, 16);
    for (uint32_t i = 1; i < WVM_ARRAY_LEN(seen); i++) {
        if (!wvm_pool_room(&p))
            add();
        uint32_t index = wvm_pool_take(&p);
        ck_assert_uint_eq(index, i);
        seen[i] = wvm_pool_at(&p, index, 16);
    }
    for (uint32_t i = 1; i < WVM_ARRAY_LEN(seen); i++)
        ck_assert_ptr_eq(wvm_pool_at(&p, i, 16), seen[i]);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("region-pool", 30, &tc);
    tcase_add_test(tc, numbers_and_room);
    tcase_add_test(tc, reuse_after_flush);
    tcase_add_test(tc, addresses_never_move);
    return unit_run(suite);
}
