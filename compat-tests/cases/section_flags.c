/* Sections: the SEC_ flags against page file, data file and PE file (SEC-040..055). */
#include "../compat_image.h"

enum { SUCCEEDS = 0 };

/* One flag word against a page-file section or a data file. error 0: it is taken, and the section
 * has these attributes. */
static void flags_give(HANDLE file, ULONG flags, ULONG error, ULONG attributes)
{
    HANDLE section = NULL;

    if (error) {
        expect_error(try_section(file, RWR | flags, PG, NULL), error);
        expect_no_section(nt_section(file, PG, RWR, flags),
                          error == ERR_BAD_EXE ? (file == NO_FILE ? ST_INVALID_FILE_FOR_SECTION
                                                                  : ST_INVALID_IMAGE_NOT_MZ)
                                               : ST_INVALID_PARAMETER,
                          error == ERR_BAD_EXE ? ST_INVALID_FILE_FOR_SECTION : ST_PARAMETER(6));
        return;
    }
    section = try_section(file, RWR | flags, PG, NULL);
    if (ok(section != NULL, "flags 0x%lx: last error %lu", (unsigned long)flags,
           (unsigned long)GetLastError()))
        expect_section(section, PG, attributes);
}

static HANDLE data_file(void)
{
    return file_rwx(0x3456);
}

static void image_refused(ULONG flags)
{
    HANDLE file = open_file(image_file(image_plain()), GENERIC_RWX);

    expect_error(try_section(file, RO | flags, 0, NULL), ERR_PARAMETER);
    expect_no_section(nt_section(file, 0, RO, flags), ST_PARAMETER(6), ST_INVALID_PARAMETER);
}

CASE(SEC, 040, "no flag", "page file COMMIT, data file FILE")
{
    flags_give(NO_FILE, 0, SUCCEEDS, FLAG_COMMIT);
    flags_give(data_file(), 0, SUCCEEDS, FLAG_FILE);
}

CASE(SEC, 041, "RESERVE", "page file RESERVE, data file FILE")
{
    flags_give(NO_FILE, FLAG_RESERVE, SUCCEEDS, FLAG_RESERVE);
    flags_give(data_file(), FLAG_RESERVE, SUCCEEDS, FLAG_FILE);
}

CASE(SEC, 042, "RESERVE+NOCACHE", "page file RESERVE+NOCACHE, data file FILE+NOCACHE")
{
    flags_give(NO_FILE, FLAG_RESERVE | FLAG_NOCACHE, SUCCEEDS, FLAG_RESERVE | FLAG_NOCACHE);
    flags_give(data_file(), FLAG_RESERVE | FLAG_NOCACHE, SUCCEEDS, FLAG_FILE | FLAG_NOCACHE);
}

CASE(SEC, 043, "RESERVE+LARGE_PAGES", "87")
{
    flags_give(NO_FILE, FLAG_RESERVE | FLAG_LARGE_PAGES, ERR_PARAMETER, 0);
    flags_give(data_file(), FLAG_RESERVE | FLAG_LARGE_PAGES, ERR_PARAMETER, 0);
}

CASE(SEC, 044, "RESERVE+WRITECOMBINE", "success; data file FILE+WRITECOMBINE")
{
    HANDLE section = try_section(NO_FILE, RWR | FLAG_RESERVE | FLAG_WRITECOMBINE, PG, NULL);

    ok(section != NULL, "page file: last error %lu", (unsigned long)GetLastError());
    flags_give(data_file(), FLAG_RESERVE | FLAG_WRITECOMBINE, SUCCEEDS,
               FLAG_FILE | FLAG_WRITECOMBINE);
}

CASE(SEC, 045, "COMMIT", "page file COMMIT, data file FILE")
{
    flags_give(NO_FILE, FLAG_COMMIT, SUCCEEDS, FLAG_COMMIT);
    flags_give(data_file(), FLAG_COMMIT, SUCCEEDS, FLAG_FILE);
}

CASE(SEC, 046, "COMMIT+NOCACHE", "page file COMMIT+NOCACHE, data file FILE+NOCACHE")
{
    HANDLE section = section_of(NO_FILE, RWR | FLAG_COMMIT | FLAG_NOCACHE, PG);
    ULONG attributes = section_info(section).attributes;

    ok(attributes == (FLAG_COMMIT | FLAG_NOCACHE) || broken(attributes == FLAG_COMMIT),
       "attributes 0x%lx", (unsigned long)attributes);
    flags_give(data_file(), FLAG_COMMIT | FLAG_NOCACHE, SUCCEEDS, FLAG_FILE | FLAG_NOCACHE);
}

