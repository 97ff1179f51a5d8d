/* Views: allocation types, commit sizes, protections and flags of sections that decide what a view
 * is (SEC-060..062, SEC-092..107, SEC-114..119; GP-014, VQ-021..024, VA-101, VA-102). */
#include "../compat_section.h"

CASE(SEC, 060, "RW section: access READ, COPY, 0, WRITE", "Protect RO, WC, NA, RW")
{
    HANDLE sections[] = {section_of(file_rwx(0x2000), RWR, 0), anonymous(RWR, 0x2000)};
    static const ULONG access[] = {VIEW_READ, VIEW_COPY, 0, VIEW_WRITE};
    static const ULONG protect[] = {RO, WC, NA, RWR};

    for (unsigned s = 0; s < 2; s++)
        for (unsigned i = 0; i < 4; i++)
            expect_view(map(sections[s], access[i]), 0x2000, protect[i]);
}

CASE(SEC, 061, "RO or WC section: access WRITE", "NULL, 5")
{
    HANDLE file = file_rwx(0x2000);
    HANDLE sections[] = {section_of(file, RO, 0), section_of(file, WC, 0), anonymous(RO, 0x2000),
                         anonymous(WC, 0x2000)};

    for (unsigned i = 0; i < 4; i++)
        expect_no_view(try_map(sections[i], VIEW_WRITE, 0, 0), ERR_DENIED,
                       is_windows() ? ERR_PARAMETER : ERR_DENIED);
}

CASE(SEC, 062, "RO or WC section: access READ, COPY, 0", "success")
{
    HANDLE file = open_file(file_of(NULL, 0x2000), GENERIC_READ);
    static const ULONG protect[] = {RO, WC};

    for (unsigned i = 0; i < 2; i++) {
        HANDLE sections[] = {section_of(file, protect[i], 0), anonymous(protect[i], 0x2000)};

        for (unsigned s = 0; s < 2; s++) {
            expect_view(map(sections[s], VIEW_READ), 0x2000, RO);
            expect_view(map(sections[s], VIEW_COPY), 0x2000, WC);
            expect_view(map(sections[s], 0), 0x2000, NA);
        }
    }
}

/* NtMapViewOfSection with this allocation type that fails. */
static void refuse_type(HANDLE section, ULONG type)
{
    expect_unmapped(nt_map(section, .type = type, .protect = RO), NULL, 0, ST_PARAMETER(9),
                    ST_INVALID_PARAMETER);
}

CASE(SEC, 092, "allocation type MEM_COMMIT", "INVALID_PARAMETER_9*")
{
    todo_wine("the type is not looked at") {
        refuse_type(anonymous(RWR, GR), COM);
        refuse_type(section_of(file_rwx(GR), RWR, 0), COM);
    }
}

CASE(SEC, 093, "allocation type MEM_RESERVE, page-file section", "INVALID_PARAMETER_9*")
{
    todo_wine("the type is not looked at") {
        refuse_type(anonymous(RWR, GR), RSV);
        refuse_type(anonymous(RWR | FLAG_RESERVE, GR), RSV);
    }
}

CASE(SEC, 094, "allocation type MEM_RESERVE, RW section of a file",
     "success; the view may exceed the section")
{
    HANDLE section = section_of(file_rwx(0x3456), RWR, 0);
    struct nt_out out = nt_map(section, .type = RSV, .protect = RWR, .size = 0x20000);

    todo_wine("INVALID_VIEW_SIZE")
        expect_status(out.status, ST_SUCCESS);
    if (out.status != ST_SUCCESS)
        return;
    expect_eq(out.size, 0x20000);
    expect_ptr(query(out.base + 0x10000).AllocationBase, out.base);
    expect_page(out.base, COM, RWR);
    expect_eq(out.base[0x3455], pattern(0x3455));
    expect_eq(section_info(section).size, 0x3456);
}

CASE(SEC, 095, "allocation type MEM_RESERVE, RO section of a file", "SECTION_PROTECTION")
{
    HANDLE section = full_section(file_rwx(GR), 0, RO, FLAG_COMMIT);

    todo_wine("the type is not looked at")
        expect_unmapped(nt_map(section, .type = RSV, .protect = RO), NULL, 0,
                        ST_SECTION_PROTECTION);
}

CASE(SEC, 096, "allocation type RESERVE+COMMIT, file", "INVALID_PARAMETER_9*")
{
    todo_wine("the type is not looked at")
        refuse_type(section_of(file_rwx(GR), RWR, 0), RSV | COM);
}

