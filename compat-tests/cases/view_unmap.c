/* Views: unmapping, flushing, and which views are the same file (SEC-190..202, SEC-204..211,
 * SEC-225). */
#include "../compat_image.h"

static BYTE *some_view(void)
{
    return map(anonymous(RWR, 0x3000), VIEW_WRITE);
}

CASE(SEC, 190, "UnmapViewOfFile(view+100), (view+4096), (view+4196)", "TRUE, the whole view goes")
{
    static const unsigned inside[] = {0, 100, 4096, 4196, 0x2FFF};

    for (unsigned i = 0; i < 5; i++) {
        BYTE *view = some_view(), *file = map(section_of(file_rwx(0x2345), RWR, 0), VIEW_READ);

        expect_success(UnmapViewOfFile(view + inside[i]));
        expect_gone(view);
        expect_gone(view + 0x2000);
        expect_success(UnmapViewOfFile(file + inside[i]));
        expect_gone(file);
        view = some_view();
        expect_status(NtUnmapViewOfSection(GetCurrentProcess(), view + inside[i]), ST_SUCCESS);
        expect_gone(view);
    }
}

static void refuse_unmap(void *at)
{
    expect_error(UnmapViewOfFile(at), ERR_ADDRESS);
    expect_status(NtUnmapViewOfSection(GetCurrentProcess(), at), ST_NOT_MAPPED_VIEW);
}

CASE(SEC, 191, "UnmapViewOfFile of VirtualAlloc memory", "FALSE, 487")
{
    BYTE *p = obtain(0x3000, RSV | COM, RWR);
    struct snapshot before = look(p, 0x3000);

    refuse_unmap(p);
    refuse_unmap(p + PG);
    refuse_unmap(p + 0x1234);
    expect_unchanged(&before);
}

CASE(SEC, 192, "UnmapViewOfFile(0xDEADBEEF)", "FALSE, 487")
{
    skip_if(query((void *)0xDEADBEEF).State != MEM_FREE, "the address is in use");
    refuse_unmap((void *)0xDEADBEEF);
}

CASE(SEC, 193, "UnmapViewOfFile(NULL)", "FALSE, 487")
{
    refuse_unmap(NULL);
}

CASE(SEC, 194, "unmapped twice", "the second FALSE, 487")
{
    BYTE *view = some_view();

    expect_success(UnmapViewOfFile(view));
    refuse_unmap(view);
    refuse_unmap(view + PG);
}

typedef BOOL(WINAPI *unmap2)(HANDLE, PVOID, ULONG);

CASE(SEC, 195, "UnmapViewOfFile2(NULL process)", "FALSE, 6")
{
    unmap2 call = (unmap2)find_call("UnmapViewOfFile2");
    BYTE *view = some_view();

    need_call(call, "UnmapViewOfFile2");
    expect_error(call(NULL, view, 0), ERR_HANDLE);
    expect_view(view, 0x3000, RWR);
    expect_success(call(GetCurrentProcess(), view, 0));
    expect_gone(view);
}

CASE(SEC, 196, "UnmapViewOfFile2, flags with bits other than 1 and 2", "FALSE, 87")
{
    unmap2 call = (unmap2)find_call("UnmapViewOfFile2");
    BYTE *view = some_view();
    static const ULONG flags[] = {MEM_RELEASE, MEM_DECOMMIT, 4, 0x80000000, 5};

    need_call(call, "UnmapViewOfFile2");
    for (unsigned i = 0; i < 5; i++) {
        todo_wine("flags are not looked at") {
            expect_error(call(GetCurrentProcess(), view, flags[i]), ERR_PARAMETER);
            expect_view(view, 0x3000, RWR);
        }
    }
}

