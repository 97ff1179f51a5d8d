/* Sections through the public calls: wild pointers, queries, extension. */
#include "nt/t/section_unit.h"

/* ---- the caller's pointers ---- */

START_TEST(bad_pointers)
{
    void *wild = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    LARGE_INTEGER size = {.QuadPart = 1};
    HANDLE h = (HANDLE)7;
    UNICODE_STRING name = {4, 4, wild};
    OBJECT_ATTRIBUTES oa;
    NTSTATUS bad = STATUS_ACCESS_VIOLATION;
    InitializeObjectAttributes(&oa, &name, 0, NULL, NULL);
    ck_assert_int_eq(NtCreateSection(NULL, 0, NULL, &size, 4, SEC_COMMIT, NULL), bad);
    ck_assert_int_eq(NtCreateSection(wild, 0, NULL, &size, 4, SEC_COMMIT, NULL), bad);
    ck_assert_int_eq(NtCreateSection(&h, 0, NULL, wild, 4, SEC_COMMIT, NULL), bad);
    ck_assert_int_eq(NtCreateSection(&h, 0, wild, &size, 4, SEC_COMMIT, NULL), bad);
    ck_assert_int_eq(NtCreateSection(&h, 0, &oa, &size, 4, SEC_COMMIT, NULL), bad);
    oa.ObjectName = wild;
    ck_assert_int_eq(NtOpenSection(&h, 0, &oa), bad);
    ck_assert_int_eq(NtOpenSection(NULL, 0, &oa), bad);
    ck_assert_int_eq(NtExtendSection(NULL, wild), bad);
    ck_assert_ptr_eq(h, (HANDLE)7);
    SetLastError(0);
    ck_assert_ptr_null(CreateFileMappingA(PAGEFILE, NULL, PAGE_READWRITE, 0, 1, wild));
    ck_assert_uint_eq(GetLastError(), 998);
    ck_assert_ptr_null(CreateFileMappingA(PAGEFILE, wild, PAGE_READWRITE, 0, 1, NULL));
    ck_assert_uint_eq(GetLastError(), 998);
    ck_assert_ptr_null(OpenFileMappingW(FILE_MAP_READ, FALSE, wild));
    ck_assert_uint_eq(GetLastError(), 998);
}
END_TEST

START_TEST(string_at_the_edge)
{
    char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(mprotect(two + 4096, 4096, PROT_NONE), 0);
    memcpy(two + 4096 - 8, "winvm-e", 8);
    HANDLE h = CreateFileMappingA(PAGEFILE, NULL, PAGE_READWRITE, 0, 1, two + 4096 - 8);
    ck_assert_ptr_nonnull(h);
    CloseHandle(h);
    two[4095] = 'x'; /* goes on where nothing can be read */
    ck_assert_ptr_null(CreateFileMappingA(PAGEFILE, NULL, PAGE_READWRITE, 0, 1, two + 4096 - 8));
    ck_assert_uint_eq(GetLastError(), 998);
}
END_TEST

/* ---- queries: SEC-069, SEC-212..215 ---- */

START_TEST(query_lengths)
{
    char room[256];
    SIZE_T n = 99;
    HANDLE h = win32_creates(PAGEFILE, PAGE_READWRITE, 0x3452);
    SIZE_T basic = sizeof(SECTION_BASIC_INFORMATION), image = sizeof(SECTION_IMAGE_INFORMATION);
    NTSTATUS mismatch = STATUS_INFO_LENGTH_MISMATCH;
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, room, basic - 1, &n), mismatch);
    ck_assert_int_eq(NtQuerySection(h, SectionImageInformation, room, image - 1, &n), mismatch);
    ck_assert_uint_eq(n, 99);
    memset(room, 0x55, sizeof room);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, room, basic + 1, &n), 0);
    ck_assert_uint_eq(n, basic);
    ck_assert_int_eq(room[basic], 0x55);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, room, basic, NULL), 0);
    ck_assert_int_eq(NtQuerySection(h, SectionImageInformation, room, image, &n),
                     STATUS_SECTION_NOT_IMAGE);
    ck_assert_int_eq(NtQuerySection(h, SectionImageInformation, room, image + 1, &n),
                     STATUS_SECTION_NOT_IMAGE);
    ck_assert_int_eq(NtQuerySection(h, SectionImageInformation, room, SIZE_MAX / 16 + 1, &n),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, room, SIZE_MAX, &n),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, NULL, basic, &n),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtQuerySection(h, 17, room, sizeof room, &n), STATUS_INVALID_INFO_CLASS);
    CloseHandle(h);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, room, basic, &n),
                     STATUS_INVALID_HANDLE);
}
END_TEST

