/* A garbage collector with coloured pointers: every 2 MiB of the heap stand at three addresses, one
 * for each colour, so that a pointer is good whatever its colour bits. The heap is committed and
 * uncommitted in such steps, each a section of its own. */
#include "users.h"

#define GRANULE ((SIZE_T)2 << 20)
#define MOST_GRANULES 3400u
#define COLORS 3u

typedef PVOID(WINAPI *alloc2)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *, ULONG);
typedef PVOID(WINAPI *map3)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG,
                            MEM_EXTENDED_PARAMETER *, ULONG);
typedef BOOL(WINAPI *unmap2)(HANDLE, PVOID, ULONG);

static alloc2 p_alloc2;
static map3 p_map3;
static unmap2 p_unmap2;
static unsigned low_color; /* the lowest bit of an address that is a colour */
static SIZE_T range;       /* of each colour: 4 TiB, in a smaller space 1/32 of it */
static unsigned n_granules;
static uint8_t *base[COLORS];
static HANDLE section[MOST_GRANULES];

static void find(void *to, const char *name)
{
    FARPROC f = GetProcAddress(GetModuleHandleA("kernelbase.dll"), name);

    memcpy(to, &f, sizeof(f));
}

static uint8_t *at(unsigned color, SIZE_T granule)
{
    return base[color] + granule * GRANULE;
}

/* The colour is a bit of the address; elsewhere when something is there. */
static int reserve(void)
{
    for (unsigned c = 0; c < COLORS; c++) {
        uint8_t *wanted = (uint8_t *)((SIZE_T)1 << (low_color + c));
        uint8_t *got = p_alloc2(GetCurrentProcess(), wanted, range,
                                MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0);
        if (!got)
            got = p_alloc2(GetCurrentProcess(), NULL, range, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                           PAGE_NOACCESS, NULL, 0);
        base[c] = got;
        if (!got)
            return 0;
    }
    return 1;
}

/* A granule is split off the range once; it stays apart while it is not in use. */
static int split(unsigned i)
{
    int good = 1;

    for (unsigned c = 0; c < COLORS; c++)
        good &= VirtualFree(at(c, i), GRANULE, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
    return good;
}

static int map(unsigned color, unsigned i)
{
    uint8_t *p = at(color, i);

    return p_map3(section[i], GetCurrentProcess(), p, 0, GRANULE, MEM_REPLACE_PLACEHOLDER,
                  PAGE_READWRITE, NULL, 0) == p;
}

static int commit_granule(unsigned i)
{
    int good = 1;

    section[i] =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)GRANULE, NULL);
    for (unsigned c = 0; section[i] && c < COLORS; c++)
        good &= map(c, i);
    return section[i] && good;
}

/* The last handle and the last view give the memory back. */
static int uncommit_granule(unsigned i)
{
    int good = CloseHandle(section[i]);

    section[i] = NULL;
    for (unsigned c = 0; c < COLORS; c++)
        good &= p_unmap2(GetCurrentProcess(), at(c, i), MEM_PRESERVE_PLACEHOLDER);
    return good;
}

/* A list through the heap whose links have any colour. */
static void collect(void)
{
    uint8_t *p;
    unsigned n = 0;

    for (unsigned i = 0; i < n_granules; i++) {
        unsigned next = (i + 1531) % n_granules; /* coprime: the list goes through all */
        uint8_t *link = at((i * 7 + 1) % COLORS, next) + next % 500 * 16;
        memcpy(at(i % COLORS, i) + i % 500 * 16, &link, sizeof(link));
    }
    p = base[0];
    do {
        memcpy(&p, p, sizeof(p));
        n++;
    } while (n <= n_granules && p != base[0] && p != base[1] && p != base[2]);
    check(n == n_granules, "pointers of all colours lead through the heap");
}

/* While it marks, one colour may not be written: who writes there is told. */
static volatile ULONG_PTR fault_at;

static LONG NTAPI barrier(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    ULONG_PTR a = r->ExceptionInformation[1];

    if (r->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION))
        return EXCEPTION_CONTINUE_SEARCH;
    fault_at = a;
    return protect((void *)(a & ~(GRANULE - 1)), GRANULE, PAGE_READWRITE)
               ? EXCEPTION_CONTINUE_EXECUTION
               : EXCEPTION_CONTINUE_SEARCH;
}

static void barriers(void)
{
    void *handle = AddVectoredExceptionHandler(1, barrier);
    int right = 1;

    for (unsigned i = 0; i < 200; i++) {
        volatile uint8_t *p = at(1, i * 17 % n_granules) + 12345;
        right &= protect(at(1, i * 17 % n_granules), GRANULE, PAGE_READONLY) == PAGE_READWRITE;
        fault_at = 0;
        *p = (uint8_t)i;
        right &= fault_at == (ULONG_PTR)p && at(2, i * 17 % n_granules)[12345] == (uint8_t)i;
    }
    check(right, "a barrier by protection, for one colour alone");
    RemoveVectoredExceptionHandler(handle);
}

static void space(void)
{
    uint8_t *p = VirtualAlloc(NULL, 4 * range, MEM_RESERVE, PAGE_NOACCESS);
    MEMORY_BASIC_INFORMATION m;

    check(p && VirtualQuery(p, &m, sizeof(m)) && m.RegionSize == 4 * range,
          "an eighth of the address space is reserved");
    check(VirtualAlloc(p + (15 * (range / 4)), GRANULE, MEM_COMMIT, PAGE_READWRITE) &&
              (p[(15 * (range / 4)) + 5] = 7) == 7,
          "any part can be used");
    check(VirtualFree(p, 0, MEM_RELEASE), "and released");
}

int main(void)
{
    MEMORY_BASIC_INFORMATION m;
    int good = 1;

    for (low_color = 42; (uint64_t)32 << low_color > user_space() + (2 << 16); low_color--)
        ;
    range = (SIZE_T)1 << low_color;
    n_granules = (unsigned)at_most(MOST_GRANULES, range / GRANULE - 1);
    find(&p_alloc2, "VirtualAlloc2");
    find(&p_map3, "MapViewOfFile3");
    find(&p_unmap2, "UnmapViewOfFile2");
    if (!check(p_alloc2 && p_map3 && p_unmap2, "the calls are there"))
        return users_end();
    space();
    if (!check(reserve(), "three ranges"))
        return users_end();
    for (unsigned i = 0; i < n_granules && good; i++)
        good &= split(i) && commit_granule(i);
    SetLastError(0);
    check(!split(7) && GetLastError() != 0, "what is split is not split again");
    if (!check(good, "a view of each colour"))
        return users_end();
    check(VirtualQuery(at(2, 5) + GRAN, &m, sizeof(m)) && m.AllocationBase == at(2, 5) &&
              m.RegionSize == GRANULE - GRAN && m.Type == MEM_MAPPED,
          "each is an allocation");
    collect();
    barriers();
    for (unsigned i = 0; i < n_granules; i += 2)
        good &= uncommit_granule(i);
    check(good, "every other granule is uncommitted");
    for (unsigned i = 0; i < n_granules; i += 2)
        good &= commit_granule(i) && at(i % COLORS, i)[i % 500 * 16] == 0;
    check(good, "and committed again, empty");
    for (unsigned i = 0; i < n_granules; i++)
        good &= uncommit_granule(i);
    check(good, "all go");
    for (unsigned c = 0; c < COLORS; c++)
        good &= VirtualFree(base[c], range, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS) &&
                VirtualFree(base[c], 0, MEM_RELEASE);
    check(good, "the ranges are whole again, and released");
    return users_end();
}
