/* Who may have large pages and memory that stays, in which sizes, and what the space is asked. */
#include "api/api.h"
#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "host/host_large.h"
#include "nt/nt_large.h"
#include "nt/nt_privilege.h"
#include "nt/t/fake_space.h"

#define OWN ((HANDLE) - 1)
#define MB2 ((uintptr_t)2 << 20)
#define GB1 ((uintptr_t)1 << 30)
#define ALL (MEM_RESERVE | MEM_COMMIT)
#define BIG (ALL | MEM_LARGE_PAGES)
#define NON MEM_EXTENDED_PARAMETER_NONPAGED
#define NON_LARGE MEM_EXTENDED_PARAMETER_NONPAGED_LARGE
#define NON_HUGE MEM_EXTENDED_PARAMETER_NONPAGED_HUGE
#define RW PAGE_READWRITE

static void setup(void)
{
    wvm_host_init();
    fake_reset();
}

static NTSTATUS allocate(uintptr_t base, SIZE_T size, ULONG type, ULONG prot, uint64_t attributes)
{
    MEM_EXTENDED_PARAMETER p = {0};
    p.Type = MemExtendedParameterAttributeFlags;
    p.ULong64 = attributes;
    return wvm_NtAllocateVirtualMemoryEx(OWN, (PVOID *)&base, &size, type, prot, &p, 1);
}

static const struct {
    uintptr_t base, size;
    ULONG type, prot;
    uint64_t attributes;
    uint16_t flags;
    uintptr_t align;
} good[] = {
    {0, MB2, BIG, RW, 0, WVM_ALLOC_LARGE, MB2},
    {0, 3 * MB2, BIG | MEM_TOP_DOWN, RW, 0, WVM_ALLOC_LARGE, MB2},
    {0x50000000, MB2, BIG, RW, 0, WVM_ALLOC_LARGE, 0},
    {0, MB2, BIG, PAGE_EXECUTE_READWRITE, 0, WVM_ALLOC_LARGE, MB2},
    {0, MB2, BIG, RW | PAGE_WRITECOMBINE, 0, WVM_ALLOC_LARGE, MB2},
    {0, MB2, BIG, RW, NON, WVM_ALLOC_LARGE, MB2},
    {0, MB2, BIG, RW, NON_LARGE, WVM_ALLOC_LARGE, MB2},
    {0, GB1, BIG, RW, NON_HUGE, WVM_ALLOC_LARGE | WVM_ALLOC_HUGE, GB1},
    {0x40000000, GB1, BIG, RW, NON_HUGE, WVM_ALLOC_LARGE | WVM_ALLOC_HUGE, 0},
    {0, 0x3000, ALL, RW, NON, WVM_ALLOC_NONPAGED, 0},
    {0x50000000, 0x1234, ALL, RW, NON, WVM_ALLOC_NONPAGED, 0},
};

START_TEST(asked)
{
    ck_assert_int_eq(allocate(good[_i].base, good[_i].size, good[_i].type, good[_i].prot,
                              good[_i].attributes), 0);
    ck_assert_int_eq(fake.op, FAKE_RESERVE);
    ck_assert(fake.req.commit);
    ck_assert_uint_eq(fake.req.flags, good[_i].flags);
    ck_assert_uint_eq(fake.req.align, good[_i].align);
    ck_assert_uint_eq(fake.req.start, good[_i].base);
    ck_assert_int_eq(fake.req.top_down, (good[_i].type & MEM_TOP_DOWN) != 0);
}
END_TEST