CASE(SEC, 197, "the handle closed while a view exists", "the data stays")
{
    HANDLE section = anonymous(RWR, 0x2000);
    BYTE *view = map(section, VIEW_WRITE);

    view[PG] = 0x31;
    close_kept(section);
    expect_view(view, 0x2000, RWR);
    expect_eq(view[PG], 0x31);
    expect_no_fault(touch_write(view));
    ok(UnmapViewOfFile(view), "UnmapViewOfFile");
    expect_gone(view);
}

/* ---- flush ---- */

CASE(SEC, 198, "FlushViewOfFile(view, 0)", "TRUE: to the end of the view")
{
    const char *path = file_of(NULL, 0x3456);
    BYTE *view = map(section_of(open_file(path, GENERIC_RWX), RWR, 0), VIEW_WRITE);

    view[0x3455] = 0xAB;
    expect_success(FlushViewOfFile(view, 0));
    expect_success(FlushViewOfFile(view + PG, 0));
    expect_eq(file_byte(path, 0x3455), 0xAB);
    expect_view(view, 0x4000, RWR);
}

CASE(SEC, 199, "FlushViewOfFile(view + odd, n)", "TRUE: whole pages")
{
    const char *path = file_of(NULL, 0x3456);
    BYTE *view = map(section_of(open_file(path, GENERIC_RWX), RWR, 0), VIEW_WRITE);

    view[PG] = 0xCD;
    expect_success(FlushViewOfFile(view + PG + 77, 1));
    expect_success(FlushViewOfFile(view + 0xFFF, 2));
    expect_eq(file_byte(path, PG), 0xCD);
}

CASE(SEC, 200, "FlushViewOfFile of a page-file view", "TRUE")
{
    BYTE *view = some_view();

    expect_success(FlushViewOfFile(view, 0));
    expect_success(FlushViewOfFile(view + PG, 1));
}

CASE(SEC, 201, "FlushViewOfFile of private or free memory", "FALSE, 487")
{
    BYTE *p = obtain(0x2000, RSV | COM, RWR), *free_memory = arena(GR);

    todo_wine("87") {
        expect_error(FlushViewOfFile(p, 0), ERR_ADDRESS);
        expect_error(FlushViewOfFile(p + PG, 1), ERR_ADDRESS);
        expect_error(FlushViewOfFile(free_memory, 0), ERR_ADDRESS);
    }
}

typedef NTSTATUS(NTAPI *flush)(HANDLE, PVOID *, PSIZE_T, ULONG_PTR[2]);

CASE(SEC, 202, "NtFlushVirtualMemory beyond a view", "INVALID_PARAMETER_2*")
{
    flush call = (flush)find_call("NtFlushVirtualMemory");
    BYTE *view = map(section_of(file_rwx(0x3000), RWR, 0), VIEW_WRITE);
    ULONG_PTR io[2] = {0, 0};
    PVOID base = view;
    SIZE_T size = 0x4000;

    need_call(call, "NtFlushVirtualMemory");
    expect_status(call(GetCurrentProcess(), &base, &size, io), ST_PARAMETER(2),
                  ST_INVALID_PARAMETER);
    base = view + PG;
    size = 0x3000;
    expect_status(call(GetCurrentProcess(), &base, &size, io), ST_PARAMETER(2),
                  ST_INVALID_PARAMETER);
}

CASE(SEC, 225, "FlushViewOfFile of a written view of a file", "TRUE; every later reader sees it")
{
    const char *path = file_of(NULL, 0x3456);
    BYTE *view = map(section_of(open_file(path, GENERIC_RWX), RWR, 0), VIEW_WRITE);

    memset(view + 0x1800, 0x6E, 0x1000);
    expect_success(FlushViewOfFile(view, 0x3456));
    expect_eq(file_byte(path, 0x17FF), pattern(0x17FF));
    expect_eq(file_byte(path, 0x1800), 0x6E);
    expect_eq(file_byte(path, 0x27FF), 0x6E);
    expect_eq(file_byte(path, 0x2800), pattern(0x2800));
    expect_eq(map(section_of(open_file(path, GENERIC_READ), RO, 0), VIEW_READ)[0x2000], 0x6E);
}

