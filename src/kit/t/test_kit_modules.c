/* The modules of this process and of another one, as psapi and toolhelp32 tell them. */
#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

enum { CAP = 256 };

static HMODULE libc_module(void)
{
    Dl_info info;
    ck_assert_int_ne(dladdr((void *)(uintptr_t)getpid, &info), 0);
    return (HMODULE)(uintptr_t)info.dli_fbase;
}

static DWORD list_all(HANDLE process, HMODULE all[CAP])
{
    DWORD bytes = 0;
    ck_assert(EnumProcessModules(process, all, CAP * sizeof *all, &bytes));
    ck_assert_uint_eq(bytes % sizeof *all, 0);
    ck_assert_uint_le(bytes, CAP * sizeof *all);
    return bytes / (DWORD)sizeof *all;
}

static bool is_listed(const HMODULE *all, DWORD n, HMODULE what)
{
    for (DWORD i = 0; i < n; i++)
        if (all[i] == what)
            return true;
    return false;
}

START_TEST(lists)
{
    HMODULE all[CAP], one[2] = {NULL, NULL};
    DWORD needed = 0, n = list_all(GetCurrentProcess(), all);
    ck_assert_ptr_eq(all[0], GetModuleHandleA(NULL));
    ck_assert(is_listed(all, n, libc_module()));
    ck_assert(K32EnumProcessModules(GetCurrentProcess(), one, sizeof *one, &needed));
    ck_assert_uint_eq(needed, n * sizeof *one);
    ck_assert_ptr_eq(one[0], all[0]);
    ck_assert_ptr_null(one[1]);
    ck_assert(EnumProcessModulesEx(GetCurrentProcess(), NULL, 0, &needed, LIST_MODULES_ALL));
    ck_assert_uint_eq(needed, n * sizeof *one);
    ck_assert(EnumProcessModulesEx(GetCurrentProcess(), NULL, 0, &needed, LIST_MODULES_32BIT));
    ck_assert_uint_eq(needed, sizeof(void *) == 8 ? 0 : n * sizeof *one);
    ck_assert(!EnumProcessModulesEx(GetCurrentProcess(), NULL, 0, &needed, 4));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!EnumProcessModules(NULL, all, sizeof all, &needed));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    HANDLE weak = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId());
    ck_assert(!EnumProcessModules(weak, all, sizeof all, &needed));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    CloseHandle(weak);
}
END_TEST

START_TEST(what_a_module_is)
{
    MODULEINFO info = {NULL, 0, NULL};
    HANDLE self = GetCurrentProcess();
    uintptr_t here = (uintptr_t)getpid;
    ck_assert(GetModuleInformation(self, libc_module(), &info, sizeof info));
    ck_assert_ptr_eq(info.lpBaseOfDll, (void *)libc_module());
    ck_assert_uint_lt(here - (uintptr_t)info.lpBaseOfDll, info.SizeOfImage);
    ck_assert(K32GetModuleInformation(self, NULL, &info, sizeof info));
    ck_assert_ptr_eq(info.lpBaseOfDll, (void *)GetModuleHandleA(NULL));
    ck_assert_uint_lt((uintptr_t)info.EntryPoint - (uintptr_t)info.lpBaseOfDll, info.SizeOfImage);
    ck_assert(!GetModuleInformation(self, NULL, &info, sizeof info - 1));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(!GetModuleInformation(self, (HMODULE)(uintptr_t)&info, &info, sizeof info));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(names)
{
    char path[1024], same[1024], name[64], cut[5];
    WCHAR wide[1024];
    HANDLE self = GetCurrentProcess();
    DWORD n = GetModuleFileNameExA(self, NULL, path, sizeof path);
    ck_assert_uint_eq(n, strlen(path));
    ck_assert_uint_eq(GetModuleFileNameA(NULL, same, sizeof same), n);
    ck_assert_str_eq(path, same);
    ck_assert_uint_eq(GetModuleFileNameExW(self, NULL, wide, 1024), n);
    ck_assert_uint_eq(wide[n - 1], (WCHAR)path[n - 1]);
    n = GetModuleFileNameExA(self, libc_module(), path, sizeof path);
    ck_assert_uint_eq(GetModuleFileNameA(libc_module(), same, sizeof same), n);
    ck_assert_str_eq(path, same);
    n = GetModuleBaseNameA(self, libc_module(), name, sizeof name);
    ck_assert_str_eq(name, strrchr(path, '/') + 1);
    ck_assert_uint_eq(K32GetModuleBaseNameW(self, libc_module(), wide, 1024), n);
    ck_assert_uint_eq(GetModuleBaseNameA(self, libc_module(), cut, sizeof cut), sizeof cut);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_eq(strlen(cut), sizeof cut - 1);
    ck_assert_int_eq(memcmp(cut, name, sizeof cut - 1), 0);
    ck_assert_uint_eq(GetModuleBaseNameA(self, (HMODULE)8, name, sizeof name), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

static unsigned list_by_snapshot(DWORD pid, HMODULE *first, bool *has_libc)
{
    MODULEENTRY32 e = {.dwSize = sizeof e};
    unsigned n = 0;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, pid);
    ck_assert_ptr_ne(list, INVALID_HANDLE_VALUE);
    for (BOOL more = Module32First(list, &e); more; more = Module32Next(list, &e), n++) {
        if (n == 0)
            *first = e.hModule;
        *has_libc |= e.hModule == libc_module();
        ck_assert_ptr_eq((void *)e.hModule, e.modBaseAddr);
        ck_assert_uint_gt(e.modBaseSize, 0);
        ck_assert_str_eq(e.szModule, strrchr(e.szExePath, '/') + 1);
    }
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_FILES);
    MODULEENTRY32W wide = {.dwSize = sizeof wide};
    ck_assert(Module32FirstW(list, &wide));
    ck_assert_ptr_eq(wide.hModule, *first);
    ck_assert_uint_eq(wide.szExePath[0], '/');
    THREADENTRY32 thread = {.dwSize = sizeof thread};
    ck_assert(!Thread32First(list, &thread));
    e.dwSize = 8;
    ck_assert(!Module32First(list, &e));
    ck_assert_uint_eq(GetLastError(), ERROR_BAD_LENGTH);
    CloseHandle(list);
    return n;
}

START_TEST(snapshots)
{
    HMODULE all[CAP], first = NULL;
    bool has_libc = false;
    DWORD n = list_all(GetCurrentProcess(), all);
    ck_assert_uint_eq(list_by_snapshot(0, &first, &has_libc), n);
    ck_assert_ptr_eq(first, all[0]);
    ck_assert(has_libc);
    ck_assert_uint_eq(list_by_snapshot(GetCurrentProcessId(), &first, &has_libc), n);
    ck_assert_ptr_eq(CreateToolhelp32Snapshot(TH32CS_SNAPMODULE, 0x7ffffff0),
                     INVALID_HANDLE_VALUE);
}
END_TEST

/* A child of a fork has the same modules. */
START_TEST(of_another_process)
{
    HMODULE all[CAP], first = NULL;
    bool has_libc = false;
    char name[64], own[64];
    int end[2];
    ck_assert_int_eq(pipe(end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(end[1]);
        _exit(read(end[0], name, 1) != 0);
    }
    HANDLE other =
        OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, (DWORD)pid);
    DWORD n = list_all(other, all);
    ck_assert_ptr_eq(all[0], GetModuleHandleA(NULL));
    ck_assert(is_listed(all, n, libc_module()));
    ck_assert_uint_gt(GetModuleBaseNameA(other, libc_module(), name, sizeof name), 0);
    GetModuleBaseNameA(GetCurrentProcess(), libc_module(), own, sizeof own);
    ck_assert_str_eq(name, own);
    ck_assert_uint_eq(list_by_snapshot((DWORD)pid, &first, &has_libc), n);
    ck_assert(has_libc);
    close(end[1]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    DWORD needed;
    ck_assert(!EnumProcessModules(other, all, sizeof all, &needed));
    ck_assert_uint_eq(GetLastError(), ERROR_PARTIAL_COPY);
    CloseHandle(other);
}
END_TEST

START_TEST(found_by_name)
{
    ck_assert_ptr_nonnull((void *)GetProcAddress(GetModuleHandleA("psapi"), "EnumProcessModules"));
    ck_assert_ptr_nonnull(
        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "K32GetModuleInformation"));
    ck_assert_ptr_null(
        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "GetModuleInformation"));
}
END_TEST

