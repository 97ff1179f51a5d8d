/* The rules of the calls on views that are there: unmap, flush, query, compare, protect. */
#include <sys/mman.h>

#include "map_unit.h"

/* SEC-190, SEC-193, SEC-196, PH-082, PH-086, PH-087. */
START_TEST(unmapping)
{
    static const struct {
        uintptr_t at;
        ULONG flags;
        NTSTATUS expected;
        bool keep;
    } cases[] = {
        {FREE + 4196, 0, 0, false},
        {FREE, MEM_PRESERVE_PLACEHOLDER, 0, true},
        {FREE, MEM_PRESERVE_PLACEHOLDER | MEM_UNMAP_WITH_TRANSIENT_BOOST, 0, true},
        {FREE, MEM_UNMAP_WITH_TRANSIENT_BOOST, 0, false},
        {FREE, 4, STATUS_INVALID_PARAMETER, false},
        {FREE, MEM_RELEASE, STATUS_INVALID_PARAMETER, false},
        {FREE, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER, false},
        {0, 0, STATUS_NOT_MAPPED_VIEW, false},
        {(uintptr_t)FAKE_KERNEL, 0, STATUS_NOT_MAPPED_VIEW, false},
        {UINTPTR_MAX, 0, STATUS_NOT_MAPPED_VIEW, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_reset();
        ck_assert_int_eq(wvm_NtUnmapViewOfSectionEx(OWN, (PVOID)cases[i].at, cases[i].flags),
                         cases[i].expected);
        ck_assert_uint_eq(fake.n_calls, cases[i].expected == 0);
        ck_assert_int_eq(fake.keep, cases[i].keep);
        ck_assert_uint_eq(fake.start, cases[i].expected ? 0 : cases[i].at);
    }
}
END_TEST

/* SEC-198..202. */
START_TEST(flushing)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x4000);
    char *at = mmap(NULL, 0x4000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uintptr_t start = (uintptr_t)at;
    struct wvm_nt_range range = {start + 0x1234, 0};
    show_view(&s, start, start + 0x4000);
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), 0);
    ck_assert(range.base == start + 0x1000 && range.size == 0x3000);
    range = (struct wvm_nt_range){start + 0xfff, 2};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), 0);
    ck_assert(range.base == start && range.size == 0x2000);
    range = (struct wvm_nt_range){start + 0x3000, 0x1001};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_INVALID_PARAMETER_2);
    ck_assert(range.base == start + 0x3000 && range.size == 0x1001);
    range = (struct wvm_nt_range){TOP, 0};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_INVALID_PARAMETER_2);
    range = (struct wvm_nt_range){start + 0x4000, 1};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_VIEW);
    ck_assert_int_eq(wvm_nt_flush(NULL, &range), STATUS_INVALID_HANDLE);
    s.kind = WVM_SECTION_PAGEFILE;
    range = (struct wvm_nt_range){start, 0};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_DATA);
    s.kind = WVM_SECTION_IMAGE;
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_DATA);
    ck_assert_uint_eq(s.backing.refs, 1);
    /* The page went away under the view. */
    s.kind = WVM_SECTION_FILE;
    munmap(at, 0x4000);
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_VIEW);
}
END_TEST

