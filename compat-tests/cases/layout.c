/* Where user space ends, in each layout (W32-001..022): 2 GB and 4 GB for 32-bit programs, 3 GB,
 * and what 64-bit programs have. Every case judges by the layout that the system says it is in. */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE

/* A case of which nobody knows Windows' answer: what is seen there is recorded only. */
#define unverified(format, ...)                                                                    \
    do {                                                                                           \
        printf("# recorded: " format "\n", __VA_ARGS__);                                           \
        skip_if(!is_native(), "unverified: no test or page says what Windows does");               \
    } while (0)

/* What a reservation gives, which is released at once. */
static void *try_reserve(ULONG_PTR at, SIZE_T size)
{
    void *p = VirtualAlloc((void *)at, size, RSV, NA);

    if (p)
        VirtualFree(p, 0, MEM_RELEASE);
    return p;
}

static void refuse_alloc(ULONG_PTR at, SIZE_T size, ULONG number)
{
    expect_refused(nt_alloc((void *)at, 0, size, RSV, RWR), at, size, ST_PARAMETER(number),
                   ST_INVALID_PARAMETER);
    expect_error(VirtualAlloc((void *)at, size, RSV | COM, RWR), ERROR_INVALID_PARAMETER);
}

CASE(W32, 006, "LowestUserAddress, page size, granularity", "0x10000, 0x1000, 0x10000")
{
    SYSTEM_INFO info;

    memset(&info, 0xcc, sizeof(info));
    GetSystemInfo(&info);
    expect_eq(address_of(info.lpMinimumApplicationAddress), GR);
    expect_eq(info.dwPageSize, PG);
    expect_eq(info.dwAllocationGranularity, GR);
    expect_eq(sizeof(info), is_32bit() ? 36 : 48);
    refuse_alloc(1, PG, 2);
    refuse_alloc(GR - PG, PG, 2);
    expect_fault(touch_read((void *)(GR - 1)), 0, (void *)(GR - 1));
    expect_fault(touch_write((void *)0x10), 1, (void *)0x10);
}

CASE(W32, 012, "MEM_TOP_DOWN in a layout of 2 GB", "below the page of shared data at 0x7FFE0000")
{
    BYTE *p;

    skip_if(user_top() != TOP_2G, "another layout");
    p = obtain(GR, RSV | VM_TOP_DOWN, NA);
    ok(address_of(p) + GR <= SHARED_DATA, "got %p", (void *)p);
}

CASE(W32, 013, "MEM_TOP_DOWN in a layout of more than 2 GB", "from 2 GB up, if there is room")
{
    BYTE *p;

    skip_if(!is_narrow() || user_top() <= 0x80000000u, "another layout");
    p = obtain(GR, RSV | VM_TOP_DOWN, NA);
    ok(address_of(p) < user_top(), "got %p", (void *)p);
    unverified("MEM_TOP_DOWN gives %p", (void *)p);
    ok(address_of(p) >= 0x80000000u, "got %p", (void *)p);
}

CASE(W32, 014, "VirtualAlloc at 0x80000000 in a layout of 2 GB", "INVALID_PARAMETER_2*")
{
    skip_if(user_top() != TOP_2G, "another layout");
    skip_if(is_wine(), "Wine uses addresses above its limit, and moves the limit then");
    unverified("VirtualAlloc(0x80000000) gives %p", try_reserve(0x80000000u, PG));
    refuse_alloc(0x80000000u, PG, 2);
    refuse_alloc(TOP_2G, PG, 2);
}

CASE(W32, 015, "VirtualAlloc at the end of a narrow layout", "87")
{
    ULONG_PTR top = (ULONG_PTR)user_top();

    skip_if(!is_narrow(), "another layout");
    skip_if(is_wine(), "Wine uses addresses above its limit, and moves the limit then");
    unverified("VirtualAlloc(0x%llx) gives %p", (unsigned long long)top,
               try_reserve(top, PG));
    refuse_alloc(top, PG, 2);
    refuse_alloc(top, GR, 2);
}

CASE(W32, 016, "a range that begins in the last granule and is longer", "87")
{
    ULONG_PTR top = (ULONG_PTR)user_top();

    skip_if(!is_narrow(), "another layout");
    unverified("VirtualAlloc(0x%llx, 0x20000) gives %p", (unsigned long long)(top - PG),
               try_reserve(top - PG, 0x20000));
    refuse_alloc(top - PG, 0x20000, 4);
    refuse_alloc(top - GR, GR + 1, 4);
}

CASE(W32, 017, "VirtualQuery(HighestUserAddress + 1)", "0, 87")
{
    MEMORY_BASIC_INFORMATION info;
    BYTE *top = (BYTE *)at_address((ULONG_PTR)user_top());

    expect_error(VirtualQuery(top, &info, sizeof(info)), ERROR_INVALID_PARAMETER);
    expect_status(nt_query(GetCurrentProcess(), top, QUERY_BASIC, &info, sizeof(info), NULL),
                  ST_INVALID_PARAMETER);
    expect_eq(VirtualQuery(top - 1, &info, sizeof(info)), sizeof(info));
    expect_eq(address_of(info.BaseAddress) + info.RegionSize, user_top());
}

