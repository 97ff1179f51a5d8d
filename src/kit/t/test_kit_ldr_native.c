/* Modules and their functions by ntdll's names, the loader's lock and the block's. */
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static UNICODE_STRING counted(const char *text, WCHAR room[64])
{
    UNICODE_STRING s = {0, 0, room};
    while (*text)
        room[s.Length++] = (WCHAR)*text++;
    s.Length = (USHORT)(s.Length * sizeof *room);
    s.MaximumLength = s.Length;
    return s;
}

START_TEST(modules_are_those_of_kernel32)
{
    WCHAR room[64];
    PVOID module = NULL, again = NULL;
    UNICODE_STRING name = counted("ntdll.dll!!", room);
    name.Length = 9 * sizeof *room; /* what is behind the length is no part of it */
    ck_assert_int_eq(LdrGetDllHandle(NULL, NULL, &name, &module), STATUS_SUCCESS);
    ck_assert_ptr_eq(module, GetModuleHandleA("ntdll"));
    ck_assert_int_eq(LdrLoadDll(NULL, NULL, &name, &again), STATUS_SUCCESS);
    ck_assert_ptr_eq(again, module);
    ck_assert_int_eq(LdrGetDllHandleEx(LDR_GET_DLL_HANDLE_EX_PIN, NULL, NULL, &name, &again),
                     STATUS_SUCCESS);
    ck_assert_int_eq(LdrAddRefDll(LDR_ADDREF_DLL_PIN, module), STATUS_SUCCESS);
    ck_assert_int_eq(LdrDisableThreadCalloutsForDll(module), STATUS_SUCCESS);
    ck_assert_int_eq(LdrUnloadDll(module), STATUS_SUCCESS);
}
END_TEST

START_TEST(modules_that_are_none)
{
    WCHAR room[64];
    PVOID module = &room;
    UNICODE_STRING none = counted("no-such-module.dll", room);
    SetLastError(77);
    ck_assert_int_eq(LdrGetDllHandle(NULL, NULL, &none, &module), STATUS_DLL_NOT_FOUND);
    ck_assert_ptr_null(module);
    ck_assert_int_eq(LdrLoadDll(NULL, NULL, &none, &module), STATUS_DLL_NOT_FOUND);
    ck_assert_int_eq(LdrGetDllHandle(NULL, NULL, NULL, &module), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(LdrGetDllHandleEx(4, NULL, NULL, &none, &module), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(LdrGetDllHandleEx(3, NULL, NULL, &none, &module), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(LdrUnloadDll((PVOID)(uintptr_t)0x1000), STATUS_DLL_NOT_FOUND);
    ck_assert_int_eq(LdrAddRefDll(2, GetModuleHandleA(NULL)), STATUS_INVALID_PARAMETER);
    ck_assert_uint_eq(GetLastError(), 77);
}
END_TEST

START_TEST(functions_of_modules)
{
    PVOID at = NULL;
    PVOID kernel32 = (PVOID)GetModuleHandleA("kernel32.dll");
    ANSI_STRING name = {12, 13, (char *)"VirtualAllocXX"};
    SetLastError(77);
    ck_assert_int_eq(LdrGetProcedureAddress(kernel32, &name, 0, &at), STATUS_SUCCESS);
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_eq(at, (PVOID)(uintptr_t)GetProcAddress((HMODULE)kernel32, "VirtualAlloc"));
    name.Length = 13;
    ck_assert_int_eq(LdrGetProcedureAddress(kernel32, &name, 0, &at), STATUS_ENTRYPOINT_NOT_FOUND);
    ck_assert_ptr_null(at);
    ck_assert_int_eq(LdrGetProcedureAddress(kernel32, NULL, 1, &at), STATUS_ORDINAL_NOT_FOUND);
    ck_assert_int_eq(LdrGetProcedureAddress(kernel32, NULL, 0x10000, &at),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(LdrGetProcedureAddress(kernel32, &name, 0, NULL), STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(entry_of_an_address)
{
    PLDR_DATA_TABLE_ENTRY entry = NULL;
    int here;
    ck_assert_int_eq(LdrFindEntryForAddress((PVOID)(uintptr_t)counted, &entry), STATUS_SUCCESS);
    ck_assert_ptr_eq(entry->DllBase, (PVOID)GetModuleHandleA(NULL));
    entry = NULL;
    ck_assert_int_eq(LdrFindEntryForAddress(&here, &entry), STATUS_NO_MORE_ENTRIES);
    ck_assert_ptr_null(entry);
}
END_TEST

static ULONG other_state;

static DWORD WINAPI try_lock(LPVOID unused)
{
    ULONG_PTR cookie = 7;
    (void)unused;
    LdrLockLoaderLock(LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY, &other_state, &cookie);
    if (cookie)
        LdrUnlockLoaderLock(0, cookie);
    return cookie != 0;
}

static DWORD other_takes_it(void)
{
    DWORD taken = 9;
    HANDLE h = CreateThread(NULL, 0, try_lock, NULL, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &taken));
    CloseHandle(h);
    return taken;
}

START_TEST(the_loaders_lock)
{
    ULONG_PTR cookie = 0, inner = 0;
    ULONG state = 9;
    ck_assert_int_eq(LdrLockLoaderLock(0, &state, &cookie), STATUS_SUCCESS);
    ck_assert_uint_eq(state, LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_ACQUIRED);
    ck_assert_uint_ne(cookie, 0);
    ck_assert_int_eq(LdrLockLoaderLock(0, NULL, &inner), STATUS_SUCCESS);
    ck_assert_uint_eq(other_takes_it(), 0);
    ck_assert_uint_eq(other_state, LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_NOT_ACQUIRED);
    ck_assert_int_eq(LdrUnlockLoaderLock(0, inner), STATUS_SUCCESS);
    ck_assert_uint_eq(other_takes_it(), 0);
    ck_assert_int_eq(LdrUnlockLoaderLock(0, cookie), STATUS_SUCCESS);
    ck_assert_uint_eq(other_takes_it(), 1);
    ck_assert_int_eq(LdrUnlockLoaderLock(0, cookie), STATUS_INVALID_PARAMETER_2);
}
END_TEST

START_TEST(bad_calls_of_the_lock)
{
    ULONG_PTR cookie = 5;
    ck_assert_int_eq(LdrLockLoaderLock(4, NULL, &cookie), STATUS_INVALID_PARAMETER_1);
    ck_assert_uint_eq(cookie, 0);
    ck_assert_int_eq(LdrLockLoaderLock(LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY, NULL, &cookie),
                     STATUS_INVALID_PARAMETER_2);
    ck_assert_int_eq(LdrLockLoaderLock(0, NULL, NULL), STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(LdrUnlockLoaderLock(2, 0), STATUS_INVALID_PARAMETER_1);
    ck_assert_int_eq(LdrUnlockLoaderLock(0, 0), STATUS_SUCCESS);
    ck_assert_int_eq(LdrUnlockLoaderLock(0, 1), STATUS_INVALID_PARAMETER_2);
    RtlAcquirePebLock();
    RtlAcquirePebLock();
    RtlReleasePebLock();
    RtlReleasePebLock();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_ldr_native", 60, &tc);
    tcase_add_test(tc, modules_are_those_of_kernel32);
    tcase_add_test(tc, modules_that_are_none);
    tcase_add_test(tc, functions_of_modules);
    tcase_add_test(tc, entry_of_an_address);
    tcase_add_test(tc, the_loaders_lock);
    tcase_add_test(tc, bad_calls_of_the_lock);
    return unit_run(suite);
}
