/* Protect: VirtualProtect and NtProtectVirtualMemory (VP-001..032). */
#include "../compat_other.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define XRW PAGE_EXECUTE_READWRITE
#define OLD_UNSET 0xdeadu

/* A VirtualProtect that fails with one of two errors and changes nothing. */
static void refuse_protection(ULONG protect)
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);
    struct snapshot before = look(a, 0x2000);
    DWORD old;

    expect_error(VirtualProtect(a, PG, protect, &old), ERROR_INVALID_PARAMETER);
    expect_refused(nt_protect(a + 5, 0x100, protect), a + 5, 0x100, ST_INVALID_PAGE_PROTECTION,
                   ST_PARAMETER(4));
    expect_unchanged(&before);
}

CASE(VP, 001, "VirtualProtect(A, PG, RO, NULL)", "FALSE, 998, unchanged")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    expect_error(VirtualProtect(a, PG, RO, NULL), ERROR_NOACCESS);
    expect_page(a, MEM_COMMIT, RWR);
}

CASE(VP, 002, "NtProtectVirtualMemory, old protection NULL", "ACCESS_VIOLATION")
{
    PVOID base = obtain(PG, RSV | COM, RWR);
    SIZE_T size = PG;

    expect_status(NtProtectVirtualMemory(GetCurrentProcess(), &base, &size, RO, NULL),
                  ST_ACCESS_VIOLATION);
    expect_page(base, MEM_COMMIT, RWR);
}

CASE(VP, 003, "VirtualProtect of reserved pages", "FALSE, 487 NOT_COMMITTED")
{
    BYTE *a = obtain(0xFFFC, RSV, NA);
    DWORD old;

    expect_error(VirtualProtect(a, 0xFFFC, RO, &old), ERROR_INVALID_ADDRESS);
    expect_refused(nt_protect(a, 0xFFFC, RO), a, 0xFFFC, ST_NOT_COMMITTED);
}

CASE(VP, 004, "first page committed, the rest reserved", "FALSE, 487, first page unchanged")
{
    BYTE *a = obtain(0xFFFC, RSV, NA);
    DWORD old;

    place(a, PG, COM, NA);
    expect_error(VirtualProtect(a, 0xFFFC, RO, &old), ERROR_INVALID_ADDRESS);
    expect_refused(nt_protect(a, 0xFFFC, RO), a, 0xFFFC, ST_NOT_COMMITTED);
    expect_query(a, a, a, NA, PG, MEM_COMMIT, NA, MEM_PRIVATE);
}

CASE(VP, 005, "VirtualProtect NA to RO", "TRUE, old NA")
{
    BYTE *a = obtain(PG, RSV | COM, NA);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RO, &old));
    expect_eq(old, NA);
    expect_no_fault(touch_read(a));
    expect_fault(touch_write(a), 1, a);
}

CASE(VP, 006, "VirtualProtect RO to RW", "TRUE, old RO")
{
    BYTE *a = obtain(PG, RSV | COM, RO);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RWR, &old));
    expect_eq(old, RO);
    expect_no_fault(touch_write(a));
}

CASE(VP, 007, "VirtualProtect NA to NA", "TRUE, old NA")
{
    BYTE *a = obtain(PG, RSV | COM, NA);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, NA, &old));
    expect_eq(old, NA);
    expect_page(a, MEM_COMMIT, NA);
}

/* What each protection lets through. */
struct access {
    ULONG protect;
    int read, write, exec;
};

static void check_access(BYTE *a, const struct access *want)
{
    struct fault got;

    got = touch_read(a);
    ok((got.code == 0) == want->read, "read under 0x%lx: got fault 0x%lx",
       (unsigned long)want->protect, (unsigned long)got.code);
    got = touch_rewrite(a);
    ok((got.code == 0) == want->write, "write under 0x%lx: got fault 0x%lx",
       (unsigned long)want->protect, (unsigned long)got.code);
    got = touch_exec(a);
    ok((got.code == 0) == want->exec, "execute under 0x%lx: got fault 0x%lx",
       (unsigned long)want->protect, (unsigned long)got.code);
    if (want->exec)
        return;
    expect_fault(got, want->read ? 8 : got.kind, a);
}

