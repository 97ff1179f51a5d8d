/* Copy-on-write views, and what writes to a view reach (SEC-170..181, SEC-216, SEC-220, SEC-227;
 * VQ-027). */
#include "../compat_section.h"

#define NO_COPIES "a page that was written is not told apart"

/* A two-page view of a new file, WC or XWC, through a section that allows it. */
static BYTE *copying_view(const char **path, ULONG protect)
{
    *path = file_of(NULL, 0x2000);
    return map_nt(full_section(open_file(*path, GENERIC_RWX), 0, protect, FLAG_COMMIT), protect);
}

static void write_copy(ULONG protect, ULONG after)
{
    const char *path;
    BYTE *view = copying_view(&path, protect);

    expect_view(view, 0x2000, protect);
    expect_no_fault(touch_write(view + PG + 5));
    todo_wine(NO_COPIES) {
        expect_query(view + PG, view + PG, view, protect, PG, COM, after, VM_MAPPED);
        expect_query(view, view, view, protect, PG, COM, protect, VM_MAPPED);
    }
    expect_eq(view[PG + 5], 0x5a);
    expect_eq(view[PG + 6], pattern(PG + 6));
    expect_eq(file_byte(path, PG + 5), pattern(PG + 5));
}

CASE(SEC, 170, "write to a WC page of a file", "RW, MAPPED, AllocationProtect as it was")
{
    write_copy(WC, RWR);
}

CASE(SEC, 171, "write to a XWC page of a file", "XRW")
{
    write_copy(XWC, XRW);
}

CASE(SEC, 172, "WC view of two pages, page 0 written", "page 0 RW, 0x1000 bytes; page 1 WC")
{
    const char *path;
    BYTE *view = copying_view(&path, WC);

    view[0] = 1;
    todo_wine(NO_COPIES) {
        expect_query(view, view, view, WC, PG, COM, RWR, VM_MAPPED);
        expect_query(view + PG, view + PG, view, WC, PG, COM, WC, VM_MAPPED);
    }
    view[PG] = 1;
    todo_wine(NO_COPIES)
        expect_query(view, view, view, WC, 0x2000, COM, RWR, VM_MAPPED);
}

CASE(SEC, 173, "VirtualProtect(page 0, NA) after the write", "old protection RW or XRW")
{
    static const ULONG protect[] = {WC, XWC}, after[] = {RWR, XRW};

    for (unsigned i = 0; i < 2; i++) {
        const char *path;
        BYTE *view = copying_view(&path, protect[i]);
        DWORD old = 0;

        view[0] = 1;
        expect_success(VirtualProtect(view, PG, NA, &old));
        todo_wine(NO_COPIES)
            expect_eq(old, after[i]);
        expect_page(view, COM, NA);
        expect_page(view + PG, COM, protect[i]);
        expect_success(VirtualProtect(view, PG, RO, &old));
        expect_eq(old, NA);
        expect_eq(view[0], 1);
    }
}

CASE(SEC, 174, "VirtualProtect(page 0, WC) of a private copy", "RW in the next query; XWC: XRW")
{
    static const ULONG protect[] = {WC, XWC}, after[] = {RWR, XRW};

    for (unsigned i = 0; i < 2; i++) {
        const char *path;
        BYTE *view = copying_view(&path, protect[i]);
        DWORD old = 0;

        view[0] = 1;
        expect_success(VirtualProtect(view, PG, NA, &old));
        expect_success(VirtualProtect(view, PG, protect[i], &old));
        expect_eq(old, NA);
        todo_wine(NO_COPIES)
            expect_page(view, COM, after[i]);
        expect_no_fault(touch_write(view));
        expect_eq(file_byte(path, 0), pattern(0));
    }
}

CASE(SEC, 175, "the file and other views after copy-on-write writes", "unchanged")
{
    const char *path = file_of(NULL, 0x2000);
    HANDLE section = section_of(open_file(path, GENERIC_RWX), RWR, 0);
    BYTE *copy = map(section, VIEW_COPY), *other = map(section, VIEW_COPY);
    BYTE *shared = map(section, VIEW_WRITE);

    memset(copy, 0xEE, 0x2000);
    for (unsigned at = 0; at < 0x2000; at += 0x7FF) {
        expect_eq(shared[at], pattern(at));
        expect_eq(other[at], pattern(at));
        expect_eq(file_byte(path, at), pattern(at));
    }
    ok(UnmapViewOfFile(copy), "UnmapViewOfFile");
    expect_eq(map(section, VIEW_COPY)[0], pattern(0));
    expect_eq(file_byte(path, 0x1FFF), pattern(0x1FFF));
}

CASE(SEC, 176, "write through FILE_MAP_COPY of a RO section", "allowed, private")
{
    const char *path = file_of(NULL, 0x2000);
    HANDLE section = section_of(open_file(path, GENERIC_READ), RO, 0);
    BYTE *copy = map(section, VIEW_COPY), *view = map(section, VIEW_READ);

    expect_no_fault(touch_write(copy + 3));
    expect_eq(copy[3], 0x5a);
    expect_eq(view[3], pattern(3));
    expect_fault(touch_write(view + 3), 1, view + 3);
    expect_eq(file_byte(path, 3), pattern(3));
}

CASE(SEC, 177, "WC page that is only read", "stays WC and follows the file until the first write")
{
    HANDLE section = section_of(file_rwx(0x2000), RWR, 0);
    BYTE *copy = map(section, VIEW_COPY), *shared = map(section, VIEW_WRITE);

    expect_eq(copy[0], pattern(0));
    expect_eq(copy[PG], pattern(PG));
    expect_view(copy, 0x2000, WC);
    shared[0] = 0x11;
    expect_eq(copy[0], 0x11);
    copy[1] = 0x22;
    shared[0] = 0x33;
    shared[PG] = 0x44;
    expect_eq(copy[0], 0x11);
    expect_eq(copy[PG], 0x44);
    expect_eq(shared[1], pattern(1));
}

