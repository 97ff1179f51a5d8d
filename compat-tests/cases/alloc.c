/* Allocation: where a reservation lands, how it is rounded, what a commit does (VA-001..030,
 * VA-084, VA-090..131).
 *
 * The argument checks of the same calls (VA-031..089) are in alloc_args.c, MEM_RESET is in lock.c.
 * Addresses of the form 0x50000000 in the descriptions are relative to a free range that the case
 * takes there or elsewhere. */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XRW PAGE_EXECUTE_READWRITE

CASE(VA, 001, "VirtualAlloc(NULL, 0, RESERVE, NA)", "NULL, 87")
{
    expect_error(VirtualAlloc(NULL, 0, RSV, NA), ERROR_INVALID_PARAMETER);
    expect_parameter(nt_alloc(NULL, 0, 0, RSV, NA).status, 4);
}

CASE(VA, 002, "VirtualAlloc(NULL, 0xFFFC, RESERVE, NA)", "RegionSize 0x10000")
{
    BYTE *p = obtain(0xFFFC, RSV, NA);

    expect_query(p, p, p, NA, GR, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VA, 003, "VirtualAlloc(NULL, 0x2000, RESERVE+COMMIT, XRW)", "on a 64 KiB boundary")
{
    BYTE *p = obtain(0x2000, RSV | COM, XRW);

    expect_eq((ULONG_PTR)p & 0xFFFF, 0);
    expect_query(p, p, p, XRW, 0x2000, MEM_COMMIT, XRW, MEM_PRIVATE);
}

/* Reserves at an offset into a free range and expects the rounded range. */
static void check_rounding(SIZE_T offset, SIZE_T size, SIZE_T base_offset, SIZE_T want)
{
    BYTE *a = arena(0x40000);

    expect_range(nt_alloc(a + offset, 0, size, RSV, NA), a + base_offset, want);
    expect_query(a + base_offset, a + base_offset, a + base_offset, NA, want, MEM_RESERVE, 0,
                 MEM_PRIVATE);
    expect_page(a + base_offset + want, MEM_FREE, PAGE_NOACCESS);
}

CASE(VA, 004, "Nt(0x50000000, 1, RESERVE)", "0x50000000, 0x1000")
{
    check_rounding(0, 1, 0, 0x1000);
}
CASE(VA, 005, "Nt(0x50008000, 1, RESERVE)", "0x50000000, 0x9000")
{
    check_rounding(0x8000, 1, 0, 0x9000);
}
CASE(VA, 006, "Nt(0x50000010, 0x1000, RESERVE)", "0x50000000, 0x2000")
{
    check_rounding(0x10, 0x1000, 0, 0x2000);
}
CASE(VA, 007, "Nt(0x50010000, 0x2000, RESERVE)", "0x50010000, 0x2000")
{
    check_rounding(0x10000, 0x2000, 0x10000, 0x2000);
}
CASE(VA, 008, "Nt(0x5000FFFF, 0x3000, RESERVE)", "0x50000000, 0x13000")
{
    check_rounding(0xFFFF, 0x3000, 0, 0x13000);
}
CASE(VA, 009, "Nt(0x50001010, 0x7000, RESERVE)", "0x50000000, 0x9000")
{
    check_rounding(0x1010, 0x7000, 0, 0x9000);
}
CASE(VA, 010, "Nt(0x50001010, 0xC000, RESERVE)", "0x50000000, 0xE000")
{
    check_rounding(0x1010, 0xC000, 0, 0xE000);
}

CASE(VA, 011, "Nt(0x50004080, 0x1000, RESERVE+COMMIT, RW)", "0x50000000, 0x6000, all writable")
{
    BYTE *a = arena(0x40000);

    expect_range(nt_alloc(a + 0x4080, 0, 0x1000, RSV | COM, RWR), a, 0x6000);
    expect_query(a, a, a, RWR, 0x6000, MEM_COMMIT, RWR, MEM_PRIVATE);
    for (SIZE_T i = 0; i < 0x6000; i += PG)
        expect_no_fault(touch_write(a + i));
}

CASE(VA, 012, "Nt(0x60025000, 200, RESERVE+COMMIT, RW)", "0x60020000, 0x6000")
{
    BYTE *a = arena(0x40000);

    expect_range(nt_alloc(a + 0x25000, 0, 200, RSV | COM, RWR), a + 0x20000, 0x6000);
}

CASE(VA, 013, "Nt(0x50008000, 0x1000, RESERVE), 0x3000 bytes reserved at 0x50000000",
     "CONFLICTING_ADDRESSES")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);
    struct snapshot before = look(a, 0x40000);

    expect_refused(nt_alloc(a + 0x8000, 0, 0x1000, RSV, NA), a + 0x8000, 0x1000,
                   ST_CONFLICTING_ADDRESSES);
    expect_unchanged(&before);
}

