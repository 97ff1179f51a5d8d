/* Views: what the rights of a handle and the protection of a section allow, and which protection an
 * access argument gives (SEC-063..069, SEC-130..147, SEC-212..215, SEC-226). */
#include "../compat_section.h"

static HANDLE rw_section(void)
{
    return section_of(file_rwx(0x2000), RWR, 0);
}

CASE(SEC, 063, "handle with MAP_READ only: map WRITE", "NULL, 5")
{
    HANDLE section = with_rights(rw_section(), RIGHT_READ);

    expect_eq(rights_of(section), RIGHT_READ);
    expect_no_view(try_map(section, VIEW_WRITE, 0, 0), ERR_DENIED);
    expect_no_view(try_map(section, VIEW_WRITE | VIEW_READ, 0, 0), ERR_DENIED);
    expect_view(map(section, VIEW_READ), 0x2000, RO);
}

CASE(SEC, 064, "handle with MAP_READ and MAP_WRITE: map WRITE", "success")
{
    HANDLE section = with_rights(rw_section(), RIGHT_READ | RIGHT_WRITE);

    expect_view(map(section, VIEW_WRITE), 0x2000, RWR);
    expect_view(map(section, VIEW_READ), 0x2000, RO);
}

CASE(SEC, 065, "handle with access 0: map with access 0", "NULL, 5")
{
    HANDLE section = with_rights(rw_section(), 0);

    expect_eq(rights_of(section), 0);
    expect_no_view(try_map(section, 0, 0, 0), ERR_DENIED);
    expect_no_view(try_map(section, VIEW_READ, 0, 0), ERR_DENIED);
}

CASE(SEC, 066, "handle with MAP_READ only: map with access 0", "success")
{
    HANDLE section = with_rights(rw_section(), RIGHT_READ);

    expect_view(map(section, 0), 0x2000, NA);
    expect_view(map(section, VIEW_COPY), 0x2000, WC);
}

/* OpenFileMapping(FILE_MAP_WRITE) of a new RW section. */
static HANDLE opened_for_writing(const char *stem)
{
    const char *name = shared_name(stem);
    HANDLE opened = NULL;

    if (try_section(NO_FILE, RWR, 0x2000, name))
        opened = keep(OpenFileMappingA(VIEW_WRITE, FALSE, name));
    if (!opened)
        compat_give_up("OpenFileMapping");
    return opened;
}

CASE(SEC, 067, "OpenFileMapping(FILE_MAP_WRITE), map READ", "NULL, 5")
{
    HANDLE section = opened_for_writing("067");

    expect_eq(rights_of(section), RIGHT_WRITE);
    expect_no_view(try_map(section, VIEW_READ, 0, 0), ERR_DENIED);
    expect_no_view(try_map(section, VIEW_COPY, 0, 0), ERR_DENIED);
    expect_no_view(try_map(section, 0, 0, 0), ERR_DENIED);
}

CASE(SEC, 068, "OpenFileMapping(FILE_MAP_WRITE), map WRITE", "success, RW")
{
    HANDLE section = opened_for_writing("068");
    BYTE *view = map(section, VIEW_WRITE);

    expect_view(view, 0x2000, RWR);
    expect_no_fault(touch_read(view));
    expect_no_fault(touch_write(view));
}

CASE(SEC, 069, "NtQuerySection with a handle without SECTION_QUERY", "ACCESS_DENIED")
{
    HANDLE section = with_rights(rw_section(), RIGHT_READ | RIGHT_WRITE);
    struct compat_section_info info = {NULL, 7, 8};

    expect_status(NtQuerySection(section, (compat_section_class)0, &info, sizeof(info), NULL),
                  ST_ACCESS_DENIED);
    expect_eq(info.attributes, 7);
    expect_eq(info.size, 8);
}

/* ---- which section gives which view ---- */

/* One row of the matrix: a + for each of the views RO WC RW XR XWC XRW NA that is allowed, for a
 * file's section and one of the page file, through MapViewOfFile and the native call. */
