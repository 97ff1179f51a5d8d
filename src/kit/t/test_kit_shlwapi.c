/* Paths and texts of shlwapi. The answers for \ are those of Windows' programs. */
#include <stdbool.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/shlwapi.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

/* ASCII as 16-bit units. */
static LPWSTR wide(WCHAR out[600], const char *text)
{
    size_t n = 0;
    do
        out[n] = (WCHAR)text[n];
    while (text[n++] != 0);
    return out;
}

static bool is_wide(LPCWSTR w, const char *text)
{
    WCHAR as[600];
    return lstrcmpW(w, wide(as, text)) == 0;
}

static const struct {
    const char *folder, *file, *combined, *appended;
} pairs[] = {
    {"C:\\a\\b", "x", "C:\\a\\b\\x", "C:\\a\\b\\x"},
    {"C:\\a\\b", "..\\x", "C:\\a\\x", "C:\\a\\x"},
    {"C:\\a\\b", "..", "C:\\a", "C:\\a"},
    {"C:\\a\\b", "x\\", "C:\\a\\b\\x\\", "C:\\a\\b\\x\\"},
    {"C:\\a\\b", "\\x", "C:\\x", "C:\\a\\b\\x"},
    {"C:\\a\\b", "C:\\q", "C:\\q", "C:\\q"},
    {"C:\\a\\b", ".\\x\\.\\y", "C:\\a\\b\\x\\y", "C:\\a\\b\\x\\y"},
    {"C:\\a\\b", "..\\..\\..\\x", "C:\\x", "C:\\x"},
    {"C:\\a\\b", "x\\..", "C:\\a\\b", "C:\\a\\b"},
    {"C:\\a\\", "..\\x", "C:\\x", "C:\\x"},
    {"C:\\", "x", "C:\\x", "C:\\x"},
    {"a", "b", "a/b", "a/b"},
    {"/a/b", "x", "/a/b/x", "/a/b/x"},
    {"/a/b", "../x", "/a/x", "/a/x"},
    {"/a/b/", "./x/", "/a/b/x/", "/a/b/x/"},
    {"/a", "../../..", "/", "/"},
    {"/a", "/x", "/x", "/a/x"},
    {"/a", "", "/a", "/a"},
    {"", "x", "x", "x"},
    {"/", "x//y", "/x/y", "/x/y"},
};

START_TEST(pairs_of_paths)
{
    char out[MAX_PATH];
    WCHAR w[600], folder[600], file[600];
    const char *dir = pairs[_i].folder, *name = pairs[_i].file;
    wide(folder, dir);
    wide(file, name);
    ck_assert_ptr_eq(PathCombineA(out, dir, name), out);
    ck_assert_str_eq(out, pairs[_i].combined);
    ck_assert(PathCombineW(w, folder, file) == w && is_wide(w, pairs[_i].combined));
    strcpy(out, dir);
    ck_assert(PathAppendA(out, name));
    ck_assert_str_eq(out, pairs[_i].appended);
    lstrcpyW(w, folder);
    ck_assert(PathAppendW(w, file) && is_wide(w, pairs[_i].appended));
    strcpy(out, dir); /* in place */
    ck_assert_ptr_eq(PathCombineA(out, out, name), out);
    ck_assert_str_eq(out, pairs[_i].combined);
}
END_TEST

static const struct {
    const char *path, *without, *name, *extension;
    bool is_cut;
} singles[] = {
    {"C:\\a\\b", "C:\\a", "b", "", true},
    {"C:\\a\\", "C:\\a", "a\\", "", true},
    {"C:\\a", "C:\\", "a", "", true},
    {"C:\\", "C:\\", "C:\\", "", false},
    {"C:", "C:", "C:", "", false},
    {"\\a", "\\", "a", "", true},
    {"\\", "\\", "\\", "", false},
    {"a", "", "a", "", true},
    {"a\\b\\c.tar.gz", "a\\b", "c.tar.gz", ".gz", true},
    {"a.b\\c", "a.b", "c", "", true},
    {"x.y z", "", "x.y z", "", true},
    {"x .y", "", "x .y", ".y", true},
    {"", "", "", "", false},
    {"C:a", "C:", "a", "", true},
    {"\\\\s\\x", "\\\\s", "x", "", true},
    {"a.", "", "a.", ".", true},
    {"/usr/lib/x.so", "/usr/lib", "x.so", ".so", true},
    {"/x", "/", "x", "", true},
    {"/", "/", "/", "", false},
};

