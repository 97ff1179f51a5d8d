/* GlobalMemoryStatusEx against the space that it describes. */
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define MIB ((SIZE_T)1 << 20)

static DWORDLONG available(void)
{
    MEMORYSTATUSEX ex = {.dwLength = sizeof ex};
    ck_assert(GlobalMemoryStatusEx(&ex));
    return ex.ullAvailVirtual;
}

/* The first calls take memory for the library itself. */
static void warm_up(DWORD type)
{
    void *p = VirtualAlloc(NULL, 3 * MIB, MEM_RESERVE | type, PAGE_READWRITE);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_nonnull(VirtualAlloc(p, MIB, MEM_COMMIT, PAGE_READWRITE));
    ck_assert(VirtualFree(p, 0, MEM_RELEASE));
}

/* What a reservation takes comes back when it is released; committing changes nothing. */
static void take_and_give(DWORD type)
{
    DWORDLONG before = available();
    void *p = VirtualAlloc(NULL, 3 * MIB, MEM_RESERVE | type, PAGE_READWRITE);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(before - available(), 3 * MIB);
    ck_assert_ptr_nonnull(VirtualAlloc(p, MIB, MEM_COMMIT, PAGE_READWRITE));
    ck_assert_uint_eq(before - available(), 3 * MIB);
    ck_assert(VirtualFree(p, 0, MEM_RELEASE));
    ck_assert_uint_eq(available(), before);
}

START_TEST(reservations_count)
{
    warm_up(0);
    warm_up(MEM_TOP_DOWN);
    take_and_give(0);
    take_and_give(MEM_TOP_DOWN);
}
END_TEST

/* A walk finds the same free bytes, but for what allocations leave of their last granules. */
/* Pages of a granule before a mapping of the host's: nothing can be reserved there. */
static BOOL is_head(const MEMORY_BASIC_INFORMATION *m, const void *odd)
{
    return m->State == MEM_RESERVE && m->BaseAddress == m->AllocationBase &&
           m->BaseAddress != odd && m->RegionSize < 0x10000;
}

/* What is available is what a walk finds free, and such heads. */
START_TEST(walk)
{
    MEMORY_BASIC_INFORMATION m;
    DWORDLONG free_bytes = 0, left = 0;
    void *odd = VirtualAlloc(NULL, 0x3000, MEM_RESERVE, PAGE_NOACCESS);
    ck_assert_ptr_nonnull(odd);
    left = available();
    for (char *at = (char *)0x10000; VirtualQuery(at, &m, sizeof m);
         at = (char *)m.BaseAddress + m.RegionSize)
        if (m.State == MEM_FREE || is_head(&m, odd))
            free_bytes += m.RegionSize;
    ck_assert_uint_ge(free_bytes, left);
    ck_assert_uint_le(free_bytes - left, 0x40000);
    ck_assert(VirtualFree(odd, 0, MEM_RELEASE));
}
END_TEST

START_TEST(commit_is_the_page_file)
{
    MEMORYSTATUSEX a = {.dwLength = sizeof a}, b = a;
    struct winvm_commit_info info;
    ck_assert(GlobalMemoryStatusEx(&a));
    void *p = VirtualAlloc(NULL, 5 * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_ptr_nonnull(p);
    ck_assert(GlobalMemoryStatusEx(&b));
    winvm_commit_info(&info);
    ck_assert_uint_eq(a.ullAvailPageFile - b.ullAvailPageFile, 5 * MIB);
    ck_assert_uint_eq(b.ullTotalPageFile, info.limit);
    ck_assert_uint_eq(b.ullAvailPageFile, info.limit - info.committed);
    ck_assert(VirtualFree(p, 0, MEM_RELEASE));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("memstatus", 20, &c);
    tcase_add_test(c, reservations_count);
    tcase_add_test(c, walk);
    tcase_add_test(c, commit_is_the_page_file);
    return unit_run(s);
}