CASE(VA, 014, "Nt(A+0x1000, 0x1000, RESERVE+COMMIT, XRW), A one page", "CONFLICTING_ADDRESSES")
{
    BYTE *a = obtain(0x1000, RSV | COM, XRW);

    expect_refused(nt_alloc(a + PG, 0, PG, RSV | COM, XRW), a + PG, PG, ST_CONFLICTING_ADDRESSES);
}

CASE(VA, 015, "as VA-014 with ZeroBits 12", "CONFLICTING_ADDRESSES")
{
    BYTE *a = obtain(0x1000, RSV | COM, XRW);

    expect_refused(nt_alloc(a + PG, 12, PG, RSV | COM, XRW), a + PG, PG, ST_CONFLICTING_ADDRESSES);
}

CASE(VA, 016, "VirtualAlloc(A, n, RESERVE...), A allocated", "NULL, 487")
{
    BYTE *a = obtain(0x20000, RSV, NA);
    struct snapshot before = look(a, 0x20000);

    expect_error(VirtualAlloc(a, PG, RSV, NA), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(a, PG, RSV | COM, RWR), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(a + GR, GR, RSV | COM, RWR), ERROR_INVALID_ADDRESS);
    expect_unchanged(&before);
}

CASE(VA, 017, "VirtualAlloc(A, 0x1000, RESERVE+COMMIT, XRW), A released before", "A")
{
    BYTE *a = obtain(0x1000, RSV | COM, XRW);

    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_ptr(VirtualAlloc(a, 0x1000, RSV | COM, XRW), a);
}

CASE(VA, 018, "Nt(0x50002000, 0x1000, COMMIT, NA) in a reservation", "base unchanged, 0x1000")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    expect_range(nt_alloc(a + 0x2000, 0, 0x1000, COM, NA), a + 0x2000, 0x1000);
    expect_query(a, a, a, NA, 0x2000, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VA, 019, "Nt(A, 0x4321, COMMIT, RW) in a reservation", "size 0x5000")
{
    BYTE *a = obtain(0x5000, RSV, RWR);

    expect_range(nt_alloc(a, 0, 0x4321, COM, RWR), a, 0x5000);
}

CASE(VA, 020, "commit of 2 bytes straddling a page boundary", "both pages committed")
{
    BYTE *a = obtain(0x4000, RSV, NA);

    expect_ptr(VirtualAlloc(a + 0x1FFF, 2, COM, RWR), a + 0x1000);
    expect_query(a + 0x1000, a + 0x1000, a, NA, 0x2000, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_page(a, MEM_RESERVE, 0);
    expect_page(a + 0x3000, MEM_RESERVE, 0);
}

CASE(VA, 021, "commit RW of a page committed NA", "success, RW")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    expect_range(nt_alloc(a + 0x2000, 0, 0x1000, COM, NA), a + 0x2000, 0x1000);
    expect_fault(touch_read(a + 0x2000), 0, a + 0x2000);
    expect_range(nt_alloc(a + 0x2000, 0, 0x1000, COM, RWR), a + 0x2000, 0x1000);
    expect_page(a + 0x2000, MEM_COMMIT, RWR);
    expect_no_fault(touch_write(a + 0x2000));
}

CASE(VA, 022, "recommit with the same protection", "success, data unchanged")
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);

    memset(a, 0x77, 0x2000);
    expect_ptr(VirtualAlloc(a, 0x2000, COM, RWR), a);
    expect_eq(a[0], 0x77);
    expect_eq(a[0x1FFF], 0x77);
}

CASE(VA, 023, "Nt(A, 0x3000, COMMIT, RO) over RW, reserved and NA pages", "all RO, data kept")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);

    place(a, PG, COM, RWR);
    place(a + 0x2000, PG, COM, NA);
    a[5] = 0x44;
    expect_range(nt_alloc(a, 0, 0x3000, COM, RO), a, 0x3000);
    expect_query(a, a, a, NA, 0x3000, MEM_COMMIT, RO, MEM_PRIVATE);
    expect_fault(touch_rewrite(a), 1, a);
    expect_no_fault(touch_read(a));
    expect_eq(a[5], 0x44);
    expect_eq(a[0x1000], 0);
}