CASE(VP, 008, "each of 01 02 04 10 20 40", "TRUE, reported, enforced; AllocationProtect unchanged")
{
    static const struct access all[] = {
        {NA, 0, 0, 0},           {RO, 1, 0, 0}, {RWR, 1, 1, 0},
        {PAGE_EXECUTE, 1, 0, 1}, {XR, 1, 0, 1}, {XRW, 1, 1, 1},
    };
    BYTE *a = obtain(0x3000, RSV | COM, RWR);
    DWORD last = RWR;

    a[PG] = 0xC3; /* ret */
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        DWORD old = OLD_UNSET;

        expect_success(VirtualProtect(a + PG, PG, all[i].protect, &old));
        expect_eq(old, last);
        expect_eq(query(a + PG).Protect, all[i].protect);
        expect_eq(query(a + PG).AllocationProtect, RWR);
        /* Whether PAGE_EXECUTE lets data be read depends on the processor. */
        if (all[i].protect != PAGE_EXECUTE)
            check_access(a + PG, &all[i]);
        last = all[i].protect;
    }
    expect_eq(query(a).Protect, RWR);
}

CASE(VP, 009, "protection 0", "FALSE, 87")
{
    refuse_protection(0);
}
CASE(VP, 010, "protection WC on private memory", "FALSE, 87")
{
    refuse_protection(PAGE_WRITECOPY);
}
CASE(VP, 011, "protection XWC on private memory", "FALSE, 87")
{
    refuse_protection(PAGE_EXECUTE_WRITECOPY);
}

CASE(VP, 012, "two or more protection bits", "FALSE, 87")
{
    for (ULONG protect = 1; protect < 0x100; protect++)
        if (protect & (protect - 1))
            refuse_protection(protect);
}

CASE(VP, 013, "RW+XWC (0x84)", "FALSE, 87")
{
    refuse_protection(RWR | PAGE_EXECUTE_WRITECOPY);
}

CASE(VP, 014, "Nt(A+0x111, 23, XRW)", "A, 0x1000")
{
    BYTE *a = obtain(0x3000, RSV | COM, RWR);

    expect_range(nt_protect(a + 0x111, 23, XRW), a, PG);
    expect_query(a, a, a, RWR, PG, MEM_COMMIT, XRW, MEM_PRIVATE);
}

CASE(VP, 015, "Nt(A+0x333, 17, RO)", "A, 0x1000")
{
    BYTE *a = obtain(0x3000, RSV | COM, XRW);
    struct nt_out out = nt_protect(a + 0x333, 17, RO);

    expect_range(out, a, PG);
    expect_eq(out.old, XRW);
}

CASE(VP, 016, "2 bytes straddling two pages", "both pages change")
{
    BYTE *a = obtain(0x4000, RSV | COM, RWR);
    DWORD old;

    expect_success(VirtualProtect(a + 0x1FFF, 2, RO, &old));
    expect_query(a + 0x1000, a + 0x1000, a, RWR, 0x2000, MEM_COMMIT, RO, MEM_PRIVATE);
    expect_page(a, MEM_COMMIT, RWR);
    expect_page(a + 0x3000, MEM_COMMIT, RWR);
}

CASE(VP, 017, "pages of different protection", "TRUE, old = the first page's")
{
    BYTE *a = obtain(0x3000, RSV | COM, RWR);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, XR, &old));
    expect_success(VirtualProtect(a, 0x3000, RO, &old));
    expect_eq(old, XR);
    expect_query(a, a, a, RWR, 0x3000, MEM_COMMIT, RO, MEM_PRIVATE);
}

CASE(VP, 018, "range over two allocations", "FALSE")
{
    BYTE *a = arena(0x40000);
    struct snapshot before;
    DWORD old;

    place(a, GR, RSV | COM, RWR);
    place(a + GR, GR, RSV | COM, RWR);
    before = look(a, 0x40000);
    expect_failure(VirtualProtect(a + 0xF000, 0x2000, RO, &old));
    expect_unchanged(&before);
}

CASE(VP, 022, "RW+NOCACHE allocation, page 0 set RW", "old 0x204, query 0x204 over both pages")
{
    BYTE *a = obtain(0x2000, COM, RWR | PAGE_NOCACHE);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RWR, &old));
    expect_eq(old, 0x204);
    if (broken(query(a).Protect == RWR))
        return;
    expect_query(a, a, a, 0x204, 0x2000, MEM_COMMIT, 0x204, MEM_PRIVATE);
}

CASE(VP, 023, "then page 0 set RO", "old 0x204, query 0x202")
{
    BYTE *a = obtain(0x2000, COM, RWR | PAGE_NOCACHE);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RO, &old));
    expect_eq(old, 0x204);
    if (broken(query(a).Protect == RO))
        return;
    expect_query(a, a, a, 0x204, PG, MEM_COMMIT, 0x202, MEM_PRIVATE);
    expect_page(a + PG, MEM_COMMIT, 0x204);
}

