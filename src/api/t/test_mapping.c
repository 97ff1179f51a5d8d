/* What the Win32 layer adds to the native mapping calls, over a space that only remembers. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/t/unit.h"
#include "nt/t/fake_section.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define MARK 0xdeadbeef
#define FREE ((LPVOID)0x30000000)

static DWORD failed_with(const void *result)
{
    ck_assert_ptr_null(result);
    return wvm_GetLastError();
}

static DWORD false_with(BOOL result)
{
    ck_assert_int_eq(result, FALSE);
    return wvm_GetLastError();
}

/* SEC-140..147: access 0..0xf, then with FILE_MAP_EXECUTE. */
START_TEST(access_bits)
{
    static const ULONG by_low[16] = {
        PAGE_NOACCESS, PAGE_WRITECOPY, PAGE_READWRITE, PAGE_READWRITE,
        PAGE_READONLY, PAGE_READONLY, PAGE_READWRITE, PAGE_READWRITE,
        PAGE_NOACCESS, PAGE_NOACCESS, PAGE_READWRITE, PAGE_READWRITE,
        PAGE_READONLY, PAGE_READONLY, PAGE_READWRITE, PAGE_READWRITE,
    };
    static const uint8_t attrs[] = {
        [PAGE_NOACCESS] = WVM_ATTR_NA, [PAGE_READONLY] = WVM_ATTR_RO,
        [PAGE_WRITECOPY] = WVM_ATTR_WC, [PAGE_READWRITE] = WVM_ATTR_RW,
    };
    static const uint8_t executable[] = {
        [WVM_ATTR_NA] = WVM_ATTR_NA, [WVM_ATTR_RO] = WVM_ATTR_XR,
        [WVM_ATTR_WC] = WVM_ATTR_XWC, [WVM_ATTR_RW] = WVM_ATTR_XRW,
    };
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_XRW, 0x1000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    DWORD access = (DWORD)(_i & 15) | (_i & 16 ? FILE_MAP_EXECUTE : 0);
    uint8_t attr = attrs[by_low[_i & 15]];
    fake_reset();
    ck_assert_ptr_nonnull(wvm_MapViewOfFile(h, access, 0, 0, 0));
    ck_assert_uint_eq(fake.view.attr, _i & 16 ? executable[attr] : attr);
}
END_TEST

/* Bits that are no rights do not turn a copying view into another. */
START_TEST(access_flags)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_XRW, 0x1000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    fake_reset();
    ck_assert_ptr_nonnull(wvm_MapViewOfFile(h, FILE_MAP_COPY | FILE_MAP_RESERVE, 0, 0, 0x2000));
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_WC);
    ck_assert_uint_eq(fake.view.n_parts, 2);
    ck_assert_ptr_nonnull(wvm_MapViewOfFile(
        h, FILE_MAP_READ | FILE_MAP_EXECUTE | FILE_MAP_TARGETS_INVALID, 0, 0, 0));
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_XR);
    ck_assert_ptr_nonnull(wvm_MapViewOfFile(h, FILE_MAP_ALL_ACCESS, 0, 0, 0));
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_RW);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile(h, FILE_MAP_READ | FILE_MAP_LARGE_PAGES, 0, 0,
                                                    0)), 87);
    /* SEC-119 */
    ck_assert_ptr_nonnull(wvm_MapViewOfFileFromApp(h, 0x40, 0, 0));
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_NA);
}
END_TEST

/* SEC-130..135: what a section does not allow is a denied access here, and a bad parameter where a
 * protection is named. */
START_TEST(refused_by_section)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RO, 0x1000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    fake_reset();
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0)), 5);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFileEx(h, FILE_MAP_WRITE, 0, 0, 0, FREE)), 5);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFileFromApp(h, FILE_MAP_WRITE, 0, 0)), 5);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile2(h, OWN, 0, NULL, 0, 0, PAGE_READWRITE)), 87);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile3(h, OWN, NULL, 0, 0, 0, PAGE_READWRITE, NULL,
                                                     0)), 87);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(arguments)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x300010000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    fake_reset();
    wvm_SetLastError(MARK);
    ck_assert_ptr_eq(wvm_MapViewOfFileEx(h, FILE_MAP_READ, 2, 0x10000, 0x1234, FREE), FREE);
    ck_assert_uint_eq(fake.view.offset, 0x200010000);
    ck_assert_uint_eq(fake.view.len, 0x2000);
    ck_assert_ptr_eq(wvm_MapViewOfFileExNuma(h, FILE_MAP_READ, 0, 0, 1, FREE, 0), FREE);
    ck_assert_ptr_eq(wvm_MapViewOfFileExNuma(h, FILE_MAP_READ, 0, 0, 1, FREE,
                                             NUMA_NO_PREFERRED_NODE), FREE);
    ck_assert_ptr_eq(wvm_MapViewOfFileNuma2(h, OWN, 0x10000, FREE, 1, MEM_TOP_DOWN, PAGE_READONLY,
                                            0), FREE);
    ck_assert_uint_eq(fake.view.offset, 0x10000);
    ck_assert(fake.view.top_down);
    ck_assert_ptr_nonnull(wvm_MapViewOfFile2(h, OWN, 0, NULL, 1, 0, PAGE_READONLY));
    /* SEC-082, PH-106: no process is this one, in this call only. */
    ck_assert_ptr_nonnull(wvm_MapViewOfFile3(h, NULL, NULL, 0, 1, 0, PAGE_READONLY, NULL, 0));
    ck_assert_ptr_eq(wvm_MapViewOfFile3FromApp(h, NULL, (char *)FREE + 0x1000, 0x3000, 0x1000,
                                               MEM_REPLACE_PLACEHOLDER, PAGE_READONLY, NULL, 0),
                     (char *)FREE + 0x1000);
    ck_assert(fake.view.replace);
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile2(h, NULL, 0, NULL, 1, 0, PAGE_READONLY)), 6);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFileExNuma(h, FILE_MAP_READ, 0, 0, 1, FREE, 4242)),
                      87);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile2(h, OWN, 0, FREE, 0x1000,
                                                     MEM_REPLACE_PLACEHOLDER, PAGE_READONLY)), 87);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile(NULL, FILE_MAP_READ, 0, 0, 0)), 6);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile(h, FILE_MAP_READ, 0, 1, 0)), 1132);
    ck_assert_uint_eq(failed_with(wvm_MapViewOfFile(h, FILE_MAP_READ, 4, 0, 1)), 5);
}
END_TEST

