/* A monitor of processes: what it shows of itself must follow what it does, number by number, and
 * agree with the walk over its own address space. */
#include "users.h"

#define MIB ((SIZE_T)1 << 20)
#define BLOCK (32 * MIB)
#define SLACK (4 * MIB) /* what the library and other code may take meanwhile */

/* ProcessVmCounters */
struct vm_counters {
    SIZE_T peak_virtual, virtual;
    ULONG faults;
    SIZE_T peak_working, working, pool[4], pagefile, peak_pagefile, private;
};

/* PROCESS_MEMORY_COUNTERS_EX */
struct memory_counters {
    DWORD size, faults;
    SIZE_T peak_working, working, pool[4], pagefile, peak_pagefile, private;
};

typedef LONG(NTAPI *query_call)(HANDLE, int, PVOID, ULONG, PULONG);
typedef BOOL(WINAPI *counters_call)(HANDLE, PVOID, DWORD);
typedef BOOL(WINAPI *empty_call)(HANDLE);

static query_call query;
static counters_call counters;
static empty_call empty;

static int find_calls(void)
{
    HMODULE k = GetModuleHandleA("kernel32.dll");

    query = (query_call)(void *)GetProcAddress(GetModuleHandleA("ntdll.dll"),
                                               "NtQueryInformationProcess");
    counters = (counters_call)(void *)GetProcAddress(k, "K32GetProcessMemoryInfo");
    empty = (empty_call)(void *)GetProcAddress(k, "K32EmptyWorkingSet");
    return query && counters && empty;
}

/* Newer programs name the sets of calls that they need, and find there what kernelbase has. */
static int found_in_sets(void)
{
    static const char *const at[][2] = {
        {"api-ms-win-core-psapi-l1-1-0.dll", "K32GetProcessMemoryInfo"},
        {"api-ms-win-core-sysinfo-l1-1-0", "GlobalMemoryStatusEx"},
        {"api-ms-win-core-memory-l1-1-1.dll", "GetProcessWorkingSetSizeEx"},
        {"api-ms-win-core-systemtopology-l1-1-0.dll", "GetNumaHighestNodeNumber"},
    };
    HMODULE base = GetModuleHandleA("kernelbase.dll");
    int good = 1;

    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        HMODULE set = LoadLibraryA(at[i][0]);
        good &= set && GetProcAddress(set, at[i][1]) &&
                GetProcAddress(set, at[i][1]) == GetProcAddress(base, at[i][1]);
    }
    return good && !GetModuleHandleA("api-ms-win-core-nosuch-l1-1-0.dll");
}

static struct vm_counters now(void)
{
    struct vm_counters c;
    ULONG len = 0;

    memset(&c, 0, sizeof(c));
    if (query(GetCurrentProcess(), 3, &c, sizeof(c), &len) < 0 || len != sizeof(c))
        memset(&c, 0xff, sizeof(c));
    return c;
}

/* Whether a number rose by about that much. */
static int rose(SIZE_T before, SIZE_T after, SIZE_T by)
{
    return after + SLACK >= before + by && after <= before + by + SLACK;
}

static int same_in_both(void)
{
    struct memory_counters c;
    struct vm_counters v = now();

    memset(&c, 0, sizeof(c));
    return counters(GetCurrentProcess(), &c, sizeof(c)) && c.size == sizeof(c) &&
           rose(v.working, c.working, 0) && rose(v.pagefile, c.pagefile, 0) &&
           c.private == c.pagefile && c.peak_working >= c.working &&
           c.peak_pagefile >= c.pagefile && c.faults >= v.faults;
}

/* All that is not free. */
static uint64_t walk(void)
{
    MEMORY_BASIC_INFORMATION info;
    uint64_t used = 0;
    uint8_t *p = NULL;

    while (VirtualQuery(p, &info, sizeof(info))) {
        used += info.State == MEM_FREE ? 0 : info.RegionSize;
        p = (uint8_t *)info.BaseAddress + info.RegionSize;
    }
    return used;
}

static void follow(void)
{
    struct vm_counters before, c;
    uint8_t *p;
    uint64_t used = walk();

    VirtualFree(VirtualAlloc(NULL, BLOCK, MEM_RESERVE, PAGE_NOACCESS), 0, MEM_RELEASE);
    before = now();
    check(before.virtual >= used / 2 && before.virtual <= used * 2 + 64 * MIB,
          "the virtual size is that of the address space that is in use");
    p = VirtualAlloc(NULL, BLOCK, MEM_RESERVE, PAGE_NOACCESS);
    c = now();
    check(rose(before.virtual, c.virtual, BLOCK) && rose(before.private, c.private, 0) &&
              rose(before.working, c.working, 0),
          "a reservation counts as virtual size only");
    check(VirtualAlloc(p, BLOCK, MEM_COMMIT, PAGE_READWRITE) == p && (c = now(), 1) &&
              rose(before.private, c.private, BLOCK) && rose(before.pagefile, c.pagefile, BLOCK) &&
              rose(before.working, c.working, 0),
          "committing it counts as private memory");
    memset(p, 1, BLOCK);
    c = now();
    check(rose(before.working, c.working, BLOCK) && c.peak_working >= c.working - SLACK,
          "using it counts in the working set, and its peak");
    check(c.faults >= before.faults && same_in_both(), "both calls tell the same");
    check(VirtualFree(p, BLOCK / 2, MEM_DECOMMIT) && (c = now(), 1) &&
              rose(before.private, c.private, BLOCK / 2) &&
              rose(before.working, c.working, BLOCK / 2) &&
              rose(before.virtual, c.virtual, BLOCK),
          "what is decommitted is gone, but for its addresses");
    check(VirtualFree(p, 0, MEM_RELEASE) && (c = now(), 1) && rose(before.virtual, c.virtual, 0) &&
              rose(before.private, c.private, 0) &&
              c.peak_virtual >= before.virtual + BLOCK - SLACK &&
              c.peak_pagefile >= before.pagefile + BLOCK - SLACK,
          "all that was released is gone; the peaks stay");
}

int main(void)
{
    if (!find_calls()) {
        printf("ok 1 - a monitor # SKIP no such calls\n1..1\n");
        return 0;
    }
    check(found_in_sets(), "the calls are found in their sets");
    follow();
    check(empty(GetCurrentProcess()) && same_in_both(), "and after the working set was emptied");
    return users_end();
}
