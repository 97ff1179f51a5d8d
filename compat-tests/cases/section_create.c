/* Sections: protections, rights of files, sizes (SEC-001..025, SEC-221, GP-013). */
#include "../compat_section.h"

/* CreateFileMapping that fails, and the same through the native call. */
static void refuse(HANDLE file, ULONG protect, ULONG64 size, ULONG error, ULONG status)
{
    ULONG attributes = protect & 0xFFFFFF00u;
    const ULONG other = error == ERR_DENIED ? ERR_PARAMETER : error; /* seen on old releases */

    expect_error(try_section(file, protect, size, NULL), error, is_windows() ? other : error);
    if (status)
        expect_no_section(
            nt_section(file, size, protect & 0xFF, attributes ? attributes : FLAG_COMMIT), status);
}

CASE(SEC, 001, "protections RO RW WC XR XRW XWC of a file opened for everything", "success")
{
    static const ULONG legal[] = {RO, RWR, WC, XR, XRW, XWC};
    HANDLE file = file_rwx(0x3456);

    for (unsigned i = 0; i < 6; i++) {
        HANDLE section = try_section(file, legal[i] | FLAG_COMMIT, 0, NULL);

        if (ok(section != NULL || broken(legal[i] == XWC), "protection 0x%lx: last error %lu",
               (unsigned long)legal[i], (unsigned long)GetLastError()))
            expect_section(section, 0x3456, FLAG_FILE);
    }
}

CASE(SEC, 002, "protection 0", "NULL, 87")
{
    refuse(file_rwx(0x3456), 0, 0, ERR_PARAMETER, ST_INVALID_PAGE_PROTECTION);
    expect_error(try_section(file_rwx(0x3456), FLAG_COMMIT, 0, NULL), ERR_PARAMETER);
}

CASE(SEC, 003, "protection NA", "NULL, 87")
{
    refuse(file_rwx(0x3456), NA, 0, ERR_PARAMETER, 0);
    refuse(NO_FILE, NA, PG, ERR_PARAMETER, 0);
    todo_wine("the native call takes it") {
        expect_no_section(nt_section(file_rwx(0x3456), 0, NA, FLAG_COMMIT),
                          ST_INVALID_PAGE_PROTECTION);
        expect_no_section(nt_section(NO_FILE, PG, NA, FLAG_COMMIT), ST_INVALID_PAGE_PROTECTION);
    }
}

CASE(SEC, 004, "protection X", "NULL, 87; the native call takes it")
{
    struct nt_section made;

    refuse(file_rwx(0x3456), X, 0, ERR_PARAMETER, 0);
    refuse(NO_FILE, X, PG, ERR_PARAMETER, 0);
    made = nt_section(NO_FILE, PG, X, FLAG_COMMIT);
    expect_status(made.status, ST_SUCCESS);
}

CASE(SEC, 005, "two bits of protection", "NULL, 87")
{
    HANDLE file = file_rwx(0x3456);

    for (ULONG low = 1; low < 0x100; low <<= 1)
        for (ULONG high = low << 1; high < 0x100; high <<= 1)
            refuse(file, low | high, 0, ERR_PARAMETER, ST_INVALID_PAGE_PROTECTION);
    refuse(file, 0xFF, 0, ERR_PARAMETER, ST_INVALID_PAGE_PROTECTION);
}

CASE(SEC, 006, "RW section of a file opened for reading", "NULL, 5")
{
    const char *path = file_of(NULL, 0x3456);

    refuse(open_file(path, GENERIC_READ), RWR, 0, ERR_DENIED, ST_ACCESS_DENIED);
    expect_eq(file_length(path), 0x3456);
    refuse(open_file(path, GENERIC_READ), RWR, 0x10000, ERR_DENIED, ST_ACCESS_DENIED);
    expect_eq(file_length(path), 0x3456);
}

CASE(SEC, 007, "WC or RO section of a file opened for reading", "success")
{
    HANDLE file = open_file(file_of(NULL, 0x3456), GENERIC_READ);

    expect_section(section_of(file, RO, 0), 0x3456, FLAG_FILE);
    expect_section(section_of(file, WC, 0), 0x3456, FLAG_FILE);
}

