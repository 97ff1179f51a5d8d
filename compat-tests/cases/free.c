/* Free: decommit, whole and partial release, and what they refuse (VF-001..046). */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define DEC MEM_DECOMMIT
#define REL MEM_RELEASE
#define NA PAGE_NOACCESS
#define RWR PAGE_READWRITE

#define PLAIN "INVALID_PARAMETER for a range that is not one allocation"
#define PARTIAL "part of an allocation cannot be released"

/* A VirtualFree that fails with 87 and changes nothing. */
static void refuse_free(SIZE_T size, ULONG type)
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);
    struct snapshot before = look(a, 0x10000);

    a[9] = 9;
    expect_error(VirtualFree(a, size, type), ERROR_INVALID_PARAMETER);
    expect_unchanged(&before);
    expect_eq(a[9], 9);
}

CASE(VF, 001, "VirtualFree(A, 0x10000, 0)", "FALSE, 87")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    refuse_free(0x10000, 0);
    expect_refused(nt_free(a, 0x10000, 0), a, 0x10000, ST_PARAMETER(4), ST_INVALID_PARAMETER);
}

CASE(VF, 002, "VirtualFree(A, 0, 0x10000)", "FALSE, 87, allocation intact")
{
    refuse_free(0, 0x10000);
}
CASE(VF, 003, "VirtualFree(A, 1, RELEASE)", "FALSE, 87")
{
    refuse_free(1, REL);
}
CASE(VF, 004, "VirtualFree(A, n, DECOMMIT+RELEASE)", "FALSE, 87")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    expect_failure(VirtualFree(a, 0x10000, DEC | REL));
    expect_failure(VirtualFree(a, 0, DEC | REL));
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 005, "VirtualFree(A, 0, RELEASE), mixed states", "TRUE")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    place(a + 0x3000, 0x2000, COM, RWR);
    place(a + 0x8000, 0x1000, COM, PAGE_READONLY);
    expect_success(VirtualFree(a, 0, REL));
    expect_page(a, MEM_FREE, NA);
    expect_page(a + 0x3000, MEM_FREE, NA);
    expect_fault(touch_read(a + 0x3000), 0, a + 0x3000);
}

CASE(VF, 006, "VirtualFree(A, 0x10000, DECOMMIT), 1 of 16 pages committed", "TRUE")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    place(a, PG, COM, RWR);
    expect_success(VirtualFree(a, 0x10000, DEC));
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 007, "Nt(A+0x1FFF, 2, DECOMMIT)", "A+0x1000, 0x2000")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    expect_range(nt_free(a + 0x1FFF, 2, DEC), a + 0x1000, 0x2000);
    expect_page(a, MEM_COMMIT, RWR);
    expect_query(a + 0x1000, a + 0x1000, a, RWR, 0x2000, MEM_RESERVE, 0, MEM_PRIVATE);
    expect_page(a + 0x3000, MEM_COMMIT, RWR);
}

CASE(VF, 008, "Nt(A+0x1001, 0, DECOMMIT)", "FREE_VM_NOT_AT_BASE")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    expect_refused(nt_free(a + 0x1001, 0, DEC), a + 0x1001, 0, ST_FREE_VM_NOT_AT_BASE);
    expect_error(VirtualFree(a + 0x1001, 0, DEC), ERROR_INVALID_ADDRESS);
    expect_query(a, a, a, RWR, 0x10000, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VF, 009, "Nt(A+0xFFE, 0, DECOMMIT)", "A, size 0")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);
    struct nt_out out = nt_free(a + 0xFFE, 0, DEC);

    expect_status(out.status, ST_SUCCESS);
    expect_ptr(out.base, a);
    ok(out.size == 0 || broken(out.size == 0x10000), "size: got 0x%llx, expected 0",
       (unsigned long long)out.size);
    expect_query(a, a, a, RWR, 0x10000, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VF, 010, "Nt(A+0x1001, 0, RELEASE)", "FREE_VM_NOT_AT_BASE")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    expect_refused(nt_free(a + 0x1001, 0, REL), a + 0x1001, 0, ST_FREE_VM_NOT_AT_BASE);
    expect_error(VirtualFree(a + 0x1000, 0, REL), ERROR_INVALID_ADDRESS);
    expect_page(a, MEM_COMMIT, RWR);
}

CASE(VF, 011, "Nt(A+0xFFF, 0, RELEASE)", "A, 0x10000")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    expect_range(nt_free(a + 0xFFF, 0, REL), a, 0x10000);
    expect_page(a, MEM_FREE, NA);
}

