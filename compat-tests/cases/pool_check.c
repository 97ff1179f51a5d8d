/* Bug checks of the pools: bad requests and bad frees (POOL-018..POOL-026, POOL-029, POOL-030,
 * POOL-051..POOL-080). */
#include "../compat_pool.h"

#define TAG_TWO TAG('C', 'o', 'm', '2')

/* A bad request: C2, its sub-code, the other three parameters, and no block. */
#define check_request(call, sub_code, second, third, fourth)                                       \
    do {                                                                                           \
        PVOID request_block = at_address(1);                                                       \
        expect_bug(request_block = call, BUG_CALLER, sub_code);                                    \
        expect_ptr(request_block, NULL);                                                           \
        expect_eq(bug.parameter[1], second);                                                       \
        expect_eq(bug.parameter[2], third);                                                        \
        expect_eq(bug.parameter[3], fourth);                                                       \
    } while (0)

#ifdef _WIN32
#define KeRaiseIrql(level, old) ((void)(level), (void)(old))
#define KeLowerIrql(level) ((void)(level))
#endif

CASE(POOL, 018, "0 bytes, with Driver Verifier", "C2/00")
{
    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        must(ExAllocatePoolWithTag(T_NX, 1, TAG_ONE) != NULL, 91);
        ExAllocatePoolWithTag(T_NX, 0, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_process_with("POOL-018", "verifier=1"), 0x00);
}

CASE(POOL, 020, "a must-succeed type, older Windows", "a block while there is memory")
{
    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        PVOID p = ExAllocatePoolWithTag(T_MUST_SUCCEED, 100, TAG_ONE);
        must(p != NULL, 91);
        ExFreePoolWithTag(p, TAG_ONE);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_process_with("POOL-020", "must-succeed=1"), COMPAT_SURVIVED);
}

CASE(POOL, 021, "a must-succeed type, no memory, older Windows", "bug check 41 (size, ...)")
{
    need_kernel();
    if (compat_is_child) {
        PVOID p = at_address(1);
        expect_bug(p = ExAllocatePoolWithTag(T_MUST_SUCCEED, TOO_MUCH, TAG_ONE), BUG_MUST_SUCCEED,
                   TOO_MUCH);
        must(bug.code == BUG_MUST_SUCCEED && bug.parameter[0] == TOO_MUCH && p == NULL, 91);
        end_child(COMPAT_SURVIVED);
    }
    expect_eq(in_process_with("POOL-021", "must-succeed=1"), COMPAT_SURVIVED);
}

CASE(POOL, 022, "a must-succeed type", "C2/9A (type, bytes, tag)")
{
    need_kernel();
    check_request(ExAllocatePoolWithTag(T_MUST_SUCCEED, 100, TAG_ONE), 0x9A, T_MUST_SUCCEED, 100,
                  TAG_ONE);
    check_request(ExAllocatePoolWithTag(T_MUST_SUCCEED | 4, 70, TAG_ONE), 0x9A, T_MUST_SUCCEED | 4,
                  70, TAG_ONE);
}

CASE(POOL, 023, "ExAllocatePoolWithTag with tag 0", "C2/9B")
{
    PVOID p = at_address(1);

    need_kernel();
    expect_bug(p = ExAllocatePoolWithTag(T_NX, 100, 0), BUG_CALLER, 0x9B);
    expect_ptr(p, NULL);
}

CASE(POOL, 024, "tag 'BIG '", "C2/9C")
{
    PVOID p = at_address(1);

    need_kernel();
    expect_bug(p = ExAllocatePoolWithTag(T_PAGED, 100, TAG('B', 'I', 'G', ' ')), BUG_CALLER, 0x9C);
    expect_ptr(p, NULL);
}

CASE(POOL, 025, "a tag without letters and digits, with Driver Verifier", "C2/9D")
{
    ULONG tag = TAG('+', '-', ' ', '.');

    need_kernel();
    if (compat_is_child) {
        await_bug(0);
        ExAllocatePoolWithTag(T_NX, 100, tag);
        end_child(COMPAT_SURVIVED);
    }
    expect_no_bug(ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 100, tag), tag));
    expect_eq(in_process_with("POOL-025", "verifier=1"), 0x9D);
}

