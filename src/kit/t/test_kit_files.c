/* Files and folders by their paths. Each test has a folder of its own, the current one. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"
#include "kit/t/file_unit.h"

#define MiB 0x100000

static char folder[] = "/tmp/winvm-files-XXXXXX";

static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void)
{
    char line[128];
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    ck_assert_int_eq(system(line), 0);
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void has(const char *name, const char *text)
{
    char buffer[64] = "";
    FILE *f = fopen(name, "r");
    ck_assert_msg(f != NULL, "%s", name);
    ck_assert_uint_eq(fread(buffer, 1, sizeof buffer - 1, f), strlen(text));
    fclose(f);
    ck_assert_str_eq(buffer, text);
}

static HANDLE open_sharing(const char *name, DWORD access, DWORD share)
{
    HANDLE h = CreateFileA(name, access, share, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
                           NULL);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    return h;
}

/* ---- folders ---- */

START_TEST(folders)
{
    ck_assert(CreateDirectoryA("a", NULL));
    ck_assert(CreateDirectoryW(u"a/b", NULL));
    FAILS(CreateDirectoryA("a", NULL), ERROR_ALREADY_EXISTS);
    FAILS(CreateDirectoryA("none/x", NULL), ERROR_PATH_NOT_FOUND);
    FAILS(CreateDirectoryA(NULL, NULL), ERROR_PATH_NOT_FOUND);
    FAILS(CreateDirectoryW(u"", NULL), ERROR_PATH_NOT_FOUND);
    put("file", "x");
    FAILS(CreateDirectoryA("file/x", NULL), ERROR_PATH_NOT_FOUND);
    FAILS(RemoveDirectoryA("a"), ERROR_DIR_NOT_EMPTY);
    FAILS(RemoveDirectoryA("none"), ERROR_FILE_NOT_FOUND);
    FAILS(RemoveDirectoryA("none/x"), ERROR_PATH_NOT_FOUND);
    FAILS(RemoveDirectoryA("file"), ERROR_DIRECTORY);
    FAILS(RemoveDirectoryA(""), ERROR_PATH_NOT_FOUND);
    HANDLE h = open_sharing("a/b", GENERIC_READ, FILE_SHARE_READ);
    FAILS(RemoveDirectoryW(u"a/b"), ERROR_SHARING_VIOLATION);
    ck_assert(CloseHandle(h));
    ck_assert(RemoveDirectoryW(u"a/b"));
    ck_assert(RemoveDirectoryA("a"));
}
END_TEST

/* ---- moving ---- */

START_TEST(moves)
{
    put("a", "aa");
    put("b", "bb");
    ck_assert(MoveFileA("a", "c"));
    has("c", "aa");
    FAILS(MoveFileA("a", "d"), ERROR_FILE_NOT_FOUND);
    FAILS(MoveFileA("none/a", "d"), ERROR_PATH_NOT_FOUND);
    FAILS(MoveFileA("c", "none/d"), ERROR_PATH_NOT_FOUND);
    FAILS(MoveFileA("c", "b"), ERROR_ALREADY_EXISTS);
    FAILS(MoveFileExW(u"c", u"b", MOVEFILE_WRITE_THROUGH), ERROR_ALREADY_EXISTS);
    ck_assert(MoveFileA("c", "c"));
    FAILS(MoveFileA(NULL, "x"), ERROR_PATH_NOT_FOUND);
    FAILS(MoveFileExA("c", NULL, 0), ERROR_PATH_NOT_FOUND);
    FAILS(MoveFileExA("c", "d", MOVEFILE_DELAY_UNTIL_REBOOT), ERROR_NOT_SUPPORTED);
    FAILS(MoveFileExA("c", "d", 0x8000), ERROR_INVALID_PARAMETER);
    has("b", "bb");
    ck_assert(MoveFileExW(u"c", u"b", MOVEFILE_REPLACE_EXISTING));
    has("b", "aa");
    FAILS(GetFileAttributesA("c") != INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND);
}
END_TEST

