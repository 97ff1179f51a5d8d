/* The pool calls: types, flags, parameters, sizes, tags, levels, and what each answers to wrong
 * ones. Runs in layouts of 64 and 32 bits. */
#include "api/t/layouts_unit.h"
#include "nt/t/pool_unit.h"

enum { SMALL_MAX = 4096 - 4 * (int)sizeof(void *), ALIGN = 2 * (int)sizeof(void *) };

static bool crosses_page(const void *p, size_t n)
{
    return (uintptr_t)p / 4096 != ((uintptr_t)p + n - 1) / 4096;
}

/* POOL-001..004, 032. */
START_TEST(sizes_and_alignment)
{
    static const POOL_TYPE types[] = {NonPagedPool, PagedPool, NonPagedPoolNx};
    for (size_t t = 0; t < RTL_NUMBER_OF(types); t++)
        for (size_t n = 1; n <= 3 * 4096; n += n < 512 ? 1 : 61) {
            char *p = ExAllocatePoolWithTag(types[t], n, TAG);
            ck_assert_ptr_nonnull(p);
            ck_assert_uint_eq((uintptr_t)p % ALIGN, 0);
            if (n > SMALL_MAX)
                ck_assert_uint_eq((uintptr_t)p % 4096, 0);
            else
                ck_assert(!crosses_page(p, n));
            memset(p, 0xa5, n);
            ExFreePoolWithTag(p, TAG);
            ck_no_bug();
        }
}
END_TEST

/* POOL-017: never NULL for that, and one byte is the caller's. */
START_TEST(no_bytes_are_one)
{
    char *p = ExAllocatePoolWithTag(PagedPool, 0, TAG);
    char *q = ExAllocatePoolWithTag(PagedPool, 0, TAG);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_ne(p, q);
    *p = *q = 1;
    ExFreePool(p);
    ExFreePool(q);
    ck_no_bug();
    ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_PAGED, 0, TAG)); /* POOL-016 */
    ck_no_bug();
}
END_TEST

START_TEST(types)
{
    static const unsigned good[] = {
        NonPagedPoolCacheAligned, PagedPoolCacheAligned, NonPagedPoolSession, PagedPoolSession,
        NonPagedPoolCacheAlignedSession, PagedPoolCacheAlignedSession,
        NonPagedPoolNxCacheAligned, NonPagedPoolSessionNx, PagedPool | POOL_NX_ALLOCATION,
        PagedPool | POOL_COLD_ALLOCATION, NonPagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE,
    };
    for (size_t i = 0; i < RTL_NUMBER_OF(good); i++)
        for (size_t n = 1; n <= 5000; n += 77) {
            void *p = ExAllocatePoolWithTag((POOL_TYPE)good[i], n, TAG);
            ck_assert_ptr_nonnull(p);
            if (good[i] & 4) /* POOL-031 */
                ck_assert_uint_eq((uintptr_t)p % 64, 0);
            ExFreePool(p);
        }
    ck_no_bug();
}
END_TEST

/* Freed memory that the next block gets again, so that zero is somebody's work. */
static void soil(POOL_TYPE type, size_t n)
{
    void *p[8];
    for (int i = 0; i < 8; i++) {
        p[i] = ExAllocatePoolWithTag(type, n, TAG);
        ck_assert_ptr_nonnull(p[i]);
        memset(p[i], 0xee, n);
    }
    for (int i = 0; i < 8; i++)
        ExFreePool(p[i]);
}

