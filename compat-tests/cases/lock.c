/* Lock and reset: VirtualLock, VirtualUnlock (WS-001..013, WS-153), MEM_RESET and MEM_RESET_UNDO
 * (VA-103..111, WS-060). */
#define PSAPI_VERSION 2
#include "../compat.h"

#include <psapi.h>

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define SMALL 0x4000 /* within the lock limit of a fresh process */

/* 1 or 0; -1: the call failed. */
static int in_working_set(void *at)
{
    PSAPI_WORKING_SET_EX_INFORMATION one;
    memset(&one, 0xcc, sizeof one);
    one.VirtualAddress = at;
    if (!QueryWorkingSetEx(GetCurrentProcess(), &one, sizeof one))
        return -1;
    return one.VirtualAttributes.Flags & 1;
}

CASE(WS, 001, "VirtualLock(A, PG)", "TRUE")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    expect_success(VirtualLock(a, PG));
    expect_no_fault(touch_write(a));
    expect_success(VirtualUnlock(a, PG));
}

CASE(WS, 002, "VirtualLock of 2 bytes straddling two pages", "both locked")
{
    BYTE *a = obtain(SMALL, COM, RWR);
    struct nt_out out;

    expect_success(VirtualLock(a + 0xFFF, 2));
    todo_wine("a page that was never locked is unlocked without an error")
        expect_error(VirtualUnlock(a + 0x2000, PG), ERROR_NOT_LOCKED);
    expect_success(VirtualUnlock(a, PG));
    expect_success(VirtualUnlock(a + PG, PG));
    out = nt_lock(a + 0xFFF, 2, 1);
    expect_range(out, a, 0x2000);
    VirtualUnlock(a, 0x2000);
}

CASE(WS, 003, "VirtualLock of reserved, of free pages", "FALSE")
{
    BYTE *a = obtain(SMALL, RSV, RWR), *nowhere = arena(GR);

    expect_failure(VirtualLock(a, PG));
    expect_failure(VirtualLock(nowhere, PG));
    place(a, PG, COM, RWR);
    expect_failure(VirtualLock(a, 0x2000));
    todo_wine("the first page stays locked")
        expect_error(VirtualUnlock(a, PG), ERROR_NOT_LOCKED);
}

CASE(WS, 004, "VirtualLock of a NA page", "FALSE")
{
    BYTE *a = obtain(SMALL, COM, NA);

    expect_failure(VirtualLock(a, PG));
}

CASE(WS, 006, "lock more than the quota", "FALSE, nothing locked")
{
    enum { MUCH = 64 << 20 };
    BYTE *a = obtain(MUCH, COM, RWR);

    todo_wine("there is no quota when the host sets none") {
        expect_failure(VirtualLock(a, MUCH));
        expect_error(VirtualUnlock(a, PG), ERROR_NOT_LOCKED);
    }
}

CASE(WS, 008, "VirtualLock twice, one VirtualUnlock", "TRUE, TRUE, TRUE; then unlocked")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    expect_success(VirtualLock(a, 0x2000));
    expect_success(VirtualLock(a, 0x2000));
    expect_success(VirtualUnlock(a, 0x2000));
    todo_wine("pages that are not locked are unlocked without an error")
        expect_error(VirtualUnlock(a, 0x2000), ERROR_NOT_LOCKED);
}

CASE(WS, 009, "VirtualUnlock of never-locked pages", "FALSE, 158")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    memset(a, 3, SMALL);
    expect_eq(in_working_set(a), 1);
    todo_wine("pages that are not locked are unlocked without an error") {
        expect_error(VirtualUnlock(a, SMALL - PG), ERROR_NOT_LOCKED);
        expect_eq(in_working_set(a), 0);
        expect_eq(in_working_set(a + SMALL - 2 * PG), 0);
    }
    expect_eq(in_working_set(a + SMALL - PG), 1);
    expect_eq(a[0], 3);
    expect_eq(in_working_set(a), 1);
    expect_eq(a[SMALL - 1], 3);
}

CASE(WS, 010, "VirtualUnlock of a range partly locked", "FALSE, 158")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    memset(a, 4, SMALL);
    expect_success(VirtualLock(a, PG));
    todo_wine("pages that are not locked are unlocked without an error") {
        expect_error(VirtualUnlock(a, 0x2000), ERROR_NOT_LOCKED);
        expect_eq(in_working_set(a + PG), 0);
    }
    expect_eq(in_working_set(a), 1);
    expect_eq(in_working_set(a + 0x2000), 1);
    expect_eq(a[PG], 4);
    VirtualUnlock(a, PG);
}

CASE(WS, 011, "VirtualUnlock of a sub-range of a lock", "TRUE")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    expect_success(VirtualLock(a, SMALL));
    expect_success(VirtualUnlock(a + PG, PG));
    expect_success(VirtualUnlock(a, PG));
    expect_success(VirtualUnlock(a + 0x2000, 0x2000));
}

CASE(WS, 013, "decommit and release of locked pages", "TRUE; the lock is gone")
{
    BYTE *a = obtain(SMALL, RSV | COM, RWR);

    memset(a, 1, SMALL);
    expect_success(VirtualLock(a, SMALL));
    expect_success(VirtualFree(a, PG, MEM_DECOMMIT));
    expect_page(a, MEM_RESERVE, 0);
    place(a, PG, COM, RWR);
    expect_eq(a[0], 0);
    expect_eq(a[PG], 1);
    todo_wine("pages that are not locked are unlocked without an error")
        expect_error(VirtualUnlock(a, PG), ERROR_NOT_LOCKED);
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_page(a, MEM_FREE, NA);
}

