/* Timers that can be waited for. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define MS 10000 /* units of 100 ns */

static HANDLE timer_of(BOOL manual)
{
    HANDLE h = CreateWaitableTimerA(NULL, manual, NULL);
    ck_assert_ptr_nonnull(h);
    return h;
}

static BOOL set_in(HANDLE h, int ms, LONG period)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)ms * MS};
    return SetWaitableTimer(h, &due, period, NULL, NULL, FALSE);
}

START_TEST(once)
{
    HANDLE manual = timer_of(TRUE), automatic = timer_of(FALSE);
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    ULONGLONG start = GetTickCount64();
    ck_assert(set_in(manual, 80, 0) && set_in(automatic, 20, 0));
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(automatic, 20000), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(automatic, 30), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(manual, 20000), WAIT_OBJECT_0);
    ck_assert_uint_ge(GetTickCount64() - start, 79);
    ck_assert_uint_lt(GetTickCount64() - start, 10000);
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    ck_assert(set_in(manual, 60000, 0)); /* not signalled from now on */
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    ck_assert(CancelWaitableTimer(manual));
    ck_assert(set_in(manual, 0, 0));
    ck_assert_uint_eq(WaitForSingleObject(manual, 20000), WAIT_OBJECT_0);
    ck_assert(CancelWaitableTimer(manual)); /* stays signalled */
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    CloseHandle(manual);
    CloseHandle(automatic);
}
END_TEST

