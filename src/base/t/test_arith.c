/* Rounding and sums at the ends of the address space. */
#include "base/arith.h"
#include "base/t/unit.h"

START_TEST(align_down_and_up)
{
    static const struct { uintptr_t x, down, up; } cases[] = {
        {0, 0, 0}, {1, 0, 0x1000}, {0xfff, 0, 0x1000}, {0x1000, 0x1000, 0x1000},
        {0x1001, 0x1000, 0x2000}, {0x12345, 0x12000, 0x13000},
    };
    for (size_t i = 0; i < WVM_ARRAY_LEN(cases); i++) {
        ck_assert_uint_eq(wvm_align_down(cases[i].x, WVM_PAGE_SIZE), cases[i].down);
        ck_assert_uint_eq(wvm_align_up(cases[i].x, WVM_PAGE_SIZE), cases[i].up);
    }
    ck_assert_uint_eq(wvm_align_down(UINTPTR_MAX, WVM_GRANULE_SIZE), UINTPTR_MAX - 0xffff);
}
END_TEST

START_TEST(align_up_checked_refuses_to_wrap)
{
    uintptr_t out = 77;
    ck_assert(wvm_align_up_checked(UINTPTR_MAX - 0xffff, WVM_GRANULE_SIZE, &out));
    ck_assert_uint_eq(out, UINTPTR_MAX - 0xffff);
    out = 77;
    ck_assert(!wvm_align_up_checked(UINTPTR_MAX - 0xfffe, WVM_GRANULE_SIZE, &out));
    ck_assert(!wvm_align_up_checked(UINTPTR_MAX, WVM_PAGE_SIZE, &out));
    ck_assert_uint_eq(out, 77);
    ck_assert(wvm_align_up_checked(0, WVM_PAGE_SIZE, &out));
    ck_assert_uint_eq(out, 0);
}
END_TEST

START_TEST(add_checked_refuses_to_wrap)
{
    uintptr_t out = 0;
    ck_assert(wvm_add_checked(UINTPTR_MAX - 5, 5, &out));
    ck_assert_uint_eq(out, UINTPTR_MAX);
    ck_assert(!wvm_add_checked(UINTPTR_MAX - 5, 6, &out));
    ck_assert(!wvm_add_checked(UINTPTR_MAX, UINTPTR_MAX, &out));
}
END_TEST

START_TEST(min_max_and_units)
{
    ck_assert_uint_eq(wvm_min(3, 4), 3);
    ck_assert_uint_eq(wvm_max(3, 4), 4);
    ck_assert_uint_eq(wvm_max(UINTPTR_MAX, 0), UINTPTR_MAX);
    ck_assert_uint_eq(WVM_PAGE_SIZE, 4096);
    ck_assert_uint_eq(WVM_GRANULE_SIZE, 65536);
    ck_assert_uint_eq(WVM_PAGES_PER_GRANULE, 16);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("arith", 10, &tc);
    tcase_add_test(tc, align_down_and_up);
    tcase_add_test(tc, align_up_checked_refuses_to_wrap);
    tcase_add_test(tc, add_checked_refuses_to_wrap);
    tcase_add_test(tc, min_max_and_units);
    return unit_run(suite);
}
