/* Large pages: GetLargePageMinimum, MEM_LARGE_PAGES, SEC_LARGE_PAGES (WS-100..113). Where the
 * user has no right to them, or none are free, the cases that need some are skipped. */
#include "../compat_layout.h"
#include "../compat_section.h"
#include "../compat.h"

#define COM MEM_COMMIT
#define SECTION (RWR | FLAG_COMMIT | FLAG_LARGE_PAGES)
#define LARGE (MEM_RESERVE | MEM_COMMIT | VM_LARGE_PAGES)

typedef SIZE_T(WINAPI *minimum_call)(void);
typedef PVOID(WINAPI *map_call)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, PVOID, ULONG);

/* The size of a large page; 0: there are none. */
static SIZE_T large_page(void)
{
    minimum_call ask = (minimum_call)find_call("GetLargePageMinimum");
    return ask ? ask() : 0;
}

static int is_refusal(void)
{
    return GetLastError() == ERROR_PRIVILEGE_NOT_HELD ||
           GetLastError() == ERROR_NO_SYSTEM_RESOURCES;
}

/* `variable` is a range of n large pages of `size` bytes. */
#define need_large(variable, size, n)                                                              \
    SIZE_T size = large_page();                                                                    \
    skip_if(size == 0, "no large pages here");                                                     \
    BYTE *variable = VirtualAlloc(NULL, (n) * size, LARGE, RWR);                                   \
    skip_if(!variable && is_refusal(), "no large pages to be had here");                           \
    todo_wine("the type is refused") ok(variable != NULL, "last error %lu",                        \
                                        (unsigned long)GetLastError());                            \
    if (!variable)                                                                                 \
        return

CASE(WS, 100, "GetLargePageMinimum", "0, 2 MiB or 4 MiB")
{
    SIZE_T size = large_page();

    ok(size == 0 || size == 0x200000 || size == 0x400000, "got %lx", (unsigned long)size);
    expect_eq(large_page(), size);
}

CASE(WS, 101, "LARGE_PAGES+RESERVE+COMMIT RW", "success, base a multiple, zeroed, RW")
{
    need_large(a, size, 2);
    MEMORY_BASIC_INFORMATION info;

    expect_eq((ULONG_PTR)a % size, 0);
    expect_eq(VirtualQuery(a, &info, sizeof info), sizeof info);
    expect_ptr(info.AllocationBase, a);
    expect_eq(info.RegionSize, 2 * size);
    expect_eq(info.State, COM);
    expect_eq(info.Protect, RWR);
    for (SIZE_T i = 0; i < 2 * size; i += PG)
        if (a[i])
            ok(0, "byte %lx is not zero", (unsigned long)i);
    memset(a, 0x5a, 2 * size);
    expect_eq(a[2 * size - 1], 0x5a);
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    expect_eq(VirtualQuery(a, &info, sizeof info), sizeof info);
    expect_eq(info.State, MEM_FREE);
    BYTE *again = VirtualAlloc(a, size, LARGE, RWR);
    if (again || !is_refusal()) {
        expect_ptr(again, a);
        expect_success(VirtualFree(a, 0, MEM_RELEASE));
    }
}

CASE(WS, 103, "LARGE_PAGES, size not a multiple", "NULL, 87")
{
    SIZE_T size = large_page();

    skip_if(size == 0, "no large pages here");
    expect_failure(VirtualAlloc(NULL, size - PG, LARGE, RWR));
    expect_failure(VirtualAlloc(NULL, size + PG, LARGE, RWR));
    expect_failure(VirtualAlloc(NULL, 1, LARGE, RWR));
}

CASE(WS, 104, "LARGE_PAGES, base not a multiple", "NULL, 87")
{
    SIZE_T size = large_page();
    BYTE *at;

    skip_if(size == 0, "no large pages here");
    at = arena((SIZE_T)(3 * size));
    at = (BYTE *)(((ULONG_PTR)at + size - 1) / size * size);
    expect_failure(VirtualAlloc(at + GR, size, LARGE, RWR));
    expect_failure(VirtualAlloc(at + PG, size, LARGE, RWR));
}

