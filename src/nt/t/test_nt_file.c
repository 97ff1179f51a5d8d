/* Opening files through the whole library: dispositions, paths, rights, sharing, deletion. */
#include "file_unit.h"

START_TEST(dispositions)
{
    const DWORD rw = GENERIC_READ | GENERIC_WRITE;
    open_fails(rw, 0, OPEN_EXISTING, ERROR_FILE_NOT_FOUND);
    open_fails(rw, 0, TRUNCATE_EXISTING, ERROR_FILE_NOT_FOUND);
    open_fails(rw, 0, 0, ERROR_INVALID_PARAMETER);
    open_fails(rw, 0, 6, ERROR_INVALID_PARAMETER);
    open_fails(rw, 8, CREATE_NEW, ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(size_of_file(), -1);
    ck_assert(CloseHandle(open_ok(rw, CREATE_NEW)));
    ck_assert_uint_eq(GetLastError(), 0);
    open_fails(rw, 0, CREATE_NEW, ERROR_FILE_EXISTS);
    fill("data", 4);
    ck_assert(CloseHandle(open_ok(rw, OPEN_ALWAYS)));
    ck_assert_uint_eq(GetLastError(), ERROR_ALREADY_EXISTS);
    ck_assert(CloseHandle(open_ok(GENERIC_READ, OPEN_EXISTING)));
    ck_assert_uint_eq(GetLastError(), 0);
    ck_assert_int_eq(size_of_file(), 4);
    open_fails(GENERIC_READ, 0, TRUNCATE_EXISTING, ERROR_INVALID_PARAMETER);
    ck_assert(CloseHandle(open_ok(GENERIC_WRITE, TRUNCATE_EXISTING)));
    ck_assert_int_eq(size_of_file(), 0);
    fill("data", 4);
    ck_assert(CloseHandle(open_ok(GENERIC_READ, CREATE_ALWAYS)));
    ck_assert_uint_eq(GetLastError(), ERROR_ALREADY_EXISTS);
    ck_assert_int_eq(size_of_file(), 0);
    ck_assert(DeleteFileA(path));
    fails(!DeleteFileA(path), ERROR_FILE_NOT_FOUND);
    ck_assert(CloseHandle(open_ok(rw, OPEN_ALWAYS)));
    ck_assert_uint_eq(GetLastError(), 0);
    ck_assert(DeleteFileA(path));
    ck_assert(CloseHandle(open_ok(GENERIC_READ, CREATE_ALWAYS)));
    ck_assert_uint_eq(GetLastError(), 0);
}
END_TEST

#define create_fails(name, error) \
    fails(CreateFileA(name, 0, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE, error)

START_TEST(paths)
{
    char longer[5000], missing[160];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    snprintf(missing, sizeof missing, "%s/none/file", folder);
    fill("x", 1);
    create_fails(NULL, ERROR_PATH_NOT_FOUND);
    create_fails("", ERROR_PATH_NOT_FOUND);
    create_fails((char *)16, ERROR_NOACCESS);
    create_fails(longer, ERROR_FILENAME_EXCED_RANGE);
    create_fails(missing, ERROR_PATH_NOT_FOUND);
    create_fails(folder, ERROR_ACCESS_DENIED);
    fails(!DeleteFileA(missing), ERROR_PATH_NOT_FOUND);
    fails(!DeleteFileA(folder), ERROR_ACCESS_DENIED);
    fails(!DeleteFileA(NULL), ERROR_PATH_NOT_FOUND);
    snprintf(missing, sizeof missing, "%s/file/below", folder);
    create_fails(missing, ERROR_PATH_NOT_FOUND);
    HANDLE h = CreateFileA(folder, GENERIC_READ, 7, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
                           NULL);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    ck_assert(CloseHandle(h));
}
END_TEST

START_TEST(wide_paths)
{
    static const WCHAR half[] = {'/', 't', 'm', 'p', '/', 0xd800, 'x', 0};
    WCHAR name[96];
    char back[96];
    size_t n = strlen(folder);
    for (size_t i = 0; i < n; i++)
        name[i] = (WCHAR)folder[i];
    memcpy(name + n, u"/\u00e9\u20ac\U0001F600", sizeof u"/\u00e9\u20ac\U0001F600");
    HANDLE h = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    snprintf(back, sizeof back, "%s/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", folder);
    ck_assert_int_eq(access(back, F_OK), 0);
    /* The name of the object is the path. */
    struct {
        OBJECT_NAME_INFORMATION head;
        WCHAR text[200];
    } info;
    ck_assert_int_eq(NtQueryObject(h, ObjectNameInformation, &info, sizeof info, NULL), 0);
    ck_assert_mem_eq(info.head.Name.Buffer, name, (n + 6) * 2);
    ck_assert(CloseHandle(h));
    ck_assert(DeleteFileW(name));
    ck_assert_int_ne(access(back, F_OK), 0);
    fails(CreateFileW(half, 0, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE,
          ERROR_INVALID_NAME);
    fails(CreateFileW((LPCWSTR)16, 0, 0, NULL, 3, 0, NULL) == INVALID_HANDLE_VALUE, ERROR_NOACCESS);
}
END_TEST

START_TEST(rights)
{
    char byte = 'x';
    DWORD n = 99;
    fill("abc", 3);
    HANDLE h = open_ok(0, OPEN_EXISTING);
    fails(!ReadFile(h, &byte, 1, &n, NULL), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(n, 0);
    fails(!WriteFile(h, &byte, 1, &n, NULL), ERROR_ACCESS_DENIED);
    fails(!SetEndOfFile(h), ERROR_ACCESS_DENIED);
    fails(!FlushFileBuffers(h), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(GetFileSize(h, NULL), 3);
    HANDLE copy;
    fails(!DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &copy, GENERIC_WRITE, FALSE,
                           0), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(h));
    h = open_ok(GENERIC_READ, OPEN_EXISTING);
    fails(!WriteFile(h, &byte, 1, &n, NULL), ERROR_ACCESS_DENIED);
    ck_assert(DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &copy, 0, FALSE, 0));
    fails(!ReadFile(copy, &byte, 1, &n, NULL), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(h));
    ck_assert(DuplicateHandle(GetCurrentProcess(), copy, GetCurrentProcess(), &h, FILE_READ_DATA,
                              FALSE, DUPLICATE_CLOSE_SOURCE));
    ck_assert(ReadFile(h, &byte, 1, &n, NULL) && byte == 'a');
    ck_assert(CloseHandle(h));
    fails(!ReadFile(h, &byte, 1, &n, NULL), ERROR_INVALID_HANDLE);
    fails(!ReadFile(NULL, &byte, 1, &n, NULL), ERROR_INVALID_HANDLE);
    fails(!ReadFile(GetCurrentProcess(), &byte, 1, &n, NULL), ERROR_INVALID_HANDLE);
    fails(!CloseHandle(h), ERROR_INVALID_HANDLE);
    /* Only appending. */
    h = open_ok(FILE_APPEND_DATA, OPEN_EXISTING);
    ck_assert(WriteFile(h, "de", 2, &n, NULL) && n == 2);
    ck_assert_int_eq(size_of_file(), 5);
    ck_assert(CloseHandle(h));
    /* As many as there are. */
    h = open_ok(MAXIMUM_ALLOWED, OPEN_EXISTING);
    ck_assert(ReadFile(h, &byte, 1, &n, NULL) && WriteFile(h, "x", 1, &n, NULL));
}
END_TEST

START_TEST(read_write)
{
    char buf[16] = "";
    DWORD n = 99;
    HANDLE h = open_ok(GENERIC_READ | GENERIC_WRITE, CREATE_NEW);
    SetLastError(0xbad);
    ck_assert(WriteFile(h, "0123456789", 10, &n, NULL) && n == 10);
    ck_assert(ReadFile(h, buf, 4, &n, NULL) && n == 0); /* the end */
    ck_assert_uint_eq(SetFilePointer(h, 2, NULL, FILE_BEGIN), 2);
    ck_assert(ReadFile(h, buf, 4, &n, NULL) && n == 4 && memcmp(buf, "2345", 4) == 0);
    ck_assert(ReadFile(h, buf, 16, &n, NULL) && n == 4 && memcmp(buf, "6789", 4) == 0);
    ck_assert(ReadFile(h, NULL, 0, &n, NULL) && n == 0);
    ck_assert(WriteFile(h, NULL, 0, &n, NULL) && n == 0);
    ck_assert(WriteFile(h, "ab", 2, NULL, NULL));
    ck_assert_uint_eq(GetLastError(), 0xbad);
    /* At an offset; the position follows. */
    OVERLAPPED ov = {.Offset = 1};
    ck_assert(ReadFile(h, buf, 3, &n, &ov) && n == 3 && memcmp(buf, "123", 3) == 0);
    ck_assert_uint_eq(ov.Internal, 0);
    ck_assert_uint_eq(ov.InternalHigh, 3);
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_CURRENT), 4);
    ov.Offset = 100;
    fails(!ReadFile(h, buf, 3, &n, &ov), ERROR_HANDLE_EOF);
    ck_assert_uint_eq(ov.Internal, STATUS_END_OF_FILE & 0xffffffffu);
    ov.Offset = ov.OffsetHigh = 0xffffffff;
    ck_assert(WriteFile(h, "end", 3, &n, &ov) && n == 3);
    ck_assert_int_eq(size_of_file(), 15);
    fails(!ReadFile(h, buf, 3, &n, &ov), ERROR_INVALID_PARAMETER);
    fails(!ReadFile(h, buf, 3, &n, (LPOVERLAPPED)16), ERROR_NOACCESS);
    fails(!ReadFile(h, buf, 3, (LPDWORD)16, NULL), ERROR_NOACCESS);
    ck_assert(FlushFileBuffers(h));
    ck_assert(CloseHandle(h));
    h = open_as(GENERIC_READ, ALL_SHARE, OPEN_EXISTING, FILE_FLAG_OVERLAPPED);
    fails(!ReadFile(h, buf, 3, &n, NULL), ERROR_INVALID_PARAMETER);
    ov.Offset = ov.OffsetHigh = 0;
    ck_assert(ReadFile(h, buf, 3, &n, &ov) && n == 3);
}
END_TEST

START_TEST(positions)
{
    LARGE_INTEGER by = {.QuadPart = -1}, at = {.QuadPart = 77};
    LONG high = 1;
    DWORD top = 99;
    HANDLE h = open_ok(GENERIC_READ | GENERIC_WRITE, CREATE_NEW);
    fails(!SetFilePointerEx(h, by, &at, FILE_BEGIN), ERROR_NEGATIVE_SEEK);
    fails(!SetFilePointerEx(h, by, &at, 3), ERROR_INVALID_PARAMETER);
    fails(!SetFilePointerEx(h, at, (PLARGE_INTEGER)16, FILE_BEGIN), ERROR_NOACCESS);
    fails(SetFilePointer(h, -1, NULL, FILE_END) == INVALID_SET_FILE_POINTER, ERROR_NEGATIVE_SEEK);
    ck_assert_int_eq(at.QuadPart, 77);
    ck_assert_uint_eq(SetFilePointer(h, 5, &high, FILE_BEGIN), 5);
    ck_assert_int_eq(high, 1);
    fails(SetFilePointer(h, 1, NULL, FILE_CURRENT) == INVALID_SET_FILE_POINTER,
          ERROR_INVALID_PARAMETER);
    high = 0;
    SetLastError(0xbad);
    ck_assert_uint_eq(SetFilePointer(h, -1, &high, FILE_BEGIN), 0xffffffff);
    ck_assert_uint_eq(GetLastError(), 0);
    by.QuadPart = 0x123456;
    ck_assert(SetFilePointerEx(h, by, &at, FILE_BEGIN) && at.QuadPart == 0x123456);
    ck_assert(SetEndOfFile(h));
    ck_assert_int_eq(size_of_file(), 0x123456);
    ck_assert_uint_eq(GetFileSize(h, &top), 0x123456);
    ck_assert_uint_eq(top, 0);
    ck_assert(GetFileSizeEx(h, &at) && at.QuadPart == 0x123456);
    fails(!GetFileSizeEx(h, NULL), ERROR_NOACCESS);
    fails(GetFileSize(NULL, NULL) == INVALID_FILE_SIZE, ERROR_INVALID_HANDLE);
    fails(GetFileSize(h, (LPDWORD)16) == INVALID_FILE_SIZE, ERROR_NOACCESS);
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_END), 0x123456);
}
END_TEST