CASE(VP, 024, "RW allocation, page 0 set RO+NOCACHE", "old 0x04, query 0x02")
{
    BYTE *a = obtain(0x2000, COM, RWR);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RO | PAGE_NOCACHE, &old));
    expect_eq(old, 0x04);
    if (broken(query(a).Protect == 0x202))
        return;
    expect_query(a, a, a, RWR, PG, MEM_COMMIT, RO, MEM_PRIVATE);
}

CASE(VP, 025, "set RW+GUARD, then RW", "old of the second call 0x104")
{
    BYTE *a = obtain(0x2000, COM, RWR);
    DWORD old = OLD_UNSET;

    expect_success(VirtualProtect(a, PG, RWR | PAGE_GUARD, &old));
    expect_eq(old, RWR);
    expect_query(a, a, a, RWR, PG, MEM_COMMIT, 0x104, MEM_PRIVATE);
    expect_success(VirtualProtect(a, PG, RWR, &old));
    expect_eq(old, 0x104);
    expect_query(a, a, a, RWR, 0x2000, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(a));
}

CASE(VP, 026, "NA+GUARD", "FALSE, 87")
{
    BYTE *a = obtain(PG, COM, RWR);
    DWORD old;

    todo_wine("GUARD is not checked against NOACCESS") {
        expect_error(VirtualProtect(a, PG, NA | PAGE_GUARD, &old), ERROR_INVALID_PARAMETER);
        expect_status(nt_protect(a, PG, NA | PAGE_GUARD).status, ST_INVALID_PAGE_PROTECTION);
        expect_page(a, MEM_COMMIT, RWR);
    }
}

CASE(VP, 027, "contents after RW, NA, RO", "kept")
{
    BYTE *a = obtain(0x2000, COM, RWR);
    DWORD old;

    memset(a, 0xFF, 0x2000);
    expect_success(VirtualProtect(a, 0x2000, NA, &old));
    expect_fault(touch_read(a + 1), 0, a + 1);
    expect_success(VirtualProtect(a, 0x2000, RO, &old));
    for (SIZE_T i = 0; i < 0x2000; i += 0xFFF)
        expect_eq(a[i], 0xFF);
}

CASE(VP, 028, "write after RO", "access violation (1), data unchanged")
{
    BYTE *a = obtain(PG, COM, RWR);
    DWORD old;

    a[0x234] = 0x11;
    expect_success(VirtualProtect(a, PG, RO, &old));
    expect_fault(touch_write(a + 0x234), 1, a + 0x234);
    expect_eq(a[0x234], 0x11);
}

CASE(VP, 029, "VirtualProtectEx of another process", "as VirtualProtect; without the right 5")
{
    struct other other = {NULL, 0};
    MEMORY_BASIC_INFORMATION info = {0};
    DWORD old = OLD_UNSET;
    HANDLE querying;
    BYTE *a;

    if (!ok(other_start(&other), "no other process"))
        return;
    a = (BYTE *)VirtualAllocEx(other.process, NULL, 0x2000, RSV | COM, RWR);
    ok(a != NULL, "VirtualAllocEx: last error %lu", (unsigned long)GetLastError());
    expect_success(VirtualProtectEx(other.process, a, PG, RO, &old));
    expect_eq(old, RWR);
    expect_eq(VirtualQueryEx(other.process, a, &info, sizeof(info)), sizeof(info));
    expect_eq(info.Protect, RO);
    expect_eq(info.RegionSize, PG);
    querying = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, other.id);
    expect_error(VirtualProtectEx(querying, a, PG, RWR, &old), ERROR_ACCESS_DENIED);
    expect_eq(VirtualQueryEx(querying, a, &info, sizeof(info)), sizeof(info));
    expect_eq(info.Protect, RO);
    expect_success(CloseHandle(querying));
    other_end(&other);
}

CASE(VP, 030, "XR and XRW with PAGE_TARGETS_NO_UPDATE", "accepted")
{
    BYTE *a = obtain(PG, COM, RWR);
    DWORD old;

    expect_success(VirtualProtect(a, PG, XR | VM_TARGETS_NO_UPDATE, &old));
    expect_eq(query(a).Protect & 0xFF, XR);
    expect_success(VirtualProtect(a, PG, XRW | VM_TARGETS_NO_UPDATE, &old));
    expect_eq(query(a).Protect & 0xFF, XRW);
}
