/* Allocation: allocation types, protections, addresses, sizes and handles that are checked first
 * (VA-031..086 but for VirtualAlloc2 and views). */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define XRW PAGE_EXECUTE_READWRITE

/* A type that is refused, with and without a base. */
static void refuse_type(ULONG type)
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);
    struct snapshot before = look(a, 0x2000);

    todo_if(is_wine() && (type & MEM_RESET) && type != 0xFFFFFFFF,
            "Wine: MEM_RESET with other flags is let pass") {
        expect_error(VirtualAlloc(NULL, PG, type, RWR), ERROR_INVALID_PARAMETER);
        expect_refused(nt_alloc(NULL, 0, PG, type, RWR), NULL, PG, ST_PARAMETER(5),
                       ST_INVALID_PARAMETER);
        expect_error(VirtualAlloc(a, PG, type, RWR), ERROR_INVALID_PARAMETER);
    }
    expect_unchanged(&before);
}

CASE(VA, 031, "type 0", "NULL, 87")
{
    refuse_type(0);
}
CASE(VA, 032, "type MEM_TOP_DOWN", "NULL, 87")
{
    refuse_type(VM_TOP_DOWN);
}
CASE(VA, 033, "type MEM_PHYSICAL", "NULL, 87")
{
    refuse_type(VM_PHYSICAL);
}
CASE(VA, 034, "type COMMIT+RESET", "NULL, 87")
{
    refuse_type(COM | MEM_RESET);
}
CASE(VA, 035, "type TOP_DOWN+RESET", "NULL, 87")
{
    refuse_type(VM_TOP_DOWN | MEM_RESET);
}
CASE(VA, 036, "type RESET+COMMIT+RESERVE", "NULL, 87")
{
    refuse_type(MEM_RESET | COM | RSV);
}
CASE(VA, 037, "type PHYSICAL+COMMIT", "NULL, 87")
{
    refuse_type(VM_PHYSICAL | COM);
}
CASE(VA, 040, "type 0xFFFFFFFF", "NULL, 87")
{
    refuse_type(0xFFFFFFFF);
}
CASE(VA, 042, "type MEM_WRITE_WATCH", "NULL, 87")
{
    refuse_type(VM_WRITE_WATCH);
}

CASE(VA, 038, "type PHYSICAL+RESERVE, RW", "success")
{
    todo_wine("MEM_PHYSICAL is refused") {
        BYTE *p = (BYTE *)VirtualAlloc(NULL, GR, VM_PHYSICAL | RSV, RWR);

        if (ok(p != NULL, "got NULL with %lu", (unsigned long)GetLastError())) {
            compat_claim((ULONG_PTR)p, GR);
            expect_eq(query(p).State, MEM_RESERVE);
            expect_eq(query(p).Type, MEM_PRIVATE);
        }
    }
}

CASE(VA, 039, "type PHYSICAL+RESERVE, protection other than RW", "NULL")
{
    expect_failure(VirtualAlloc(NULL, GR, VM_PHYSICAL | RSV, RO));
    expect_failure(VirtualAlloc(NULL, GR, VM_PHYSICAL | RSV, NA));
    expect_failure(VirtualAlloc(NULL, GR, VM_PHYSICAL | RSV, XRW));
}

