/* Processes and memory notifications that are waited for, what processes end with, registered
 * waits. */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define LONG_MS 20000

/* A child that ends with `code` once it reads something, or nothing any more. */
struct child {
    pid_t pid;
    int pipe[2];
    HANDLE handle;
};

static struct child start_child(int code, DWORD access)
{
    struct child c;
    ck_assert_int_eq(pipe(c.pipe), 0);
    c.pid = fork();
    ck_assert_int_ge(c.pid, 0);
    if (c.pid == 0) {
        char got;
        close(c.pipe[1]);
        _exit(read(c.pipe[0], &got, 1) <= 1 ? code : 99);
    }
    close(c.pipe[0]);
    c.handle = OpenProcess(access, FALSE, (DWORD)c.pid);
    ck_assert_ptr_nonnull(c.handle);
    return c;
}

static void end_child(struct child *c)
{
    close(c->pipe[1]);
}

static void forget_child(struct child *c)
{
    ck_assert_int_eq(waitpid(c->pid, NULL, 0), c->pid);
    CloseHandle(c->handle);
}

#define RIGHTS (SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION)

START_TEST(a_process_ends)
{
    struct child c = start_child(7, RIGHTS);
    DWORD code = 0;
    ck_assert_uint_eq(WaitForSingleObject(c.handle, 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, 20), WAIT_TIMEOUT);
    ck_assert(GetExitCodeProcess(c.handle, &code));
    ck_assert_uint_eq(code, STILL_ACTIVE);
    end_child(&c);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, LONG_MS), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, 0), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(c.handle, &code));
    ck_assert_uint_eq(code, 7);
    ck_assert_int_eq(waitpid(c.pid, NULL, 0), c.pid);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, INFINITE), WAIT_OBJECT_0);
    code = 5;
    ck_assert(!GetExitCodeProcess(c.handle, &code));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_FOUND);
    ck_assert_uint_eq(code, 5);
    CloseHandle(c.handle);
}
END_TEST

START_TEST(a_process_is_killed)
{
    struct child c = start_child(7, SYNCHRONIZE | PROCESS_QUERY_INFORMATION);
    DWORD code = 0;
    kill(c.pid, SIGKILL);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, LONG_MS), WAIT_OBJECT_0);
    ck_assert(GetExitCodeProcess(c.handle, &code));
    ck_assert_uint_eq(code, 128 + SIGKILL);
    end_child(&c);
    forget_child(&c);
}
END_TEST