START_TEST(query_needs_its_right)
{
    SECTION_BASIC_INFORMATION info;
    HANDLE h = CreateFileMapping2(PAGEFILE, NULL, SECTION_MAP_READ | SECTION_MAP_WRITE,
                                  PAGE_READWRITE, SEC_COMMIT, 1, NULL, NULL, 0);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, &info, sizeof info, NULL),
                     STATUS_ACCESS_DENIED);
    CloseHandle(h);
}
END_TEST

START_TEST(query_image)
{
    SECTION_IMAGE_INFORMATION info;
    make_image_file();
    HANDLE file = open_file(R | X), h = win32_creates(file, PAGE_READONLY | SEC_IMAGE, 0);
    memset(&info, 0xaa, sizeof info);
    ck_assert_int_eq(NtQuerySection(h, SectionImageInformation, &info, sizeof info, NULL), 0);
    ck_assert_ptr_eq(info.TransferAddress, (void *)0x7ff654321010);
    ck_assert_uint_eq(info.ZeroBits, 0);
    ck_assert_uint_eq(info.MaximumStackSize, 0x200000);
    ck_assert_uint_eq(info.CommittedStackSize, 0x3000);
    ck_assert_uint_eq(info.SubSystemType, 3);
    ck_assert_uint_eq(info.MajorSubsystemVersion, 5);
    ck_assert_uint_eq(info.MinorSubsystemVersion, 2);
    ck_assert_uint_eq(info.Machine, 0x8664);
    ck_assert_uint_eq(info.ImageContainsCode, 1);
    ck_assert_uint_eq(info.ImageFileSize, GetFileSize(file, NULL));
    ck_assert_uint_eq(info.CheckSum, 0xc0ffee);
    ck_assert_int_eq(basic_of(h).Size.QuadPart, 0x9000);
    CloseHandle(h);
    h = win32_creates(file, PAGE_READONLY | SEC_IMAGE, 0x4000); /* SEC-110 */
    ck_assert_int_eq(basic_of(h).Size.QuadPart, 0x4000);
    CloseHandle(h);
    win32_refuses(file, PAGE_READONLY | SEC_IMAGE, 0x9001, 8);
    CloseHandle(file);
}
END_TEST

START_TEST(extension)
{
    LARGE_INTEGER size = {.QuadPart = 0x5001};
    HANDLE h, file;
    make_file("x", 1, 0x1000);
    file = open_file(R | W);
    ck_assert_int_eq(create(&h, file, PAGE_READWRITE, SEC_COMMIT, 0), 0);
    ck_assert_int_eq(NtExtendSection(h, &size), 0);
    ck_assert_int_eq(size.QuadPart, 0x5001);
    ck_assert_int_eq(basic_of(h).Size.QuadPart, 0x5001);
    ck_assert_uint_eq(GetFileSize(file, NULL), 0x5001);
    size.QuadPart = 1;
    ck_assert_int_eq(NtExtendSection(h, &size), 0); /* never smaller */
    ck_assert_int_eq(size.QuadPart, 0x5001);
    CloseHandle(h);
    h = win32_creates(file, PAGE_READWRITE, 0);
    ck_assert_int_eq(NtExtendSection(h, &size), STATUS_ACCESS_DENIED);
    CloseHandle(h);
    ck_assert_int_eq(create(&h, NULL, PAGE_READWRITE, SEC_COMMIT, 1), 0);
    size.QuadPart = 0x10000;
    ck_assert_int_eq(NtExtendSection(h, &size), STATUS_SECTION_NOT_EXTENDED);
    ck_assert_int_eq(size.QuadPart, 0x10000);
    CloseHandle(h);
    CloseHandle(file);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_section_query", 30, &tc);
    tcase_add_checked_fixture(tc, NULL, remove_file);
    tcase_add_test(tc, bad_pointers);
    tcase_add_test(tc, string_at_the_edge);
    tcase_add_test(tc, query_lengths);
    tcase_add_test(tc, query_needs_its_right);
    tcase_add_test(tc, query_image);
    tcase_add_test(tc, extension);
    return unit_run(suite);
}
