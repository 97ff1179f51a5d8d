/* What the host has mapped above a lower top: named by calls on existing memory, by no others. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_rules.h"
#include "nt/nt_user.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP_2G ((uintptr_t)0x7fff0000)
#define TOP_4G ((uintptr_t)0xffff0000)
/* The fake space: HOST is the host's, RW, outside `region`. A 32-bit process has all of its own
 * below 4 GiB. */
#ifdef __LP64__
#define HOST ((uintptr_t)0x555555550000)
#define FREE ((uintptr_t)0x600000000000)
#define LEAST_ABOVE(top) ((void)(top), (uintptr_t)0x100000000)
#define TOPS {TOP_2G, 0xbfff0000, TOP_4G}
#define OUTSIDE {TOP_2G, 0x80000000, 0xffffffff, FREE}
#define TOO_LONG ((uintptr_t)1 << 47)
#else
#define HOST ((uintptr_t)0xf7550000)
#define FREE ((uintptr_t)0xe0000000)
#define LEAST_ABOVE(top) ((top) + 0x1000)
#define TOPS {TOP_2G, 0xbfff0000}
#define OUTSIDE {TOP_2G, TOP_2G + 0xfff, FREE, UINTPTR_MAX}
#define TOO_LONG ((uintptr_t)0x08aaf000)
#endif

static void set_top(uintptr_t top)
{
    fake_reset();
    fake.top = top;
    fake.region = (struct wvm_region){.start = FREE, .end = FREE + 0x100000, .alloc_start = FREE,
                                      .alloc_end = FREE + 0x100000, .type = WVM_TYPE_FREE};
}

static struct wvm_target own(void)
{
    struct wvm_target t;
    ck_assert_int_eq(wvm_target_of(OWN, 0, &t), 0);
    return t;
}

START_TEST(which_addresses)
{
    static const uintptr_t tops[] = TOPS;
    for (size_t i = 0; i < WVM_ARRAY_LEN(tops); i++) {
        set_top(tops[i]);
        struct wvm_target t = own();
        ck_assert(wvm_nt_is_host_memory(&t, HOST));
        ck_assert(!wvm_nt_is_host_memory(&t, FREE));
        ck_assert(!wvm_nt_is_host_memory(&t, 0x10000));
        ck_assert(!wvm_nt_is_host_memory(&t, tops[i]));
        ck_assert(!wvm_nt_is_host_memory(&t, LEAST_ABOVE(tops[i]) - 1));
        ck_assert(wvm_nt_is_host_memory(&t, LEAST_ABOVE(tops[i])));
        ck_assert(!wvm_nt_is_host_memory(&t, wvm_nt_host_top()));
        ck_assert(!wvm_nt_is_host_memory(&t, UINTPTR_MAX));
        ck_assert_uint_eq(wvm_nt_end_for(&t, 0x10000), tops[i]);
        ck_assert_uint_eq(wvm_nt_end_for(&t, tops[i]), tops[i]);
        ck_assert_uint_eq(wvm_nt_end_for(&t, FREE), tops[i]);
        ck_assert_uint_eq(wvm_nt_end_for(&t, HOST), wvm_nt_host_top());
        t.window = (struct wvm_window *)&t; /* only whether there is one counts */
        ck_assert(!wvm_nt_is_host_memory(&t, HOST));
    }
}
END_TEST

START_TEST(the_last_granule_of_64_bits_is_none)
{
    set_top(0);
    struct wvm_target t = own();
    ck_assert(!wvm_nt_is_host_memory(&t, HOST)); /* it is user space */
    ck_assert(!wvm_nt_is_host_memory(&t, FAKE_TOP));
    /* of 32-bit programs it is, but for the first page: the first stack may end there */
    ck_assert_int_eq(wvm_nt_is_host_memory(&t, FAKE_TOP + 0xd000), sizeof(void *) == 4);
}
END_TEST

START_TEST(queries)
{
    MEMORY_BASIC_INFORMATION info;
    SIZE_T got;
    set_top(TOP_2G);
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (void *)(HOST + 5), MemoryBasicInformation,
                                              &info, sizeof info, &got),
                     0);
    ck_assert_ptr_eq(info.BaseAddress, (void *)HOST);
    static const uintptr_t outside[] = OUTSIDE;
    for (size_t i = 0; i < WVM_ARRAY_LEN(outside); i++)
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (void *)outside[i], MemoryBasicInformation,
                                                  &info, sizeof info, &got),
                         STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(ranges)
{
    uintptr_t start, end;
    set_top(TOP_2G);
    struct wvm_target t = own();
    struct wvm_nt_range range = {HOST + 1, 0x1000};
    ck_assert_int_eq(wvm_nt_page_span(&t, &range, &start, &end), 0);
    ck_assert_uint_eq(start, HOST);
    ck_assert_uint_eq(end, HOST + 0x2000);
    range = (struct wvm_nt_range){TOP_2G - 0x1000, 0x1001};
    ck_assert_int_eq(wvm_nt_page_span(&t, &range, &start, &end), STATUS_INVALID_PARAMETER_3);
    range = (struct wvm_nt_range){TOP_2G, 1};
    ck_assert_int_eq(wvm_nt_page_span(&t, &range, &start, &end), STATUS_INVALID_PARAMETER_2);
    range = (struct wvm_nt_range){FREE, 1};
    ck_assert_int_eq(wvm_nt_page_span(&t, &range, &start, &end), STATUS_INVALID_PARAMETER_2);
    range = (struct wvm_nt_range){HOST, TOO_LONG};
    ck_assert_int_eq(wvm_nt_page_span(&t, &range, &start, &end), STATUS_INVALID_PARAMETER_3);
}
END_TEST

START_TEST(nothing_is_allocated_there)
{
    set_top(TOP_2G);
    static const uintptr_t at[] = OUTSIDE;
    for (size_t i = 0; i < WVM_ARRAY_LEN(at); i++) {
        PVOID base = (PVOID)at[i];
        SIZE_T size = 0x1000;
        ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_RESERVE,
                                                     PAGE_READWRITE),
                         STATUS_INVALID_PARAMETER_2);
        ck_assert_uint_eq(fake.n_calls, 0);
    }
    PVOID base = (PVOID)HOST;
    SIZE_T size = 0x1000;
    fake.result = STATUS_CONFLICTING_ADDRESSES; /* of the space, which finds what is there */
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_RESERVE,
                                                 PAGE_READWRITE),
                     STATUS_CONFLICTING_ADDRESSES);
}
END_TEST

START_TEST(copies)
{
    struct wvm_nt_copy copy = {.remote = HOST, .local = (uintptr_t)&copy, .len = 8};
    size_t done;
    set_top(TOP_2G);
    fake.done = 8;
    ck_assert_int_eq(wvm_nt_read(OWN, &copy, &done), 0);
    ck_assert_int_eq(fake.op, FAKE_READ);
    copy.remote = FREE;
    ck_assert_int_eq(wvm_nt_read(OWN, &copy, &done), STATUS_ACCESS_VIOLATION);
    copy.remote = TOP_2G - 4;
    ck_assert_int_eq(wvm_nt_write(OWN, &copy, &done), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(fake.n_calls, 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-host-memory", 10, &tc);
    tcase_add_test(tc, which_addresses);
    tcase_add_test(tc, the_last_granule_of_64_bits_is_none);
    tcase_add_test(tc, queries);
    tcase_add_test(tc, ranges);
    tcase_add_test(tc, nothing_is_allocated_there);
    tcase_add_test(tc, copies);
    return unit_run(suite);
}
