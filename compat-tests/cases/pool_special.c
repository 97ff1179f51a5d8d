/* Special pool: blocks beside pages without access (POOL-090..POOL-106). Which blocks are special
 * is said when a process starts, so that each case runs its part in a process of its own. */
#include "../compat_pool.h"

#ifdef _WIN32
#define KeRaiseIrql(level, old) ((void)(level), (void)(old))
#endif

static ULONG in_special(const char *id, const char *rules)
{
    char option[64];

    snprintf(option, sizeof(option), "special=%s", rules);
    return in_process_with(id, option);
}

static BYTE *block(SIZE_T n)
{
    BYTE *p = ExAllocatePoolWithTag(T_NX, n, TAG_ONE);

    must(p != NULL, 90);
    return p;
}

static int ends_at_page(const BYTE *p, SIZE_T n)
{
    return ((ULONG_PTR)p + n) % PG == 0;
}

CASE(POOL, 090, "blocks that are eligible", "less than a page only")
{
    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        for (SIZE_T n = POOL_UNIT; n < PG; n += POOL_UNIT)
            must(ends_at_page(block(n), n), 91);
        for (SIZE_T n = PG; n < 5 * PG; n += 1000) {
            BYTE *p = block(n);
            must((ULONG_PTR)p % PG == 0, 92);
            memset(p, 1, n);
            ExFreePoolWithTag(p, TAG_ONE);
        }
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-090", "all"), COMPAT_SURVIVED);
}

CASE(POOL, 091, "Verify End, the default",
     "the block ends at the end of its page; a pattern before it")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(160), *q = block(800);

        await_bug(0);
        must(ends_at_page(p, 160) && ends_at_page(q, 800), 91);
        for (SIZE_T i = 1; i < 100; i++)
            must(q[-(LONG_PTR)i] == q[-1], 92);
        ExFreePoolWithTag(p, TAG_ONE);
        ExFreePoolWithTag(q, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-091", "all"), COMPAT_SURVIVED);
}

CASE(POOL, 092, "Verify Start", "the block begins at its page")
{
    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        for (SIZE_T n = 1; n < PG; n += 77) {
            BYTE *p = block(n);
            must((ULONG_PTR)p % PG == 0, 91);
            memset(p, 1, n);
            ExFreePoolWithTag(p, TAG_ONE);
        }
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-092", "start"), COMPAT_SURVIVED);
}

CASE(POOL, 093, "an access behind the block, Verify End", "CD at once")
{
    need_kernel();
    if (compat_is_child) {
        volatile BYTE *p = block(64);
        await_bug((ULONG_PTR)(p + 64));
        p[64] = 1;
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-093", "all"), BUG_BEYOND);
}

CASE(POOL, 094, "a write before the block, Verify End", "C1 at the free")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(64);
        p[-1] ^= 0xff;
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-094", "all"), 0x23);
}