CASE(WS, 153, "VirtualUnlock of pages that are all locked", "TRUE, contents unchanged")
{
    BYTE *a = obtain(SMALL, COM, RWR);

    memset(a, 0x6b, SMALL);
    expect_success(VirtualLock(a, SMALL));
    expect_success(VirtualUnlock(a, SMALL));
    for (SIZE_T i = 0; i < SMALL; i += 0x3FF)
        expect_eq(a[i], 0x6b);
    expect_query(a, a, a, RWR, SMALL, MEM_COMMIT, RWR, MEM_PRIVATE);
}

/* ---- reset ---- */

CASE(WS, 060, "MEM_RESET cases", "VA-103..VA-112: each byte kept or 0, then writable as before")
{
    BYTE *a = obtain(0x10000, COM, RWR);
    unsigned strange = 0;

    memset(a, 0x55, 0x10000);
    expect_ptr(VirtualAlloc(a + 0x4000, 0x8000, MEM_RESET, RWR), a + 0x4000);
    for (SIZE_T i = 0; i < 0x10000; i++)
        strange += a[i] != 0x55 && (a[i] != 0 || i < 0x4000 || i >= 0xC000);
    expect_eq(strange, 0);
    memset(a, 0x66, 0x10000);
    expect_eq(a[0x4000], 0x66);
    expect_query(a, a, a, RWR, 0x10000, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VA, 103, "MEM_RESET of a committed RW page, prot NA", "base; data kept or 0; COMMIT RW")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    memset(a, 0x55, 0x2000);
    expect_ptr(VirtualAlloc(a, 0x2000, MEM_RESET, NA), a);
    ok(a[0] == 0x55 || a[0] == 0, "byte: got 0x%x, expected 0x55 or 0", a[0]);
    ok(a[0x1FFF] == 0x55 || a[0x1FFF] == 0, "byte: got 0x%x, expected 0x55 or 0", a[0x1FFF]);
    expect_query(a, a, a, RWR, 0x2000, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(a));
}

CASE(VA, 104, "MEM_RESET of a reserved page", "success, still RESERVE")
{
    BYTE *a = obtain(0x2000, RSV, RWR);

    place(a, PG, COM, RWR);
    expect_ptr(VirtualAlloc(a + PG, PG, MEM_RESET, NA), a + PG);
    expect_ptr(VirtualAlloc(a, 0x2000, MEM_RESET, NA), a);
    expect_query(a + PG, a + PG, a, RWR, PG, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VA, 105, "MEM_RESET past the end of the allocation", "NULL, 487")
{
    BYTE *a = obtain(0x2000, COM, RWR), *nowhere = arena(GR);

    expect_error(VirtualAlloc(a + PG, 0x2000, MEM_RESET, NA), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(nowhere, PG, MEM_RESET, NA), ERROR_INVALID_ADDRESS);
}

CASE(VA, 106, "MEM_RESET with an invalid protection", "NULL")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    memset(a, 0x55, 0x2000);
    todo_wine("the protection is not checked") {
        expect_failure(VirtualAlloc(a, PG, MEM_RESET, 0));
        expect_failure(VirtualAlloc(a, PG, MEM_RESET, 0x12));
        expect_eq(a[0], 0x55);
    }
}

CASE(VA, 109, "MEM_RESET_UNDO with any other flag", "NULL")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    expect_failure(VirtualAlloc(a, PG, VM_RESET_UNDO | MEM_RESET, RWR));
    expect_failure(VirtualAlloc(a, PG, VM_RESET_UNDO | COM, RWR));
    expect_failure(VirtualAlloc(NULL, PG, VM_RESET_UNDO | RSV, RWR));
    expect_failure(VirtualAlloc(a, PG, VM_RESET_UNDO | VM_TOP_DOWN, RWR));
    expect_page(a, MEM_COMMIT, RWR);
}

CASE(VA, 110, "MEM_RESET_UNDO after MEM_RESET, nothing reclaimed", "success, data intact")
{
    BYTE *a = obtain(0x10000, COM, RWR);
    unsigned lost = 0;

    memset(a, 0x5c, 0x10000);
    expect_ptr(VirtualAlloc(a, 0x10000, MEM_RESET, RWR), a);
    todo_wine("MEM_RESET_UNDO is refused") {
        expect_ptr(VirtualAlloc(a, 0x10000, VM_RESET_UNDO, RWR), a);
        for (SIZE_T i = 0; i < 0x10000; i++)
            lost += a[i] != 0x5c;
        expect_eq(lost, 0);
    }
}

CASE(VA, 111, "MEM_RESET_UNDO when data was lost", "NULL, the lost pages zero")
{
#ifdef _WIN32
    skip_if(1, "memory pressure cannot be made at will here");
#else
    BYTE *a = obtain(0x10000, COM, RWR);

    memset(a, 0x5c, 0x10000);
    expect_ptr(VirtualAlloc(a, 0x10000, MEM_RESET, RWR), a);
    /* What the host does to pages that were given up, when it needs them. */
    if (!ok(madvise(a + 0x3000, 0x2000, MADV_DONTNEED) == 0, "madvise"))
        return;
    expect_failure(VirtualAlloc(a, 0x10000, VM_RESET_UNDO, RWR));
    expect_eq(a[0x3000], 0);
    expect_page(a, MEM_COMMIT, RWR);
#endif
}
