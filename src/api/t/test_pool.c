/* The pool calls as they are exported: both conventions, by name out of ntoskrnl, winvm's own
 * figures, fork. Compiled in both conventions. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nt/t/pool_unit.h"

typedef PVOID(WINAPI *alloc_fn)(POOL_TYPE, SIZE_T, ULONG);
typedef PVOID(WINAPI *alloc2_fn)(POOL_FLAGS, SIZE_T, ULONG);
typedef VOID(WINAPI *free_fn)(PVOID);
typedef KIRQL(WINAPI *level_fn)(KIRQL);

START_TEST(by_name)
{
    HMODULE kernel = GetModuleHandleA("\\SystemRoot\\system32\\NTOSKRNL.EXE");
    ck_assert_ptr_nonnull(kernel);
    ck_assert_ptr_eq(GetModuleHandleA("ntoskrnl"), kernel);
    ck_assert_ptr_null(GetModuleHandleA("kernel32.exe"));
    alloc_fn alloc = (alloc_fn)(void *)GetProcAddress(kernel, "ExAllocatePoolWithTag");
    alloc2_fn alloc2 = (alloc2_fn)(void *)GetProcAddress(kernel, "ExAllocatePool2");
    free_fn release = (free_fn)(void *)GetProcAddress(kernel, "ExFreePool");
    level_fn raise_level = (level_fn)(void *)GetProcAddress(kernel, "KfRaiseIrql");
    level_fn lower_level = (level_fn)(void *)GetProcAddress(kernel, "KfLowerIrql");
    ck_assert(alloc && alloc2 && release && raise_level && lower_level);
    ck_assert_ptr_null((void *)GetProcAddress(kernel, "VirtualAlloc"));
    ck_assert_ptr_null((void *)GetProcAddress(GetModuleHandleA("kernel32"), "ExFreePool"));
    void *p = alloc(PagedPool, 100, TAG), *q = alloc2(POOL_FLAG_NON_PAGED, 100, TAG);
    ck_assert_ptr_nonnull(p);
    ck_assert(is_filled(q, 100, 0));
    ck_assert_uint_eq(raise_level(DISPATCH_LEVEL), PASSIVE_LEVEL);
    ck_assert_ptr_null(alloc(PagedPool, 100, TAG));
    ck_bug(BAD_POOL_CALLER, 8, DISPATCH_LEVEL, PagedPool, 100);
    lower_level(PASSIVE_LEVEL);
    release(p);
    release(q);
    ck_no_bug();
}
END_TEST

/* Every argument arrives where it belongs. */
START_TEST(conventions)
{
    POOL_EXTENDED_PARAMETER low;
    BOOLEAN charged = TRUE;
    KIRQL old = 77;
    memset(&low, 0, sizeof low);
    low.Type = PoolExtendedParameterPriority;
    low.Priority = LowPoolPriority;
    void *p = ExAllocatePool3(POOL_FLAG_PAGED, 321, TAG, &low, 1);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_ge(ExQueryPoolBlockSize(p, &charged), 321);
    ck_assert_uint_eq(charged, FALSE);
    ExFreePoolWithTag(p, TAG ^ 1);
    ck_bug(BAD_POOL_CALLER, 0x0A, p, TAG, TAG ^ 1);
    low.Optional = 1;
    ExFreePool2(p, TAG, &low, 1);
    p = ExAllocatePoolWithTagPriority(NonPagedPoolNx, 55, TAG, HighPoolPriority);
    ck_assert_ptr_nonnull(p);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ck_assert_uint_eq(old, PASSIVE_LEVEL);
    ck_assert_uint_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExFreePoolWithTag(p, TAG);
    KeLowerIrql(old);
    ck_no_bug();
}
END_TEST

START_TEST(figures)
{
    struct winvm_pool_usage before, after;
    winvm_pool_usage(&before);
    ck_assert_uint_eq(before.committed[1] + before.used[1], 0);
    ck_assert_uint_eq(winvm_pool_trim(), 0);
    void *p = ExAllocatePoolWithTag(PagedPool, 1 << 20, TAG);
    winvm_pool_usage(&before);
    ck_assert_uint_ge(before.used[1], 1 << 20);
    ck_assert_uint_ge(before.committed[1], before.used[1]);
    ck_assert_uint_eq(before.used[0] + before.used[2], 0);
    ExFreePool(p);
    ck_assert_uint_ge(winvm_pool_trim(), 1 << 20);
    winvm_pool_usage(&after);
    ck_assert_uint_eq(after.used[1], 0);
    ck_assert_uint_lt(after.committed[1], before.committed[1]);
    ck_assert_uint_ge(after.peak[1], before.committed[1]);
}
END_TEST

static volatile int stop;

static void *churn(void *arg)
{
    (void)arg;
    while (!stop)
        ExFreePool(ExAllocatePoolWithTag(PagedPool, 100, TAG));
    return NULL;
}

/* A child has the blocks of its parent, and pools that work, whatever other threads were doing. */
START_TEST(forks)
{
    pthread_t thread;
    char *p = ExAllocatePoolWithQuotaTag(PagedPool, 64, TAG);
    memset(p, 7, 64);
    ck_assert_int_eq(pthread_create(&thread, NULL, churn, NULL), 0);
    for (int i = 0; i < 50; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            void *q = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
            bool good = is_filled(p, 64, 7) && q != NULL && is_filled(q, 64, 0);
            ExFreePoolWithTag(q, TAG);
            ExFreePoolWithTag(p, TAG);
            _exit(good && bug.n == 0 ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    stop = 1;
    pthread_join(thread, NULL);
    ExFreePool(p);
    ck_no_bug();
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("pool", 60, &c);
    tcase_add_checked_fixture(c, pool_setup, NULL);
    tcase_add_test(c, by_name);
    tcase_add_test(c, conventions);
    tcase_add_test(c, figures);
    tcase_add_test(c, forks);
    return unit_run(s);
}