START_TEST(single_paths)
{
    char out[MAX_PATH];
    WCHAR w[600], cut[600];
    const char *path = singles[_i].path;
    ck_assert_str_eq(PathFindFileNameA(path), singles[_i].name);
    ck_assert_str_eq(PathFindExtensionA(path), singles[_i].extension);
    wide(w, path);
    ck_assert(is_wide(PathFindFileNameW(w), singles[_i].name));
    ck_assert(is_wide(PathFindExtensionW(w), singles[_i].extension));
    strcpy(out, path);
    ck_assert_int_eq(PathRemoveFileSpecA(out), singles[_i].is_cut);
    ck_assert_str_eq(out, singles[_i].without);
    wide(cut, path);
    ck_assert_int_eq(PathRemoveFileSpecW(cut), singles[_i].is_cut);
    ck_assert(is_wide(cut, singles[_i].without));
}
END_TEST

START_TEST(limits)
{
    char out[MAX_PATH] = "was", name[MAX_PATH + 1];
    memset(name, 'x', MAX_PATH);
    name[MAX_PATH] = 0;
    ck_assert(!PathCombineA(out, NULL, name) && out[0] == 0);
    name[MAX_PATH - 1] = 0;
    ck_assert(PathCombineA(out, NULL, name) == out && strlen(out) == MAX_PATH - 1);
    ck_assert(!PathCombineA(out, "y", name) && out[0] == 0);
    name[MAX_PATH - 3] = 0;
    ck_assert(PathCombineA(out, "y", name) == out && strlen(out) == MAX_PATH - 1);
    strcpy(out, "/abc");
    ck_assert(!PathAppendA(out, name) && out[0] == 0);
    ck_assert(!PathCombineA(out, NULL, NULL) && out[0] == 0);
    ck_assert(!PathCombineA(NULL, "a", "b") && !PathAppendA(NULL, "b") && !PathAppendA(out, NULL));
    ck_assert(!PathFindFileNameA(NULL) && !PathFindExtensionW(NULL) && !PathRemoveFileSpecA(NULL));
}
END_TEST

START_TEST(files)
{
    ck_assert(PathFileExistsA("/proc/self") && PathFileExistsW(u"/proc/self/maps"));
    ck_assert(!PathFileExistsA("/proc/self/none") && GetLastError() == ERROR_FILE_NOT_FOUND);
    ck_assert(!PathFileExistsW(u"/nowhere/at/all"));
    ck_assert(!PathFileExistsA(NULL));
}
END_TEST

START_TEST(texts)
{
    const char *text = "Hello World";
    WCHAR w[4] = {9, 9, 9, 9};
    LPCWSTR greek = u"x\u03b1\u03b2\u0434";
    ck_assert_ptr_eq(StrStrIA(text, "WORLD"), text + 6);
    ck_assert(!StrStrIA(text, "") && !StrStrIA(text, "worlds") && !StrStrIA(NULL, "a"));
    ck_assert_str_eq(StrStrIA("aaAb", "AaB"), "aAb");
    ck_assert_ptr_eq(StrStrIW(greek, u"\u0392\u0414"), greek + 2);
    ck_assert(!StrStrIW(greek, u"y") && !StrStrIW(greek, NULL));
    ck_assert_int_eq(StrCmpIW(u"abc", u"ABC"), 0);
    ck_assert(StrCmpIW(u"a", u"B") < 0 && StrCmpIA("b", "A") > 0 && StrCmpIA("x", "X") == 0);
    ck_assert(StrCpyNW(w, u"abcdef", 4) == w && lstrcmpW(w, u"abc") == 0);
    ck_assert_ptr_eq(StrCpyNW(w, u"x", 0), w);
    ck_assert_int_eq(w[0], 'a');
}
END_TEST

START_TEST(by_name)
{
    HMODULE shlwapi = LoadLibraryA("shlwapi.dll");
    ck_assert(shlwapi && GetProcAddress(shlwapi, "PathCombineW"));
    ck_assert(GetProcAddress(shlwapi, "StrStrIA") && !GetProcAddress(shlwapi, "lstrcmpiA"));
    ck_assert(!GetProcAddress(GetModuleHandleA("kernel32"), "PathCombineW"));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_shlwapi", 30, &tc);
    tcase_add_loop_test(tc, pairs_of_paths, 0, sizeof pairs / sizeof pairs[0]);
    tcase_add_loop_test(tc, single_paths, 0, sizeof singles / sizeof singles[0]);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, files);
    tcase_add_test(tc, texts);
    tcase_add_test(tc, by_name);
    return unit_run(suite);
}
