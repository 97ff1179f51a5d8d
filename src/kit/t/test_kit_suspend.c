/* SuspendThread and its kin: threads stopped while they run, their registers read and changed. */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/t/suspend_unit.h"

static volatile unsigned long counter;
static volatile int tid;

static DWORD WINAPI count(LPVOID argument)
{
    (void)argument;
    tid = (int)GetCurrentThreadId();
    while (!stop)
        counter++;
    return 0;
}

static void await_count(void)
{
    unsigned long from = counter;
    for (int i = 0; i < 10000 && counter == from; i++)
        Sleep(1);
    ck_assert_uint_ne(counter, from);
}

static void assert_still(void)
{
    unsigned long from = counter;
    Sleep(20);
    ck_assert_uint_eq(counter, from);
}

START_TEST(a_thread_stands_still)
{
    HANDLE h = run(count, NULL);
    await_count();
    for (int i = 0; i < 20; i++) {
        ck_assert_uint_eq(SuspendThread(h), 0);
        assert_still();
        ck_assert_uint_eq(SuspendThread(h), 1);
        ck_assert_uint_eq(ResumeThread(h), 2);
        assert_still();
        ck_assert_uint_eq(ResumeThread(h), 1);
        ck_assert_uint_eq(ResumeThread(h), 0);
        await_count();
    }
    for (DWORD i = 0; i < 127; i++)
        ck_assert_uint_eq(SuspendThread(h), i);
    ck_assert_uint_eq(SuspendThread(h), (DWORD)-1);
    ck_assert_uint_eq(GetLastError(), ERROR_SIGNAL_REFUSED);
    for (DWORD i = 127; i > 0; i--)
        ck_assert_uint_eq(ResumeThread(h), i);
    finish(h, 0);
}
END_TEST

static DWORD WINAPI quick(LPVOID argument)
{
    return (DWORD)(uintptr_t)argument;
}

START_TEST(a_thread_that_has_ended_is_refused)
{
    HANDLE h = run(quick, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, INFINITE), WAIT_OBJECT_0);
    ck_assert_uint_eq(SuspendThread(h), (DWORD)-1);
    for (int i = 0; i < 1000 && GetLastError() != ERROR_ACCESS_DENIED; i++)
        SuspendThread(h);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    CloseHandle(h);
    ck_assert_uint_eq(SuspendThread(h), (DWORD)-1);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

static DWORD WINAPI suspend_oneself(LPVOID argument)
{
    *(volatile int *)argument = 1;
    DWORD before = SuspendThread(GetCurrentThread());
    *(volatile int *)argument = 2;
    return before;
}

START_TEST(a_thread_suspends_itself)
{
    volatile int where = 0;
    HANDLE h = run(suspend_oneself, (LPVOID)&where);
    while (ResumeThread(h) == 0)
        ck_assert_int_ne(where, 2);
    finish(h, 0);
    ck_assert_int_eq(where, 2);
}
END_TEST

static void *host_count(void *argument)
{
    tid = (int)syscall(SYS_gettid);
    while (!stop)
        counter++;
    return argument;
}

static pthread_t run_host(void *(*routine)(void *), void *argument)
{
    pthread_t t;
    tid = stop = 0;
    ck_assert_int_eq(pthread_create(&t, NULL, routine, argument), 0);
    while (!tid)
        Sleep(1);
    return t;
}