/* POOL-006, POOL-008, POOL-159. */
START_TEST(contents_are_zero)
{
    static const size_t sizes[] = {1, 15, 16, 100, 1000, 4000, 4064, 4096, 4097, 12288, 100000,
                                   3 << 20};
    for (size_t i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        size_t n = sizes[i];
        void *p[5];
        soil(NonPagedPoolNx, n);
        soil(PagedPool, n);
        p[0] = ExAllocatePool2(POOL_FLAG_NON_PAGED, n, TAG);
        p[1] = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_CACHE_ALIGNED, n, TAG);
        p[2] = ExAllocatePoolZero(NonPagedPoolNx, n, TAG);
        p[3] = ExAllocatePoolQuotaZero(PagedPool, n, TAG);
        p[4] = ExAllocatePoolPriorityZero(PagedPool, n, TAG, NormalPoolPriority);
        for (int k = 0; k < 5; k++) {
            ck_assert_ptr_nonnull(p[k]);
            ck_assert(is_filled(p[k], n, 0));
        }
        ck_assert(n <= SMALL_MAX || (uintptr_t)p[0] % 4096 == 0);
        for (int k = 0; k < 5; k++)
            ExFreePoolWithTag(p[k], TAG);
        ck_no_bug();
    }
}
END_TEST

/* POOL-007, POOL-009: as they were left, which these cannot be wiped of at no cost. */
START_TEST(contents_are_left_alone)
{
    soil(PagedPool, 200);
    void *p = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, 200, TAG);
    void *q = ExAllocatePoolUninitialized(PagedPool, 200, TAG);
    void *r = ExAllocatePoolPriorityUninitialized(PagedPool, 200, TAG, HighPoolPriority);
    void *s = ExAllocatePoolQuotaUninitialized(PagedPool, 150, TAG);
    ck_assert(!is_filled(p, 200, 0) && !is_filled(q, 200, 0) && !is_filled(r, 200, 0));
    ck_assert_ptr_nonnull(s);
    ExFreePool(p);
    ExFreePool(q);
    ExFreePool(r);
    ExFreePool(s);
    ck_no_bug();
}
END_TEST

static uint32_t status_of_flags(ULONG64 how, SIZE_T size, ULONG tag)
{
    volatile uint32_t code;
    void *volatile p = NULL;
    RAISED(code, p, ExAllocatePool2(how, size, tag))
    if (p != NULL)
        ExFreePool(p);
    return code;
}

/* POOL-011..015. */
START_TEST(flags)
{
    static const ULONG64 bad[] = {
        0, POOL_FLAG_UNINITIALIZED, POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED,
        POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE, POOL_FLAG_PAGED | POOL_FLAG_RESERVED1,
        POOL_FLAG_PAGED | POOL_FLAG_RESERVED2, POOL_FLAG_PAGED | POOL_FLAG_RESERVED3,
        POOL_FLAG_PAGED | POOL_FLAG_REQUIRED_END, POOL_FLAG_PAGED | 0x800,
        POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED,
    };
    static const ULONG64 good[] = {
        POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED_EXECUTE, POOL_FLAG_PAGED,
        POOL_FLAG_PAGED | POOL_FLAG_SESSION, POOL_FLAG_PAGED | POOL_FLAG_SPECIAL_POOL,
        POOL_FLAG_PAGED | POOL_FLAG_OPTIONAL_END, POOL_FLAG_PAGED | (ULONG64)0x7fff << 40,
        POOL_FLAG_PAGED | POOL_FLAG_USE_QUOTA | POOL_FLAG_CACHE_ALIGNED,
    };
    for (size_t i = 0; i < RTL_NUMBER_OF(bad); i++) {
        ck_assert_ptr_null(ExAllocatePool2(bad[i], 10, TAG));
        ck_assert_uint_eq(status_of_flags(bad[i] | POOL_FLAG_RAISE_ON_FAILURE, 10, TAG),
                          (uint32_t)STATUS_INVALID_PARAMETER);
    }
    for (size_t i = 0; i < RTL_NUMBER_OF(good); i++) {
        void *p = ExAllocatePool2(good[i], 10, TAG);
        ck_assert_ptr_nonnull(p);
        ExFreePool2(p, TAG, NULL, 0);
        ck_assert_uint_eq(status_of_flags(good[i] | POOL_FLAG_RAISE_ON_FAILURE, 10, TAG), 0);
    }
    ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_PAGED, 10, 0));
    ck_assert_uint_eq(status_of_flags(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, 10, 0),
                      (uint32_t)STATUS_INVALID_PARAMETER);
    ck_no_bug();
}
END_TEST