static const struct {
    uintptr_t base, size;
    ULONG type, prot;
    uint64_t attributes;
    NTSTATUS expected;
} bad[] = {
    {0, MB2 + 0x1000, BIG, RW, 0, STATUS_INVALID_PARAMETER_4},            /* WS-103 */
    {0, MB2 - 1, BIG, RW, 0, STATUS_INVALID_PARAMETER_4},                 /* WS-103 */
    {0x50010000, MB2, BIG, RW, 0, STATUS_INVALID_PARAMETER_2},            /* WS-104 */
    {0, MB2, MEM_RESERVE | MEM_LARGE_PAGES, RW, 0, STATUS_INVALID_PARAMETER_5}, /* WS-105 */
    {0, MB2, MEM_COMMIT | MEM_LARGE_PAGES, RW, 0, STATUS_INVALID_PARAMETER_5},  /* WS-105 */
    {0, MB2, BIG | MEM_WRITE_WATCH, RW, 0, STATUS_INVALID_PARAMETER_5},   /* VA-047 */
    {0, MB2, BIG | MEM_PHYSICAL, RW, 0, STATUS_INVALID_PARAMETER_5},
    {0, MB2, BIG, PAGE_READONLY, 0, STATUS_INVALID_PAGE_PROTECTION},      /* WS-108 */
    {0, MB2, BIG, PAGE_NOACCESS, 0, STATUS_INVALID_PAGE_PROTECTION},
    {0, MB2, BIG, RW | PAGE_GUARD, 0, STATUS_INVALID_PAGE_PROTECTION},
    {0, MB2, BIG, RW, NON_HUGE, STATUS_INVALID_PARAMETER_4},
    {MB2, GB1, BIG, RW, NON_HUGE, STATUS_INVALID_PARAMETER_2},
    {0, GB1, BIG, RW, NON_HUGE | NON_LARGE, STATUS_INVALID_PARAMETER},
    {0, GB1, ALL, RW, NON_HUGE, STATUS_INVALID_PARAMETER},
    {0, MB2, ALL, RW, NON_LARGE, STATUS_INVALID_PARAMETER},
    {0, 0x1000, MEM_RESERVE, RW, NON, STATUS_INVALID_PARAMETER_5},
    {0, 0x1000, ALL, PAGE_READONLY, NON, STATUS_INVALID_PAGE_PROTECTION},
    {0, 0x1000, ALL | MEM_WRITE_WATCH, RW, NON, STATUS_INVALID_PARAMETER_5},
};

START_TEST(refused)
{
    ck_assert_int_eq(allocate(bad[_i].base, bad[_i].size, bad[_i].type, bad[_i].prot,
                              bad[_i].attributes), bad[_i].expected);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

/* WS-102; what is wrong besides goes first. */
START_TEST(privilege)
{
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, false);
    ck_assert_int_eq(allocate(0, MB2, BIG, RW, 0), STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(allocate(0, GB1, BIG, RW, NON_HUGE), STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(allocate(0, 0x1000, ALL, RW, NON), STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(allocate(0, MB2 + 1, BIG, RW, 0), STATUS_INVALID_PARAMETER_4);
    ck_assert_uint_eq(fake.n_calls, 0);
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, true);
    ck_assert_int_eq(allocate(0, MB2, BIG, RW, 0), 0);
}
END_TEST

/* WS-100. */
START_TEST(minimum)
{
    bool thp = wvm_host_has_transparent(), reserved = wvm_host_has_reserved(WVM_LARGE_SHIFT);
    ck_assert_uint_eq(wvm_GetLargePageMinimum(), thp || reserved ? MB2 : 0);
    wvm_options_parse("large=thp", NULL);
    ck_assert_uint_eq(wvm_GetLargePageMinimum(), thp ? MB2 : 0);
    wvm_options_parse("large=hugetlb", NULL);
    ck_assert_uint_eq(wvm_GetLargePageMinimum(), reserved ? MB2 : 0);
    wvm_options_parse("large=0", NULL);
    ck_assert_uint_eq(wvm_GetLargePageMinimum(), 0);
    ck_assert_int_eq(allocate(0, MB2, BIG, RW, 0), STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(allocate(0, 0x1000, ALL, RW, NON), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-large", 10, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_loop_test(tc, asked, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, privilege);
    tcase_add_test(tc, minimum);
    return unit_run(suite);
}