CASE(VF, 012, "NtFreeVirtualMemory(NULL process)", "INVALID_HANDLE")
{
    PVOID base = obtain(0x10000, RSV, NA);
    SIZE_T size = 0;

    expect_status(NtFreeVirtualMemory(NULL, &base, &size, REL), ST_INVALID_HANDLE);
    expect_page(base, MEM_RESERVE, 0);
}

CASE(VF, 013, "VirtualFreeEx(NULL process)", "FALSE, 6")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    expect_error(VirtualFreeEx(NULL, a, 0, REL), ERROR_INVALID_HANDLE);
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 014, "Nt(A, 0x11000, RELEASE) of 0x10000 bytes", "UNABLE_TO_FREE_VM")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    todo_wine(PLAIN)
        expect_refused(nt_free(a, 0x11000, REL), a, 0x11000, ST_UNABLE_TO_FREE_VM);
    expect_page(a, MEM_COMMIT, RWR);
}

CASE(VF, 015, "Nt(A+0x1001, 0xFFFF, RELEASE) of 0x10000 bytes", "UNABLE_TO_FREE_VM")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    todo_wine(PLAIN)
        expect_refused(nt_free(a + 0x1001, 0xFFFF, REL), a + 0x1001, 0xFFFF, ST_UNABLE_TO_FREE_VM);
    expect_page(a + 0x1000, MEM_COMMIT, RWR);
}

CASE(VF, 016, "Nt(A+0x1001, 0xFFF, RELEASE)", "one middle page released, its neighbours usable")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    a[0] = 1;
    a[0x2000] = 2;
    todo_wine(PARTIAL) {
        expect_range(nt_free(a + 0x1001, 0xFFF, REL), a + 0x1000, 0x1000);
        expect_query(a, a, a, RWR, 0x1000, MEM_COMMIT, RWR, MEM_PRIVATE);
        expect_query(a + PG, a + PG, NULL, 0, PG, MEM_FREE, NA, 0);
        expect_query(a + 0x2000, a + 0x2000, a + 0x2000, RWR, 0xE000, MEM_COMMIT, RWR, MEM_PRIVATE);
        expect_fault(touch_read(a + PG), 0, a + PG);
    }
    expect_eq(a[0], 1);
    expect_eq(a[0x2000], 2);
}

CASE(VF, 017, "Nt(A+1, 0xFFF, RELEASE)", "A, 0x1000")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    todo_wine(PARTIAL) {
        expect_range(nt_free(a + 1, 0xFFF, REL), a, PG);
        expect_page(a, MEM_FREE, NA);
        expect_query(a + PG, a + PG, a + PG, RWR, 0xF000, MEM_COMMIT, RWR, MEM_PRIVATE);
    }
}

/* Pages 0 and 1 of 16 released, one page reserved at A again. */
static BYTE *make_remains(void)
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    nt_free(a + 0x1001, 0xFFF, REL);
    nt_free(a + 1, 0xFFF, REL);
    VirtualAlloc(a, PG, RSV | COM, RWR);
    return a;
}

CASE(VF, 018, "Nt(A, 0x10000, DECOMMIT) after VF-016, VF-017", "UNABLE_TO_FREE_VM")
{
    BYTE *a = make_remains();

    todo_wine(PARTIAL)
        expect_refused(nt_free(a, 0x10000, DEC), a, 0x10000, ST_UNABLE_TO_FREE_VM);
}

CASE(VF, 019, "Nt(A, 0x10000, RELEASE) after VF-016, VF-017", "UNABLE_TO_FREE_VM")
{
    BYTE *a = make_remains();

    todo_wine(PARTIAL)
        expect_refused(nt_free(a, 0x10000, REL), a, 0x10000, ST_UNABLE_TO_FREE_VM);
}

CASE(VF, 020, "Nt(A+0x1000, 0, RELEASE), that page free", "MEMORY_NOT_ALLOCATED")
{
    BYTE *a = make_remains();

    todo_wine(PARTIAL)
        expect_refused(nt_free(a + PG, 0, REL), a + PG, 0, ST_MEMORY_NOT_ALLOCATED);
}

CASE(VF, 021, "Nt(A+0x1000, 0x1000, DECOMMIT), that page free", "MEMORY_NOT_ALLOCATED")
{
    BYTE *a = make_remains();

    todo_wine(PARTIAL)
        expect_refused(nt_free(a + PG, PG, DEC), a + PG, PG, ST_MEMORY_NOT_ALLOCATED);
}

CASE(VF, 022, "Nt(A+0x2000, 0, RELEASE) of the tail piece", "success, 0xE000")
{
    BYTE *a = make_remains();

    todo_wine(PARTIAL) {
        expect_range(nt_free(a + 0x2000, 0, REL), a + 0x2000, 0xE000);
        expect_range(nt_free(a, 0, REL), a, PG);
        expect_page(a, MEM_FREE, NA);
    }
}