CASE(VA, 041, "type TOP_DOWN+COMMIT, base NULL", "success")
{
    BYTE *p = obtain(PG, VM_TOP_DOWN | COM, RWR);

    expect_query(p, p, p, RWR, PG, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VA, 043, "type WRITE_WATCH+RESERVE", "success")
{
    BYTE *p = obtain(GR, VM_WRITE_WATCH | RSV, RWR);

    expect_query(p, p, p, RWR, GR, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VA, 044, "type with AT_ROUND_TO_PAGE", "NULL, 87")
{
    refuse_type(VM_ROUND_TO_PAGE | RSV);
    refuse_type(VM_ROUND_TO_PAGE | COM);
    refuse_type(VM_ROUND_TO_PAGE | RSV | COM);
}

CASE(VA, 045, "type RESERVE+RESERVE_PLACEHOLDER", "NULL, 87")
{
    expect_error(VirtualAlloc(NULL, GR, RSV | VM_RESERVE_PLACEHOLDER, NA), ERROR_INVALID_PARAMETER);
    expect_parameter(nt_alloc(NULL, 0, GR, RSV | VM_RESERVE_PLACEHOLDER, NA).status, 5);
}

CASE(VA, 046, "type LARGE_PAGES without both RESERVE and COMMIT", "NULL")
{
    expect_failure(VirtualAlloc(NULL, 0x200000, VM_LARGE_PAGES | RSV, RWR));
    expect_failure(VirtualAlloc(NULL, 0x200000, VM_LARGE_PAGES | COM, RWR));
}

/* A protection that is refused for a reservation, a commit, both, and a commit in a reservation. */
static void refuse_protection(ULONG protect)
{
    ULONG modifiers = protect & (PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE);
    BYTE *a = obtain(0x2000, RSV, RWR);
    struct snapshot before;

    place(a, PG, COM, RWR);
    before = look(a, 0x2000);
    todo_if(is_wine() && modifiers && protect != 0xFFFFFFFF,
            "Wine: GUARD, NOCACHE and WRITECOMBINE are not checked against the rest") {
        expect_error(VirtualAlloc(NULL, PG, RSV, protect), ERROR_INVALID_PARAMETER);
        expect_error(VirtualAlloc(NULL, PG, COM, protect), ERROR_INVALID_PARAMETER);
        expect_error(VirtualAlloc(NULL, PG, RSV | COM, protect), ERROR_INVALID_PARAMETER);
        expect_error(VirtualAlloc(a, 0x2000, COM, protect), ERROR_INVALID_PARAMETER);
        expect_status(nt_alloc(NULL, 0, PG, RSV | COM, protect).status, ST_INVALID_PAGE_PROTECTION);
        expect_status(nt_alloc(NULL, 0, PG, RSV, protect).status, ST_INVALID_PAGE_PROTECTION);
        expect_unchanged(&before);
    }
}

CASE(VA, 048, "protection 0 with RESERVE", "NULL, 87")
{
    expect_error(VirtualAlloc(NULL, PG, RSV, 0), ERROR_INVALID_PARAMETER);
    expect_status(nt_alloc(NULL, 0, PG, RSV, 0).status, ST_INVALID_PAGE_PROTECTION);
}

CASE(VA, 049, "protection 0 with COMMIT", "NULL, 87")
{
    refuse_protection(0);
}

CASE(VA, 050, "protections 01 02 04 10 20 40, COMMIT", "Protect and AllocationProtect equal it")
{
    static const ULONG legal[] = {0x01, 0x02, 0x04, 0x10, 0x20, 0x40};

    for (unsigned i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
        BYTE *p = obtain(PG, COM, legal[i]);

        expect_query(p, p, p, legal[i], PG, MEM_COMMIT, legal[i], MEM_PRIVATE);
    }
}

CASE(VA, 051, "protections WC, XWC", "NULL, 87")
{
    refuse_protection(PAGE_WRITECOPY);
    refuse_protection(PAGE_EXECUTE_WRITECOPY);
}

CASE(VA, 052, "two or more bits of the low nibble", "NULL, 87")
{
    for (ULONG protect = 3; protect < 16; protect++)
        if (protect & (protect - 1))
            refuse_protection(protect);
}

CASE(VA, 053, "two or more bits of the high nibble", "NULL, 87")
{
    for (ULONG protect = 3; protect < 16; protect++)
        if (protect & (protect - 1))
            refuse_protection(protect << 4);
}

CASE(VA, 054, "a low-nibble bit and a high-nibble bit", "NULL, 87")
{
    for (ULONG low = 1; low < 16; low <<= 1)
        for (ULONG high = 0x10; high < 0x100; high <<= 1)
            refuse_protection(low | high);
}

CASE(VA, 055, "protection 0xFFFFFFFF", "NULL, 87")
{
    refuse_protection(0xFFFFFFFF);
}
CASE(VA, 056, "protection NA+GUARD", "NULL, 87")
{
    refuse_protection(NA | PAGE_GUARD);
}
CASE(VA, 057, "protection NA+WRITECOMBINE", "NULL, 87")
{
    refuse_protection(NA | PAGE_WRITECOMBINE);
}
CASE(VA, 058, "protection NA+NOCACHE", "NULL, 87")
{
    refuse_protection(NA | PAGE_NOCACHE);
}
CASE(VA, 059, "protection RW+NOCACHE+GUARD", "NULL, 87")
{
    refuse_protection(RWR | PAGE_NOCACHE | PAGE_GUARD);
}
CASE(VA, 060, "protection RW+NOCACHE+WRITECOMBINE", "NULL, 87")
{
    refuse_protection(RWR | PAGE_NOCACHE | PAGE_WRITECOMBINE);
}
CASE(VA, 061, "protection RW+WRITECOMBINE+GUARD", "NULL, 87")
{
    refuse_protection(RWR | PAGE_WRITECOMBINE | PAGE_GUARD);
}

CASE(VA, 062, "protection RO+WRITECOMBINE", "success")
{
    BYTE *p = obtain(PG, RSV | COM, RO | PAGE_WRITECOMBINE);

    expect_eq(query(p).State, MEM_COMMIT);
    todo_wine("WRITECOMBINE is not reported") {
        expect_eq(query(p).Protect, RO | PAGE_WRITECOMBINE);
        expect_eq(query(p).AllocationProtect, RO | PAGE_WRITECOMBINE);
    }
    expect_no_fault(touch_read(p));
    expect_fault(touch_write(p), 1, p);
}

CASE(VA, 063, "protection RW+NOCACHE", "Protect = AllocationProtect = 0x204")
{
    BYTE *p = obtain(0x2000, COM, RWR | PAGE_NOCACHE);

    expect_query(p, p, p, 0x204, 0x2000, MEM_COMMIT, 0x204, MEM_PRIVATE);
    expect_no_fault(touch_write(p));
}

CASE(VA, 064, "protection RW+GUARD", "Protect = AllocationProtect = 0x104")
{
    BYTE *p = obtain(0x2000, RSV | COM, RWR | PAGE_GUARD);

    expect_query(p, p, p, 0x104, 0x2000, MEM_COMMIT, 0x104, MEM_PRIVATE);
}

CASE(VA, 065, "COMMIT with RO+X at a committed page", "NULL, 87")
{
    BYTE *p = obtain(0x2000, RSV | COM, RWR);

    expect_error(VirtualAlloc(p, PG, COM, 0x12), ERROR_INVALID_PARAMETER);
    expect_status(nt_alloc(p, 0, PG, COM, 0x12).status, ST_INVALID_PAGE_PROTECTION);
    expect_page(p, MEM_COMMIT, RWR);
}

CASE(VA, 066, "Nt(0xF000, 0x1000, RESERVE, RW)", "INVALID_PARAMETER_2*")
{
    expect_refused(nt_alloc((void *)0xF000, 0, PG, RSV, RWR), 0xF000, PG, ST_PARAMETER(2),
                   ST_INVALID_PARAMETER);
    expect_error(VirtualAlloc((void *)0xF000, PG, RSV, RWR), ERROR_INVALID_PARAMETER);
}

CASE(VA, 067, "Nt(0x123, 0x321, COMMIT, XR)", "CONFLICTING_ADDRESSES or INVALID_PARAMETER")
{
    expect_refused(nt_alloc((void *)0x123, 0, 0x321, COM, XR), 0x123, 0x321,
                   ST_CONFLICTING_ADDRESSES, ST_INVALID_PARAMETER, ST_PARAMETER(2));
}

static void refuse_above(ULONG type)
{
    ULONG_PTR above[ABOVE_USER];
    unsigned n = above_user(above);

    for (unsigned i = 0; i < n; i++) {
        void *at = (void *)above[i];

        todo_wine32("addresses up to the end of the host's can be had") {
            expect_refused(nt_alloc(at, 0, PG, type, RWR), at, PG, ST_PARAMETER(2),
                           ST_INVALID_PARAMETER);
            expect_error(VirtualAlloc(at, PG, type, RWR), ERROR_INVALID_PARAMETER);
        }
        if (query(at).State == RSV)
            VirtualFree(at, 0, MEM_RELEASE);
    }
}

CASE(VA, 068, "RESERVE above the highest user address", "INVALID_PARAMETER_2*")
{
    refuse_above(RSV);
    refuse_above(RSV | COM);
}

CASE(VA, 069, "COMMIT at a kernel address", "INVALID_PARAMETER_2*")
{
    refuse_above(COM);
}

CASE(VA, 071, "size SIZE_MAX, base NULL", "INVALID_PARAMETER_4*")
{
    for (SIZE_T less = 0; less < 3; less++) {
        SIZE_T size = (SIZE_T)-1 - less * 0x7FF;

        todo_wine("WORKING_SET_LIMIT_RANGE, the same 87")
            expect_refused(nt_alloc(NULL, 0, size, RSV, NA), NULL, size, ST_PARAMETER(4),
                           ST_INVALID_PARAMETER);
        expect_error(VirtualAlloc(NULL, size, RSV | COM, RWR), ERROR_INVALID_PARAMETER);
    }
}

CASE(VA, 072, "32-bit: size 0xFFFFFFFF", "INVALID_PARAMETER_4*")
{
    skip_if(!is_narrow(), "a size like others");
    todo_wine("WORKING_SET_LIMIT_RANGE, the same 87")
        expect_refused(nt_alloc(NULL, 0, 0xFFFFFFFF, RSV, NA), NULL, 0xFFFFFFFF, ST_PARAMETER(4),
                       ST_INVALID_PARAMETER);
    expect_error(VirtualAlloc(NULL, 0xFFFFFFFF, RSV, NA), ERROR_INVALID_PARAMETER);
}

CASE(VA, 073, "size larger than user space, base NULL", "NULL, 87 or 8 or 1455")
{
    const uint64_t sizes[] = {user_top(), 2147483647000000, (SIZE_T)-1 / 4 * 3};

    for (unsigned i = 0; i < 3; i++) {
        if ((SIZE_T)sizes[i] < user_top())
            continue;
        expect_error(VirtualAlloc(NULL, (SIZE_T)sizes[i], RSV, NA), ERROR_INVALID_PARAMETER,
                     ERROR_NOT_ENOUGH_MEMORY, ERROR_COMMITMENT_LIMIT);
        expect_error(VirtualAlloc(NULL, (SIZE_T)sizes[i], COM, RWR), ERROR_INVALID_PARAMETER,
                     ERROR_NOT_ENOUGH_MEMORY, ERROR_COMMITMENT_LIMIT);
    }
}

CASE(VA, 074, "reserve in a loop until failure", "NULL, 8")
{
    SIZE_T half = (SIZE_T)(user_top() / 2 + GR) & ~(SIZE_T)0xFFFFF;
    unsigned n = 0;

    skip_if(is_wine(), "Wine keeps a byte for each page: the memory of the host would run out");
    /* Below the number of ranges that the case may hold: half of all first, then smaller pieces. */
    for (SIZE_T piece = half; piece >= half >> 6; piece >>= 1)
        while (n < COMPAT_RANGES - 1) {
            BYTE *p = (BYTE *)VirtualAlloc(NULL, piece, RSV, NA);

            if (!p)
                break;
            compat_claim((ULONG_PTR)p, piece);
            n++;
        }
    ok(n > 0, "got no reservation at all");
    expect_error(VirtualAlloc(NULL, half, RSV, NA), ERROR_NOT_ENOUGH_MEMORY);
}

CASE(VA, 076, "commit beyond the commit limit", "NULL, 1455")
{
    skip_if(is_wine(), "Wine has no commit limit and keeps a byte for each page");
    skip_if(is_narrow(), "the address space ends before the commit limit");
    expect_error(VirtualAlloc(NULL, (SIZE_T)(user_top() / 8), COM, RWR), ERROR_COMMITMENT_LIMIT);
}

CASE(VA, 078, "VirtualAllocEx(NULL process)", "NULL, 6")
{
    expect_error(VirtualAllocEx(NULL, NULL, PG, COM, RWR), ERROR_INVALID_HANDLE);
}

CASE(VA, 079, "NtAllocateVirtualMemory(garbage handle)", "INVALID_HANDLE, outputs untouched")
{
    PVOID base = (PVOID)0x12345;
    SIZE_T size = 0x678;

    expect_status(NtAllocateVirtualMemory((HANDLE)(ULONG_PTR)0xdeadbeec, &base, 0, &size, COM, RWR),
                  ST_INVALID_HANDLE);
    expect_ptr(base, 0x12345);
    expect_eq(size, 0x678);
}

CASE(VA, 080, "handle of another object type", "NULL, 6")
{
#ifdef _WIN32
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);

    expect_error(VirtualAllocEx(event, NULL, PG, COM, RWR), ERROR_INVALID_HANDLE);
    CloseHandle(event);
#else
    /* The library makes process handles only; the pseudo handle of the current thread is -2. */
    expect_error(VirtualAllocEx((HANDLE)(LONG_PTR)-2, NULL, PG, COM, RWR), ERROR_INVALID_HANDLE);
#endif
}

CASE(VA, 081, "handle without PROCESS_VM_OPERATION", "NULL, 5")
{
    HANDLE self = OpenProcess(PROCESS_VM_READ, FALSE, GetCurrentProcessId());
    MEMORY_BASIC_INFORMATION info;
    BYTE *a = obtain(PG, COM, RWR);
    DWORD old = 0x77;

    ok(self != NULL, "OpenProcess: got NULL with %lu", (unsigned long)GetLastError());
    expect_error(VirtualAllocEx(self, NULL, PG, COM, RWR), ERROR_ACCESS_DENIED);
    expect_error(VirtualProtectEx(self, a, PG, RO, &old), ERROR_ACCESS_DENIED);
    expect_error(VirtualFreeEx(self, a, 0, MEM_RELEASE), ERROR_ACCESS_DENIED);
    expect_error(VirtualQueryEx(self, a, &info, sizeof(info)), ERROR_ACCESS_DENIED);
    expect_page(a, MEM_COMMIT, RWR);
    CloseHandle(self);
}

CASE(VA, 082, "target process terminated", "NULL, 5")
{
#ifdef _WIN32
    STARTUPINFOA start = {.cb = sizeof(start)};
    PROCESS_INFORMATION child;
    char self[MAX_PATH], line[MAX_PATH + 16];

    GetModuleFileNameA(NULL, self, sizeof(self));
    snprintf(line, sizeof(line), "\"%s\" --wait", self);
    ok(CreateProcessA(self, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &start, &child),
       "child");
    TerminateProcess(child.hProcess, 0);
    WaitForSingleObject(child.hProcess, 10000);
    expect_error(VirtualAllocEx(child.hProcess, NULL, PG, COM, RWR), ERROR_ACCESS_DENIED);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
#else
    pid_t child = fork();
    HANDLE process;

    if (child == 0)
        for (;;)
            pause();
    process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)child);
    ok(process != NULL, "OpenProcess: got NULL with %lu", (unsigned long)GetLastError());
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect_error(VirtualAllocEx(process, NULL, PG, COM, RWR), ERROR_ACCESS_DENIED);
    expect_success(CloseHandle(process));
