/* Keyed events, alerts, addresses, events, waits and locks as ntdll has them. */
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define MS(n) (-10000LL * (n))

static LARGE_INTEGER in_ms(LONGLONG ms)
{
    LARGE_INTEGER t = {.QuadPart = MS(ms)};
    return t;
}

static HANDLE keyed;
static int key[2];
static NTSTATUS waited;

static DWORD WINAPI wait_for_key(LPVOID timeout)
{
    waited = NtWaitForKeyedEvent(keyed, key, FALSE, timeout);
    return 0;
}

START_TEST(keyed_events)
{
    LARGE_INTEGER soon = in_ms(5), late = in_ms(20000);
    ck_assert_int_eq(NtCreateKeyedEvent(&keyed, KEYEDEVENT_ALL_ACCESS, NULL, 1),
                     STATUS_INVALID_PARAMETER_4);
    ck_assert_int_eq(NtCreateKeyedEvent(&keyed, KEYEDEVENT_ALL_ACCESS, NULL, 0), STATUS_SUCCESS);
    SetLastError(7);
    ck_assert_int_eq(NtWaitForKeyedEvent(keyed, key, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtReleaseKeyedEvent(keyed, key, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtWaitForKeyedEvent(keyed, (char *)key + 1, FALSE, &soon),
                     STATUS_INVALID_PARAMETER_1);
    ck_assert_int_eq(NtWaitForKeyedEvent((HANDLE)(uintptr_t)0x7770, key, FALSE, &soon),
                     STATUS_INVALID_HANDLE);
    HANDLE t = CreateThread(NULL, 0, wait_for_key, &late, 0, NULL);
    /* Another key, and another event, are not met. */
    ck_assert_int_eq(NtReleaseKeyedEvent(keyed, key + 1, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtReleaseKeyedEvent(NULL, key, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtReleaseKeyedEvent(keyed, key, FALSE, NULL), STATUS_SUCCESS);
    ck_assert_uint_eq(WaitForSingleObject(t, INFINITE), WAIT_OBJECT_0);
    ck_assert_int_eq(waited, STATUS_SUCCESS);
    CloseHandle(t);
    HANDLE wakes;
    ck_assert(DuplicateHandle(GetCurrentProcess(), keyed, GetCurrentProcess(), &wakes,
                              KEYEDEVENT_WAKE, FALSE, 0));
    ck_assert_int_eq(NtWaitForKeyedEvent(wakes, key, FALSE, &soon), STATUS_ACCESS_DENIED);
    ck_assert_int_eq(NtReleaseKeyedEvent(wakes, key, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtClose(wakes), STATUS_SUCCESS);
    ck_assert_int_eq(NtClose(keyed), STATUS_SUCCESS);
    ck_assert_int_eq(NtWaitForKeyedEvent(keyed, key, FALSE, &soon), STATUS_INVALID_HANDLE);
    ck_assert_uint_eq(GetLastError(), 7);
}
END_TEST

#define ROUNDS 2000

static DWORD WINAPI answer(LPVOID event)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (NtWaitForKeyedEvent(event, key, FALSE, NULL) != STATUS_SUCCESS)
            return 1;
        if (NtReleaseKeyedEvent(event, key + 1, FALSE, NULL) != STATUS_SUCCESS)
            return 2;
    }
    return 0;
}

START_TEST(keyed_events_meet_one_with_one)
{
    DWORD code = 9;
    HANDLE t = CreateThread(NULL, 0, answer, NULL, 0, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        ck_assert_int_eq(NtReleaseKeyedEvent(NULL, key, FALSE, NULL), STATUS_SUCCESS);
        ck_assert_int_eq(NtWaitForKeyedEvent(NULL, key + 1, FALSE, NULL), STATUS_SUCCESS);
    }
    WaitForSingleObject(t, INFINITE);
    ck_assert(GetExitCodeThread(t, &code) && code == 0);
    CloseHandle(t);
}
END_TEST

static DWORD WINAPI wait_for_alert(LPVOID unused)
{
    (void)unused;
    waited = NtWaitForAlertByThreadId(NULL, NULL);
    return 0;
}

START_TEST(alerts)
{
    LARGE_INTEGER soon = in_ms(5);
    HANDLE me = (HANDLE)(uintptr_t)GetCurrentThreadId();
    DWORD tid;
    ck_assert_int_eq(NtWaitForAlertByThreadId(NULL, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtAlertThreadByThreadId(me), STATUS_SUCCESS);
    ck_assert_int_eq(NtAlertThreadByThreadId(me), STATUS_SUCCESS);
    ck_assert_int_eq(NtWaitForAlertByThreadId(key, NULL), STATUS_ALERTED);
    ck_assert_int_eq(NtWaitForAlertByThreadId(NULL, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtAlertThreadByThreadId(NULL), STATUS_INVALID_CID);
    ck_assert_int_eq(NtAlertThreadByThreadId((HANDLE)(uintptr_t)0x7fffffff), STATUS_INVALID_CID);
    ck_assert_int_eq(NtAlertThreadByThreadId((HANDLE)(uintptr_t)getppid()), STATUS_ACCESS_DENIED);
    waited = -1;
    HANDLE t = CreateThread(NULL, 0, wait_for_alert, NULL, 0, &tid);
    ck_assert_int_eq(NtAlertThreadByThreadId((HANDLE)(uintptr_t)tid), STATUS_SUCCESS);
    ck_assert_uint_eq(WaitForSingleObject(t, 20000), WAIT_OBJECT_0);
    ck_assert_int_eq(waited, STATUS_ALERTED);
    CloseHandle(t);
}
END_TEST

static volatile LONG word;

static DWORD WINAPI wait_for_word(LPVOID unused)
{
    LONG zero = 0;
    (void)unused;
    while (word == 0)
        waited = RtlWaitOnAddress(&word, &zero, sizeof zero, NULL);
    return 0;
}

START_TEST(addresses)
{
    LARGE_INTEGER soon = in_ms(5);
    LONG same = 0, other = 3;
    ck_assert_int_eq(RtlWaitOnAddress(&word, &same, 4, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(RtlWaitOnAddress(&word, &other, 4, NULL), STATUS_SUCCESS);
    ck_assert_int_eq(RtlWaitOnAddress(&word, &same, 3, &soon), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(RtlWaitOnAddress(NULL, &same, 4, &soon), STATUS_INVALID_PARAMETER);
    HANDLE t = CreateThread(NULL, 0, wait_for_word, NULL, 0, NULL);
    Sleep(5);
    word = 1;
    RtlWakeAddressSingle((PVOID)&word);
    RtlWakeAddressAll((PVOID)&word);
    ck_assert_uint_eq(WaitForSingleObject(t, 20000), WAIT_OBJECT_0);
    CloseHandle(t);
}
END_TEST

START_TEST(events_and_waits)
{
    LARGE_INTEGER soon = in_ms(5), past = {.QuadPart = 1};
    HANDLE h[2];
    LONG was = 9;
    SetLastError(7);
    ck_assert_int_eq(NtCreateEvent(&h[0], EVENT_ALL_ACCESS, NULL, SynchronizationEvent, TRUE), 0);
    ck_assert_int_eq(NtCreateEvent(&h[1], EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), 0);
    ck_assert_int_eq(NtCreateEvent(&h[1], EVENT_ALL_ACCESS, NULL, (EVENT_TYPE)2, FALSE),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtWaitForSingleObject(h[0], FALSE, &soon), STATUS_WAIT_0);
    ck_assert_int_eq(NtWaitForSingleObject(h[0], FALSE, &past), STATUS_TIMEOUT);
    ck_assert_int_eq(NtSetEvent(h[1], &was), 0);
    ck_assert_int_eq(was, 0);
    ck_assert_int_eq(NtSetEvent(h[1], &was), 0);
    ck_assert_int_eq(was, 1);
    ck_assert_int_eq(NtWaitForMultipleObjects(2, h, WaitAny, FALSE, &soon), STATUS_WAIT_0 + 1);
    ck_assert_int_eq(NtWaitForMultipleObjects(2, h, WaitAll, FALSE, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(NtWaitForMultipleObjects(0, h, WaitAll, FALSE, &soon),
                     STATUS_INVALID_PARAMETER_1);
    ck_assert_int_eq(NtWaitForMultipleObjects(2, h, (WAIT_TYPE)5, FALSE, &soon),
                     STATUS_INVALID_PARAMETER_3);
    ck_assert_int_eq(NtResetEvent(h[1], &was), 0);
    ck_assert_int_eq(was, 1);
    ck_assert_int_eq(NtClearEvent(h[1]), 0);
    ck_assert_int_eq(NtWaitForSingleObject(h[1], FALSE, &soon), STATUS_TIMEOUT);
    NtClose(h[0]);
    ck_assert_int_eq(NtWaitForSingleObject(h[0], FALSE, &soon), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(NtSetEvent(h[0], NULL), STATUS_INVALID_HANDLE);
    NtClose(h[1]);
    ck_assert_uint_eq(GetLastError(), 7);
}
END_TEST

static DWORD WINAPI count_on(LPVOID unused)
{
    (void)unused;
    while (word != 100)
        SwitchToThread();
    return 0;
}

START_TEST(threads)
{
    ULONG before = 9;
    CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
    word = 0;
    HANDLE t = CreateThread(NULL, 0, count_on, NULL, 0, NULL);
    ck_assert_int_eq(NtSuspendThread(t, &before), 0);
    ck_assert_uint_eq(before, 0);
    ck_assert_int_eq(NtGetContextThread(t, &context), 0);
    ck_assert_int_eq(NtSetContextThread(t, &context), 0);
    ck_assert_int_eq(NtResumeThread(t, &before), 0);
    ck_assert_uint_eq(before, 1);
    word = 100;
    WaitForSingleObject(t, INFINITE);
    CloseHandle(t);
    ck_assert_int_eq(NtSuspendThread(t, &before), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(NtTerminateProcess(NULL, 0), STATUS_NOT_SUPPORTED);
    pid_t child = fork();
    if (child == 0)
        NtTerminateProcess(GetCurrentProcess(), 21);
    int status;
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 21);
}
END_TEST

START_TEST(locks)
{
    LARGE_INTEGER soon = in_ms(5);
    RTL_CRITICAL_SECTION section;
    RTL_SRWLOCK lock;
    RTL_CONDITION_VARIABLE cv;
    ck_assert_int_eq(RtlInitializeCriticalSection(&section), 0);
    ck_assert_int_eq(RtlEnterCriticalSection(&section), 0);
    ck_assert_uint_eq(RtlTryEnterCriticalSection(&section), 1);
    ck_assert_int_eq(RtlLeaveCriticalSection(&section), 0);
    RtlInitializeSRWLock(&lock);
    RtlInitializeConditionVariable(&cv);
    ck_assert_int_eq(RtlSleepConditionVariableCS(&cv, &section, &soon), STATUS_TIMEOUT);
    ck_assert_int_eq(RtlLeaveCriticalSection(&section), 0);
    ck_assert_int_eq(RtlDeleteCriticalSection(&section), 0);
    RtlAcquireSRWLockExclusive(&lock);
    ck_assert(!RtlTryAcquireSRWLockShared(&lock));
    ck_assert_int_eq(RtlSleepConditionVariableSRW(&cv, &lock, &soon, 0), STATUS_TIMEOUT);
    ck_assert_int_eq(RtlSleepConditionVariableSRW(&cv, &lock, &soon, 8), STATUS_INVALID_PARAMETER);
    RtlReleaseSRWLockExclusive(&lock);
    RtlAcquireSRWLockShared(&lock);
    ck_assert(!RtlTryAcquireSRWLockExclusive(&lock));
    RtlReleaseSRWLockShared(&lock);
    RtlWakeConditionVariable(&cv);
    RtlWakeAllConditionVariable(&cv);
    SLIST_HEADER head;
    SLIST_ENTRY entry;
    RtlInitializeSListHead(&head);
    ck_assert_ptr_null(RtlInterlockedPushEntrySList(&head, &entry));
    ck_assert_uint_eq(RtlQueryDepthSList(&head), 1);
    ck_assert_ptr_eq(RtlInterlockedPopEntrySList(&head), &entry);
    ck_assert_ptr_null(RtlInterlockedFlushSList(&head));
}
END_TEST

START_TEST(found_by_name)
{
    HMODULE nt = GetModuleHandleA("ntdll.dll");
    ck_assert(GetProcAddress(nt, "NtCreateKeyedEvent") && GetProcAddress(nt, "RtlWaitOnAddress"));
    ck_assert(GetProcAddress(nt, "NtAlertThreadByThreadId"));
    ck_assert(GetProcAddress(nt, "RtlAcquireSRWLockExclusive"));
    ck_assert_ptr_null((void *)GetProcAddress(GetModuleHandleA("kernel32"), "NtSetEvent"));
    HMODULE prng = LoadLibraryA("bcryptprimitives.dll");
    ck_assert(prng && GetProcAddress(prng, "ProcessPrng"));
    ck_assert(GetProcAddress(GetModuleHandleA("kernelbase"), "OpenProcessToken"));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *suite = unit_suite("kit_native", 60, &c);
    tcase_add_test(c, keyed_events);
    tcase_add_test(c, keyed_events_meet_one_with_one);
    tcase_add_test(c, alerts);
    tcase_add_test(c, addresses);
    tcase_add_test(c, events_and_waits);
    tcase_add_test(c, threads);
    tcase_add_test(c, locks);
    tcase_add_test(c, found_by_name);
    return unit_run(suite);
}
