/* Memory from the system: reservations at aligned addresses, by VirtualAlloc2 where it exists, else
 * by a larger reservation that shows where one of the right size can be; another thread may take
 * that place between the two calls, so that is tried again. */
#include <windows.h>
#include <psapi.h>
#include <tchar.h>
#include "alloc.h"

enum { N_TRIES = 16 };
typedef PVOID(WINAPI *alloc2_fn)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *,
                                 ULONG);
typedef LPVOID(WINAPI *numa_fn)(HANDLE, LPVOID, SIZE_T, DWORD, DWORD, DWORD);
typedef BOOL(WINAPI *node_fn)(UCHAR, PUCHAR);
typedef DWORD(WINAPI *processor_fn)(VOID);

static alloc2_fn alloc2;
static numa_fn alloc_numa;
static node_fn node_of;
static processor_fn processor;
static size_t large_page;       /* 0: none may be had */

/* Large pages are for those who may lock memory. */
static int take_privilege(void)
{
    TOKEN_PRIVILEGES wanted;
    HANDLE token;
    int taken;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return 0;
    wanted.PrivilegeCount = 1;
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    taken = LookupPrivilegeValue(NULL, TEXT("SeLockMemoryPrivilege"), &wanted.Privileges[0].Luid)
            && AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL)
            && GetLastError() == ERROR_SUCCESS;
    CloseHandle(token);
    return taken;
}

static FARPROC find(LPCTSTR module, LPCSTR name)
{
    HMODULE found = GetModuleHandle(module);
    return found ? GetProcAddress(found, name) : NULL;
}

void os_start(int plain)
{
    if (plain)
        return;
    alloc2 = (alloc2_fn)(void *)find(TEXT("kernelbase.dll"), "VirtualAlloc2");
    alloc_numa = (numa_fn)(void *)find(TEXT("kernel32.dll"), "VirtualAllocExNuma");
    node_of = (node_fn)(void *)find(TEXT("kernel32.dll"), "GetNumaProcessorNode");
    processor = (processor_fn)(void *)find(TEXT("kernel32.dll"), "GetCurrentProcessorNumber");
    if (take_privilege())
        large_page = GetLargePageMinimum();
}

static DWORD nearest_node(void)
{
    UCHAR node = 0xff;
    if (!node_of || !processor || !node_of((UCHAR)processor(), &node) || node == 0xff)
        return NUMA_NO_PREFERRED_NODE;
    return node;
}

static void *reserve_at(void *at, size_t size, DWORD type)
{
    DWORD node = nearest_node();
    if (alloc_numa && node != NUMA_NO_PREFERRED_NODE)
        return alloc_numa(GetCurrentProcess(), at, size, type, PAGE_READWRITE, node);
    return VirtualAlloc(at, size, type, PAGE_READWRITE);
}

static void *reserve_by_alloc2(size_t size, size_t align, DWORD type)
{
    MEM_ADDRESS_REQUIREMENTS where = {0};
    MEM_EXTENDED_PARAMETER what = {0};
    where.Alignment = align;
    what.Type = MemExtendedParameterAddressRequirements;
    what.Pointer = &where;
    return alloc2(GetCurrentProcess(), NULL, size, type, PAGE_READWRITE, &what, 1);
}

static void *reserve_by_tries(size_t size, size_t align, DWORD type)
{
    int tries;
    for (tries = 0; tries < N_TRIES; tries++) {
        char *wide = VirtualAlloc(NULL, size + align, MEM_RESERVE, PAGE_NOACCESS), *at;
        if (!wide)
            return NULL;
        at = (char *)(((ULONG_PTR)wide + align - 1) & ~(ULONG_PTR)(align - 1));
        VirtualFree(wide, 0, MEM_RELEASE);
        at = reserve_at(at, size, type);
        if (at)
            return at;
    }
    return NULL;
}

static void *reserve(size_t size, size_t align, DWORD type)
{
    char *at = alloc2 ? reserve_by_alloc2(size, align, type) : NULL;
    if (!at)
        at = reserve_at(NULL, size, type);
    if (!at || ((ULONG_PTR)at & (align - 1)) == 0)
        return at;
    VirtualFree(at, 0, MEM_RELEASE);
    return reserve_by_tries(size, align, type);
}

void *os_reserve(size_t size, size_t align)
{
    return reserve(size, align, MEM_RESERVE);
}

void *os_large(size_t size, size_t align)
{
    if (large_page == 0 || size % large_page != 0)
        return NULL;
    return reserve(size, align, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES);
}

int os_commit(void *at, size_t size)
{
    return VirtualAlloc(at, size, MEM_COMMIT, PAGE_READWRITE) == at;
}

void os_decommit(void *at, size_t size)
{
    VirtualFree(at, size, MEM_DECOMMIT);
}

void os_reset(void *at, size_t size)
{
    /* Unlocking what is not locked takes it out of the working set, too. */
    if (VirtualAlloc(at, size, MEM_RESET, PAGE_READWRITE))
        VirtualUnlock(at, size);
}

void os_release(void *reservation)
{
    VirtualFree(reservation, 0, MEM_RELEASE);
}

size_t os_committed(void *at, size_t size)
{
    MEMORY_BASIC_INFORMATION region;
    char *next = at, *end = next + size;
    size_t sum = 0;
    while (next < end && VirtualQuery(next, &region, sizeof region) == sizeof region) {
        char *region_end = (char *)region.BaseAddress + region.RegionSize;
        if (region_end > end)
            region_end = end;
        if (region.State == MEM_COMMIT)
            sum += (size_t)(region_end - next);
        next = region_end;
    }
    return sum;
}