static void allowed_views(ULONG protect, const char *allowed)
{
    static const ULONG views[] = {RO, WC, RWR, XR, XWC, XRW, NA};
    static const ULONG access[] = {VIEW_READ,
                                   VIEW_COPY,
                                   VIEW_WRITE,
                                   VIEW_READ | VIEW_EXECUTE,
                                   VIEW_COPY | VIEW_EXECUTE,
                                   VIEW_WRITE | VIEW_EXECUTE,
                                   0};
    HANDLE sections[] = {section_of(file_rwx(0x2000), protect, 0), anonymous(protect, 0x2000)};
    HANDLE full[] = {full_section(file_rwx(0x2000), 0, protect, FLAG_COMMIT),
                     full_section(NO_FILE, 0x2000, protect, FLAG_COMMIT)};

    for (unsigned s = 0; s < 2; s++)
        for (unsigned i = 0; i < 7; i++) {
            if (allowed[i] == '+') {
                expect_view(map(sections[s], access[i]), 0x2000, views[i]);
                expect_view(map_nt(full[s], views[i]), 0x2000, views[i]);
                continue;
            }
            expect_no_view(try_map(sections[s], access[i], 0, 0), ERR_DENIED);
            todo_wine("no rule for each protection")
                expect_unmapped(nt_map(full[s], .protect = views[i]), NULL, 0,
                                ST_SECTION_PROTECTION);
        }
}

CASE(SEC, 130, "views of a RO section", "RO WC NA")
{
    allowed_views(RO, "++----+");
}
CASE(SEC, 131, "views of a WC section", "RO WC NA")
{
    allowed_views(WC, "++----+");
}
CASE(SEC, 132, "views of a RW section", "RO WC RW NA")
{
    allowed_views(RWR, "+++---+");
}
CASE(SEC, 133, "views of a XR section", "RO WC XR XWC NA")
{
    allowed_views(XR, "++-++-+");
}
CASE(SEC, 134, "views of a XWC section", "RO WC XR XWC NA")
{
    allowed_views(XWC, "++-++-+");
}
CASE(SEC, 135, "views of a XRW section", "all")
{
    allowed_views(XRW, "+++++++");
}

/* ---- access bits ---- */

static void access_gives(ULONG first, ULONG last, ULONG step, ULONG protect)
{
    HANDLE sections[] = {section_of(file_rwx(0x2000), XRW, 0), anonymous(XRW, 0x2000)};

    for (ULONG access = first; access <= last; access += step)
        for (unsigned s = 0; s < 2; s++)
            expect_view(map(sections[s], access), 0x2000, protect);
}

CASE(SEC, 140, "access 0, 8, 9, 0x20, 0x28, 0x29", "NA")
{
    access_gives(0, 0, 1, NA);
    access_gives(8, 9, 1, NA);
    access_gives(0x20, 0x20, 1, NA);
    access_gives(0x28, 0x29, 1, NA);
}

CASE(SEC, 141, "access 1", "WC")
{
    access_gives(1, 1, 1, WC);
}

CASE(SEC, 142, "access 2, 3, 6, 7, 0xA, 0xB, 0xE, 0xF and FILE_MAP_ALL_ACCESS", "RW")
{
    access_gives(2, 3, 1, RWR);
    access_gives(6, 7, 1, RWR);
    access_gives(0xA, 0xB, 1, RWR);
    access_gives(0xE, 0xF, 1, RWR);
    access_gives(RIGHT_ALL, RIGHT_ALL, 1, RWR);
}

CASE(SEC, 143, "access 4, 5, 0xC, 0xD", "RO")
{
    access_gives(4, 5, 1, RO);
    access_gives(0xC, 0xD, 1, RO);
}

CASE(SEC, 144, "access 0x21", "XWC")
{
    access_gives(0x21, 0x21, 1, XWC);
}

CASE(SEC, 145, "access 0x22, 0x23, 0x26, 0x27", "XRW")
{
    access_gives(0x22, 0x23, 1, XRW);
    access_gives(0x26, 0x27, 1, XRW);
}

CASE(SEC, 146, "access 0x24, 0x25, 0x2C, 0x2D", "XR")
{
    access_gives(0x24, 0x25, 1, XR);
    access_gives(0x2C, 0x2D, 1, XR);
}

