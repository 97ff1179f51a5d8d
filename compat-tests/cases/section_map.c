/* Views: offsets, sizes, bases and handles that MapViewOfFile and NtMapViewOfSection take
 * (SEC-070..091, SEC-223, SEC-224). */
#include "../compat_section.h"

CASE(SEC, 070, "size 0", "to the end of the section, rounded up to pages")
{
    HANDLE file = section_of(file_rwx(0x23456), RWR, 0), memory = anonymous(RWR, 0x23456);
    struct nt_out out;

    expect_view(map(file, VIEW_READ), 0x24000, RO);
    expect_view(try_map(file, VIEW_READ, GR, 0), 0x14000, RO);
    expect_view(try_map(file, VIEW_READ, 2 * GR, 0), 0x4000, RO);
    expect_view(map(memory, VIEW_WRITE), 0x24000, RWR);
    expect_view(try_map(memory, VIEW_WRITE, GR, 0), 0x14000, RWR);
    out = nt_map(file, .offset = GR, .protect = RO);
    expect_status(out.status, ST_SUCCESS);
    expect_eq(out.size, 0x14000);
    expect_view(out.base, 0x14000, RO);
}

CASE(SEC, 071, "size larger than the rest of the section", "INVALID_VIEW_SIZE")
{
    HANDLE file = section_of(file_rwx(0x3452), RWR, 0), memory = anonymous(RWR, 0x20000);

    expect_unmapped(nt_map(file, .size = 0x3453, .protect = RO), NULL, 0x3453,
                    ST_INVALID_VIEW_SIZE);
    expect_no_view(try_map(file, VIEW_READ, 0, 0x3453), ERR_DENIED);
    expect_unmapped(nt_map(memory, .offset = GR, .size = 0x10001, .protect = RO), NULL, 0x10001,
                    ST_INVALID_VIEW_SIZE);
    expect_no_view(try_map(memory, VIEW_READ, 0, 0x20001), ERR_DENIED);
}

CASE(SEC, 072, "offset = size of the section, size 1", "INVALID_VIEW_SIZE")
{
    HANDLE memory = anonymous(RWR, GR), file = section_of(file_rwx(GR), RWR, 0);

    todo_wine("INVALID_PARAMETER") {
        expect_unmapped(nt_map(memory, .offset = GR, .size = 1, .protect = RO), NULL, 1,
                        ST_INVALID_VIEW_SIZE);
        expect_unmapped(nt_map(file, .offset = GR, .size = 1, .protect = RO), NULL, 1,
                        ST_INVALID_VIEW_SIZE);
        expect_no_view(try_map(file, VIEW_READ, GR, 1), ERR_DENIED);
        expect_no_view(try_map(memory, VIEW_READ, 2 * GR, 1), ERR_DENIED);
    }
}

CASE(SEC, 073, "size SIZE_MAX", "INVALID_PARAMETER_3*")
{
    HANDLE memory = anonymous(RWR, GR);

    todo_wine("other errors")
        expect_unmapped(nt_map(memory, .size = (SIZE_T)-1, .protect = RO), NULL, (SIZE_T)-1,
                        ST_PARAMETER(3), ST_INVALID_PARAMETER);
}

CASE(SEC, 074, "offset 1, 0x40211 or -1", "1132")
{
    HANDLE memory = anonymous(RWR, 0x80000), file = section_of(file_rwx(0x80000), RWR, 0);
    static const LONGLONG offsets[] = {1, 0x40211, -1, PG, 0x8000};

    for (unsigned i = 0; i < 5; i++) {
        expect_unmapped(nt_map(memory, .offset = offsets[i], .size = PG, .protect = RO), NULL, PG,
                        ST_MAPPED_ALIGNMENT);
        expect_unmapped(nt_map(file, .offset = offsets[i], .size = PG, .protect = RO), NULL, PG,
                        ST_MAPPED_ALIGNMENT);
        expect_no_view(try_map(file, VIEW_READ, (ULONG64)offsets[i], PG), ERR_ALIGNMENT);
    }
}

CASE(SEC, 075, "base not a multiple of 64 KiB", "1132")
{
    HANDLE memory = anonymous(RWR, GR);
    BYTE *at = arena(2 * GR);

    expect_unmapped(nt_map(memory, .at = at + 42, .protect = RO), at + 42, 0, ST_MAPPED_ALIGNMENT);
    expect_unmapped(nt_map(memory, .at = at + PG, .protect = RO), at + PG, 0, ST_MAPPED_ALIGNMENT);
    expect_no_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, 0, at + PG), ERR_ALIGNMENT);
    expect_gone(at);
}