/* SEC-193, SEC-195, SEC-196, PH-085..088. */
START_TEST(unmapping)
{
    fake_reset();
    wvm_SetLastError(MARK);
    ck_assert(wvm_UnmapViewOfFile(FREE));
    ck_assert(wvm_UnmapViewOfFileEx(FREE, MEM_PRESERVE_PLACEHOLDER));
    ck_assert(fake.keep);
    ck_assert(wvm_UnmapViewOfFile2(OWN, FREE, MEM_UNMAP_WITH_TRANSIENT_BOOST));
    ck_assert(!fake.keep);
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
    ck_assert_uint_eq(false_with(wvm_UnmapViewOfFile(NULL)), 487);
    ck_assert_uint_eq(false_with(wvm_UnmapViewOfFileEx(FREE, MEM_RELEASE)), 87);
    ck_assert_uint_eq(false_with(wvm_UnmapViewOfFile2(NULL, FREE, MEM_PRESERVE_PLACEHOLDER)), 6);
    ck_assert_uint_eq(fake.n_calls, 3);
    fake.result = STATUS_CONFLICTING_ADDRESSES;
    ck_assert_uint_eq(false_with(wvm_UnmapViewOfFile2(OWN, FREE, MEM_PRESERVE_PLACEHOLDER)), 487);
}
END_TEST

static void show_view(struct wvm_section *s)
{
    fake_reset();
    fake.backing = &s->backing;
    fake.region = (struct wvm_region){
        .start = 0x50000, .end = 0x60000, .alloc_start = 0x50000, .alloc_end = 0x60000,
        .attr = WVM_ATTR_RW, .alloc_attr = WVM_ATTR_RW, .flags = WVM_ALLOC_VIEW,
        .type = s->kind == WVM_SECTION_IMAGE ? WVM_TYPE_IMAGE : WVM_TYPE_MAPPED,
    };
}

/* SEC-200, SEC-201. */
START_TEST(flushing)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    show_view(&s);
    wvm_SetLastError(MARK);
    ck_assert(wvm_FlushViewOfFile((LPVOID)0x50000, 0));
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
    ck_assert_uint_eq(false_with(wvm_FlushViewOfFile((LPVOID)0x90000, 0)), 487);
    ck_assert_uint_eq(false_with(wvm_FlushViewOfFile(NULL, 0)), 487);
    s.kind = WVM_SECTION_FILE;
    ck_assert_uint_eq(false_with(wvm_FlushViewOfFile((LPVOID)0x50000, 0x10001)), 87);
}
END_TEST

START_TEST(file_names)
{
    char path[] = "/tmp/winvm-mapping-XXXXXX", name[64] = "", real[64];
    WCHAR wide[64];
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x10000);
    LPVOID at = (LPVOID)0x51234;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_nonnull(realpath(path, real));
    DWORD n = (DWORD)strlen(real);
    s.backing.fd = fd;
    show_view(&s);
    wvm_SetLastError(MARK);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(OWN, at, name, n + 1), n);
    ck_assert_str_eq(name, real);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameW(OWN, at, wide, n + 1), n);
    for (DWORD i = 0; i <= n; i++)
        ck_assert_uint_eq(wide[i], (unsigned char)real[i]);
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(OWN, at, name, n), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 122);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameW(OWN, at, (LPWSTR)8, n + 1), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 998);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(NULL, at, name, 64), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 6);
    /* An image names the file it was made from; the page file has no name. */
    s.kind = WVM_SECTION_IMAGE;
    s.backing.fd = -1;
    s.file_fd = fd;
    show_view(&s);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(OWN, at, name, 64), n);
    s.kind = WVM_SECTION_PAGEFILE;
    show_view(&s);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(OWN, at, name, 64), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 1006);
    ck_assert_uint_eq(wvm_K32GetMappedFileNameA(OWN, (LPVOID)0x90000, name, 64), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 59);
    ck_assert_uint_eq(s.backing.refs, 1);
    unlink(path);
    close(fd);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("mapping", 20, &c);
    tcase_add_loop_test(c, access_bits, 0, 32);
    tcase_add_test(c, access_flags);
    tcase_add_test(c, refused_by_section);
    tcase_add_test(c, arguments);
    tcase_add_test(c, unmapping);
    tcase_add_test(c, flushing);
    tcase_add_test(c, file_names);
    return unit_run(s);
}
