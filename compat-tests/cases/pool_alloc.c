/* Allocation from the kernel pools: where blocks lie, what is in them, when there is none
 * (POOL-001..POOL-033, POOL-159). */
#include "../compat_pool.h"

static int is_crossing(const void *p, SIZE_T n)
{
    return ((ULONG_PTR)p & (PG - 1)) + n > PG;
}

static int all_bytes(const BYTE *p, SIZE_T n, BYTE want)
{
    for (SIZE_T i = 0; i < n; i++)
        if (p[i] != want)
            return 0;
    return 1;
}

/* A block that is there, lies as it must, and has all its bytes; freed. */
static void check_block(BYTE *p, SIZE_T n, ULONG_PTR alignment)
{
    if (!ok(p != NULL, "no block of %llu bytes", (unsigned long long)n))
        return;
    ok((ULONG_PTR)p % alignment == 0, "block of %llu bytes: %p is no multiple of %llu",
       (unsigned long long)n, (void *)p, (unsigned long long)alignment);
    if (n < PG)
        ok(!is_crossing(p, n), "block of %llu bytes at %p crosses a page", (unsigned long long)n,
           (void *)p);
    memset(p, 0xa5, n);
    ok(all_bytes(p, n, 0xa5), "block of %llu bytes does not keep them", (unsigned long long)n);
    ExFreePoolWithTag(p, TAG_ONE);
}

CASE(POOL, 001, "ExAllocatePoolWithTag(NonPagedPool, less than a page)",
     "8/16 aligned, does not cross a page")
{
    for (SIZE_T n = 1; n < PG; n += n < 300 ? 1 : 61) {
        todo_wine("blocks are those of the heap")
            check_block(ExAllocatePoolWithTag(T_NONPAGED, n, TAG_ONE), n, POOL_UNIT);
        if (compat.failed)
            return;
    }
}

CASE(POOL, 002, "ExAllocatePoolWithTag of a page or more", "page-aligned")
{
    static const SIZE_T sizes[] = {PG, PG + 1, 2 * PG - 1, 2 * PG, 5 * PG + 7, 0x100000, 0x123456};
    static const int types[] = {T_NONPAGED, T_PAGED, T_NX};

    for (unsigned t = 0; t < 3; t++)
        for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            todo_wine("blocks are those of the heap")
                check_block(ExAllocatePoolWithTag(types[t], sizes[i], TAG_ONE), sizes[i], PG);
}

CASE(POOL, 003, "n = PAGE_SIZE - 4 * sizeof(void *)", "a small block that has its tag")
{
    BYTE *p = ExAllocatePoolWithTag(T_PAGED, SMALL_MOST, TAG_ONE), charged = 1;

    if (!ok(p != NULL, "no block"))
        return;
    todo_wine("blocks are those of the heap")
        ok(!is_crossing(p, SMALL_MOST), "%p crosses a page", (void *)p);
    ok(ExQueryPoolBlockSize(p, &charged) >= SMALL_MOST, "its room is less");
    check_block(p, SMALL_MOST, POOL_UNIT);
}

CASE(POOL, 004, "n = PAGE_SIZE - 4 * sizeof(void *) + 1 and more", "a big block: whole pages")
{
    for (SIZE_T n = SMALL_MOST + 1; n <= PG - 3 * sizeof(void *); n++)
        todo_wine("blocks are those of the heap") {
            BYTE *p = ExAllocatePoolWithTag(T_PAGED, n, TAG_ONE), charged = 1;

            expect_eq(ExQueryPoolBlockSize(p, &charged), PG);
            check_block(p, n, PG);
        }
}

CASE(POOL, 005, "contents of ExAllocatePoolWithTag", "uninitialised, the caller's until freed")
{
    BYTE *first = ExAllocatePoolWithTag(T_NX, 200, TAG_ONE);
    BYTE *second = ExAllocatePoolWithTag(T_NX, 200, TAG_ONE);

    if (!ok(first && second && first != second, "blocks: %p and %p", (void *)first, (void *)second))
        return;
    memset(first, 0x11, 200);
    memset(second, 0x22, 200);
    ok(all_bytes(first, 200, 0x11) && all_bytes(second, 200, 0x22), "one writes over the other");
    ExFreePoolWithTag(first, TAG_ONE);
    ok(all_bytes(second, 200, 0x22), "a free writes over a neighbour");
    ExFreePoolWithTag(second, TAG_ONE);
}