CASE(W32, 018, "walk from 0 by RegionSize", "ends at HighestUserAddress + 1")
{
    MEMORY_BASIC_INFORMATION info;
    ULONG_PTR at = (ULONG_PTR)at_address(0);
    unsigned n = 0;

    while (n < 100000 && VirtualQuery((LPCVOID)at, &info, sizeof(info)) == sizeof(info)) {
        if (!ok((ULONG_PTR)info.BaseAddress == at && info.RegionSize, "at 0x%llx: got %p, 0x%llx",
                (unsigned long long)at, info.BaseAddress, (unsigned long long)info.RegionSize))
            return;
        at += info.RegionSize;
        n++;
    }
    expect_eq(address_of((void *)at), user_top());
}

CASE(W32, 019, "the page at 0x7FFE0000", "COMMIT RO PRIVATE 0x1000, readable, fixed")
{
    BYTE *page = (BYTE *)at_address(SHARED_DATA);
    MEMORY_BASIC_INFORMATION info = query(page);

    skip_if(user_top() < TOP_2G, "the space is smaller");
    expect_ptr(info.BaseAddress, page);
    expect_eq(info.RegionSize, PG);
    expect_eq(info.State, COM);
    expect_eq(info.Protect, RO);
    expect_eq(info.Type, MEM_PRIVATE);
    expect_no_fault(touch_read(page));
    expect_no_fault(touch_read(page + PG - 1));
    expect_fault(touch_write(page + 0x320), 1, page + 0x320);
}

/* ---- until nothing is left ---- */

enum { TAKEN = 4096 };
static void *taken[TAKEN];
static unsigned n_taken;

static void release_taken(void)
{
    while (n_taken)
        VirtualFree(taken[--n_taken], 0, MEM_RELEASE);
}

/* Takes blocks until one is refused; the last error of that one. */
static ULONG take_all(SIZE_T size, ULONG type)
{
    compat.cleanup = release_taken;
    while (n_taken < TAKEN) {
        SetLastError(0xdeadbeef);
        taken[n_taken] = VirtualAlloc(NULL, size, type, RWR);
        if (!taken[n_taken])
            return GetLastError();
        n_taken++;
    }
    return 0;
}

CASE(W32, 020, "a narrow space exhausted by reservations of 5 MB", "NULL, 8")
{
    SIZE_T size = 5 << 20;
    ULONG error;

    skip_if(!is_narrow(), "another layout");
    error = take_all(size, RSV);
    expect_eq(error, ERROR_NOT_ENOUGH_MEMORY);
    printf("# %u blocks in 0x%llx bytes\n", n_taken, (unsigned long long)user_top());
    ok(n_taken > 100 && n_taken <= user_top() / size, "got %u blocks", n_taken);
    expect_status(nt_alloc(NULL, 0, size, RSV, NA).status, ST_NO_MEMORY);
    release_taken();
    taken[n_taken++] = VirtualAlloc(NULL, size, RSV, NA);
    ok(taken[0] != NULL, "nothing after all was released: %lu", (unsigned long)GetLastError());
}

CASE(VA, 075, "commit in a loop until the address space ends", "NULL, 8")
{
    struct compat_memory_status memory;

    skip_if(!is_narrow(), "the commit limit comes first");
    skip_if(memory_status(&memory) && memory.avail_page_file < user_top(),
            "the commit limit comes first");
    expect_eq(take_all(1 << 24, RSV | COM), ERROR_NOT_ENOUGH_MEMORY);
    ok(n_taken > 20, "got %u blocks", n_taken);
    release_taken();
}

CASE(W32, 021, "a narrow space: reserve 0xFFFFFFFF bytes", "INVALID_PARAMETER_4*")
{
    skip_if(!is_narrow(), "a size like others");
    todo_wine("WORKING_SET_LIMIT_RANGE, the same 87")
        expect_refused(nt_alloc(NULL, 0, 0xFFFFFFFF, RSV, NA), NULL, 0xFFFFFFFF, ST_PARAMETER(4),
                       ST_INVALID_PARAMETER);
    expect_error(VirtualAlloc(NULL, 0xFFFFFFFF, RSV, NA), ERROR_INVALID_PARAMETER);
}

CASE(W32, 022, "a layout of 2 GB: reserve 0x7FFF0000 bytes", "NULL, 8 or 87")
{
    skip_if(user_top() != TOP_2G, "another layout");
    unverified("last error %lu",
               (unsigned long)(try_reserve(0, TOP_2G), GetLastError()));
    expect_error(VirtualAlloc(NULL, TOP_2G, RSV, NA), ERROR_NOT_ENOUGH_MEMORY,
                 ERROR_INVALID_PARAMETER);
}

CASE(W32, 024, "placement without MEM_TOP_DOWN", "bottom-up")
{
    BYTE *first = obtain(GR, RSV, NA), *second = obtain(GR, RSV, NA), *top;

    top = obtain(GR, RSV | VM_TOP_DOWN, NA);
    unverified("got %p, then %p, top-down %p", (void *)first, (void *)second, (void *)top);
    ok(first < second && second < top, "got %p, then %p, top-down %p", (void *)first,
       (void *)second, (void *)top);
}
