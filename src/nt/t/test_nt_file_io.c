/* Files and memory through the whole library: buffers, descriptors, views, threads. */
#include "file_unit.h"

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
}
END_TEST

/* A handle for a duplicate of a descriptor, and back: the new descriptor owns the handle. */
START_TEST(descriptors_and_back)
{
    char buf[8];
    DWORD n;
    fill("0123456789", 10);
    int fd = open(path, O_RDONLY);
    errno = 0;
    ck_assert_ptr_null(winvm_handle_from_fd(fd, GENERIC_WRITE));
    ck_assert_int_eq(errno, EACCES);
    ck_assert_ptr_null(winvm_handle_from_fd(-1, GENERIC_READ));
    ck_assert_int_eq(errno, EBADF);
    HANDLE h = winvm_handle_from_fd(fd, GENERIC_READ);
    ck_assert_ptr_nonnull(h);
    close(fd);
    ck_assert(ReadFile(h, buf, 2, &n, NULL) && memcmp(buf, "01", 2) == 0);
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

/* Opened to be mapped with more than the file allows (SEC-006, SEC-008, SEC-010). */
START_TEST(mapped_rights)
{
    fill("m", 1);
    HANDLE read_only = open_ok(GENERIC_READ, OPEN_EXISTING), none = open_ok(0, OPEN_EXISTING);
    fails(CreateFileMappingA(read_only, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL,
          ERROR_ACCESS_DENIED);
    fails(CreateFileMappingA(none, NULL, PAGE_READONLY, 0, 0, NULL) == NULL, ERROR_ACCESS_DENIED);
    fails(CreateFileMappingA(read_only, NULL, PAGE_EXECUTE_READ, 0, 0, NULL) == NULL,
          ERROR_ACCESS_DENIED);
}
END_TEST

/* A new file of three pages of 'm', and a writable view of it. */
static char *map_new(HANDLE *h, HANDLE *mapping)
{
    char data[0x3000];
    memset(data, 'm', sizeof data);
    fill(data, sizeof data);
    *h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    *mapping = CreateFileMappingA(*h, NULL, PAGE_READWRITE, 0, 0, NULL);
    ck_assert_ptr_nonnull(*mapping);
    char *view = MapViewOfFile(*mapping, FILE_MAP_WRITE, 0, 0, 0);
    ck_assert_ptr_nonnull(view);
    ck_assert_int_eq(view[0x2fff], 'm');
    return view;
}

/* A file under a view keeps the pages of the view. */
START_TEST(mapped)
{
    HANDLE h, mapping;
    char *view = map_new(&h, &mapping);
    fails(GetFileSize(mapping, NULL) == INVALID_FILE_SIZE, ERROR_INVALID_HANDLE);
    fails(CreateFileMappingA(mapping, NULL, PAGE_READWRITE, 0, 0, NULL) == NULL,
          ERROR_INVALID_HANDLE);
    ck_assert_uint_eq(SetFilePointer(h, 0x1000, NULL, FILE_BEGIN), 0x1000);
    fails(!SetEndOfFile(h), ERROR_USER_MAPPED_FILE);
    open_fails(GENERIC_WRITE, ALL_SHARE, CREATE_ALWAYS, ERROR_USER_MAPPED_FILE);
    open_fails(GENERIC_WRITE, ALL_SHARE, TRUNCATE_EXISTING, ERROR_USER_MAPPED_FILE);
    ck_assert_int_eq(size_of_file(), 0x3000);
    ck_assert_uint_eq(SetFilePointer(h, 0x4000, NULL, FILE_BEGIN), 0x4000);
    ck_assert(SetEndOfFile(h)); /* larger is no harm */
    ck_assert(CloseHandle(mapping) && UnmapViewOfFile(view));
    ck_assert_uint_eq(SetFilePointer(h, 0, NULL, FILE_BEGIN), 0);
    ck_assert(SetEndOfFile(h));
    ck_assert_int_eq(size_of_file(), 0);
}
END_TEST

/* The file is the same memory, and its contents survive its handle; a view as a buffer, of the file
 * it is a view of. */
START_TEST(mapped_contents)
{
    char byte;
    DWORD n;
    HANDLE h, mapping;
    OVERLAPPED ov = {.Offset = 5};
    char *view = map_new(&h, &mapping);
    ck_assert(WriteFile(h, "file", 4, &n, &ov));
    ck_assert_mem_eq(view + 5, "file", 4);
    view[0x10] = 'v';
    ov.Offset = 0x10;
    ck_assert(ReadFile(h, &byte, 1, &n, &ov) && byte == 'v');
    ck_assert(CloseHandle(h) && CloseHandle(mapping));
    ck_assert_int_eq(view[0x10], 'v');
    h = open_ok(GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
    ck_assert(ReadFile(h, view + 0x1000, 16, &n, NULL) && n == 16);
    ck_assert_mem_eq(view + 0x1005, "file", 4);
    ck_assert(VirtualProtect(view + 0x1000, 0x1000, PAGE_READONLY, &n));
    fails(!ReadFile(h, view + 0x1000, 16, &n, NULL), ERROR_NOACCESS);
    ck_assert(UnmapViewOfFile(view));
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
    Suite *s = unit_suite("nt_file_io", 60, &c);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, buffers);
    tcase_add_test(c, watched);
    tcase_add_test(c, pipes);
    tcase_add_test(c, descriptors);
    tcase_add_test(c, descriptors_and_back);
    tcase_add_test(c, closed_behind);
    tcase_add_test(c, mapped_rights);
    tcase_add_test(c, mapped);
    tcase_add_test(c, mapped_contents);
    tcase_add_test(c, section_handles);
    tcase_add_test(c, one_winner);
    tcase_add_test(c, threads);
    return unit_run(s);
}
