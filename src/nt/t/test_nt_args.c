/* Argument rules of the native calls, over a space that only remembers what it was asked. */
#include <string.h>
#include <sys/mman.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_handle.h"
#include "nt/nt_privilege.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP FAKE_TOP
#define COMMIT MEM_COMMIT
#define RESERVE MEM_RESERVE

static NTSTATUS allocate(uintptr_t *base, SIZE_T *size, ULONG_PTR zero_bits, ULONG type, ULONG prot)
{
    return wvm_NtAllocateVirtualMemory(OWN, (PVOID *)base, zero_bits, size, type, prot);
}

/* Cases VA-004..012, VA-018..020, VA-027: what the caller gave, what space/ is asked. */
static const struct {
    uintptr_t base, size;
    ULONG type;
    enum fake_op op;
    uintptr_t start, len;
} roundings[] = {
    {0x50000000, 1, RESERVE, FAKE_RESERVE, 0x50000000, 0x1000},
    {0x50008000, 1, RESERVE, FAKE_RESERVE, 0x50000000, 0x9000},
    {0x50000010, 0x1000, RESERVE, FAKE_RESERVE, 0x50000000, 0x2000},
    {0x50010000, 0x2000, RESERVE, FAKE_RESERVE, 0x50010000, 0x2000},
    {0x5000ffff, 0x3000, RESERVE, FAKE_RESERVE, 0x50000000, 0x13000},
    {0x50001010, 0x7000, RESERVE, FAKE_RESERVE, 0x50000000, 0x9000},
    {0x50001010, 0xc000, RESERVE, FAKE_RESERVE, 0x50000000, 0xe000},
    {0x50004080, 0x1000, RESERVE | COMMIT, FAKE_RESERVE, 0x50000000, 0x6000},
    {0x60025000, 200, RESERVE | COMMIT, FAKE_RESERVE, 0x60020000, 0x6000},
    {0, 0xfffc, RESERVE, FAKE_RESERVE, 0x120000, 0x10000},
    {0, 1, COMMIT, FAKE_RESERVE, 0x120000, 0x1000},
    {0x50002000, 0x1000, COMMIT, FAKE_COMMIT, 0x50002000, 0x1000},
    {0x50000000, 0x4321, COMMIT, FAKE_COMMIT, 0x50000000, 0x5000},
    {0x50000fff, 2, COMMIT, FAKE_COMMIT, 0x50000000, 0x2000},
    {0x50000fff, 2, MEM_RESET, FAKE_RESET, 0x50000000, 0x2000},
    {0x50000fff, 2, MEM_RESET_UNDO, FAKE_RESET_UNDO, 0x50000000, 0x2000},
    {0x50000000, TOP - 0x50000000, COMMIT, FAKE_COMMIT, 0x50000000, TOP - 0x50000000},
    {0, TOP - 0x10000, RESERVE, FAKE_RESERVE, 0x120000, TOP - 0x10000},
};

START_TEST(alloc_rounding)
{
    uintptr_t base = roundings[_i].base;
    SIZE_T size = roundings[_i].size;
    fake_reset();
    ck_assert_int_eq(allocate(&base, &size, 0, roundings[_i].type, PAGE_READWRITE), 0);
    ck_assert_int_eq(fake.op, roundings[_i].op);
    ck_assert_uint_eq(fake.start, roundings[_i].start);
    ck_assert_uint_eq(fake.end - fake.start, roundings[_i].len);
    ck_assert_uint_eq(base, roundings[_i].start);
    ck_assert_uint_eq(size, roundings[_i].len);
}
END_TEST

