/* Files by their handles: what they are, times, locks, holes. Each test has a folder of its own. */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winioctl.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"
#define WVM_FILE_UNIT_FOLDER
#include "kit/t/file_unit.h"

#define MiB 0x100000
#define NONE ((HANDLE)(uintptr_t)0x7ffc)

static HANDLE open_file(DWORD access, DWORD share)
{
    HANDLE h = CreateFileA("file", access, share, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    return h;
}

/* ---- asking ---- */

START_TEST(information)
{
    BY_HANDLE_FILE_INFORMATION i, o;
    struct stat is;
    DWORD serial;
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert(GetFileInformationByHandle(file, &i));
    ck_assert(i.nFileSizeLow == 5 && i.nFileSizeHigh == 0 && i.nNumberOfLinks == 1);
    ck_assert_uint_eq(i.dwFileAttributes, FILE_ATTRIBUTE_NORMAL);
    ck_assert_int_eq(stat("file", &is), 0);
    ck_assert(((uint64_t)i.nFileIndexHigh << 32 | i.nFileIndexLow) == (uint64_t)is.st_ino);
    ck_assert(GetVolumeInformationA(".", NULL, 0, &serial, NULL, NULL, NULL, 0));
    ck_assert_uint_eq(i.dwVolumeSerialNumber, serial);
    HANDLE other = open_file(0, 7);
    ck_assert(GetFileInformationByHandle(other, &o) && o.nFileIndexLow == i.nFileIndexLow);
    ck_assert(CloseHandle(other));
    FAILS(GetFileInformationByHandle(NONE, &i), ERROR_INVALID_HANDLE);
    FAILS(GetFileInformationByHandle(event, &i), ERROR_INVALID_HANDLE);
    ck_assert(CloseHandle(event));
}
END_TEST

START_TEST(classes)
{
    FILE_STANDARD_INFO s;
    FILE_BASIC_INFO b;
    FILE_ID_INFO id;
    FILE_ATTRIBUTE_TAG_INFO tag;
    struct stat is;
    ck_assert_int_eq(stat("file", &is), 0);
    ck_assert(GetFileInformationByHandleEx(file, FileStandardInfo, &s, sizeof s));
    ck_assert(s.EndOfFile.QuadPart == 5 && s.NumberOfLinks == 1 && !s.Directory);
    ck_assert(s.AllocationSize.QuadPart == is.st_blocks * 512);
    ck_assert(GetFileInformationByHandleEx(file, FileBasicInfo, &b, sizeof b));
    ck_assert_uint_eq(b.FileAttributes, FILE_ATTRIBUTE_NORMAL);
    ck_assert(b.LastWriteTime.QuadPart / 10000000 - 11644473600LL == is.st_mtim.tv_sec);
    ck_assert(GetFileInformationByHandleEx(file, FileIdInfo, &id, sizeof id));
    ck_assert_mem_eq(&id.FileId, &is.st_ino, sizeof is.st_ino);
    ck_assert(GetFileInformationByHandleEx(file, FileAttributeTagInfo, &tag, sizeof tag));
    ck_assert(tag.FileAttributes == FILE_ATTRIBUTE_NORMAL && tag.ReparseTag == 0);
    FAILS(GetFileInformationByHandleEx(file, FileStandardInfo, &s, 4), ERROR_BAD_LENGTH);
    FAILS(GetFileInformationByHandleEx(file, FileEndOfFileInfo, &s, sizeof s),
          ERROR_INVALID_PARAMETER);
    FAILS(GetFileInformationByHandleEx(file, (FILE_INFO_BY_HANDLE_CLASS)99, &s, sizeof s),
          ERROR_INVALID_PARAMETER);
    FAILS(GetFileInformationByHandleEx(NONE, FileStandardInfo, &s, sizeof s), ERROR_INVALID_HANDLE);
    HANDLE dir = CreateFileA(".", 0, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    ck_assert(GetFileInformationByHandleEx(dir, FileStandardInfo, &s, sizeof s));
    ck_assert(s.Directory && s.EndOfFile.QuadPart == 0);
    ck_assert(CloseHandle(dir));
}
END_TEST

START_TEST(names)
{
    char want[64], a[64];
    WCHAR w[64];
    union {
        FILE_NAME_INFO info;
        char bytes[sizeof(FILE_NAME_INFO) + 128];
    } n;
    DWORD len = (DWORD)snprintf(want, sizeof want, "%s/file", folder);
    ck_assert_uint_eq(GetFinalPathNameByHandleA(file, a, sizeof a, VOLUME_NAME_DOS), len);
    ck_assert_str_eq(a, want);
    ck_assert_uint_eq(GetFinalPathNameByHandleW(file, w, 64, VOLUME_NAME_NONE), len);
    ck_assert_uint_eq(GetFinalPathNameByHandleA(file, a, 4, 0), len + 1);
    FAILS(GetFinalPathNameByHandleA(file, a, sizeof a, 0x10), ERROR_INVALID_PARAMETER);
    FAILS(GetFinalPathNameByHandleA(file, a, sizeof a, VOLUME_NAME_GUID), ERROR_PATH_NOT_FOUND);
    FAILS(GetFinalPathNameByHandleA(NONE, a, sizeof a, 0), ERROR_INVALID_HANDLE);
    ck_assert(GetFileInformationByHandleEx(file, FileNameInfo, &n, sizeof n));
    ck_assert_uint_eq(n.info.FileNameLength, len * 2);
    ck_assert_mem_eq(n.info.FileName, w, len * 2);
    memset(&n, 0, sizeof n);
    FAILS(GetFileInformationByHandleEx(file, FileNameInfo, &n, sizeof n.info), ERROR_MORE_DATA);
    ck_assert_uint_eq(n.info.FileNameLength, len * 2);
    ck_assert_int_eq(unlink("file"), 0);
    FAILS(GetFinalPathNameByHandleA(file, a, sizeof a, 0), ERROR_FILE_NOT_FOUND);
}
END_TEST

START_TEST(times)
{
    FILETIME created, before, t = {0x12345678, 0x01d00000}, zero = {0, 0}, got, accessed;
    ck_assert(GetFileTime(file, &created, NULL, &before));
    ck_assert(SetFileTime(file, &t, &t, &t));
    ck_assert(GetFileTime(file, &created, &accessed, &got));
    /* The host has 100 ns, too. */
    ck_assert(CompareFileTime(&got, &t) == 0 && CompareFileTime(&accessed, &t) == 0);
    ck_assert(SetFileTime(file, NULL, NULL, &zero) && GetFileTime(file, NULL, NULL, &got));
    ck_assert_int_eq(CompareFileTime(&got, &t), 0);
    ck_assert(SetFileTime(file, NULL, &before, NULL) && GetFileTime(file, NULL, &accessed, &got));
    ck_assert(CompareFileTime(&got, &t) == 0 && CompareFileTime(&accessed, &before) == 0);
    HANDLE reader = open_file(GENERIC_READ, 7);
    FAILS(SetFileTime(reader, NULL, NULL, &t), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(reader));
    FAILS(GetFileTime(NONE, NULL, NULL, &got), ERROR_INVALID_HANDLE);
}
END_TEST

/* ---- changing ---- */

START_TEST(sizes)
{
    FILE_END_OF_FILE_INFO e = {.EndOfFile.QuadPart = 100};
    FILE_ALLOCATION_INFO a = {.AllocationSize.QuadPart = MiB};
    FILE_STANDARD_INFO s;
    ck_assert(SetFileInformationByHandle(file, FileEndOfFileInfo, &e, sizeof e));
    ck_assert_uint_eq(GetFileSize(file, NULL), 100);
    ck_assert_uint_eq(SetFilePointer(file, 0, NULL, FILE_CURRENT), 5);
    ck_assert(SetFileInformationByHandle(file, FileAllocationInfo, &a, sizeof a));
    ck_assert_uint_eq(GetFileSize(file, NULL), 100);
    ck_assert(GetFileInformationByHandleEx(file, FileStandardInfo, &s, sizeof s));
    ck_assert_int_ge(s.AllocationSize.QuadPart, MiB);
    a.AllocationSize.QuadPart = 3;
    ck_assert(SetFileInformationByHandle(file, FileAllocationInfo, &a, sizeof a));
    ck_assert_uint_eq(GetFileSize(file, NULL), 3);
    e.EndOfFile.QuadPart = -1;
    FAILS(SetFileInformationByHandle(file, FileEndOfFileInfo, &e, sizeof e),
          ERROR_INVALID_PARAMETER);
    FAILS(SetFileInformationByHandle(file, FileEndOfFileInfo, &e, 4), ERROR_BAD_LENGTH);
    FAILS(SetFileInformationByHandle(file, FileStandardInfo, &s, sizeof s),
          ERROR_INVALID_PARAMETER);
    HANDLE reader = open_file(GENERIC_READ, 7);
    FAILS(SetFileInformationByHandle(reader, FileAllocationInfo, &a, sizeof a),
          ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(reader));
    ck_assert(SetFileValidData(file, 3));
    FAILS(SetFileValidData(file, 4), ERROR_INVALID_PARAMETER);
    FAILS(SetFileValidData(file, 0), ERROR_INVALID_PARAMETER);
    e.EndOfFile.QuadPart = 0x4000;
    ck_assert(SetFileInformationByHandle(file, FileEndOfFileInfo, &e, sizeof e));
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    void *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    e.EndOfFile.QuadPart = 0x1000;
    FAILS(SetFileInformationByHandle(file, FileEndOfFileInfo, &e, sizeof e),
          ERROR_USER_MAPPED_FILE);
    ck_assert(UnmapViewOfFile(view) && CloseHandle(section));
}
END_TEST

START_TEST(disposition)
{
    FILE_DISPOSITION_INFO d = {TRUE};
    FILE_BASIC_INFO b = {.FileAttributes = FILE_ATTRIBUTE_READONLY};
    HANDLE reader = open_file(GENERIC_READ, 7);
    FAILS(SetFileInformationByHandle(reader, FileDispositionInfo, &d, sizeof d),
          ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(reader));
    ck_assert(SetFileInformationByHandle(file, FileBasicInfo, &b, sizeof b));
    ck_assert_uint_eq(GetFileAttributesA("file"), FILE_ATTRIBUTE_READONLY);
    FAILS(SetFileInformationByHandle(file, FileDispositionInfo, &d, sizeof d),
          ERROR_ACCESS_DENIED);
    b.FileAttributes = FILE_ATTRIBUTE_NORMAL;
    ck_assert(SetFileInformationByHandle(file, FileBasicInfo, &b, sizeof b));
    ck_assert(SetFileInformationByHandle(file, FileDispositionInfo, &d, sizeof d));
    ck_assert_uint_eq(GetFileAttributesA("file"), FILE_ATTRIBUTE_NORMAL);
    ck_assert(CloseHandle(file));
    ck_assert_uint_eq(GetFileAttributesA("file"), INVALID_FILE_ATTRIBUTES);
    ck_assert(CreateDirectoryA("d", NULL) && CreateDirectoryA("d/in", NULL));
    HANDLE dir = CreateFileA("d", DELETE, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    FAILS(SetFileInformationByHandle(dir, FileDispositionInfo, &d, sizeof d), ERROR_DIR_NOT_EMPTY);
    ck_assert(RemoveDirectoryA("d/in"));
    ck_assert(SetFileInformationByHandle(dir, FileDispositionInfo, &d, sizeof d));
    ck_assert(CloseHandle(dir));
    ck_assert_uint_eq(GetFileAttributesA("d"), INVALID_FILE_ATTRIBUTES);
}
END_TEST

START_TEST(renames)
{
    union {
        FILE_RENAME_INFO info;
        char bytes[sizeof(FILE_RENAME_INFO) + 16];
    } r = {.info.FileNameLength = 8};
    memcpy(r.info.FileName, u"name", 8);
    HANDLE alone = CreateFileA("alone", GENERIC_WRITE | DELETE, 0, NULL, CREATE_NEW, 0, NULL);
    ck_assert(SetFileInformationByHandle(alone, FileRenameInfo, &r, sizeof r));
    ck_assert_uint_eq(GetFileAttributesA("name"), FILE_ATTRIBUTE_NORMAL);
    FAILS(SetFileInformationByHandle(file, FileRenameInfo, &r, sizeof r), ERROR_ALREADY_EXISTS);
    r.info.ReplaceIfExists = TRUE;
    FAILS(SetFileInformationByHandle(file, FileRenameInfo, &r, sizeof r), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(alone));
    ck_assert(SetFileInformationByHandle(file, FileRenameInfo, &r, sizeof r));
    ck_assert_uint_eq(GetFileAttributesA("file"), INVALID_FILE_ATTRIBUTES);
    const DWORD least = offsetof(FILE_RENAME_INFO, FileName);
    FAILS(SetFileInformationByHandle(file, FileRenameInfo, &r, least), ERROR_INVALID_PARAMETER);
    r.info.RootDirectory = file;
    FAILS(SetFileInformationByHandle(file, FileRenameInfo, &r, sizeof r), ERROR_NOT_SUPPORTED);
}
END_TEST

/* ---- locks ---- */

START_TEST(locks)
{
    OVERLAPPED ov = {.Internal = 0};
    HANDLE other = open_file(GENERIC_READ | GENERIC_WRITE, 7);
    ck_assert(LockFile(file, 0, 0, 10, 0));
    FAILS(LockFile(file, 5, 0, 10, 0), ERROR_LOCK_VIOLATION);
    FAILS(LockFile(other, 9, 0, 1, 0), ERROR_LOCK_VIOLATION);
    ck_assert(LockFile(other, 10, 0, 1, 0));
    FAILS(UnlockFile(file, 0, 0, 9, 0), ERROR_NOT_LOCKED);
    FAILS(UnlockFile(other, 0, 0, 10, 0), ERROR_NOT_LOCKED);
    ck_assert(UnlockFile(file, 0, 0, 10, 0));
    ck_assert(LockFileEx(file, LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &ov));
    ck_assert(LockFileEx(other, LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &ov));
    FAILS(LockFileEx(other, LOCKFILE_FAIL_IMMEDIATELY | LOCKFILE_EXCLUSIVE_LOCK, 0, 10, 0, &ov),
          ERROR_LOCK_VIOLATION);
    ck_assert(UnlockFileEx(file, 0, 10, 0, &ov));
    FAILS(UnlockFileEx(file, 0, 10, 0, &ov), ERROR_NOT_LOCKED);
    ck_assert(CloseHandle(other));
    ck_assert(LockFile(file, 0, 0, 100, 0));
    /* The same range, shared: the exclusive one is given back first. */
    ck_assert(LockFileEx(file, LOCKFILE_FAIL_IMMEDIATELY, 0, 100, 0, &ov));
    ck_assert(UnlockFile(file, 0, 0, 100, 0));
    other = open_file(GENERIC_READ, 7);
    ck_assert(LockFileEx(other, LOCKFILE_FAIL_IMMEDIATELY, 0, 100, 0, &ov));
    ck_assert(CloseHandle(other));
    ck_assert(UnlockFile(file, 0, 0, 100, 0));
    FAILS(UnlockFile(file, 0, 0, 100, 0), ERROR_NOT_LOCKED);
    ck_assert(LockFile(file, 0xffffffff, 0xffffffff, 1, 0));
    FAILS(LockFile(file, 0xffffffff, 0xffffffff, 2, 0), ERROR_INVALID_LOCK_RANGE);
    FAILS(LockFileEx(file, 0, 0, 10, 0, NULL), ERROR_INVALID_PARAMETER);
    FAILS(LockFileEx(file, 0, 1, 10, 0, &ov), ERROR_INVALID_PARAMETER);
    FAILS(LockFile(NONE, 0, 0, 10, 0), ERROR_INVALID_HANDLE);
    HANDLE none = open_file(0, 7);
    FAILS(LockFile(none, 0, 0, 10, 0), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(none));
}
END_TEST

/* Has another process a lock of byte `at` in its way? */
static bool is_locked_for_others(off_t at)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    int fd = open("file", O_RDWR);
    ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &l), 0);
    close(fd);
    return l.l_type != F_UNLCK;
}