CASE(SEC, 179, "commit charge of a WC view", "the whole view, when it is mapped")
{
    const ULONG64 size = 8ull << 40; /* more than any commit limit of these tests: mostly a hole */
    HANDLE section;
    BYTE *view;

    skip_if(is_wine(), "Wine has no commit limit");
    skip_if(user_top() <= size, "the address space ends before the commit limit");
    section = try_section(file_rwx(PG), RWR, size, NULL);
    skip_if(!section, "the file system takes no file of 8 TB");
    view = try_map(section, VIEW_READ, 0, 0);
    expect_view(view, (SIZE_T)size, RO);
    expect_no_view(try_map(section, VIEW_COPY, 0, 0), ERR_COMMITMENT);
    expect_view(try_map(section, VIEW_COPY, 0, GR), GR, WC);
}

CASE(SEC, 181, "VirtualProtect(WC) of a RO view of a file opened for reading",
     "allowed; writes are private")
{
    static const ULONG protect[] = {RO, WC};

    for (unsigned i = 0; i < 2; i++) {
        const char *path = file_of(NULL, 0x2000);
        BYTE *view = map(section_of(open_file(path, GENERIC_READ), protect[i], 0), VIEW_READ);
        DWORD old = 0;

        todo_wine("it is refused")
            expect_success(VirtualProtect(view, PG, WC, &old));
        if (query(view).Protect != WC)
            continue;
        expect_eq(old, RO);
        expect_no_fault(touch_write(view + 7));
        todo_wine(NO_COPIES)
            expect_query(view, view, view, RO, PG, COM, RWR, VM_MAPPED);
        expect_eq(view[7], 0x5a);
        expect_eq(file_byte(path, 7), pattern(7));
    }
}

CASE(SEC, 216, "write in a RW view", "other views and file reads see it")
{
    const char *path = file_of(NULL, 0x3000);
    HANDLE one = section_of(open_file(path, GENERIC_RWX), RWR, 0);
    HANDLE two = section_of(open_file(path, GENERIC_READ), RO, 0x1800);
    BYTE *view = map(one, VIEW_WRITE), *same = map(one, VIEW_READ), *other = map(two, VIEW_READ);

    for (unsigned at = 0; at < 0x3000; at += 0x555) {
        view[at] = 0x77;
        expect_eq(same[at], 0x77);
        expect_eq(file_byte(path, at), 0x77);
        if (at < 0x1800)
            expect_eq(other[at], 0x77);
    }
}

CASE(SEC, 220, "bytes between the end of the file and the end of its page",
     "zero on the first mapping; writes there are not stored")
{
    const char *path = file_of(NULL, 0x1234);
    HANDLE file = open_file(path, GENERIC_RWX), section = section_of(file, RWR, 0);
    BYTE *view = map(section, VIEW_WRITE);
    unsigned others = 0;

    expect_view(view, 0x2000, RWR);
    for (unsigned at = 0x1234; at < 0x2000; at++)
        others += view[at] != 0;
    expect_eq(others, 0);
    expect_no_fault(touch_write(view + 0x1234));
    expect_no_fault(touch_write(view + 0x1FFF));
    ok(FlushViewOfFile(view, 0), "FlushViewOfFile: last error %lu", (unsigned long)GetLastError());
    ok(UnmapViewOfFile(view), "UnmapViewOfFile");
    close_kept(section);
    close_kept(file);
    expect_eq(file_length(path), 0x1234);
    expect_eq(file_byte(path, 0x1233), pattern(0x1233));
}

CASE(SEC, 227, "FILE_MAP_COPY view of a page-file section beside a RW view",
     "follows it; the first write through the copy parts that page alone")
{
    HANDLE section = anonymous(RWR, 0x3000);
    BYTE *copy = map(section, VIEW_COPY), *shared = map(section, VIEW_WRITE);

    for (unsigned page = 0; page < 3; page++) {
        expect_eq(copy[page * PG], 0);
        shared[page * PG] = (BYTE)(page + 1);
        expect_eq(copy[page * PG], page + 1);
    }
    copy[PG + 1] = 0x99;
    shared[PG] = 0x55;
    shared[2 * PG] = 0x66;
    expect_eq(copy[PG], 2);
    expect_eq(shared[PG + 1], 0);
    expect_eq(copy[2 * PG], 0x66);
    expect_eq(copy[0], 1);
    todo_wine(NO_COPIES) {
        expect_query(copy + PG, copy + PG, copy, WC, PG, COM, RWR, VM_MAPPED);
        expect_query(copy, copy, copy, WC, PG, COM, WC, VM_MAPPED);
    }
}

CASE(VQ, 027, "query of a page that copy-on-write made private", "MAPPED, Protect RW or XRW")
{
    const char *path;
    BYTE *view = copying_view(&path, WC), *code = copying_view(&path, XWC);

    view[0] = 1;
    code[0] = 1;
    expect_eq(query(view).Type, VM_MAPPED);
    expect_eq(query(code).Type, VM_MAPPED);
    todo_wine(NO_COPIES) {
        expect_eq(query(view).Protect, RWR);
        expect_eq(query(code).Protect, XRW);
    }
    expect_eq(query(view + PG).Protect, WC);
    expect_eq(query(code + PG).Protect, XWC);
}