CASE(POOL, 026, "IRQL above DISPATCH, paged pool at DISPATCH", "C2/08 (IRQL, type, bytes)")
{
    BYTE old;
    PVOID p;

    need_kernel();
    KeRaiseIrql(LEVEL_APC, &old);
    expect_no_bug(p = ExAllocatePoolWithTag(T_PAGED, 100, TAG_ONE));
    ExFreePool(p);
    KeRaiseIrql(LEVEL_DISPATCH, &old);
    check_request(ExAllocatePoolWithTag(T_PAGED, 100, TAG_ONE), 8, LEVEL_DISPATCH, T_PAGED, 100);
    expect_no_bug(p = ExAllocatePoolWithTag(T_NX, 100, TAG_ONE));
    ok(p != NULL, "no non-paged block at DISPATCH_LEVEL");
    expect_no_bug(ExFreePool(p));
    expect_no_bug(p = ExAllocatePool2(F_NONPAGED, 0x5000, TAG_ONE));
    ok(p != NULL, "no non-paged pages at DISPATCH_LEVEL");
    expect_no_bug(ExFreePoolWithTag(p, TAG_ONE));
    KeRaiseIrql(LEVEL_HIGH, &old);
    check_request(ExAllocatePoolWithTag(T_NX, 77, TAG_ONE), 8, LEVEL_HIGH, T_NX, 77);
    KeLowerIrql(LEVEL_PASSIVE);
    expect_no_bug(p = ExAllocatePoolWithTag(T_PAGED, 100, TAG_ONE));
    ExFreePool(p);
}

/* ---- execution ---- */

/* In a process of its own, which the bug check ends. */
static void run_block(int type)
{
    BYTE *code = ExAllocatePoolWithTag(type, 64, TAG_ONE);

    memset(code, 0xc3, 64); /* ret */
    await_bug(0);
    touch_exec(code);
    end_child(COMPAT_SURVIVED);
}

CASE(POOL, 029, "NonPagedPool is executable, NonPagedPoolNx is not", "bug check FC")
{
    BYTE *code;

    need_kernel();
    if (compat_is_child)
        run_block(T_NX);
    code = ExAllocatePoolWithTag(T_NONPAGED, 64, TAG_ONE);
    memset(code, 0xc3, 64);
    expect_no_bug(expect_no_fault(touch_exec(code)));
    ExFreePoolWithTag(code, TAG_ONE);
    code = ExAllocatePool2(F_EXECUTE, 64, TAG_ONE);
    memset(code, 0xc3, 64);
    expect_no_bug(expect_no_fault(touch_exec(code)));
    ExFreePoolWithTag(code, TAG_ONE);
    expect_eq(in_process("POOL-029"), BUG_EXECUTE);
}

CASE(POOL, 030, "PagedPool", "executable on x86 only; else bug check FC")
{
    need_kernel();
    if (compat_is_child)
        run_block(T_PAGED);
    expect_eq(in_process("POOL-030"), is_32bit() ? COMPAT_SURVIVED : BUG_EXECUTE);
}

/* ---- free ---- */

CASE(POOL, 051, "a quota block whose process pointer was written over", "C2/0D (block, tag, ...)")
{
    BYTE *p;

    need_kernel();
    p = ExAllocatePoolWithQuotaTag(T_PAGED, 100, TAG_ONE);
    memset(p + 100, 0x5a, sizeof(void *));
    expect_bug(ExFreePoolWithTag(p, TAG_ONE), BUG_CALLER, 0x0D);
    expect_ptr(bug.parameter[1], p);
    expect_eq(bug.parameter[2], TAG_ONE);
}

CASE(POOL, 060, "ExFreePool", "no check of the tag")
{
    need_kernel();
    expect_no_bug(ExFreePool(ExAllocatePoolWithTag(T_NX, 100, TAG_ONE)));
    expect_no_bug(ExFreePool(ExAllocatePoolWithTag(T_PAGED, 3 * PG, TAG_ONE)));
}

CASE(POOL, 061, "ExFreePoolWithTag with tag 0", "no check of the tag")
{
    need_kernel();
    expect_no_bug(ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 100, TAG_ONE), 0));
    expect_no_bug(ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 2 * PG, TAG_ONE), 0));
}