START_TEST(processes_and_their_files)
{
    static DWORD ids[65536];
    DWORD used = 0, n = 4096, one = 9;
    char self[4096], path[4096] = "";
    WCHAR wide[4096];
    bool found = false;
    ck_assert(EnumProcesses(ids, sizeof ids, &used));
    for (DWORD i = 0; i < used / sizeof ids[0]; i++)
        found |= ids[i] == GetCurrentProcessId();
    ck_assert(found);
    ck_assert(K32EnumProcesses(ids, 7, &used) && used == sizeof ids[0]);
    ck_assert(!EnumProcesses(ids, 4, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_NOACCESS);
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert(length > 0);
    self[length] = '\0';
    ck_assert(QueryFullProcessImageNameA(GetCurrentProcess(), 0, path, &n));
    ck_assert_str_eq(path, self);
    ck_assert_uint_eq(n, length);
    ck_assert(!QueryFullProcessImageNameA(GetCurrentProcess(), 0, path, &n)); /* for the NUL */
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_eq(n, length);
    ck_assert(!QueryFullProcessImageNameA(GetCurrentProcess(), 2, path, &n));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    n++;
    ck_assert(QueryFullProcessImageNameW(GetCurrentProcess(), PROCESS_NAME_NATIVE, wide, &n));
    ck_assert(n == (DWORD)length && wide[0] == '/' && wide[n] == 0);
    ck_assert_uint_eq(GetProcessImageFileNameA(GetCurrentProcess(), path, 4096), length);
    ck_assert_uint_eq(GetProcessImageFileNameW(GetCurrentProcess(), wide, 4096), length);
    ck_assert_uint_eq(GetProcessImageFileNameA(GetCurrentProcess(), path, 1), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    HANDLE blind = OpenProcess(PROCESS_VM_READ, FALSE, GetCurrentProcessId());
    ck_assert(!QueryFullProcessImageNameA(blind, 0, path, &n));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    CloseHandle(blind);
    ck_assert(!QueryFullProcessImageNameA((HANDLE)(uintptr_t)0x7770, 0, path, &one));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_modules", 60, &tc);
    tcase_add_test(tc, lists);
    tcase_add_test(tc, what_a_module_is);
    tcase_add_test(tc, names);
    tcase_add_test(tc, snapshots);
    tcase_add_test(tc, of_another_process);
    tcase_add_test(tc, found_by_name);
    tcase_add_test(tc, processes_and_their_files);
    return unit_run(suite);
}
