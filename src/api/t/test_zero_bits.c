/* ZeroBits in every form, for every call that takes it, in each layout (W32 section 2, VA-090..098,
 * SEC-086..091). */
#include <stdbool.h>

#include <winvm/winvm.h>

#include "api/t/layouts_unit.h"
#include "base/t/unit.h"

/* Whose memory is asked for: this process's, or a based space's. */
static HANDLE where = (HANDLE)(intptr_t)-1;

/* The first address that a value does not allow; 0: every address is allowed. */
static ULONGLONG bound_of(ULONG_PTR bits)
{
    if (bits == 0)
        return 0;
    if (bits < 32)
        return 1ULL << (32 - bits);
    unsigned top = 63 - (unsigned)__builtin_clzll(bits);
    return top >= 47 ? 0 : 2ULL << top;
}

static ULONG_PTR end_of_space(void)
{
    SYSTEM_INFO info;
    struct winvm_space_info space = {.size = sizeof space};
    if (where != GetCurrentProcess()) {
        ck_assert_int_eq(winvm_space_info(where, &space), 0);
        return (ULONG_PTR)space.limit;
    }
    GetSystemInfo(&info);
    return (ULONG_PTR)info.lpMaximumApplicationAddress + 1;
}

/* One way to ask for a page at an address of the system's choice. */
struct way {
    NTSTATUS (*get)(ULONG_PTR bits, ULONG type, PVOID *out);
    void (*give_back)(PVOID at);
    NTSTATUS refused;  /* 22..31 and small masks */
    ULONGLONG needed;  /* bounds below hold nothing */
};

static NTSTATUS get_memory(ULONG_PTR bits, ULONG type, PVOID *out)
{
    SIZE_T size = 0x1000;
    *out = NULL;
    return NtAllocateVirtualMemory(where, out, bits, &size, MEM_RESERVE | type, PAGE_READWRITE);
}

static NTSTATUS get_memory_64(ULONG_PTR bits, ULONG type, PVOID *out)
{
    ULONG64 base = 0, size = 0x1000;
    NTSTATUS status = NtWow64AllocateVirtualMemory64(where, &base, bits, &size,
                                                     MEM_RESERVE | type, PAGE_READWRITE);
    *out = (PVOID)(ULONG_PTR)base;
    return status;
}

static void free_memory(PVOID at)
{
    ck_assert(VirtualFreeEx(where, at, 0, MEM_RELEASE));
}

static HANDLE section(void)
{
    static HANDLE made;
    LARGE_INTEGER size;
    size.QuadPart = 0x10000;
    if (!made)
        ck_assert_int_eq(NtCreateSection(&made, SECTION_ALL_ACCESS, NULL, &size, PAGE_READWRITE,
                                         SEC_COMMIT, NULL), 0);
    return made;
}

static NTSTATUS get_view(ULONG_PTR bits, ULONG type, PVOID *out)
{
    SIZE_T size = 0;
    *out = NULL;
    return NtMapViewOfSection(section(), where, out, bits, 0, NULL, &size, ViewShare, type,
                              PAGE_READWRITE);
}

static void unmap_view(PVOID at)
{
    ck_assert(UnmapViewOfFile2(where, at, 0));
}

static const struct way ways[] = {
    {get_memory, free_memory, STATUS_INVALID_PARAMETER_3, 0x20000},
    {get_memory_64, free_memory, STATUS_INVALID_PARAMETER_3, 0x20000},
    {get_view, unmap_view, STATUS_INVALID_PARAMETER_4, 0x20000},
};

static void check_bound(const struct way *w, ULONG_PTR bits, ULONG type)
{
    PVOID at;
    ULONGLONG bound = bound_of(bits);
    NTSTATUS status = w->get(bits, type, &at);
    if (bound && bound < w->needed) {
        ck_assert_int_eq(status, STATUS_NO_MEMORY);
        return;
    }
    /* The host keeps the lowest addresses from some users, and may use others itself. */
    if (status == (NTSTATUS)STATUS_NO_MEMORY && bound && bound <= 0x400000)
        return;
    ck_assert_int_eq(status, 0);
    ck_assert(!bound || (ULONG_PTR)at + 0x1000 <= bound);
    ck_assert_uint_lt((ULONG_PTR)at, end_of_space());
    ck_assert_uint_ge((ULONG_PTR)at, 0x10000);
    if (type & MEM_TOP_DOWN && bound && bound <= 0x40000000 && bound > 0x400000)
        ck_assert_uint_ge((ULONG_PTR)at, bound / 2); /* the host does not fill the upper half */
    w->give_back(at);
}