CASE(VA, 024, "commit past the end of a reservation", "CONFLICTING_ADDRESSES")
{
    BYTE *a = place(arena(0x40000), 0x3000, RSV, NA);
    struct snapshot before = look(a, 0x40000);

    todo_wine("NOT_MAPPED_VIEW for a range that is not reserved")
        expect_status(nt_alloc(a + 0x3000, 0, 0x1000, COM, NA).status, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(a + 0x3000, 0x1000, COM, NA), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(a + 0x2000, 0x2000, COM, NA), ERROR_INVALID_ADDRESS);
    expect_unchanged(&before);
}

CASE(VA, 025, "commit over two adjacent reservations", "CONFLICTING_ADDRESSES")
{
    BYTE *a = arena(0x40000);
    struct snapshot before;

    place(a, GR, RSV, NA);
    place(a + GR, GR, RSV, NA);
    before = look(a, 0x40000);
    todo_wine("NOT_MAPPED_VIEW for a range that is not in one reservation")
        expect_status(nt_alloc(a + 0x4000, 0, 0x10000, COM, NA).status, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(a + 0xF000, 0x2000, COM, RWR), ERROR_INVALID_ADDRESS);
    expect_unchanged(&before);
}

CASE(VA, 026, "VirtualAlloc(free address, n, COMMIT, RW)", "NULL, 487")
{
    BYTE *a = arena(0x40000);

    expect_error(VirtualAlloc(a, PG, COM, RWR), ERROR_INVALID_ADDRESS);
    todo_wine("NOT_MAPPED_VIEW for a range that is not reserved")
        expect_status(nt_alloc(a, 0, PG, COM, RWR).status, ST_CONFLICTING_ADDRESSES);
    expect_page(a, MEM_FREE, PAGE_NOACCESS);
}

CASE(VA, 027, "VirtualAlloc(NULL, n, COMMIT, RW)", "reserved and committed")
{
    BYTE *p = obtain(0x3000, COM, RWR);

    expect_query(p, p, p, RWR, 0x3000, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(p + 0x2FFF));
}

CASE(VA, 028, "read a newly committed page", "zero bytes")
{
    BYTE *p = obtain(0x20000, COM, RWR);
    unsigned sum = 0;

    for (SIZE_T i = 0; i < 0x20000; i++)
        sum |= p[i];
    expect_eq(sum, 0);
}

CASE(VA, 029, "commit, write, decommit, commit, read", "zero bytes")
{
    BYTE *p = obtain(0x4000, RSV | COM, RWR);

    memset(p, 0xff, 0x4000);
    expect_success(VirtualFree(p, 0x4000, MEM_DECOMMIT));
    place(p, 0x4000, COM, RWR);
    for (SIZE_T i = 0; i < 0x4000; i += 0x3FF)
        expect_eq(p[i], 0);
}

CASE(VA, 030, "touch a reserved page", "access violation")
{
    BYTE *p = obtain(0x2000, RSV, RWR);

    expect_fault(touch_read(p + 0x123), 0, p + 0x123);
    expect_fault(touch_write(p + 0x1FFF), 1, p + 0x1FFF);
}

CASE(VA, 084, "a failing VirtualAlloc", "NULL, the caller's variables unchanged")
{
    BYTE *a = obtain(0x1000, RSV, NA);

    expect_ptr(VirtualAlloc(a, 0x123, RSV, NA), NULL);
    expect_refused(nt_alloc(a + 0x11, 0, 0x123, RSV, NA), a + 0x11, 0x123,
                   ST_CONFLICTING_ADDRESSES);
    expect_refused(nt_alloc(a + 0x11, 0, 0x123, COM, 0), a + 0x11, 0x123,
                   ST_INVALID_PAGE_PROTECTION);
}

CASE(VA, 090, "Nt ZeroBits 1, TOP_DOWN", "address below 2^31")
{
    struct nt_out out = nt_alloc(NULL, 1, PG, RSV | COM | VM_TOP_DOWN, RWR);

    expect_status(out.status, ST_SUCCESS);
    compat_claim((ULONG_PTR)out.base, PG);
    ok(address_of(out.base) < 0x80000000u, "base: got %p, expected below 2^31", out.base);
}