static const struct {
    uintptr_t base, size;
    ULONG_PTR zero_bits;
    ULONG type, prot;
    NTSTATUS expected;
} refusals[] = {
    {0, 0, 0, RESERVE, 1, STATUS_INVALID_PARAMETER_4},
    {0, 0x1000, 0, 0, 4, STATUS_INVALID_PARAMETER_5},
    {0, 0x1000, 0, RESERVE, 0, STATUS_INVALID_PAGE_PROTECTION},
    {0, 0x1000, 0, RESERVE, 8, STATUS_INVALID_PAGE_PROTECTION},
    {0, 0x1000, 0, RESERVE, 0x80, STATUS_INVALID_PAGE_PROTECTION},
    {0x10000, 0x1000, 0, MEM_RESET, 0, STATUS_INVALID_PAGE_PROTECTION},
    {0, 0x1000, 0, RESERVE | MEM_PHYSICAL, 2, STATUS_INVALID_PARAMETER_6},
    {0, 0x201000, 0, RESERVE | COMMIT | MEM_LARGE_PAGES, 4, STATUS_INVALID_PARAMETER_4},
    {0, 0x1000, 0, RESERVE | MEM_RESERVE_PLACEHOLDER, 1, STATUS_INVALID_PARAMETER},
    {0xf000, 0x1000, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_2},
    {TOP, 0x1000, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_2},
    {FAKE_KERNEL, 0x1000, 0, COMMIT, 4, STATUS_INVALID_PARAMETER_2},
    {TOP - 0x1000, 0x1001, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_4},
    {0, SIZE_MAX, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_4},
    {0, SIZE_MAX - 0xfff, 0, COMMIT, 4, STATUS_INVALID_PARAMETER_4},
    {0x10000, SIZE_MAX, 0, COMMIT, 4, STATUS_INVALID_PARAMETER_4},
    {0, FAKE_TOO_LONG, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_4},
    {0, TOP, 0, RESERVE, 4, STATUS_INVALID_PARAMETER_4},
    {0, 0x1000, 22, RESERVE, 4, STATUS_INVALID_PARAMETER_3},
    {0x50000000, 0x1000, 24, RESERVE, 4, STATUS_INVALID_PARAMETER_3},
    {0, 0x1000, 33, RESERVE, 4, STATUS_INVALID_PARAMETER_3},
    {0, 0x1000, 16, RESERVE, 4, STATUS_NO_MEMORY},
    {0, 0x1000, 21, RESERVE | COMMIT, 4, STATUS_NO_MEMORY},
    {0, 0x11000, 15, RESERVE, 4, STATUS_NO_MEMORY},
};

START_TEST(alloc_refusal)
{
    uintptr_t base = refusals[_i].base;
    SIZE_T size = refusals[_i].size;
    fake_reset();
    ck_assert_int_eq(
        allocate(&base, &size, refusals[_i].zero_bits, refusals[_i].type, refusals[_i].prot),
        refusals[_i].expected);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_uint_eq(base, refusals[_i].base);
    ck_assert_uint_eq(size, refusals[_i].size);
}
END_TEST

START_TEST(alloc_request)
{
    uintptr_t base = 0;
    SIZE_T size = 0x1000;
    fake_reset();
    ck_assert_int_eq(
        allocate(&base, &size, 12, RESERVE | COMMIT | MEM_TOP_DOWN | MEM_WRITE_WATCH, 0x204), 0);
    ck_assert_uint_eq(fake.req.limit, 0x100000);
    ck_assert(fake.req.commit && fake.req.top_down);
    ck_assert_uint_eq(fake.req.attr, WVM_ATTR_RW | WVM_ATTR_NOCACHE);
    ck_assert_uint_eq(fake.req.flags, WVM_ALLOC_WRITE_WATCH);
    /* VA-015: a base makes legal ZeroBits void. */
    base = 0x50000000;
    ck_assert_int_eq(allocate(&base, &size, 12, RESERVE | MEM_PHYSICAL, 4), 0);
    ck_assert_uint_eq(fake.req.limit, 0);
    ck_assert_uint_eq(fake.req.flags, WVM_ALLOC_PHYSICAL);
    ck_assert(!fake.req.commit && !fake.req.top_down);
    /* A failure of the space leaves the variables alone (VA-084). */
    fake.result = STATUS_CONFLICTING_ADDRESSES;
    base = 0x50001234;
    size = 77;
    ck_assert_int_eq(allocate(&base, &size, 0, RESERVE, 4), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(base, 0x50001234);
    ck_assert_uint_eq(size, 77);
}
END_TEST

/* The handle is judged before everything else, also before the pointers. */
START_TEST(handles_first)
{
    PSIZE_T none = NULL;
    HANDLE thread = (HANDLE)(intptr_t)-2;
    fake_reset();
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(NULL, NULL, 99, none, 0, 0),
                     STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(NULL, NULL, none, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(NULL, NULL, none, 0, NULL), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(
        wvm_NtQueryVirtualMemory(NULL, NULL, MemoryMappedFilenameInformation, NULL, 0, none),
        STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtLockVirtualMemory(NULL, NULL, none, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtUnlockVirtualMemory(NULL, NULL, none, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtFlushVirtualMemory(NULL, NULL, none, NULL), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtFlushInstructionCache(NULL, NULL, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(thread, NULL, 0, none, 0, 0),
                     STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(wild_pointers)
{
    SIZE_T size = 0x1000;
    PVOID base = NULL;
    ULONG old;
    char *gone = mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(gone, MAP_FAILED);
    munmap(gone + 0x1000, 0x1000);
    void *wild[] = {NULL,
                    (void *)8,
                    gone,
                    gone + 0xfff,
                    gone + 0x1000,
                    (void *)(uintptr_t)FAKE_KERNEL,
                    (void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        fake_reset();
        ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, wild[i], 0, &size, RESERVE, 4),
                         STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, wild[i], RESERVE, 4),
                         STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, wild[i], &size, MEM_RELEASE),
                         STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, &size, 4, wild[i]),
                         STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, wild[i], 4, &old),
                         STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, wild[i], &size, 1), STATUS_ACCESS_VIOLATION);
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, NULL, MemoryBasicInformation, wild[i],
                                                  sizeof(MEMORY_BASIC_INFORMATION), NULL),
                         STATUS_ACCESS_VIOLATION);
        if (wild[i])
            ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, &base, &old, 1, wild[i]),
                             STATUS_ACCESS_VIOLATION);
        ck_assert_uint_eq(fake.n_calls, 0);
    }
}
END_TEST