START_TEST(counts)
{
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (ULONG_PTR bits = 0; bits <= 21; bits++) {
            check_bound(&ways[i], bits, 0);
            check_bound(&ways[i], bits, MEM_TOP_DOWN);
        }
}
END_TEST

START_TEST(masks)
{
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (unsigned bit = 16; bit < sizeof(ULONG_PTR) * 8; bit++) {
            ULONG_PTR mask = (ULONG_PTR)1 << bit;
            check_bound(&ways[i], mask, 0);
            check_bound(&ways[i], mask, MEM_TOP_DOWN);
            check_bound(&ways[i], mask | (mask - 1), MEM_TOP_DOWN);
            check_bound(&ways[i], mask | (mask / 3), MEM_TOP_DOWN);
        }
        check_bound(&ways[i], 0x1aaaaaaa, MEM_TOP_DOWN);
        check_bound(&ways[i], ~(ULONG_PTR)0, MEM_TOP_DOWN);
    }
}
END_TEST

/* W32-032: the lower bits of a mask do not matter. */
START_TEST(only_the_highest_bit)
{
    PVOID at;
    ck_assert_int_eq(get_memory(0x1aaaaaaa, MEM_TOP_DOWN, &at), 0);
    ck_assert_uint_eq((ULONG_PTR)at & ~(ULONG_PTR)0x1fffffff, 0);
    ck_assert_uint_ne((ULONG_PTR)at & ~(ULONG_PTR)0x1aaaaaaa, 0);
    free_memory(at);
}
END_TEST

START_TEST(refusals)
{
    PVOID at;
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (ULONG_PTR bits = 22; bits < 32; bits++)
            ck_assert_int_eq(ways[i].get(bits, 0, &at), ways[i].refused);
        for (ULONG_PTR bits = 32; bits < 0x10000; bits += bits < 64 ? 1 : bits / 3)
            ck_assert_int_eq(ways[i].get(bits, 0, &at), ways[i].refused);
        ck_assert_int_eq(ways[i].get(0xffff, 0, &at), ways[i].refused);
    }
}
END_TEST

