/* The working set: QueryWorkingSet, QueryWorkingSetEx, EmptyWorkingSet its changes (WS-034..038,
 * WS-040..057). */
#define PSAPI_VERSION 2
#include "../compat.h"

#include <psapi.h>

#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE

#ifndef PROCESS_SET_QUOTA
#define PROCESS_SET_QUOTA 0x0100
#endif

typedef PSAPI_WORKING_SET_EX_INFORMATION entry;

/* The low 32 bits of the block of one page; all bits set when the call failed. */
static ULONG block_of(const void *at)
{
    entry one;
    memset(&one, 0xcc, sizeof one);
    one.VirtualAddress = (PVOID)at;
    if (!QueryWorkingSetEx(GetCurrentProcess(), &one, sizeof one) || one.VirtualAddress != at)
        return 0xffffffffu;
    return (ULONG)one.VirtualAttributes.Flags;
}

#define VALID(block) ((block) & 1)
#define COUNT(block) ((block) >> 1 & 7)
#define PROT(block) ((block) >> 4 & 0x7ff)
#define SHARED(block) ((block) >> 15 & 1)
#define NODE(block) ((block) >> 16 & 0x3f)
#define LOCKED(block) ((block) >> 22 & 1)
#define LARGE(block) ((block) >> 23 & 1)

static void expect_outside(const void *at, ULONG shared)
{
    expect_eq(block_of(at), shared << 15);
}

static void expect_inside(const void *at, ULONG protection)
{
    ULONG block = block_of(at);
    expect_eq(VALID(block), 1);
    expect_eq(PROT(block), protection);
    expect_eq(SHARED(block), 0);
    expect_eq(LARGE(block), 0);
}

static void protect(void *at, ULONG protection)
{
    DWORD old;
    expect_success(VirtualProtect(at, PG, protection, &old));
}

CASE(WS, 034, "EmptyWorkingSet(NULL)", "FALSE, 6")
{
    todo_wine("the error is not set") expect_error(EmptyWorkingSet(NULL), ERROR_INVALID_HANDLE);
}

CASE(WS, 035, "EmptyWorkingSet(handle with only standard rights)", "FALSE, 5")
{
    HANDLE h = OpenProcess(STANDARD_RIGHTS_REQUIRED, FALSE, GetCurrentProcessId());

    expect_eq(h != NULL, 1);
    todo_wine("rights are not looked at") expect_error(EmptyWorkingSet(h), ERROR_ACCESS_DENIED);
    CloseHandle(h);
}

CASE(WS, 036, "EmptyWorkingSet(QUERY_INFORMATION + SET_QUOTA)", "TRUE; pages leave, contents stay")
{
    HANDLE h = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_SET_QUOTA, FALSE,
                           GetCurrentProcessId());
    BYTE *a = obtain(0x10000, COM, RWR);

    memset(a, 0x5a, 0x10000);
    expect_success(EmptyWorkingSet(h));
    todo_wine("pages stay") {
        expect_outside(a, 0);
        expect_outside(a + 0xf000, 0);
    }
    expect_eq(a[0x3000], 0x5a);
    expect_inside(a + 0x3000, RWR);
    todo_wine("pages stay") expect_outside(a + 0x4000, 0);
    for (SIZE_T i = 0; i < 0x10000; i += 0xfff)
        expect_eq(a[i], 0x5a);
    expect_inside(a + 0x4000, RWR);
    CloseHandle(h);
}

CASE(WS, 037, "InitializeProcessForWsWatch(NULL)", "FALSE, 6")
{
    todo_wine("no handle is looked at")
        expect_error(InitializeProcessForWsWatch(NULL), ERROR_INVALID_HANDLE);
}