#define TOO_MUCH ((SIZE_T)-1 / 2)

static uint32_t status_of_type(unsigned type, SIZE_T size, bool quota)
{
    volatile uint32_t code;
    void *volatile p = NULL;
    if (quota)
        RAISED(code, p, ExAllocatePoolWithQuotaTag((POOL_TYPE)type, size, TAG))
    else
        RAISED(code, p, ExAllocatePoolWithTag((POOL_TYPE)type, size, TAG))
    ck_assert_ptr_null(p);
    return code;
}

/* POOL-014, POOL-015, POOL-019, POOL-021, POOL-044, POOL-045. */
START_TEST(no_memory)
{
    static const SIZE_T sizes[] = {TOO_MUCH, (SIZE_T)-1, (SIZE_T)-4096, (SIZE_T)-4097};
    const uint32_t no_resources = (uint32_t)STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        SIZE_T n = sizes[i];
        ck_assert_ptr_null(ExAllocatePoolWithTag(PagedPool, n, TAG));
        ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, n, TAG));
        ck_assert_ptr_null(ExAllocatePoolWithTagPriority(PagedPool, n, TAG, LowPoolPriority));
        ck_assert_uint_eq(status_of_flags(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, n, TAG),
                          no_resources);
        ck_assert_uint_eq(status_of_type(PagedPool | POOL_RAISE_IF_ALLOCATION_FAILURE, n, false),
                          no_resources);
        ck_assert_uint_eq(status_of_type(PagedPool, n, true), no_resources);
        ck_assert_uint_eq(status_of_type(PagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, n, true), 0);
        ck_no_bug();
    }
    static const unsigned must[] = {NonPagedPoolMustSucceed, NonPagedPoolCacheAlignedMustS,
                                    NonPagedPoolMustSucceedSession,
                                    NonPagedPoolCacheAlignedMustSSession};
    for (size_t i = 0; i < RTL_NUMBER_OF(must); i++) { /* POOL-022 */
        ck_assert_ptr_null(ExAllocatePoolWithTag((POOL_TYPE)must[i], 100, TAG));
        ck_bug(BAD_POOL_CALLER, 0x9A, must[i], 100, TAG);
    }
}
END_TEST

static void *alloc3(ULONG64 how, unsigned type, bool optional, ULONG64 value)
{
    POOL_EXTENDED_PARAMETER p;
    memset(&p, 0, sizeof p);
    p.Type = (unsigned char)type;
    p.Optional = optional;
    p.Reserved2 = value;
    void *block = ExAllocatePool3(how, 100, TAG, &p, 1);
    if (block != NULL)
        ExFreePool(block);
    return block;
}