/* W32-033, VA-096, VA-097: with a base a legal value is not looked at. */
START_TEST(memory_with_a_base)
{
    SIZE_T size = 0x10000;
    PVOID at;
    ck_assert_int_eq(get_memory(2, MEM_TOP_DOWN, &at), 0);
    PVOID base = at;
    free_memory(at);
    ck_assert_int_eq(
        NtAllocateVirtualMemory(where, &base, 12, &size, MEM_RESERVE, PAGE_NOACCESS), 0);
    ck_assert_ptr_eq(base, at);
    ck_assert_int_eq(NtAllocateVirtualMemory(where, &base, 12, &size, MEM_RESERVE, PAGE_NOACCESS),
                     STATUS_CONFLICTING_ADDRESSES);
    free_memory(at);
    ck_assert_int_eq(NtAllocateVirtualMemory(where, &base, 24, &size, MEM_RESERVE, PAGE_NOACCESS),
                     STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(
        NtAllocateVirtualMemory(where, &base, 0xffffffff, &size, MEM_RESERVE, PAGE_NOACCESS), 0);
    free_memory(base);
}
END_TEST

static NTSTATUS view_at(ULONG_PTR at, ULONG_PTR bits)
{
    PVOID base = (PVOID)at;
    SIZE_T size = 0;
    NTSTATUS status = NtMapViewOfSection(section(), where, &base, bits, 0, NULL, &size, ViewShare,
                                         0, PAGE_READWRITE);
    if (status >= 0) {
        ck_assert_ptr_eq(base, (PVOID)at);
        unmap_view(base);
    }
    return status;
}

/* W32-034, W32-035, SEC-090, SEC-091: a view's base must keep the bound, and then be aligned. */
START_TEST(view_with_a_base)
{
    ck_assert_int_eq(view_at(0x30000000, 2), 0);
    ck_assert_int_eq(view_at(0x30000000, 3), STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(view_at(0x30001000, 2), STATUS_MAPPED_ALIGNMENT);
    ck_assert_int_eq(view_at(0x30001000, 3), STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(view_at(0x30000000, 0x3fffffff), 0);
    ck_assert_int_eq(view_at(0x30000000, 0x2fffffff), 0);
    ck_assert_int_eq(view_at(0x30000000, 0x1fffffff), STATUS_INVALID_PARAMETER_4);
}
END_TEST

/* GS-018, W32-038, W32-039. */
START_TEST(stacks)
{
    INITIAL_TEB teb;
    for (ULONG bits = 0; bits < 32; bits++) {
        /* A mask that is less than 32 is a count. */
        const ULONG forms[] = {bits, bits && bits < 27 ? ~0u >> bits : bits};
        for (unsigned f = 0; f < 2; f++) {
            NTSTATUS status = RtlCreateUserStack(0, 0, forms[f], 0x1000, 0x1000, &teb);
            if (bits > 11) {
                ck_assert_int_lt(status, 0);
                continue;
            }
            ck_assert_int_eq(status, 0);
            ck_assert(!bits || (ULONGLONG)(ULONG_PTR)teb.StackBase <= 1ULL << (32 - bits));
            ck_assert_uint_le((ULONG_PTR)teb.StackBase, end_of_space());
            RtlFreeUserStack(teb.DeallocationStack);
        }
    }
}
END_TEST

/* Bounds at and past the end of the space bound nothing, and those within are kept when all that is
 * allowed is taken. */
START_TEST(exhausting_a_bound)
{
    static PVOID taken[4096];
    unsigned n = 0;
    NTSTATUS status;
    PVOID at;
    while ((status = get_memory(10, n % 2 ? MEM_TOP_DOWN : 0, &at)) == 0 && n < 4096) {
        ck_assert_uint_lt((ULONG_PTR)at, 0x400000);
        taken[n++] = at;
    }
    ck_assert_int_eq(status, STATUS_NO_MEMORY);
    ck_assert_int_eq(get_view(10, 0, &at), STATUS_NO_MEMORY);
    ck_assert_int_eq(get_memory(0, 0, &at), 0);
    ck_assert_uint_ge((ULONG_PTR)at, 0x400000);
    free_memory(at);
    while (n--)
        free_memory(taken[n]);
    ck_assert_int_eq(winvm_audit(), 0);
}
END_TEST

static void in_a_space(void)
{
    struct winvm_space_options options = {.size = sizeof options, .megabytes = 2048};
    where = winvm_space_create(&options);
    ck_assert_ptr_nonnull(where);
}

static void in_a_large_space(void)
{
    where = winvm_space_create(NULL);
    ck_assert_ptr_nonnull(where);
}

static void add_tests(TCase *c)
{
    tcase_add_test(c, counts);
    tcase_add_test(c, masks);
    tcase_add_test(c, only_the_highest_bit);
    tcase_add_test(c, refusals);
    tcase_add_test(c, memory_with_a_base);
    tcase_add_test(c, view_with_a_base);
    tcase_add_test(c, exhausting_a_bound);
}

static int all_tests(void)
{
    TCase *c, *space = tcase_create("space"), *large = tcase_create("large space");
    Suite *s = unit_suite("zero_bits", 60, &c);
    add_tests(c);
    tcase_add_test(c, stacks);
    if (WINVM_64) {
        tcase_add_checked_fixture(space, in_a_space, NULL);
        tcase_add_checked_fixture(large, in_a_large_space, NULL);
        add_tests(space);
        add_tests(large);
    }
    suite_add_tcase(s, space);
    suite_add_tcase(s, large);
    return unit_run(s);
}

int main(int argc, char **argv)
{
    static const char *const layouts[] = {"wow64=2g", "wow64=3g", "wow64=4g", "wow64=2500",
                                          WINVM_64 ? "layout=2g" : NULL, "layout=8t", NULL};
    return run_in_layouts(argc, argv, all_tests, layouts);
}
