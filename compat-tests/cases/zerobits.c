/* ZeroBits of NtAllocateVirtualMemory, NtMapViewOfSection and RtlCreateUserStack, in each layout
 * (W32-030..039, VA-095). */
#include "../compat_image.h"

#define TOP_DOWN (RSV | COM | VM_TOP_DOWN)

/* A page below `bound`: NO_MEMORY is an answer only when nothing is free there. */
static void check_alloc(ULONG_PTR bits, uint64_t bound)
{
    struct nt_out out = nt_alloc(NULL, bits, PG, TOP_DOWN, RWR);

    if (out.status) {
        expect_status(out.status, ST_NO_MEMORY);
        todo_wine("the lowest addresses are not used")
            ok(bound <= 0x100000, "ZeroBits 0x%llx: NO_MEMORY", (unsigned long long)bits);
        return;
    }
    compat_claim((ULONG_PTR)out.base, PG);
    ok(address_of(out.base) < bound, "ZeroBits 0x%llx: got %p", (unsigned long long)bits,
       (void *)out.base);
}

CASE(W32, 030, "alloc, ZeroBits 1, TOP_DOWN", "below 0x80000000")
{
    check_alloc(1, 0x80000000u);
}

CASE(W32, 031, "alloc, ZeroBits 2..20, TOP_DOWN", "below 2^(32-n); NO_MEMORY")
{
    for (unsigned n = 2; n <= 16; n++)
        check_alloc(n, (uint64_t)1 << (32 - n));
    for (unsigned n = 17; n <= 20; n++) {
        struct nt_out out = nt_alloc(NULL, n, PG, TOP_DOWN, RWR);

        if (!broken(n == 20 && out.status == ST_CONFLICTING_ADDRESSES))
            expect_refused(out, NULL, PG, ST_NO_MEMORY);
    }
}

/* 32-bit programs of a 32-bit Windows have no masks. */
static int have_masks(void)
{
    return !is_32bit() || is_wow64();
}

CASE(W32, 032, "alloc, ZeroBits as a mask, TOP_DOWN", "below the bit above its highest one")
{
    struct nt_out out;

    skip_if(!have_masks(), "native 32-bit: see VA-095");
    out = nt_alloc(NULL, 0x1AAAAAAA, PG, TOP_DOWN, RWR);
    expect_status(out.status, ST_SUCCESS);
    compat_claim((ULONG_PTR)out.base, PG);
    expect_eq(address_of(out.base) & ~(ULONG_PTR)0x1FFFFFFF, 0);
    ok((address_of(out.base) & ~(ULONG_PTR)0x1AAAAAAA) != 0, "%p has no bit outside the mask",
       (void *)out.base);
    for (unsigned k = 17; k < 31; k++)
        check_alloc((ULONG_PTR)1 << k, (uint64_t)2 << k);
    expect_refused(nt_alloc(NULL, 33, PG, TOP_DOWN, RWR), NULL, PG, ST_NO_MEMORY, ST_PARAMETER(3),
                   ST_INVALID_PARAMETER);
    expect_refused(nt_alloc(NULL, 0xFFFF, PG, TOP_DOWN, RWR), NULL, PG, ST_NO_MEMORY,
                   ST_PARAMETER(3), ST_INVALID_PARAMETER);
}

CASE(VA, 095, "32-bit Windows: alloc, ZeroBits as a mask", "INVALID_PARAMETER_3")
{
    skip_if(have_masks(), "masks: see W32-032");
    expect_refused(nt_alloc(NULL, 0x1AAAAAAA, PG, TOP_DOWN, RWR), NULL, PG, ST_PARAMETER(3));
    expect_refused(nt_alloc(NULL, 32, PG, TOP_DOWN, RWR), NULL, PG, ST_PARAMETER(3));
}

CASE(W32, 033, "alloc, valid ZeroBits and a base", "ZeroBits are ignored")
{
    BYTE *at = arena(2 * GR);

    expect_range(nt_alloc(at, 12, PG, RSV | COM, RWR), at, PG);
    expect_refused(nt_alloc(at, 12, PG, RSV | COM, RWR), at, PG, ST_CONFLICTING_ADDRESSES);
    expect_range(nt_alloc(at + GR, 1, PG, RSV, RWR), at + GR, PG);
    if (have_masks())
        expect_range(nt_alloc(at + GR, 0x1FFFF, PG, COM, RWR), at + GR, PG);
}