CASE(SEC, 147, "access 0x2A, 0x2B, 0x2E, 0x2F", "XRW")
{
    access_gives(0x2A, 0x2B, 1, XRW);
    access_gives(0x2E, 0x2F, 1, XRW);
}

/* ---- what NtQuerySection says ---- */

/* The sizes of SECTION_BASIC_INFORMATION and SECTION_IMAGE_INFORMATION. */
enum { BASIC_INFO = 2 * sizeof(void *) + 8, IMAGE_INFO = sizeof(void *) == 4 ? 48 : 64 };

static ULONG query_section(HANDLE section, int info_class, void *info, SIZE_T size, SIZE_T *done)
{
    return (ULONG)NtQuerySection(section, (compat_section_class)info_class, info, size, done);
}

CASE(SEC, 212, "NtQuerySection Basic, length-1, length+1", "INFO_LENGTH_MISMATCH, success")
{
    HANDLE section = anonymous(RWR, 0x3456);
    BYTE info[BASIC_INFO + 1] = {0};
    SIZE_T done = 77;

    expect_status(query_section(section, 0, info, BASIC_INFO - 1, &done), ST_INFO_LENGTH_MISMATCH);
    expect_eq(done, 77);
    expect_status(query_section(section, 0, info, BASIC_INFO + 1, &done), ST_SUCCESS);
    expect_eq(done, BASIC_INFO);
    expect_status(query_section(section, 0, info, BASIC_INFO, NULL), ST_SUCCESS);
}

CASE(SEC, 213, "NtQuerySection Image of a data section",
     "SECTION_NOT_IMAGE; length-1 INFO_LENGTH_MISMATCH")
{
    HANDLE sections[] = {anonymous(RWR, PG), section_of(file_rwx(0x3456), RO, 0)};
    BYTE info[IMAGE_INFO + 1];

    for (unsigned i = 0; i < 2; i++) {
        expect_status(query_section(sections[i], 1, info, IMAGE_INFO - 1, NULL),
                      ST_INFO_LENGTH_MISMATCH);
        expect_status(query_section(sections[i], 1, info, IMAGE_INFO, NULL), ST_SECTION_NOT_IMAGE);
        expect_status(query_section(sections[i], 1, info, IMAGE_INFO + 1, NULL),
                      ST_SECTION_NOT_IMAGE);
    }
}

CASE(SEC, 214, "NtQuerySection Image, a length beyond all memory", "ACCESS_VIOLATION")
{
    HANDLE section = anonymous(RWR, PG);
    BYTE info[IMAGE_INFO];

    todo_wine("SECTION_NOT_IMAGE")
        expect_status(query_section(section, 1, info, ~((SIZE_T)-1 >> 1), NULL),
                      ST_ACCESS_VIOLATION);
}

CASE(SEC, 215, "SECTION_BASIC_INFORMATION", "BaseAddress NULL, attributes, size")
{
    expect_section(anonymous(RWR | FLAG_RESERVE, 0x3456), 0x4000, FLAG_RESERVE);
    expect_section(section_of(file_rwx(0x3456), RO, 0x1234), 0x1234, FLAG_FILE);
}

CASE(SEC, 226, "layout of SECTION_BASIC_INFORMATION",
     "24 bytes, fields at 0, 8, 16; 32-bit: 16 bytes, fields at 0, 4, 8")
{
    HANDLE section = anonymous(RWR, 0x3456);
    const unsigned word = sizeof(void *);
    BYTE info[24];
    ULONG attributes;
    ULONG_PTR base;
    uint64_t size;

    memset(info, 0xcc, sizeof(info));
    expect_status(query_section(section, 0, info, BASIC_INFO, NULL), ST_SUCCESS);
    memcpy(&base, info, word);
    memcpy(&attributes, info + word, 4);
    memcpy(&size, info + word * 2, 8);
    expect_eq(base, 0);
    expect_eq(attributes, FLAG_COMMIT);
    expect_eq(size, 0x4000);
}
