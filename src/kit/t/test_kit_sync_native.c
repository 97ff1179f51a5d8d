/* Mutexes, semaphores, threads and processes by ntdll's names; calls queued with three
 * arguments. */
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static DWORD run(LPTHREAD_START_ROUTINE start, LPVOID argument)
{
    DWORD code = 0;
    HANDLE h = CreateThread(NULL, 0, start, argument, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    CloseHandle(h);
    return code;
}

static DWORD WINAPI release_it(LPVOID h)
{
    return (DWORD)NtReleaseMutant(h, NULL);
}

static DWORD WINAPI take_and_end(LPVOID h)
{
    return WaitForSingleObject(h, 0);
}

static MUTANT_BASIC_INFORMATION mutant_of(HANDLE h)
{
    MUTANT_BASIC_INFORMATION info = {9, 9, 9};
    ULONG size = 0;
    ck_assert_int_eq(NtQueryMutant(h, MutantBasicInformation, &info, sizeof info, &size),
                     STATUS_SUCCESS);
    ck_assert_uint_eq(size, sizeof info);
    return info;
}

START_TEST(mutants)
{
    HANDLE h = NULL;
    LONG before = 9;
    SetLastError(77);
    ck_assert_int_eq(NtCreateMutant(&h, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    ck_assert(mutant_of(h).CurrentCount == 0 && mutant_of(h).OwnedByCaller == TRUE);
    ck_assert_int_eq(NtWaitForSingleObject(h, FALSE, NULL), STATUS_SUCCESS);
    ck_assert_int_eq(mutant_of(h).CurrentCount, -1);
    ck_assert_int_eq((NTSTATUS)run(release_it, h), STATUS_MUTANT_NOT_OWNED);
    ck_assert_int_eq(NtReleaseMutant(h, &before), STATUS_SUCCESS);
    ck_assert_int_eq(before, -1);
    ck_assert_int_eq(NtReleaseMutant(h, &before), STATUS_SUCCESS);
    ck_assert_int_eq(before, 0);
    ck_assert(mutant_of(h).CurrentCount == 1 && mutant_of(h).OwnedByCaller == FALSE);
    ck_assert_int_eq(NtReleaseMutant(h, &before), STATUS_MUTANT_NOT_OWNED);
    ck_assert_uint_eq(run(take_and_end, h), WAIT_OBJECT_0);
    ck_assert(mutant_of(h).AbandonedState == TRUE && mutant_of(h).CurrentCount == 1);
    ck_assert_int_eq(NtWaitForSingleObject(h, FALSE, NULL), STATUS_ABANDONED_WAIT_0);
    ck_assert_uint_eq(GetLastError(), 77);
    CloseHandle(h);
}
END_TEST

START_TEST(semaphores)
{
    HANDLE h = NULL;
    LONG before = 9;
    SEMAPHORE_BASIC_INFORMATION info;
    ck_assert_int_eq(NtCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 1, 3), STATUS_SUCCESS);
    ck_assert_int_eq(NtReleaseSemaphore(h, 2, &before), STATUS_SUCCESS);
    ck_assert_int_eq(before, 1);
    ck_assert_int_eq(NtReleaseSemaphore(h, 1, &before), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    ck_assert_int_eq(NtReleaseSemaphore(h, 0, NULL), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtQuerySemaphore(h, SemaphoreBasicInformation, &info, sizeof info, NULL),
                     STATUS_SUCCESS);
    ck_assert(info.CurrentCount == 3 && info.MaximumCount == 3);
    CloseHandle(h);
    ck_assert_int_eq(NtCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 4, 3),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtCreateSemaphore(NULL, SEMAPHORE_ALL_ACCESS, NULL, 1, 3),
                     STATUS_ACCESS_VIOLATION);
}
END_TEST

START_TEST(events_are_told)
{
    EVENT_BASIC_INFORMATION info;
    LARGE_INTEGER soon = {.QuadPart = -10000};
    HANDLE h = CreateEventA(NULL, FALSE, TRUE, NULL), other = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE blind = OpenProcess(SYNCHRONIZE, FALSE, GetCurrentProcessId());
    ck_assert_int_eq(NtQueryEvent(h, EventBasicInformation, &info, sizeof info, NULL),
                     STATUS_SUCCESS);
    ck_assert(info.EventType == SynchronizationEvent && info.EventState == 1);
    ck_assert_int_eq(NtQueryEvent(other, EventBasicInformation, &info, sizeof info, NULL),
                     STATUS_SUCCESS);
    ck_assert(info.EventType == NotificationEvent && info.EventState == 0);
    ck_assert_int_eq(NtQueryEvent(h, EventBasicInformation, &info, 4, NULL),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(NtQueryEvent(h, (EVENT_INFORMATION_CLASS)1, &info, sizeof info, NULL),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_int_eq(NtQueryEvent(h, EventBasicInformation, NULL, sizeof info, NULL),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(NtQueryMutant(h, MutantBasicInformation, &info, sizeof info, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_int_eq(NtQueryMutant((HANDLE)(uintptr_t)0x7770, MutantBasicInformation, &info,
                                   sizeof info, NULL),
                     STATUS_INVALID_HANDLE);
    ck_assert_int_eq(NtSignalAndWaitForSingleObject(other, h, FALSE, NULL), STATUS_SUCCESS);
    ck_assert_int_eq(NtSignalAndWaitForSingleObject(other, h, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(other, 0), WAIT_OBJECT_0);
    CloseHandle(h);
    CloseHandle(other);
    CloseHandle(blind);
}
END_TEST

START_TEST(by_numbers)
{
    HANDLE h = NULL;
    CLIENT_ID id = {NULL, (HANDLE)(uintptr_t)GetCurrentThreadId()};
    ck_assert_int_eq(NtOpenThread(&h, THREAD_ALL_ACCESS, NULL, &id), STATUS_SUCCESS);
    ck_assert_uint_eq(GetThreadId(h), GetCurrentThreadId());
    CloseHandle(h);
    id.UniqueProcess = (HANDLE)(uintptr_t)1;
    ck_assert_int_eq(NtOpenThread(&h, THREAD_ALL_ACCESS, NULL, &id), STATUS_INVALID_CID);
    id.UniqueProcess = (HANDLE)(uintptr_t)GetCurrentProcessId();
    id.UniqueThread = (HANDLE)(uintptr_t)0x7ffffff0;
    ck_assert_int_eq(NtOpenThread(&h, THREAD_ALL_ACCESS, NULL, &id), STATUS_INVALID_CID);
    ck_assert_int_eq(NtOpenProcess(&h, PROCESS_QUERY_INFORMATION, NULL, &id), STATUS_SUCCESS);
    ck_assert_uint_eq(GetProcessId(h), GetCurrentProcessId());
    CloseHandle(h);
    id.UniqueProcess = (HANDLE)(uintptr_t)0x7ffffff0;
    ck_assert_int_eq(NtOpenProcess(&h, PROCESS_QUERY_INFORMATION, NULL, &id), STATUS_INVALID_CID);
    ck_assert_int_eq(NtOpenProcess(NULL, 0, NULL, &id), STATUS_ACCESS_VIOLATION);
}
END_TEST

static DWORD WINAPI end_itself(LPVOID unused)
{
    (void)unused;
    NtTerminateThread(NULL, 43);
    return 1;
}

static DWORD WINAPI sleep_long(LPVOID event)
{
    WaitForSingleObject(event, INFINITE);
    return 1;
}

START_TEST(ends_of_threads)
{
    DWORD code = 0;
    HANDLE never = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert_uint_eq(run(end_itself, NULL), 43);
    HANDLE h = CreateThread(NULL, 0, sleep_long, never, 0, NULL);
    ck_assert_int_eq(NtTerminateThread(h, 44), STATUS_SUCCESS);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    ck_assert_uint_eq(code, 44);
    ck_assert_int_eq(NtQueueApcThread(h, (PPS_APC_ROUTINE)(uintptr_t)sleep_long, NULL, NULL, NULL),
                     STATUS_UNSUCCESSFUL);
    ck_assert_int_eq(NtTerminateThread((HANDLE)(uintptr_t)0x7770, 1), STATUS_INVALID_HANDLE);
    CloseHandle(h);
    CloseHandle(never);
}
END_TEST

static uintptr_t sum;

static void NTAPI add_up(PVOID a, PVOID b, PVOID c)
{
    sum = sum * 10 + (uintptr_t)a + (uintptr_t)b + (uintptr_t)c;
}

START_TEST(queued_calls)
{
    PVOID one = (PVOID)(uintptr_t)1, two = (PVOID)(uintptr_t)2;
    sum = 0;
    ck_assert_int_eq(NtQueueApcThread(GetCurrentThread(), add_up, one, one, one), STATUS_SUCCESS);
    ck_assert_int_eq(NtQueueApcThread(GetCurrentThread(), add_up, two, one, two), STATUS_SUCCESS);
    ck_assert_uint_eq(sum, 0);
    ck_assert_int_eq(NtTestAlert(), STATUS_SUCCESS);
    ck_assert_uint_eq(sum, 35);
    ck_assert_int_eq(NtTestAlert(), STATUS_SUCCESS);
    ck_assert_uint_eq(sum, 35);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_sync_native", 60, &tc);
    tcase_add_test(tc, mutants);
    tcase_add_test(tc, semaphores);
    tcase_add_test(tc, events_are_told);
    tcase_add_test(tc, by_numbers);
    tcase_add_test(tc, ends_of_threads);
    tcase_add_test(tc, queued_calls);
    return unit_run(suite);
}
