/* Threads by CreateRemoteThread and ntdll's names; the last status; the processor. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static DWORD ran_in;

static DWORD WINAPI tell(LPVOID argument)
{
    ran_in = GetCurrentThreadId();
    return *(DWORD *)argument;
}

static void ends_with(HANDLE h, DWORD code)
{
    DWORD got = 0;
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &got));
    ck_assert_uint_eq(got, code);
    ck_assert(CloseHandle(h));
}

START_TEST(remote_threads)
{
    DWORD code = 41, id = 0;
    HANDLE self = OpenProcess(PROCESS_CREATE_THREAD | PROCESS_QUERY_INFORMATION, FALSE,
                              GetCurrentProcessId());
    ck_assert_ptr_nonnull(self);
    HANDLE h = CreateRemoteThread(GetCurrentProcess(), NULL, 0, tell, &code, CREATE_SUSPENDED, &id);
    ck_assert_ptr_nonnull(h);
    ck_assert_uint_eq(GetThreadId(h), id);
    ck_assert_uint_eq(ResumeThread(h), 1);
    ends_with(h, 41);
    ck_assert_uint_eq(ran_in, id);
    code = 42;
    ends_with(CreateRemoteThread(self, NULL, 1 << 20, tell, &code, 0, NULL), 42);
    code = 43;
    ends_with(CreateRemoteThreadEx(self, NULL, 0, tell, &code, 0, NULL, &id), 43);
    ck_assert_uint_eq(ran_in, id);
    CloseHandle(self);
}
END_TEST

START_TEST(remote_threads_refused)
{
    DWORD code = 1, id = 77;
    HANDLE self = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, GetCurrentProcessId());
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    ran_in = 0;
    ck_assert(!CreateRemoteThread(self, NULL, 0, tell, &code, 0, &id));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!CreateRemoteThread((HANDLE)(uintptr_t)0x7770, NULL, 0, tell, &code, 0, &id));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!CreateRemoteThread(event, NULL, 0, tell, &code, 0, &id));
    ck_assert(!CreateRemoteThread(GetCurrentProcess(), NULL, 0, tell, &code, 0x40000000, &id));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!CreateRemoteThreadEx(GetCurrentProcess(), NULL, 0, tell, &code, 0,
                                    (struct _PROC_THREAD_ATTRIBUTE_LIST *)&code, &id));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    HANDLE other = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)child);
    ck_assert_ptr_nonnull(other);
    ck_assert(!CreateRemoteThread(other, NULL, 0, tell, &code, 0, &id));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(id, 77);
    ck_assert_uint_eq(ran_in, 0);
    CloseHandle(other);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CloseHandle(event);
    CloseHandle(self);
}
END_TEST

START_TEST(native_threads)
{
    DWORD code = 9;
    HANDLE h = NULL, self = GetCurrentProcess();
    void *start = (void *)(uintptr_t)tell;
    SetLastError(7);
    ck_assert_int_eq(NtCreateThreadEx(&h, THREAD_ALL_ACCESS, NULL, self, start, &code,
                                      THREAD_CREATE_FLAGS_CREATE_SUSPENDED, 0, 0, 1 << 20, NULL),
                     STATUS_SUCCESS);
    ck_assert_uint_eq(WaitForSingleObject(h, 10), WAIT_TIMEOUT);
    ck_assert_uint_eq(ResumeThread(h), 1);
    ends_with(h, 9);
    ck_assert_int_eq(NtCreateThreadEx(&h, SYNCHRONIZE, NULL, self, start, &code, 0, 0, 0, 0, NULL),
                     STATUS_SUCCESS);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert_uint_eq(GetLastError(), 7);
    ck_assert_uint_eq(SuspendThread(h), (DWORD)-1); /* not among the rights */
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    CloseHandle(h);
    SetLastError(7);
    h = NULL;
    ck_assert_int_eq(NtCreateThreadEx(&h, 0, NULL, self, start, &code, 0x100, 0, 0, 0, NULL),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtCreateThreadEx(&h, 0, NULL, self, start, &code, 0, 0, 0, 0, &code),
                     STATUS_NOT_SUPPORTED);
    ck_assert_int_eq(NtCreateThreadEx(&h, 0, NULL, (HANDLE)(uintptr_t)0x7770, start, &code, 0, 0, 0,
                                      0, NULL),
                     STATUS_INVALID_HANDLE);
    ck_assert_ptr_null(h);
    ck_assert_uint_eq(GetLastError(), 7);
}
END_TEST

START_TEST(user_threads)
{
    DWORD code = 11;
    HANDLE h;
    CLIENT_ID id;
    void *start = (void *)(uintptr_t)tell;
    ck_assert_int_eq(RtlCreateUserThread(GetCurrentProcess(), NULL, TRUE, 0, 0, 0, start, &code, &h,
                                         &id),
                     STATUS_SUCCESS);
    ck_assert_uint_eq((uintptr_t)id.UniqueProcess, GetCurrentProcessId());
    ck_assert_uint_eq((uintptr_t)id.UniqueThread, GetThreadId(h));
    ck_assert_uint_eq(ResumeThread(h), 1);
    ends_with(h, 11);
    ck_assert_uint_eq(ran_in, (uintptr_t)id.UniqueThread);
    __atomic_store_n(&ran_in, 0, __ATOMIC_SEQ_CST);
    ck_assert_int_eq(RtlCreateUserThread(GetCurrentProcess(), NULL, FALSE, 0, 1 << 20, 0, start,
                                         &code, NULL, NULL),
                     STATUS_SUCCESS);
    while (!__atomic_load_n(&ran_in, __ATOMIC_SEQ_CST))
        Sleep(1);
}
END_TEST

START_TEST(statuses_and_processors)
{
    PROCESSOR_NUMBER number = {9, 9, 9};
    RtlSetLastWin32ErrorAndNtStatusFromNtStatus(STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(GetLastError(), ERROR_NOACCESS);
    ck_assert_int_eq(RtlGetLastNtStatus(), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(NtCurrentTeb()->LastStatusValue, (ULONG)STATUS_ACCESS_VIOLATION);
    RtlRestoreLastWin32Error(5);
    ck_assert_uint_eq(GetLastError(), 5);
    ck_assert_int_eq(RtlGetLastNtStatus(), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_lt(RtlGetCurrentProcessorNumber(), 64);
    ck_assert_uint_lt(NtGetCurrentProcessorNumber(), 64);
    RtlGetCurrentProcessorNumberEx(&number);
    ck_assert(number.Group == 0 && number.Number < 64 && number.Reserved == 0);
}
END_TEST

START_TEST(found_by_name)
{
    HMODULE nt = GetModuleHandleA("ntdll");
    ck_assert(GetProcAddress(nt, "NtCreateThreadEx") && GetProcAddress(nt, "RtlCreateUserThread"));
    ck_assert(GetProcAddress(GetModuleHandleA("kernel32"), "CreateRemoteThread"));
    ck_assert(!GetProcAddress(nt, "CreateRemoteThread"));
    ck_assert_ptr_nonnull((void *)GetProcAddress(nt, "RtlGetLastNtStatus"));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *suite = unit_suite("kit_remote", 60, &c);
    tcase_add_test(c, remote_threads);
    tcase_add_test(c, remote_threads_refused);
    tcase_add_test(c, native_threads);
    tcase_add_test(c, user_threads);
    tcase_add_test(c, statuses_and_processors);
    tcase_add_test(c, found_by_name);
    return unit_run(suite);
}