/* VQ-033, VQ-036, VQ-037, SEC-110. */
START_TEST(queries)
{
    struct wvm_image_info image = image_info(0x140000000);
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    MEMORY_REGION_INFORMATION region;
    MEMORY_IMAGE_INFORMATION info;
    static const ULONG types[] = {
        [WVM_SECTION_PAGEFILE] = 0, [WVM_SECTION_FILE] = 2, [WVM_SECTION_IMAGE] = 4};
    s.image = &image;
    for (uint8_t kind = WVM_SECTION_PAGEFILE; kind <= WVM_SECTION_IMAGE; kind++) {
        bool is_image = kind == WVM_SECTION_IMAGE;
        s.kind = kind;
        show_view(&s, 0x50000, 0x60000);
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryRegionInformation,
                                                  &region, sizeof region, NULL), 0);
        ck_assert_uint_eq(region.RegionType, types[kind]);
        ck_assert_uint_eq(region.RegionSize, 0x10000);
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryImageInformation,
                                                  &info, sizeof info, NULL), 0);
        ck_assert_ptr_eq(info.ImageBase, is_image ? (PVOID)0x50000 : NULL);
        ck_assert_uint_eq(info.SizeOfImage, is_image ? 0x24000 : 0);
        ck_assert_uint_eq(info.ImagePartialMap, is_image);
        ck_assert_uint_eq(s.backing.refs, 1);
    }
    image.size = 0x10000;
    s.flags = WVM_SECTION_NO_EXECUTE;
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryImageInformation, &info,
                                              sizeof info, NULL), 0);
    ck_assert_uint_eq(info.ImagePartialMap, 0);
    ck_assert_uint_eq(info.ImageNotExecutable, 1);
}
END_TEST

/* SEC-204, SEC-209..211. */
START_TEST(same_file)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x10000);
    PVOID view = (PVOID)0x50000, private = (PVOID)0x90000;
    show_view(&s, 0x50000, 0x60000);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, view), 0);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, (char *)view + 30), 0);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, private), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(private, view), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, (PVOID)TOP), STATUS_INVALID_ADDRESS);
    fake.region.type = WVM_TYPE_FREE;
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(private, view), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, private), STATUS_INVALID_ADDRESS);
    ck_assert_uint_eq(s.backing.refs, 1);
}
END_TEST

static NTSTATUS protect(uintptr_t at, ULONG prot)
{
    PVOID base = (PVOID)at;
    SIZE_T size = 1;
    ULONG old;
    return wvm_NtProtectVirtualMemory(OWN, &base, &size, prot, &old);
}

/* SEC-163: a view that refuses the protection tells 0 as the old one; other failures tell none. */
START_TEST(refused_protection)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    PVOID base = (PVOID)0x50123;
    SIZE_T size = 1;
    ULONG old = 0xabcd;
    show_view(&s, 0x50000, 0x60000);
    fake.result = STATUS_SECTION_PROTECTION;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, &size, PAGE_EXECUTE_READ, &old),
                     STATUS_SECTION_PROTECTION);
    ck_assert_uint_eq(old, 0);
    ck_assert(base == (PVOID)0x50123 && size == 1);
    old = 0xabcd;
    fake.result = STATUS_COMMITMENT_LIMIT;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, &size, PAGE_READONLY, &old),
                     STATUS_COMMITMENT_LIMIT);
    ck_assert_uint_eq(old, 0xabcd);
}
END_TEST

/* SEC-150..155, SEC-160, SEC-180, SEC-181: views take write-copy, and only with it a revert. */
START_TEST(view_protection)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    PVOID base = (PVOID)0x50000;
    SIZE_T size = 1;
    show_view(&s, 0x50000, 0x60000);
    ck_assert_int_eq(protect(0x50000, PAGE_WRITECOPY), 0);
    ck_assert(fake.op == FAKE_PROTECT && fake.attr == WVM_ATTR_WC);
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP | PAGE_EXECUTE_WRITECOPY), 0);
    ck_assert(fake.op == FAKE_REVERT && fake.attr == WVM_ATTR_XWC);
    fake.n_calls = 0;
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP | PAGE_READWRITE),
                     STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP), STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x90000, PAGE_REVERT_TO_FILE_MAP | PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x90000, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     0);
    ck_assert(fake.op == FAKE_COMMIT && fake.attr == WVM_ATTR_WC);
    fake.n_calls = 0;
    base = (PVOID)0x50000;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT | MEM_RESERVE,
                                                 PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
    base = NULL;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
    base = (PVOID)0x90000;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_view", 20, &c);
    tcase_add_test(c, unmapping);
    tcase_add_test(c, flushing);
    tcase_add_test(c, queries);
    tcase_add_test(c, same_file);
    tcase_add_test(c, view_protection);
    tcase_add_test(c, refused_protection);
    return unit_run(s);
}
