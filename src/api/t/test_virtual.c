/* What the Win32 layer adds to the native calls, over a space that only remembers. */
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/t/unit.h"
#include "nt/t/fake_space.h"

#define MARK 0xdeadbeef

static DWORD failed_with(BOOL result)
{
    ck_assert_int_eq(result, FALSE);
    return wvm_GetLastError();
}

START_TEST(success_is_silent)
{
    DWORD old;
    MEMORY_BASIC_INFORMATION info;
    fake_reset();
    wvm_SetLastError(MARK);
    errno = 77;
    ck_assert_ptr_nonnull(wvm_VirtualAlloc(NULL, 1, MEM_COMMIT, PAGE_READWRITE));
    ck_assert(wvm_VirtualProtect((LPVOID)0x120000, 1, PAGE_READONLY, &old));
    ck_assert(wvm_VirtualLock((LPVOID)0x120000, 1));
    ck_assert(wvm_VirtualUnlock((LPVOID)0x120000, 1));
    ck_assert(wvm_VirtualFree((LPVOID)0x120000, 0, MEM_RELEASE));
    ck_assert_uint_eq(wvm_VirtualQuery(&info, &info, sizeof info), sizeof(void *) == 8 ? 48 : 28);
    ck_assert(wvm_FlushInstructionCache(wvm_GetCurrentProcess(), NULL, 0));
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
    ck_assert_int_eq(errno, 77);
}
END_TEST

START_TEST(errors)
{
    DWORD old = 77;
    MEMORY_BASIC_INFORMATION info;
    fake_reset();
    ck_assert_ptr_null(wvm_VirtualAllocEx(NULL, NULL, 1, MEM_COMMIT, 4));
    ck_assert_uint_eq(wvm_GetLastError(), 6);
    ck_assert_uint_eq(failed_with(wvm_VirtualFree((LPVOID)0x120000, 1, MEM_RELEASE)), 87);
    ck_assert_uint_eq(failed_with(wvm_VirtualFreeEx(NULL, (LPVOID)0x120000, 1, MEM_RELEASE)), 6);
    ck_assert_uint_eq(failed_with(wvm_VirtualProtect((LPVOID)0x120000, 1, 4, NULL)), 998);
    ck_assert_uint_eq(failed_with(wvm_VirtualProtectEx(NULL, (LPVOID)0x120000, 1, 4, NULL)), 6);
    ck_assert_uint_eq(wvm_VirtualQuery((LPCVOID)0x7fffffff0000, &info, sizeof info), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 87);
    ck_assert_uint_eq(wvm_VirtualQuery(&info, &info, sizeof info - 1), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 24);
    ck_assert_uint_eq(wvm_VirtualQueryEx(NULL, &info, &info, sizeof info), 0);
    ck_assert_uint_eq(wvm_GetLastError(), 6);
    ck_assert_uint_eq(failed_with(wvm_VirtualLock((LPVOID)0x120000, 0)), 87);
    ck_assert_ptr_null(wvm_VirtualAllocFromApp(NULL, 1, MEM_COMMIT, PAGE_EXECUTE_READ));
    ck_assert_uint_eq(wvm_GetLastError(), 87);
    ck_assert_uint_eq(fake.n_calls, 0);
    fake.result = (wvm_status)STATUS_NOT_COMMITTED;
    ck_assert_uint_eq(failed_with(wvm_VirtualProtect((LPVOID)0x120000, 1, 4, &old)), 487);
    ck_assert_uint_eq(old, 77);
    fake.result = (wvm_status)STATUS_COMMITMENT_LIMIT;
    ck_assert_ptr_null(wvm_VirtualAlloc(NULL, 1, MEM_COMMIT, 4));
    ck_assert_uint_eq(wvm_GetLastError(), 1455);
}
END_TEST

/* 70000 is more than any kernel is built for. */
START_TEST(nodes)
{
    fake_reset();
    ck_assert_ptr_nonnull(
        wvm_VirtualAllocExNuma(wvm_GetCurrentProcess(), NULL, 1, MEM_COMMIT, 4, 0));
    ck_assert_ptr_nonnull(
        wvm_VirtualAllocExNuma(wvm_GetCurrentProcess(), NULL, 1, MEM_COMMIT, 4, 0xffffffff));
    ck_assert_ptr_null(
        wvm_VirtualAllocExNuma(wvm_GetCurrentProcess(), NULL, 1, MEM_COMMIT, 4, 70000));
    ck_assert_uint_eq(wvm_GetLastError(), 87);
}
END_TEST

