/* Views and memory that files are read into: in-page errors, write watches beside ReadFile, classes
 * of NtQueryVirtualMemory (EX-014, VQ-033, WW-036..038). */
#include "../compat_section.h"

CASE(EX, 014, "the file behind a view is truncated", "0xC0000006, parameter 2 is a status")
{
#ifdef _WIN32
    skip_if(1, "Windows lets no mapped file be truncated");
#else
    const char *path = file_of(NULL, 0x4000);
    BYTE *view = map(section_of(open_file(path, GENERIC_READ), RO, 0), VIEW_READ);
    struct fault seen;

    expect_eq(view[0x3000], pattern(0x3000));
    if (!ok(truncate(path, 0x2000) == 0, "truncate"))
        return;
    seen = touch_read(view + 0x3123);
    expect_eq(seen.code, ST_IN_PAGE_ERROR);
    expect_eq(seen.kind, 0);
    expect_eq(seen.address, (ULONG_PTR)(view + 0x3123));
    ok(seen.status >= 0xC0000000u && seen.status <= 0xFFFFFFFFu, "status 0x%llx",
       (unsigned long long)seen.status);
    expect_no_fault(touch_read(view + 0x1FFF));
    expect_eq(view[0x1FFF], pattern(0x1FFF));
#endif
}

CASE(VQ, 033, "MemoryRegionInformation of a RO view of the page file",
     "AllocationProtect RO, RegionType 0, RegionSize 4096")
{
    BYTE *view = map(anonymous(RWR, PG), VIEW_READ);
    struct compat_region_info info;
    ULONG status;

    memset(&info, 0xcc, sizeof(info));
    status = nt_query(GetCurrentProcess(), view, QUERY_REGION, &info, sizeof(info), NULL);
    expect_status(status, ST_SUCCESS);
    expect_ptr(info.allocation_base, view);
    expect_eq(info.allocation_protect, RO);
    expect_eq(info.region_type, 0);
    expect_eq(info.region_size, PG);
}

/* ---- a write watch beside ReadFile ---- */

static BYTE *watched(void)
{
    return obtain(GR, RSV | COM | VM_WRITE_WATCH, RWR);
}

/* How many pages are written now; they are so no more. */
static ULONG_PTR count_and_reset(BYTE *b)
{
    PVOID hits[32];
    ULONG_PTR n = 32;
    DWORD granularity = 0;

    expect_eq(GetWriteWatch(1, b, GR, hits, &n, &granularity), 0);
    return n;
}

CASE(WW, 036, "ReadFile of 0x10000 from a file of 0x2003", "0x2003 bytes; count 16")
{
    HANDLE file = open_file(file_of(NULL, 0x2003), GENERIC_READ);
    BYTE *b = watched();
    DWORD done = 0;

    expect_eq(count_and_reset(b), 0);
    expect_success(ReadFile(file, b, GR, &done, NULL));
    expect_eq(done, 0x2003);
    expect_eq(b[0x2002], pattern(0x2002));
    expect_eq(b[0x2003], 0);
    expect_eq(count_and_reset(b), 16);
}

CASE(WW, 037, "ReadFile at the end of the file", "0 bytes; count 16")
{
    HANDLE file = open_file(file_of(NULL, 0x2003), GENERIC_READ);
    BYTE *b = watched();
    DWORD done = 77;

    expect_eq(SetFilePointer(file, 0, NULL, FILE_END), 0x2003);
    expect_eq(count_and_reset(b), 0);
    expect_success(ReadFile(file, b, GR, &done, NULL));
    expect_eq(done, 0);
    expect_eq(count_and_reset(b), 16);
}

CASE(WW, 038, "ReadFile with a wrong handle", "FALSE, 6; count 0")
{
    BYTE *b = watched();
    DWORD done = 0;

    expect_eq(count_and_reset(b), 0);
    expect_error(ReadFile((HANDLE)(ULONG_PTR)0xdead0, b, GR, &done, NULL), ERR_HANDLE);
    expect_eq(done, 0);
    expect_eq(count_and_reset(b), 0);
}
