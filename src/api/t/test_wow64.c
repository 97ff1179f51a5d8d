/* The NtWow64 calls in the program's own layout, and again in 32-bit ones: the program starts
 * itself with the option wow64. */
#include <stdbool.h>
#include <string.h>

#include <winvm/winvm.h>

#include "api/t/layouts_unit.h"
#include "base/t/unit.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define FAR_AWAY 0x9876540000ULL
#define GIB (1ULL << 30)

static bool is_wow64(void)
{
    BOOL is = FALSE;
    ck_assert(IsWow64Process(OWN, &is));
    return is;
}

static ULONG64 highest(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return (ULONG_PTR)info.lpMaximumApplicationAddress;
}

static NTSTATUS reserve(ULONG64 *base, ULONG64 zero_bits, ULONG64 *size, ULONG type)
{
    return NtWow64AllocateVirtualMemory64(OWN, base, zero_bits, size, MEM_RESERVE | type,
                                          PAGE_READWRITE);
}

static void release(ULONG64 base)
{
    ck_assert(VirtualFree((PVOID)(ULONG_PTR)base, 0, MEM_RELEASE));
}

/* W32-001, W32-002: the option has been heard. */
START_TEST(layout)
{
    const char *options = getenv("WINVM_OPTIONS");
    bool asked = options && strstr(options, "wow64=");
    ck_assert_int_eq(is_wow64(), asked || !WINVM_64);
    ck_assert_int_eq(highest() <= 0xfffeffff, asked || !WINVM_64);
}
END_TEST

/* W32-050, W32-051. */
START_TEST(allocating)
{
    ULONG64 base = 0, size = 0x2345, again, more = 0x1000;
    ck_assert_int_eq(reserve(&base, 0, &size, MEM_COMMIT), 0);
    ck_assert_uint_eq(size, 0x3000);
    ck_assert_uint_eq(base % 0x10000, 0);
    ck_assert_uint_le(base, highest());
    again = base + 0x1000;
    ck_assert_int_eq(reserve(&again, 0, &more, MEM_COMMIT), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(again, base + 0x1000);
    ck_assert_uint_eq(more, 0x1000);
    memset((void *)(ULONG_PTR)base, 1, 0x3000);
    release(base);
}
END_TEST

/* W32-052, W32-053, and what the plain call refuses. */
START_TEST(refusals)
{
    ULONG64 base = 0, size = 0;
    ck_assert_int_eq(reserve(&base, 0, &size, 0), STATUS_INVALID_PARAMETER_4);
    size = 0x1000;
    ck_assert_int_eq(reserve(&base, 22, &size, 0), STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(reserve(&base, 33, &size, 0), STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(reserve(&base, 0xffff, &size, 0), STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(reserve(&base, 21, &size, 0), STATUS_NO_MEMORY);
    size = ~0ULL;
    ck_assert_int_eq(reserve(&base, 0, &size, 0), STATUS_INVALID_PARAMETER_4);
    size = 0x1000;
    base = 0x800000000000;
    ck_assert_int_eq(reserve(&base, 0, &size, 0), STATUS_INVALID_PARAMETER_2);
    ck_assert_uint_eq(base, 0x800000000000);
    ck_assert_uint_eq(size, 0x1000);
    ck_assert_int_eq(reserve(NULL, 0, &size, 0), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(reserve(&base, 0, (ULONG64 *)8, 0), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtWow64AllocateVirtualMemory64(NULL, &base, 0, &size, MEM_RESERVE, 4),
                     STATUS_INVALID_HANDLE);
}
END_TEST

/* W32-054. */
START_TEST(masks)
{
    static const ULONG64 bits[] = {1, 2, 8, 0x3fffffff, 0x1aaaaaaa, 0xffffffff};
    static const ULONG64 limits[] = {2 * GIB, GIB, 1 << 24, GIB, GIB / 2, 4 * GIB};
    for (unsigned i = 0; i < 2 * 6; i++) {
        ULONG64 base = 0, size = 0x1000;
        ck_assert_int_eq(reserve(&base, bits[i / 2], &size, i % 2 ? MEM_TOP_DOWN : 0), 0);
        ck_assert_uint_lt(base, limits[i / 2]);
        ck_assert_uint_le(base, highest());
        release(base);
    }
}
END_TEST

/* W32-055: beyond 4 GiB in every 64-bit build; a 32-bit process has nothing to give there. */
START_TEST(beyond)
{
    MEMORY_BASIC_INFORMATION64 m;
    ULONG64 base = FAR_AWAY + 0x3210, size = 0x1000, got = 0;
    NTSTATUS status = NtWow64AllocateVirtualMemory64(OWN, &base, 0, &size,
                                                     MEM_RESERVE | MEM_COMMIT, PAGE_READONLY);
    if (!WINVM_64) {
        ck_assert_int_eq(status, STATUS_CONFLICTING_ADDRESSES);
        return;
    }
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(base, FAR_AWAY);
    ck_assert_uint_eq(size, 0x5000);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, base + 0x1234, MemoryBasicInformation, &m,
                                                 sizeof m, &got), 0);
    ck_assert_uint_eq(got, 48);
    ck_assert_uint_eq(m.BaseAddress, FAR_AWAY + 0x1000);
    ck_assert_uint_eq(m.AllocationBase, FAR_AWAY);
    ck_assert_uint_eq(m.RegionSize, 0x4000);
    ck_assert_uint_eq(m.State, MEM_COMMIT);
    ck_assert_uint_eq(m.Protect, PAGE_READONLY);
    ck_assert_uint_eq(m.Type, MEM_PRIVATE);
    ck_assert_int_eq(*(volatile char *)(ULONG_PTR)base, 0);
    release(base);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, base, MemoryBasicInformation, &m, sizeof m,
                                                 NULL), 0);
    ck_assert_uint_eq(m.State, MEM_FREE);
    ck_assert_int_eq(winvm_audit(), 0);
}
END_TEST

/* W32-057..059. */
START_TEST(copying)
{
    ULONG64 base = 0, size = 0x2000, count = 77, done = 77;
    char out[64], in[64] = "through sixty-four bits";
    ck_assert_int_eq(reserve(&base, 0, &size, MEM_COMMIT), 0);
    ck_assert_int_eq(NtWow64WriteVirtualMemory64(OWN, base + 0xff0, in, sizeof in, &count), 0);
    ck_assert_uint_eq(count, sizeof in);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(OWN, base + 0xff0, out, sizeof out, &done), 0);
    ck_assert_uint_eq(done, sizeof out);
    ck_assert_mem_eq(in, out, sizeof in);
    DWORD old;
    ck_assert(VirtualProtect((PVOID)(ULONG_PTR)base, 0x2000, PAGE_READONLY, &old));
    ck_assert_int_eq(NtWow64WriteVirtualMemory64(OWN, base, in, sizeof in, &count),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(count, 0);
    release(base);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(OWN, base, out, sizeof out, &done),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(done, 0);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(OWN, 0x800000000000, out, 1, &done),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(OWN, base, out, 1, (ULONG64 *)8),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(NULL, base, out, 1, NULL), STATUS_INVALID_HANDLE);
}
END_TEST

