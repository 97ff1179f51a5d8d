/* Hints as programs give them: ranges of every kind, arrays that are wrong late, a file that really
 * comes into memory; and the targets of indirect calls. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <winvm/space.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

enum { PG = 4096, MANY = 3000 };
#define SELF GetCurrentProcess()

static WIN32_MEMORY_RANGE_ENTRY entry[MANY];

static char *alloc(SIZE_T len, DWORD prot)
{
    char *a = VirtualAlloc(NULL, len, MEM_RESERVE | MEM_COMMIT, prot);
    ck_assert_ptr_nonnull(a);
    return a;
}

#define FAILS(call, error)                                  \
    do {                                                    \
        SetLastError(0xdead);                               \
        ck_assert(!(call));                                 \
        ck_assert_uint_eq(GetLastError(), error);           \
    } while (0)

static uint32_t set(int class, ULONG_PTR n, void *at, ULONG value)
{
    return (uint32_t)NtSetInformationVirtualMemory(SELF, (VIRTUAL_MEMORY_INFORMATION_CLASS)class,
                                                   n, at, &value, sizeof value);
}

/* ---- ranges ---- */

static void fill_entries(char *a)
{
    for (size_t i = 0; i < MANY; i++)
        entry[i] = (WIN32_MEMORY_RANGE_ENTRY){a + i % 100 * 2 * PG + i % 7, 1 + i % PG};
}

START_TEST(odd_ranges)
{
    char *a = alloc(200 * PG, PAGE_READWRITE);
    memset(a, 5, 200 * PG);
    fill_entries(a);
    ck_assert(PrefetchVirtualMemory(SELF, MANY, entry, 0));
    for (size_t i = 0; i < MANY; i += 3)
        entry[i].VirtualAddress = (void *)(i % 2 ? 0 : (uintptr_t)-PG);
    entry[1].NumberOfBytes = (SIZE_T)-1;
    entry[MANY - 1].NumberOfBytes = (SIZE_T)3 << 30;
    entry[MANY - 2] = (WIN32_MEMORY_RANGE_ENTRY){(void *)(uintptr_t)set, 1};
    ck_assert(PrefetchVirtualMemory(SELF, MANY, entry, 0));
    ck_assert(PrefetchVirtualMemory(SELF, 1, &entry[1], 0));
    ck_assert_uint_eq(set(1, MANY, entry, 0), (uint32_t)STATUS_SUCCESS);
    ck_assert_uint_eq(set(1, MANY, entry, 5), (uint32_t)STATUS_SUCCESS);
    entry[1].NumberOfBytes = PG; /* not all there is */
    entry[MANY - 1].NumberOfBytes = PG;
    ck_assert_uint_eq(set(7, MANY, entry, 0), (uint32_t)STATUS_SUCCESS);
    for (size_t i = 0; i < 200 * PG; i += PG)
        ck_assert_int_eq(a[i], 5);
    ck_assert(VirtualFree(a, 0, MEM_RELEASE));
}
END_TEST

START_TEST(wrong_arrays)
{
    char *a = alloc(16 * PG, PAGE_READWRITE);
    WIN32_MEMORY_RANGE_ENTRY *last = (void *)(a + 16 * PG);
    DWORD old;
    fill_entries(a);
    entry[MANY - 1].NumberOfBytes = 0;
    FAILS(PrefetchVirtualMemory(SELF, MANY, entry, 0), ERROR_INVALID_PARAMETER);
    for (WIN32_MEMORY_RANGE_ENTRY *e = (void *)a; e < last; e++)
        *e = (WIN32_MEMORY_RANGE_ENTRY){a, PG};
    ck_assert(PrefetchVirtualMemory(SELF, 1000, last - 1000, 0));
    ck_assert(VirtualProtect(a + 15 * PG, PG, PAGE_NOACCESS, &old));
    FAILS(PrefetchVirtualMemory(SELF, 1000, last - 1000, 0), ERROR_NOACCESS);
    FAILS(PrefetchVirtualMemory(SELF, (ULONG_PTR)-1, entry, 0), ERROR_NOACCESS);
    FAILS(PrefetchVirtualMemory(SELF, (ULONG_PTR)1 << 30, (void *)a, 0), ERROR_NOACCESS);
    ck_assert_uint_eq(set(1, 1, entry, 6), (uint32_t)STATUS_INVALID_PARAMETER_5);
    ck_assert_uint_eq(set(7, 1, entry, 1), (uint32_t)STATUS_INVALID_PARAMETER_5);
    for (int class = 2; class < 12; class += class == 6 ? 2 : 1)
        ck_assert_uint_eq(set(class, 1, entry, 0), (uint32_t)STATUS_INVALID_PARAMETER_2);
    ck_assert_uint_eq((uint32_t)NtSetInformationVirtualMemory(SELF, VmPrefetchInformation, 1,
                                                              (void *)entry, a + 15 * PG, 4),
                      (uint32_t)STATUS_ACCESS_VIOLATION);
    FAILS(PrefetchVirtualMemory((HANDLE)(LONG_PTR)0x7770, 1, entry, 0), ERROR_INVALID_HANDLE);
    HANDLE weak = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId());
    FAILS(PrefetchVirtualMemory(weak, 1, entry, 0), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(weak));
    ck_assert(VirtualFree(a, 0, MEM_RELEASE));
}
END_TEST

