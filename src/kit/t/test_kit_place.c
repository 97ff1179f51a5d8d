/* Policies, priorities, processors; folders, paths, names, the environment. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

START_TEST(processors)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    ck_assert_uint_ge(GetActiveProcessorCount(0), 1);
    ck_assert_uint_eq(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS), GetActiveProcessorCount(0));
    ck_assert_uint_ge(GetMaximumProcessorCount(0), GetActiveProcessorCount(0));
    ck_assert_uint_eq(GetActiveProcessorGroupCount(), 1);
    ck_assert_uint_eq(GetMaximumProcessorGroupCount(), 1);
    ck_assert(!GetActiveProcessorCount(1) && GetLastError() == ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(priorities)
{
    HANDLE self = GetCurrentProcess(), none = (HANDLE)(uintptr_t)0x7ffc;
    ck_assert_uint_eq(GetProcessId(self), GetCurrentProcessId());
    ck_assert(!GetProcessId(none) && GetLastError() == ERROR_INVALID_HANDLE);
    ck_assert(!SetPriorityClass(self, 3) && GetLastError() == ERROR_INVALID_PARAMETER);
    ck_assert(!SetPriorityClass(none, IDLE_PRIORITY_CLASS));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(SetPriorityClass(self, IDLE_PRIORITY_CLASS));
    ck_assert_uint_eq(GetPriorityClass(self), IDLE_PRIORITY_CLASS);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), 15);
}
END_TEST

START_TEST(policies)
{
    HANDLE self = GetCurrentProcess();
    PROCESS_MITIGATION_DEP_POLICY dep;
    PROCESS_MITIGATION_DYNAMIC_CODE_POLICY code = {.Flags = 1};
    ck_assert(GetProcessMitigationPolicy(self, ProcessDEPPolicy, &dep, sizeof dep));
    ck_assert(dep.Enable && dep.Permanent);
    ck_assert(GetProcessMitigationPolicy(self, ProcessDynamicCodePolicy, &code, sizeof code));
    ck_assert_uint_eq(code.Flags, 0);
    ck_assert(SetProcessMitigationPolicy(ProcessDynamicCodePolicy, &code, sizeof code));
    code.ProhibitDynamicCode = 1;
    ck_assert(!SetProcessMitigationPolicy(ProcessDynamicCodePolicy, &code, sizeof code));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    ck_assert(!GetProcessMitigationPolicy(self, ProcessDynamicCodePolicy, &code, 8));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!GetProcessMitigationPolicy(self, MaxProcessMitigationPolicy, &code, 4));
    ck_assert(SetProcessMitigationPolicy(ProcessDEPPolicy, &dep, sizeof dep));
    ck_assert_int_eq(GetSystemDEPPolicy(), 1);
#if WINVM_64
    DWORD flags;
    BOOL permanent;
    ck_assert(!GetProcessDEPPolicy(self, &flags, &permanent));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
#endif
}
END_TEST

static void full(const char *path, const char *want, const char *name)
{
    char out[256];
    LPSTR part = out;
    ck_assert_uint_eq(GetFullPathNameA(path, sizeof out, out, &part), strlen(want));
    ck_assert_str_eq(out, want);
    if (name)
        ck_assert_str_eq(part, name);
    else
        ck_assert_ptr_null(part);
}

START_TEST(paths)
{
    char here[32] = "/tmp/wvm-place-XXXXXX", out[256];
    WCHAR wide[256];
    LPWSTR part;
    ck_assert_ptr_nonnull(mkdtemp(here));
    ck_assert(SetCurrentDirectoryA(here));
    ck_assert_uint_eq(GetCurrentDirectoryA(sizeof out, out), strlen(here));
    ck_assert_str_eq(out, here);
    ck_assert_uint_eq(GetCurrentDirectoryA(3, out), strlen(here) + 1);
    ck_assert_uint_eq(GetSystemDirectoryA(NULL, 0), sizeof "/usr/lib");
    ck_assert_uint_eq(GetSystemDirectoryA(out, sizeof out), strlen("/usr/lib"));
    ck_assert_str_eq(out, "/usr/lib");
    ck_assert_uint_eq(GetWindowsDirectoryW(wide, 256), strlen("/usr"));
    ck_assert_int_eq(wide[4], 0);
    ck_assert_uint_eq(GetCurrentDirectoryW(256, wide), strlen(here));
    full("/a/./b//../c", "/a/c", "c");
    full("/..", "/", NULL);
    full("/a/b/", "/a/b/", NULL);
    full("/a/b/..", "/a", "a");
    snprintf(out, sizeof out, "%s/file", here);
    full("x/../file", out, "file");
    ck_assert_uint_eq(GetFullPathNameW(u"/q/\u20ac", 256, wide, &part), 4);
    ck_assert(part == wide + 3 && *part == 0x20ac);
    ck_assert_uint_eq(GetFullPathNameA("/abc", 4, out, NULL), 5);
    ck_assert(!GetFullPathNameA("", 4, out, NULL) && GetLastError() == ERROR_BAD_PATHNAME);
    ck_assert_uint_eq(GetFileAttributesA(here), FILE_ATTRIBUTE_DIRECTORY);
    FILE *f = fopen("file", "w");
    ck_assert(f && fclose(f) == 0);
    ck_assert_uint_eq(GetFileAttributesW(u"file"), FILE_ATTRIBUTE_NORMAL);
    ck_assert(chmod("file", 0400) == 0);
    ck_assert_uint_eq(GetFileAttributesA("file"), FILE_ATTRIBUTE_READONLY);
    ck_assert(unlink("file") == 0);
    ck_assert_uint_eq(GetFileAttributesA("file"), INVALID_FILE_ATTRIBUTES);
    ck_assert_uint_eq(GetLastError(), ERROR_FILE_NOT_FOUND);
    ck_assert(!SetCurrentDirectoryW(u"nowhere") && GetLastError() == ERROR_FILE_NOT_FOUND);
    ck_assert(rmdir(here) == 0);
}
END_TEST

START_TEST(names)
{
    char a[256], host[256] = "";
    WCHAR w[256];
    DWORD n = sizeof a, m = 256;
    gethostname(host, sizeof host - 1);
    ck_assert(GetComputerNameA(a, &n) && n == strlen(host));
    ck_assert_str_eq(a, host);
    n = 1;
    ck_assert(!GetComputerNameA(a, &n) && GetLastError() == ERROR_BUFFER_OVERFLOW);
    ck_assert_uint_eq(n, strlen(host) + 1);
    n = sizeof a;
    ck_assert(GetUserNameA(a, &n) && n == strlen(a) + 1);
    ck_assert(GetUserNameW(w, &m) && m == n && w[n - 1] == 0);
    m = 0;
    ck_assert(!GetUserNameW(NULL, &m) && m == n && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
}
END_TEST

START_TEST(environment)
{
    char a[64];
    WCHAR w[64];
    setenv("WVM_PLACE", "value", 1);
    ck_assert_uint_eq(ExpandEnvironmentStringsA("<%WVM_PLACE%> %no such% 5%", a, 64), 21);
    ck_assert_str_eq(a, "<value> %no such% 5%");
    ck_assert_uint_eq(ExpandEnvironmentStringsA("%WVM_PLACE%", a, 3), 6);
    ck_assert_uint_eq(ExpandEnvironmentStringsW(u"%WVM_PLACE%%", w, 64), 7);
    ck_assert(w[5] == '%' && w[6] == 0);
    LPWSTR all = GetEnvironmentStringsW(), at = all;
    LPSTR bytes = GetEnvironmentStrings(), b = bytes;
    bool found = false;
    for (; *at; at += lstrlenW(at) + 1, b += strlen(b) + 1) {
        ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, 0, b, -1, NULL, 0), lstrlenW(at) + 1);
        found |= strcmp(b, "WVM_PLACE=value") == 0;
    }
    ck_assert(found && *b == '\0');
    ck_assert(FreeEnvironmentStringsW(all) && FreeEnvironmentStringsA(bytes));
    clearenv();
    all = GetEnvironmentStringsW();
    ck_assert(all && all[0] == 0 && all[1] == 0 && FreeEnvironmentStringsW(all));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_place", 10, &tc);
    tcase_add_test(tc, processors);
    tcase_add_test(tc, priorities);
    tcase_add_test(tc, policies);
    tcase_add_test(tc, paths);
    tcase_add_test(tc, names);
    tcase_add_test(tc, environment);
    return unit_run(suite);
}
