/* MapViewOfFile3 and UnmapViewOfFile2 with placeholders (PH-070..098, PH-106). */
#include "../compat_placeholder.h"
#include "../compat_image.h"

static BYTE *try_map3(HANDLE section, BYTE *at, ULONG64 offset, SIZE_T size, ULONG type)
{
    return keep_view(
        extended.map3(section, GetCurrentProcess(), at, offset, size, type, RWR, NULL, 0));
}

/* A view that fails with one of the last errors and changes nothing in [around, around + GR). */
#define expect_no_map3(around, section, at, offset, size, type, ...)                               \
    do {                                                                                           \
        struct snapshot map3_before = look(around, GR);                                            \
        expect_error(try_map3(section, at, offset, size, type), __VA_ARGS__);                      \
        expect_unchanged(&map3_before);                                                            \
    } while (0)

/* A view of 64 KiB of the page file that replaced a placeholder. */
static BYTE *replacing_view(void)
{
    BYTE *a = placeholder(GR);

    expect_ptr(try_map3(anonymous(RWR, GR), a, 0, GR, REPLACE), a);
    expect_view(a, GR, RWR);
    return a;
}

static BOOL unmap_keeping(BYTE *view)
{
    return extended.unmap2(GetCurrentProcess(), view, KEEP);
}

CASE(PH, 070, "VirtualFree(view, n, RELEASE+PRESERVE)", "FALSE, 87")
{
    BYTE *views[2];

    need_placeholders();
    views[0] = replacing_view();
    views[1] = map(anonymous(RWR, GR), VIEW_WRITE);
    for (unsigned i = 0; i < 2; i++) {
        expect_error(VirtualFree(views[i], GR, MEM_RELEASE | KEEP), ERR_PARAMETER);
        expect_refused(nt_free(views[i], GR, MEM_RELEASE | KEEP), views[i], GR,
                       ST_UNABLE_TO_DELETE_SECTION);
        expect_view(views[i], GR, RWR);
    }
}

CASE(PH, 080, "MapViewOfFile3(REPLACE) of exactly a placeholder", "its address; COMMIT RW MAPPED")
{
    HANDLE file;
    BYTE *a;

    need_placeholders();
    expect_no_fault(touch_write(replacing_view() + 0xFFFF));
    file = section_of(file_rwx(GR), RWR, 0);
    a = placeholder(GR);
    expect_ptr(keep_view(extended.map3(file, NULL, a, 0, GR, REPLACE, RWR, NULL, 0)), a);
    expect_view(a, GR, RWR);
    expect_eq(a[0x1234], pattern(0x1234));
}

CASE(PH, 081, "two halves from one section", "a mirrored ring buffer")
{
    HANDLE section;
    BYTE *a;

    need_placeholders();
    section = anonymous(RWR, GR);
    a = placeholder(2 * GR);
    expect_success(VirtualFree(a, GR, MEM_RELEASE | KEEP));
    expect_ptr(try_map3(section, a, 0, GR, REPLACE), a);
    expect_placeholder(a + GR, GR);
    expect_ptr(try_map3(section, a + GR, 0, GR, REPLACE), a + GR);
    expect_view(a, GR, RWR);
    expect_view(a + GR, GR, RWR);
    memcpy(a + GR - 4, "12345678", 8);
    expect_eq(memcmp(a, "5678", 4), 0);
    expect_eq(memcmp(a + 2 * GR - 4, "1234", 4), 0);
}

CASE(PH, 082, "UnmapViewOfFile2(PRESERVE)", "TRUE; a placeholder again")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_success(unmap_keeping(a));
    expect_placeholder(a, GR);
    expect_ptr(try_map3(anonymous(RWR, GR), a, 0, GR, REPLACE), a);
    expect_eq(a[0], 0);
}