CASE(VF, 023, "Nt(0x50000000, 0x3000, DECOMMIT), 1 page committed", "success")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    place(a + PG, PG, COM, RWR);
    expect_range(nt_free(a, 0x3000, DEC), a, 0x3000);
    expect_page(a + PG, MEM_RESERVE, 0);
}

CASE(VF, 024, "Nt(free address, 0x1000, RELEASE)", "MEMORY_NOT_ALLOCATED")
{
    BYTE *a = arena(0x40000);

    todo_wine(PLAIN)
        expect_refused(nt_free(a + GR, PG, REL), a + GR, PG, ST_MEMORY_NOT_ALLOCATED);
    todo_wine(PLAIN)
        expect_error(VirtualFree(a + GR, 0, REL), ERROR_INVALID_ADDRESS);
}

CASE(VF, 025, "Nt(free tail of a used 64 KiB unit, 0x1000, RELEASE)", "MEMORY_NOT_ALLOCATED")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    todo_wine(PLAIN)
        expect_refused(nt_free(a + 0x8000, PG, REL), a + 0x8000, PG, ST_MEMORY_NOT_ALLOCATED);
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 026, "Nt(A, 0x4000, RELEASE) of 0x3000 bytes", "UNABLE_TO_FREE_VM")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    todo_wine(PLAIN)
        expect_refused(nt_free(a, 0x4000, REL), a, 0x4000, ST_UNABLE_TO_FREE_VM);
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 027, "Nt(A, 0x30000, RELEASE) over three allocations", "UNABLE_TO_FREE_VM")
{
    BYTE *a = arena(0x40000);

    for (int i = 0; i < 3; i++)
        place(a + i * GR, GR, RSV, NA);
    todo_wine(PLAIN)
        expect_refused(nt_free(a, 0x30000, REL), a, 0x30000, ST_UNABLE_TO_FREE_VM);
    expect_query(a, a, a, NA, GR, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VF, 028, "Nt(A+0x10000, 0x10000, RELEASE) of 0x30000 bytes", "middle 64 KiB released")
{
    BYTE *a = place(arena(0x40000), 0x30000, RSV, NA);

    todo_wine(PARTIAL) {
        expect_range(nt_free(a + GR, GR, REL), a + GR, GR);
        expect_query(a, a, a, NA, GR, MEM_RESERVE, 0, MEM_PRIVATE);
        expect_query(a + GR, a + GR, NULL, 0, GR, MEM_FREE, NA, 0);
        expect_query(a + 2 * GR, a + 2 * GR, a + 2 * GR, NA, GR, MEM_RESERVE, 0, MEM_PRIVATE);
        expect_ptr(VirtualAlloc(a + GR, GR, RSV, NA), a + GR);
    }
}

CASE(VF, 029, "Nt(A+1, 0x1000, DECOMMIT) of one page", "UNABLE_TO_FREE_VM")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    todo_wine(PLAIN)
        expect_refused(nt_free(a + 1, PG, DEC), a + 1, PG, ST_UNABLE_TO_FREE_VM);
    expect_page(a, MEM_COMMIT, RWR);
}

CASE(VF, 030, "Nt(A+1, 0xFFF, DECOMMIT) of one page", "A, 0x1000")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    expect_range(nt_free(a + 1, 0xFFF, DEC), a, PG);
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 031, "Nt(A+1, 0x1000, RELEASE) of two pages", "A, 0x2000")
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);

    todo_wine("a release with a base inside the first page is refused")
        expect_range(nt_free(a + 1, PG, REL), a, 0x2000);
}

CASE(VF, 032, "release page 2, then page 1 of two reserved pages", "both succeed")
{
    BYTE *a = obtain(0x2000, RSV, NA);

    todo_wine(PARTIAL) {
        expect_range(nt_free(a + PG, PG, REL), a + PG, PG);
        expect_range(nt_free(a, PG, REL), a, PG);
    }
}

CASE(VF, 033, "Nt(NULL, 0, RELEASE)", "MEMORY_NOT_ALLOCATED")
{
    todo_wine("INVALID_PARAMETER")
        expect_refused(nt_free(NULL, 0, REL), NULL, 0, ST_MEMORY_NOT_ALLOCATED);
}

CASE(VF, 034, "Nt(0x123, 0, RELEASE)", "MEMORY_NOT_ALLOCATED or INVALID_PARAMETER")
{
    expect_refused(nt_free((void *)0x123, 0, REL), 0x123, 0, ST_MEMORY_NOT_ALLOCATED,
                   ST_INVALID_PARAMETER);
}