CASE(POOL, 095, "an access after the free", "CC")
{
    need_kernel();
    if (compat_is_child) {
        volatile BYTE *p = block(64);
        ExFreePoolWithTag((void *)(ULONG_PTR)p, TAG_ONE);
        await_bug((ULONG_PTR)(p + 5));
        p[5] = 1;
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-095", "all"), BUG_FREED);
}

CASE(POOL, 096, "an access before the block, Verify Start", "CD or D6 at once")
{
    ULONG code;

    need_kernel();
    if (compat_is_child) {
        volatile BYTE *p = block(64);
        await_bug((ULONG_PTR)(p - 1));
        p[-1] = 1;
        end_child(COMPAT_SURVIVED);
    }
    code = in_special("POOL-096", "start");
    ok(code == BUG_BEYOND || code == BUG_DRIVER_BEYOND, "ended with 0x%lx", (unsigned long)code);
}

CASE(POOL, 097, "special pool is exhausted", "blocks come from normal pool")
{
    need_kernel();
    if (compat_is_child) {
        unsigned n_special = 0;

        await_bug(0);
        for (unsigned i = 0; i < 1000; i++)
            n_special += ends_at_page(block(64), 64);
        must(n_special > 50 && n_special < 500, 91);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-097", "all,reserve=3"), COMPAT_SURVIVED);
}

CASE(POOL, 098, "cost of a special block", "a page of memory, two of address space")
{
    need_kernel();
    if (compat_is_child) {
        ULONG_PTR least = (ULONG_PTR)block(64), most = least;

        await_bug(0);
        for (unsigned i = 1; i < 100; i++) {
            ULONG_PTR p = (ULONG_PTR)block(64);
            must(p % (2 * PG) == least % (2 * PG), 91);
            least = p < least ? p : least;
            most = p > most ? p : most;
        }
        must(most - least <= 99 * 2 * PG + GR, 92);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-098", "all"), COMPAT_SURVIVED);
}

CASE(POOL, 099, "a special block that is freed twice", "C1/20")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(64);
        ExFreePoolWithTag(p, TAG_ONE);
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-099", "all"), 0x20);
}

CASE(POOL, 100, "a free inside a special block", "C1/21 or C1/22")
{
    ULONG code;

    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(64);
        await_bug((ULONG_PTR)(p + 16));
        ExFreePoolWithTag(p + 16, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    code = in_special("POOL-100", "all");
    ok(code == 0x21 || code == 0x22, "ended with 0x%lx", (unsigned long)code);
}

CASE(POOL, 101, "bytes near the block, in its page, were written", "C1/23")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(100);
        memset(p - 40, 0, 8);
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-101", "all"), 0x23);
}

CASE(POOL, 102, "bytes behind the block, Verify Start", "C1/24")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(100);
        memset(p + 100, 0, 3);
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-102", "start"), 0x24);
}

CASE(POOL, 103, "special pool at the wrong IRQL", "C1/30 and C1/31")
{
    BYTE old;

    need_kernel();
    if (compat_is_child) {
        PVOID p = ExAllocatePoolWithTag(T_PAGED, 64, TAG_ONE);
        int second = getenv("COMPAT_SECOND") != NULL;

        await_bug(0);
        KeRaiseIrql(LEVEL_DISPATCH, &old);
        if (second)
            ExFreePoolWithTag(p, TAG_ONE);
        else
            ExAllocatePoolWithTag(T_PAGED, 64, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-103", "all"), 0x30);
#ifndef _WIN32
    setenv("COMPAT_SECOND", "1", 1);
    expect_eq(in_special("POOL-103", "all"), 0x31);
    unsetenv("COMPAT_SECOND");
#endif
}

CASE(POOL, 104, "one bit near the block differs", "C1/32")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(64);
        p[-20] ^= 4;
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-104", "all"), 0x32);
}

CASE(POOL, 105, "priorities for special pool", "choose end or start; do not switch it on")
{
    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        must(ends_at_page(ExAllocatePoolWithTagPriority(T_NX, 64, TAG_ONE, 24), 64), 91);
        must((ULONG_PTR)ExAllocatePoolWithTagPriority(T_NX, 64, TAG_ONE, 25) % PG == 0, 92);
        must(ends_at_page(ExAllocatePoolWithTagPriority(T_NX, 64, TAG_ONE, 16), 64), 93);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-105", "all"), COMPAT_SURVIVED);
    for (int i = 0; i < 20; i++) {
        BYTE *p = ExAllocatePoolWithTagPriority(T_NX, 64, TAG_ONE, 24);
        BYTE *q = ExAllocatePoolWithTagPriority(T_NX, 64, TAG_ONE, 24);
        if (i == 0)
            ok(p && q && (ULONG_PTR)p / PG == (ULONG_PTR)q / PG, "pages of their own: %p, %p",
               (void *)p, (void *)q);
        ExFreePoolWithTag(p, TAG_ONE);
        ExFreePoolWithTag(q, TAG_ONE);
    }
}

CASE(POOL, 106, "the bytes between a block and the end of its page", "checked at the free: C1/24")
{
    need_kernel();
    if (compat_is_child) {
        BYTE *p = block(100);
        must(ends_at_page(p, POOL_UNIT == 16 ? 112 : 104), 91);
        memset(p + 100, 0, 3);
        await_bug((ULONG_PTR)p);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_special("POOL-106", "all"), 0x24);
}
