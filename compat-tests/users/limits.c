/* A program that asks what system it is on and chooses its limits by the answers, runs into each,
 * and goes on: a cache that takes all addresses there are, in blocks and in views. */
#include "users.h"

#define BIG ((SIZE_T)64 << 20)
#define MOST 40000

static void *got[MOST];
static uint64_t top;
static int low;

static int fails(void *p, DWORD error)
{
    return p == NULL && GetLastError() == error;
}

static void ask(void)
{
    SYSTEM_INFO info, native;
    MEMORYSTATUSEX memory;
    BOOL wow = 77;

    GetSystemInfo(&info);
    GetNativeSystemInfo(&native);
    memset(&memory, 0, sizeof(memory));
    memory.dwLength = sizeof(memory);
    check(IsWow64Process(GetCurrentProcess(), &wow) && (wow == TRUE || wow == FALSE),
          "a 32-bit process on a 64-bit system, or not");
    check(wow ? info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_INTEL &&
                    native.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64 && low
              : info.wProcessorArchitecture == native.wProcessorArchitecture,
          "two views of the processor, or one");
    check((uintptr_t)info.lpMinimumApplicationAddress == GRAN && info.dwPageSize == PAGE &&
              info.dwAllocationGranularity == GRAN && top % GRAN == 0,
          "the first address and the units");
    check(GlobalMemoryStatusEx(&memory) && memory.ullTotalVirtual == top - GRAN &&
              memory.ullAvailVirtual <= memory.ullTotalVirtual &&
              memory.ullAvailVirtual > memory.ullTotalVirtual / 4,
          "the memory status tells of the same space");
    if (low)
        check(memory.ullTotalVirtual <= 0xFFFE0000, "at most 4 GB");
}

static uint64_t available(void)
{
    MEMORYSTATUSEX memory;

    memory.dwLength = sizeof(memory);
    return GlobalMemoryStatusEx(&memory) ? memory.ullAvailVirtual : 0;
}

/* All addresses, in ever smaller blocks; n is how many are in got already. */
static int fill(int n, SIZE_T *total)
{
    for (SIZE_T size = BIG; size >= 16 * GRAN; size /= 2) {
        while (n < MOST) {
            void *p = VirtualAlloc(NULL, size, MEM_RESERVE | (n & 1 ? MEM_TOP_DOWN : 0),
                                   PAGE_READWRITE);
            if (!p)
                break;
            *total += size;
            got[n++] = p;
        }
        if (GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
            return -1;
    }
    return n;
}

static void use_up(void)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, BIG, NULL);
    uint64_t before = available();
    SIZE_T total = 0, again = 0;
    int n = fill(0, &total), good = 1, kept;
    uint8_t *p;

    check(n > 0 && total > top / 10 * 9 && total <= top, "all of the space can be had");
    check(available() <= before - total, "and is missing from what is available");
    SetLastError(0);
    check(fails(VirtualAlloc(NULL, BIG, MEM_RESERVE, PAGE_READWRITE), ERROR_NOT_ENOUGH_MEMORY),
          "then no block comes");
    SetLastError(0);
    check(fails(MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0), ERROR_NOT_ENOUGH_MEMORY),
          "and no view");
    p = got[n / 2];
    check(VirtualAlloc(p, PAGE, MEM_COMMIT, PAGE_READWRITE) == p && (p[5] = 7) == 7,
          "what is there can be used");
    for (int i = 0; i < n; i += 2)
        good &= VirtualFree(got[i], 0, MEM_RELEASE);
    kept = 0;
    for (int i = 1; i < n; i += 2)
        got[kept++] = got[i];
    p = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    check(good && p && (p[BIG - 1] = 9) == 9, "with half of it given back a view comes");
    check(p && UnmapViewOfFile(p) && CloseHandle(section), "and goes");
    n = fill(kept, &again);
    check(n > kept && again > total / 5 * 2, "the half is filled again");
    for (int i = 0; i < n; i++)
        good &= VirtualFree(got[i], 0, MEM_RELEASE);
    check(good && available() >= before - GRAN, "all is given back");
}

/* A space of 47 bits is not used up, but has the same ends. */
static void ends(void)
{
    static const uint64_t beyond[] = {0, 1, GRAN, 0x100000000, 0x8000000000000000};
    MEMORY_BASIC_INFORMATION m;
    DWORD old;
    int alloc = 1, query = 1, other = 1;

    for (unsigned i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        uint8_t *p = (uint8_t *)(uintptr_t)(top + beyond[i]);
        alloc &= fails(VirtualAlloc(p, PAGE, MEM_RESERVE, PAGE_READWRITE), ERROR_INVALID_PARAMETER);
        query &= !VirtualQuery(p, &m, sizeof(m)) && GetLastError() == ERROR_INVALID_PARAMETER;
        other &= !VirtualProtect(p, PAGE, PAGE_READONLY, &old) &&
                 GetLastError() == ERROR_INVALID_PARAMETER &&
                 !VirtualFree(p, 0, MEM_RELEASE) && GetLastError() == ERROR_INVALID_PARAMETER;
    }
    check(alloc, "nothing is allocated past the end");
    check(query, "nor is there anything to ask");
    check(other, "to protect or to release");
    check(VirtualQuery((uint8_t *)(uintptr_t)(top - 1), &m, sizeof(m)) &&
              (uintptr_t)m.BaseAddress + m.RegionSize == top,
          "the last region ends at the end");
    check(fails(VirtualAlloc((void *)(uintptr_t)(top - GRAN), 2 * GRAN, MEM_RESERVE, PAGE_NOACCESS),
                ERROR_INVALID_PARAMETER),
          "a block does not reach over it");
    check(fails(VirtualAlloc(NULL, (SIZE_T)top, MEM_RESERVE, PAGE_NOACCESS),
                ERROR_INVALID_PARAMETER),
          "nor is one as long as the space");
    check(fails(VirtualAlloc((void *)(uintptr_t)PAGE, PAGE, MEM_RESERVE, PAGE_NOACCESS),
                ERROR_INVALID_PARAMETER),
          "nor in the first 64 KiB");
}

int main(void)
{
    top = user_space();
    low = top <= (uint64_t)1 << 32;
    ask();
    ends();
    if (low)
        use_up();
    return users_end();
}
