/* Copy: ReadProcessMemory, WriteProcessMemory, their native calls, FlushInstructionCache
 * (RW-001..022). */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define XRW PAGE_EXECUTE_READWRITE
#define UNSET 0xdeadbeefu

static BYTE *with_protection(SIZE_T offset, SIZE_T size, ULONG first, ULONG second)
{
    BYTE *p = obtain(0x8000, RSV | COM, first);
    DWORD old;

    if (!VirtualProtect(p + offset, size, second, &old))
        compat_give_up("VirtualProtect");
    return p;
}

static HANDLE self(void)
{
    return GetCurrentProcess();
}

/* A copy that fails with one of two errors, having copied nothing. */
#define expect_nothing(call, count)                                                                \
    do {                                                                                           \
        count = UNSET;                                                                             \
        expect_error(call, ERROR_PARTIAL_COPY, ERROR_NOACCESS);                                    \
        expect_eq(count, 0);                                                                       \
    } while (0)

CASE(RW, 001, "write, then read 0x8000 bytes", "TRUE, counts 0x8000, data equal")
{
    BYTE *target = obtain(0x8000, COM, RWR), *local = obtain(0x8000, COM, RWR);
    SIZE_T count = UNSET;

    for (SIZE_T i = 0; i < 0x8000; i++)
        local[i] = (BYTE)(i * 7);
    expect_success(WriteProcessMemory(self(), target, local, 0x8000, &count));
    expect_eq(count, 0x8000);
    expect_eq(memcmp(target, local, 0x8000), 0);
    memset(local, 0, 0x8000);
    count = UNSET;
    expect_success(ReadProcessMemory(self(), target, local, 0x8000, &count));
    expect_eq(count, 0x8000);
    expect_eq(memcmp(target, local, 0x8000), 0);
}

CASE(RW, 002, "size 0, either direction", "TRUE, count 0")
{
    BYTE *target = obtain(PG, COM, RWR), local[4];
    SIZE_T count = UNSET;

    expect_success(ReadProcessMemory(self(), target, local, 0, &count));
    expect_eq(count, 0);
    count = UNSET;
    todo_wine("a write of no bytes is 87, as on very old Windows") {
        expect_success(WriteProcessMemory(self(), target, local, 0, &count));
        expect_eq(count, 0);
    }
}

CASE(RW, 003, "WriteProcessMemory, source pages 2 and 3 NA", "FALSE, count 0, 299 or 998")
{
    BYTE *target = obtain(0x8000, COM, RWR), *local = with_protection(0x2000, 0x2000, RWR, NA);
    SIZE_T count;

    expect_nothing(WriteProcessMemory(self(), target, local, 0x8000, &count), count);
    count = UNSET;
    expect_status(NtWriteVirtualMemory(self(), target, local, 0x8000, &count), ST_PARTIAL_COPY);
    expect_eq(count, 0);
}

CASE(RW, 004, "ReadProcessMemory, destination pages 2 and 3 NA",
     "FALSE, 299 and 0x2000, or 998 and 0")
{
    BYTE *target = obtain(0x8000, COM, RWR), *local = with_protection(0x2000, 0x2000, RWR, NA);
    SIZE_T count = UNSET;
    ULONG status;

    expect_error(ReadProcessMemory(self(), target, local, 0x8000, &count), ERROR_PARTIAL_COPY,
                 ERROR_NOACCESS);
    expect_eq(count, GetLastError() == ERROR_PARTIAL_COPY ? 0x2000 : 0);
    count = UNSET;
    status = (ULONG)NtReadVirtualMemory(self(), target, local, 0x8000, &count);
    expect_status(status, ST_PARTIAL_COPY, ST_ACCESS_VIOLATION);
    expect_eq(count, status == ST_PARTIAL_COPY ? 0x2000 : 0);
}

CASE(RW, 005, "local buffer NA from its first byte", "FALSE, count 0, 299 or 998")
{
    BYTE *target = obtain(0x8000, COM, RWR), *local = obtain(0x8000, COM, NA);
    SIZE_T count;

    expect_nothing(ReadProcessMemory(self(), target, local, 0x8000, &count), count);
    expect_nothing(WriteProcessMemory(self(), target, local, 0x8000, &count), count);
}