CASE(SEC, 076, "base already mapped", "487")
{
    HANDLE memory = anonymous(RWR, 2 * GR);
    BYTE *at = arena(3 * GR), *view, *private_memory = obtain(GR, RSV, NA);

    view = keep_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, 0, at));
    expect_ptr(view, at);
    expect_unmapped(nt_map(memory, .at = at, .protect = RO), at, 0, ST_CONFLICTING_ADDRESSES);
    expect_unmapped(nt_map(memory, .at = at + GR, .protect = RO), at + GR, 0,
                    ST_CONFLICTING_ADDRESSES);
    expect_no_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, 0, at), ERR_ADDRESS);
    expect_no_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, GR, private_memory), ERR_ADDRESS);
    expect_view(view, 2 * GR, RO);
}

CASE(SEC, 077, "base above user space", "87")
{
    HANDLE memory = anonymous(RWR, GR);
    ULONG_PTR above[ABOVE_USER];
    unsigned n = above_user(above);

    for (unsigned i = 0; i < n; i++) {
        if (above[i] & (GR - 1))
            continue;
        todo_wine("CONFLICTING_ADDRESSES") {
            expect_unmapped(nt_map(memory, .at = (void *)above[i], .protect = RO), above[i], 0,
                            ST_PARAMETER(3), ST_INVALID_PARAMETER);
            expect_no_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, 0, (void *)above[i]),
                           ERR_PARAMETER);
        }
    }
}

CASE(SEC, 078, "a section handle and a base that are both wrong", "INVALID_HANDLE")
{
    BYTE *at = arena(GR);
    HANDLE wrong = (HANDLE)(ULONG_PTR)0xdeadbee0;

    todo_wine("the base is looked at first") {
        expect_unmapped(nt_map(wrong, .at = at + PG, .protect = RO), at + PG, 0, ST_INVALID_HANDLE);
        expect_no_view(MapViewOfFileEx(wrong, VIEW_READ, 0, 0, 0, at + GR / 2), ERR_HANDLE);
    }
}

CASE(SEC, 079, "section handle -1", "OBJECT_TYPE_MISMATCH")
{
    expect_unmapped(nt_map(GetCurrentProcess(), .size = PG, .protect = RO), NULL, PG,
                    ST_OBJECT_TYPE_MISMATCH);
    expect_no_view(try_map(GetCurrentProcess(), VIEW_READ, 0, PG), ERR_HANDLE);
}

CASE(SEC, 080, "section handle NULL", "INVALID_HANDLE")
{
    expect_unmapped(nt_map(NULL, .size = PG, .protect = RO), NULL, PG, ST_INVALID_HANDLE);
    expect_no_view(try_map(NULL, VIEW_READ, 0, PG), ERR_HANDLE);
}

typedef NTSTATUS(NTAPI *map_ex)(HANDLE, HANDLE, PVOID *, const LARGE_INTEGER *, PSIZE_T, ULONG,
                                ULONG, void *, ULONG);

CASE(SEC, 081, "process handle NULL", "INVALID_HANDLE")
{
    map_ex call = (map_ex)find_call("NtMapViewOfSectionEx");
    HANDLE memory = anonymous(RWR, GR);
    PVOID base = NULL;
    SIZE_T size = 0;

    expect_unmapped(
        nt_map_args((struct map_args){.section = memory, .process = NULL, .protect = RO}), NULL, 0,
        ST_INVALID_HANDLE);
    need_call(call, "NtMapViewOfSectionEx");
    expect_status(call(memory, NULL, &base, NULL, &size, 0, RO, NULL, 0), ST_INVALID_HANDLE);
    expect_ptr(base, NULL);
    expect_eq(size, 0);
}

typedef PVOID(WINAPI *map_file3)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, void *,
                                 ULONG);

CASE(SEC, 082, "MapViewOfFile3 with process NULL", "this process")
{
    map_file3 call = (map_file3)find_call("MapViewOfFile3");
    BYTE *view;

    need_call(call, "MapViewOfFile3");
    view = keep_view(call(anonymous(RWR, GR), NULL, NULL, 0, 0, 0, RWR, NULL, 0));
    todo_wine("INVALID_HANDLE")
        ok(view != NULL, "last error %lu", (unsigned long)GetLastError());
    if (view)
        expect_view(view, GR, RWR);
}

CASE(SEC, 085, "AT_ROUND_TO_PAGE in a 64-bit process", "INVALID_PARAMETER_9*")
{
    map_ex call = (map_ex)find_call("NtMapViewOfSectionEx");
    HANDLE memory = anonymous(RWR, GR);
    BYTE *at = arena(4 * GR);
    PVOID base = at;
    SIZE_T size = 0;

    todo_wine("the flag is ignored") {
        expect_unmapped(nt_map(memory, .at = at, .type = VM_ROUND_TO_PAGE, .protect = RO), at, 0,
                        ST_PARAMETER(9), ST_INVALID_PARAMETER);
        if (call)
            expect_status(call(memory, GetCurrentProcess(), &base, NULL, &size, VM_ROUND_TO_PAGE,
                               RO, NULL, 0),
                          ST_PARAMETER(9), ST_INVALID_PARAMETER);
    }
    todo_wine("the flag is ignored")
        expect_unmapped(
            nt_map(memory, .at = at + 3 * GR + PG, .type = VM_ROUND_TO_PAGE, .protect = RO),
            at + 3 * GR + PG, 0, ST_PARAMETER(9), ST_INVALID_PARAMETER);
}