static void check_wrong_tag(int type, SIZE_T n)
{
    BYTE *p = ExAllocatePoolWithTag(type, n, TAG_ONE);

    memset(p, 0x44, n);
    expect_bug(ExFreePoolWithTag(p, TAG_TWO), BUG_CALLER, 0x0A);
    expect_ptr(bug.parameter[1], p);
    expect_eq(bug.parameter[2], TAG_ONE);
    expect_eq(bug.parameter[3], TAG_TWO);
    ok(p[0] == 0x44 && p[n - 1] == 0x44, "the block was changed");
    expect_no_bug(ExFreePoolWithTag(p, TAG_ONE));
}

CASE(POOL, 062, "ExFreePoolWithTag with the wrong tag", "C2/0A (block, its tag, the tag given)")
{
    need_kernel();
    check_wrong_tag(T_NX, 16);
    check_wrong_tag(T_PAGED, 1000);
}

CASE(POOL, 063, "a tag with PROTECTED_POOL", "the bit is not compared")
{
    need_kernel();
    expect_no_bug(ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 10, TAG_ONE | 1u << 31), TAG_ONE));
    expect_no_bug(ExFreePoolWithTag(ExAllocatePoolWithTag(T_NX, 10, TAG_ONE), TAG_ONE | 1u << 31));
}

CASE(POOL, 064, "a big block and its tag", "the same check")
{
    need_kernel();
    check_wrong_tag(T_NX, PG);
    check_wrong_tag(T_PAGED, 77 * PG + 1);
}

CASE(POOL, 065, "a small block that is freed twice", "C2/07 (address in parameter 4), or C2/06")
{
    BYTE *p;

    need_kernel();
    for (SIZE_T n = 8; n < 3000; n *= 3) {
        p = ExAllocatePoolWithTag(n & 1 ? T_PAGED : T_NX, n, TAG_ONE);
        ExFreePoolWithTag(p, TAG_ONE);
        expect_bug(ExFreePoolWithTag(p, TAG_ONE), BUG_CALLER, bug.parameter[0] == 6 ? 6 : 7);
        if (bug.parameter[0] == 7)
            expect_ptr(bug.parameter[3], p);
    }
}

/* C2 with one of the codes for addresses that are no block, or 19/22; 07 where a block was. */
static void check_no_block(BYTE *p, int was_freed, const char *what)
{
    static const ULONG_PTR codes[] = {0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x48, 0x50, 0x99};
    int known;

    hear_bugs();
    ExFreePool(p);
    known = (bug.code == BUG_HEADER && bug.parameter[0] == 0x22) ||
            (was_freed && bug.code == BUG_CALLER && bug.parameter[0] == 7);
    for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        known |= bug.code == BUG_CALLER && bug.parameter[0] == codes[i];
    ok(bug.n == 1 && known, "%s: %u bug checks, 0x%lx/0x%llx", what, bug.n,
       (unsigned long)bug.code, (unsigned long long)bug.parameter[0]);
}

CASE(POOL, 066, "ExFreePool of what was never allocated", "C2/41..50, C2/99 or 19/22")
{
    BYTE *p, *q;

    need_kernel();
    p = ExAllocatePoolWithTag(T_NX, 3 * PG, TAG_ONE);
    check_no_block(p + PG, 0, "a page inside a big block");
    check_no_block(p + 16, 0, "inside a big block");
    expect_no_bug(ExFreePoolWithTag(p, TAG_ONE));
    check_no_block(p, 1, "a big block that was freed");
    q = ExAllocatePoolWithTag(T_NX, 200, TAG_ONE);
    check_no_block(q + 1, 0, "inside a small block, odd");
    check_no_block(q + 16, 0, "inside a small block");
    expect_no_bug(ExFreePoolWithTag(q, TAG_ONE));
}

CASE(POOL, 067, "ExFreePool of a user address", "C2/40 (address, start of system space, 0)")
{
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READWRITE), on_stack[64];

    need_kernel();
    expect_bug(ExFreePool(page), BUG_CALLER, 0x40);
    expect_ptr(bug.parameter[1], page);
    ok(bug.parameter[2] != 0, "no start of system space");
    expect_eq(bug.parameter[3], 0);
    expect_bug(ExFreePoolWithTag(on_stack, TAG_ONE), BUG_CALLER, 0x40);
    expect_ptr(bug.parameter[1], on_stack);
}

