/* Lookaside lists: what they count, keep and give back, and how they call the program. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <winvm/pool.h>
#include <winvm/wdm.h>

#include "base/slist.h"
#include "base/t/unit.h"

#define TAG 0x44636261u

/* ---- the program's functions ---- */

static unsigned n_allocated, n_freed;
static POOL_TYPE seen_type;
static SIZE_T seen_size;
static ULONG seen_tag;
static void *seen_list;
static bool out_of_memory;

static void *make(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    seen_type = type;
    seen_size = size;
    seen_tag = tag;
    __atomic_fetch_add(&n_allocated, 1, __ATOMIC_RELAXED);
    return out_of_memory ? NULL : aligned_alloc(16, (size + 15) & ~(size_t)15);
}

static void unmake(void *entry)
{
    __atomic_fetch_add(&n_freed, 1, __ATOMIC_RELAXED);
    free(entry);
}

static PVOID NTAPI plain_allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return make(type, size, tag);
}

static PVOID NTAPI plain_allocate_ex(POOL_TYPE type, SIZE_T size, ULONG tag,
                                     PLOOKASIDE_LIST_EX list)
{
    seen_list = list;
    return make(type, size, tag);
}

static VOID NTAPI plain_free(PVOID entry)
{
    unmake(entry);
}