/* A dirty block is freed before each, so that zeros are not those of the host. */
#define check_zero(call, size)                                                                     \
    do {                                                                                           \
        BYTE *dirty[8], *clean[8];                                                                 \
        for (int i = 0; i < 8; i++)                                                                \
            if ((dirty[i] = call))                                                                 \
                memset(dirty[i], 0xff, size);                                                      \
        for (int i = 0; i < 8; i++)                                                                \
            ExFreePoolWithTag(dirty[i], TAG_ONE);                                                  \
        for (int i = 0; i < 8; i++) {                                                              \
            clean[i] = call;                                                                       \
            ok(clean[i] && all_bytes(clean[i], size, 0), "%s, %llu bytes: not all zero", #call,    \
               (unsigned long long)(size));                                                        \
        }                                                                                          \
        for (int i = 0; i < 8; i++)                                                                \
            ExFreePoolWithTag(clean[i], TAG_ONE);                                                  \
    } while (0)

static const SIZE_T zero_sizes[] = {1, 8, 100, 1000, SMALL_MOST, PG, 3 * PG + 5, 0x48000};
#define each_zero_size(n)                                                                          \
    for (SIZE_T z = 0, n = zero_sizes[0]; z < sizeof(zero_sizes) / sizeof(zero_sizes[0]);          \
         z++, n = zero_sizes[z < sizeof(zero_sizes) / sizeof(zero_sizes[0]) ? z : 0])

CASE(POOL, 006, "contents of ExAllocatePool2", "zero")
{
    each_zero_size(n)
    {
        check_zero(ExAllocatePool2(F_NONPAGED, n, TAG_ONE), n);
        check_zero(ExAllocatePool2(F_PAGED, n, TAG_ONE), n);
        check_zero(ExAllocatePool2(F_EXECUTE, n, TAG_ONE), n);
    }
}

CASE(POOL, 007, "ExAllocatePool2 with UNINITIALIZED", "a block, its contents indeterminate")
{
    each_zero_size(n)
    {
        check_block(ExAllocatePool2(F_NONPAGED | F_UNINITIALIZED, n, TAG_ONE), n, 1);
        check_block(ExAllocatePool2(F_PAGED | F_UNINITIALIZED, n, TAG_ONE), n, 1);
    }
}

CASE(POOL, 008, "ExAllocatePoolZero, ...QuotaZero, ...PriorityZero", "zero")
{
    each_zero_size(n)
    {
        check_zero(ExAllocatePoolZero(T_NX, n, TAG_ONE), n);
        check_zero(ExAllocatePoolQuotaZero(T_PAGED, n, TAG_ONE), n);
        check_zero(ExAllocatePoolPriorityZero(T_NX, n, TAG_ONE, PRIORITY_NORMAL), n);
    }
}

CASE(POOL, 009, "ExAllocatePoolUninitialized", "as ExAllocatePoolWithTag")
{
    each_zero_size(n)
        check_block(ExAllocatePoolUninitialized(T_NX, n, TAG_ONE), n, n < PG ? POOL_UNIT : PG);
    expect_ptr(ExAllocatePoolUninitialized(T_NX, TOO_MUCH, TAG_ONE), NULL);
}

CASE(POOL, 011, "ExAllocatePool2 with tag 0", "NULL; with RAISE_ON_FAILURE an exception")
{
    expect_ptr(ExAllocatePool2(F_NONPAGED, 100, 0), NULL);
    expect_ptr(ExAllocatePool2(F_PAGED, 100, 0), NULL);
    catch_raise(ExAllocatePool2(F_NONPAGED | F_RAISE, 100, 0));
    ok(raised.code != 0, "no exception");
}