/* POOL-028. */
START_TEST(parameters)
{
    static const struct {
        ULONG64 flags;
        unsigned type;
        ULONG64 value;
        bool good;
    } cases[] = {
        {POOL_FLAG_PAGED, PoolExtendedParameterInvalidType, 0, false},
        {POOL_FLAG_PAGED, PoolExtendedParameterPriority, LowPoolPriority, true},
        {POOL_FLAG_PAGED, PoolExtendedParameterPriority, NormalPoolPriority, true},
        {POOL_FLAG_PAGED, PoolExtendedParameterPriority, HighPoolPrioritySpecialPoolUnderrun, true},
        {POOL_FLAG_PAGED, PoolExtendedParameterPriority, 1, false},
        {POOL_FLAG_PAGED, PoolExtendedParameterPriority, 48, false},
        {POOL_FLAG_PAGED, PoolExtendedParameterSecurePool, 0, false},
        {POOL_FLAG_NON_PAGED, PoolExtendedParameterNumaNode, 0, true},
        {POOL_FLAG_PAGED, PoolExtendedParameterNumaNode, 0, false},
        {POOL_FLAG_NON_PAGED, PoolExtendedParameterNumaNode, 4711, false},
        {POOL_FLAG_NON_PAGED, PoolExtendedParameterNumaNode, 4711 | MM_ANY_NODE_OK, true},
        {POOL_FLAG_PAGED, PoolExtendedParameterMax, 0, false},
        {POOL_FLAG_PAGED, 255, 0, false},
    };
    for (size_t i = 0; i < RTL_NUMBER_OF(cases); i++) {
        void *p = alloc3(cases[i].flags, cases[i].type, false, cases[i].value);
        ck_assert_msg((p != NULL) == cases[i].good, "case %zu", i);
        ck_assert_ptr_nonnull(alloc3(cases[i].flags, cases[i].type, true, cases[i].value));
        ck_assert_ptr_null(alloc3(0, cases[i].type, true, cases[i].value));
    }
    ck_assert_ptr_null(ExAllocatePool3(POOL_FLAG_PAGED, 100, TAG, NULL, 1));
    void *p = ExAllocatePool3(POOL_FLAG_PAGED, 100, TAG, NULL, 0);
    ck_assert_ptr_nonnull(p);
    POOL_EXTENDED_PARAMETER wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.Type = PoolExtendedParameterPriority;
    ExFreePool2(p, TAG, &wanted, 1);
    ck_bug(BAD_POOL_CALLER, 0x99, p, 0, 0);
    wanted.Optional = 1;
    ExFreePool2(p, TAG, &wanted, 1);
    ck_no_bug();
}
END_TEST

/* POOL-010, POOL-023, POOL-024, POOL-060..063. */
START_TEST(tags)
{
    for (int round = 0; round < 3; round++) { /* the later ones on the short way, if ever */
        static const SIZE_T sizes[] = {1, 20, 4000, 4096, 40000, 1000000};
        for (size_t i = 0; i < RTL_NUMBER_OF(sizes); i++) {
            ck_assert_ptr_null(ExAllocatePoolWithTag(PagedPool, sizes[i], 0));
            ck_bug(BAD_POOL_CALLER, 0x9B, PagedPool, sizes[i], bug.p[3]);
            ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPool, sizes[i], 0));
            ck_bug(BAD_POOL_CALLER, 0x9B, NonPagedPool, sizes[i], bug.p[3]);
        }
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPool, 20, 0));
        ck_bug(BAD_POOL_CALLER, 0x9B, NonPagedPool, 20, bug.p[3]);
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolNx, 20, 0x20474942));
        ck_bug(BAD_POOL_CALLER, 0x9C, NonPagedPoolNx, 20, bug.p[3]);
        ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolNx, 20, PROTECTED_POOL));
        ck_bug(BAD_POOL_CALLER, 0x9B, NonPagedPoolNx, 20, bug.p[3]);
        void *p = ExAllocatePoolWithTag(NonPagedPool, 20, TAG);
        ExFreePoolWithTag(p, TAG + 1);
        ck_bug(BAD_POOL_CALLER, 0x0A, p, TAG, TAG + 1);
        ExFreePoolWithTag(p, TAG | PROTECTED_POOL);
        p = ExAllocatePoolWithTag(NonPagedPool, 20, TAG | PROTECTED_POOL);
        ExFreePoolWithTag(p, TAG);
        p = ExAllocatePoolWithTag(NonPagedPool, 20, TAG);
        ExFreePoolWithTag(p, 0);
        p = ExAllocatePool(PagedPool, 20);
        ExFreePoolWithTag(p, TAG);
        ck_bug(BAD_POOL_CALLER, 0x0A, p, 0x656E6F4E, TAG);
        ExFreePoolWithTag(p, 0x656E6F4E);
        p = ExAllocatePoolWithTag(PagedPool, 10000, TAG); /* POOL-064 */
        ExFreePoolWithTag(p, TAG + 1);
        ck_bug(BAD_POOL_CALLER, 0x0A, p, TAG, TAG + 1);
        ExFreePoolWithTag(p, TAG);
        ck_no_bug();
    }
}
END_TEST

