/* Sections through the public calls: names, handles of other processes, descriptors. */
#include <pthread.h>

#include "nt/t/section_unit.h"

/* ---- names ---- */

static HANDLE named(const char *name, DWORD prot, DWORD size, DWORD error)
{
    SetLastError(0xdeadbeef);
    HANDLE h = CreateFileMappingA(PAGEFILE, NULL, prot, 0, size, name);
    ck_assert_msg(GetLastError() == error, "%s: error %u instead of %u", name,
                  (unsigned)GetLastError(), (unsigned)error);
    return h;
}

static HANDLE opened(const char *name, DWORD access, DWORD error)
{
    SetLastError(0);
    HANDLE h = OpenFileMappingA(access, FALSE, name);
    ck_assert_msg(GetLastError() == error && (h == NULL) == (error != 0), "%s: error %u", name,
                  (unsigned)GetLastError());
    return h;
}

/* SEC-026..031, SEC-222 */
START_TEST(names)
{
    HANDLE a = named("winvm-nt-Name", PAGE_READWRITE, 0x2000, 0);
    HANDLE b = named("winvm-nt-Name", PAGE_READONLY, 0x9000, 183), c;
    ck_assert_int_eq(basic_of(b).Size.QuadPart, 0x2000);
    ck_assert(CompareObjectHandles(a, b));
    ck_assert_uint_eq(granted(b) & SECTION_MAP_WRITE, 0);
    c = named("winvm-nt-name", PAGE_READWRITE, 0x3000, 0); /* SEC-028 */
    ck_assert_int_eq(basic_of(c).Size.QuadPart, 0x3000);
    CloseHandle(c);
    opened("winvm-nt-NAME", FILE_MAP_READ, 2);
    named("winvm-nt-Name", PAGE_READWRITE, 0, 87); /* what is wrong in itself comes first */
    c = opened("Local\\winvm-nt-Name", FILE_MAP_WRITE, 0);
    ck_assert(CompareObjectHandles(a, c));
    ck_assert_uint_eq(granted(c), SECTION_MAP_WRITE);
    CloseHandle(c);
    opened("Global\\winvm-nt-Name", FILE_MAP_READ, 2);
    char *view = MapViewOfFile(a, FILE_MAP_WRITE, 0, 0, 0);
    view[0] = 5;
    CloseHandle(a);
    CloseHandle(b);
    opened("winvm-nt-Name", FILE_MAP_READ, 2); /* SEC-031 */
    a = named("winvm-nt-Name", PAGE_READWRITE, 0x1000, 0);
    char *other = MapViewOfFile(a, FILE_MAP_READ, 0, 0, 0);
    ck_assert_int_eq(other[0], 0);
    ck_assert_int_eq(view[0], 5);
    UnmapViewOfFile(view);
    UnmapViewOfFile(other);
    CloseHandle(a);
}
END_TEST

/* SEC-032, SEC-033 */
START_TEST(opened_rights)
{
    static const struct row {
        DWORD access;
        ULONG granted;
    } rows[] = {
        {FILE_MAP_READ, SECTION_MAP_READ},
        {FILE_MAP_WRITE, SECTION_MAP_WRITE},
        {FILE_MAP_COPY, SECTION_MAP_READ},
        {FILE_MAP_EXECUTE, SECTION_MAP_EXECUTE},
        {FILE_MAP_EXECUTE | FILE_MAP_READ, SECTION_MAP_EXECUTE | SECTION_MAP_READ},
        {FILE_MAP_ALL_ACCESS, SECTION_ALL_ACCESS},
    };
    HANDLE a = named("winvm-nt-rights", PAGE_EXECUTE_READWRITE, 1, 0);
    for (unsigned i = 0; i < N_OF(rows); i++) {
        HANDLE h = OpenFileMappingFromApp(rows[i].access, FALSE, WIDE("winvm-nt-rights"));
        ck_assert_uint_eq(granted(h), rows[i].granted);
        CloseHandle(h);
    }
    CloseHandle(a);
}
END_TEST

START_TEST(names_refused)
{
    char longest[300];
    memset(longest, 'n', sizeof longest);
    longest[261] = '\0';
    named(longest, PAGE_READWRITE, 1, 206);
    longest[260] = '\0';
    HANDLE h = named(longest, PAGE_READWRITE, 1, 0);
    CloseHandle(h);
    named("a\\b", PAGE_READWRITE, 1, 3);
    named("\\a", PAGE_READWRITE, 1, 3);
    named("Local\\a\\b", PAGE_READWRITE, 1, 3);
    named("local\\a", PAGE_READWRITE, 1, 3);
    named("Global\\", PAGE_READWRITE, 1, 123);
    CloseHandle(named("", PAGE_READWRITE, 1, 0)); /* no name */
    opened("a\\b", FILE_MAP_READ, 3);
    opened("", FILE_MAP_READ, 87);
    opened(NULL, FILE_MAP_READ, 87);
}
END_TEST

