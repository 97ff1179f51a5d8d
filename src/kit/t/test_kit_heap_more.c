/* What is asked about heaps, and heaps as ntdll has them. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(information)
{
    HANDLE heap = HeapCreate(0, 0, 0), fixed = HeapCreate(0, 0, 0x10000);
    ULONG value = 7, two = 2, one = 1;
    SIZE_T needed = 0;
    HEAP_OPTIMIZE_RESOURCES_INFORMATION optimize = {1, 0};
    ck_assert(HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0));
    ck_assert(HeapSetInformation(heap, HeapEnableTerminationOnCorruption, NULL, 0));
    ck_assert(HeapSetInformation(heap, HeapCompatibilityInformation, &two, sizeof two));
    ck_assert(!HeapSetInformation(heap, HeapCompatibilityInformation, &one, sizeof one));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!HeapSetInformation(fixed, HeapCompatibilityInformation, &two, sizeof two));
    ck_assert_uint_eq(GetLastError(), ERROR_GEN_FAILURE);
    ck_assert(HeapSetInformation(NULL, HeapOptimizeResources, &optimize, sizeof optimize));
    ck_assert(HeapQueryInformation(heap, HeapCompatibilityInformation, &value, sizeof value,
                                   &needed));
    ck_assert(value == 2 && needed == sizeof(ULONG));
    ck_assert(!HeapQueryInformation(heap, HeapCompatibilityInformation, &value, 2, &needed));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(HeapDestroy(heap) && HeapDestroy(fixed));
    ck_assert(!HeapSetInformation(heap, HeapEnableTerminationOnCorruption, NULL, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(walk)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    PROCESS_HEAP_ENTRY e = {.lpData = NULL};
    void *blocks[10];
    unsigned seen = 0;
    ck_assert(!HeapWalk(heap, &e) && GetLastError() == ERROR_NO_MORE_ITEMS);
    for (unsigned i = 0; i < 10; i++)
        ck_assert_ptr_nonnull(blocks[i] = HeapAlloc(heap, 0, 100 + i));
    ck_assert(HeapFree(heap, 0, blocks[3]));
    e.lpData = NULL;
    while (HeapWalk(heap, &e)) {
        ck_assert(e.wFlags == PROCESS_HEAP_ENTRY_BUSY && e.cbData >= 100 && e.cbData < 110);
        ck_assert_ptr_eq(e.lpData, blocks[e.cbData - 100]);
        seen |= 1u << (e.cbData - 100);
    }
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_ITEMS);
    ck_assert_uint_eq(seen, 0x3ff & ~8u);
    e.lpData = &e;
    ck_assert(!HeapWalk(heap, &e) && GetLastError() == ERROR_INVALID_PARAMETER);
    e.lpData = NULL;
    ck_assert(!HeapWalk(GetProcessHeap(), &e) && GetLastError() == ERROR_NOT_SUPPORTED);
    SetLastError(1);
    ck_assert(HeapCompact(heap, 0) == 0 && GetLastError() == NO_ERROR);
    ck_assert(HeapDestroy(heap));
}
END_TEST

static HANDLE locked_heap;
static bool entered;

static void *enter(void *unused)
{
    (void)unused;
    ck_assert(HeapLock(locked_heap));
    __atomic_store_n(&entered, true, __ATOMIC_SEQ_CST);
    ck_assert(HeapUnlock(locked_heap));
    return NULL;
}

START_TEST(lock)
{
    pthread_t other;
    locked_heap = HeapCreate(0, 0, 0);
    ck_assert(HeapLock(locked_heap) && HeapLock(locked_heap));
    ck_assert(!pthread_create(&other, NULL, enter, NULL));
    void *p = HeapAlloc(locked_heap, 0, 10); /* the owner's own calls go on */
    ck_assert(p && HeapUnlock(locked_heap));
    Sleep(50);
    ck_assert(!__atomic_load_n(&entered, __ATOMIC_SEQ_CST));
    ck_assert(HeapUnlock(locked_heap) && !pthread_join(other, NULL) && entered);
    ck_assert(!HeapUnlock(locked_heap) && GetLastError() == ERROR_NOT_OWNER);
    ck_assert(HeapDestroy(locked_heap));
}
END_TEST

START_TEST(all_heaps)
{
    HANDLE a = HeapCreate(0, 0, 0), b = HeapCreate(0, 0, 0), heaps[3] = {NULL};
    ck_assert_uint_eq(GetProcessHeaps(2, heaps), 3);
    ck_assert_ptr_null(heaps[0]);
    ck_assert_uint_eq(GetProcessHeaps(3, heaps), 3);
    ck_assert(heaps[0] == GetProcessHeap() && heaps[1] == b && heaps[2] == a);
    ck_assert(HeapDestroy(a));
    ck_assert_uint_eq(GetProcessHeaps(3, heaps), 2);
    ck_assert(heaps[1] == b && HeapDestroy(b));
    ck_assert_uint_eq(GetProcessHeaps(0, NULL), 1);
}
END_TEST

START_TEST(native)
{
    static ULONGLONG no_block[4] __attribute__((aligned(16)));
    PVOID heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL), heaps[2];
    SetLastError(77);
    char *p = RtlAllocateHeap(heap, HEAP_ZERO_MEMORY, 100);
    ck_assert(p && p[99] == 0 && RtlSizeHeap(heap, 0, p) == 100);
    ck_assert(RtlGetProcessHeaps(2, heaps) == 2 && heaps[1] == heap);
    p = RtlReAllocateHeap(heap, 0, p, 300);
    ck_assert(p && RtlSizeHeap(heap, 0, p) == 300 && RtlValidateHeap(heap, 0, p));
    ck_assert(RtlFreeHeap(heap, 0, p) && RtlFreeHeap(heap, 0, NULL));
    ck_assert(RtlSizeHeap(heap, 0, &no_block[2]) == (SIZE_T)-1);
    ck_assert_ptr_null(RtlAllocateHeap(heap, 0, (SIZE_T)-1 / 2));
    ck_assert_ptr_null(RtlDestroyHeap(heap));
    ck_assert_ptr_eq(RtlDestroyHeap(heap), heap);
    ck_assert_ptr_null(RtlCreateHeap(0, &heap, 0, 0, NULL, NULL));
    heap = RtlCreateHeap(0, NULL, 0x10000, 0, NULL, NULL);
    ck_assert(heap && !RtlAllocateHeap(heap, 0, 0x18000) && !RtlDestroyHeap(heap));
    ck_assert_uint_eq(GetLastError(), 77);
}
END_TEST

START_TEST(executable)
{
    static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
    HANDLE heap = HeapCreate(HEAP_CREATE_ENABLE_EXECUTE, 0, 0);
    void *block = HeapAlloc(heap, 0, sizeof code);
    int (*run)(void);
    memcpy(block, code, sizeof code);
    memcpy(&run, &block, sizeof run);
    ck_assert(FlushInstructionCache(GetCurrentProcess(), block, sizeof code));
    ck_assert_int_eq(run(), 42);
    ck_assert(HeapDestroy(heap));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_heap_more", 30, &tc);
    tcase_add_test(tc, information);
    tcase_add_test(tc, walk);
    tcase_add_test(tc, lock);
    tcase_add_test(tc, all_heaps);
    tcase_add_test(tc, native);
    tcase_add_test(tc, executable);
    return unit_run(suite);
}