/* POOL-065..067, POOL-080. */
START_TEST(wrong_frees)
{
    static char own[64];
    void *p = ExAllocatePoolWithTag(PagedPool, 20, TAG);
    ExFreePool(p);
    ExFreePool(p);
    ck_assert_uint_eq(bug.n, 1);
    ck_assert_uint_eq(bug.code, BAD_POOL_CALLER);
    ck_assert(bug.p[0] == 6 || bug.p[0] == 7);
    bug.n = 0;
    ExFreePool(own);
    ck_assert_uint_eq(bug.p[0], 0x40);
    ck_bug(BAD_POOL_CALLER, 0x40, own, bug.p[2], 0);
    ExFreePool(NULL);
    ck_bug(BAD_POOL_CALLER, 0x46, 0, 0, 0);
    ExFreePool((void *)-4096);
    ck_bug(BAD_POOL_CALLER, 0x46, -4096, 0, 0);
    BOOLEAN charged = TRUE;
    ck_assert_uint_eq(ExQueryPoolBlockSize(own, &charged), 0);
    ck_assert_uint_eq(charged, FALSE);
    ck_assert_uint_eq(bug.p[0], 0x40);
    bug.n = 0;
    ck_assert_uint_eq(ExQueryPoolBlockSize(p, &charged), 0);
    ck_bug(BAD_POOL_CALLER, 0x99, p, 0, 0);
}
END_TEST

/* POOL-026, POOL-069. */
START_TEST(levels)
{
    KIRQL old = 99;
    ck_assert_uint_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    void *paged = ExAllocatePoolWithTag(PagedPool, 20, TAG);
    void *nx = ExAllocatePoolWithTag(NonPagedPoolNx, 20, TAG);
    KeRaiseIrql(APC_LEVEL, &old);
    ck_assert_uint_eq(old, PASSIVE_LEVEL);
    ExFreePool(ExAllocatePoolWithTag(PagedPool, 20, TAG));
    ck_assert_uint_eq(KeRaiseIrqlToDpcLevel(), APC_LEVEL);
    ck_assert_uint_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ck_assert_ptr_null(ExAllocatePoolWithTag(PagedPool, 20, TAG));
    ck_bug(BAD_POOL_CALLER, 0x08, DISPATCH_LEVEL, PagedPool, 20);
    ck_assert_ptr_null(ExAllocatePool2(POOL_FLAG_PAGED, 30, TAG));
    ck_bug(BAD_POOL_CALLER, 0x08, DISPATCH_LEVEL, PagedPool, 30);
    ExFreePool(paged);
    ck_bug(BAD_POOL_CALLER, 0x09, DISPATCH_LEVEL, PagedPool, paged);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 20, TAG));
    ck_no_bug();
    ck_assert_uint_eq(KfRaiseIrql(HIGH_LEVEL), DISPATCH_LEVEL);
    ck_assert_ptr_null(ExAllocatePoolWithTag(NonPagedPoolNx, 20, TAG));
    ck_bug(BAD_POOL_CALLER, 0x08, HIGH_LEVEL, NonPagedPoolNx, 20);
    ExFreePoolWithTag(nx, TAG);
    ck_bug(BAD_POOL_CALLER, 0x09, HIGH_LEVEL, NonPagedPoolNx, nx);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ck_bug(IRQL_NOT_GREATER_OR_EQUAL, DISPATCH_LEVEL, HIGH_LEVEL, 0, 0);
    ck_assert_uint_eq(KeGetCurrentIrql(), HIGH_LEVEL);
    KeLowerIrql(APC_LEVEL);
    KfLowerIrql(DISPATCH_LEVEL);
    ck_bug(IRQL_NOT_LESS_OR_EQUAL, DISPATCH_LEVEL, APC_LEVEL, 0, 0);
    KfLowerIrql(PASSIVE_LEVEL);
    ExFreePool(paged);
    ExFreePool(nx);
    ck_assert_uint_eq(KeRaiseIrqlToSynchLevel(), PASSIVE_LEVEL);
    ck_assert_uint_eq(KeGetCurrentIrql(), SYNCH_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    ck_no_bug();
}
END_TEST

