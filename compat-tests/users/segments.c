/* The back end of a memory allocator: aligned segments from VirtualAlloc2 where it exists, else
 * over-reserved and trimmed; nodes, large pages where they are allowed, purging, a hundred thousand
 * segments. */
#include "users.h"

#define SEGMENT ((SIZE_T)4 << 20)
#define N_ALIGNED 200
#define MOST_SEGMENTS 100000

typedef PVOID(WINAPI *alloc2)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *, ULONG);

static alloc2 p_alloc2;

static void *aligned_new(SIZE_T size, SIZE_T alignment, DWORD flags, int node)
{
    MEM_ADDRESS_REQUIREMENTS reqs;
    MEM_EXTENDED_PARAMETER params[2];

    memset(&reqs, 0, sizeof(reqs));
    memset(params, 0, sizeof(params));
    reqs.Alignment = alignment;
    params[0].Type = MemExtendedParameterAddressRequirements;
    params[0].Pointer = &reqs;
    params[1].Type = MemExtendedParameterNumaNode;
    params[1].ULong = (DWORD)node;
    return p_alloc2(GetCurrentProcess(), NULL, size, flags, PAGE_READWRITE, params,
                    node >= 0 ? 2 : 1);
}

/* Reserve more, release, reserve the aligned part of it. */
static void *aligned_old(SIZE_T size, SIZE_T alignment, DWORD flags)
{
    for (int tries = 0; tries < 10; tries++) {
        uint8_t *over = VirtualAlloc(NULL, size + alignment, MEM_RESERVE, PAGE_NOACCESS);
        uint8_t *at, *got;

        if (!over)
            return NULL;
        at = (uint8_t *)(((uintptr_t)over + alignment - 1) & ~(uintptr_t)(alignment - 1));
        VirtualFree(over, 0, MEM_RELEASE);
        got = VirtualAlloc(at, size, flags, PAGE_READWRITE);
        if (got == at)
            return got;
        if (got)
            VirtualFree(got, 0, MEM_RELEASE);
    }
    return NULL;
}

static void aligned(void)
{
    SIZE_T arena = user_space() >> 33 ? (SIZE_T)1 << 16 << 16 : (SIZE_T)1 << 29;
    void *all[N_ALIGNED], *big;
    int good = 1;

    for (int i = 0; i < N_ALIGNED; i++) {
        all[i] = i & 1 ? aligned_old(SEGMENT, SEGMENT, MEM_RESERVE)
                       : aligned_new(SEGMENT, SEGMENT, MEM_RESERVE, -1);
        good &= all[i] && (uintptr_t)all[i] % SEGMENT == 0;
        good &= !i || all[i] != all[i - 1];
    }
    check(good, "segments of 4 MiB at multiples of 4 MiB, in both ways");
    for (int i = 0; i < N_ALIGNED; i++)
        good &= VirtualFree(all[i], 0, MEM_RELEASE);
    check(good, "are released");
    big = aligned_new(arena / 4 * 3, arena, MEM_RESERVE, -1);
    check(big && (uintptr_t)big % arena == 0 && VirtualFree(big, 0, MEM_RELEASE),
          "an arena at a multiple of its size");
    SetLastError(0);
    check(!aligned_new(SEGMENT, SEGMENT + GRAN, MEM_RESERVE, -1) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "an alignment is a power of two");
    SetLastError(0);
    check(!aligned_new(SEGMENT, PAGE, MEM_RESERVE, -1) && GetLastError() == ERROR_INVALID_PARAMETER,
          "of 64 KiB at least");
}

#ifndef _WIN32
/* Whole, of zeros and aligned, or refused as where the privilege or the memory is missing. */
static int is_large(const uint8_t *p, SIZE_T alignment)
{
    if (!p)
        return GetLastError() == ERROR_PRIVILEGE_NOT_HELD ||
               GetLastError() == ERROR_NO_SYSTEM_RESOURCES;
    return (uintptr_t)p % alignment == 0 && p[0] == 0 && p[SEGMENT - 1] == 0 &&
           VirtualFree((void *)p, 0, MEM_RELEASE);
}
#endif

