/* QueueUserAPC and alertable waits, SignalObjectAndWait, lists of threads, what a thread is. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static char order[16];

static void WINAPI note(ULONG_PTR what)
{
    order[strlen(order)] = (char)what;
}

START_TEST(calls_of_the_own_thread)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert(QueueUserAPC(note, GetCurrentThread(), 'a'));
    ck_assert(QueueUserAPC(note, GetCurrentThread(), 'b'));
    Sleep(1);
    ck_assert_uint_eq(WaitForSingleObject(event, 1), WAIT_TIMEOUT);
    ck_assert_uint_eq(SleepEx(1, FALSE), 0);
    ck_assert_str_eq(order, "");
    ck_assert_uint_eq(SleepEx(20000, TRUE), WAIT_IO_COMPLETION);
    ck_assert_str_eq(order, "ab");
    ck_assert_uint_eq(SleepEx(1, TRUE), 0);
    ck_assert_uint_eq(SleepEx(0, TRUE), 0);
    ck_assert(QueueUserAPC(note, GetCurrentThread(), 'c'));
    ck_assert_uint_eq(WaitForSingleObjectEx(event, 0, TRUE), WAIT_IO_COMPLETION);
    ck_assert(QueueUserAPC(note, GetCurrentThread(), 'd'));
    SetEvent(event);
    ck_assert_uint_eq(WaitForSingleObjectEx(event, INFINITE, TRUE), WAIT_OBJECT_0);
    ck_assert_str_eq(order, "abc");
    ck_assert_uint_eq(SleepEx(INFINITE, TRUE), WAIT_IO_COMPLETION);
    ck_assert_str_eq(order, "abcd");
    CloseHandle(event);
}
END_TEST

static HANDLE never, ready;

static DWORD WINAPI wait_alertably(LPVOID argument)
{
    (void)argument;
    if (SignalObjectAndWait(ready, never, INFINITE, TRUE) != WAIT_IO_COMPLETION)
        return 1;
    return order[0] != 'x';
}

static DWORD finish(HANDLE h)
{
    DWORD code = 999;
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    return code;
}

START_TEST(calls_of_another_thread)
{
    never = CreateEventA(NULL, TRUE, FALSE, NULL);
    ready = CreateSemaphoreA(NULL, 0, 1, NULL);
    HANDLE h = CreateThread(NULL, 0, wait_alertably, NULL, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(ready, 20000), WAIT_OBJECT_0);
    Sleep(5);
    ck_assert(QueueUserAPC(note, h, 'x'));
    ck_assert_uint_eq(finish(h), 0);
    ck_assert_uint_eq(QueueUserAPC(note, h, 'y'), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_GEN_FAILURE);
    CloseHandle(h);
    ck_assert_uint_eq(SignalObjectAndWait(h, never, 0, FALSE), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    CloseHandle(ready);
    CloseHandle(never);
}
END_TEST

static DWORD WINAPI tell_order(LPVOID argument)
{
    (void)argument;
    return (DWORD)order[0];
}

START_TEST(calls_before_the_thread_begins)
{
    HANDLE h = CreateThread(NULL, 0, tell_order, NULL, CREATE_SUSPENDED, NULL);
    ck_assert(QueueUserAPC(note, h, 'q'));
    ck_assert_uint_eq(ResumeThread(h), 1);
    ck_assert_uint_eq(finish(h), 'q');
    CloseHandle(h);
}
END_TEST

static volatile int stop;
static volatile DWORD tid;

static void *host_thread(void *argument)
{
    tid = (DWORD)syscall(SYS_gettid);
    while (!stop)
        usleep(1000);
    return argument;
}

START_TEST(lists)
{
    pthread_t t;
    THREADENTRY32 e = {.dwSize = sizeof e};
    PROCESSENTRY32W p = {.dwSize = sizeof p};
    unsigned own = 0, other = 0, n = 0, self = 0;
    pthread_create(&t, NULL, host_thread, NULL);
    while (!tid)
        Sleep(1);
    HANDLE s = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD | TH32CS_SNAPPROCESS, 0);
    ck_assert_ptr_ne(s, INVALID_HANDLE_VALUE);
    for (BOOL more = Thread32First(s, &e); more; more = Thread32Next(s, &e)) {
        ck_assert_uint_eq(e.dwSize, sizeof e);
        n += e.th32OwnerProcessID == GetCurrentProcessId();
        own += e.th32ThreadID == GetCurrentThreadId();
        other += e.th32ThreadID == tid && e.th32OwnerProcessID == GetCurrentProcessId();
    }
    ck_assert_uint_eq(GetLastError(), ERROR_NO_MORE_FILES);
    ck_assert_uint_eq(own, 1);
    ck_assert_uint_eq(other, 1);
    for (BOOL more = Process32FirstW(s, &p); more; more = Process32NextW(s, &p)) {
        if (p.th32ProcessID != GetCurrentProcessId())
            continue;
        self++;
        ck_assert_uint_eq(p.cntThreads, n);
        ck_assert_uint_eq(p.th32ParentProcessID, (DWORD)getppid());
        ck_assert_uint_ne(p.szExeFile[0], 0);
    }
    ck_assert_uint_eq(self, 1);
    e.dwSize = 4;
    ck_assert(!Thread32First(s, &e));
    ck_assert(CloseHandle(s));
    ck_assert_ptr_eq(CreateToolhelp32Snapshot(0, 0), INVALID_HANDLE_VALUE);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    stop = 1;
    pthread_join(t, NULL);
}
END_TEST

START_TEST(what_a_thread_is)
{
    FILETIME created, ended, kernel, user, now;
    DWORD_PTR own, all;
    HANDLE me = GetCurrentThread();
    ck_assert_uint_eq(GetProcessIdOfThread(me), GetCurrentProcessId());
    ck_assert_int_eq(GetThreadPriority(me), THREAD_PRIORITY_NORMAL);
    ck_assert(SetThreadPriority(me, THREAD_PRIORITY_ABOVE_NORMAL));
    ck_assert_int_eq(GetThreadPriority(me), THREAD_PRIORITY_ABOVE_NORMAL);
    ck_assert(SetThreadPriority(me, THREAD_PRIORITY_NORMAL));
    ck_assert(!SetThreadPriority(me, 77));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(GetProcessAffinityMask(GetCurrentProcess(), &own, &all));
    ck_assert_uint_ne(own, 0);
    ck_assert_uint_eq(own & ~all, 0);
    DWORD_PTR one = own & (~own + 1);
    ck_assert_uint_eq(SetThreadAffinityMask(me, one), own);
    ck_assert_uint_eq(SetThreadAffinityMask(me, own), one);
    ck_assert_uint_eq(SetThreadAffinityMask(me, 0), 0);
    ck_assert(GetThreadTimes(me, &created, &ended, &kernel, &user));
    GetSystemTimeAsFileTime(&now);
    ck_assert_uint_le(created.dwHighDateTime, now.dwHighDateTime);
    ck_assert_uint_ge(created.dwHighDateTime + 1, now.dwHighDateTime);
    ck_assert_uint_eq(ended.dwHighDateTime, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_apc", 60, &tc);
    tcase_add_test(tc, calls_of_the_own_thread);
    tcase_add_test(tc, calls_of_another_thread);
    tcase_add_test(tc, calls_before_the_thread_begins);
    tcase_add_test(tc, lists);
    tcase_add_test(tc, what_a_thread_is);
    return unit_run(suite);
}