/* What is not there beyond the layout is free memory to these calls. */
START_TEST(copying_far_away)
{
    ULONG64 done = 77;
    char out[16];
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(OWN, FAR_AWAY, out, sizeof out, &done),
                     WINVM_64 ? STATUS_PARTIAL_COPY : STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(done, 0);
    ck_assert_int_eq(NtWow64WriteVirtualMemory64(OWN, FAR_AWAY, out, sizeof out, &done),
                     WINVM_64 ? STATUS_PARTIAL_COPY : STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(done, 0);
}
END_TEST

/* W32-060: a walk of the whole 64-bit space passes the program's own code and ends at its end. */
START_TEST(walk)
{
    MEMORY_BASIC_INFORMATION64 m;
    ULONG64 at = 0, code = (ULONG_PTR)highest, end = WINVM_64 ? 0x7fffffff0000 : highest() + 1;
    bool found = false;
    while (NtWow64QueryVirtualMemory64(OWN, at, MemoryBasicInformation, &m, sizeof m, NULL) == 0) {
        ck_assert_uint_eq(m.BaseAddress, at);
        ck_assert_uint_gt(m.RegionSize, 0);
        found |= code >= at && code - at < m.RegionSize && m.Type == MEM_IMAGE;
        at += m.RegionSize;
    }
    ck_assert(found);
    ck_assert_uint_ge(at, end);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, 0x800000000000, MemoryBasicInformation, &m,
                                                 sizeof m, NULL), STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(query_lengths)
{
    MEMORY_BASIC_INFORMATION64 m[2];
    ULONG64 got = 77;
    memset(m, 0xaa, sizeof m);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, 0x10000, MemoryBasicInformation, m, 47, &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_uint_eq(got, 77);
    ck_assert_uint_eq(((unsigned char *)m)[0], 0xaa);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, 0x10000, MemoryBasicInformation, m, 96, &got),
                     0);
    ck_assert_uint_eq(got, 48);
    ck_assert_uint_eq(((unsigned char *)m)[48], 0xaa);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, 0x10000, MemoryBasicInformation, NULL, 48,
                                                 NULL), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(OWN, 0x10000, (MEMORY_INFORMATION_CLASS)99, m, 48,
                                                 NULL), STATUS_INVALID_INFO_CLASS);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(NULL, 0x10000, MemoryBasicInformation, m, 48,
                                                 NULL), STATUS_INVALID_HANDLE);
}
END_TEST