CASE(SEC, 047, "COMMIT+LARGE_PAGES", "page file: fails for 4096 bytes; data file 87")
{
    todo_wine("it succeeds")
        expect_failure(try_section(NO_FILE, RWR | FLAG_COMMIT | FLAG_LARGE_PAGES, PG, NULL));
    flags_give(data_file(), FLAG_COMMIT | FLAG_LARGE_PAGES, ERR_PARAMETER, 0);
}

CASE(SEC, 048, "COMMIT+WRITECOMBINE", "success; data file FILE+WRITECOMBINE")
{
    HANDLE section = try_section(NO_FILE, RWR | FLAG_COMMIT | FLAG_WRITECOMBINE, PG, NULL);

    ok(section != NULL, "page file: last error %lu", (unsigned long)GetLastError());
    flags_give(data_file(), FLAG_COMMIT | FLAG_WRITECOMBINE, SUCCEEDS,
               FLAG_FILE | FLAG_WRITECOMBINE);
}

CASE(SEC, 049, "RESERVE+COMMIT", "87")
{
    flags_give(NO_FILE, FLAG_RESERVE | FLAG_COMMIT, ERR_PARAMETER, 0);
    flags_give(data_file(), FLAG_RESERVE | FLAG_COMMIT, ERR_PARAMETER, 0);
}

CASE(SEC, 050, "IMAGE", "page file and data file 193; PE file FILE+IMAGE")
{
    HANDLE section =
        try_section(open_file(image_file(image_plain()), GENERIC_RWX), RO | FLAG_IMAGE, 0, NULL);

    flags_give(NO_FILE, FLAG_IMAGE, ERR_BAD_EXE, 0);
    flags_give(data_file(), FLAG_IMAGE, ERR_BAD_EXE, 0);
    ok(section != NULL, "PE file: last error %lu", (unsigned long)GetLastError());
    expect_eq(section_info(section).attributes, FLAG_FILE | FLAG_IMAGE);
}

CASE(SEC, 051, "IMAGE+RESERVE, IMAGE+COMMIT", "87")
{
    static const ULONG flags[] = {FLAG_IMAGE | FLAG_RESERVE, FLAG_IMAGE | FLAG_COMMIT};

    for (unsigned i = 0; i < 2; i++) {
        flags_give(NO_FILE, flags[i], ERR_PARAMETER, 0);
        flags_give(data_file(), flags[i], ERR_PARAMETER, 0);
        image_refused(flags[i]);
    }
}

CASE(SEC, 052, "IMAGE+NOCACHE", "PE file FILE+IMAGE")
{
    HANDLE section = try_section(open_file(image_file(image_plain()), GENERIC_RWX),
                                 RO | FLAG_NO_EXECUTE, 0, NULL);

    if (ok(section != NULL, "last error %lu", (unsigned long)GetLastError()))
        expect_eq(section_info(section).attributes, FLAG_FILE | FLAG_IMAGE);
}

CASE(SEC, 053, "IMAGE+FILE, IMAGE+LARGE_PAGES, IMAGE+WRITECOMBINE", "87")
{
    image_refused(FLAG_IMAGE | FLAG_FILE);
    image_refused(FLAG_IMAGE | FLAG_LARGE_PAGES);
    image_refused(FLAG_IMAGE | FLAG_WRITECOMBINE);
}

CASE(SEC, 054, "NOCACHE, LARGE_PAGES or WRITECOMBINE alone", "87")
{
    static const ULONG flags[] = {FLAG_NOCACHE, FLAG_LARGE_PAGES, FLAG_WRITECOMBINE};

    for (unsigned i = 0; i < 3; i++) {
        flags_give(NO_FILE, flags[i], ERR_PARAMETER, 0);
        flags_give(data_file(), flags[i], ERR_PARAMETER, 0);
    }
}

CASE(SEC, 055, "FILE, FILE+RESERVE, FILE+COMMIT", "87")
{
    static const ULONG flags[] = {FLAG_FILE, FLAG_FILE | FLAG_RESERVE, FLAG_FILE | FLAG_COMMIT};

    for (unsigned i = 0; i < 3; i++) {
        flags_give(NO_FILE, flags[i], ERR_PARAMETER, 0);
        flags_give(data_file(), flags[i], ERR_PARAMETER, 0);
    }
}
