/* Quotas: whom a block is charged to, what is left of it after a free, what exceeds a limit, and
 * what happens to a block whose payer cannot be told any more. */
#include <pthread.h>

#include "nt/t/pool_unit.h"

#define NO_LIMIT UINT64_MAX

static struct winvm_process_quota quota_of(winvm_process *process)
{
    struct winvm_process_quota q;
    ck_assert_int_eq(winvm_process_query(process, &q), 0);
    return q;
}

static uint32_t status_of(unsigned type, SIZE_T size)
{
    volatile uint32_t code;
    void *volatile p = NULL;
    RAISED(code, p, ExAllocatePoolWithQuotaTag((POOL_TYPE)type, size, TAG))
    ck_assert_ptr_null(p);
    return code;
}

/* POOL-040, POOL-041, POOL-049. */
START_TEST(small_blocks_are_charged)
{
    winvm_process *own = winvm_process_initial();
    for (size_t n = 1; n <= 4000; n += 33) {
        BOOLEAN charged = FALSE;
        char *p = ExAllocatePoolWithQuotaTag(PagedPool, n, TAG);
        char *q = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_USE_QUOTA, n, TAG);
        ck_assert_ptr_nonnull(p);
        ck_assert_ptr_nonnull(q);
        ck_assert_uint_eq((uintptr_t)p % (2 * sizeof(void *)), 0);
        ck_assert_uint_eq(quota_of(own).references, 3);
        ck_assert_uint_eq(quota_of(own).used[1], n);
        ck_assert_uint_eq(quota_of(own).used[0], n);
        ck_assert_uint_ge(ExQueryPoolBlockSize(p, &charged), n);
        ck_assert_uint_eq(charged, TRUE);
        ck_assert(is_filled(q, n, 0));
        memset(p, 0xff, n);
        memset(q, 0xff, n);
        ExFreePoolWithTag(p, TAG);
        ExFreePool(q);
        ck_assert_uint_eq(quota_of(own).references, 1);
        ck_assert_uint_eq(quota_of(own).used[0] + quota_of(own).used[1], 0);
        ck_assert_uint_ge(quota_of(own).peak[1], n);
    }
    void *p = ExAllocatePoolWithQuota(NonPagedPool, 0);
    ck_assert_uint_eq(quota_of(own).used[0], 1);
    ExFreePoolWithTag(p, 0x656E6F4E);
    ck_no_bug();
}
END_TEST

/* POOL-043, POOL-033. */
START_TEST(pages_are_not)
{
    winvm_process *own = winvm_process_initial();
    BOOLEAN charged = TRUE;
    void *p = ExAllocatePoolWithQuotaTag(PagedPool, 4096, TAG);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % 4096, 0);
    ck_assert_uint_eq(quota_of(own).references, 1);
    ck_assert_uint_eq(ExQueryPoolBlockSize(p, &charged), 4096);
    ck_assert_uint_eq(charged, FALSE);
    ExFreePoolWithTag(p, TAG);
#if WINVM_64
    p = ExAllocatePoolWithQuotaTag(PagedPool, (SIZE_T)2 << 30, TAG);
    ck_assert_ptr_nonnull(p);
    ExFreePoolWithTag(p, TAG);
#endif
    ck_no_bug();
}
END_TEST

/* POOL-046. */
START_TEST(limits)
{
    winvm_process *own = winvm_process_initial();
    ck_assert_uint_eq(quota_of(own).limit[0], NO_LIMIT);
    ck_assert_int_eq(winvm_process_limit(own, 1, 1000), 0);
    void *p = ExAllocatePoolWithQuotaTag(PagedPool, 600, TAG);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(status_of(PagedPool, 401), (uint32_t)STATUS_QUOTA_EXCEEDED);
    ck_assert_uint_eq(status_of(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, 401), 0);
    ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_USE_QUOTA, 401, TAG));
    ck_assert_uint_eq(quota_of(own).used[1], 600);
    ck_assert_uint_eq(quota_of(own).references, 2);
    void *q = ExAllocatePoolWithQuotaTag(PagedPool, 400, TAG);
    ck_assert_ptr_nonnull(q);
    ExFreePool(p);
    ck_assert_int_eq(winvm_process_limit(own, 1, 100), 0); /* below what is used */
    ck_assert_uint_eq(status_of(PagedPool, 1), (uint32_t)STATUS_QUOTA_EXCEEDED);
    void *other = ExAllocatePoolWithQuotaTag(NonPagedPool, 1000, TAG);
    ck_assert_ptr_nonnull(other);
    ExFreePool(other);
    ExFreePool(q);
    ck_assert_uint_eq(quota_of(own).used[1], 0);
    ck_assert_uint_eq(quota_of(own).references, 1);
    ck_no_bug();
}
END_TEST

/* What fails for another reason is not charged. */
START_TEST(failures_cost_nothing)
{
    winvm_process *own = winvm_process_initial();
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ck_assert_ptr_null(ExAllocatePoolWithQuotaTag(PagedPool, 10, TAG));
    ck_bug(BAD_POOL_CALLER, 8, DISPATCH_LEVEL, PagedPool, 10);
    KeLowerIrql(old);
    ck_assert_ptr_null(ExAllocatePoolWithQuotaTag(PagedPool, 10, 0));
    bug.n = 0;
    ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_USE_QUOTA, 10, TAG));
    void *p = ExAllocatePoolWithQuotaTag(PagedPool, 10, TAG);
    ExFreePoolWithTag(p, TAG + 1);
    ck_bug(BAD_POOL_CALLER, 0x0A, p, TAG, TAG + 1);
    ck_assert_uint_eq(quota_of(own).used[1], 10);
    ExFreePool(p);
    ExFreePool(p);
    ck_assert_uint_eq(bug.n, 1);
    ck_assert_uint_eq(quota_of(own).used[1], 0);
    ck_assert_uint_eq(quota_of(own).references, 1);
}
END_TEST

