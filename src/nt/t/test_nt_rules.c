/* Which protections, types and ZeroBits are legal, and what they mean. */

#include "base/t/unit.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"

static const uint32_t private_prots[] = {0x01, 0x02, 0x04, 0x10, 0x20, 0x40};

START_TEST(every_low_byte)
{
    for (uint32_t prot = 0; prot < 0x100; prot++) {
        bool legal = false;
        for (size_t i = 0; i < 6; i++)
            legal |= prot == private_prots[i];
        ck_assert_msg((wvm_nt_attr_of(prot, false) != 0) == legal, "protection %x", prot);
        bool view = legal || prot == 0x08 || prot == 0x80;
        ck_assert_msg((wvm_nt_attr_of(prot, true) != 0) == view, "protection %x in a view", prot);
        if (view)
            ck_assert_uint_eq(wvm_nt_prot_of(wvm_nt_attr_of(prot, true)), prot);
    }
}
END_TEST

START_TEST(modifiers)
{
    static const uint32_t modifier[] = {0x100, 0x200, 0x400};
    for (size_t m = 0; m < 3; m++) {
        for (size_t i = 1; i < 6; i++) {
            uint32_t prot = private_prots[i] | modifier[m];
            ck_assert_uint_eq(wvm_nt_prot_of(wvm_nt_attr_of(prot, false)), prot);
        }
        ck_assert_uint_eq(wvm_nt_attr_of(0x01 | modifier[m], false), 0);
        ck_assert_uint_eq(wvm_nt_attr_of(0x04 | (0x700 & ~modifier[m]), false), 0);
        ck_assert_uint_eq(wvm_nt_attr_of(modifier[m], false), 0);
    }
    ck_assert_uint_eq(wvm_nt_attr_of(0x704, false), 0);
    for (int bit = 11; bit < 32; bit++)
        ck_assert_uint_eq(wvm_nt_attr_of(0x04 | 1u << bit, false), 0);
    /* PAGE_TARGETS_INVALID goes with execution only, and is not kept (VP-030). */
    ck_assert_uint_eq(wvm_nt_attr_of(0x40000020, false), WVM_ATTR_XR);
    ck_assert_uint_eq(wvm_nt_attr_of(0xffffffff, true), 0);
    ck_assert_uint_eq(wvm_nt_prot_of(0), 0);
}
END_TEST

START_TEST(alloc_types)
{
    static const uint32_t good[] = {
        0x1000,   0x2000,   0x3000,   0x101000,   0x102000, 0x103000,  0x202000,
        0x203000, 0x303000, 0x402000, 0x20003000, 0x80000,  0x1000000,
    };
    static const uint32_t bad[] = {
        0,          0x100000,   0x400000,  0x81000,    0x180000,   0x83000,    0x401000,
        0xffffffff, 0x200000,   0x201000,  0x40001000, 0x40002000, 0x20001000, 0x20002000,
        0x602000,   0x20203000, 0x1080000, 0x1001000,  0x1002000,  0x502000,   0x403000,
        0x802000,   0x80002000, 0x4000,    0x8000,     0x3001,
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(wvm_nt_check_alloc_type(good[i]) == 0, "type %x", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(wvm_nt_check_alloc_type(bad[i]) == (wvm_status)STATUS_INVALID_PARAMETER_5,
                      "type %x", bad[i]);
    ck_assert_int_eq(wvm_nt_check_alloc_type(0x42000), (wvm_status)STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(free_types)
{
    ck_assert_int_eq(wvm_nt_check_free_type(0x4000, 0), 0);
    ck_assert_int_eq(wvm_nt_check_free_type(0x8000, 1), 0);
    static const uint32_t bad[] = {0,      0x10000, 0xc000, 1,      2,
                                   0x4001, 0x4002,  0x8003, 0x1000, 0xffffffff};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(wvm_nt_check_free_type(bad[i], 0x1000),
                         (wvm_status)STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(wvm_nt_check_free_type(0x8001, 0), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(wvm_nt_check_free_type(0x8002, 0x1000), 0);
}
END_TEST

START_TEST(zero_bits)
{
    uintptr_t limit = 1;
    ck_assert_int_eq(wvm_nt_zero_bits(0, &limit), 0);
    ck_assert_uint_eq(limit, 0);
    for (uintptr_t z = 1; z <= 21; z++) {
        ck_assert_int_eq(wvm_nt_zero_bits(z, &limit), 0);
        ck_assert_uint_eq(limit, 0x100000000ull >> z);
    }
    for (uintptr_t z = 22; z < 32; z++)
        ck_assert_int_eq(wvm_nt_zero_bits(z, &limit), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(wvm_nt_zero_bits(33, &limit), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(wvm_nt_zero_bits(0xffff, &limit), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(wvm_nt_zero_bits(0x10000, &limit), 0);
    ck_assert_uint_eq(limit, 0x20000);
    ck_assert_int_eq(wvm_nt_zero_bits(0x1aaaaaaa, &limit), 0);
    ck_assert_uint_eq(limit, 0x20000000);
    ck_assert_int_eq(wvm_nt_zero_bits(0xffffffff, &limit), 0);
    ck_assert_uint_eq(limit, sizeof limit == 8 ? (uintptr_t)0x100000000ull : 0);
    ck_assert_int_eq(wvm_nt_zero_bits(UINTPTR_MAX, &limit), 0);
    ck_assert_uint_eq(limit, 0);
}
END_TEST

static wvm_status span(uintptr_t base, uintptr_t size, uintptr_t *start, uintptr_t *end)
{
    struct wvm_nt_range range = {base, size};
    const struct wvm_target own = {.top = wvm_nt_top()};
    return wvm_nt_page_span(&own, &range, start, end);
}

START_TEST(spans)
{
    uintptr_t start, end;
    const uintptr_t top = (uintptr_t)0x7fffffff0000ull;
    ck_assert_int_eq(span(0x10111, 23, &start, &end), 0);
    ck_assert_uint_eq(start, 0x10000);
    ck_assert_uint_eq(end, 0x11000);
    ck_assert_int_eq(span(0x10fff, 2, &start, &end), 0);
    ck_assert_uint_eq(end - start, 0x2000);
    ck_assert_int_eq(span(top - 1, 1, &start, &end), 0);
    ck_assert_uint_eq(end, top);
    ck_assert_int_eq(span(top - 1, 2, &start, &end), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(span(0x10000, 0, &start, &end), (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(span(0x10000, UINTPTR_MAX, &start, &end),
                     (wvm_status)STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(span(top, 1, &start, &end), (wvm_status)STATUS_INVALID_PARAMETER_2);
    ck_assert_int_eq(span(UINTPTR_MAX, UINTPTR_MAX, &start, &end),
                     (wvm_status)STATUS_INVALID_PARAMETER_2);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_rules", 20, &c);
    tcase_add_test(c, every_low_byte);
    tcase_add_test(c, modifiers);
    tcase_add_test(c, alloc_types);
    tcase_add_test(c, free_types);
    tcase_add_test(c, zero_bits);
    tcase_add_test(c, spans);
    return unit_run(s);
}