static DWORD WINVM_CALL unlocks(void *argument)
{
    Sleep(50);
    return UnlockFile(argument, 0, 0, 4, 0);
}

START_TEST(locks_for_others)
{
    OVERLAPPED ov = {.Offset = 2};
    ck_assert(LockFile(file, 0, 0, 4, 0));
    ck_assert(is_locked_for_others(3) && !is_locked_for_others(4));
    HANDLE other = open_file(GENERIC_READ | GENERIC_WRITE, 7), thread;
    thread = CreateThread(NULL, 0, unlocks, file, 0, NULL);
    ck_assert(LockFileEx(other, LOCKFILE_EXCLUSIVE_LOCK, 0, 4, 0, &ov));
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    ck_assert(!is_locked_for_others(1) && is_locked_for_others(5));
    ck_assert(CloseHandle(other) && CloseHandle(thread));
    ck_assert(!is_locked_for_others(5));
    int fd = open("file", O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &l), 0);
    FAILS(LockFile(file, 0, 0, 4, 0), ERROR_LOCK_VIOLATION);
    close(fd);
    ck_assert(LockFile(file, 0, 0, 4, 0));
}
END_TEST

/* ---- controls ---- */

START_TEST(holes)
{
    FILE_ZERO_DATA_INFORMATION z = {{.QuadPart = MiB}, {.QuadPart = 3 * MiB}};
    FILE_ALLOCATED_RANGE_BUFFER all = {{.QuadPart = 0}, {.QuadPart = 8 * MiB}}, out[4];
    FILE_STANDARD_INFO s;
    static char data[4 * MiB];
    DWORD n = 99;
    USHORT format = 99;
    memset(data, 'x', sizeof data);
    ck_assert(WriteFile(file, data, sizeof data, &n, NULL));
    ck_assert_uint_eq(SetFilePointer(file, 7, NULL, FILE_BEGIN), 7);
    ck_assert(DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &n, NULL) && n == 0);
    ck_assert(DeviceIoControl(file, FSCTL_SET_ZERO_DATA, &z, sizeof z, NULL, 0, &n, NULL));
    ck_assert(GetFileInformationByHandleEx(file, FileStandardInfo, &s, sizeof s));
    ck_assert_int_eq(s.EndOfFile.QuadPart, 4 * MiB + 5);
    ck_assert_int_lt(s.AllocationSize.QuadPart, 3 * MiB);
    ck_assert(DeviceIoControl(file, FSCTL_QUERY_ALLOCATED_RANGES, &all, sizeof all, out, sizeof out,
                              &n, NULL));
    ck_assert_uint_eq(n, 2 * sizeof out[0]);
    ck_assert(out[0].FileOffset.QuadPart == 0 && out[0].Length.QuadPart == MiB);
    ck_assert(out[1].FileOffset.QuadPart == 3 * MiB && out[1].Length.QuadPart == MiB + 5);
    FAILS(DeviceIoControl(file, FSCTL_QUERY_ALLOCATED_RANGES, &all, sizeof all, out, sizeof out[0],
                          &n, NULL), ERROR_MORE_DATA);
    ck_assert_uint_eq(n, sizeof out[0]);
    FAILS(DeviceIoControl(file, FSCTL_QUERY_ALLOCATED_RANGES, &all, 8, out, sizeof out, &n, NULL),
          ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(SetFilePointer(file, 0, NULL, FILE_CURRENT), 7);
    ck_assert(DeviceIoControl(file, FSCTL_GET_COMPRESSION, NULL, 0, &format, 2, &n, NULL));
    ck_assert(n == 2 && format == COMPRESSION_FORMAT_NONE);
    ck_assert(DeviceIoControl(file, FSCTL_SET_COMPRESSION, &format, 2, NULL, 0, &n, NULL));
    format = COMPRESSION_FORMAT_DEFAULT;
    FAILS(DeviceIoControl(file, FSCTL_SET_COMPRESSION, &format, 2, NULL, 0, &n, NULL),
          ERROR_INVALID_FUNCTION);
    FAILS(DeviceIoControl(file, FSCTL_LOCK_VOLUME, NULL, 0, NULL, 0, &n, NULL),
          ERROR_INVALID_FUNCTION);
    FAILS(DeviceIoControl(NONE, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &n, NULL),
          ERROR_INVALID_HANDLE);
    z.FileOffset.QuadPart = 4 * MiB;
    FAILS(DeviceIoControl(file, FSCTL_SET_ZERO_DATA, &z, sizeof z, NULL, 0, &n, NULL),
          ERROR_INVALID_PARAMETER);
    HANDLE reader = open_file(GENERIC_READ, 7);
    FAILS(DeviceIoControl(reader, FSCTL_SET_ZERO_DATA, &z, sizeof z, NULL, 0, &n, NULL),
          ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(reader));
}
END_TEST

/* A view sees the hole. */
START_TEST(holes_under_views)
{
    FILE_ZERO_DATA_INFORMATION z = {{.QuadPart = 0}, {.QuadPart = 0x10000}};
    DWORD n;
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0x20000, NULL);
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    memset(view, 1, 0x20000);
    ck_assert(DeviceIoControl(file, FSCTL_SET_ZERO_DATA, &z, sizeof z, NULL, 0, &n, NULL));
    ck_assert(view[0] == 0 && view[0xffff] == 0 && view[0x10000] == 1);
    ck_assert(UnmapViewOfFile(view) && CloseHandle(section));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_file_info", 30, &tc);
    tcase_add_checked_fixture(tc, enter, leave);
    tcase_add_test(tc, information);
    tcase_add_test(tc, classes);
    tcase_add_test(tc, names);
    tcase_add_test(tc, times);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, disposition);
    tcase_add_test(tc, renames);
    tcase_add_test(tc, locks);
    tcase_add_test(tc, locks_for_others);
    tcase_add_test(tc, holes);
    tcase_add_test(tc, holes_under_views);
    return unit_run(suite);
}