START_TEST(moves_of_folders)
{
    ck_assert(CreateDirectoryA("a", NULL) && CreateDirectoryA("b", NULL));
    put("f", "x");
    FAILS(MoveFileA("a", "b"), ERROR_ALREADY_EXISTS);
    FAILS(MoveFileExA("a", "b", MOVEFILE_REPLACE_EXISTING), ERROR_ACCESS_DENIED);
    FAILS(MoveFileExA("f", "b", MOVEFILE_REPLACE_EXISTING), ERROR_ACCESS_DENIED);
    FAILS(MoveFileExA("a", "f", MOVEFILE_REPLACE_EXISTING), ERROR_ACCESS_DENIED);
    FAILS(MoveFileA("a", "a/in"), ERROR_SHARING_VIOLATION);
    ck_assert(MoveFileA("a", "b/a"));
    ck_assert_uint_eq(GetFileAttributesA("b/a"), FILE_ATTRIBUTE_DIRECTORY);
}
END_TEST

START_TEST(moves_and_handles)
{
    put("a", "aa");
    put("b", "bb");
    HANDLE h = open_sharing("a", GENERIC_READ, FILE_SHARE_READ);
    FAILS(MoveFileA("a", "c"), ERROR_SHARING_VIOLATION);
    FAILS(MoveFileExA("b", "a", MOVEFILE_REPLACE_EXISTING), ERROR_ACCESS_DENIED);
    ck_assert(CloseHandle(h));
    h = open_sharing("a", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE);
    ck_assert(MoveFileA("a", "c"));
    ck_assert(CloseHandle(h));
    ck_assert(SetFileAttributesA("c", FILE_ATTRIBUTE_READONLY));
    FAILS(MoveFileExA("b", "c", MOVEFILE_REPLACE_EXISTING), ERROR_ACCESS_DENIED);
    has("c", "aa");
}
END_TEST

START_TEST(moves_between_file_systems)
{
    struct stat here, there;
    char name[64];
    if (stat("/dev/shm", &there) != 0 || stat(".", &here) != 0 || here.st_dev == there.st_dev)
        return;
    snprintf(name, sizeof name, "/dev/shm/winvm-files-%d", (int)getpid());
    put("a", "aa");
    FAILS(MoveFileExA("a", name, 0), ERROR_NOT_SAME_DEVICE);
    ck_assert(MoveFileA("a", name));
    has(name, "aa");
    FAILS(MoveFileA("a", name), ERROR_FILE_NOT_FOUND);
    put("a", "new");
    FAILS(MoveFileA("a", name), ERROR_ALREADY_EXISTS);
    ck_assert(MoveFileExA("a", name, MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED));
    has(name, "new");
    ck_assert(DeleteFileA(name));
    ck_assert(CreateDirectoryA("d", NULL));
    FAILS(MoveFileA("d", name), ERROR_NOT_SAME_DEVICE);
}
END_TEST

/* ---- copying ---- */

START_TEST(copies)
{
    put("a", "aa");
    put("b", "bbbb");
    ck_assert_int_eq(chmod("a", 0640), 0);
    ck_assert(CopyFileA("a", "c", TRUE));
    has("c", "aa");
    FAILS(CopyFileA("a", "b", TRUE), ERROR_FILE_EXISTS);
    ck_assert(CopyFileW(u"a", u"b", FALSE));
    has("b", "aa");
    WIN32_FILE_ATTRIBUTE_DATA a, b;
    ck_assert(GetFileAttributesExA("a", GetFileExInfoStandard, &a));
    ck_assert(GetFileAttributesExW(u"b", GetFileExInfoStandard, &b));
    ck_assert_int_eq(CompareFileTime(&a.ftLastWriteTime, &b.ftLastWriteTime), 0);
    struct stat is;
    ck_assert(stat("b", &is) == 0 && (is.st_mode & 0777) == 0640);
    FAILS(CopyFileA("none", "d", FALSE), ERROR_FILE_NOT_FOUND);
    FAILS(CopyFileA("none/a", "d", FALSE), ERROR_PATH_NOT_FOUND);
    FAILS(CopyFileA("a", "none/d", FALSE), ERROR_PATH_NOT_FOUND);
    FAILS(CopyFileA("a", "a", FALSE), ERROR_SHARING_VIOLATION);
    FAILS(CopyFileA("a", NULL, FALSE), ERROR_PATH_NOT_FOUND);
    FAILS(CopyFileA(folder, "d", FALSE), ERROR_ACCESS_DENIED);
    FAILS(CopyFileA("a", folder, FALSE), ERROR_ACCESS_DENIED);
    ck_assert(SetFileAttributesA("b", FILE_ATTRIBUTE_READONLY));
    FAILS(CopyFileA("a", "b", FALSE), ERROR_ACCESS_DENIED);
    HANDLE h = open_sharing("c", GENERIC_READ, FILE_SHARE_READ);
    FAILS(CopyFileA("a", "c", FALSE), ERROR_SHARING_VIOLATION);
    ck_assert(CopyFileA("c", "d", FALSE));
    ck_assert(CloseHandle(h));
    has("a", "aa");
}
END_TEST