/* Whether a 64 KiB slot below the limit is free. */
static int has_room_below(ULONG_PTR limit)
{
    ULONG_PTR at = GR;

    while (at + PG <= limit) {
        MEMORY_BASIC_INFORMATION info = query(at_address(at));

        if (info.State == MEM_FREE)
            return 1;
        at = (address_of(info.BaseAddress) + info.RegionSize + GR - 1) & ~(ULONG_PTR)(GR - 1);
    }
    return 0;
}

static void check_zero_bits(unsigned bits)
{
    struct nt_out out = nt_alloc(NULL, bits, PG, RSV | COM | VM_TOP_DOWN, RWR);

    if (broken(bits == 20 && out.status == ST_CONFLICTING_ADDRESSES))
        return;
    if (out.status == ST_NO_MEMORY) {
        todo_wine32("the lowest addresses are not used")
            ok(!has_room_below((ULONG_PTR)1 << (32 - bits)),
               "bits %u: NO_MEMORY with room below 2^%u", bits, 32 - bits);
        return;
    }
    expect_status(out.status, ST_SUCCESS);
    ok(!out.status && address_of(out.base) >> (32 - bits) == 0, "bits %u: got %p", bits, out.base);
    ok(VirtualFree(out.base, 0, MEM_RELEASE), "bits %u: release of %p", bits, out.base);
}

CASE(VA, 091, "Nt ZeroBits 2..20, TOP_DOWN", "address below 2^(32-n)")
{
    for (unsigned bits = 2; bits <= 20; bits++)
        check_zero_bits(bits);
}

CASE(VA, 092, "Nt ZeroBits 21", "NO_MEMORY or INVALID_PARAMETER")
{
    expect_refused(nt_alloc(NULL, 21, PG, RSV | COM, RWR), NULL, PG, ST_NO_MEMORY,
                   ST_INVALID_PARAMETER, ST_PARAMETER(3));
}

CASE(VA, 093, "Nt ZeroBits 22..31", "INVALID_PARAMETER_3*")
{
    for (unsigned bits = 22; bits < 32; bits++)
        expect_parameter(nt_alloc(NULL, bits, PG, RSV | COM, RWR).status, 3);
}

CASE(VA, 094, "Nt ZeroBits as a mask (0x1AAAAAAA, 0xFFFFFFFF)", "below 2^29; below 2^32")
{
    struct nt_out low = nt_alloc(NULL, 0x1AAAAAAA, PG, RSV | COM | VM_TOP_DOWN, RWR);
    struct nt_out high = nt_alloc(NULL, 0xFFFFFFFF, PG, RSV | COM | VM_TOP_DOWN, RWR);

    expect_status(low.status, ST_SUCCESS);
    todo_wine32("NO_MEMORY for a mask of all bits")
        expect_status(high.status, ST_SUCCESS);
    compat_claim((ULONG_PTR)low.base, PG);
    compat_claim((ULONG_PTR)high.base, PG);
    ok(address_of(low.base) < 1u << 29, "got %p, expected below 2^29", low.base);
    ok(address_of(high.base) <= 0xFFFFFFFF, "got %p, expected below 2^32", high.base);
}

CASE(VA, 096, "Nt ZeroBits 24 with a base", "INVALID_PARAMETER_3*")
{
    BYTE *a = arena(GR);

    expect_parameter(nt_alloc(a, 24, PG, RSV | COM, RWR).status, 3);
    expect_page(a, MEM_FREE, PAGE_NOACCESS);
}

CASE(VA, 097, "Nt ZeroBits 0xFFFFFFFF with a base", "success or CONFLICTING_ADDRESSES")
{
    BYTE *a = arena(GR);

    expect_status(nt_alloc(a, 0xFFFFFFFF, PG, RSV | COM, RWR).status, ST_SUCCESS,
                  ST_CONFLICTING_ADDRESSES);
}

CASE(VA, 098, "Nt ZeroBits 3, base NULL", "success")
{
    struct nt_out out = nt_alloc(NULL, 3, PG, RSV | COM, RWR);

    expect_status(out.status, ST_SUCCESS);
    compat_claim((ULONG_PTR)out.base, PG);
    ok(address_of(out.base) < 1u << 29, "got %p, expected below 2^29", out.base);
}