static VOID NTAPI plain_free_ex(PVOID entry, PLOOKASIDE_LIST_EX list)
{
    seen_list = list;
    unmake(entry);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK PVOID windows_allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    return make(type, size, tag);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK PVOID windows_allocate_ex(POOL_TYPE type, SIZE_T size,
                                                                ULONG tag, PLOOKASIDE_LIST_EX list)
{
    seen_list = list;
    return make(type, size, tag);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK void windows_free(PVOID entry)
{
    unmake(entry);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK void windows_free_ex(PVOID entry, PLOOKASIDE_LIST_EX list)
{
    seen_list = list;
    unmake(entry);
}

/* The calls of Windows programs. */
#if defined(__x86_64__)
#define WINDOWS_NAME(name) __asm__("winvm_ms_" #name)
#else
#define WINDOWS_NAME(name) __asm__(#name)
#endif
WVM_WINDOWS_CALL NTSTATUS windows_init_ex(PLOOKASIDE_LIST_EX, void *, void *, POOL_TYPE, ULONG,
                                          SIZE_T, ULONG, USHORT)
    WINDOWS_NAME(ExInitializeLookasideListEx);
WVM_WINDOWS_CALL void windows_init_paged(PPAGED_LOOKASIDE_LIST, void *, void *, ULONG, SIZE_T,
                                         ULONG, USHORT)
    WINDOWS_NAME(ExInitializePagedLookasideList);
WVM_WINDOWS_CALL void windows_init_npaged(PNPAGED_LOOKASIDE_LIST, void *, void *, ULONG, SIZE_T,
                                          ULONG, USHORT)
    WINDOWS_NAME(ExInitializeNPagedLookasideList);

static LOOKASIDE_LIST_EX list;

static void open_list(void)
{
    n_allocated = n_freed = 0;
    NTSTATUS status = ExInitializeLookasideListEx(
        &list, (PALLOCATE_FUNCTION_EX)plain_allocate_ex, (PFREE_FUNCTION_EX)plain_free_ex,
        NonPagedPoolNx, 0, 100, TAG, 0);
    ck_assert_int_eq(status, STATUS_SUCCESS);
}

/* ---- how a list begins ---- */

START_TEST(initial_values)
{
    NPAGED_LOOKASIDE_LIST n;
    PAGED_LOOKASIDE_LIST p;
    memset(&n, 0x55, sizeof(n));
    memset(&p, 0x55, sizeof(p));
    ExInitializeNPagedLookasideList(&n, NULL, NULL, POOL_NX_ALLOCATION,
                                        LOOKASIDE_MINIMUM_BLOCK_SIZE, TAG, 0);
    ck_assert(n.L.Depth == 4 && n.L.MaximumDepth == 256 && n.L.Type == 0x200);
    ck_assert(n.L.TotalAllocates == 0 && n.L.AllocateMisses == 0 && n.L.TotalFrees == 0
              && n.L.FreeMisses == 0);
    ck_assert(n.L.Tag == TAG && n.L.Size == LOOKASIDE_MINIMUM_BLOCK_SIZE);
    ck_assert(n.L.Allocate != NULL && n.L.Free != NULL);
    ck_assert_uint_eq(wvm_slist_depth((struct wvm_slist *)&n.L.ListHead), 0);
    ExInitializeNPagedLookasideList(&n, NULL, NULL, 0, 64, TAG, 20);
    ck_assert(n.L.Depth == 4 && n.L.Type == 0 && n.L.Size == 64);
    ExInitializePagedLookasideList(&p, NULL, NULL, POOL_NX_ALLOCATION, 1, TAG, 0);
    ck_assert(p.L.Depth == 4 && p.L.MaximumDepth == 256 && p.L.Type == 0x201);
    ck_assert_uint_eq(p.L.Size, LOOKASIDE_MINIMUM_BLOCK_SIZE);
}
END_TEST

START_TEST(what_is_refused)
{
    static const int bad_types[] = {2, 3, 6, 7, 34, 35, 38, 8, 16, 64, 513, 1024, -1};
    static const ULONG bad_flags[] = {3, 4, 5, 0x80000000, 0x200};
    LOOKASIDE_LIST_EX before;
    open_list();
    before = list;
    for (unsigned i = 0; i < sizeof(bad_types) / sizeof(bad_types[0]); i++)
        ck_assert_int_eq(ExInitializeLookasideListEx(&list, NULL, NULL, (POOL_TYPE)bad_types[i],
                                                         3, 100, TAG, 0),
                         STATUS_INVALID_PARAMETER_4);
    for (unsigned i = 0; i < sizeof(bad_flags) / sizeof(bad_flags[0]); i++)
        ck_assert_int_eq(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool,
                                                         bad_flags[i], 100, TAG, 0),
                         STATUS_INVALID_PARAMETER_5);
    ck_assert_mem_eq(&before, &list, sizeof(list));
}
END_TEST

START_TEST(flags_become_types)
{
    open_list();
    ExInitializeLookasideListEx(&list, (PALLOCATE_FUNCTION_EX)plain_allocate_ex,
                                    (PFREE_FUNCTION_EX)plain_free_ex, PagedPool,
                                    EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL, 100, TAG, 0);
    ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
    ck_assert_int_eq(seen_type, PagedPool | 0x10);
    ExDeleteLookasideListEx(&list);
    ExInitializeLookasideListEx(&list, (PALLOCATE_FUNCTION_EX)plain_allocate_ex,
                                    (PFREE_FUNCTION_EX)plain_free_ex, NonPagedPool,
                                    EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, 100, TAG, 0);
    ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
    ck_assert_int_eq(seen_type, 0x8);
    ExDeleteLookasideListEx(&list);
}
END_TEST

/* ---- what a list does ---- */

START_TEST(misses_and_reuse)
{
    open_list();
    void *a = ExAllocateFromLookasideListEx(&list);
    ck_assert_ptr_nonnull(a);
    ck_assert(seen_type == NonPagedPoolNx && seen_size == 100 && seen_tag == TAG);
    ck_assert_ptr_eq(seen_list, &list);
    ck_assert(list.L.TotalAllocates == 1 && list.L.AllocateMisses == 1);
    void *b = ExAllocateFromLookasideListEx(&list);
    memset(b, 0x77, 100);
    ExFreeToLookasideListEx(&list, a);
    ExFreeToLookasideListEx(&list, b);
    ck_assert(list.L.TotalFrees == 2 && list.L.FreeMisses == 0 && n_freed == 0);
    ck_assert_ptr_eq(ExAllocateFromLookasideListEx(&list), b);
    ck_assert_uint_eq(((unsigned char *)b)[sizeof(void *)], 0x77);
    ck_assert_ptr_eq(ExAllocateFromLookasideListEx(&list), a);
    ck_assert(list.L.TotalAllocates == 4 && list.L.AllocateMisses == 2 && n_allocated == 2);
    ExFreeToLookasideListEx(&list, a);
    ExFreeToLookasideListEx(&list, b);
    ExDeleteLookasideListEx(&list);
    ck_assert_uint_eq(n_freed, 2);
}
END_TEST

START_TEST(a_full_list)
{
    void *entry[6];
    open_list();
    for (int i = 0; i < 6; i++)
        entry[i] = ExAllocateFromLookasideListEx(&list);
    for (int i = 0; i < 6; i++)
        ExFreeToLookasideListEx(&list, entry[i]);
    ck_assert(list.L.TotalFrees == 6 && list.L.FreeMisses == 2 && n_freed == 2);
    ExFlushLookasideListEx(&list);
    ck_assert_uint_eq(n_freed, 6);
    ck_assert(list.L.TotalFrees == 6 && list.L.FreeMisses == 2);
    ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
    ck_assert(n_allocated == 7 && n_freed == 6);
    entry[0] = ExAllocateFromLookasideListEx(&list);
    ExDeleteLookasideListEx(&list);
    ck_assert(n_allocated == 7 && n_freed == 6);
    ExFreeToLookasideListEx(&list, entry[0]); /* late: it is not kept */
    ck_assert_uint_eq(n_freed, 7);
}
END_TEST

START_TEST(no_memory)
{
    open_list();
    out_of_memory = true;
    ck_assert_ptr_null(ExAllocateFromLookasideListEx(&list));
    ck_assert(list.L.TotalAllocates == 1 && list.L.AllocateMisses == 1);
}
END_TEST

static void *not_linked;

static void note_free(PVOID entry, PLOOKASIDE_LIST_EX its_list)
{
    (void)its_list;
    not_linked = entry;
}

START_TEST(an_entry_that_cannot_be_linked)
{
    char block[64] __attribute__((aligned(16)));
    ExInitializeLookasideListEx(&list, (PALLOCATE_FUNCTION_EX)plain_allocate_ex,
                                    (PFREE_FUNCTION_EX)note_free, PagedPool, 0, 16, TAG, 0);
    ExFreeToLookasideListEx(&list, block + 8);
    if (sizeof(void *) == 8) {
        ck_assert_ptr_eq(not_linked, block + 8);
        ck_assert(list.L.TotalFrees == 1 && list.L.FreeMisses == 1);
        ExFreeToLookasideListEx(&list, block);
        ck_assert_ptr_eq(ExAllocateFromLookasideListEx(&list), block);
    } else {
        ck_assert_ptr_eq(ExAllocateFromLookasideListEx(&list), block + 8);
    }
}
END_TEST

/* The list is looked at in another second. The calls that it takes do not miss. */
static void pass_second(void)
{
    list.L.Future[1] -= 2;
    do
        ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
    while (list.L.TotalFrees % 256 != 0);
}

static void miss(int n)
{
    void *entry[64];
    for (int i = 0; i < n; i++)
        entry[i] = ExAllocateFromLookasideListEx(&list);
    for (int i = 0; i < n; i++)
        ExFreeToLookasideListEx(&list, entry[i]);
}

START_TEST(the_depth_follows_the_misses)
{
    open_list();
    for (int second = 0; second < 14; second++) {
        USHORT before = list.L.Depth;
        miss(64);
        pass_second();
        if (before < 64)
            ck_assert_uint_gt(list.L.Depth, before);
    }
    ck_assert_uint_ge(list.L.Depth, 64 * 7 / 8);
    ck_assert_uint_le(list.L.Depth, 256);
    for (int second = 0; second < 40; second++)
        pass_second();
    ck_assert_uint_eq(list.L.Depth, 4);
    ExDeleteLookasideListEx(&list);
    ck_assert_uint_eq(n_freed, n_allocated);
}
END_TEST

START_TEST(the_depth_stays_for_a_second)
{
    open_list();
    for (int i = 0; i < 100; i++)
        miss(10);
    ck_assert_uint_le(list.L.Depth, 13); /* a few seconds at the very most */
    ExDeleteLookasideListEx(&list);
}
END_TEST

START_TEST(the_depth_has_its_most)
{
    open_list();
    miss(1);
    for (int second = 0; second < 20; second++) {
        for (int i = 0; i < 300; i++)
            ck_assert_ptr_nonnull(ExAllocateFromLookasideListEx(&list));
        pass_second();
    }
    ck_assert_uint_eq(list.L.Depth, 256);
}
END_TEST

/* ---- conventions ---- */

START_TEST(the_caller_s_convention)
{
    PAGED_LOOKASIDE_LIST p;
    ck_assert_int_eq(windows_init_ex(
                         &list, (void *)windows_allocate_ex, (void *)windows_free_ex, PagedPool, 0,
                         33, TAG, 0), 0);
    ExFreeToLookasideListEx(&list, ExAllocateFromLookasideListEx(&list));
    ck_assert(seen_type == PagedPool && seen_size == 33 && seen_tag == TAG && seen_list == &list);
    seen_list = NULL;
    ExDeleteLookasideListEx(&list);
    ck_assert(seen_list == &list && n_freed == 1);
    windows_init_paged(&p, (void *)windows_allocate, (void *)windows_free, 0, 44, TAG, 0);
    ExFreeToPagedLookasideList(&p, ExAllocateFromPagedLookasideList(&p));
    ck_assert(seen_type == PagedPool && seen_size == 44);
    ExDeletePagedLookasideList(&p);
    ExInitializePagedLookasideList(&p, (PALLOCATE_FUNCTION)plain_allocate,
                                       (PFREE_FUNCTION)plain_free, 0, 45, TAG, 0);
    ExFreeToPagedLookasideList(&p, ExAllocateFromPagedLookasideList(&p));
    ck_assert_uint_eq(seen_size, 45);
    ExDeletePagedLookasideList(&p);
    ck_assert_uint_eq(n_freed, 3);
}
END_TEST

/* ---- the pool as maker ---- */

static uint64_t used(int kind)
{
    struct winvm_pool_usage usage;
    winvm_pool_usage(&usage);
    return usage.used[kind];
}

START_TEST(entries_of_the_pool)
{
    PAGED_LOOKASIDE_LIST p;
    NPAGED_LOOKASIDE_LIST n;
    int paged = 0, nx = 0;
    void *probe = ExAllocatePoolWithTag(PagedPool, 64, TAG); /* which figure is which */
    while (used(paged) == 0)
        paged++;
    ExFreePool(probe);
    probe = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    while (used(nx) == 0)
        nx++;
    ExFreePool(probe);
    ExInitializePagedLookasideList(&p, NULL, NULL, 0, 200, TAG, 0);
    void *entry = ExAllocateFromPagedLookasideList(&p);
    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_ge(used(paged), 200);
    memset(entry, 1, 200);
    ExFreeToPagedLookasideList(&p, entry);
    ck_assert_uint_ge(used(paged), 200);
    ck_assert_ptr_eq(ExAllocateFromPagedLookasideList(&p), entry);
    ExFreeToPagedLookasideList(&p, entry);
    ExDeletePagedLookasideList(&p);
    ck_assert_uint_eq(used(paged), 0);
    windows_init_npaged(&n, NULL, NULL, POOL_NX_ALLOCATION, 100, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&n);
    ck_assert_uint_ge(used(nx), 100);
    ExFreeToNPagedLookasideList(&n, entry);
    ExDeleteNPagedLookasideList(&n);
    ck_assert_uint_eq(used(nx), 0);
}
END_TEST

START_TEST(a_pool_that_refuses)
{
    ck_assert_int_eq(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool,
                                                 EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, 100,
                                                 TAG, 0), 0);
    winvm_pool_fail_nth(1);
    ck_assert_ptr_null(ExAllocateFromLookasideListEx(&list));
    ck_assert_uint_eq(winvm_pool_fail_refused(), 1);
    void *entry = ExAllocateFromLookasideListEx(&list);
    ck_assert_ptr_nonnull(entry);
    ExFreeToLookasideListEx(&list, entry);
    ck_assert_ptr_eq(ExAllocateFromLookasideListEx(&list), entry);
    ck_assert_uint_eq(winvm_pool_fail_seen(), 2); /* what was kept is no allocation */
    ExFreeToLookasideListEx(&list, entry);
    ExDeleteLookasideListEx(&list);
}
END_TEST

/* ---- threads ---- */

static void *use(void *arg)
{
    unsigned n = 0;
    void *mine[8];
    for (unsigned i = 0; i < 40000; i++) {
        if (n < 8 && (n == 0 || i * 2654435761u >> 31)) {
            mine[n] = ExAllocateFromLookasideListEx(&list);
            memset(mine[n], (int)(uintptr_t)arg, 100);
            n++;
        } else {
            n--;
            for (unsigned k = 0; k < 100; k++)
                if (((unsigned char *)mine[n])[k] != (uintptr_t)arg)
                    return mine[n];
            ExFreeToLookasideListEx(&list, mine[n]);
        }
    }
    while (n > 0)
        ExFreeToLookasideListEx(&list, mine[--n]);
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[3];
    void *wrong;
    open_list();
    for (uintptr_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, use, (void *)(i + 1)), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
    ck_assert_uint_eq(list.L.TotalAllocates, list.L.TotalFrees);
    ck_assert_uint_eq(list.L.AllocateMisses, n_allocated);
    ck_assert_uint_eq(list.L.FreeMisses, n_freed);
    ExDeleteLookasideListEx(&list);
    ck_assert_uint_eq(n_freed, n_allocated);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_lookaside", 30, &tc);
    tcase_add_test(tc, initial_values);
    tcase_add_test(tc, what_is_refused);
    tcase_add_test(tc, flags_become_types);
    tcase_add_test(tc, misses_and_reuse);
    tcase_add_test(tc, a_full_list);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, an_entry_that_cannot_be_linked);
    tcase_add_test(tc, the_depth_follows_the_misses);
    tcase_add_test(tc, the_depth_stays_for_a_second);
    tcase_add_test(tc, the_depth_has_its_most);
    tcase_add_test(tc, the_caller_s_convention);
    tcase_add_test(tc, entries_of_the_pool);
    tcase_add_test(tc, a_pool_that_refuses);
    tcase_add_test(tc, threads);
    return unit_run(suite);
}