/* VF-007, VF-009, VF-011, VF-017: base and size come back rounded. */
START_TEST(free_results)
{
    uintptr_t base = 0x51fff;
    SIZE_T size = 2;
    fake_reset();
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, MEM_DECOMMIT), 0);
    ck_assert_uint_eq(base, 0x51000);
    ck_assert_uint_eq(size, 0x2000);
    ck_assert_int_eq(fake.op, FAKE_DECOMMIT);
    base = 0x50ffe;
    size = 0;
    fake.out_end = 0x60000;
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, MEM_DECOMMIT), 0);
    ck_assert_uint_eq(fake.start, 0x50000);
    ck_assert_uint_eq(fake.end, 0x50000);
    ck_assert_uint_eq(base, 0x50000);
    ck_assert_uint_eq(size, 0);
    base = 0x50fff;
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, MEM_RELEASE), 0);
    ck_assert_uint_eq(base, 0x50000);
    ck_assert_uint_eq(size, 0x10000);
    fake.result = STATUS_FREE_VM_NOT_AT_BASE;
    base = 0x51001;
    size = 0;
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, MEM_RELEASE),
                     STATUS_FREE_VM_NOT_AT_BASE);
    ck_assert_uint_eq(base, 0x51001);
    ck_assert_uint_eq(size, 0);
}
END_TEST

START_TEST(free_refusals)
{
    static const struct {
        uintptr_t base, size;
        ULONG type;
        NTSTATUS expected;
    } cases[] = {
        {0x50000, 0x10000, 0, STATUS_INVALID_PARAMETER_4},
        {0x50000, 0, MEM_FREE, STATUS_INVALID_PARAMETER_4},
        {0x50000, 0, MEM_DECOMMIT | MEM_RELEASE, STATUS_INVALID_PARAMETER_4},
        {0x50000, 0x1000, MEM_COALESCE_PLACEHOLDERS, STATUS_INVALID_PARAMETER_4},
        {0x50000, 0, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER_3},
        {TOP, 0, MEM_RELEASE, STATUS_INVALID_PARAMETER_2},
        {FAKE_KERNEL, 0x1000, MEM_DECOMMIT, STATUS_INVALID_PARAMETER_2},
        {0x50000, SIZE_MAX, MEM_DECOMMIT, STATUS_INVALID_PARAMETER_3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uintptr_t base = cases[i].base;
        SIZE_T size = cases[i].size;
        fake_reset();
        ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, cases[i].type),
                         cases[i].expected);
        ck_assert_uint_eq(fake.n_calls, 0);
    }
}
END_TEST