/* The pages of a view's file are in memory within a second or two, and were not before. */
START_TEST(file_comes_in)
{
    enum { LEN = 256 * PG };
    static unsigned char there[LEN / PG];
    char name[] = "hint-XXXXXX";
    int fd = mkstemp(name), n = 0;
    ck_assert_int_ge(fd, 0);
    unlink(name);
    for (int i = 0; i < LEN / PG; i++)
        ck_assert_int_eq(pwrite(fd, "x", 1, (off_t)i * PG), 1);
    fsync(fd);
    posix_fadvise(fd, 0, LEN, POSIX_FADV_DONTNEED);
    HANDLE file = (HANDLE)_get_osfhandle(fd);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL);
    char *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    ck_assert_ptr_nonnull(view);
    ck_assert_int_eq(mincore(view, LEN, there), 0);
    for (int i = 0; i < LEN / PG; i++)
        n += there[i] & 1;
    if (n > 8) {
        close(fd);
        return; /* a file system that keeps its files in memory */
    }
    WIN32_MEMORY_RANGE_ENTRY half[2] = {{view, LEN / 4}, {view + LEN / 2 + 1, LEN / 4 - 1}};
    ck_assert(PrefetchVirtualMemory(SELF, 2, half, 0));
    for (int try = 0; try < 200; try++) {
        ck_assert_int_eq(mincore(view, LEN, there), 0);
        n = 0;
        for (int i = 0; i < LEN / PG / 4; i++)
            n += (there[i] & 1) + (there[i + LEN / PG / 2] & 1);
        if (n == LEN / PG / 2)
            break;
        usleep(10000);
    }
    ck_assert_int_eq(n, LEN / PG / 2);
    ck_assert(UnmapViewOfFile(view));
    ck_assert(CloseHandle(section));
    close(fd);
}
END_TEST