CASE(PH, 083, "UnmapViewOfFile2(PRESERVE) of the placeholder", "FALSE, 487")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_success(unmap_keeping(a));
    expect_error(unmap_keeping(a), ERR_ADDRESS);
    expect_placeholder(a, GR);
}

CASE(PH, 084, "UnmapViewOfFile of the placeholder", "FALSE, 487")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_success(unmap_keeping(a));
    expect_error(UnmapViewOfFile(a), ERR_ADDRESS);
    expect_status(NtUnmapViewOfSection(GetCurrentProcess(), a), ST_NOT_MAPPED_VIEW);
    expect_placeholder(a, GR);
}

CASE(PH, 085, "UnmapViewOfFile2(PRESERVE) of a view that replaced nothing", "FALSE, 487; it stays")
{
    BYTE *view;

    need_placeholders();
    view = map(anonymous(RWR, GR), VIEW_WRITE);
    expect_error(unmap_keeping(view), ERR_ADDRESS);
    expect_view(view, GR, RWR);
    expect_no_fault(touch_write(view));
}

CASE(PH, 086, "UnmapViewOfFile2(MEM_RELEASE+PRESERVE)", "FALSE, 87")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_error(extended.unmap2(GetCurrentProcess(), a, MEM_RELEASE | KEEP), ERR_PARAMETER);
    expect_view(a, GR, RWR);
}

CASE(PH, 087, "UnmapViewOfFile2(UNMAP_WITH_TRANSIENT_BOOST+PRESERVE)", "TRUE")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_success(extended.unmap2(GetCurrentProcess(), a, 1 | KEEP));
    expect_placeholder(a, GR);
}

CASE(PH, 088, "UnmapViewOfFile2(NULL, view, PRESERVE)", "FALSE, 6")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_error(extended.unmap2(NULL, a, KEEP), ERR_HANDLE);
    expect_view(a, GR, RWR);
}

/* A placeholder of one page at A+0x1000, split out of 64 KiB. */
static BYTE *page_placeholder(void)
{
    BYTE *a = placeholder(GR);

    expect_success(VirtualFree(a + PG, PG, MEM_RELEASE | KEEP));
    expect_placeholder(a + PG, PG);
    return a;
}

CASE(PH, 089, "REPLACE, base and offset multiples of 4 KiB only", "success")
{
    HANDLE sections[2];

    need_placeholders();
    sections[0] = anonymous(RWR, GR);
    sections[1] = section_of(file_rwx(GR), RWR, 0);
    for (unsigned i = 0; i < 2; i++) {
        BYTE *a = page_placeholder(), *whole = map(sections[i], VIEW_READ);

        expect_ptr(try_map3(sections[i], a + PG, 0x3000, PG, REPLACE), a + PG);
        expect_view(a + PG, PG, RWR);
        a[PG + 1] = 0x77;
        expect_eq(whole[0x3001], 0x77);
        expect_placeholder(a, PG);
        expect_placeholder(a + 2 * PG, GR - 2 * PG);
        expect_success(unmap_keeping(a + PG));
        expect_placeholder(a + PG, PG);
    }
}

CASE(PH, 090, "REPLACE, base - 1", "NULL, 1132")
{
    BYTE *a;

    need_placeholders();
    a = page_placeholder();
    expect_no_map3(a, anonymous(RWR, GR), a + PG - 1, 0, PG, REPLACE, ERR_ALIGNMENT);
}

CASE(PH, 091, "REPLACE, offset 0xFFF", "NULL, 1132")
{
    BYTE *a;

    need_placeholders();
    a = page_placeholder();
    expect_no_map3(a, anonymous(RWR, GR), a + PG, 0xFFF, PG, REPLACE, ERR_ALIGNMENT);
}

CASE(PH, 092, "no REPLACE, base a multiple of 4 KiB only", "NULL, 1132")
{
    BYTE *at = arena(GR);

    need_extended();
    expect_no_map3(at, anonymous(RWR, GR), at + PG, 0, PG, 0, ERR_ALIGNMENT);
    expect_gone(at);
}

