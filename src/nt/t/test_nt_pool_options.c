/* What options change for the pool calls: the program runs itself with each and does what belongs
 * to it. */
#include "api/t/layouts_unit.h"
#include "nt/t/pool_unit.h"

/* verifier=1: POOL-018, POOL-025; must-succeed types are none of its business (POOL-022). */
START_TEST(verifier)
{
    for (int round = 0; round < 2; round++) {
        void *p = ExAllocatePoolWithTag(PagedPool, 10, TAG); /* the thread knows the tag */
        ck_assert_ptr_null(ExAllocatePoolWithTag(PagedPool, 0, TAG));
        ck_bug(BAD_POOL_CALLER, 0x00, 0, PagedPool, TAG);
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 10, TAG));
        ck_bug(BAD_POOL_CALLER, 0x9A, NonPagedPoolMustSucceed, 10, TAG);
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolNx, 10, 0x2e2d2b2a));
        ck_assert_uint_eq(bug.p[1], 0x2e2d2b2a);
        ck_bug(BAD_POOL_CALLER, 0x9D, 0x2e2d2b2a, NonPagedPoolNx, bug.p[3]);
        void *q = ExAllocatePoolWithTag(NonPagedPoolNx, 10, 0x2e2d7a2a); /* one letter */
        ck_assert_ptr_nonnull(q);
        ExFreePool(q);
        ExFreePool(p);
        ck_no_bug();
    }
}
END_TEST

/* pool-exec=0. */
START_TEST(no_executable_pool)
{
    for (int round = 0; round < 2; round++) {
        void *p = ExAllocatePoolWithTag(NonPagedPoolNx, 10, TAG);
        ck_assert_ptr_nonnull(p);
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPool, 10, TAG));
        ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, 10, TAG));
        void *q = ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);
        ck_assert_ptr_nonnull(q);
        ExFreePool(p);
        ExFreePool(q);
    }
    ck_no_bug();
}
END_TEST

/* Blocks of 64 KiB, each linked to the one before, until there is no more. */
static void **fill(void **last, EX_POOL_PRIORITY priority, size_t *n)
{
    void **p;
    while ((p = ExAllocatePoolWithTagPriority(PagedPool, 65536, TAG, priority)) != NULL) {
        *p = last;
        last = p;
        *n += 1;
    }
    return last;
}

/* pool-size=64m: POOL-021 (must-succeed=1), POOL-027. */
START_TEST(exhaustion)
{
    size_t low = 0, normal = 0, high = 0;
    for (int round = 0; round < 2; round++) {
        low = normal = high = 0;
        void **last = fill(NULL, LowPoolPriority, &low);
        last = fill(last, NormalPoolPriority, &normal);
        last = fill(last, HighPoolPriority, &high);
        ck_assert_uint_gt(low, 100);
        ck_assert_uint_ge(normal, low / 20);
        ck_assert_uint_ge(high, low / 20);
        ck_assert_uint_le(normal + high, low / 5);
        ck_assert_uint_le(low + normal + high, 1024);
        ck_assert_ptr_null(ExAllocatePoolWithTag(PagedPool, 65536, TAG));
        ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_PAGED, 65536, TAG));
        ck_no_bug();
        ck_assert_ptr_null(ExAllocatePoolWithTag((POOL_TYPE)(PagedPool | 2), 65536, TAG));
        ck_assert_uint_eq(bug.n, 1);
        ck_assert_uint_eq(bug.code, MUST_SUCCEED_POOL_EMPTY);
        bug.n = 0;
        while (last != NULL) {
            void **p = last;
            last = *last;
            ExFreePoolWithTag(p, TAG);
        }
    }
    ck_assert_uint_ge(low + normal + high, 100);
    ck_no_bug();
}
END_TEST

#define TOO_MUCH ((SIZE_T)-1 / 2)

/* must-succeed=1: POOL-020, POOL-021. */
START_TEST(must_succeed)
{
    static const unsigned must[] = {NonPagedPoolMustSucceed, NonPagedPoolCacheAlignedMustS,
                                    NonPagedPoolMustSucceedSession};
    for (size_t i = 0; i < RTL_NUMBER_OF(must); i++) {
        void *p = ExAllocatePoolWithTag((POOL_TYPE)must[i], 100, TAG);
        ck_assert_ptr_nonnull(p);
        ck_assert(!(must[i] & 4) || (uintptr_t)p % 64 == 0);
        ExFreePoolWithTag(p, TAG);
    }
    ck_no_bug();
    ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolMustSucceed, TOO_MUCH, TAG));
    ck_assert_uint_eq(bug.n, 1);
    ck_assert_uint_eq(bug.code, MUST_SUCCEED_POOL_EMPTY);
    ck_assert_uint_eq(bug.p[0], TOO_MUCH);
}
END_TEST

enum { VERIFIER, POOL_EXEC, POOL_SIZE, MUST_SUCCEED, N_OPTIONS };
static const char *const options[] = {"verifier=1", "pool-exec=0",
                                      "pool-size=64m:pool-lock=0:must-succeed=1",
                                      "must-succeed=1"};

/* A failed child's cases are on standard output already. */
START_TEST(with_options)
{
    static char name[] = "test_nt_pool_options";
    ck_assert_int_eq(run_again_with(name, options[_i]), 0);
}
END_TEST

static bool runs_with(const char *wanted)
{
    const char *given = getenv("WINVM_OPTIONS");
    return given != NULL && strcmp(given, wanted) == 0;
}

int main(int argc, char **argv)
{
    TCase *c;
    Suite *s = unit_suite("nt_pool_options", 60, &c);
    (void)argv;
    tcase_add_checked_fixture(c, pool_setup, NULL);
    if (argc == 1) {
        tcase_add_loop_test(c, with_options, 0, N_OPTIONS);
        return unit_run(s);
    }
    setenv("CK_TAP_LOG_FILE_NAME", "/dev/null", 1);
    if (runs_with(options[VERIFIER]))
        tcase_add_test(c, verifier);
    else if (runs_with(options[POOL_EXEC]))
        tcase_add_test(c, no_executable_pool);
    else if (runs_with(options[POOL_SIZE]))
        tcase_add_test(c, exhaustion);
    else if (runs_with(options[MUST_SUCCEED]))
        tcase_add_test(c, must_succeed);
    return unit_run(s);
}