CASE(POOL, 012, "ExAllocatePool2 with an unknown required flag, or no kind",
     "NULL; with RAISE_ON_FAILURE an exception")
{
    expect_ptr(ExAllocatePool2(F_NONPAGED | 1u << 30, 100, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(F_NONPAGED | 1u << 31, 100, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(F_PAGED | 0x800, 100, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(0, 100, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(F_UNINITIALIZED, 100, TAG_ONE), NULL);
    catch_raise(ExAllocatePool2(F_NONPAGED | F_RAISE | 1u << 30, 100, TAG_ONE));
    ok(raised.code != 0, "no exception for an unknown flag");
    catch_raise(ExAllocatePool2(F_RAISE, 100, TAG_ONE));
    ok(raised.code != 0, "no exception for no kind");
}

CASE(POOL, 013, "ExAllocatePool2 with an unknown optional flag", "success")
{
    check_block(ExAllocatePool2(F_NONPAGED | 1ull << 40, 100, TAG_ONE), 100, POOL_UNIT);
    check_block(ExAllocatePool2(F_PAGED | 1ull << 63, 100, TAG_ONE), 100, POOL_UNIT);
    check_block(ExAllocatePool2(F_NONPAGED | F_SPECIAL, 100, TAG_ONE), 100, 1);
}

CASE(POOL, 014, "ExAllocatePool2 with RAISE_ON_FAILURE, no memory", "raises C000009A")
{
    expect_raise(ExAllocatePool2(F_PAGED | F_RAISE, TOO_MUCH, TAG_ONE), ST_INSUFFICIENT_RESOURCES);
    expect_raise(ExAllocatePool2(F_NONPAGED | F_RAISE, TOO_MUCH, TAG_ONE),
                 ST_INSUFFICIENT_RESOURCES);
}

CASE(POOL, 015, "ExAllocatePool2, no memory, by default", "NULL, also with USE_QUOTA")
{
    PVOID p = at_address(1);

    expect_no_raise(p = ExAllocatePool2(F_PAGED, TOO_MUCH, TAG_ONE));
    expect_ptr(p, NULL);
    expect_no_raise(p = ExAllocatePool2(F_PAGED | F_QUOTA, TOO_MUCH, TAG_ONE));
    expect_ptr(p, NULL);
    expect_ptr(ExAllocatePool2(F_PAGED, ~(SIZE_T)0, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(F_NONPAGED, ~(SIZE_T)PG, TAG_ONE), NULL);
}

CASE(POOL, 016, "ExAllocatePool2 of 0 bytes", "NULL; with RAISE_ON_FAILURE an exception")
{
    expect_ptr(ExAllocatePool2(F_NONPAGED, 0, TAG_ONE), NULL);
    expect_ptr(ExAllocatePool2(F_PAGED, 0, TAG_ONE), NULL);
    catch_raise(ExAllocatePool2(F_PAGED | F_RAISE, 0, TAG_ONE));
    ok(raised.code != 0, "no exception");
}

CASE(POOL, 017, "ExAllocatePoolWithTag of 0 bytes", "the smallest block")
{
    BYTE *p = ExAllocatePoolWithTag(T_NX, 0, TAG_ONE);
    BYTE *q = ExAllocatePoolWithTag(T_PAGED, 0, TAG_ONE);

    ok(p && q && p != q, "blocks: %p and %p", (void *)p, (void *)q);
    check_block(p, 1, POOL_UNIT);
    check_block(q, 1, POOL_UNIT);
}

CASE(POOL, 019, "POOL_RAISE_IF_ALLOCATION_FAILURE, no memory", "raises C000009A")
{
    todo_wine("the flag is ignored")
        expect_raise(ExAllocatePoolWithTag(T_PAGED | T_RAISE, TOO_MUCH, TAG_ONE),
                     ST_INSUFFICIENT_RESOURCES);
    expect_ptr(ExAllocatePoolWithTag(T_PAGED, TOO_MUCH, TAG_ONE), NULL);
}

CASE(POOL, 027, "ExAllocatePoolWithTagPriority Low, Normal, High",
     "a block, or NULL if there is none")
{
    for (int priority = PRIORITY_LOW; priority <= PRIORITY_HIGH; priority += 16) {
        todo_wine("blocks are those of the heap") {
            check_block(ExAllocatePoolWithTagPriority(T_NX, 500, TAG_ONE, priority), 500,
                        POOL_UNIT);
            check_block(ExAllocatePoolWithTagPriority(T_PAGED, 9 * PG, TAG_ONE, priority), 9 * PG,
                        PG);
        }
        expect_ptr(ExAllocatePoolWithTagPriority(T_PAGED, TOO_MUCH, TAG_ONE, priority), NULL);
    }
}

static void *with_parameter(uint64_t flags, unsigned type, int optional, uint64_t value)
{
    struct compat_extended_parameter e = {.type = (uint8_t)type, .optional = optional != 0};

    e.value.number = value;
    return ExAllocatePool3(flags, 100, TAG_ONE, (const void *)&e, 1);
}

CASE(POOL, 028, "parameters of ExAllocatePool3",
     "unknown or bad ones: NULL or an exception; optional ones are ignored")
{
    check_block(ExAllocatePool3(F_NONPAGED, 100, TAG_ONE, NULL, 0), 100, POOL_UNIT);
    check_block(with_parameter(F_PAGED, PARAMETER_PRIORITY, 0, PRIORITY_HIGH), 100, POOL_UNIT);
    expect_ptr(with_parameter(F_PAGED, 0, 0, 0), NULL);
    expect_ptr(with_parameter(F_PAGED, 77, 0, 0), NULL);
    expect_ptr(with_parameter(F_PAGED, PARAMETER_PRIORITY, 0, 5), NULL);
    catch_raise(with_parameter(F_PAGED | F_RAISE, 77, 0, 0));
    ok(raised.code != 0, "no exception");
    check_block(with_parameter(F_PAGED, 77, 1, 0), 100, POOL_UNIT);
    check_block(with_parameter(F_NONPAGED, PARAMETER_NODE, 0, 0x80000000u), 100, POOL_UNIT);
    expect_ptr(with_parameter(F_PAGED, PARAMETER_NODE, 0, 0x80000000u), NULL);
}

CASE(POOL, 031, "a cache-aligned request", "a multiple of 64")
{
    for (SIZE_T n = 1; n < 3000; n += 37) {
        todo_wine("blocks are those of the heap") {
            check_block(ExAllocatePoolWithTag(T_NX_ALIGNED, n, TAG_ONE), n, 64);
            check_block(ExAllocatePoolWithTag(T_PAGED_ALIGNED, n, TAG_ONE), n, 64);
        }
        if (compat.failed)
            return;
    }
    check_block(ExAllocatePool2(F_NONPAGED | F_ALIGNED, 24, TAG_ONE), 24, 64);
    check_block(ExAllocatePool2(F_PAGED | F_ALIGNED, 200, TAG_ONE), 200, 64);
}

CASE(POOL, 032, "usable bytes", "exactly those asked for belong to the caller")
{
    enum { N = 60 };
    BYTE *p[N];

    for (unsigned i = 0; i < N; i++) {
        p[i] = ExAllocatePoolWithTag(i & 1 ? T_NX : T_PAGED, i * i * 5 + 1, TAG_ONE);
        if (ok(p[i] != NULL, "no block"))
            memset(p[i], (int)i, i * i * 5 + 1);
    }
    for (unsigned i = 0; i < N; i++) {
        ok(all_bytes(p[i], i * i * 5 + 1, (BYTE)i), "block %u was written over", i);
        ExFreePoolWithTag(p[i], TAG_ONE);
    }
}

CASE(POOL, 033, "2 GB of quota from paged pool, 64-bit", "success")
{
    BYTE *p;

    skip_if(is_32bit(), "64-bit only");
    p = ExAllocatePoolWithQuotaTag(T_PAGED | T_FAIL, (SIZE_T)1 << 31, TAG_ONE);
    todo_wine("there is no such heap block") {
        if (ok(p != NULL, "no block")) {
            p[0] = p[((SIZE_T)1 << 31) - 1] = 1;
            expect_eq((ULONG_PTR)p % PG, 0);
        }
    }
    if (p)
        ExFreePoolWithTag(p, TAG_ONE);
}

CASE(POOL, 159, "placement of ExAllocatePool2", "as POOL-001 and POOL-002, zero over all its bytes")
{
    static const SIZE_T sizes[] = {1, 17, 1000, 2049, 4000, PG, 2 * PG, 0x12345};

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (uint64_t flags = F_NONPAGED; flags <= F_PAGED; flags <<= 1) {
            BYTE *p = ExAllocatePool2(flags, sizes[i], TAG_ONE);

            ok(p && all_bytes(p, sizes[i], 0), "not all zero");
            check_block(p, sizes[i], sizes[i] < PG ? POOL_UNIT : PG);
            if ((p = ExAllocatePool2(flags, sizes[i], TAG_ONE)))
                ExFreePool(p);
        }
}