CASE(PH, 093, "no REPLACE, offset 0x1000", "NULL, 1132")
{
    BYTE *at = arena(GR);

    need_extended();
    expect_no_map3(at, anonymous(RWR, GR), at, 0x1000, PG, 0, ERR_ALIGNMENT);
    expect_no_map3(at, anonymous(RWR, GR), NULL, 0x1000, PG, 0, ERR_ALIGNMENT);
    expect_gone(at);
}

CASE(PH, 094, "no REPLACE, base a multiple of 64 KiB, offset 0 or 0x40000", "success")
{
    HANDLE section = anonymous(RWR, 0x50000);
    BYTE *at = arena(4 * GR);

    need_extended();
    expect_ptr(try_map3(section, at, 0, GR, 0), at);
    expect_view(at, GR, RWR);
    expect_ptr(try_map3(section, at + 2 * GR, 0x40000, GR, 0), at + 2 * GR);
    expect_view(at + 2 * GR, GR, RWR);
}

CASE(PH, 095, "REPLACE view smaller than the placeholder", "NULL, 487")
{
    BYTE *a, *plain;
    HANDLE section;

    need_placeholders();
    section = anonymous(RWR, 2 * GR);
    a = placeholder(GR);
    expect_no_map3(a, section, a, 0, PG, REPLACE, ERR_ADDRESS);
    expect_no_map3(a, section, a + PG, 0, GR - PG, REPLACE, ERR_ADDRESS);
    expect_no_map3(a, section, a, 0, 2 * GR, REPLACE, ERR_ADDRESS);
    expect_placeholder(a, GR);
    plain = obtain(GR, RSV, NA);
    expect_no_map3(plain, section, plain, 0, GR, REPLACE, ERR_ADDRESS);
}

CASE(PH, 096, "UnmapViewOfFile of a view that replaced a placeholder", "TRUE; free")
{
    BYTE *a;

    need_placeholders();
    a = replacing_view();
    expect_success(UnmapViewOfFile(a + 0x1234));
    expect_gone(a);
    a = replacing_view();
    expect_success(extended.unmap2(GetCurrentProcess(), a, 0));
    expect_gone(a);
}

CASE(PH, 097, "the section closed while mapped over a placeholder", "view and unmapping work")
{
    HANDLE section;
    BYTE *a;

    need_placeholders();
    section = anonymous(RWR, GR);
    a = placeholder(GR);
    expect_ptr(try_map3(section, a, 0, GR, REPLACE), a);
    close_kept(section);
    expect_no_fault(touch_write(a));
    expect_view(a, GR, RWR);
    expect_success(unmap_keeping(a));
    expect_placeholder(a, GR);
}

CASE(PH, 098, "an image into a placeholder", "fails")
{
    HANDLE file, section;
    BYTE *a;

    need_placeholders();
    file = open_file(image_file(image_plain()), GENERIC_READ | GENERIC_EXECUTE);
    section = full_section(file, 0, RO, FLAG_IMAGE);
    a = placeholder(GR);
    expect_success(VirtualFree(a, IMAGE_SIZE, MEM_RELEASE | KEEP));
    expect_failure(extended.map3(section, NULL, a, 0, IMAGE_SIZE, REPLACE, RO, NULL, 0));
    expect_placeholder(a, IMAGE_SIZE);
    expect_placeholder(a + IMAGE_SIZE, GR - IMAGE_SIZE);
}

CASE(PH, 106, "MapViewOfFile3, process NULL, base NULL, RO", "success")
{
    BYTE *view;

    need_extended();
    view = keep_view(extended.map3(anonymous(RWR, GR), NULL, NULL, 0, 0, 0, RO, NULL, 0));
    todo_wine("INVALID_HANDLE")
        ok(view != NULL, "last error %lu", (unsigned long)GetLastError());
    if (view)
        expect_view(view, GR, RO);
}