START_TEST(rights_and_the_own_process)
{
    struct child c = start_child(1, PROCESS_QUERY_LIMITED_INFORMATION);
    HANDLE self, other;
    DWORD code = 0;
    ck_assert_uint_eq(WaitForSingleObject(c.handle, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(), &self,
                              SYNCHRONIZE, FALSE, 0));
    ck_assert_uint_eq(WaitForSingleObject(self, 1), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(GetCurrentProcess(), 1), WAIT_TIMEOUT);
    ck_assert(!GetExitCodeProcess(self, &code));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(GetExitCodeProcess(GetCurrentProcess(), &code));
    ck_assert_uint_eq(code, STILL_ACTIVE);
    other = OpenProcess(SYNCHRONIZE, FALSE, GetCurrentProcessId());
    const HANDLE twice[2] = {self, other};
    ck_assert_uint_eq(WaitForMultipleObjects(2, twice, TRUE, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(WaitForMultipleObjects(2, twice, FALSE, 0), WAIT_TIMEOUT);
    CloseHandle(self);
    CloseHandle(other);
    ck_assert_uint_eq(WaitForSingleObject(self, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!GetExitCodeProcess(self, &code));
    end_child(&c);
    forget_child(&c);
}
END_TEST

static void *end_soon(void *child)
{
    usleep(20000);
    end_child(child);
    return NULL;
}

START_TEST(any_and_all)
{
    struct child a = start_child(1, RIGHTS), b = start_child(2, RIGHTS);
    HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL);
    const HANDLE all[3] = {a.handle, event, b.handle};
    pthread_t ender;
    ck_assert_uint_eq(WaitForMultipleObjects(3, all, TRUE, 1), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForMultipleObjects(3, all, FALSE, LONG_MS), WAIT_OBJECT_0 + 1);
    pthread_create(&ender, NULL, end_soon, &b);
    ck_assert_uint_eq(WaitForMultipleObjects(3, all, FALSE, LONG_MS), WAIT_OBJECT_0 + 2);
    pthread_join(ender, NULL);
    ck_assert_uint_eq(WaitForMultipleObjects(3, all, TRUE, 30), WAIT_TIMEOUT);
    SetEvent(event);
    pthread_create(&ender, NULL, end_soon, &a);
    ck_assert_uint_eq(WaitForMultipleObjects(3, all, TRUE, LONG_MS), WAIT_OBJECT_0);
    pthread_join(ender, NULL);
    ck_assert_uint_eq(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    CloseHandle(event);
    forget_child(&a);
    forget_child(&b);
}
END_TEST

static unsigned count_watchers(void)
{
    char path[64], name[32];
    unsigned n = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *e; tasks && (e = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/self/task/%.16s/comm", e->d_name);
        FILE *f = fopen(path, "r");
        if (f && fgets(name, sizeof name, f))
            n += strcmp(name, "winvm-watch\n") == 0;
        if (f)
            fclose(f);
    }
    if (tasks)
        closedir(tasks);
    return n;
}

/* Once nobody waits there is no thread that watches. */
START_TEST(nobody_watches)
{
    struct child c = start_child(1, RIGHTS);
    for (int i = 0; i < 50; i++)
        ck_assert_uint_eq(WaitForSingleObject(c.handle, 1), WAIT_TIMEOUT);
    for (int i = 0; i < 2000 && count_watchers() > 0; i++)
        usleep(1000);
    ck_assert_uint_eq(count_watchers(), 0);
    end_child(&c);
    ck_assert_uint_eq(WaitForSingleObject(c.handle, LONG_MS), WAIT_OBJECT_0);
    forget_child(&c);
}
END_TEST

static void *wait_for(void *h)
{
    return (void *)(uintptr_t)WaitForSingleObject(h, LONG_MS);
}

START_TEST(many_threads_wait)
{
    enum { N = 8 };
    pthread_t threads[N];
    struct child c = start_child(1, RIGHTS);
    for (int i = 0; i < N; i++)
        pthread_create(&threads[i], NULL, wait_for, c.handle);
    usleep(10000);
    end_child(&c);
    for (int i = 0; i < N; i++) {
        void *result;
        pthread_join(threads[i], &result);
        ck_assert_uint_eq((uintptr_t)result, WAIT_OBJECT_0);
    }
    forget_child(&c);
}
END_TEST

/* A child of a fork can wait though its parent's watcher is not in it. */
START_TEST(after_a_fork)
{
    struct child c = start_child(1, RIGHTS);
    pthread_t waiter;
    int status;
    pthread_create(&waiter, NULL, wait_for, c.handle);
    usleep(10000);
    pid_t pid = fork();
    if (pid == 0)
        _exit(WaitForSingleObject(c.handle, 20) == WAIT_TIMEOUT &&
                      WaitForSingleObject(GetCurrentProcess(), 5) == WAIT_TIMEOUT
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    end_child(&c);
    pthread_join(waiter, NULL);
    forget_child(&c);
}
END_TEST

START_TEST(memory_notifications)
{
    HANDLE n[2] = {CreateMemoryResourceNotification(LowMemoryResourceNotification),
                   CreateMemoryResourceNotification(HighMemoryResourceNotification)};
    BOOL low, high;
    ck_assert(QueryMemoryResourceNotification(n[0], &low));
    ck_assert(QueryMemoryResourceNotification(n[1], &high));
    ck_assert_uint_eq(WaitForSingleObject(n[0], 0), low ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(n[1], 0), high ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(n[0], 120), low ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForMultipleObjects(2, n, TRUE, 1), WAIT_TIMEOUT);
    CloseHandle(n[0]);
    CloseHandle(n[1]);
}
END_TEST

/* ---- registered waits ---- */

static LONG n_signalled, n_timed_out;
static HANDLE called;

static VOID NTAPI count_call(PVOID context, BOOLEAN timed_out)
{
    __atomic_fetch_add(timed_out ? &n_timed_out : &n_signalled, 1, __ATOMIC_SEQ_CST);
    if (context)
        SetEvent(context);
}

static VOID NTAPI call_slowly(PVOID context, BOOLEAN timed_out)
{
    SetEvent(called);
    ck_assert_uint_eq(WaitForSingleObject(context, LONG_MS), WAIT_OBJECT_0);
    count_call(NULL, timed_out);
}

static void setup(void)
{
    n_signalled = n_timed_out = 0;
    called = CreateEventA(NULL, FALSE, FALSE, NULL);
}

START_TEST(calls_for_signals)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), wait = NULL;
    ck_assert(RegisterWaitForSingleObject(&wait, event, count_call, called, INFINITE,
                                          WT_EXECUTEDEFAULT));
    for (int i = 1; i <= 3; i++) {
        SetEvent(event);
        ck_assert_uint_eq(WaitForSingleObject(called, LONG_MS), WAIT_OBJECT_0);
        ck_assert_int_eq(n_signalled, i);
    }
    ck_assert(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    SetEvent(event);
    ck_assert_uint_eq(WaitForSingleObject(called, 20), WAIT_TIMEOUT);
    ck_assert_int_eq(n_signalled, 3);
    ck_assert(!UnregisterWait(wait));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_int_eq(n_timed_out, 0);
    CloseHandle(event);
}
END_TEST

START_TEST(calls_once)
{
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL), wait = NULL;
    ck_assert(RegisterWaitForSingleObject(&wait, event, count_call, called, INFINITE,
                                          WT_EXECUTEONLYONCE));
    CloseHandle(event);
    ck_assert_uint_eq(WaitForSingleObject(called, LONG_MS), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(called, 20), WAIT_TIMEOUT);
    ck_assert_int_eq(n_signalled, 1);
    ck_assert(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
}
END_TEST

START_TEST(calls_for_times)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), wait = NULL;
    ck_assert(RegisterWaitForSingleObject(&wait, event, count_call, called, 5, 0));
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(WaitForSingleObject(called, LONG_MS), WAIT_OBJECT_0);
    ck_assert(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    ck_assert_int_ge(n_timed_out, 3);
    ck_assert_int_eq(n_signalled, 0);
    CloseHandle(event);
}
END_TEST

START_TEST(unregistered_while_it_runs)
{
    HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL), wait = NULL;
    HANDLE go = CreateEventA(NULL, TRUE, FALSE, NULL), done = CreateEventA(NULL, 1, 0, NULL);
    ck_assert(RegisterWaitForSingleObject(&wait, event, call_slowly, go, INFINITE, 0));
    ck_assert_uint_eq(WaitForSingleObject(called, LONG_MS), WAIT_OBJECT_0);
    ck_assert(!UnregisterWaitEx(wait, done));
    ck_assert_uint_eq(GetLastError(), ERROR_IO_PENDING);
    ck_assert_uint_eq(WaitForSingleObject(done, 5), WAIT_TIMEOUT);
    SetEvent(go);
    ck_assert_uint_eq(WaitForSingleObject(done, LONG_MS), WAIT_OBJECT_0);
    ck_assert_int_eq(n_signalled, 1);
    ResetEvent(done);
    ck_assert(RegisterWaitForSingleObject(&wait, event, call_slowly, go, INFINITE, 0));
    ck_assert(UnregisterWaitEx(wait, done));
    ck_assert_uint_eq(WaitForSingleObject(done, 0), WAIT_OBJECT_0);
    ck_assert_int_eq(n_signalled, 1);
}
END_TEST

START_TEST(a_process_is_registered)
{
    struct child c = start_child(1, RIGHTS);
    HANDLE wait = NULL;
    ck_assert(RegisterWaitForSingleObject(&wait, c.handle, count_call, called, INFINITE,
                                          WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD));
    end_child(&c);
    ck_assert_uint_eq(WaitForSingleObject(called, LONG_MS), WAIT_OBJECT_0);
    ck_assert(UnregisterWaitEx(wait, INVALID_HANDLE_VALUE));
    forget_child(&c);
}
END_TEST

START_TEST(nothing_is_registered)
{
    HANDLE wait = called;
    ck_assert(!RegisterWaitForSingleObject(&wait, NULL, count_call, NULL, 1, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!RegisterWaitForSingleObject(&wait, called, NULL, NULL, 1, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!RegisterWaitForSingleObject(&wait, called, count_call, NULL, 1, 0x8000));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_eq(wait, called);
    ck_assert(!UnregisterWait(called));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!UnregisterWait(NULL));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_process", 60, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, a_process_ends);
    tcase_add_test(tc, a_process_is_killed);
    tcase_add_test(tc, rights_and_the_own_process);
    tcase_add_test(tc, any_and_all);
    tcase_add_test(tc, nobody_watches);
    tcase_add_test(tc, many_threads_wait);
    tcase_add_test(tc, after_a_fork);
    tcase_add_test(tc, memory_notifications);
    tcase_add_test(tc, calls_for_signals);
    tcase_add_test(tc, calls_once);
    tcase_add_test(tc, calls_for_times);
    tcase_add_test(tc, unregistered_while_it_runs);
    tcase_add_test(tc, a_process_is_registered);
    tcase_add_test(tc, nothing_is_registered);
    return unit_run(suite);
}