CASE(WS, 105, "LARGE_PAGES with RESERVE only, COMMIT only", "NULL, 87")
{
    SIZE_T size = large_page() ? large_page() : 0x200000;

    expect_error(VirtualAlloc(NULL, size, MEM_RESERVE | VM_LARGE_PAGES, RWR),
                 ERROR_INVALID_PARAMETER);
    expect_error(VirtualAlloc(NULL, size, MEM_COMMIT | VM_LARGE_PAGES, RWR),
                 ERROR_INVALID_PARAMETER);
    expect_error(VirtualAlloc(NULL, size, VM_LARGE_PAGES, RWR), ERROR_INVALID_PARAMETER);
}

CASE(WS, 107, "large pages, MEM_RESET", "always resident: contents kept")
{
    need_large(a, size, 1);

    memset(a, 0x77, size);
    VirtualAlloc(a, size, MEM_RESET, RWR);
    for (SIZE_T i = 0; i < size; i += PG)
        if (a[i] != 0x77)
            ok(0, "byte %lx is lost", (unsigned long)i);
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
}

CASE(WS, 109, "VirtualLock of large pages", "TRUE, no effect")
{
    need_large(a, size, 1);

    expect_success(VirtualLock(a, size));
    expect_success(VirtualLock(a + PG, PG));
    a[PG] = 1;
    expect_success(VirtualFree(a, 0, MEM_RELEASE));
}

CASE(WS, 110, "SEC_LARGE_PAGES without SEC_COMMIT", "NULL, 87")
{
    SIZE_T size = large_page() ? large_page() : 0x200000;

    expect_failure(try_section(NO_FILE, RWR | FLAG_LARGE_PAGES | FLAG_RESERVE, size, NULL));
    expect_failure(try_section(NO_FILE, RWR | FLAG_LARGE_PAGES, size, NULL));
}

CASE(WS, 112, "SEC_LARGE_PAGES, size not a multiple", "NULL")
{
    SIZE_T size = large_page() ? large_page() : 0x200000;

    todo_wine("it succeeds") {
        expect_failure(try_section(NO_FILE, SECTION, size + PG, NULL));
        expect_failure(try_section(NO_FILE, SECTION, size - 1, NULL));
    }
}

static BYTE *map_large(map_call map3, HANDLE section, ULONG64 offset, SIZE_T size)
{
    return map3(section, GetCurrentProcess(), NULL, offset, size, VM_LARGE_PAGES, RWR, NULL, 0);
}

CASE(WS, 113, "MapViewOfFile3 LARGE_PAGES of a section of large pages", "success")
{
    map_call map3 = (map_call)find_call("MapViewOfFile3");
    SIZE_T size = large_page();
    HANDLE section;
    BYTE *a, *b;

    skip_if(size == 0, "no large pages here");
    skip_if(!map3 && !is_native(), "no MapViewOfFile3 here");
    section = try_section(NO_FILE, SECTION, 2 * size, NULL);
    skip_if(!section && is_refusal(), "no large pages to be had here");
    ok(section != NULL, "last error %lu", (unsigned long)GetLastError());
    a = map_large(map3, section, 0, 0);
    b = map_large(map3, section, size, size);
    ok(a && b, "last error %lu", (unsigned long)GetLastError());
    if (a && b) {
        todo_wine("the view is an ordinary one")
            expect_eq(((ULONG_PTR)a | (ULONG_PTR)b) % size, 0);
        a[size + 5] = 99;
        expect_eq(b[5], 99);
        expect_success(VirtualLock(a, size));
        expect_success(UnmapViewOfFile(a));
        expect_success(UnmapViewOfFile(b));
    }
    todo_wine("the flag is ignored") {
        expect_failure(map_large(map3, section, 0, size - PG));
        expect_failure(map_large(map3, section, GR, size));
        expect_failure(map_large(map3, anonymous(RWR, size), 0, size));
    }
}
