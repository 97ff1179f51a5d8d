/* Tables of functions, the calls on the stack, lists of entries. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#if WINVM_64
START_TEST(function_tables)
{
    static RUNTIME_FUNCTION t[3] = {{.BeginAddress = 0x10, .EndAddress = 0x20},
                                    {.BeginAddress = 0x20, .EndAddress = 0x40},
                                    {.BeginAddress = 0x100, .EndAddress = 0x104}};
    const DWORD64 base = 0x70000000;
    DWORD64 found = 0;
    ck_assert_ptr_null(RtlLookupFunctionEntry(base + 0x10, &found, NULL));
    ck_assert(RtlAddFunctionTable(t, 3, base));
    ck_assert_ptr_eq(RtlLookupFunctionEntry(base + 0x10, &found, NULL), &t[0]);
    ck_assert_uint_eq(found, base);
    ck_assert_ptr_eq(RtlLookupFunctionEntry(base + 0x1f, &found, NULL), &t[0]);
    ck_assert_ptr_eq(RtlLookupFunctionEntry(base + 0x20, &found, NULL), &t[1]);
    ck_assert_ptr_eq(RtlLookupFunctionEntry(base + 0x103, &found, NULL), &t[2]);
    ck_assert_ptr_null(RtlLookupFunctionEntry(base + 0xf, &found, NULL));
    ck_assert_ptr_null(RtlLookupFunctionEntry(base + 0x40, &found, NULL));
    ck_assert_ptr_null(RtlLookupFunctionEntry(base + 0x104, &found, NULL));
    ck_assert(RtlDeleteFunctionTable(t) && !RtlDeleteFunctionTable(t));
    ck_assert_ptr_null(RtlLookupFunctionEntry(base + 0x10, &found, NULL));
    ck_assert(!RtlAddFunctionTable(NULL, 1, base));
}
END_TEST

START_TEST(growing_tables)
{
    static RUNTIME_FUNCTION t[2] = {{.BeginAddress = 0, .EndAddress = 8},
                                    {.BeginAddress = 8, .EndAddress = 16}};
    PVOID table;
    DWORD64 base;
    ck_assert_uint_eq(RtlAddGrowableFunctionTable(&table, t, 1, 2, 0x5000, 0x6000), 0);
    ck_assert_ptr_eq(RtlLookupFunctionEntry(0x5007, &base, NULL), &t[0]);
    ck_assert_ptr_null(RtlLookupFunctionEntry(0x5008, &base, NULL));
    RtlGrowFunctionTable(table, 2);
    ck_assert_ptr_eq(RtlLookupFunctionEntry(0x5008, &base, NULL), &t[1]);
    RtlDeleteGrowableFunctionTable(table);
    ck_assert_ptr_null(RtlLookupFunctionEntry(0x5007, &base, NULL));
    ck_assert_uint_eq(RtlAddGrowableFunctionTable(&table, t, 3, 2, 0x5000, 0x6000),
                      (DWORD)STATUS_INVALID_PARAMETER);
}
END_TEST

static RUNTIME_FUNCTION answer = {.BeginAddress = 1};

static PRUNTIME_FUNCTION NTAPI find(DWORD64 pc, PVOID context)
{
    *(DWORD64 *)context = pc;
    return &answer;
}

START_TEST(asked_tables)
{
    DWORD64 base = 0, asked = 0, id = 0x40000003;
    ck_assert(!RtlInstallFunctionTableCallback(0x40000000, 0x40000000, 16, find, &asked, NULL));
    ck_assert(RtlInstallFunctionTableCallback(id, 0x40000000, 16, find, &asked, NULL));
    ck_assert_ptr_eq(RtlLookupFunctionEntry(0x4000000f, &base, NULL), &answer);
    ck_assert(asked == 0x4000000f && base == 0x40000000);
    ck_assert_ptr_null(RtlLookupFunctionEntry(0x40000010, &base, NULL));
    ck_assert(RtlDeleteFunctionTable((PRUNTIME_FUNCTION)(uintptr_t)id));
    ck_assert_ptr_null(RtlLookupFunctionEntry(0x4000000f, &base, NULL));
}
END_TEST
#endif

/* What the stack has from the caller of this on. */
static __attribute__((noinline)) USHORT look(DWORD skip, PVOID *out, DWORD n, DWORD *hash)
{
    USHORT got = CaptureStackBackTrace(skip, n, out, hash);
    __asm__ volatile("" ::: "memory");
    return got;
}