#endif
}

typedef PVOID(WINAPI *alloc_from_app)(PVOID, SIZE_T, ULONG, ULONG);

static alloc_from_app find_from_app(void)
{
    HMODULE module = GetModuleHandleA("kernelbase.dll");

    return module ? (alloc_from_app)(void *)GetProcAddress(module, "VirtualAllocFromApp") : NULL;
}

CASE(VA, 085, "VirtualAllocFromApp succeeds", "last error untouched")
{
    alloc_from_app alloc = find_from_app();
    BYTE *p = NULL;

    skip_if(!alloc && !is_native(), "no VirtualAllocFromApp (Windows 10)");
    if (!ok(alloc != NULL, "GetProcAddress: got NULL"))
        return;
    expect_success(p = (BYTE *)alloc(NULL, PG, COM, RWR));
    compat_claim((ULONG_PTR)p, PG);
    expect_query(p, p, p, RWR, PG, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VA, 086, "VirtualAllocFromApp(NULL, 0x1000, RESERVE, RW)", "success")
{
    alloc_from_app alloc = find_from_app();
    BYTE *p;

    skip_if(!alloc && !is_native(), "no VirtualAllocFromApp (Windows 10)");
    if (!ok(alloc != NULL, "GetProcAddress: got NULL"))
        return;
    p = (BYTE *)alloc(NULL, PG, RSV, RWR);
    compat_claim((ULONG_PTR)p, PG);
    expect_query(p, p, p, RWR, PG, MEM_RESERVE, 0, MEM_PRIVATE);
}