CASE(VA, 099, "MEM_TOP_DOWN", "above the default placement; the next one below")
{
    BYTE *low = obtain(0x10000, RSV, NA);
    BYTE *top = obtain(0x10000, RSV | VM_TOP_DOWN, NA);
    BYTE *next = obtain(0x10000, RSV | VM_TOP_DOWN, NA);

    ok(top > low, "got %p top-down and %p by default", top, low);
    ok(next < top, "got %p after %p", next, top);
}

CASE(VA, 100, "RESERVE inside a mapped image", "CONFLICTING_ADDRESSES")
{
    static const char in_image[1] = "";

    skip_if(address_of((void *)(ULONG_PTR)main) >= user_top(),
            "the image of the program lies above the layout");
    expect_status(nt_alloc((void *)(ULONG_PTR)in_image, 0, PG, RSV, NA).status,
                  ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc((void *)(ULONG_PTR)main, PG, RSV, NA), ERROR_INVALID_ADDRESS);
}

CASE(VA, 117, "RESERVE+COMMIT where the first page of an allocation was released", "success there")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);

    todo_wine("part of an allocation cannot be released") {
        expect_range(nt_free(a + 1, 0xFFF, MEM_RELEASE), a, PG);
        expect_range(nt_alloc(a, 0, PG, RSV | COM, RWR), a, PG);
        expect_query(a, a, a, RWR, PG, MEM_COMMIT, RWR, MEM_PRIVATE);
    }
}

static void check_numa(DWORD node)
{
    BYTE *p = (BYTE *)VirtualAllocExNuma(GetCurrentProcess(), NULL, 0x3000, RSV | COM, RWR, node);

    if (!ok(p != NULL, "got NULL with %lu", (unsigned long)GetLastError()))
        return;
    compat_claim((ULONG_PTR)p, 0x3000);
    expect_query(p, p, p, RWR, 0x3000, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(p));
}

CASE(VA, 122, "VirtualAllocExNuma, node 0", "as VirtualAllocEx")
{
    check_numa(0);
}
CASE(VA, 123, "VirtualAllocExNuma, NUMA_NO_PREFERRED_NODE", "as VirtualAllocEx")
{
    check_numa(0xFFFFFFFF);
}

CASE(VA, 124, "VirtualAllocExNuma, absent node", "NULL")
{
    todo_wine("the node is ignored")
        expect_failure(VirtualAllocExNuma(GetCurrentProcess(), NULL, PG, RSV | COM, RWR, 0x7FFF));
}

CASE(VA, 127, "the Ex forms with GetCurrentProcess()", "as the plain calls")
{
    HANDLE self = GetCurrentProcess();
    MEMORY_BASIC_INFORMATION info;
    BYTE *p = (BYTE *)VirtualAllocEx(self, NULL, 0x2000, RSV | COM, RWR);
    DWORD old = 0;

    expect_ptr(self, (LONG_PTR)-1);
    if (!ok(p != NULL, "VirtualAllocEx: got NULL with %lu", (unsigned long)GetLastError()))
        return;
    compat_claim((ULONG_PTR)p, 0x2000);
    expect_success(VirtualProtectEx(self, p, PG, RO, &old));
    expect_eq(old, RWR);
    expect_eq(VirtualQueryEx(self, p, &info, sizeof(info)), sizeof(info));
    expect_eq(info.Protect, RO);
    expect_eq(info.RegionSize, PG);
    expect_success(VirtualFreeEx(self, p, 0, MEM_RELEASE));
    expect_page(p, MEM_FREE, PAGE_NOACCESS);
}

CASE(VA, 128, "success of VirtualAlloc, Free, Protect, Query and the Ex forms",
     "last error untouched")
{
    HANDLE self = GetCurrentProcess();
    MEMORY_BASIC_INFORMATION info;
    BYTE *p = NULL;
    DWORD old;

    expect_success(p = (BYTE *)VirtualAlloc(NULL, 0x2000, RSV, RWR));
    expect_success(VirtualAlloc(p, PG, COM, RWR));
    expect_success(VirtualProtect(p, PG, RO, &old));
    expect_success(VirtualQuery(p, &info, sizeof(info)));
    expect_success(VirtualFree(p, PG, MEM_DECOMMIT));
    expect_success(VirtualFree(p, 0, MEM_RELEASE));
    expect_success(p = (BYTE *)VirtualAllocEx(self, NULL, 0x2000, RSV | COM, RWR));
    expect_success(VirtualProtectEx(self, p, PG, RO, &old));
    expect_success(VirtualQueryEx(self, p, &info, sizeof(info)));
    expect_success(VirtualFreeEx(self, p, 0, MEM_RELEASE));
}