/* When a 32-bit layout is full, these calls find room beyond it; the plain ones do not. */
START_TEST(full)
{
    if (!is_wow64() || !WINVM_64)
        return;
    for (SIZE_T size = GIB; size >= 0x10000; size /= 2)
        while (VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS))
            ;
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    static const ULONG types[] = {0, MEM_TOP_DOWN, MEM_COMMIT};
    for (unsigned i = 0; i < 3; i++) {
        ULONG64 base = 0, size = 5 * GIB;
        ck_assert_int_eq(reserve(&base, 0, &size, types[i] & ~MEM_COMMIT), 0);
        ck_assert_uint_ge(base, 4 * GIB);
        release(base);
        base = 0, size = 0x1000;
        ck_assert_int_eq(reserve(&base, 0x7fffffffffff, &size, types[i]), 0);
        ck_assert_uint_ge(base, 4 * GIB);
        release(base);
        base = 0;
        ck_assert_int_eq(reserve(&base, 0x7fffffff, &size, types[i]), STATUS_NO_MEMORY);
        ck_assert_int_eq(reserve(&base, 0xffffffff, &size, types[i]), STATUS_NO_MEMORY);
    }
    ck_assert_int_eq(winvm_audit(), 0);
}
END_TEST

/* A based space is a 32-bit process: its addresses are below 4 GiB, and there are no others. */
START_TEST(based_space)
{
    MEMORY_BASIC_INFORMATION64 m;
    BOOL is = FALSE;
    USHORT machine = 0, native = 0;
    ULONG64 base = 0, size = 0x2345, far = FAR_AWAY, count = 77;
    char in[8] = "inside", out[8];
    if (!WINVM_64)
        return;
    HANDLE space = winvm_space_create(NULL);
    ck_assert_ptr_nonnull(space);
    ck_assert(IsWow64Process(space, &is));
    ck_assert_int_eq(is, TRUE);
    ck_assert(IsWow64Process2(space, &machine, &native));
    ck_assert_uint_eq(machine, IMAGE_FILE_MACHINE_I386);
    ck_assert_uint_eq(native, IMAGE_FILE_MACHINE_AMD64);
    ck_assert_int_eq(NtWow64AllocateVirtualMemory64(space, &base, 0, &size,
                                                    MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), 0);
    ck_assert_uint_lt(base, 0xffff0000);
    ck_assert_uint_eq(size, 0x3000);
    ck_assert_int_eq(NtWow64WriteVirtualMemory64(space, base, in, sizeof in, &count), 0);
    ck_assert_uint_eq(count, sizeof in);
    ck_assert_mem_eq(winvm_space_base(space) + base, in, sizeof in);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(space, base, out, sizeof out, &count), 0);
    ck_assert_mem_eq(in, out, sizeof in);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(space, base + 0x3000, MemoryBasicInformation, &m,
                                                 sizeof m, NULL), 0);
    ck_assert_uint_eq(m.State, MEM_FREE);
    ck_assert_uint_eq(m.BaseAddress + m.RegionSize, 0xffff0000);
    ck_assert_int_eq(NtWow64AllocateVirtualMemory64(space, &far, 0, &size, MEM_RESERVE, 4),
                     STATUS_INVALID_PARAMETER_2);
    ck_assert_int_eq(NtWow64QueryVirtualMemory64(space, 0xffff0000, MemoryBasicInformation, &m,
                                                 sizeof m, NULL), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtWow64ReadVirtualMemory64(space, far, out, sizeof out, &count),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(count, 0);
    base = 0, size = 4 * GIB;
    ck_assert_int_eq(NtWow64AllocateVirtualMemory64(space, &base, 0, &size, MEM_RESERVE, 4),
                     STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(winvm_space_destroy(space), 0);
}
END_TEST

static int all_tests(void)
{
    TCase *c;
    Suite *s = unit_suite("wow64", 60, &c);
    tcase_add_test(c, layout);
    tcase_add_test(c, allocating);
    tcase_add_test(c, refusals);
    tcase_add_test(c, masks);
    tcase_add_test(c, beyond);
    tcase_add_test(c, copying);
    tcase_add_test(c, copying_far_away);
    tcase_add_test(c, walk);
    tcase_add_test(c, query_lengths);
    tcase_add_test(c, full);
    tcase_add_test(c, based_space);
    return unit_run(s);
}

int main(int argc, char **argv)
{
    static const char *const layouts[] = {"wow64=2g", "wow64=3g", "wow64=4g", NULL};
    return run_in_layouts(argc, argv, all_tests, layouts);
}