CASE(W32, 034, "map, ZeroBits and a base that has other bits", "INVALID_PARAMETER_4*")
{
    HANDLE memory = anonymous(RWR, PG);
    BYTE *at = arena(GR);

    expect_unmapped(nt_map(memory, .at = at, .zero_bits = 12, .protect = RO), at, 0,
                    ST_PARAMETER(4), ST_INVALID_PARAMETER);
    if (have_masks())
        expect_unmapped(nt_map(memory, .at = at, .zero_bits = 0x1FFFF, .protect = RO), at, 0,
                        ST_PARAMETER(4), ST_INVALID_PARAMETER);
    expect_gone(at);
}

CASE(W32, 035, "map, ZeroBits and a base that fits but is not aligned", "MAPPED_ALIGNMENT")
{
    HANDLE memory = anonymous(RWR, PG);
    BYTE *at = arena(GR);

    expect_unmapped(nt_map(memory, .at = at + PG, .zero_bits = 1, .protect = RO), at + PG, 0,
                    ST_MAPPED_ALIGNMENT);
    expect_unmapped(nt_map(memory, .at = at + 42, .zero_bits = 1, .protect = RO), at + 42, 0,
                    ST_MAPPED_ALIGNMENT);
}

CASE(W32, 036, "map, an image of base 0x180000000 with ZeroBits 0x7FFFFFFF",
     "below 2^31, on 64 KiB; IMAGE_NOT_AT_BASE")
{
    static const struct image high = {0x8664, 0x180000000};
    HANDLE file;
    struct nt_out out;

    skip_if(is_32bit_code(), "64-bit processes only");
    file = open_file(image_file(&high), GENERIC_READ | GENERIC_EXECUTE);
    out = nt_map(full_section(file, 0, RO, FLAG_IMAGE), .zero_bits = 0x7FFFFFFF, .protect = RO);
    expect_status(out.status, ST_SUCCESS, ST_IMAGE_NOT_AT_BASE);
    todo_wine("ZeroBits are ignored for an image")
        ok(out.base && address_of(out.base) < 0x80000000u, "got %p", (void *)out.base);
    expect_eq(address_of(out.base) & (GR - 1), 0);
    expect_eq(query(out.base).Type, VM_IMAGE);
}

CASE(W32, 037, "map, ZeroBits 20", "NO_MEMORY")
{
    expect_unmapped(nt_map(anonymous(RWR, PG), .zero_bits = 20, .protect = RO), NULL, 0,
                    ST_NO_MEMORY);
}

/* A stack of one commit and its bound; NO_MEMORY where the bound leaves no room. */
static void check_stack(ULONG bits, unsigned n)
{
    INITIAL_TEB made = {0};
    ULONG status = (ULONG)RtlCreateUserStack(0x20000, 0x20000, bits, 1, 1, &made);

    if (n >= 12) {
        expect_status(status, ST_CONFLICTING_ADDRESSES, ST_NO_MEMORY);
        return;
    }
    todo_if(is_wine() && n > 6, "Wine: low memory is in use")
        expect_status(status, ST_SUCCESS);
    if (status)
        return;
    ok((ULONG_PTR)made.StackBase <= 1ull << (32 - n), "ZeroBits 0x%lx: %p", (unsigned long)bits,
       made.StackBase);
    RtlFreeUserStack(made.DeallocationStack);
}

CASE(W32, 038, "RtlCreateUserStack, ZeroBits 12", "CONFLICTING_ADDRESSES or NO_MEMORY")
{
    check_stack(12, 12);
}

CASE(W32, 039, "RtlCreateUserStack, ZeroBits ~0 >> i", "as ZeroBits i; 32-bit Windows: _3")
{
    for (unsigned i = 1; i <= 12; i++) {
        INITIAL_TEB made;

        if (have_masks())
            check_stack(~0u >> i, i);
        else
            expect_status(RtlCreateUserStack(0x20000, 0x20000, ~0u >> i, 1, 1, &made),
                          ST_PARAMETER(3));
    }
}