/* A thread that is raised before it has anything to do with the pools. */
START_TEST(levels_come_first)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    void *p = ExAllocatePoolWithTag(NonPagedPool, 20, TAG);
    ck_assert_ptr_nonnull(p);
    KeRaiseIrql(HIGH_LEVEL, &old);
    ExFreePool(p);
    ck_bug(BAD_POOL_CALLER, 0x09, HIGH_LEVEL, NonPagedPool, p);
    KeLowerIrql(PASSIVE_LEVEL);
    ExFreePool(p);
    ck_no_bug();
}
END_TEST

/* POOL-048, POOL-050. */
START_TEST(block_sizes)
{
    BOOLEAN charged = TRUE;
    void *p = ExAllocatePoolWithTag(NonPagedPool, 8, TAG);
    ck_assert_uint_ge(ExQueryPoolBlockSize(p, &charged), 8);
    ck_assert_uint_eq(charged, FALSE);
    ExFreePool(p);
    p = ExAllocatePoolWithTag(NonPagedPool, 4096, TAG);
    ck_assert_uint_eq(ExQueryPoolBlockSize(p, &charged), 4096);
    ExFreePool(p);
    p = ExAllocatePoolWithTag(NonPagedPool, 4097, TAG);
    ck_assert_uint_eq(ExQueryPoolBlockSize(p, &charged), 8192);
    ck_assert_uint_eq(charged, FALSE);
    ExFreePool(p);
    ck_no_bug();
}
END_TEST

/* With memory to spare every priority is as good. */
START_TEST(priorities)
{
    static const EX_POOL_PRIORITY all[] = {
        LowPoolPriority, LowPoolPrioritySpecialPoolOverrun, LowPoolPrioritySpecialPoolUnderrun,
        NormalPoolPriority, NormalPoolPrioritySpecialPoolOverrun,
        NormalPoolPrioritySpecialPoolUnderrun, HighPoolPriority,
        HighPoolPrioritySpecialPoolOverrun, HighPoolPrioritySpecialPoolUnderrun,
    };
    for (size_t i = 0; i < RTL_NUMBER_OF(all); i++) {
        void *p = ExAllocatePoolWithTagPriority(PagedPool, 333, TAG, all[i]);
        ck_assert_ptr_nonnull(p);
        ExFreePoolWithTag(p, TAG);
    }
    ck_assert_ptr_null(ExAllocatePoolWithTagPriority(PagedPool, 33, TAG, (EX_POOL_PRIORITY)17));
    ck_no_bug();
}
END_TEST

static int all_tests(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_pool", 60, &c);
    tcase_add_checked_fixture(c, pool_setup, NULL);
    tcase_add_test(c, sizes_and_alignment);
    tcase_add_test(c, no_bytes_are_one);
    tcase_add_test(c, types);
    tcase_add_test(c, contents_are_zero);
    tcase_add_test(c, contents_are_left_alone);
    tcase_add_test(c, flags);
    tcase_add_test(c, no_memory);
    tcase_add_test(c, parameters);
    tcase_add_test(c, tags);
    tcase_add_test(c, wrong_frees);
    tcase_add_test(c, levels);
    tcase_add_test(c, levels_come_first);
    tcase_add_test(c, block_sizes);
    tcase_add_test(c, priorities);
    return unit_run(s);
}

int main(int argc, char **argv)
{
    static const char *const layouts[] = {"wow64=4g", "wow64=2g", "layout=2g", NULL};
    return run_in_layouts(argc, argv, all_tests, layouts);
}