START_TEST(copies_keep_holes)
{
    struct stat is;
    char byte = 'x', got = 0;
    FILE *f = fopen("a", "w");
    fseek(f, 8 * MiB, SEEK_SET);
    fwrite(&byte, 1, 1, f);
    ck_assert_int_eq(ftruncate(fileno(f), 16 * MiB), 0);
    fclose(f);
    ck_assert_int_eq(truncate("a", 16 * MiB), 0);
    ck_assert(CopyFileA("a", "b", FALSE));
    ck_assert_int_eq(stat("b", &is), 0);
    ck_assert_int_eq(is.st_size, 16 * MiB);
    ck_assert_int_lt(is.st_blocks * 512, 2 * MiB);
    f = fopen("b", "r");
    fseek(f, 8 * MiB, SEEK_SET);
    ck_assert(fread(&got, 1, 1, f) == 1 && got == 'x');
    fclose(f);
}
END_TEST

/* ---- attributes ---- */

START_TEST(attributes)
{
    WIN32_FILE_ATTRIBUTE_DATA d;
    put("a", "12345");
    ck_assert_uint_eq(GetFileAttributesA("a"), FILE_ATTRIBUTE_NORMAL);
    ck_assert(SetFileAttributesA("a", FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN));
    ck_assert_uint_eq(GetFileAttributesW(u"a"), FILE_ATTRIBUTE_READONLY);
    ck_assert(SetFileAttributesW(u"a", FILE_ATTRIBUTE_NORMAL));
    ck_assert_uint_eq(GetFileAttributesA("a"), FILE_ATTRIBUTE_NORMAL);
    FAILS(SetFileAttributesA("a", FILE_ATTRIBUTE_DIRECTORY), ERROR_INVALID_PARAMETER);
    FAILS(SetFileAttributesA("none", 0), ERROR_FILE_NOT_FOUND);
    FAILS(SetFileAttributesA("none/a", 0), ERROR_PATH_NOT_FOUND);
    FAILS(SetFileAttributesW(NULL, 0), ERROR_PATH_NOT_FOUND);
    ck_assert(SetFileAttributesA(".", FILE_ATTRIBUTE_READONLY));
    put("b", "");
    FAILS(GetFileAttributesA("none/b") != INVALID_FILE_ATTRIBUTES, ERROR_PATH_NOT_FOUND);
    FAILS(GetFileAttributesA("a/b") != INVALID_FILE_ATTRIBUTES, ERROR_PATH_NOT_FOUND);
    FAILS(GetFileAttributesA(NULL) != INVALID_FILE_ATTRIBUTES, ERROR_PATH_NOT_FOUND);

    memset(&d, 0xee, sizeof d);
    FAILS(GetFileAttributesExA("a", GetFileExMaxInfoLevel, &d), ERROR_INVALID_PARAMETER);
    FAILS(GetFileAttributesExA("none", GetFileExInfoStandard, &d), ERROR_FILE_NOT_FOUND);
    ck_assert(GetFileAttributesExA("a", GetFileExInfoStandard, &d));
    ck_assert(d.nFileSizeLow == 5 && d.nFileSizeHigh == 0);
    ck_assert_uint_eq(d.dwFileAttributes, FILE_ATTRIBUTE_NORMAL);
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    ck_assert_int_le(CompareFileTime(&d.ftLastWriteTime, &now), 0);
    ck_assert_uint_eq(d.ftLastWriteTime.dwHighDateTime, now.dwHighDateTime);
    ck_assert_int_le(CompareFileTime(&d.ftCreationTime, &d.ftLastWriteTime), 0);
    ck_assert(truncate("a", ((off_t)5 << 32) + 7) == 0);
    ck_assert(GetFileAttributesExA("a", GetFileExInfoStandard, &d));
    ck_assert(d.nFileSizeLow == 7 && d.nFileSizeHigh == 5);
}
END_TEST

/* ---- finding ---- */