CASE(SEC, 008, "XR or XWC section of a file opened for reading", "NULL, 5")
{
    HANDLE file = open_file(file_of(NULL, 0x3456), GENERIC_READ);

    todo_wine("the right to execute is not needed") {
        refuse(file, XR, 0, ERR_DENIED, ST_ACCESS_DENIED);
        refuse(file, XWC, 0, ERR_DENIED, ST_ACCESS_DENIED);
    }
}

CASE(SEC, 009, "XRW section of a file opened for reading", "NULL, 5")
{
    HANDLE file = open_file(file_of(NULL, 0x3456), GENERIC_READ);

    refuse(file, XRW, 0, ERR_DENIED, ST_ACCESS_DENIED);
}

CASE(SEC, 010, "any section of a file opened with access 0", "NULL, 5")
{
    static const ULONG legal[] = {RO, RWR, WC, XR, XRW, XWC};
    HANDLE file = open_file(file_of(NULL, 0x3456), 0);

    for (unsigned i = 0; i < 6; i++)
        refuse(file, legal[i], 0, ERR_DENIED, ST_ACCESS_DENIED);
}

CASE(SEC, 011, "size 0, a file of 0x3456 bytes", "section of 0x3456 bytes")
{
    HANDLE file = file_rwx(0x3456);
    struct nt_section made = nt_section(file, 0, RO, FLAG_COMMIT);

    expect_section(section_of(file, RWR, 0), 0x3456, FLAG_FILE);
    expect_status(made.status, ST_SUCCESS);
    expect_section(made.handle, 0x3456, FLAG_FILE);
}

CASE(SEC, 012, "size 36, a larger file", "section of 36 bytes")
{
    HANDLE file = file_rwx(0x3456), section = section_of(file, RWR, 36);

    expect_section(section, 36, FLAG_FILE);
    expect_view(map(section, VIEW_READ), PG, RO);
    expect_no_view(try_map(section, VIEW_READ, 0, 37), ERR_DENIED);
}

CASE(SEC, 013, "size 0x3457, RO, a file of 0x3456 bytes", "SECTION_TOO_BIG")
{
    const char *path = file_of(NULL, 0x3456);
    HANDLE file = open_file(path, GENERIC_RWX);

    refuse(file, RO, 0x3457, ERR_MEMORY, ST_SECTION_TOO_BIG);
    refuse(file, WC, 0x3457, ERR_MEMORY, ST_SECTION_TOO_BIG);
    expect_eq(file_length(path), 0x3456);
}

CASE(SEC, 014, "size 0x5123, RW, a file of 0x3456 bytes", "the file is extended to that size")
{
    const char *path = file_of(NULL, 0x3456);
    HANDLE section = section_of(open_file(path, GENERIC_RWX), RWR, 0x5123);
    BYTE *view;

    expect_eq(file_length(path), 0x5123);
    expect_section(section, 0x5123, FLAG_FILE);
    view = map(section, VIEW_WRITE);
    expect_view(view, 0x6000, RWR);
    expect_eq(view[0x3455], pattern(0x3455));
    expect_no_fault(touch_write(view + 0x5122));
}

CASE(SEC, 015, "size 0, an empty file", "NULL, 1006")
{
    const char *path = file_of(NULL, 0);
    HANDLE file = open_file(path, GENERIC_RWX);

    refuse(file, RO, 0, ERR_FILE_INVALID, ST_MAPPED_FILE_SIZE_ZERO);
    refuse(file, RWR, 0, ERR_FILE_INVALID, ST_MAPPED_FILE_SIZE_ZERO);
    expect_eq(file_length(path), 0);
}

CASE(SEC, 016, "SEC_IMAGE of an empty file", "INVALID_FILE_FOR_SECTION")
{
    refuse(file_rwx(0), RO | FLAG_IMAGE, 0, ERR_BAD_EXE, ST_INVALID_FILE_FOR_SECTION);
}