CASE(WS, 038, "lock a page after InitializeProcessForWsWatch; GetWsChanges", "TRUE; it is listed")
{
    static PSAPI_WS_WATCH_INFORMATION list[4096];
    BYTE *a = obtain(PG, COM, RWR);
    unsigned found = 0;

    expect_success(InitializeProcessForWsWatch(GetCurrentProcess()));
    memset(list, 0xcc, sizeof list);
    expect_success(VirtualLock(a, PG));
    todo_wine("there is no list") {
        expect_success(GetWsChanges(GetCurrentProcess(), list, sizeof list));
        for (unsigned i = 0; i < 4096 && list[i].FaultingPc; i++)
            found += ((ULONG_PTR)list[i].FaultingVa & ~(ULONG_PTR)0xfff) == (ULONG_PTR)a;
        expect_eq(found > 0, 1);
    }
    expect_success(VirtualUnlock(a, PG));
}

CASE(WS, 040, "fresh committed page, untouched", "Valid 0, all 0")
{
    expect_outside(obtain(PG, COM, RWR), 0);
}

CASE(WS, 041, "after a read", "Valid 1, RW, not shared")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_read(a));
    expect_inside(a, RWR);
}

CASE(WS, 042, "after a write", "Valid 1, RW, not shared")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_write(a));
    expect_inside(a, RWR);
    expect_eq(COUNT(block_of(a)), 0);
}

CASE(WS, 043, "after VirtualProtect(NA)", "Valid 0, all 0")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_write(a));
    protect(a, NA);
    expect_outside(a, 0);
}

CASE(WS, 044, "VirtualProtect(NA), back to RW, no access", "Valid 0")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    expect_no_fault(touch_write(a));
    expect_inside(a, RWR);
    protect(a, NA);
    protect(a, RWR);
    todo_wine("the page is still there") expect_outside(a, 0);
}

CASE(WS, 045, "the same after touching again", "Valid 1, RW")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    expect_no_fault(touch_write(a));
    expect_no_fault(touch_write(a + PG));
    expect_inside(a, RWR);
    protect(a, NA);
    protect(a + PG, NA);
    protect(a, RWR);
    protect(a + PG, RO);
    expect_no_fault(touch_read(a));
    expect_inside(a, RWR);
    todo_wine("the page is still there") expect_outside(a + PG, 0);
    expect_no_fault(touch_read(a + PG));
    expect_inside(a + PG, RO);
}

CASE(WS, 046, "image header page, touched", "Valid 1, RO, Shared 1, ShareCount at least 1")
{
    BYTE *image = (BYTE *)GetModuleHandleA(NULL);

    expect_no_fault(touch_read(image));
    ULONG block = block_of(image);
    expect_eq(VALID(block), 1);
    expect_eq(PROT(block), RO);
    todo_wine("its own images are private memory") {
        expect_eq(SHARED(block), 1);
        expect_eq(COUNT(block) >= 1, 1);
    }
}

CASE(WS, 047, "image page set NA", "Valid 0, Shared 1")
{
    BYTE *image = (BYTE *)GetModuleHandleA(NULL);

    expect_no_fault(touch_read(image));
    protect(image, NA);
    todo_wine("its own images are private memory") expect_outside(image, 1);
    protect(image, RO);
}

CASE(WS, 048, "image page back to RO, untouched; touched", "Valid 0; Valid 1 RO; Shared 1")
{
    BYTE *image = (BYTE *)GetModuleHandleA(NULL);

    expect_no_fault(touch_read(image));
    expect_eq(VALID(block_of(image)), 1);
    protect(image, NA);
    protect(image, RO);
    todo_wine("the page is still there") expect_outside(image, 1);
    expect_no_fault(touch_read(image));
    expect_eq(VALID(block_of(image)), 1);
    expect_eq(PROT(block_of(image)), RO);
    todo_wine("its own images are private memory") expect_eq(SHARED(block_of(image)), 1);
}

CASE(WS, 049, "released memory; addresses of nobody", "TRUE; all 0")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_write(a));
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_outside(a, 0);
    expect_outside((void *)8, 0);
}