/* The names found, with a blank behind each. */
static const char *found(const char *pattern, DWORD flags)
{
    static char names[1024];
    WIN32_FIND_DATAA d;
    names[0] = '\0';
    HANDLE h = FindFirstFileExA(pattern, FindExInfoBasic, &d, FindExSearchNameMatch, NULL, flags);
    if (h == INVALID_HANDLE_VALUE)
        return names;
    do {
        strcat(strcat(names, d.cFileName), " ");
    } while (FindNextFileA(h, &d));
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_FILES);
    ck_assert(FindClose(h));
    FAILS(FindClose(h), ERROR_INVALID_HANDLE);
    FAILS(FindNextFileA(h, &d), ERROR_INVALID_HANDLE);
    return names;
}

START_TEST(patterns)
{
    static const char *const files[] = {"B.TXT", "a.txt", "ab.txt", "noext", "a.b.txt", "foo.c",
                                        "fo", ".hid"};
    static const char *const all = ". .. .hid a.b.txt a.txt ab.txt B.TXT fo foo.c noext sub ";
    static const struct {
        const char *pattern, *names;
    } table[] = {
        {"*.txt", "a.b.txt a.txt ab.txt B.TXT "}, {"A*", "a.b.txt a.txt ab.txt "},
        {"*.", ". .. fo noext sub "}, {"a?.txt", "a.txt ab.txt "}, {"??", "fo "},
        {"???", "fo sub "}, {"foo.*", "foo.c "}, {"fo.*", "fo "}, {"fo.?", "fo "},
        {"*b*", "a.b.txt ab.txt B.TXT sub "}, {"*.b.*", "a.b.txt "}, {"a.*.txt", "a.b.txt "},
        {"*.?", ". .. fo foo.c noext sub "}, {"*.txt.*", "a.b.txt a.txt ab.txt B.TXT "},
        {"*t", "a.b.txt a.txt ab.txt B.TXT noext "}, {"b.txt", "B.TXT "}, {"fo", "fo "},
        {"*t*.*", "a.b.txt a.txt ab.txt B.TXT noext "}, {"*.?xt", "a.b.txt a.txt ab.txt B.TXT "},
        {"sub/*", ". .. "}, {"./F?", "fo "}, {"*a*b*x*", "a.b.txt ab.txt "},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(files[i], "");
    ck_assert(CreateDirectoryA("sub", NULL));
    ck_assert_str_eq(found("*", 0), all);
    ck_assert_str_eq(found("*.*", 0), all);
    ck_assert_str_eq(found("**", 0), all);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        ck_assert_msg(strcmp(found(table[i].pattern, 0), table[i].names) == 0, "%s: %s not %s",
                      table[i].pattern, found(table[i].pattern, 0), table[i].names);
    ck_assert_str_eq(found("A*", FIND_FIRST_EX_CASE_SENSITIVE), "");
    ck_assert_str_eq(found("a*", FIND_FIRST_EX_CASE_SENSITIVE), "a.b.txt a.txt ab.txt ");
}
END_TEST

#define NO_FIND(path, error)                                              \
    do {                                                                  \
        WIN32_FIND_DATAA d_;                                              \
        ck_assert_ptr_eq(FindFirstFileA(path, &d_), INVALID_HANDLE_VALUE); \
        ck_assert_uint_eq(GetLastError(), error);                         \
    } while (0)

START_TEST(finds_nothing)
{
    WIN32_FIND_DATAW d;
    put("a", "");
    NO_FIND("b", ERROR_FILE_NOT_FOUND);
    NO_FIND("b*", ERROR_FILE_NOT_FOUND);
    NO_FIND("none/*", ERROR_PATH_NOT_FOUND);
    NO_FIND("a/*", ERROR_DIRECTORY);
    NO_FIND("./", ERROR_FILE_NOT_FOUND);
    NO_FIND("", ERROR_PATH_NOT_FOUND);
    NO_FIND(NULL, ERROR_PATH_NOT_FOUND);
    char longer[300];
    memset(longer, '*', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    NO_FIND(longer, ERROR_INVALID_NAME);
    FAILS(FindClose(INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);
    FAILS(FindClose(NULL), ERROR_INVALID_HANDLE);
    FAILS(FindNextFileW((HANDLE)8, &d), ERROR_INVALID_HANDLE);
    FAILS(FindFirstFileExW(u"a", FindExInfoMaxInfoLevel, &d, FindExSearchNameMatch, NULL, 0) !=
              INVALID_HANDLE_VALUE, ERROR_INVALID_PARAMETER);
    FAILS(FindFirstFileExW(u"a", FindExInfoBasic, &d, FindExSearchLimitToDevices, NULL, 0) !=
              INVALID_HANDLE_VALUE, ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(find_data)
{
    WIN32_FIND_DATAW w;
    WIN32_FIND_DATAA a;
    put("f\xc3\xa4", "12345");
    ck_assert_int_eq(symlink("none", "gone"), 0);
    ck_assert_int_eq(symlink(".", "here"), 0);
    HANDLE h = FindFirstFileW(u"F\u00c4", &w);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    ck_assert_mem_eq(w.cFileName, u"f\u00e4", 6);
    ck_assert(w.nFileSizeLow == 5 && w.dwFileAttributes == FILE_ATTRIBUTE_NORMAL);
    ck_assert_uint_eq(w.cAlternateFileName[0], 0);
    FAILS(FindNextFileW(h, &w), ERROR_NO_MORE_FILES);
    ck_assert(FindClose(h));
    h = FindFirstFileA("*e", &a);
    ck_assert_str_eq(a.cFileName, "gone");
    ck_assert_uint_eq(a.dwFileAttributes, FILE_ATTRIBUTE_REPARSE_POINT);
    ck_assert_uint_eq(a.dwReserved0, IO_REPARSE_TAG_SYMLINK);
    ck_assert(FindNextFileA(h, &a));
    ck_assert_str_eq(a.cFileName, "here");
    ck_assert_uint_eq(a.dwFileAttributes, FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY);
    ck_assert(FindClose(h));
}
END_TEST

START_TEST(finds_what_is_left)
{
    WIN32_FIND_DATAA d;
    char name[16];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "f%03d", i);
        put(name, "");
    }
    HANDLE h = FindFirstFileA("f*", &d);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "f%03d", i);
        if (i != 7)
            ck_assert_str_eq(d.cFileName, name);
        if (i == 5)
            ck_assert(DeleteFileA("f007"));
        if (i != 7 && i < 299)
            ck_assert(FindNextFileA(h, &d));
    }
    ck_assert(!FindNextFileA(h, &d));
    ck_assert(FindClose(h));
}
END_TEST

/* ---- file systems and paths ---- */

START_TEST(volumes)
{
    DWORD sectors, bytes, free_clusters, clusters, serial = 0, component = 0, flags = 0;
    ULARGE_INTEGER available, total, free_bytes;
    char fs[32], label[4] = "xxx";
    WCHAR wide[32];
    ck_assert(GetDiskFreeSpaceA(NULL, &sectors, &bytes, &free_clusters, &clusters));
    ck_assert(bytes == 512 && sectors > 0 && clusters >= free_clusters && clusters > 0);
    ck_assert(GetDiskFreeSpaceW(u"/", &sectors, &bytes, NULL, NULL));
    ck_assert(GetDiskFreeSpaceExA(".", &available, &total, &free_bytes));
    ck_assert(available.QuadPart <= free_bytes.QuadPart && free_bytes.QuadPart <= total.QuadPart);
    ck_assert(GetDiskFreeSpaceExW(NULL, NULL, &total, NULL));
    put("file", "");
    FAILS(GetDiskFreeSpaceExA("none", NULL, NULL, NULL), ERROR_FILE_NOT_FOUND);
    FAILS(GetDiskFreeSpaceExA("file", NULL, NULL, NULL), ERROR_DIRECTORY);
    FAILS(GetDiskFreeSpaceA("none/x", NULL, NULL, NULL, NULL), ERROR_PATH_NOT_FOUND);
    ck_assert_uint_eq(GetDriveTypeA("none"), DRIVE_NO_ROOT_DIR);
    ck_assert_uint_ge(GetDriveTypeW(NULL), DRIVE_FIXED);
    FAILS(GetLogicalDrives(), 0);
    ck_assert(GetVolumeInformationA("/", label, sizeof label, &serial, &component, &flags, fs,
                                    sizeof fs));
    ck_assert_str_eq(label, "");
    ck_assert(component == 255 && (flags & FILE_SUPPORTS_SPARSE_FILES) && fs[0] != '\0');
    ck_assert(GetVolumeInformationW(u"/proc", NULL, 0, NULL, NULL, NULL, wide, 32));
    ck_assert_mem_eq(wide, u"proc", 10);
    FAILS(GetVolumeInformationA("/proc", NULL, 0, NULL, NULL, NULL, fs, 4), ERROR_BAD_LENGTH);
    FAILS(GetVolumeInformationA("none", NULL, 0, NULL, NULL, NULL, NULL, 0), ERROR_FILE_NOT_FOUND);
}
END_TEST

START_TEST(long_names)
{
    char a[16];
    WCHAR w[16];
    put("file", "");
    ck_assert_uint_eq(GetLongPathNameA("file", a, sizeof a), 4);
    ck_assert_str_eq(a, "file");
    ck_assert_uint_eq(GetShortPathNameW(u"./file", w, 16), 6);
    ck_assert_uint_eq(GetLongPathNameW(u"file", w, 4), 5);
    ck_assert_uint_eq(GetShortPathNameA("file", NULL, 0), 5);
    FAILS(GetLongPathNameA("none", a, sizeof a), ERROR_FILE_NOT_FOUND);
    FAILS(GetLongPathNameA("none/x", a, sizeof a), ERROR_PATH_NOT_FOUND);
    FAILS(GetLongPathNameW(NULL, w, 16), ERROR_PATH_NOT_FOUND);
}
END_TEST

START_TEST(searches)
{
    char out[128], want[128];
    WCHAR wide[128];
    LPSTR part = NULL;
    ck_assert(CreateDirectoryA("x", NULL) && CreateDirectoryA("y", NULL));
    put("y/tool.exe", "");
    put("y/plain", "");
    snprintf(want, sizeof want, "%s/y/tool.exe", folder);
    ck_assert_uint_eq(SearchPathA("x;y", "tool", ".exe", sizeof out, out, &part), strlen(want));
    ck_assert_str_eq(out, want);
    ck_assert_str_eq(part, "tool.exe");
    ck_assert_uint_eq(SearchPathA("x:y", "tool.exe", ".dll", sizeof out, out, NULL), strlen(want));
    ck_assert_uint_eq(SearchPathW(u"y", u"tool", u".exe", 128, wide, NULL), strlen(want));
    ck_assert_uint_eq(SearchPathA("y", "tool", ".exe", 4, out, NULL), strlen(want) + 1);
    ck_assert_uint_eq(SearchPathA(NULL, "y/plain", NULL, sizeof out, out, NULL), strlen(want) - 3);
    ck_assert_uint_eq(SearchPathA("x", want, NULL, sizeof out, out, NULL), strlen(want));
    ck_assert_uint_gt(SearchPathA(NULL, "sh", NULL, sizeof out, out, NULL), 0);
    FAILS(SearchPathA("x", "tool", ".exe", sizeof out, out, NULL), ERROR_FILE_NOT_FOUND);
    FAILS(SearchPathA("y", "plain", ".exe", sizeof out, out, NULL), ERROR_FILE_NOT_FOUND);
    FAILS(SearchPathA("y", "", NULL, sizeof out, out, NULL), ERROR_INVALID_PARAMETER);
    FAILS(SearchPathW(u"y", NULL, NULL, 128, wide, NULL), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(by_name)
{
    HMODULE kernel = GetModuleHandleA("kernel32");
    ck_assert_ptr_nonnull((void *)(uintptr_t)GetProcAddress(kernel, "FindFirstFileW"));
    ck_assert_ptr_nonnull((void *)(uintptr_t)GetProcAddress(kernel, "MoveFileExA"));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_files", 20, &tc);
    tcase_add_checked_fixture(tc, enter, leave);
    tcase_add_test(tc, folders);
    tcase_add_test(tc, moves);
    tcase_add_test(tc, moves_of_folders);
    tcase_add_test(tc, moves_and_handles);
    tcase_add_test(tc, moves_between_file_systems);
    tcase_add_test(tc, copies);
    tcase_add_test(tc, copies_keep_holes);
    tcase_add_test(tc, attributes);
    tcase_add_test(tc, patterns);
    tcase_add_test(tc, finds_nothing);
    tcase_add_test(tc, find_data);
    tcase_add_test(tc, finds_what_is_left);
    tcase_add_test(tc, volumes);
    tcase_add_test(tc, long_names);
    tcase_add_test(tc, searches);
    tcase_add_test(tc, by_name);
    return unit_run(suite);
}