CASE(SEC, 017, "SEC_IMAGE of a file that is no PE file", "INVALID_IMAGE_NOT_MZ")
{
    refuse(file_rwx(0x3456), RO | FLAG_IMAGE, 0, ERR_BAD_EXE, ST_INVALID_IMAGE_NOT_MZ);
    refuse(file_rwx(1), RO | FLAG_IMAGE, 0, ERR_BAD_EXE, ST_INVALID_IMAGE_NOT_MZ);
}

CASE(SEC, 018, "page file, size 0", "NULL, 87")
{
    expect_error(try_section(NO_FILE, RWR, 0, NULL), ERR_PARAMETER);
    expect_error(try_section(NO_FILE, RWR | FLAG_RESERVE, 0, NULL), ERR_PARAMETER);
    expect_no_section(nt_section(NO_FILE, 0, RWR, FLAG_COMMIT), ST_PARAMETER(4),
                      ST_INVALID_PARAMETER);
}

CASE(SEC, 019, "page file, size 0x3452", "section of 0x4000 bytes, SEC_COMMIT")
{
    HANDLE section = anonymous(RWR, 0x3452);

    expect_section(section, 0x4000, FLAG_COMMIT);
    expect_view(map(section, VIEW_WRITE), 0x4000, RWR);
}

CASE(SEC, 020, "page file, size 4090", "section of 4096 bytes")
{
    expect_section(anonymous(RWR, 4090), 4096, FLAG_COMMIT);
    expect_section(anonymous(RO, 1), 4096, FLAG_COMMIT);
}

CASE(SEC, 021, "page file, no SEC_ flag", "SEC_COMMIT")
{
    HANDLE section = anonymous(RWR, 0x10000);
    BYTE *view = map(section, VIEW_WRITE);

    expect_section(section, 0x10000, FLAG_COMMIT);
    expect_view(view, 0x10000, RWR);
    expect_no_fault(touch_write(view + 0xFFFF));
}

CASE(SEC, 022, "page file SEC_COMMIT of 512 GB", "NULL, 1455")
{
    skip_if(is_wine(), "Wine has no commit limit");
    refuse(NO_FILE, RWR | FLAG_COMMIT, 512ull << 30, ERR_COMMITMENT, ST_COMMITMENT_LIMIT);
}

CASE(SEC, 023, "page file SEC_RESERVE of 8 TB", "NULL, 1450")
{
    todo_wine("it succeeds")
        refuse(NO_FILE, RWR | FLAG_RESERVE, 8ull << 40, ERR_RESOURCES, ST_INSUFFICIENT_RESOURCES);
}

CASE(SEC, 024, "page file SEC_RESERVE of 128 TB", "NULL, 8")
{
    refuse(NO_FILE, RWR | FLAG_RESERVE, 128ull << 40, ERR_MEMORY, ST_SECTION_TOO_BIG);
}

CASE(SEC, 025, "page file SEC_RESERVE of 8 GB", "success")
{
    struct nt_section made = nt_section(NO_FILE, 8ull << 30, RWR, FLAG_RESERVE);

    expect_status(made.status, ST_SUCCESS);
    expect_section(made.handle, 8ll << 30, FLAG_RESERVE);
    expect_section(anonymous(RWR | FLAG_RESERVE, 8ull << 30), 8ll << 30, FLAG_RESERVE);
}

static unsigned count_other_than_zero(const BYTE *p, SIZE_T size)
{
    unsigned n = 0;

    for (SIZE_T i = 0; i < size; i++)
        n += p[i] != 0;
    return n;
}

CASE(SEC, 221, "first read of a page-file section's pages", "all bytes 0")
{
    BYTE *committed = map(anonymous(RWR, 0x8000), VIEW_READ);
    BYTE *reserved = map(anonymous(RWR | FLAG_RESERVE, 0x8000), VIEW_WRITE);

    expect_eq(count_other_than_zero(committed, 0x8000), 0);
    expect_ptr(VirtualAlloc(reserved + PG, 0x2000, COM, RWR), reserved + PG);
    expect_eq(count_other_than_zero(reserved + PG, 0x2000), 0);
}
