/* Wild input: addresses nobody may have, sizes without end, misaligned and inaccessible pointers
 * (BAD-001..008). The specification gives no error for most of these; what holds for all is that a
 * call fails, faults nowhere, and changes nothing. */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MOST = ABOVE_USER + 8 };

/* Addresses outside what a process may have, aligned and not; sizes of every order; sizes that
 * reach past the end of user space from any allocation. */
static ULONG_PTR nowhere[MOST];
static SIZE_T some_sizes[MOST], endless[MOST];
static unsigned n_nowhere, n_some_sizes, n_endless;

static void collect_wild(void)
{
    static const ULONG_PTR low[] = {0x1, 0xFFF, 0x1001, 0xFFFF};
    static const uint64_t sizes[] = {1,
                                     0xFFF,
                                     0x10001,
                                     0x7FFFFFFF,
                                     0x100000000,
                                     TOP_128T - 1,
                                     TOP_128T,
                                     0x800000000000,
                                     0x8000000000000000,
                                     (ULONG_PTR)-0xFFFF,
                                     (ULONG_PTR)-0x1000,
                                     (ULONG_PTR)-0xFFF,
                                     (ULONG_PTR)-1};

    memcpy(nowhere, low, sizeof(low));
    n_nowhere = COUNT(low) + above_user(nowhere + COUNT(low));
    n_some_sizes = n_endless = 0;
    for (unsigned i = 0; i < COUNT(sizes); i++) {
        if ((SIZE_T)sizes[i] != sizes[i])
            continue;
        some_sizes[n_some_sizes++] = (SIZE_T)sizes[i];
        if (sizes[i] >= user_top())
            endless[n_endless++] = (SIZE_T)sizes[i];
    }
}

/* A fresh allocation whose picture must stay as it is: RW, RO and reserved pages. */
static BYTE *make_witness(struct snapshot *before)
{
    BYTE *a = obtain(0x10000, RSV, NA);

    collect_wild();
    place(a, 0x4000, COM, RWR);
    place(a + 0x4000, 0x2000, COM, RO);
    memset(a, 0x3d, 0x4000);
    *before = look(a, 0x10000);
    return a;
}

static void check_witness(const BYTE *a, const struct snapshot *before)
{
    expect_unchanged(before);
    expect_eq(a[0], 0x3d);
    expect_eq(a[0x3FFF], 0x3d);
}

CASE(BAD, 001, "VirtualAlloc at addresses and of sizes nobody may have", "NULL, nothing changes")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);

    skip_if(is_wine() && is_32bit(), "Wine uses addresses above its limit");
    for (unsigned i = 0; i < n_nowhere; i++)
        for (unsigned j = 0; j < n_some_sizes; j++) {
            void *at = (void *)nowhere[i];

            expect_failure(VirtualAlloc(at, some_sizes[j], COM, RWR));
            expect_failure(VirtualAlloc(at, some_sizes[j], MEM_RESET, RWR));
            if (nowhere[i] >= GR || some_sizes[j] < GR)
                expect_failure(VirtualAlloc(at, some_sizes[j], RSV, RWR));
        }
    for (unsigned j = 0; j < n_endless; j++) {
        expect_failure(VirtualAlloc(a, endless[j], COM, RWR));
        expect_failure(VirtualAlloc(a + 0x2345, endless[j], COM, RWR));
        expect_failure(VirtualAlloc(a, endless[j], RSV, RWR));
        expect_failure(VirtualAlloc(a, endless[j], MEM_RESET, RWR));
        expect_failure(VirtualAlloc(NULL, endless[j], RSV | COM, RWR));
    }
    check_witness(a, &before);
}

CASE(BAD, 002, "VirtualFree of addresses and sizes nobody may have", "FALSE, nothing changes")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);

    todo_wine("the end of the range is let wrap") {
        for (unsigned i = 0; i < n_nowhere; i++) {
            expect_failure(VirtualFree((void *)nowhere[i], 0, MEM_RELEASE));
            expect_failure(VirtualFree((void *)nowhere[i], 0, MEM_DECOMMIT));
            for (unsigned j = 0; j < n_some_sizes; j++)
                expect_failure(VirtualFree((void *)nowhere[i], some_sizes[j], MEM_DECOMMIT));
        }
        for (unsigned j = 0; j < n_endless; j++) {
            expect_failure(VirtualFree(a, endless[j], MEM_DECOMMIT));
            expect_failure(VirtualFree(a + 0x1fff, endless[j], MEM_DECOMMIT));
            expect_failure(VirtualFree(a, endless[j], MEM_RELEASE));
            ok(nt_free(a + 1, endless[j], MEM_RELEASE).status != 0, "release of 0x%llx bytes",
               (unsigned long long)endless[j]);
        }
        check_witness(a, &before);
    }
}

CASE(BAD, 003, "VirtualProtect of addresses and sizes nobody may have", "FALSE, nothing changes")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);
    DWORD old;

    todo_wine("the end of the range is let wrap") {
        for (unsigned i = 0; i < n_nowhere; i++)
            for (unsigned j = 0; j < n_some_sizes; j++)
                expect_failure(VirtualProtect((void *)nowhere[i], some_sizes[j], RO, &old));
        for (unsigned j = 0; j < n_endless; j++) {
            expect_failure(VirtualProtect(a, endless[j], RO, &old));
            expect_failure(VirtualProtect(a + 0x1fff, endless[j], NA, &old));
        }
        check_witness(a, &before);
    }
}