START_TEST(sharing)
{
    fill("x", 1);
    HANDLE h = open_as(GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    open_fails(GENERIC_WRITE, ALL_SHARE, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    open_fails(GENERIC_READ, 0, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    open_fails(GENERIC_READ, FILE_SHARE_WRITE, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    open_fails(DELETE, ALL_SHARE, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    ck_assert(CloseHandle(h));
    ck_assert(CloseHandle(open_as(GENERIC_WRITE, 0, OPEN_EXISTING, 0)));
}
END_TEST

START_TEST(sharing_rules)
{
    fill("xy", 2);
    HANDLE h = open_as(GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
    HANDLE other = open_as(GENERIC_READ, FILE_SHARE_READ, OPEN_EXISTING, 0);
    ck_assert_ptr_ne(other, INVALID_HANDLE_VALUE);
    fails(!DeleteFileA(path), ERROR_SHARING_VIOLATION);
    open_fails(GENERIC_WRITE, ALL_SHARE, CREATE_ALWAYS, ERROR_SHARING_VIOLATION);
    ck_assert_int_eq(size_of_file(), 2); /* not emptied */
    /* Attributes alone disturb nobody. */
    HANDLE look = open_as(FILE_READ_ATTRIBUTES, 0, OPEN_EXISTING, 0);
    ck_assert_ptr_ne(look, INVALID_HANDLE_VALUE);
    /* A duplicate keeps the file open; the last close ends it. */
    HANDLE copy;
    ck_assert(DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &copy, 0, FALSE,
                              DUPLICATE_SAME_ACCESS));
    ck_assert(CloseHandle(h) && CloseHandle(other));
    open_fails(GENERIC_WRITE, ALL_SHARE, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    ck_assert(CloseHandle(copy));
    h = open_as(GENERIC_READ | GENERIC_WRITE, 0, OPEN_EXISTING, 0);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    open_fails(GENERIC_READ, ALL_SHARE, OPEN_EXISTING, ERROR_SHARING_VIOLATION);
    ck_assert(CloseHandle(h));
    h = open_ok(GENERIC_READ, OPEN_EXISTING);
    ck_assert(DeleteFileA(path)); /* shared for deletion */
    char byte;
    DWORD n;
    ck_assert(ReadFile(h, &byte, 1, &n, NULL) && byte == 'x');
}
END_TEST

START_TEST(delete_on_close)
{
    HANDLE copy, h = open_as(GENERIC_WRITE, 0, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    ck_assert(DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &copy, 0, FALSE, 2));
    ck_assert(CloseHandle(h));
    ck_assert_int_eq(size_of_file(), 0);
    /* A child that closes it deletes nothing. */
    pid_t pid = fork();
    if (pid == 0)
        _exit(!CloseHandle(copy));
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(size_of_file(), 0);
    ck_assert(CloseHandle(copy));
    ck_assert_int_eq(size_of_file(), -1);
    /* What took its name is not deleted. */
    h = open_as(GENERIC_WRITE, ALL_SHARE, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE);
    ck_assert_int_eq(unlink(path), 0);
    fill("other", 5);
    ck_assert(CloseHandle(h));
    ck_assert_int_eq(size_of_file(), 5);
}
END_TEST

START_TEST(deleted_by_handle)
{
    HANDLE h = open_ok(GENERIC_READ | DELETE, CREATE_NEW), event = (HANDLE)(uintptr_t)8;
    ck_assert_int_eq(winvm_file_delete(h, 1), 0);
    ck_assert_int_eq(winvm_file_delete(h, 0), 0);
    ck_assert(CloseHandle(h));
    ck_assert_int_eq(size_of_file(), 0);
    h = open_ok(GENERIC_READ, OPEN_EXISTING);
    ck_assert(winvm_file_delete(h, 1) == -1 && errno == EACCES);
    ck_assert(CloseHandle(h));
    ck_assert(winvm_file_delete(event, 1) == -1 && errno == EBADF);
    h = open_ok(DELETE, OPEN_EXISTING);
    ck_assert_int_eq(winvm_file_delete(h, 1), 0);
    ck_assert(CloseHandle(h));
    ck_assert_int_eq(size_of_file(), -1);
    for (int i = 0; i < 2; i++) { /* a folder, empty and not */
        ck_assert_int_eq(mkdir(path, 0777), 0);
        h = open_as(DELETE, ALL_SHARE, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
        ck_assert_int_eq(winvm_file_delete(h, 1), 0);
        strcat(path, "/in");
        if (i == 1)
            fill("x", 1);
        path[strlen(path) - 3] = '\0';
        ck_assert(CloseHandle(h));
        ck_assert_int_eq(access(path, F_OK), i == 1 ? 0 : -1);
    }
}
END_TEST

START_TEST(descriptors_of_handles)
{
    char text[4] = "";
    fill("abcdef", 6);
    HANDLE h = open_ok(GENERIC_READ, OPEN_EXISTING), none = (HANDLE)(uintptr_t)8;
    int fd = winvm_file_to_fd(h, FILE_READ_DATA);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(read(fd, text, 2), 2);
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_CURRENT), 2);
    close(fd);
    ck_assert(winvm_file_to_fd(h, FILE_READ_DATA | FILE_WRITE_DATA) == -1 && errno == EACCES);
    ck_assert(winvm_file_to_fd(none, 0) == -1 && errno == EBADF);
    ck_assert(winvm_file_resize(h, 3) == -1 && errno == EACCES);
    ck_assert(CloseHandle(h));
    h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    ck_assert_int_eq(winvm_file_resize(h, 3), 0);
    ck_assert_int_eq(size_of_file(), 3);
    ck_assert(winvm_file_resize(h, UINT64_MAX) == -1 && errno == EINVAL);
    ck_assert_int_eq(winvm_file_resize(h, 0x3000), 0);
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_CURRENT), 0);
    HANDLE section = CreateFileMappingA(h, NULL, PAGE_READWRITE, 0, 0, NULL);
    void *view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    ck_assert_ptr_nonnull(view);
    ck_assert(winvm_file_resize(h, 0x1000) == -1 && errno == ETXTBSY);
    ck_assert_int_eq(size_of_file(), 0x3000);
    ck_assert(UnmapViewOfFile(view) && CloseHandle(section) && CloseHandle(h));
}
END_TEST

START_TEST(temp_names)
{
    char out[MAX_PATH], again[MAX_PATH], longer[300];
    WCHAR wide[MAX_PATH];
    setenv("TMPDIR", folder, 1);
    DWORD n = GetTempPathA(sizeof out, out);
    ck_assert_uint_eq(n, strlen(folder) + 1);
    ck_assert_uint_eq(strlen(out), n);
    ck_assert_int_eq(out[n - 1], '/');
    ck_assert_uint_eq(GetTempPathA(n, out), n + 1);
    ck_assert_uint_eq(GetTempPathW(MAX_PATH, wide), n);
    ck_assert_uint_eq(wide[1], 't');
    fails(GetTempPathA(100, NULL) == 0, ERROR_NOACCESS);
    unsetenv("TMPDIR");
    UINT number = GetTempFileNameA(folder, "prefix", 0, out);
    ck_assert_uint_ne(number, 0);
    ck_assert_int_eq(access(out, F_OK), 0);
    ck_assert_int_eq(strncmp(out + strlen(folder), "/pre", 4), 0);
    ck_assert_uint_ne(GetTempFileNameA(folder, "prefix", 0, again), number);
    ck_assert_uint_eq(GetTempFileNameA(folder, "", 0x1abc, again), 0x1abc);
    ck_assert_str_eq(again + strlen(folder), "/1abc.tmp");
    ck_assert_int_ne(access(again, F_OK), 0);
    fails(GetTempFileNameA(path, "x", 0, out) == 0, ERROR_DIRECTORY);
    memset(longer, 'a', sizeof longer);
    longer[250] = '\0';
    fails(GetTempFileNameA(longer, "x", 1, out) == 0, ERROR_BUFFER_OVERFLOW);
    fails(GetTempFileNameA(folder, NULL, 0, out) == 0, ERROR_NOACCESS);
    fails(GetTempFileNameA(folder, "x", 0, (char *)16) == 0, ERROR_NOACCESS);
    ck_assert_uint_ne(GetTempFileNameW(u"/tmp", u"wvm", 7, wide), 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_file", 60, &c);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, dispositions);
    tcase_add_test(c, paths);
    tcase_add_test(c, wide_paths);
    tcase_add_test(c, rights);
    tcase_add_test(c, read_write);
    tcase_add_test(c, positions);
    tcase_add_test(c, sharing);
    tcase_add_test(c, sharing_rules);
    tcase_add_test(c, delete_on_close);
    tcase_add_test(c, deleted_by_handle);
    tcase_add_test(c, descriptors_of_handles);
    tcase_add_test(c, temp_names);
    return unit_run(s);
}