/* POOL-051. */
START_TEST(a_destroyed_payer)
{
    unsigned char kept;
    unsigned char *p = ExAllocatePoolWithQuotaTag(PagedPool, 40, TAG);
    kept = p[40];
    p[40] ^= 0x55;
    ExFreePool(p);
    ck_assert_uint_eq(bug.p[0], 0x0D);
    ck_bug(BAD_POOL_CALLER, 0x0D, p, TAG, bug.p[3]);
    ck_assert_uint_eq(bug.p[3] ^ 0x55, (uintptr_t)winvm_process_initial());
    p[40] = kept;
    ExFreePool(p);
    ck_no_bug();
}
END_TEST

/* POOL-047, and objects of the program. */
START_TEST(processes)
{
    winvm_process *own = winvm_process_initial(), *made = winvm_process_create();
    ck_assert_ptr_nonnull(made);
    ck_assert_ptr_eq(winvm_process_attach(NULL), own);
    ck_assert_ptr_eq(winvm_process_attach(made), own);
    void *p = ExAllocatePoolWithQuotaTag(PagedPool, 100, TAG);
    ck_assert_uint_eq(quota_of(made).used[1], 100);
    ck_assert_uint_eq(quota_of(own).used[1], 0);
    ck_assert_ptr_eq(winvm_process_attach(winvm_process_system()), made);
    void *q = ExAllocatePoolWithQuotaTag(PagedPool, 100, TAG);
    BOOLEAN charged = TRUE;
    (void)ExQueryPoolBlockSize(q, &charged);
    ck_assert_uint_eq(charged, FALSE);
    ck_assert_uint_eq(quota_of(winvm_process_system()).references, 1);
    ExFreePool(q);
    ck_assert_ptr_eq(winvm_process_attach(own), winvm_process_system());
    winvm_process_close(made);
    ck_assert_uint_eq(quota_of(made).references, 1); /* the block's */
    winvm_process_close(made);
    ck_assert_uint_eq(quota_of(made).references, 1);
    ExFreePool(p);
    struct winvm_process_quota q2;
    ck_assert_int_eq(winvm_process_query(made, &q2), -1);
    ck_assert_ptr_null(winvm_process_attach(made));
    ck_assert_int_eq(winvm_process_limit(made, 0, 1), -1);
    winvm_process_close(own);
    winvm_process_close(winvm_process_system());
    ck_assert_uint_eq(quota_of(own).references, 1);
    ck_assert_int_eq(winvm_process_query((winvm_process *)&q2, &q2), -1);
    ck_assert_int_eq(winvm_process_query((winvm_process *)((char *)own + 8), &q2), -1);
    ck_no_bug();
}
END_TEST

START_TEST(many_processes)
{
    static winvm_process *made[1000];
    size_t n = 0;
    while (n < RTL_NUMBER_OF(made) && (made[n] = winvm_process_create()) != NULL)
        n++;
    ck_assert_uint_gt(n, 100);
    ck_assert_uint_lt(n, RTL_NUMBER_OF(made));
    winvm_process_limit(made[7], 0, 5);
    winvm_process_close(made[7]);
    made[7] = winvm_process_create();
    ck_assert_ptr_nonnull(made[7]);
    ck_assert_uint_eq(quota_of(made[7]).limit[0], NO_LIMIT);
    while (n-- > 0)
        winvm_process_close(made[n]);
}
END_TEST

static void *charge_for_a_while(void *arg)
{
    void *p[16] = {NULL};
    for (unsigned i = 0; i < 200000; i++) {
        void **slot = &p[i * 2654435761u >> 28];
        if (*slot != NULL)
            ExFreePoolWithTag(*slot, TAG);
        *slot = ExAllocatePoolWithQuotaTag(
            (POOL_TYPE)(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), i % 300 + 1, TAG);
        if (quota_of(winvm_process_initial()).used[1] > 3000)
            *(int *)arg = 1;
    }
    for (int i = 0; i < 16; i++)
        if (p[i] != NULL)
            ExFreePool(p[i]);
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[3];
    int exceeded = 0;
    winvm_process_limit(winvm_process_initial(), 1, 3000);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, charge_for_a_while, &exceeded), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_eq(exceeded, 0);
    struct winvm_process_quota q = quota_of(winvm_process_initial());
    ck_assert_uint_eq(q.used[1], 0);
    ck_assert_uint_eq(q.references, 1);
    ck_assert_uint_gt(q.peak[1], 300);
    ck_assert_uint_le(q.peak[1], 3000);
    ck_no_bug();
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_quota", 60, &c);
    tcase_add_checked_fixture(c, pool_setup, NULL);
    tcase_add_test(c, small_blocks_are_charged);
    tcase_add_test(c, pages_are_not);
    tcase_add_test(c, limits);
    tcase_add_test(c, failures_cost_nothing);
    tcase_add_test(c, a_destroyed_payer);
    tcase_add_test(c, processes);
    tcase_add_test(c, many_processes);
    tcase_add_test(c, threads);
    return unit_run(s);
}