static void fail_often(void *arg)
{
    unsigned *wrong = (unsigned *)arg;

    for (int i = 0; i < 2000; i++) {
        SetLastError(77);
        VirtualAlloc(NULL, 0, RSV, NA);
        *wrong += GetLastError() != ERROR_INVALID_PARAMETER;
    }
}

CASE(VA, 129, "last error with several threads", "one value per thread")
{
    struct compat_thread thread;
    unsigned theirs = 0, ours = 0;

    ok(thread_start(&thread, fail_often, &theirs), "thread");
    for (int i = 0; i < 2000; i++) {
        SetLastError(1000 + (DWORD)i);
        ours += GetLastError() != 1000 + (DWORD)i;
    }
    thread_join(&thread);
    expect_eq(ours, 0);
    expect_eq(theirs, 0);
}

enum { THREADS = 4, ROUNDS = 300, BLOCKS = 8, SHARED_PAGES = 64 };

struct crowd {
    BYTE *shared;
    unsigned index, wrong;
};

static unsigned churn_block(BYTE **block, BYTE mark, int round)
{
    unsigned wrong = 0;

    if (*block) {
        wrong += (*block)[0] != mark || (*block)[0x2FFF] != mark;
        wrong += !VirtualFree(*block, 0, MEM_RELEASE);
    }
    *block = (BYTE *)VirtualAlloc(NULL, 0x3000, RSV | COM | (round & 1 ? VM_TOP_DOWN : 0), RWR);
    if (!*block)
        return wrong + 1;
    wrong += (*block)[0] || (*block)[0x2FFF];
    memset(*block, mark, 0x3000);
    return wrong;
}

static void crowd_run(void *arg)
{
    struct crowd *me = (struct crowd *)arg;
    BYTE *blocks[BLOCKS] = {0};
    DWORD old;

    for (int round = 0; round < ROUNDS; round++) {
        BYTE *page = me->shared + (SIZE_T)(me->index + THREADS * (unsigned)(round % 16)) * PG;

        me->wrong += churn_block(&blocks[round % BLOCKS],
                                 (BYTE)(me->index * 16 + round % BLOCKS + 1), round);
        me->wrong += VirtualAlloc(page, PG, COM, RWR) != page || page[7];
        page[7] = 1;
        me->wrong += !VirtualProtect(page, PG, RO, &old) || old != RWR;
        me->wrong += query(page).Protect != RO;
        me->wrong += !VirtualFree(page, PG, MEM_DECOMMIT);
    }
    for (int i = 0; i < BLOCKS; i++)
        me->wrong += !blocks[i] || !VirtualFree(blocks[i], 0, MEM_RELEASE);
}

CASE(VA, 130, "calls from several threads at once", "each takes effect as a whole")
{
    BYTE *shared = obtain(SHARED_PAGES * PG, RSV, NA);
    struct compat_thread threads[THREADS];
    struct crowd crowd[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){shared, i, 0};
        ok(thread_start(&threads[i], crowd_run, &crowd[i]), "thread %u", i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        ok(crowd[i].wrong == 0, "thread %u: got %u wrong answers, expected 0", i, crowd[i].wrong);
    }
    expect_query(shared, shared, shared, NA, SHARED_PAGES * PG, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VA, 131, "reserve 1 TiB (an eighth of a narrow space), commit single pages in it", "success")
{
    SIZE_T huge = is_narrow() ? 0x10000000 : (SIZE_T)1 << (sizeof(SIZE_T) * 5);
    BYTE *p = obtain(huge, RSV, NA);

    expect_query(p, p, p, NA, huge, MEM_RESERVE, 0, MEM_PRIVATE);
    for (SIZE_T at = 0; at < huge; at += huge / 8) {
        expect_ptr(VirtualAlloc(p + at, PG, COM, RWR), p + at);
        expect_no_fault(touch_write(p + at));
    }
    expect_ptr(VirtualAlloc(p + huge - PG, PG, COM, RWR), p + huge - PG);
    expect_query(p + PG, p + PG, p, NA, huge / 8 - PG, MEM_RESERVE, 0, MEM_PRIVATE);
}