CASE(SEC, 086, "ZeroBits 1 to 20", "address >> (32 - n) is 0, or NO_MEMORY")
{
    HANDLE memory = anonymous(RWR, PG);

    for (ULONG_PTR n = 1; n <= 20; n++) {
        struct nt_out out = nt_map(memory, .zero_bits = n, .protect = RO);

        expect_status(out.status, ST_SUCCESS, ST_NO_MEMORY);
        if (out.status == ST_SUCCESS) {
            expect_eq(address_of(out.base) >> (32 - n), 0);
            expect_view(out.base, PG, RO);
        }
    }
}

CASE(SEC, 087, "ZeroBits 21", "NO_MEMORY or INVALID_PARAMETER")
{
    HANDLE memory = anonymous(RWR, PG);

    expect_unmapped(nt_map(memory, .zero_bits = 21, .protect = RO), NULL, 0, ST_NO_MEMORY,
                    ST_INVALID_PARAMETER, ST_PARAMETER(4));
}

CASE(SEC, 088, "ZeroBits 22 to 31", "INVALID_PARAMETER_4*")
{
    HANDLE memory = anonymous(RWR, PG);

    for (ULONG_PTR n = 22; n <= 31; n++)
        expect_unmapped(nt_map(memory, .zero_bits = n, .protect = RO), NULL, 0, ST_PARAMETER(4),
                        ST_INVALID_PARAMETER);
}

CASE(SEC, 089, "ZeroBits 0x1AAAAAAA", "its leading zeros bound the address")
{
    struct nt_out out = nt_map(anonymous(RWR, PG), .zero_bits = 0x1AAAAAAA, .protect = RO);

    expect_status(out.status, ST_SUCCESS, ST_NO_MEMORY);
    if (out.status == ST_SUCCESS)
        expect_eq(address_of(out.base) & ~(ULONG_PTR)0x1FFFFFFF, 0);
#ifndef __i386__
    out = nt_map(anonymous(RWR, PG), .zero_bits = 0x7FFFFFFFFFF, .protect = RO);
    expect_status(out.status, ST_SUCCESS);
    expect_eq(address_of(out.base) >> 43, 0);
#endif
}

CASE(SEC, 090, "base 0x30000000 and ZeroBits 3", "INVALID_PARAMETER_4*")
{
    HANDLE memory = anonymous(RWR, PG);

    expect_unmapped(nt_map(memory, .at = at_address(0x30000000), .zero_bits = 3, .protect = RO),
                    (ULONG_PTR)at_address(0x30000000), 0, ST_PARAMETER(4), ST_INVALID_PARAMETER);
}

CASE(SEC, 091, "base 0x30000000 and ZeroBits 2", "success")
{
    skip_if(query(at_address(0x30000000)).State != MEM_FREE, "the address is in use");
    expect_range(
        nt_map(anonymous(RWR, PG), .at = at_address(0x30000000), .zero_bits = 2, .protect = RO),
        at_address(0x30000000), PG);
    expect_view((BYTE *)at_address(0x30000000), PG, RO);
}

CASE(SEC, 223, "MapViewOfFileEx at a free multiple of 64 KiB", "a view at exactly that base")
{
    HANDLE memory = anonymous(RWR, 3 * GR);
    BYTE *at = arena(8 * GR);

    expect_ptr(keep_view(MapViewOfFileEx(memory, VIEW_WRITE, 0, 0, 0, at)), at);
    expect_view(at, 3 * GR, RWR);
    expect_ptr(keep_view(MapViewOfFileEx(memory, VIEW_READ, 0, GR, PG, at + 4 * GR)), at + 4 * GR);
    expect_view(at + 4 * GR, PG, RO);
    expect_no_view(MapViewOfFileEx(memory, VIEW_READ, 0, 0, 0, at + 3 * GR), ERR_ADDRESS);
    expect_gone(at + 3 * GR);
}

CASE(SEC, 224, "MapViewOfFile(offset a multiple of 64 KiB, n bytes)",
     "the section's bytes from there; RegionSize is n rounded up")
{
    HANDLE section = section_of(file_rwx(0x34567), RWR, 0);
    BYTE *view = try_map(section, VIEW_READ, 2 * GR, 0x1234), *whole = map(section, VIEW_READ);

    expect_view(view, 0x2000, RO);
    expect_eq(view[0], pattern(0x20000));
    expect_eq(view[0x1233], pattern(0x21233));
    expect_eq(memcmp(view, whole + 2 * GR, 0x2000), 0);
    view = try_map(section, VIEW_READ, 3 * GR, 0x4567);
    expect_view(view, 0x5000, RO);
    expect_eq(view[0x4566], pattern(0x34566));
}
