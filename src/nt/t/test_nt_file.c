/* Files through the whole library: dispositions, sharing, buffers, descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/winvm.h>

#include "base/t/unit.h"

static char folder[64];
static char path[96];

static void setup(void)
{
    strcpy(folder, "/tmp/winvm-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    SetLastError(0xbad);
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

#define ALL_SHARE (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static HANDLE open_as(DWORD access, DWORD share, DWORD disposition, DWORD flags)
{
    return CreateFileA(path, access, share, NULL, disposition, flags, NULL);
}

static HANDLE open_ok(DWORD access, DWORD disposition)
{
    HANDLE h = open_as(access, ALL_SHARE, disposition, 0);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    return h;
}

#define fails(call, error)                      \
    do {                                        \
        SetLastError(0xbad);                    \
        ck_assert(call);                        \
        ck_assert_uint_eq(GetLastError(), error); \
    } while (0)
#define open_fails(access, share, disposition, error) \
    fails(open_as(access, share, disposition, 0) == INVALID_HANDLE_VALUE, error)

static void fill(const void *data, size_t len)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    fclose(f);
}

static long size_of_file(void)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

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

static char *pages(unsigned n, DWORD type, DWORD protect)
{
    char *p = VirtualAlloc(NULL, n * 4096, MEM_RESERVE | type, protect);
    ck_assert_ptr_nonnull(p);
    return p;
}

START_TEST(buffers)
{
    char data[0x2003];
    DWORD n = 99, old;
    memset(data, 'd', sizeof data);
    fill(data, sizeof data);
    HANDLE h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    char *p = pages(4, MEM_COMMIT, PAGE_READWRITE);
    ck_assert(VirtualProtect(p + 4096, 4096, PAGE_READONLY, &old));
    fails(!ReadFile(h, p, 8192, &n, NULL), ERROR_NOACCESS);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(p[0], 0); /* nothing was moved */
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_CURRENT), 0);
    ck_assert(WriteFile(h, p, 8192, &n, NULL) && n == 8192);
    ck_assert(VirtualProtect(p + 4096, 4096, PAGE_NOACCESS, &old));
    fails(!WriteFile(h, p, 8192, &n, NULL), ERROR_NOACCESS);
    ck_assert(VirtualFree(p + 4096, 4096, MEM_DECOMMIT));
    fails(!ReadFile(h, p, 4097, &n, NULL), ERROR_NOACCESS);
    fails(!ReadFile(h, NULL, 1, &n, NULL), ERROR_NOACCESS);
    fails(!ReadFile(h, (void *)UINTPTR_MAX, 16, &n, NULL), ERROR_NOACCESS);
    fails(!WriteFile(h, (void *)0x7fffffff0000, 16, &n, NULL), ERROR_NOACCESS);
    ck_assert(ReadFile(h, p, 0, &n, NULL));
    /* A guard page fails the call once (GP-023). */
    ck_assert(VirtualProtect(p + 8192, 4096, PAGE_READWRITE | PAGE_GUARD, &old));
    fails(!ReadFile(h, p + 8192, 3, &n, NULL), ERROR_NOACCESS);
    ck_assert(ReadFile(h, p + 8192, 3, &n, NULL) && n == 3);
}
END_TEST

static ULONG_PTR written(char *p, unsigned n_pages)
{
    void *list[32];
    ULONG_PTR count = 32;
    DWORD granularity;
    ck_assert_uint_eq(GetWriteWatch(WRITE_WATCH_FLAG_RESET, p, n_pages * 4096, list, &count,
                                    &granularity), 0);
    return count;
}