CASE(RW, 006, "WriteProcessMemory to a RO target", "FALSE, 998, count not written")
{
    BYTE *target = obtain(PG, COM, RO), local[64] = {1};
    SIZE_T count = UNSET;

    todo_wine("the page is written") {
        expect_error(WriteProcessMemory(self(), target, local, sizeof(local), &count),
                     ERROR_NOACCESS);
        expect_eq(count, UNSET);
        expect_eq(target[0], 0);
    }
    expect_page(target, MEM_COMMIT, RO);
}

CASE(RW, 007, "NtWriteVirtualMemory to a RO target", "PARTIAL_COPY, count 0")
{
    BYTE *target = obtain(PG, COM, RO), local[64] = {1};
    SIZE_T count = UNSET;
    ULONG status = (ULONG)NtWriteVirtualMemory(self(), target, local, sizeof(local), &count);

    todo_wine("the page is written") {
        ok(status == ST_PARTIAL_COPY || broken(status == ST_ACCESS_VIOLATION),
           "got 0x%lx, expected 0x%lx", (unsigned long)status, (unsigned long)ST_PARTIAL_COPY);
        expect_eq(count, 0);
    }
}

CASE(RW, 008, "WriteProcessMemory to a XR target", "TRUE, protection as before")
{
    BYTE *target = obtain(0x2000, COM, XR), local[64];
    SIZE_T count = UNSET;

    memset(local, 0xC3, sizeof(local));
    expect_success(WriteProcessMemory(self(), target, local, sizeof(local), &count));
    expect_eq(count, sizeof(local));
    expect_eq(target[0], 0xC3);
    expect_query(target, target, target, XR, 0x2000, MEM_COMMIT, XR, MEM_PRIVATE);
    expect_fault(touch_write(target), 1, target);
    expect_no_fault(touch_exec(target));
}

CASE(RW, 009, "NtWriteVirtualMemory to a XR target", "PARTIAL_COPY, count 0")
{
    BYTE *target = obtain(PG, COM, XR), local[64] = {1};
    SIZE_T count = UNSET;

    todo_wine("the write succeeds or is ACCESS_VIOLATION") {
        expect_status(NtWriteVirtualMemory(self(), target, local, sizeof(local), &count),
                      ST_PARTIAL_COPY);
        expect_eq(count, 0);
    }
}

/* 0x2000 bytes XRW, then pages of the second protection. */
static void check_mixed_win32(ULONG second)
{
    BYTE *target = with_protection(0x2000, 0x6000, XRW, second), *local = obtain(0x8000, COM, RWR);
    SIZE_T count;

    memset(local, 0x42, 0x8000);
    todo_wine("the whole range is written")
        expect_failure(WriteProcessMemory(self(), target, local, 0x8000, &count));
    expect_page(target + 0x2000, MEM_COMMIT, second);
}

static void check_mixed_native(ULONG second)
{
    BYTE *target = with_protection(0x2000, 0x6000, XRW, second), *local = obtain(0x8000, COM, RWR);
    SIZE_T count = UNSET;

    memset(local, 0x42, 0x8000);
    todo_wine("wrong status or count") {
        expect_status(NtWriteVirtualMemory(self(), target, local, 0x8000, &count), ST_PARTIAL_COPY);
        expect_eq(count, 0x2000);
    }
}

CASE(RW, 010, "WriteProcessMemory, first 0x2000 XRW, then XR", "FALSE")
{
    check_mixed_win32(XR);
}
CASE(RW, 011, "NtWriteVirtualMemory, first 0x2000 XRW, then XR", "PARTIAL_COPY, count 0x2000")
{
    check_mixed_native(XR);
}
CASE(RW, 012, "as RW-010 and RW-011 with RO", "FALSE; PARTIAL_COPY, count 0x2000")
{
    check_mixed_win32(RO);
    check_mixed_native(RO);
}