START_TEST(protect_calls)
{
    uintptr_t base = 0x50333;
    SIZE_T size = 17;
    ULONG old = 0;
    fake_reset();
    fake.old_attr = WVM_ATTR_RW | WVM_ATTR_GUARD;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, (PVOID *)&base, &size, PAGE_READONLY, &old),
                     0);
    ck_assert_uint_eq(base, 0x50000);
    ck_assert_uint_eq(size, 0x1000);
    ck_assert_uint_eq(old, 0x104);
    ck_assert_uint_eq(fake.attr, WVM_ATTR_RO);
    static const struct {
        uintptr_t base, size;
        ULONG prot;
        NTSTATUS expected;
    } cases[] = {
        {0x50000, 0, 4, STATUS_INVALID_PARAMETER_3},
        {TOP, 1, 4, STATUS_INVALID_PARAMETER_2},
        {0x50000, SIZE_MAX, 4, STATUS_INVALID_PARAMETER_3},
        {0x50000, 1, 0, STATUS_INVALID_PAGE_PROTECTION},
        {0x50000, 1, 8, STATUS_INVALID_PAGE_PROTECTION},
        {0x50000, 1, 0x84, STATUS_INVALID_PAGE_PROTECTION},
        {0x50000, 1, 0x101, STATUS_INVALID_PAGE_PROTECTION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        base = cases[i].base;
        size = cases[i].size;
        old = 0xabcd;
        fake_reset();
        ck_assert_int_eq(
            wvm_NtProtectVirtualMemory(OWN, (PVOID *)&base, &size, cases[i].prot, &old),
            cases[i].expected);
        ck_assert_uint_eq(fake.n_calls, 0);
        ck_assert_uint_eq(old, 0xabcd);
    }
    /* An image takes its write-copy protection back. */
    fake_reset();
    fake.region = (struct wvm_region){0x50000,     0x60000,      0x50000,        0x60000,
                                      WVM_ATTR_RW, WVM_ATTR_XWC, WVM_TYPE_IMAGE, WVM_ALLOC_FOREIGN};
    base = 0x50000;
    size = 1;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, (PVOID *)&base, &size, PAGE_WRITECOPY, &old),
                     0);
    ck_assert_uint_eq(fake.attr, WVM_ATTR_WC);
}
END_TEST

START_TEST(lock_calls)
{
    uintptr_t base = 0x50fff;
    SIZE_T size = 2;
    fake_reset();
    fake.result = STATUS_WAS_LOCKED;
    ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, (PVOID *)&base, &size, 1), STATUS_WAS_LOCKED);
    ck_assert_uint_eq(base, 0x50000);
    ck_assert_uint_eq(size, 0x2000);
    ck_assert_uint_eq(fake.kinds, WVM_LOCK_PROCESS);
    fake_reset();
    ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, (PVOID *)&base, &size, 3), STATUS_SUCCESS);
    ck_assert_uint_eq(fake.kinds, WVM_LOCK_PROCESS | WVM_LOCK_SYSTEM);
    fake_reset();
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, false);
    ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, (PVOID *)&base, &size, 2),
                     STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(wvm_NtUnlockVirtualMemory(OWN, (PVOID *)&base, &size, 3),
                     STATUS_PRIVILEGE_NOT_HELD);
    wvm_nt_privilege_enable(WVM_SE_LOCK_MEMORY, true);
    ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, (PVOID *)&base, &size, 0),
                     STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(wvm_NtLockVirtualMemory(OWN, (PVOID *)&base, &size, 4),
                     STATUS_INVALID_PARAMETER_4);
    size = 0;
    ck_assert_int_eq(wvm_NtUnlockVirtualMemory(OWN, (PVOID *)&base, &size, 1),
                     STATUS_INVALID_PARAMETER_3);
    base = TOP;
    ck_assert_int_eq(wvm_NtUnlockVirtualMemory(OWN, (PVOID *)&base, &size, 1),
                     STATUS_INVALID_PARAMETER_2);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_args", 20, &c);
    tcase_add_loop_test(c, alloc_rounding, 0, (int)(sizeof roundings / sizeof roundings[0]));
    tcase_add_loop_test(c, alloc_refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(c, alloc_request);
    tcase_add_test(c, handles_first);
    tcase_add_test(c, wild_pointers);
    tcase_add_test(c, free_results);
    tcase_add_test(c, free_refusals);
    tcase_add_test(c, protect_calls);
    tcase_add_test(c, lock_calls);
    return unit_run(s);
}