#ifdef __LP64__
START_TEST(based_space)
{
    struct winvm_space_options options = {.size = sizeof options};
    HANDLE space = winvm_space_create(&options);
    ck_assert_ptr_nonnull(space);
    char *at = VirtualAllocEx(space, NULL, 4 * PG, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_nonnull(at);
    WIN32_MEMORY_RANGE_ENTRY e[2] = {{at, 4 * PG}, {(void *)((uintptr_t)1 << 33), PG}};
    ck_assert(PrefetchVirtualMemory(space, 2, e, 0));
    ULONG zero = 0;
    ck_assert_int_eq(NtSetInformationVirtualMemory(space, VmRemoveFromWorkingSetInformation, 2,
                                                   (void *)e, &zero, sizeof zero),
                     STATUS_SUCCESS);
    ck_assert(winvm_space_destroy(space) == 0);
}
END_TEST
#endif

/* ---- targets of indirect calls ---- */

START_TEST(targets)
{
    CFG_CALL_TARGET_INFO t[100];
    char *a = alloc(4 * PG, PAGE_EXECUTE_READ);
    for (unsigned i = 0; i < 100; i++)
        t[i] = (CFG_CALL_TARGET_INFO){i * 16, CFG_CALL_TARGET_VALID};
    ck_assert(SetProcessValidCallTargets(SELF, a, 4 * PG, 100, t));
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(t[i].Flags, CFG_CALL_TARGET_VALID | CFG_CALL_TARGET_PROCESSED);
    ck_assert(VirtualFree(a, 0, MEM_RELEASE));
}
END_TEST

START_TEST(wrong_targets)
{
    CFG_CALL_TARGET_INFO t[100];
    DWORD old;
    char *a = alloc(4 * PG, PAGE_EXECUTE_READ);
    const struct {
        unsigned at;
        CFG_CALL_TARGET_INFO value;
    } wrong[] = {
        {99, {99 * 16 + 1, 1}}, {99, {4 * PG, 1}}, {50, {49 * 16, 1}}, {0, {0, 0x20}},
        {99, {(ULONG_PTR)-16, 1}},
    };
    for (unsigned w = 0; w < sizeof wrong / sizeof wrong[0]; w++) {
        for (unsigned i = 0; i < 100; i++)
            t[i] = (CFG_CALL_TARGET_INFO){i * 16, CFG_CALL_TARGET_VALID};
        t[wrong[w].at] = wrong[w].value;
        FAILS(SetProcessValidCallTargets(SELF, a, 4 * PG, 100, t), ERROR_INVALID_PARAMETER);
        for (unsigned i = 0; i < 100; i++)
            ck_assert(!(t[i].Flags & CFG_CALL_TARGET_PROCESSED));
    }
    t[0] = (CFG_CALL_TARGET_INFO){0, 1};
    FAILS(SetProcessValidCallTargets(SELF, a + 1, PG, 1, t), ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargets(SELF, a, 0, 1, t), ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargets(SELF, a, (SIZE_T)-PG, 1, t), ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargets(SELF, a, PG, 0, t), ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargets(SELF, a, PG, 1, NULL), ERROR_NOACCESS);
    FAILS(SetProcessValidCallTargets(SELF, a, PG, 0xffffffff, t), ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargets((HANDLE)(LONG_PTR)0x7770, a, PG, 1, t),
          ERROR_INVALID_HANDLE);
    ck_assert(VirtualProtect(a + PG, PG, PAGE_READWRITE, &old));
    FAILS(SetProcessValidCallTargets(SELF, a, 2 * PG, 1, t), ERROR_INVALID_PARAMETER);
    ck_assert(VirtualFree(a + PG, PG, MEM_DECOMMIT));
    FAILS(SetProcessValidCallTargets(SELF, a, 2 * PG, 1, t), ERROR_INVALID_ADDRESS);
    ck_assert(SetProcessValidCallTargets(SELF, a, PG, 1, t));
    ck_assert(VirtualFree(a, 0, MEM_RELEASE));
}
END_TEST

START_TEST(targets_in_views)
{
    CFG_CALL_TARGET_INFO t = {16, CFG_CALL_TARGET_VALID};
    HANDLE section =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE, 0, PG, NULL);
    char *a = alloc(PG, PAGE_EXECUTE_READ);
    char *view = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0, 0);
    ck_assert_ptr_nonnull(view);
    ck_assert(SetProcessValidCallTargetsForMappedView(SELF, view, PG, 1, &t, section, 0));
    ck_assert_uint_eq(t.Flags, CFG_CALL_TARGET_VALID | CFG_CALL_TARGET_PROCESSED);
    FAILS(SetProcessValidCallTargetsForMappedView(SELF, a, PG, 1, &t, section, 0),
          ERROR_INVALID_ADDRESS);
    FAILS(SetProcessValidCallTargetsForMappedView(SELF, view, PG, 1, &t, section, 5),
          ERROR_INVALID_PARAMETER);
    FAILS(SetProcessValidCallTargetsForMappedView(SELF, view, PG, 1, &t, NULL, 0),
          ERROR_INVALID_HANDLE);
    ck_assert(UnmapViewOfFile(view));
    ck_assert(CloseHandle(section));
    ck_assert(VirtualFree(a, 0, MEM_RELEASE));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-hint", 60, &tc);
    tcase_add_test(tc, odd_ranges);
    tcase_add_test(tc, wrong_arrays);
    tcase_add_test(tc, file_comes_in);
#ifdef __LP64__
    tcase_add_test(tc, based_space);
#endif
    tcase_add_test(tc, targets);
    tcase_add_test(tc, wrong_targets);
    tcase_add_test(tc, targets_in_views);
    return unit_run(suite);
}