static void nodes(void)
{
    uint8_t *p = aligned_new(SEGMENT, SEGMENT, MEM_RESERVE | MEM_COMMIT, 0);
    uint8_t *q = VirtualAllocExNuma(GetCurrentProcess(), NULL, SEGMENT, MEM_RESERVE | MEM_COMMIT,
                                    PAGE_READWRITE, 0);

    check(p && q, "node 0 gives memory");
    p[7] = q[7] = 1;
    VirtualFree(p, 0, MEM_RELEASE);
    VirtualFree(q, 0, MEM_RELEASE);
#ifndef _WIN32 /* Wine looks at no node */
    SetLastError(0);
    check(!aligned_new(SEGMENT, SEGMENT, MEM_RESERVE, 4000) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "there is no node 4000");
    SetLastError(0);
    p = VirtualAlloc(NULL, SEGMENT, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE);
    check(is_large(p, GetLargePageMinimum()), "large pages, or the reason why not");
    SetLastError(0);
    p = aligned_new(SEGMENT, SEGMENT, MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES, -1);
    check(is_large(p, SEGMENT), "also with an alignment");
#endif
}

/* Eager: decommit. Lazy: MEM_RESET, contents may go or stay until written. */
static void purge(void)
{
    uint8_t *s = aligned_new(SEGMENT, SEGMENT, MEM_RESERVE, -1);
    int good = 1, zero = 1;

    check(VirtualAlloc(s, SEGMENT, MEM_COMMIT, PAGE_READWRITE) == s, "a segment is committed");
    memset(s, 0x5a, SEGMENT);
    for (SIZE_T at = 0; at < SEGMENT; at += 2 * GRAN)
        good &= VirtualFree(s + at, GRAN, MEM_DECOMMIT) &&
                VirtualAlloc(s + at, GRAN, MEM_COMMIT, PAGE_READWRITE) == s + at;
    for (SIZE_T at = 0; at < SEGMENT; at += PAGE)
        zero &= s[at + 11] == (at / GRAN & 1 ? 0x5a : 0);
    check(good && zero, "purged spans are zero, the others whole");
    for (SIZE_T at = GRAN; at < SEGMENT; at += 2 * GRAN) {
        good &= VirtualAlloc(s + at, GRAN, MEM_RESET, PAGE_READWRITE) == s + at;
        /* as allocators do to have the pages leave the working set */
        good &= !VirtualUnlock(s + at, GRAN) && GetLastError() == ERROR_NOT_LOCKED;
    }
    check(good, "spans are offered to the system");
    memset(s, 0x11, SEGMENT);
    for (SIZE_T at = 0; at < SEGMENT; at += PAGE)
        good &= s[at] == 0x11;
    check(good, "and written again without ado");
    SetLastError(0);
    check(!VirtualFree(s + GRAN, 0, MEM_RELEASE) && GetLastError() == ERROR_INVALID_ADDRESS,
          "a part of a segment is not released");
    check(!VirtualFree(s, SEGMENT, MEM_RELEASE) && GetLastError() == ERROR_INVALID_PARAMETER &&
              VirtualFree(s, 0, MEM_RELEASE),
          "the whole is, without a size");
}

static void many(void)
{
    static uint8_t *all[MOST_SEGMENTS];
    int n = (int)at_most(MOST_SEGMENTS, user_space() / (3 * GRAN)); /* each takes two places */
    MEMORY_BASIC_INFORMATION m;
    int good = 1, seen = 1;

    for (int i = 0; i < n; i++) {
        all[i] = aligned_new(GRAN, 2 * GRAN, MEM_RESERVE, -1);
        good &= all[i] && (uintptr_t)all[i] % (2 * GRAN) == 0;
    }
    check(good, "a hundred thousand segments are reserved, or half a space");
    for (int i = 0; i < n; i += 100) {
        good &= VirtualAlloc(all[i], PAGE, MEM_COMMIT, PAGE_READWRITE) == all[i];
        all[i][0] = (uint8_t)i;
        seen &= VirtualQuery(all[i] + PAGE, &m, sizeof(m)) && m.AllocationBase == all[i] &&
                m.RegionSize == GRAN - PAGE && m.State == MEM_RESERVE;
    }
    check(good && seen, "some are used");
    for (int i = 0; i < n; i++)
        good &= (i % 100 || all[i][0] == (uint8_t)i) && VirtualFree(all[i], 0, MEM_RELEASE);
    check(good, "all are released");
}

int main(void)
{
    HMODULE dll = LoadLibraryA("kernelbase.dll");
    FARPROC f = GetProcAddress(dll, "VirtualAlloc2FromApp");
    SYSTEM_INFO si;

    GetSystemInfo(&si);
    check(si.dwPageSize == PAGE && si.dwAllocationGranularity == GRAN, "pages and granularity");
    if (!f) /* the order in which allocators ask */
        f = GetProcAddress(dll, "VirtualAlloc2");
    memcpy(&p_alloc2, &f, sizeof(f));
    if (!check(p_alloc2 != NULL, "kernelbase.dll has VirtualAlloc2"))
        return users_end();
    FreeLibrary(dll);
    aligned();
    nodes();
    purge();
    many();
    return users_end();
}