START_TEST(calls)
{
    PVOID all[16], less[16];
    DWORD hash = 0, sum = 0;
    USHORT n = look(0, all, 16, &hash), m;
    ck_assert_uint_ge(n, 2);
    for (USHORT i = 0; i < n; i++)
        sum += (DWORD)(uintptr_t)all[i];
    ck_assert_uint_eq(hash, sum);
    /* The first one is in look() itself. */
    uintptr_t from = (uintptr_t)look;
    ck_assert((uintptr_t)all[0] > from && (uintptr_t)all[0] < from + 200);
    m = look(1, less, 1, NULL);
    ck_assert_uint_eq(m, 1);
    uintptr_t here = (uintptr_t)all[1], there = (uintptr_t)less[0];
    ck_assert(there > here && there - here < 2000);
    ck_assert_uint_eq(look(5000, less, 16, NULL), 0);
}
END_TEST

struct item {
    SLIST_ENTRY link;
    long value;
};

START_TEST(list)
{
    SLIST_HEADER *head = aligned_alloc(16, sizeof *head);
    struct item *items = aligned_alloc(16, 4 * sizeof *items);
    InitializeSListHead(head);
    ck_assert(!InterlockedPopEntrySList(head) && !QueryDepthSList(head));
    ck_assert(!InterlockedPushEntrySList(head, &items[0].link));
    ck_assert_ptr_eq(InterlockedPushEntrySList(head, &items[1].link), &items[0].link);
    ck_assert_uint_eq(QueryDepthSList(head), 2);
    ck_assert_ptr_eq(InterlockedPopEntrySList(head), &items[1].link);
    items[2].link.Next = &items[3].link;
    ck_assert_ptr_eq(
        InterlockedPushListSListEx(head, &items[2].link, &items[3].link, 2), &items[0].link);
    ck_assert_uint_eq(QueryDepthSList(head), 3);
    ck_assert_ptr_eq(InterlockedFlushSList(head), &items[2].link);
    ck_assert_ptr_eq(items[3].link.Next, &items[0].link);
    ck_assert(!QueryDepthSList(head) && !InterlockedFlushSList(head));
    free(items);
    free(head);
}
END_TEST

enum { THREADS = 4, ROUNDS = 50000 };
static SLIST_HEADER *shared;

static void *pass(void *sum)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct item *it = (struct item *)(void *)InterlockedPopEntrySList(shared);
        if (!it)
            continue;
        it->value++; /* nobody else has it */
        ++*(long *)sum;
        InterlockedPushEntrySList(shared, &it->link);
    }
    return NULL;
}

START_TEST(shared_list)
{
    pthread_t threads[THREADS];
    long sums[THREADS] = {0}, all = 0, seen = 0;
    struct item *items = aligned_alloc(16, 3 * sizeof *items);
    shared = aligned_alloc(16, sizeof *shared);
    InitializeSListHead(shared);
    for (int i = 0; i < 3; i++) {
        items[i].value = 0;
        InterlockedPushEntrySList(shared, &items[i].link);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert(!pthread_create(&threads[i], NULL, pass, &sums[i]));
    for (int i = 0; i < THREADS; i++) {
        ck_assert(!pthread_join(threads[i], NULL));
        all += sums[i];
    }
    ck_assert_uint_eq(QueryDepthSList(shared), 3);
    for (int i = 0; i < 3; i++)
        seen += items[i].value;
    ck_assert_int_eq(seen, all);
    free(items);
    free(shared);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_code", 60, &tc);
#if WINVM_64
    tcase_add_test(tc, function_tables);
    tcase_add_test(tc, growing_tables);
    tcase_add_test(tc, asked_tables);
#endif
    tcase_add_test(tc, calls);
    tcase_add_test(tc, list);
    tcase_add_test(tc, shared_list);
    return unit_run(suite);
}