CASE(RW, 013, "ReadProcessMemory, 2 pages, 2nd NA", "FALSE, 299, count 0")
{
    BYTE *target = with_protection(PG, 0x7000, RWR, NA), *local = obtain(0x2000, COM, RWR);
    SIZE_T count = UNSET;

    todo_wine("PAGE_NOACCESS is read") {
        expect_error(ReadProcessMemory(self(), target, local, 0x2000, &count), ERROR_PARTIAL_COPY);
        expect_eq(count, 0);
    }
}

CASE(RW, 014, "as RW-013, 1 page", "TRUE, count 0x1000")
{
    BYTE *target = with_protection(PG, 0x7000, RWR, NA), *local = obtain(0x2000, COM, RWR);
    SIZE_T count = UNSET;

    expect_success(ReadProcessMemory(self(), target, local, PG, &count));
    expect_eq(count, PG);
}

CASE(RW, 015, "RW-013 through a real handle", "FALSE")
{
    BYTE *target = with_protection(PG, 0x7000, RWR, NA), *local = obtain(0x2000, COM, RWR);
    HANDLE real = OpenProcess(PROCESS_VM_READ | PROCESS_VM_OPERATION, FALSE, GetCurrentProcessId());
    SIZE_T count = UNSET;

    ok(real != NULL, "OpenProcess: got NULL with %lu", (unsigned long)GetLastError());
    todo_wine("the copy succeeds")
        expect_failure(ReadProcessMemory(real, target, local, 0x2000, &count));
    CloseHandle(real);
}

CASE(RW, 016, "NtReadVirtualMemory(remote 0x1234)", "PARTIAL_COPY, count 0")
{
    BYTE local[16];
    SIZE_T count = UNSET;

    todo_wine("wrong status or count") {
        expect_status(NtReadVirtualMemory(self(), (void *)0x1234, local, sizeof(local), &count),
                      ST_PARTIAL_COPY);
        expect_eq(count, 0);
    }
}

CASE(RW, 017, "NtReadVirtualMemory(handle 0)", "INVALID_HANDLE, count 0")
{
    BYTE *target = obtain(PG, COM, RWR), local[16];
    SIZE_T count = UNSET;

    expect_status(NtReadVirtualMemory(NULL, target, local, sizeof(local), &count),
                  ST_INVALID_HANDLE);
    expect_eq(count, 0);
}

CASE(RW, 018, "count pointer NULL", "allowed")
{
    BYTE *target = obtain(PG, COM, RWR), local[16] = {7};

    expect_success(WriteProcessMemory(self(), target, local, sizeof(local), NULL));
    expect_success(ReadProcessMemory(self(), target, local, sizeof(local), NULL));
    expect_status(NtReadVirtualMemory(self(), target, local, sizeof(local), NULL), ST_SUCCESS);
    expect_eq(local[0], 7);
}

CASE(RW, 019, "NtReadVirtualMemory, local buffer 0x1234",
     "ACCESS_VIOLATION or PARTIAL_COPY, count 0")
{
    BYTE *target = obtain(PG, COM, RWR);
    SIZE_T count = UNSET;

    expect_status(NtReadVirtualMemory(self(), target, (void *)0x1234, 16, &count),
                  ST_ACCESS_VIOLATION, ST_PARTIAL_COPY);
    expect_eq(count, 0);
}

CASE(RW, 021, "FlushInstructionCache(process, NULL, 0)", "TRUE")
{
    expect_success(FlushInstructionCache(self(), NULL, 0));
}

CASE(RW, 022, "FlushInstructionCache, any range; bad handle", "TRUE; FALSE")
{
    BYTE *a = obtain(PG, COM, RWR);

    expect_success(FlushInstructionCache(self(), a, PG));
    expect_success(FlushInstructionCache(self(), (void *)0x1234, 0x100000));
    todo_wine("the handle is not checked")
        expect_failure(FlushInstructionCache((HANDLE)(ULONG_PTR)0xdeadbeec, a, PG));
}