/* ---- identity ---- */

static ULONG same_files(const void *one, const void *two)
{
    return (ULONG)NtAreMappedFilesTheSame((PVOID)(uintptr_t)one, (PVOID)(uintptr_t)two);
}

CASE(SEC, 204, "NtAreMappedFilesTheSame(view, view), (view, view+30)", "SUCCESS")
{
    BYTE *view = map(section_of(file_rwx(0x2000), RO, 0), VIEW_READ);
    ULONG one = same_files(view, view), two = same_files(view, view + 30);

    ok(one == ST_SUCCESS || broken(one == ST_NOT_SAME_DEVICE), "got 0x%lx", (unsigned long)one);
    ok(two == ST_SUCCESS || broken(two == ST_NOT_SAME_DEVICE), "got 0x%lx", (unsigned long)two);
}

CASE(SEC, 205, "two data views of one file, of one section", "NOT_SAME_DEVICE")
{
    const char *path = file_of(NULL, 0x2000);
    HANDLE section = section_of(open_file(path, GENERIC_READ), RO, 0);
    BYTE *view = map(section, VIEW_READ), *same = map(section, VIEW_READ);
    BYTE *other = map(section_of(open_file(path, GENERIC_READ), RO, 0), VIEW_READ);

    expect_status(same_files(view, same), ST_NOT_SAME_DEVICE);
    expect_status(same_files(view, other), ST_NOT_SAME_DEVICE);
}

/* A data view and image views of one PE file. */
static void both_views(BYTE **data, BYTE *images[2])
{
    const char *path = image_file(image_plain());
    HANDLE file = open_file(path, GENERIC_READ | GENERIC_EXECUTE);

    *data = map(section_of(file, RO, 0), VIEW_READ);
    for (unsigned i = 0; i < 2; i++)
        images[i] = map(section_of(file, RO | FLAG_IMAGE, 0), VIEW_READ);
}

CASE(SEC, 206, "(data view, image of the same file)", "NOT_SAME_DEVICE")
{
    BYTE *data, *images[2];

    both_views(&data, images);
    expect_status(same_files(data, images[0]), ST_NOT_SAME_DEVICE);
}

CASE(SEC, 207, "(image, data view of the same file)", "SUCCESS")
{
    BYTE *data, *images[2];

    both_views(&data, images);
    expect_status(same_files(images[0], data), ST_SUCCESS);
    expect_status(same_files(images[0], map(section_of(file_rwx(PG), RO, 0), VIEW_READ)),
                  ST_NOT_SAME_DEVICE);
}

CASE(SEC, 208, "two image views of one file", "SUCCESS")
{
    BYTE *data, *images[2];

    both_views(&data, images);
    expect_status(same_files(images[0], images[1]), ST_SUCCESS);
    expect_status(same_files(images[0] + 0x1234, images[1] + 0x3000), ST_SUCCESS);
}

CASE(SEC, 209, "second argument free memory", "CONFLICTING_ADDRESSES or INVALID_ADDRESS")
{
    BYTE *view = map(section_of(file_rwx(PG), RO, 0), VIEW_READ);

    expect_status(same_files(view, arena(GR)), ST_CONFLICTING_ADDRESSES, ST_INVALID_ADDRESS);
}

CASE(SEC, 210, "second argument NULL", "INVALID_ADDRESS")
{
    BYTE *view = map(section_of(file_rwx(PG), RO, 0), VIEW_READ);

    expect_status(same_files(view, NULL), ST_INVALID_ADDRESS);
}

CASE(SEC, 211, "second argument private memory", "CONFLICTING_ADDRESSES")
{
    BYTE *view = map(section_of(file_rwx(PG), RO, 0), VIEW_READ);

    expect_status(same_files(view, obtain(PG, RSV | COM, RWR)), ST_CONFLICTING_ADDRESSES);
}