CASE(SEC, 097, "allocation type LARGE_PAGES+RESERVE, ordinary section",
     "INVALID_PARAMETER (success on old releases)")
{
    struct nt_out out =
        nt_map(section_of(file_rwx(GR), RWR, 0), .type = RSV | VM_LARGE_PAGES, .protect = RWR);

    todo_wine("the type is not looked at")
        ok(out.status == ST_INVALID_PARAMETER || out.status == ST_PARAMETER(9) ||
               broken(out.status == ST_SUCCESS),
           "got 0x%lx", (unsigned long)out.status);
}

CASE(SEC, 098, "commit size larger than the view, page-file section", "INVALID_PARAMETER_5*")
{
    HANDLE sections[] = {anonymous(RWR | FLAG_RESERVE, GR), anonymous(RWR, GR)};

    for (unsigned i = 0; i < 2; i++)
        todo_wine("the commit size is not looked at")
            expect_unmapped(nt_map(sections[i], .size = 0x2000, .commit = 0x3000, .protect = RWR),
                            NULL, 0x2000, ST_PARAMETER(5), ST_INVALID_PARAMETER);
}

CASE(SEC, 099, "commit size 500, file, no MEM_RESERVE", "INVALID_PARAMETER_5*")
{
    HANDLE section = section_of(file_rwx(GR), RWR, 0);

    todo_wine("the commit size is not looked at")
        expect_unmapped(nt_map(section, .commit = 500, .protect = RWR), NULL, 0, ST_PARAMETER(5),
                        ST_INVALID_PARAMETER);
}

/* A view of two pages of a SEC_RESERVE section, the first of them committed. */
static BYTE *half_committed(HANDLE *section)
{
    struct nt_out out;

    *section = anonymous(RWR | FLAG_RESERVE, 0x2000);
    out = nt_map(*section, .size = 0x2000, .commit = PG, .protect = RWR);
    expect_status(out.status, ST_SUCCESS);
    if (out.status)
        compat_give_up("NtMapViewOfSection");
    return out.base;
}

CASE(SEC, 100, "commit size 0x1000, SEC_RESERVE section, view of 0x2000",
     "page 0 usable, page 1 faults")
{
    HANDLE section;
    BYTE *view = half_committed(&section);

    todo_wine("the commit size is not looked at") {
        expect_query(view, view, view, RWR, PG, COM, RWR, VM_MAPPED);
        expect_query(view + PG, view + PG, view, RWR, PG, RSV, 0, VM_MAPPED);
        expect_no_fault(touch_write(view));
        expect_fault(touch_read(view + PG), 0, view + PG);
        expect_fault(touch_write(view + PG), 1, view + PG);
    }
}

CASE(SEC, 101, "page 1 committed through a second view", "usable in the first too, data shared")
{
    HANDLE section;
    BYTE *view = half_committed(&section), *other = map(section, VIEW_WRITE);

    expect_ptr(VirtualAlloc(other + PG, PG, COM, RWR), other + PG);
    expect_no_fault(touch_write(view + PG));
    expect_eq(other[PG], 0x5a);
    todo_wine("the commit size is not looked at") {
        expect_view(view, 0x2000, RWR);
        expect_view(other, 0x2000, RWR);
    }
}

CASE(SEC, 102, "the same page committed again", "success")
{
    HANDLE section;
    BYTE *view = half_committed(&section);

    view[0] = 7;
    expect_ptr(VirtualAlloc(view, PG, COM, RWR), view);
    expect_ptr(VirtualAlloc(view + PG, PG, COM, RWR), view + PG);
    expect_ptr(VirtualAlloc(view + PG, PG, COM, RWR), view + PG);
    expect_eq(view[0], 7);
    todo_wine("the runs of a view are not joined")
        expect_view(view, 0x2000, RWR);
}

CASE(SEC, 103, "native protection XRW, RW section", "SECTION_PROTECTION")
{
    HANDLE section = full_section(NO_FILE, GR, RWR, FLAG_COMMIT);

    todo_wine("no rule for each protection")
        expect_unmapped(nt_map(section, .protect = XRW), NULL, 0, ST_SECTION_PROTECTION);
}

CASE(SEC, 104, "native protection RW+RO", "INVALID_PAGE_PROTECTION")
{
    HANDLE section = anonymous(RWR, GR);

    expect_unmapped(nt_map(section, .protect = RWR | RO), NULL, 0, ST_INVALID_PAGE_PROTECTION);
    expect_unmapped(nt_map(section, .protect = 0), NULL, 0, ST_INVALID_PAGE_PROTECTION);
}