/* A thread of the host's that has never called the kit. */
START_TEST(a_thread_of_the_host)
{
    pthread_t t = run_host(host_count, NULL);
    HANDLE h = OpenThread(THREAD_ALL_ACCESS, FALSE, (DWORD)tid);
    ck_assert_ptr_nonnull(h);
    ck_assert_uint_eq(GetThreadId(h), (DWORD)tid);
    await_count();
    ck_assert_uint_eq(SuspendThread(h), 0);
    assert_still();
    ck_assert_uint_eq(ResumeThread(h), 1);
    await_count();
    HANDLE again = OpenThread(SYNCHRONIZE, FALSE, (DWORD)tid);
    ck_assert(CompareObjectHandles(h, again));
    ck_assert_uint_eq(SuspendThread(again), (DWORD)-1);
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    stop = 1;
    ck_assert_uint_eq(WaitForSingleObject(again, 20000), WAIT_OBJECT_0);
    pthread_join(t, NULL);
    ck_assert_ptr_null(OpenThread(THREAD_ALL_ACCESS, FALSE, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(OpenThread(THREAD_ALL_ACCESS, FALSE, 0x7ffffff0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    CloseHandle(again);
    CloseHandle(h);
}
END_TEST

static void *deaf(void *argument)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    if (argument)
        *(HANDLE *)argument = OpenThread(THREAD_ALL_ACCESS, FALSE, GetCurrentThreadId());
    tid = (int)syscall(SYS_gettid);
    while (!stop)
        usleep(1000);
    return NULL;
}

START_TEST(a_thread_that_takes_no_signals)
{
    HANDLE h = NULL;
    for (int known = 0; known < 2; known++) {
        pthread_t t = run_host(deaf, known ? &h : NULL);
        if (known) {
            ck_assert_uint_eq(SuspendThread(h), (DWORD)-1);
            ck_assert_uint_eq(GetLastError(), ERROR_TIMEOUT);
            ck_assert_uint_eq(ResumeThread(h), 0);
        } else {
            ck_assert_ptr_null(OpenThread(THREAD_ALL_ACCESS, FALSE, (DWORD)tid));
            ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
        }
        stop = 1;
        pthread_join(t, NULL);
    }
    CloseHandle(h);
}
END_TEST

/* ---- registers ---- */

#if defined(__x86_64__)
#define MARK(c) ((c).R12)
#else
#define MARK(c) ((c).Esi)
#endif

/* Keeps a mark in a register, and tells what is in it when it changes. */
static DWORD WINAPI keep_mark(LPVOID argument)
{
    uintptr_t mark = (uintptr_t)argument;
    there = 1;
#if defined(__x86_64__)
    __asm__ volatile("mov %0, %%r12\n\t"
                     "1: pause\n\t"
                     "cmp %0, %%r12\n\t"
                     "je 1b\n\t"
                     "mov %%r12, %0"
                     : "+r"(mark)
                     :
                     : "r12", "cc");
#else
    __asm__ volatile("mov %0, %%esi\n\t"
                     "1: pause\n\t"
                     "cmp %0, %%esi\n\t"
                     "je 1b\n\t"
                     "mov %%esi, %0"
                     : "+r"(mark)
                     :
                     : "esi", "cc");
#endif
    return (DWORD)mark;
}

START_TEST(registers_are_read_and_changed)
{
    CONTEXT c = {0};
    HANDLE h = run(keep_mark, (LPVOID)(uintptr_t)0x1234567);
    await_there();
    for (int i = 0; i < 1000 && MARK(c) != 0x1234567; i++) {
        c.ContextFlags = CONTEXT_FULL;
        ck_assert(GetThreadContext(h, &c)); /* it runs */
    }
    c = (CONTEXT){0};
    stop_at(h, &c);
    ck_assert_uint_eq(MARK(c), 0);
    ck_assert_uint_ne(IP(c), 0);
    MEMORY_BASIC_INFORMATION m;
    ck_assert_uint_eq(VirtualQuery((LPCVOID)(uintptr_t)SP(c), &m, sizeof m), sizeof m);
    ck_assert_uint_eq(m.State, MEM_COMMIT);
    c = (CONTEXT){.ContextFlags = CONTEXT_INTEGER};
    ck_assert(GetThreadContext(h, &c));
    ck_assert_uint_eq(MARK(c), 0x1234567);
    ck_assert_uint_eq(IP(c), 0);
    MARK(c) = 0x7654321;
    ck_assert(SetThreadContext(h, &c));
    resume(h);
    finish(h, 0x7654321);
}
END_TEST

START_TEST(the_program_counter_is_changed)
{
    CONTEXT c;
    for (int i = 0; i < 20; i++) {
        HANDLE h = run(count, NULL);
        await_count();
        stop_at(h, &c);
        move_elsewhere(h, &c);
        assert_still();
        resume(h);
        finish(h, 77);
    }
}
END_TEST

START_TEST(a_thread_is_ended)
{
    HANDLE h = run(count, NULL);
    await_count();
    ck_assert(TerminateThread(h, 55));
    finish(h, 55);
    h = CreateThread(NULL, 0, count, NULL, CREATE_SUSPENDED, NULL);
    ck_assert(TerminateThread(h, 56));
    finish(h, 56);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_suspend", 120, &tc);
    tcase_add_test(tc, a_thread_stands_still);
    tcase_add_test(tc, a_thread_that_has_ended_is_refused);
    tcase_add_test(tc, a_thread_suspends_itself);
    tcase_add_test(tc, a_thread_of_the_host);
    tcase_add_test(tc, a_thread_that_takes_no_signals);
    tcase_add_test(tc, registers_are_read_and_changed);
    tcase_add_test(tc, the_program_counter_is_changed);
    tcase_add_test(tc, a_thread_is_ended);
    return unit_run(suite);
}