static void *fail_elsewhere(void *arg)
{
    (void)arg;
    wvm_VirtualLock(NULL, 0);
    return (void *)(uintptr_t)wvm_GetLastError();
}

START_TEST(one_value_per_thread)
{
    pthread_t thread;
    void *seen;
    wvm_SetLastError(MARK);
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    pthread_join(thread, &seen);
    ck_assert_uint_eq((uintptr_t)seen, 87);
    ck_assert_uint_eq(wvm_GetLastError(), MARK);
}
END_TEST

static DWORD hooked;

static void note_error(DWORD error)
{
    hooked = error;
}

START_TEST(hook)
{
    wvm_last_error_hook = note_error;
    wvm_VirtualLock(NULL, 0);
    ck_assert_uint_eq(hooked, 87);
    ck_assert_uint_eq(wvm_GetLastError(), 87);
    wvm_SetLastError(5);
    ck_assert_uint_eq(hooked, 87);
}
END_TEST

/* Copies with another process, through a real handle. */
START_TEST(other_process)
{
    static int shared_place = 41;
    int seen = 0, value = 42, go[2];
    SIZE_T count = 0;
    ck_assert_int_eq(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        char c;
        _exit(read(go[0], &c, 1) == 1 && shared_place == 42 ? 0 : 1);
    }
    HANDLE h = wvm_OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)child);
    ck_assert_ptr_nonnull(h);
    shared_place = 7;
    ck_assert(wvm_ReadProcessMemory(h, &shared_place, &seen, sizeof seen, &count));
    ck_assert_int_eq(seen, 41);
    ck_assert_uint_eq(count, sizeof seen);
    ck_assert(wvm_WriteProcessMemory(h, &shared_place, &value, sizeof value, &count));
    ck_assert_int_eq(shared_place, 7);
    count = 5;
    ck_assert_uint_eq(failed_with(wvm_ReadProcessMemory(h, (LPCVOID)0x1234, &seen, 4, &count)),
                      299);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(wvm_VirtualAllocEx(h, NULL, 1, MEM_COMMIT, 4));
    ck_assert_uint_eq(wvm_GetLastError(), 5);
    int status;
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(failed_with(wvm_ReadProcessMemory(h, &shared_place, &seen, 4, &count)), 5);
    ck_assert(wvm_CloseHandle(h));
    ck_assert_uint_eq(failed_with(wvm_CloseHandle(h)), 6);
    ck_assert_ptr_null(wvm_OpenProcess(PROCESS_VM_READ, FALSE, 0));
    ck_assert_uint_eq(wvm_GetLastError(), 87);
}
END_TEST

START_TEST(system_info)
{
    SYSTEM_INFO info, native;
    wvm_GetSystemInfo(&info);
    wvm_GetNativeSystemInfo(&native);
    ck_assert_uint_eq(info.dwPageSize, 0x1000);
    ck_assert_uint_eq(info.dwAllocationGranularity, 0x10000);
    ck_assert_ptr_eq(info.lpMinimumApplicationAddress, (LPVOID)0x10000);
#ifdef __LP64__
    ck_assert_mem_eq(&info, &native, sizeof info);
    ck_assert_ptr_eq(info.lpMaximumApplicationAddress, (LPVOID)0x7ffffffeffff);
    ck_assert_uint_eq(info.wProcessorArchitecture, 9);
    ck_assert_uint_eq(info.dwProcessorType, 8664);
#else
    ck_assert_ptr_eq(info.lpMaximumApplicationAddress, (LPVOID)0xfffeffff);
    ck_assert_uint_eq(info.wProcessorArchitecture, 0);
    ck_assert_uint_eq(native.wProcessorArchitecture, 9);
    ck_assert_uint_eq(native.dwProcessorType, 8664);
#endif
    ck_assert_uint_ge(info.dwNumberOfProcessors, 1);
    ck_assert_uint_le(info.dwNumberOfProcessors, (DWORD)sysconf(_SC_NPROCESSORS_CONF));
    ck_assert_int_eq(__builtin_popcountll(info.dwActiveProcessorMask),
                     info.dwNumberOfProcessors > 64 ? 64 : (int)info.dwNumberOfProcessors);
    wvm_GetSystemInfo(NULL);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("virtual", 20, &c);
    tcase_add_test(c, success_is_silent);
    tcase_add_test(c, errors);
    tcase_add_test(c, nodes);
    tcase_add_test(c, one_value_per_thread);
    tcase_add_test(c, hook);
    tcase_add_test(c, other_process);
    tcase_add_test(c, system_info);
    return unit_run(s);
}