CASE(SEC, 105, "native protection NA", "success; every access faults")
{
    HANDLE sections[] = {section_of(file_rwx(0x2000), RWR, 0), anonymous(RO, 0x2000)};

    for (unsigned i = 0; i < 2; i++) {
        BYTE *view = map_nt(sections[i], NA);

        expect_view(view, 0x2000, NA);
        expect_fault(touch_read(view), 0, view);
        expect_fault(touch_write(view + 0x1FFF), 1, view + 0x1FFF);
    }
}

CASE(SEC, 106, "native protection WC, RO section", "success")
{
    BYTE *view = map_nt(section_of(file_rwx(0x2000), RO, 0), WC);

    expect_view(view, 0x2000, WC);
    expect_view(map_nt(anonymous(RO, 0x2000), WC), 0x2000, WC);
}

CASE(SEC, 107, "native protection XR or X, RO section", "SECTION_PROTECTION")
{
    HANDLE file = full_section(file_rwx(0x2000), 0, RO, FLAG_COMMIT);
    HANDLE memory = full_section(NO_FILE, PG, RO, FLAG_COMMIT);

    todo_wine("no rule for each protection") {
        expect_unmapped(nt_map(file, .protect = XR), NULL, 0, ST_SECTION_PROTECTION);
        expect_unmapped(nt_map(file, .protect = X), NULL, 0, ST_SECTION_PROTECTION);
        expect_unmapped(nt_map(memory, .protect = XR), NULL, 0, ST_SECTION_PROTECTION);
    }
}

CASE(SEC, 113, "32-bit: the whole of a SEC_RESERVE section of 8 GB", "5 or 8; size unchanged")
{
    HANDLE section;

    skip_if(!is_narrow(), "there is room for it");
    section = anonymous(RWR | FLAG_RESERVE, 8ull << 30);
    todo_wine("INVALID_PARAMETER") {
        expect_unmapped(nt_map(section, .protect = RWR), NULL, 0, ST_INVALID_VIEW_SIZE,
                        ST_NO_MEMORY);
        expect_no_view(try_map(section, VIEW_WRITE, 0, 0), ERR_DENIED, ERR_MEMORY);
    }
}

CASE(SEC, 114, "the whole of a SEC_RESERVE section of 8 GB", "size 0x200000000")
{
    struct nt_out out;

    const ULONG64 size = 8ull << 30;

    skip_if(is_wine(), "Wine keeps a byte for each page");
    skip_if(is_narrow(), "the address space is smaller");
    out = nt_map(anonymous(RWR | FLAG_RESERVE, size), .protect = RWR);
    expect_status(out.status, ST_SUCCESS);
    expect_eq(out.size, size);
    expect_query(out.base, out.base, out.base, RWR, (SIZE_T)size, RSV, 0, VM_MAPPED);
}

CASE(SEC, 115, "RW view of a SEC_NOCACHE section", "Protect = AllocationProtect = 0x204")
{
    BYTE *view = map(anonymous(RWR | FLAG_COMMIT | FLAG_NOCACHE, 0x2000), VIEW_WRITE);

    if (!broken(query(view).Protect == RWR))
        expect_view(view, 0x2000, 0x204);
    expect_no_fault(touch_write(view));
}

CASE(SEC, 116, "VirtualAlloc(view, COMMIT, RO) in a view of a SEC_NOCACHE section", "0x202")
{
    BYTE *view = map(anonymous(RWR | FLAG_COMMIT | FLAG_NOCACHE, 0x2000), VIEW_WRITE);

    expect_ptr(VirtualAlloc(view, PG, COM, RO), view);
    if (!broken(query(view).Protect == RO)) {
        expect_query(view, view, view, 0x204, PG, COM, 0x202, VM_MAPPED);
        expect_query(view + PG, view + PG, view, 0x204, PG, COM, 0x204, VM_MAPPED);
    }
}

CASE(SEC, 117, "SEC_RESERVE for a file", "no effect: the view is committed")
{
    BYTE *view = map(section_of(file_rwx(0x2345), RWR | FLAG_RESERVE, 0), VIEW_WRITE);

    expect_view(view, 0x3000, RWR);
    expect_no_fault(touch_read(view + 0x2344));
    expect_eq(view[0x2344], pattern(0x2344));
}

typedef PVOID(WINAPI *map_from_app)(HANDLE, ULONG, ULONG64, SIZE_T);