CASE(BAD, 004, "VirtualLock, VirtualUnlock of addresses and sizes nobody may have", "FALSE")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);

    todo_wine("the end of the range is let wrap, or is not looked at") {
        for (unsigned i = 0; i < n_nowhere; i++)
            for (unsigned j = 0; j < n_some_sizes; j++) {
                expect_failure(VirtualLock((void *)nowhere[i], some_sizes[j]));
                expect_failure(VirtualUnlock((void *)nowhere[i], some_sizes[j]));
            }
        for (unsigned j = 0; j < n_endless; j++) {
            expect_failure(VirtualLock(a, endless[j]));
            expect_failure(VirtualUnlock(a + 1, endless[j]));
        }
    }
    check_witness(a, &before);
}

CASE(BAD, 005, "copies from and to addresses nobody may have", "FALSE, nothing changes")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);
    HANDLE self = GetCurrentProcess();

    skip_if(is_wine() && is_32bit(), "Wine uses addresses above its limit");
    for (unsigned i = 0; i < n_nowhere; i++) {
        void *at = (void *)nowhere[i];

        expect_failure(ReadProcessMemory(self, at, a, 16, NULL));
        expect_failure(WriteProcessMemory(self, at, a, 16, NULL));
        expect_failure(ReadProcessMemory(self, a, at, 16, NULL));
        expect_failure(WriteProcessMemory(self, a, at, 16, NULL));
    }
    check_witness(a, &before);
}

CASE(BAD, 006, "NULL in place of each variable of the native calls", "a failure status")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);
    HANDLE self = GetCurrentProcess();
    PVOID base = a;
    SIZE_T size = PG;
    ULONG old;

    skip_if(is_wine(), "Wine uses the pointers unchecked");
    ok(NtAllocateVirtualMemory(self, NULL, 0, &size, COM, RWR) < 0, "allocate, base");
    ok(NtAllocateVirtualMemory(self, &base, 0, NULL, COM, RWR) < 0, "allocate, size");
    ok(NtFreeVirtualMemory(self, NULL, &size, MEM_DECOMMIT) < 0, "free, base");
    ok(NtFreeVirtualMemory(self, &base, NULL, MEM_DECOMMIT) < 0, "free, size");
    ok(NtProtectVirtualMemory(self, NULL, &size, RO, &old) < 0, "protect, base");
    ok(NtProtectVirtualMemory(self, &base, NULL, RO, &old) < 0, "protect, size");
    ok(NtLockVirtualMemory(self, NULL, &size, 1) < 0, "lock, base");
    ok(NtLockVirtualMemory(self, &base, NULL, 1) < 0, "lock, size");
    ok(NtUnlockVirtualMemory(self, NULL, &size, 1) < 0, "unlock, base");
    ok((LONG)nt_query(self, a, QUERY_BASIC, NULL, sizeof(MEMORY_BASIC_INFORMATION), NULL) < 0,
       "query, buffer");
    expect_failure(VirtualQuery(a, NULL, sizeof(MEMORY_BASIC_INFORMATION)));
    check_witness(a, &before);
}

CASE(BAD, 007, "variables and buffers in memory that cannot be written", "a failure, no change")
{
    struct snapshot before;
    BYTE *a = make_witness(&before);
    HANDLE self = GetCurrentProcess();
    BYTE *read_only = a + 0x4000, *reserved = a + 0x8000;
    PVOID base = a;
    SIZE_T size = PG;

    skip_if(is_wine(), "Wine uses the pointers unchecked");
    for (int i = 0; i < 3; i++) {
        BYTE *bad = i == 0 ? read_only : i == 1 ? reserved : (BYTE *)0x1001;

        ok(NtAllocateVirtualMemory(self, (PVOID *)(void *)bad, 0, &size, COM, RWR) < 0, "base");
        ok(NtAllocateVirtualMemory(self, &base, 0, (SIZE_T *)(void *)bad, COM, RWR) < 0, "size");
        ok(NtProtectVirtualMemory(self, &base, &size, RO, (ULONG *)(void *)bad) < 0, "old");
        expect_failure(VirtualProtect(a, PG, RO, (DWORD *)(void *)bad));
        expect_failure(VirtualQuery(a, (MEMORY_BASIC_INFORMATION *)(void *)bad,
                                    sizeof(MEMORY_BASIC_INFORMATION)));
    }
    check_witness(a, &before);
}

CASE(BAD, 008, "misaligned variables and buffers", "as aligned ones")
{
    BYTE *a = obtain(0x4000, RSV | COM, RWR);
    BYTE room[64], *bytes = room + 1;
    MEMORY_BASIC_INFORMATION info;
    PVOID base = a + 0x1234;
    SIZE_T size = 0x10;
    DWORD old;

    expect_eq(VirtualQuery(a, (MEMORY_BASIC_INFORMATION *)(void *)bytes, sizeof(info)),
              sizeof(info));
    memcpy(&info, bytes, sizeof(info));
    expect_ptr(info.AllocationBase, a);
    expect_eq(info.RegionSize, 0x4000);
    expect_success(VirtualProtect(a, PG, RO, (DWORD *)(void *)bytes));
    memcpy(&old, bytes, sizeof(old));
    expect_eq(old, RWR);
    memcpy(bytes, &base, sizeof(base));
    memcpy(bytes + 8, &size, sizeof(size));
    expect_status(NtFreeVirtualMemory(GetCurrentProcess(), (PVOID *)(void *)bytes,
                                      (SIZE_T *)(void *)(bytes + 8), MEM_DECOMMIT),
                  ST_SUCCESS);
    memcpy(&base, bytes, sizeof(base));
    memcpy(&size, bytes + 8, sizeof(size));
    expect_ptr(base, a + 0x1000);
    expect_eq(size, PG);
}