CASE(WS, 050, "an array in no order, two regions", "each entry answered by itself")
{
    static entry list[64];
    BYTE *a = obtain(32 * PG, COM, RWR), *b = obtain(32 * PG, COM, RO);

    for (unsigned i = 0; i < 32; i++) {
        if (i % 3 == 0)
            expect_no_fault(touch_write(a + i * PG));
        if (i % 5 == 0)
            expect_no_fault(touch_read(b + i * PG));
        list[(i * 7 + 3) % 32 * 2].VirtualAddress = a + i * PG + 17 * i;
        list[(i * 11 + 5) % 32 * 2 + 1].VirtualAddress = b + i * PG;
    }
    expect_success(QueryWorkingSetEx(GetCurrentProcess(), list, sizeof list));
    for (unsigned i = 0; i < 32; i++) {
        const entry *of_a = &list[(i * 7 + 3) % 32 * 2], *of_b = &list[(i * 11 + 5) % 32 * 2 + 1];
        expect_eq(of_a->VirtualAttributes.Flags, i % 3 == 0 ? 1 | RWR << 4 : 0);
        expect_eq(of_b->VirtualAttributes.Flags, i % 5 == 0 ? 1 | RO << 4 : 0);
        expect_ptr(of_a->VirtualAddress, a + i * PG + 17 * i);
    }
}

CASE(WS, 051, "QueryWorkingSetEx(cb = 0)", "FALSE, 24; Nt: INFO_LENGTH_MISMATCH, length untouched")
{
    entry one;
    SIZE_T done = 0x1234;

    memset(&one, 0, sizeof one);
    one.VirtualAddress = &one;
    todo_wine("the length is not looked at") {
        expect_error(QueryWorkingSetEx(GetCurrentProcess(), &one, 0), ERROR_BAD_LENGTH);
        expect_error(QueryWorkingSetEx(GetCurrentProcess(), &one, sizeof one - 1),
                     ERROR_BAD_LENGTH);
        expect_eq(nt_query(GetCurrentProcess(), NULL, 4, &one, 0, &done), 0xC0000004u);
        expect_eq(done, 0x1234);
    }
}

CASE(WS, 052, "Nt: one and a half entries", "success; returned length as given, 32-bit: 1 entry")
{
    entry two[2];
    SIZE_T half = sizeof(entry) + sizeof(entry) / 2, done = 0;
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_write(a));
    memset(two, 0, sizeof two);
    two[0].VirtualAddress = two[1].VirtualAddress = a;
    expect_eq(nt_query(GetCurrentProcess(), NULL, 4, two, half, &done), 0);
    todo_if(is_wine() && !is_32bit(), "Wine: whole entries are counted")
        expect_eq(done, sizeof(void *) == 8 ? half : sizeof(entry));
    expect_eq(two[0].VirtualAttributes.Flags, 1 | RWR << 4);
    expect_eq(two[1].VirtualAttributes.Flags, 0);
}

CASE(WS, 053, "page privatised by copy-on-write", "Shared 0")
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x2000,
                                        NULL);
    BYTE *a = (BYTE *)MapViewOfFile(section, FILE_MAP_COPY, 0, 0, 0);

    expect_eq(a != NULL, 1);
    expect_no_fault(touch_read(a));
    expect_no_fault(touch_write(a + PG));
    expect_eq(SHARED(block_of(a)), 1);
    todo_wine("a private copy is still write-copy") expect_inside(a + PG, RWR);
    expect_success(UnmapViewOfFile(a));
    CloseHandle(section);
}

CASE(WS, 054, "locked page", "Locked 1; unlocked: 0")
{
    BYTE *a = obtain(0x2000, COM, RWR);

    expect_success(VirtualLock(a, PG));
    expect_no_fault(touch_write(a + PG));
    todo_wine("the field is never set") expect_eq(LOCKED(block_of(a)), 1);
    expect_eq(VALID(block_of(a)), 1);
    expect_eq(LOCKED(block_of(a + PG)), 0);
    expect_success(VirtualUnlock(a, PG));
    expect_eq(LOCKED(block_of(a)), 0);
}

CASE(WS, 056, "Node on a machine of one node", "0")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_no_fault(touch_write(a));
    expect_eq(NODE(block_of(a)), 0);
}

CASE(WS, 057, "guard page, untouched", "Valid 0")
{
    expect_outside(obtain(PG, COM, RWR | PAGE_GUARD), 0);
}