CASE(VF, 035, "Nt(kernel address)", "INVALID_PARAMETER_2*")
{
    ULONG_PTR above[ABOVE_USER];
    unsigned n = above_user(above);

    for (unsigned i = 0; i < n; i++) {
        void *at = (void *)above[i];

        expect_refused(nt_free(at, 0, REL), at, 0, ST_PARAMETER(2), ST_INVALID_PARAMETER);
        expect_refused(nt_free(at, PG, DEC), at, PG, ST_PARAMETER(2), ST_INVALID_PARAMETER);
    }
}

CASE(VF, 038, "decommit of a PAGE_NOACCESS page", "success, the next commit is zeroed")
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);
    DWORD old;

    memset(a, 0xAA, 0x2000);
    expect_success(VirtualProtect(a, PG, NA, &old));
    expect_range(nt_free(a, PG, DEC), a, PG);
    expect_page(a, MEM_RESERVE, 0);
    expect_range(nt_alloc(a, 0, PG, COM, RWR), a, PG);
    expect_eq(a[0], 0);
    expect_eq(a[0xFFF], 0);
    expect_eq(a[0x1000], 0xAA);
}

CASE(VF, 039, "double release", "FALSE, MEMORY_NOT_ALLOCATED")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    expect_success(VirtualFree(a, 0, REL));
    todo_wine(PLAIN)
        expect_error(VirtualFree(a, 0, REL), ERROR_INVALID_ADDRESS);
    todo_wine(PLAIN)
        expect_refused(nt_free(a, 0, REL), a, 0, ST_MEMORY_NOT_ALLOCATED);
}

CASE(VF, 040, "decommit one page, then read it", "access violation")
{
    BYTE *a = obtain(0x4000, RSV | COM, RWR);

    memset(a, 1, 0x4000);
    expect_success(VirtualFree(a + 0x2000, PG, DEC));
    expect_fault(touch_read(a + 0x2010), 0, a + 0x2010);
    expect_no_fault(touch_read(a + 0x1FFF));
    expect_no_fault(touch_read(a + 0x3000));
}

CASE(VF, 041, "Nt(A, size, COALESCE_PLACEHOLDERS) without RELEASE", "INVALID_PARAMETER_4")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    todo_wine("plain INVALID_PARAMETER for placeholder flags")
        expect_refused(nt_free(a, 0x10000, VM_COALESCE_PLACEHOLDERS), a, 0x10000, ST_PARAMETER(4));
    expect_page(a, MEM_RESERVE, 0);
}

CASE(VF, 042, "release of locked pages", "success")
{
    BYTE *a = obtain(0x4000, RSV | COM, RWR);

    ok(VirtualLock(a, 0x2000), "lock: last error %lu", (unsigned long)GetLastError());
    expect_success(VirtualFree(a, 0, REL));
    expect_page(a, MEM_FREE, NA);
    expect_ptr(VirtualAlloc(a, PG, RSV | COM, RWR), a);
    expect_eq(a[0], 0);
}

CASE(VF, 043, "release of an AWE region", "success")
{
    todo_wine("MEM_PHYSICAL is refused") {
        BYTE *a = (BYTE *)VirtualAlloc(NULL, GR, RSV | VM_PHYSICAL, RWR);

        if (ok(a != NULL, "got NULL with %lu", (unsigned long)GetLastError())) {
            expect_success(VirtualFree(a, 0, REL));
            expect_page(a, MEM_FREE, NA);
        }
    }
}

CASE(VF, 045, "VirtualFree(A, 0, DECOMMIT), any mix of states", "TRUE, one reserved run")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    place(a, PG, COM, RWR);
    place(a + 0x4000, 0x3000, COM, PAGE_READONLY);
    place(a + 0xF000, PG, COM, NA);
    expect_success(VirtualFree(a, 0, DEC));
    todo_wine("decommitted pages form runs of their own (VQ-048)")
        expect_query(a, a, a, NA, 0x10000, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VF, 046, "DECOMMIT past the end of the allocation", "FALSE, 87, nothing changes")
{
    BYTE *a = arena(0x40000);
    struct snapshot before;

    place(a, GR, RSV | COM, RWR);
    place(a + GR, GR, RSV | COM, RWR);
    before = look(a, 0x40000);
    a[0] = a[GR] = 3;
    todo_wine(PLAIN)
        expect_refused(nt_free(a, GR + PG, DEC), a, GR + PG, ST_UNABLE_TO_FREE_VM);
    expect_error(VirtualFree(a + 0x8000, GR, DEC), ERROR_INVALID_PARAMETER);
    expect_error(VirtualFree(a + GR, GR + PG, DEC), ERROR_INVALID_PARAMETER);
    expect_error(VirtualFree(a + GR, (SIZE_T)-PG, DEC), ERROR_INVALID_PARAMETER);
    expect_unchanged(&before);
    expect_eq(a[0] + a[GR], 6);
}
