/* Images: sections and views of PE files (SEC-108..112; IMG: the pages of an image view, of which
 * the specification gives the header page). */
#include "../compat_image.h"

static HANDLE image_section_of(const struct image *image, ULONG64 size)
{
    HANDLE file = open_file(image_file(image), GENERIC_READ | GENERIC_EXECUTE);

    return full_section(file, size, RO, FLAG_IMAGE);
}

static struct nt_out map_image(HANDLE section, SIZE_T size)
{
    struct nt_out out = nt_map(section, .size = size, .protect = RO);

    expect_status(out.status, ST_SUCCESS, ST_IMAGE_NOT_AT_BASE);
    if (out.status >= 0x80000000u)
        compat_give_up("NtMapViewOfSection of an image");
    return out;
}

static struct compat_image_info image_info(const BYTE *at)
{
    struct compat_image_info info = {NULL, 0, 0xdead};

    todo_wine("no MemoryImageInformation")
        expect_status(nt_query(GetCurrentProcess(), at, QUERY_IMAGE, &info, sizeof(info), NULL),
                      ST_SUCCESS);
    return info;
}

CASE(SEC, 108, "a second view of an image", "IMAGE_NOT_AT_BASE, a view; MapViewOfFile succeeds")
{
    HANDLE section = image_section_of(image_plain(), 0);
    BYTE *first = map_image(section, 0).base, *third;
    struct nt_out second = nt_map(section, .protect = RO);

    expect_status(second.status, ST_IMAGE_NOT_AT_BASE);
    ok(second.base != NULL && second.base != first, "base %p, first %p", (void *)second.base,
       (void *)first);
    expect_eq(second.size, IMAGE_SIZE);
    expect_eq(query(second.base).Type, VM_IMAGE);
    third = map(section, VIEW_READ);
    expect_eq(query(third).Type, VM_IMAGE);
    expect_eq(third[0], 'M');
    expect_eq(third[IMAGE_RDATA + 3], image_byte(IMAGE_RDATA + 3));
}

CASE(SEC, 109, "an image of another machine", "IMAGE_MACHINE_TYPE_MISMATCH, a view")
{
    struct nt_out out = nt_map(image_section_of(image_other(), 0), .protect = RO);

    todo_wine("SUCCESS")
        expect_status(out.status, ST_IMAGE_MACHINE_TYPE_MISMATCH);
    ok(out.base != NULL, "no base");
    expect_eq(out.size, IMAGE_SIZE);
    expect_eq(query(out.base).Type, VM_IMAGE);
}

/* A view of the first bytes of an image. */
static void partial(struct nt_out out, SIZE_T size)
{
    struct compat_image_info info = image_info(out.base);

    todo_wine("views of images are whole") {
        expect_eq(out.size, size);
        expect_eq(info.flags & 1, 1);
        expect_gone(out.base + size);
        expect_eq(info.size, IMAGE_SIZE);
        expect_ptr(info.base, out.base);
    }
    expect_eq(query(out.base + size - 1).Type, VM_IMAGE);
}

CASE(SEC, 110, "SEC_IMAGE section of 0x4000 bytes, view of size 0",
     "0x4000 bytes, ImagePartialMap 1, SizeOfImage of the header")
{
    partial(map_image(image_section_of(image_plain(), 0x4000), 0), 0x4000);
}

CASE(SEC, 111, "SEC_IMAGE section, view of size 0x5000", "0x5000 bytes, ImagePartialMap 1")
{
    partial(map_image(image_section_of(image_plain(), 0), 0x5000), 0x5000);
}

CASE(SEC, 112, "SEC_IMAGE section, view of size 0", "the whole image, ImagePartialMap 0")
{
    struct nt_out out = map_image(image_section_of(image_plain(), 0), 0);
    struct compat_image_info info = image_info(out.base + 0x1234);

    expect_eq(out.size, IMAGE_SIZE);
    todo_wine("no MemoryImageInformation") {
        expect_ptr(info.base, out.base);
        expect_eq(info.size, IMAGE_SIZE);
        expect_eq(info.flags & 3, 0);
    }
    expect_ptr(query(out.base + IMAGE_SIZE - 1).AllocationBase, out.base);
    ok(query(out.base + IMAGE_SIZE).AllocationBase != out.base, "the image is longer");
}

CASE(IMG, 001, "pages of an image view, whatever protection is asked for",
     "headers RO, .text XR, .rdata RO, .data WC; AllocationProtect XWC")
{
    static const ULONG access[] = {VIEW_READ, VIEW_READ | VIEW_EXECUTE, VIEW_COPY, 0};
    HANDLE section = image_section_of(image_plain(), 0);

    for (unsigned i = 0; i < 4; i++) {
        BYTE *view = map(section, access[i]);

        expect_query(view, view, view, XWC, PG, COM, RO, VM_IMAGE);
        expect_query(view + IMAGE_TEXT, view + IMAGE_TEXT, view, XWC, PG, COM, XR, VM_IMAGE);
        expect_query(view + IMAGE_RDATA, view + IMAGE_RDATA, view, XWC, PG, COM, RO, VM_IMAGE);
        expect_query(view + IMAGE_DATA, view + IMAGE_DATA, view, XWC, 0x2000, COM, WC, VM_IMAGE);
        expect_no_fault(touch_exec(view + IMAGE_TEXT));
        expect_fault(touch_write(view + IMAGE_RDATA), 1, view + IMAGE_RDATA);
        expect_eq(view[IMAGE_DATA + 5], image_byte(IMAGE_DATA + 5));
        expect_eq(view[IMAGE_DATA + 0x1FFF], 0);
    }
}

CASE(IMG, 002, "write to .data of an image view", "private; the file and other views unchanged")
{
    const char *path = image_file(image_plain());
    HANDLE file = open_file(path, GENERIC_READ | GENERIC_EXECUTE);
    HANDLE section = full_section(file, 0, RO, FLAG_IMAGE);
    BYTE *one = map(section, VIEW_READ), *two = map(section, VIEW_READ);

    expect_no_fault(touch_write(one + IMAGE_DATA));
    todo_wine("a page that was written is not told apart")
        expect_query(one + IMAGE_DATA, one + IMAGE_DATA, one, XWC, PG, COM, RWR, VM_IMAGE);
    expect_eq(two[IMAGE_DATA], image_byte(IMAGE_DATA));
    expect_eq(file_byte(path, 0x800), image_byte(IMAGE_DATA));
}