static NTSTATUS native(bool open, const uint16_t *text, ULONG attributes, HANDLE root, HANDLE *out)
{
    size_t n = 0;
    while (text[n])
        n++;
    UNICODE_STRING name = {(USHORT)(2 * n), (USHORT)(2 * n), (PWSTR)(uintptr_t)text};
    OBJECT_ATTRIBUTES oa;
    LARGE_INTEGER size = {.QuadPart = 1};
    InitializeObjectAttributes(&oa, &name, attributes, root, NULL);
    *out = NULL;
    return open ? NtOpenSection(out, SECTION_ALL_ACCESS, &oa)
                : NtCreateSection(out, SECTION_ALL_ACCESS, &oa, &size, PAGE_READWRITE, SEC_COMMIT,
                                  NULL);
}

START_TEST(native_names)
{
    HANDLE a, b, w;
    const uint16_t *local = u"\\Sessions\\7\\BaseNamedObjects\\winvm-nt-native";
    ck_assert_int_eq(native(false, local, 0, NULL, &a), 0);
    ck_assert_int_eq(native(false, local, 0, NULL, &b), STATUS_OBJECT_NAME_COLLISION);
    ck_assert_ptr_null(b);
    ck_assert_int_eq(native(false, local, OBJ_OPENIF, NULL, &b), STATUS_OBJECT_NAME_EXISTS);
    ck_assert(CompareObjectHandles(a, b));
    CloseHandle(b);
    w = opened("winvm-nt-native", FILE_MAP_READ, 0);
    ck_assert(CompareObjectHandles(a, w));
    CloseHandle(w);
    ck_assert_int_eq(native(true, u"\\BaseNamedObjects\\winvm-nt-native", 0, NULL, &b),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    ck_assert_int_eq(native(true, u"\\BaseNamedObjects\\Local\\winvm-nt-native", OBJ_INHERIT, NULL,
                            &b), 0);
    DWORD flags = 0;
    ck_assert(GetHandleInformation(b, &flags) && flags == HANDLE_FLAG_INHERIT);
    CloseHandle(b);
    CloseHandle(a);
    ck_assert_int_eq(native(true, local, 0, NULL, &b), STATUS_OBJECT_NAME_NOT_FOUND);
    ck_assert_int_eq(native(true, u"name", 0, NULL, &b), STATUS_OBJECT_PATH_SYNTAX_BAD);
    ck_assert_int_eq(native(true, u"", 0, NULL, &b), STATUS_OBJECT_PATH_SYNTAX_BAD);
    ck_assert_int_eq(native(true, u"\\Elsewhere\\n", 0, NULL, &b), STATUS_OBJECT_PATH_NOT_FOUND);
    ck_assert_int_eq(native(true, u"\\Sessions\\x\\BaseNamedObjects\\n", 0, NULL, &b),
                     STATUS_OBJECT_PATH_NOT_FOUND);
    ck_assert_int_eq(native(true, u"\\BaseNamedObjects\\", 0, NULL, &b),
                     STATUS_OBJECT_NAME_INVALID);
    ck_assert_int_eq(native(true, u"n", 0, (HANDLE)4, &b), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(NtOpenSection(&b, 0, NULL), STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(attributes_refused)
{
    OBJECT_ATTRIBUTES oa;
    UNICODE_STRING odd = {3, 4, (PWSTR)(uintptr_t)u"ab"};
    HANDLE h = NULL;
    LARGE_INTEGER size = {.QuadPart = 1};
    InitializeObjectAttributes(&oa, NULL, 0, NULL, NULL);
    oa.Length--;
    ck_assert_int_eq(NtCreateSection(&h, 0, &oa, &size, PAGE_READWRITE, SEC_COMMIT, NULL),
                     STATUS_INVALID_PARAMETER);
    InitializeObjectAttributes(&oa, &odd, 0, NULL, NULL);
    ck_assert_int_eq(NtCreateSection(&h, 0, &oa, &size, PAGE_READWRITE, SEC_COMMIT, NULL),
                     STATUS_OBJECT_NAME_INVALID);
    ck_assert_ptr_null(h);
}
END_TEST

START_TEST(inheritance_and_nodes)
{
    SECURITY_ATTRIBUTES sa = {sizeof sa, NULL, TRUE};
    DWORD flags = 0;
    MEM_EXTENDED_PARAMETER p[2];
    HANDLE h = CreateFileMappingNumaW(PAGEFILE, &sa, PAGE_READWRITE, 0, 1, NULL, 0);
    ck_assert(GetHandleInformation(h, &flags) && flags == HANDLE_FLAG_INHERIT);
    CloseHandle(h);
    ck_assert_ptr_null(CreateFileMappingNumaW(PAGEFILE, NULL, PAGE_READWRITE, 0, 1, NULL, 5000));
    ck_assert_uint_eq(GetLastError(), 87);
    memset(p, 0, sizeof p);
    for (unsigned type = 0; type < 6; type++) {
        p[0].Type = p[1].Type = type;
        p[0].ULong = 0;
        SetLastError(0);
        h = CreateFileMapping2(PAGEFILE, NULL, 0, PAGE_READWRITE, 0, 1, NULL, p, 1);
        ck_assert_uint_eq(GetLastError(), type == 2 ? 0 : type == 1 || type == 3 ? 50 : 87);
        ck_assert((h != NULL) == (type == 2));
        CloseHandle(h);
        ck_assert_ptr_null(CreateFileMapping2(PAGEFILE, NULL, 0, PAGE_READWRITE, 0, 1, NULL, p, 2));
    }
    ck_assert_ptr_null(CreateFileMapping2(PAGEFILE, NULL, 0, PAGE_READWRITE, 0, 1, NULL, NULL, 1));
    ck_assert_uint_eq(GetLastError(), 87);
}
END_TEST

/* ---- descriptors and processes ---- */

START_TEST(descriptors)
{
    HANDLE h = win32_creates(PAGEFILE, PAGE_READWRITE, 0x2000), file, ro;
    int *view = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    int fd = winvm_section_to_fd(h);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    view[0] = 11;
    HANDLE again = winvm_section_from_fd(fd, SECTION_MAP_READ | SECTION_QUERY);
    ck_assert_int_eq(basic_of(again).Size.QuadPart, 0x2000);
    const int *other = MapViewOfFile(again, FILE_MAP_READ, 0, 0, 0);
    ck_assert_int_eq(other[0], 11);
    ck_assert_ptr_null(MapViewOfFile(again, FILE_MAP_WRITE, 0, 0, 0));
    ck_assert_int_eq(winvm_section_to_fd(again), -1);
    ck_assert_int_eq(errno, EACCES);
    ck_assert_int_eq(winvm_section_to_fd((HANDLE)4), -1);
    ck_assert_int_eq(errno, EBADF);
    ck_assert_ptr_null(winvm_section_from_fd(0, SECTION_ALL_ACCESS));
    ck_assert_int_eq(errno, EBADF);
    make_file("x", 1, 0x1000);
    file = open_file(R | W);
    ro = win32_creates(file, PAGE_READWRITE, 0);
    ck_assert_int_eq(winvm_section_to_fd(ro), -1);
    ck_assert_int_eq(errno, ENOTSUP);
}
END_TEST

/* A fork child's handles mean the parent's sections, and its names count for it alone. */
START_TEST(fork_children)
{
    int status;
    HANDLE h = named("winvm-nt-fork", PAGE_READWRITE, 0x1000, 0);
    volatile int *view = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    pid_t pid = fork();
    if (pid == 0) {
        volatile int *mine = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
        if (!mine)
            _exit(1);
        mine[0] = 77;
        if (!CloseHandle(h) || OpenFileMappingA(FILE_MAP_READ, FALSE, "winvm-nt-fork") == NULL)
            _exit(2); /* the parent still has it */
        _exit(winvm_audit() == 0 ? 0 : 3);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(view[0], 77);
    HANDLE again = opened("winvm-nt-fork", FILE_MAP_READ, 0);
    CloseHandle(again);
    CloseHandle(h);
    opened("winvm-nt-fork", FILE_MAP_READ, 2);
    ck_assert_int_eq(winvm_audit(), 0);
}
END_TEST

/* One name made and given up by many threads, and by a process beside them: every handle is good,
 * one object at a time has the name, and none is left. */
static void *make_and_close(void *bad)
{
    for (unsigned i = 0; i < 400; i++) {
        HANDLE h = CreateFileMappingA(PAGEFILE, NULL, PAGE_READWRITE, 0, 0x3000, "winvm-nt-crowd");
        SECTION_BASIC_INFORMATION info;
        if (!h || NtQuerySection(h, SectionBasicInformation, &info, sizeof info, NULL) != 0 ||
            info.Size.QuadPart != 0x3000)
            return bad;
        HANDLE again = OpenFileMappingA(FILE_MAP_READ, FALSE, "winvm-nt-crowd");
        if (!again || !CompareObjectHandles(h, again) || !CloseHandle(h) || !CloseHandle(again))
            return bad;
    }
    return NULL;
}

START_TEST(crowd)
{
    pthread_t threads[4];
    int status;
    void *bad;
    pid_t pid = fork();
    if (pid == 0)
        _exit(make_and_close(&status) != NULL);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_and_close, &status), 0);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
        ck_assert_ptr_null(bad);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    opened("winvm-nt-crowd", FILE_MAP_READ, 2);
    ck_assert_int_eq(winvm_audit(), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_section_names", 30, &tc);
    tcase_add_checked_fixture(tc, NULL, remove_file);
    tcase_add_test(tc, names);
    tcase_add_test(tc, opened_rights);
    tcase_add_test(tc, names_refused);
    tcase_add_test(tc, native_names);
    tcase_add_test(tc, attributes_refused);
    tcase_add_test(tc, inheritance_and_nodes);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, fork_children);
    tcase_add_test(tc, crowd);
    return unit_run(suite);
}