START_TEST(watched)
{
    char data[0x2003];
    DWORD n = 99;
    memset(data, 'd', sizeof data);
    fill(data, sizeof data);
    HANDLE h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    char *p = pages(16, MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    memset(p, 1, 0x10000);
    ck_assert_uint_eq(written(p, 16), 16);
    ck_assert_uint_eq(written(p, 16), 0);
    ck_assert(ReadFile(h, p, 0x10000, &n, NULL) && n == 0x2003); /* WW-036 */
    ck_assert_uint_eq(written(p, 16), 16);
    ck_assert_int_eq(p[0x2002], 'd');
    ck_assert_int_eq(p[0x2003], 1);
    ck_assert(ReadFile(h, p, 0x10000, &n, NULL) && n == 0); /* WW-037 */
    ck_assert_uint_eq(written(p, 16), 16);
    fails(!ReadFile((HANDLE)0xdead, p, 0x10000, &n, NULL), ERROR_INVALID_HANDLE); /* WW-038 */
    ck_assert_uint_eq(written(p, 16), 0);
    ck_assert(WriteFile(h, p, 0x10000, &n, NULL));
    ck_assert_uint_eq(written(p, 16), 0);
    /* The structure itself in watched memory (WW-039). */
    OVERLAPPED *ov = (OVERLAPPED *)(p + 0xf000);
    memset(ov, 0, sizeof *ov);
    ck_assert_uint_eq(written(p, 16), 1);
    ck_assert(ReadFile(h, p, 16, &n, ov));
    ck_assert_uint_eq(written(p, 16), 2);
}
END_TEST

START_TEST(pipes)
{
    int fd[2];
    char buf[8];
    DWORD n;
    ck_assert_int_eq(pipe(fd), 0);
    HANDLE in = (HANDLE)_get_osfhandle(fd[0]), out = (HANDLE)_get_osfhandle(fd[1]);
    ck_assert_uint_eq(GetFileType(in), FILE_TYPE_PIPE);
    ck_assert(WriteFile(out, "abc", 3, &n, NULL) && n == 3);
    ck_assert(ReadFile(in, buf, 8, &n, NULL) && n == 3);
    fails(SetFilePointer(in, 0, NULL, FILE_BEGIN) == INVALID_SET_FILE_POINTER,
          ERROR_INVALID_FUNCTION);
    fails(!ReadFile(out, buf, 1, &n, NULL), ERROR_ACCESS_DENIED);
    close(fd[1]);
    fails(!WriteFile(out, "abc", 3, &n, NULL), ERROR_INVALID_HANDLE);
    fails(!ReadFile(in, buf, 8, &n, NULL), ERROR_BROKEN_PIPE);
    HANDLE null = CreateFileA("/dev/null", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0,
                              NULL);
    ck_assert_uint_eq(GetFileType(null), FILE_TYPE_CHAR);
    ck_assert(WriteFile(null, "abc", 3, &n, NULL) && n == 3);
    ck_assert(ReadFile(null, buf, 8, &n, NULL) && n == 0);
    fails(GetFileType((HANDLE)4) == FILE_TYPE_UNKNOWN, ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(descriptors)
{
    char buf[8];
    DWORD n;
    fill("0123456789", 10);
    int fd = open(path, O_RDONLY);
    HANDLE h = (HANDLE)_get_osfhandle(fd);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    ck_assert_ptr_eq((HANDLE)_get_osfhandle(fd), h);
    /* One position. */
    ck_assert_int_eq(read(fd, buf, 2), 2);
    ck_assert(ReadFile(h, buf, 2, &n, NULL) && memcmp(buf, "23", 2) == 0);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 4);
    fails(!WriteFile(h, buf, 2, &n, NULL), ERROR_ACCESS_DENIED);
    /* The number as another file. */
    close(fd);
    fails(!ReadFile(h, buf, 2, &n, NULL), ERROR_INVALID_HANDLE);
    ck_assert_int_eq(open("/dev/null", O_RDWR), fd);
    fails(!ReadFile(h, buf, 2, &n, NULL), ERROR_INVALID_HANDLE);
    HANDLE again = (HANDLE)_get_osfhandle(fd);
    ck_assert_ptr_ne(again, h);
    fails(!CloseHandle(h), ERROR_INVALID_HANDLE);
    errno = 0;
    ck_assert_int_eq(_get_osfhandle(-1), -1);
    ck_assert_int_eq(errno, EBADF);
    ck_assert_int_eq(_get_osfhandle(9999), -1);

    /* A duplicate of its own. */
    fd = open(path, O_RDONLY);
    errno = 0;
    ck_assert_ptr_null(winvm_handle_from_fd(fd, GENERIC_WRITE));
    ck_assert_int_eq(errno, EACCES);
    ck_assert_ptr_null(winvm_handle_from_fd(-1, GENERIC_READ));
    ck_assert_int_eq(errno, EBADF);
    h = winvm_handle_from_fd(fd, GENERIC_READ);
    ck_assert_ptr_nonnull(h);
    close(fd);
    ck_assert(ReadFile(h, buf, 2, &n, NULL) && memcmp(buf, "01", 2) == 0);

    /* And back: the descriptor owns the handle. */
    fd = _open_osfhandle((intptr_t)h, _O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, buf, 2), 2);
    ck_assert_mem_eq(buf, "23", 2);
    ck_assert_ptr_eq((HANDLE)_get_osfhandle(fd), h);
    ck_assert(ReadFile(h, buf, 2, &n, NULL) && memcmp(buf, "45", 2) == 0);
    close(fd);
    fails(!ReadFile(h, buf, 2, &n, NULL), ERROR_INVALID_HANDLE);
    errno = 0;
    ck_assert_int_eq(_open_osfhandle(0x1234, 0), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

/* A program that closes every descriptor loses its files, and nothing else happens. */
START_TEST(closed_behind)
{
    char buf[8];
    DWORD n;
    fill("0123456789", 10);
    HANDLE h = open_ok(GENERIC_READ, OPEN_EXISTING);
    for (int fd = 3; fd < 2000; fd++)
        close(fd);
    fails(!ReadFile(h, buf, 2, &n, NULL), ERROR_INVALID_HANDLE);
    int numbers[1100], used = 0;
    for (int i = 0; i < 1000; i++)
        if ((numbers[used] = open("/dev/null", O_RDWR)) >= 0)
            used++;
    fails(!ReadFile(h, buf, 2, &n, NULL), ERROR_INVALID_HANDLE);
    ck_assert(CloseHandle(h));
    for (int i = 0; i < used; i++)
        ck_assert_int_eq(fcntl(numbers[i], F_GETFD), 0);
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

/* A file under a view keeps the pages of the view. */
START_TEST(mapped)
{
    char data[0x3000];
    memset(data, 'm', sizeof data);
    fill(data, sizeof data);
    HANDLE h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    HANDLE read_only = open_ok(GENERIC_READ, OPEN_EXISTING), none = open_ok(0, OPEN_EXISTING);
    fails(CreateFileMappingA(read_only, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL,
          ERROR_ACCESS_DENIED); /* SEC-006 */
    fails(CreateFileMappingA(none, NULL, PAGE_READONLY, 0, 0, NULL) == NULL,
          ERROR_ACCESS_DENIED); /* SEC-010 */
    fails(CreateFileMappingA(read_only, NULL, PAGE_EXECUTE_READ, 0, 0, NULL) == NULL,
          ERROR_ACCESS_DENIED); /* SEC-008 */
    HANDLE mapping = CreateFileMappingA(h, NULL, PAGE_READWRITE, 0, 0, NULL);
    ck_assert_ptr_nonnull(mapping);
    fails(GetFileSize(mapping, NULL) == INVALID_FILE_SIZE, ERROR_INVALID_HANDLE);
    fails(CreateFileMappingA(mapping, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL,
          ERROR_INVALID_HANDLE);
    char *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    ck_assert_ptr_nonnull(view);
    ck_assert_int_eq(view[0x2fff], 'm');
    ck_assert_uint_eq(SetFilePointer(h, 0x1000, NULL, FILE_BEGIN), 0x1000);
    fails(!SetEndOfFile(h), ERROR_USER_MAPPED_FILE);
    open_fails(GENERIC_WRITE, ALL_SHARE, CREATE_ALWAYS, ERROR_USER_MAPPED_FILE);
    open_fails(GENERIC_WRITE, ALL_SHARE, TRUNCATE_EXISTING, ERROR_USER_MAPPED_FILE);
    ck_assert_int_eq(size_of_file(), sizeof data);
    ck_assert_uint_eq(SetFilePointer(h, 0x4000, NULL, FILE_BEGIN), 0x4000);
    ck_assert(SetEndOfFile(h)); /* larger is no harm */
    /* The file is the same memory; and its contents survive its handle. */
    DWORD n;
    OVERLAPPED ov = {.Offset = 5};
    ck_assert(WriteFile(h, "file", 4, &n, &ov));
    ck_assert_mem_eq(view + 5, "file", 4);
    view[0x10] = 'v';
    ov.Offset = 0x10;
    ck_assert(ReadFile(h, data, 1, &n, &ov) && data[0] == 'v');
    ck_assert(CloseHandle(h) && CloseHandle(mapping));
    ck_assert_int_eq(view[0x10], 'v');
    /* A view as a buffer: of the file it is a view of, and of one that forbids it. */
    h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    ck_assert(ReadFile(h, view + 0x1000, 16, &n, NULL) && n == 16);
    ck_assert_mem_eq(view + 0x1005, "file", 4);
    ck_assert(VirtualProtect(view + 0x1000, 0x1000, PAGE_READONLY, &n));
    fails(!ReadFile(h, view + 0x1000, 16, &n, NULL), ERROR_NOACCESS);
    ck_assert(UnmapViewOfFile(view));
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_BEGIN), 0);
    ck_assert(SetEndOfFile(h));
    ck_assert_int_eq(size_of_file(), 0);
}
END_TEST

/* The calls about handles, on a real section. */
START_TEST(section_handles)
{
    HANDLE self = GetCurrentProcess(), copy, other;
    struct {
        OBJECT_NAME_INFORMATION head;
        WCHAR text[100];
    } info;
    PUBLIC_OBJECT_BASIC_INFORMATION basic;
    DWORD flags = 99;
    HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
    ck_assert_ptr_nonnull(h);
    ck_assert(DuplicateHandle(self, h, self, &copy, FILE_MAP_READ, TRUE, 0));
    fails(MapViewOfFile(copy, FILE_MAP_WRITE, 0, 0, 0) == NULL, ERROR_ACCESS_DENIED); /* SEC-063 */
    ck_assert(GetHandleInformation(copy, &flags) && flags == HANDLE_FLAG_INHERIT);
    fails(!SetHandleInformation(copy, 4, 0), ERROR_INVALID_PARAMETER);
    fails(!GetHandleInformation(copy, NULL), ERROR_NOACCESS);
    fails(!GetHandleInformation(NULL, &flags), ERROR_INVALID_HANDLE);
    ck_assert(GetHandleInformation(self, &flags) && flags == 0);
    ck_assert(CompareObjectHandles(copy, h));
    other = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, NULL);
    fails(!CompareObjectHandles(other, h), ERROR_NOT_SAME_OBJECT);
    ck_assert_int_eq(NtQueryObject(h, ObjectBasicInformation, &basic, sizeof basic, NULL), 0);
    ck_assert_uint_eq(basic.HandleCount, 2);
    ck_assert_int_eq(NtQueryObject(h, ObjectNameInformation, &info, sizeof info, NULL), 0);
    ck_assert_uint_eq(info.head.Name.Length, 0);
    ck_assert(SetHandleInformation(h, HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                   HANDLE_FLAG_PROTECT_FROM_CLOSE));
    fails(!CloseHandle(h), ERROR_INVALID_HANDLE);
    ck_assert_ptr_nonnull(MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0));
    ck_assert(SetHandleInformation(h, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    ck_assert(CloseHandle(h) && CloseHandle(copy));
    fails(!CloseHandle(h), ERROR_INVALID_HANDLE);
    fails(MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0) == NULL, ERROR_INVALID_HANDLE);
    fails(MapViewOfFile(self, FILE_MAP_WRITE, 0, 0, 0) == NULL, ERROR_INVALID_HANDLE);
    fails(!DuplicateHandle(self, h, self, &copy, 0, FALSE, 2), ERROR_INVALID_HANDLE);
}
END_TEST

/* Exactly one of several threads gets a file that is opened for itself alone. */
static unsigned winners;
static pthread_barrier_t line;

static void *try_open(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        pthread_barrier_wait(&line);
        HANDLE h = open_as(GENERIC_READ, 0, OPEN_EXISTING, 0);
        if (h != INVALID_HANDLE_VALUE)
            __atomic_fetch_add(&winners, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&line);
        if (h != INVALID_HANDLE_VALUE)
            CloseHandle(h);
    }
    return NULL;
}

START_TEST(one_winner)
{
    pthread_t thread[4];
    fill("x", 1);
    pthread_barrier_init(&line, NULL, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, try_open, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    ck_assert_uint_eq(winners, 200);
}
END_TEST

/* Threads that close and use the same values: errors, never a crash or somebody else's file. */
static HANDLE shared[8];
static bool stop;
static unsigned strangers;

static void *race(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        HANDLE *place = &shared[(seed = seed * 1103515245 + 12345) >> 20 & 7];
        HANDLE h = __atomic_load_n(place, __ATOMIC_RELAXED);
        char byte = 'x';
        DWORD n;
        OVERLAPPED ov = {.Offset = 0};
        switch (seed >> 30) {
        case 0:
            h = __atomic_exchange_n(place, open_as(GENERIC_READ, ALL_SHARE, OPEN_EXISTING, 0),
                                    __ATOMIC_RELAXED);
            CloseHandle(h);
            break;
        case 1:
            CloseHandle(h);
            break;
        default:
            if (ReadFile(h, &byte, 1, &n, &ov) && byte != 'x')
                __atomic_fetch_add(&strangers, 1, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[3];
    unsigned seed[3] = {1, 2, 3};
    fill("x", 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, race, &seed[i]), 0);
    usleep(1000000);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    ck_assert_uint_eq(strangers, 0);
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
    tcase_add_test(c, buffers);
    tcase_add_test(c, watched);
    tcase_add_test(c, pipes);
    tcase_add_test(c, descriptors);
    tcase_add_test(c, closed_behind);
    tcase_add_test(c, temp_names);
    tcase_add_test(c, mapped);
    tcase_add_test(c, section_handles);
    tcase_add_test(c, one_winner);
    tcase_add_test(c, threads);
    return unit_run(s);
}