CASE(SEC, 119, "MapViewOfFileFromApp(m, access 0x40, 0, 1024)", "success")
{
    map_from_app call = (map_from_app)find_call("MapViewOfFileFromApp");
    HANDLE section = anonymous(RWR, GR);
    BYTE *view;

    need_call(call, "MapViewOfFileFromApp");
    view = keep_view(call(section, 0x40, 0, 1024));
    ok(view != NULL, "access 0x40: last error %lu", (unsigned long)GetLastError());
    expect_eq(query(view).Type, VM_MAPPED);
    expect_eq(query(view).RegionSize, PG);
    view = keep_view(call(section, VIEW_WRITE, 0, 0));
    ok(view != NULL, "access WRITE: last error %lu", (unsigned long)GetLastError());
    expect_view(view, GR, RWR);
}

CASE(GP, 014, "NtMapViewOfSection(RW+GUARD)", "first touch 0x80000001, the second works")
{
    struct nt_out out = nt_map(anonymous(RWR, GR), .protect = RWR | PAGE_GUARD);
    struct fault seen;

    todo_wine("a view with GUARD is refused")
        expect_status(out.status, ST_SUCCESS);
    if (out.status)
        return;
    expect_page(out.base, COM, RWR | PAGE_GUARD);
    seen = touch_write(out.base + PG);
    expect_eq(seen.code, ST_GUARD_PAGE_VIOLATION);
    expect_eq(seen.address, (ULONG_PTR)(out.base + PG));
    expect_no_fault(touch_write(out.base + PG));
    expect_page(out.base + PG, COM, RWR);
    expect_page(out.base, COM, RWR | PAGE_GUARD);
}

CASE(VQ, 021, "RW view of a 4090-byte page-file section", "RegionSize 0x1000, COMMIT RW MAPPED")
{
    expect_view(map(anonymous(RWR, 4090), VIEW_WRITE), PG, RWR);
}

CASE(VQ, 022, "FILE_MAP_READ view", "Protect = AllocationProtect = RO")
{
    expect_view(map(anonymous(RWR, 4090), VIEW_READ), PG, RO);
    expect_view(map(section_of(file_rwx(4090), RWR, 0), VIEW_READ), PG, RO);
}

CASE(VQ, 023, "view of a SEC_RESERVE section",
     "RESERVE, Protect 0, AllocationProtect RW, size of the section")
{
    BYTE *view = map(anonymous(RWR | FLAG_RESERVE, 0x100000), VIEW_WRITE);

    expect_query(view, view, view, RWR, 0x100000, RSV, 0, VM_MAPPED);
}

CASE(VQ, 024, "VirtualAlloc(view, 0x10000, COMMIT, RO) beside a second view",
     "the first COMMIT RO; the second COMMIT with its own RW")
{
    HANDLE section = anonymous(RWR | FLAG_RESERVE, 0x100000);
    BYTE *one = map(section, VIEW_WRITE), *two = map(section, VIEW_WRITE);

    expect_ptr(VirtualAlloc(one, 0x10000, COM, RO), one);
    expect_query(one, one, one, RWR, 0x10000, COM, RO, VM_MAPPED);
    expect_query(two, two, two, RWR, 0x10000, COM, RWR, VM_MAPPED);
    expect_query(one + 0x10000, one + 0x10000, one, RWR, 0xF0000, RSV, 0, VM_MAPPED);
    expect_query(two + 0x10000, two + 0x10000, two, RWR, 0xF0000, RSV, 0, VM_MAPPED);
}

CASE(VA, 101, "RESERVE+COMMIT 0x2000 above a view of 0x2000", "487: the same 64 KiB")
{
    HANDLE section = anonymous(RWR, 0x2000);
    BYTE *at = arena(2 * GR);

    expect_ptr(keep_view(MapViewOfFileEx(section, VIEW_WRITE, 0, 0, 0, at)), at);
    expect_refused(nt_alloc(at + 0x2000, 0, PG, RSV | COM, RWR), at + 0x2000, PG,
                   ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(at + 0x2000, PG, RSV | COM, RWR), ERR_ADDRESS);
    expect_gone(at + 0x2000);
    expect_view(at, 0x2000, RWR);
}

CASE(VA, 102, "RESERVE+COMMIT at the next 64 KiB after a view", "success")
{
    HANDLE section = anonymous(RWR, 0x2000);
    BYTE *at = arena(2 * GR);

    expect_ptr(keep_view(MapViewOfFileEx(section, VIEW_WRITE, 0, 0, 0, at)), at);
    place(at + GR, PG, RSV | COM, RWR);
    expect_query(at + GR, at + GR, at + GR, RWR, PG, COM, RWR, MEM_PRIVATE);
    expect_view(at, 0x2000, RWR);
}