START_TEST(absolute)
{
    HANDLE h = timer_of(FALSE);
    FILETIME now;
    LARGE_INTEGER due;
    GetSystemTimeAsFileTime(&now);
    due.QuadPart = (LONGLONG)((ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime) + 60 * MS;
    ULONGLONG start = GetTickCount64();
    ck_assert(SetWaitableTimer(h, &due, 0, NULL, NULL, TRUE));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert_uint_ge(GetTickCount64() - start, 50);
    due.QuadPart = 5; /* long ago */
    ck_assert(SetWaitableTimerEx(h, &due, 0, NULL, NULL, NULL, 0));
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    due.QuadPart = INT64_MIN;
    ck_assert(SetWaitableTimer(h, &due, 0, NULL, NULL, FALSE));
    ck_assert_uint_eq(WaitForSingleObject(h, 20), WAIT_TIMEOUT);
    CloseHandle(h);
}
END_TEST

START_TEST(periodic)
{
    HANDLE h = timer_of(FALSE), both[2] = {timer_of(TRUE), h};
    ULONGLONG start = GetTickCount64();
    ck_assert(set_in(h, 10, 20));
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(WaitForMultipleObjects(2, both, FALSE, 20000), WAIT_OBJECT_0 + 1);
    ck_assert_uint_ge(GetTickCount64() - start, 70);
    ck_assert(CancelWaitableTimer(h));
    WaitForSingleObject(h, 0);
    ck_assert_uint_eq(WaitForSingleObject(h, 60), WAIT_TIMEOUT);
    CloseHandle(both[0]);
    CloseHandle(h);
}
END_TEST

static int n_calls;
static ULONGLONG called_with;

static void WINAPI count(LPVOID argument, DWORD low, DWORD high)
{
    n_calls += *(int *)argument;
    called_with = (ULONGLONG)high << 32 | low;
}

START_TEST(calls)
{
    HANDLE h = timer_of(FALSE);
    LARGE_INTEGER due = {.QuadPart = -10 * MS};
    FILETIME now;
    int one = 1, hundred = 100;
    ck_assert(SetWaitableTimer(h, &due, 0, count, &one, FALSE));
    ck_assert_uint_eq(SleepEx(40, FALSE), 0);
    ck_assert_int_eq(n_calls, 0);
    ck_assert_uint_eq(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    ck_assert_int_eq(n_calls, 1);
    GetSystemTimeAsFileTime(&now);
    ULONGLONG today = (ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime;
    ck_assert(called_with < today + 1000 * MS && called_with + 60000ull * MS > today);
    ck_assert(SetWaitableTimer(h, &due, 15, count, &one, FALSE));
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(WaitForSingleObjectEx(GetCurrentThread(), 20000, TRUE),
                          WAIT_IO_COMPLETION);
    ck_assert_int_eq(n_calls, 4);
    Sleep(50); /* one is due, several times over */
    ck_assert(CancelWaitableTimer(h));
    SleepEx(30, TRUE);
    ck_assert_int_eq(n_calls, 4);
    ck_assert(SetWaitableTimer(h, &due, 0, count, &one, FALSE));
    ck_assert(SetWaitableTimer(h, &due, 0, count, &hundred, FALSE));
    ck_assert_uint_eq(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    ck_assert_int_eq(n_calls, 104);
    CloseHandle(h);
}
END_TEST

static DWORD WINAPI sets_and_ends(LPVOID argument)
{
    static int one = 1;
    LARGE_INTEGER due = {.QuadPart = -MS};
    return (DWORD)SetWaitableTimer((HANDLE)argument, &due, 5, count, &one, FALSE);
}

/* The thread that is to make the calls has ended: the timer goes on without. */
START_TEST(thread_ends)
{
    HANDLE h = timer_of(FALSE), thread = CreateThread(NULL, 0, sets_and_ends, h, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    CloseHandle(thread);
    CloseHandle(h);
}
END_TEST

START_TEST(closed_while_set)
{
    for (int i = 0; i < 200; i++) {
        HANDLE h = timer_of(i & 1);
        ck_assert(set_in(h, i % 3, i % 2));
        if (i % 10 == 0)
            Sleep(1);
        CloseHandle(h);
    }
    HANDLE h = timer_of(TRUE);
    ck_assert_uint_eq(WaitForSingleObject(h, 20), WAIT_TIMEOUT);
    CloseHandle(h);
}
END_TEST

START_TEST(errors_and_names)
{
    LARGE_INTEGER due = {.QuadPart = -1};
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE h = CreateWaitableTimerExA(NULL, "a timer", 0, TIMER_ALL_ACCESS);
    HANDLE same = CreateWaitableTimerW(NULL, TRUE, u"a timer");
    ck_assert_uint_eq(GetLastError(), ERROR_ALREADY_EXISTS);
    HANDLE weak = OpenWaitableTimerA(SYNCHRONIZE, FALSE, "a timer");
    ck_assert(h && same && weak && CompareObjectHandles(h, weak));
    ck_assert(!SetWaitableTimer(weak, &due, 0, NULL, NULL, FALSE));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!CancelWaitableTimer(event) && GetLastError() == ERROR_INVALID_HANDLE);
    ck_assert(!SetWaitableTimer(h, NULL, 0, NULL, NULL, FALSE));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!SetWaitableTimer(h, &due, -1, NULL, NULL, FALSE));
    ck_assert_ptr_null(CreateWaitableTimerExW(NULL, NULL, 4, TIMER_ALL_ACCESS));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(OpenWaitableTimerW(SYNCHRONIZE, FALSE, u"no timer"));
    ck_assert_uint_eq(GetLastError(), ERROR_FILE_NOT_FOUND);
    ck_assert(SetWaitableTimer(same, &due, 0, NULL, NULL, FALSE));
    ck_assert_uint_eq(WaitForSingleObject(weak, 20000), WAIT_OBJECT_0);
    CloseHandle(h);
    CloseHandle(same);
    CloseHandle(weak);
    CloseHandle(event);
}
END_TEST

START_TEST(fork_child)
{
    HANDLE h = timer_of(TRUE), late = timer_of(TRUE);
    int status;
    ck_assert(set_in(late, 100, 0));
    pid_t pid = fork();
    if (pid == 0) {
        bool good = set_in(h, 10, 0) && WaitForSingleObject(h, 20000) == WAIT_OBJECT_0 &&
                    WaitForSingleObject(late, 200) == WAIT_TIMEOUT;
        _exit(good ? 0 : 1);
    }
    ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
    ck_assert_uint_eq(WaitForSingleObject(late, 20000), WAIT_OBJECT_0);
    CloseHandle(h);
    CloseHandle(late);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_timer", 60, &tc);
    tcase_add_test(tc, once);
    tcase_add_test(tc, absolute);
    tcase_add_test(tc, periodic);
    tcase_add_test(tc, calls);
    tcase_add_test(tc, thread_ends);
    tcase_add_test(tc, closed_while_set);
    tcase_add_test(tc, errors_and_names);
    tcase_add_test(tc, fork_child);
    return unit_run(suite);
}