CASE(POOL, 068, "a free in the middle of a paged block", "C2/41286")
{
    BYTE *p;

    need_kernel();
    p = ExAllocatePoolWithTag(T_PAGED, 5 * PG, TAG_ONE);
    expect_bug(ExFreePool(p + 2 * PG), BUG_CALLER, 0x41286);
    expect_no_bug(ExFreePoolWithTag(p, TAG_ONE));
}

CASE(POOL, 069, "a free at the wrong IRQL", "C2/09 (IRQL, type, address)")
{
    BYTE old;
    PVOID paged, fixed;

    need_kernel();
    paged = ExAllocatePoolWithTag(T_PAGED, 100, TAG_ONE);
    fixed = ExAllocatePoolWithTag(T_NX, 100, TAG_ONE);
    KeRaiseIrql(LEVEL_DISPATCH, &old);
    expect_bug(ExFreePoolWithTag(paged, TAG_ONE), BUG_CALLER, 9);
    expect_eq(bug.parameter[1], LEVEL_DISPATCH);
    expect_eq(bug.parameter[2], T_PAGED);
    expect_ptr(bug.parameter[3], paged);
    KeRaiseIrql(LEVEL_HIGH, &old);
    expect_bug(ExFreePoolWithTag(fixed, TAG_ONE), BUG_CALLER, 9);
    expect_eq(bug.parameter[1], LEVEL_HIGH);
    expect_ptr(bug.parameter[3], fixed);
    KeLowerIrql(LEVEL_PASSIVE);
    expect_no_bug(ExFreePoolWithTag(paged, TAG_ONE));
    expect_no_bug(ExFreePoolWithTag(fixed, TAG_ONE));
}

/* ---- corruption ---- */

CASE(POOL, 070, "bytes behind a block were written", "C2/01, 02, 04 or 19, at the free")
{
    BYTE *p;
    SIZE_T room;
    BYTE charged;

    need_kernel();
    p = ExAllocatePoolWithTag(T_NX, 90, TAG_ONE);
    room = ExQueryPoolBlockSize(p, &charged);
    memset(p, 0x5a, 90);
    ok(room > 90, "no byte to spoil");
    p[90] ^= 0x77;
    hear_bugs();
    ExFreePoolWithTag(p, TAG_ONE);
    ok(bug.n == 1 && (bug.code == BUG_HEADER ||
                      (bug.code == BUG_CALLER &&
                       (bug.parameter[0] == 1 || bug.parameter[0] == 2 || bug.parameter[0] == 4))),
       "%u bug checks, 0x%lx/0x%llx", bug.n, (unsigned long)bug.code,
       (unsigned long long)bug.parameter[0]);
}

CASE(POOL, 071, "bytes behind a big block were written", "19/21 (block, size, the bad value)")
{
    BYTE *p;

    need_kernel();
    p = ExAllocatePoolWithTag(T_NX, 2 * PG + 100, TAG_ONE);
    p[2 * PG + 100] ^= 0x77;
    expect_bug(ExFreePoolWithTag(p, TAG_ONE), BUG_HEADER, 0x21);
    expect_ptr(bug.parameter[1], p);
    expect_eq(bug.parameter[2], 2 * PG + 100);
}

CASE(POOL, 075, "the end of a small block is written over", "19/20 (block, what follows it)")
{
    BYTE *p;

    need_kernel();
    p = ExAllocatePoolWithTag(T_PAGED, 1001, TAG_ONE);
    p[1001] ^= 0x77;
    expect_bug(ExFreePoolWithTag(p, TAG_ONE), BUG_HEADER, 0x20);
    expect_ptr(bug.parameter[1], p);
    ok(bug.parameter[2] > (ULONG_PTR)p + 1001, "what follows: got 0x%llx",
       (unsigned long long)bug.parameter[2]);
    p[1001] ^= 0x77;
    expect_no_bug(ExFreePoolWithTag(p, TAG_ONE));
}

CASE(POOL, 080, "ExFreePool(NULL)", "C2/46 or C2/99")
{
    need_kernel();
    expect_bug(ExFreePool(NULL), BUG_CALLER, bug.parameter[0] == 0x99 ? 0x99 : 0x46);
}
