/* Blocks that are charged to the process, and the sizes of blocks (POOL-040..POOL-050). */
#include "../compat_pool.h"

static SIZE_T room_of(PVOID p, BYTE *charged)
{
    *charged = 0xcc;
    return ExQueryPoolBlockSize(p, charged);
}

static void check_charged(PVOID p, SIZE_T least, int want)
{
    BYTE charged;
    SIZE_T room;

    if (!ok(p != NULL, "no block"))
        return;
    room = room_of(p, &charged);
    ok(room >= least, "room: got %llu, expected %llu or more", (unsigned long long)room,
       (unsigned long long)least);
    expect_eq(charged, want);
}

#ifndef _WIN32
static struct winvm_process_quota quota(winvm_process *process)
{
    struct winvm_process_quota now;

    winvm_process_query(process, &now);
    return now;
}

/* The reference and the bytes of one block, which come and go with it. */
static void check_references(SIZE_T n, unsigned references)
{
    winvm_process *process = winvm_process_initial();
    struct winvm_process_quota before = quota(process), now;
    PVOID p = ExAllocatePoolWithQuotaTag(T_PAGED, n, TAG_ONE);

    now = quota(process);
    expect_eq(now.references - before.references, references);
    ok(now.used[1] - before.used[1] >= (references ? n : 0), "charged: got %llu",
       (unsigned long long)(now.used[1] - before.used[1]));
    ExFreePoolWithTag(p, TAG_ONE);
    now = quota(process);
    expect_eq(now.references, before.references);
    expect_eq(now.used[1], before.used[1]);
}
#endif

CASE(POOL, 040, "ExAllocatePoolWithQuotaTag, small", "charged until it is freed")
{
    PVOID p = ExAllocatePoolWithQuotaTag(T_PAGED, 100, TAG_ONE);

    check_charged(p, 100, 1);
    ExFreePoolWithTag(p, TAG_ONE);
    p = ExAllocatePoolWithTag(T_PAGED, 100, TAG_ONE);
    check_charged(p, 100, 0);
    ExFreePoolWithTag(p, TAG_ONE);
#ifndef _WIN32
    check_references(100, 1);
#endif
}

CASE(POOL, 041, "alignment of a quota block", "2 * sizeof(void *) or more")
{
    for (SIZE_T n = 1; n < 600; n += 7) {
        BYTE *p = ExAllocatePoolWithQuotaTag(n & 1 ? T_PAGED : T_NX, n, TAG_ONE);

        ok(p && (ULONG_PTR)p % (2 * sizeof(void *)) == 0, "%p for %llu bytes", (void *)p,
           (unsigned long long)n);
        ExFreePoolWithTag(p, TAG_ONE);
    }
}

CASE(POOL, 043, "ExAllocatePoolWithQuotaTag of a page", "page-aligned, not charged in the block")
{
    BYTE *p = ExAllocatePoolWithQuotaTag(T_PAGED, PG, TAG_ONE);

    todo_wine("blocks are those of the heap")
        expect_eq((ULONG_PTR)p % PG, 0);
    ok(p != NULL, "no block");
    ExFreePoolWithTag(p, TAG_ONE);
#ifndef _WIN32
    check_references(PG, 0);
#endif
}

CASE(POOL, 044, "ExAllocatePoolWithQuotaTag fails, by default", "raises C000009A")
{
    todo_wine("the heap's NULL") {
        expect_raise(ExAllocatePoolWithQuotaTag(T_PAGED, TOO_MUCH, TAG_ONE),
                     ST_INSUFFICIENT_RESOURCES);
        expect_raise(ExAllocatePoolWithQuota(T_PAGED, TOO_MUCH), ST_INSUFFICIENT_RESOURCES);
    }
}

CASE(POOL, 045, "the same with POOL_QUOTA_FAIL_INSTEAD_OF_RAISE", "NULL, no exception")
{
    PVOID p = at_address(1);

    expect_no_raise(p = ExAllocatePoolWithQuotaTag(T_PAGED | T_FAIL, TOO_MUCH, TAG_ONE));
    expect_ptr(p, NULL);
    p = at_address(1);
    expect_no_raise(p = ExAllocatePoolWithQuota(T_NX | T_FAIL, TOO_MUCH));
    expect_ptr(p, NULL);
}

CASE(POOL, 046, "more than the quota", "raises C0000044, or NULL with the flag")
{
    need_kernel();
#ifndef _WIN32
    winvm_process *other = winvm_process_create(), *before;
    PVOID p = NULL, q = at_address(1);

    if (!ok(other != NULL, "no process object"))
        return;
    winvm_process_limit(other, 1, 1000);
    before = winvm_process_attach(other);
    expect_raise(ExAllocatePoolWithQuotaTag(T_PAGED, 2000, TAG_ONE), ST_QUOTA_EXCEEDED);
    expect_no_raise(q = ExAllocatePoolWithQuotaTag(T_PAGED | T_FAIL, 2000, TAG_ONE));
    expect_ptr(q, NULL);
    expect_ptr(ExAllocatePool2(F_PAGED | F_QUOTA, 2000, TAG_ONE), NULL);
    expect_eq(quota(other).used[1], 0);
    expect_no_raise(p = ExAllocatePoolWithQuotaTag(T_PAGED, 500, TAG_ONE));
    ok(p != NULL, "no block within the quota");
    winvm_process_attach(before);
    ExFreePoolWithTag(p, TAG_ONE);
    expect_eq(quota(other).used[1], 0);
    winvm_process_close(other);
#endif
}

CASE(POOL, 047, "ExAllocatePoolWithQuotaTag of the system process", "nothing is charged")
{
    need_kernel();
#ifndef _WIN32
    winvm_process *system = winvm_process_system(), *before = winvm_process_attach(system);
    PVOID p = ExAllocatePoolWithQuotaTag(T_PAGED, 100, TAG_ONE);

    check_charged(p, 100, 0);
    expect_eq(quota(system).used[1], 0);
    ExFreePoolWithTag(p, TAG_ONE);
    winvm_process_attach(before);
#endif
}

CASE(POOL, 048, "ExQueryPoolBlockSize of 8 bytes without quota", "8 or more, not charged")
{
    PVOID p = ExAllocatePoolWithTag(T_NONPAGED, 8, TAG_ONE);

    check_charged(p, 8, 0);
    ExFreePoolWithTag(p, TAG_ONE);
}

CASE(POOL, 049, "ExQueryPoolBlockSize of a quota block", "at least the request, charged")
{
    for (SIZE_T n = 1; n <= SMALL_MOST - 64; n += 451) {
        PVOID p = ExAllocatePoolWithQuotaTag(T_NX, n, TAG_ONE);

        check_charged(p, n, 1);
        ExFreePoolWithTag(p, TAG_ONE);
    }
}

CASE(POOL, 050, "ExQueryPoolBlockSize of a page, of a page and a byte",
     "one page, two pages, not charged")
{
    for (SIZE_T n = 0; n < 2; n++) {
        PVOID p = ExAllocatePoolWithTag(T_NONPAGED, PG + n, TAG_ONE);
        BYTE charged;

        expect_eq(room_of(p, &charged), (n + 1) * PG);
        expect_eq(charged, 0);
        ExFreePoolWithTag(p, TAG_ONE);
    }
}
