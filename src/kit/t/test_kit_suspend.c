/* SuspendThread and its kin: threads stopped while they run, their registers read and changed. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/control.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#include "base/t/unit.h"

static volatile unsigned long counter;
static volatile int stop, tid;

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

static HANDLE run(LPTHREAD_START_ROUTINE routine, LPVOID argument)
{
    stop = 0;
    HANDLE h = CreateThread(NULL, 0, routine, argument, 0, NULL);
    ck_assert_ptr_nonnull(h);
    return h;
}

static void finish(HANDLE h, DWORD expected)
{
    DWORD code = expected + 1;
    stop = 1;
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    ck_assert_uint_eq(code, expected);
    CloseHandle(h);
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

/* A thread of the host's that has never called the kit. */
START_TEST(a_thread_of_the_host)
{
    pthread_t t;
    tid = 0;
    stop = 0;
    ck_assert_int_eq(pthread_create(&t, NULL, host_count, NULL), 0);
    while (!tid)
        Sleep(1);
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
    pthread_t t;
    HANDLE h = NULL;
    for (int known = 0; known < 2; known++) {
        tid = stop = 0;
        ck_assert_int_eq(pthread_create(&t, NULL, deaf, known ? &h : NULL), 0);
        while (!tid)
            Sleep(1);
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
#define IP(c) ((c).Rip)
#define SP(c) ((c).Rsp)
#define MARK(c) ((c).R12)
#else
#define IP(c) ((c).Eip)
#define SP(c) ((c).Esp)
#define MARK(c) ((c).Esi)
#endif

static volatile int there;

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
    there = 0;
    HANDLE h = run(keep_mark, (LPVOID)(uintptr_t)0x1234567);
    while (!there)
        Sleep(1);
    for (int i = 0; i < 1000 && MARK(c) != 0x1234567; i++) {
        c.ContextFlags = CONTEXT_FULL;
        ck_assert(GetThreadContext(h, &c)); /* it runs */
    }
    ck_assert_uint_eq(SuspendThread(h), 0);
    c = (CONTEXT){.ContextFlags = CONTEXT_CONTROL};
    ck_assert(GetThreadContext(h, &c));
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
    ck_assert_uint_eq(ResumeThread(h), 1);
    finish(h, 0x7654321);
}
END_TEST

static __attribute__((noreturn)) WVM_ANY_STACK void elsewhere(void)
{
    ExitThread(77);
}

START_TEST(the_program_counter_is_changed)
{
    CONTEXT c;
    for (int i = 0; i < 20; i++) {
        HANDLE h = run(count, NULL);
        await_count();
        ck_assert_uint_eq(SuspendThread(h), 0);
        c.ContextFlags = CONTEXT_CONTROL;
        ck_assert(GetThreadContext(h, &c));
        IP(c) = (uintptr_t)elsewhere;
        SP(c) = ((SP(c) - 4096) & ~(uintptr_t)15) - sizeof(void *);
        ck_assert(SetThreadContext(h, &c));
        assert_still();
        ck_assert_uint_eq(ResumeThread(h), 1);
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

/* ---- threads that sleep in a wait ---- */

static HANDLE waited[2];

static DWORD WINAPI sleep_in_wait(LPVOID how)
{
    if (WaitForSingleObject(waited[1], 0) != WAIT_OBJECT_0) /* a mutex */
        return 1;
    there = 1;
    return WaitForMultipleObjects(1, waited, how != NULL, INFINITE);
}

/* A thread that owns the mutex, and sleeps. */
static HANDLE run_sleeper(LPVOID how)
{
    waited[0] = CreateEventA(NULL, FALSE, FALSE, NULL);
    waited[1] = CreateMutexA(NULL, FALSE, NULL);
    there = 0;
    HANDLE h = run(sleep_in_wait, how);
    while (!there)
        Sleep(1);
    Sleep(20);
    return h;
}

/* The next signal is the next waiter's, the mutex was abandoned. */
static void assert_nobody_waits(void)
{
    ck_assert(SetEvent(waited[0]));
    ck_assert_uint_eq(WaitForSingleObject(waited[0], 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(waited[0], 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(waited[1], 1000), WAIT_ABANDONED);
    ck_assert(ReleaseMutex(waited[1]));
    CloseHandle(waited[0]);
    CloseHandle(waited[1]);
}

START_TEST(a_thread_is_ended_in_its_wait)
{
    for (uintptr_t i = 0; i < 10; i++) {
        HANDLE h = run_sleeper((LPVOID)(i & 1));
        ck_assert(TerminateThread(h, 57));
        finish(h, 57);
        assert_nobody_waits();
    }
}
END_TEST

/* A sleeper, suspended, and where it is. */
static HANDLE stop_sleeper(uintptr_t i, CONTEXT *c)
{
    HANDLE h = run_sleeper((LPVOID)(i & 1));
    ck_assert_uint_eq(SuspendThread(h), 0);
    c->ContextFlags = CONTEXT_CONTROL;
    ck_assert(GetThreadContext(h, c));
    return h;
}

START_TEST(a_thread_is_moved_out_of_its_wait)
{
    CONTEXT c;
    for (uintptr_t i = 0; i < 10; i++) {
        HANDLE h = stop_sleeper(i, &c);
        IP(c) = (uintptr_t)elsewhere;
        SP(c) = ((SP(c) - 4096) & ~(uintptr_t)15) - sizeof(void *);
        ck_assert(SetThreadContext(h, &c));
        ck_assert_uint_eq(ResumeThread(h), 1);
        finish(h, 77);
        assert_nobody_waits();
    }
}
END_TEST

/* Who is put back where it was waits on. */
START_TEST(a_thread_comes_back_to_its_wait)
{
    CONTEXT c;
    for (uintptr_t i = 0; i < 10; i++) {
        HANDLE h = stop_sleeper(i, &c);
        ck_assert(SetThreadContext(h, &c));
        ck_assert_uint_eq(ResumeThread(h), 1);
        ck_assert_uint_eq(WaitForSingleObject(h, 5), WAIT_TIMEOUT);
        ck_assert(SetEvent(waited[0]));
        finish(h, WAIT_OBJECT_0);
        CloseHandle(waited[0]);
        CloseHandle(waited[1]);
    }
}
END_TEST

/* In a child those who slept are not there. */
START_TEST(a_child_has_nobody_else_waiting)
{
    int status = -1;
    HANDLE h = run_sleeper(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(SetEvent(waited[0]) && WaitForSingleObject(waited[0], 0) == WAIT_OBJECT_0 ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(SetEvent(waited[0]));
    finish(h, WAIT_OBJECT_0);
    CloseHandle(waited[0]);
    CloseHandle(waited[1]);
}
END_TEST

/* ---- against threads that are inside winvm and the kit ---- */

static HANDLE shared;

static DWORD WINAPI hammer(LPVOID argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    HANDLE heap = HeapCreate(0, 0, 0);
    while (!stop) {
        void *p = VirtualAlloc(NULL, 1 << (12 + seed % 6), MEM_RESERVE | MEM_COMMIT,
                               PAGE_READWRITE);
        DWORD old;
        HeapFree(heap, 0, HeapAlloc(heap, 0, 100));
        SetEvent(shared);
        WaitForSingleObject(shared, 0);
        TlsFree(TlsAlloc());
        VirtualProtect(p, 4096, PAGE_READONLY, &old);
        VirtualFree(p, 0, MEM_RELEASE);
        seed = seed * 1103515245 + 12345;
    }
    HeapDestroy(heap);
    return 0;
}

START_TEST(nothing_is_held_by_who_is_suspended)
{
    enum { N = 4 };
    HANDLE h[N];
    stop = 0;
    shared = CreateEventA(NULL, FALSE, FALSE, NULL);
    for (int i = 0; i < N; i++)
        h[i] = CreateThread(NULL, 0, hammer, (LPVOID)(uintptr_t)(i + 1), 0, NULL);
    for (int round = 0; round < 300; round++) {
        CONTEXT c;
        for (int i = 0; i < N; i++)
            ck_assert_msg(SuspendThread(h[i]) == 0, "round %d, error %u", round,
                          (unsigned)GetLastError());
        void *p = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        ck_assert_ptr_nonnull(p);
        ck_assert(VirtualFree(p, 0, MEM_RELEASE));
        ck_assert(SetEvent(shared));
        HANDLE heap = HeapCreate(0, 0, 0);
        ck_assert(HeapDestroy(heap));
        ck_assert(TlsFree(TlsAlloc()));
        for (int i = 0; i < N; i++) {
            c.ContextFlags = CONTEXT_FULL;
            ck_assert(GetThreadContext(h[i], &c));
            ck_assert_uint_ne(SP(c), 0);
        }
        for (int i = 0; i < N; i++)
            ck_assert_uint_eq(ResumeThread(h[i]), 1);
    }
    stop = 1;
    for (int i = 0; i < N; i++)
        finish(h[i], 0);
    CloseHandle(shared);
}
END_TEST

/* ---- what it stands on ---- */

static volatile sig_atomic_t waits, n_asked, n_left, n_wrong;

static void has_left(void)
{
    n_wrong += winvm_thread_inside() != 0 || !waits;
    waits = 0;
    n_left++;
}

static void ask(int sig)
{
    (void)sig;
    if (!waits && winvm_thread_when_left(has_left)) {
        waits = 1;
        n_asked++;
    }
}

/* Who has come back from a call has been told: `waits` is set inside only. */
static void *change_memory(void *unused)
{
    while (!stop) {
        void *p = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        n_wrong += waits;
        VirtualFree(p, 0, MEM_RELEASE);
        n_wrong += waits;
    }
    return unused;
}

START_TEST(a_thread_tells_when_it_has_left)
{
    struct sigaction act = {.sa_handler = ask, .sa_flags = SA_RESTART};
    pthread_t t;
    stop = 0;
    ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
    ck_assert_int_eq(winvm_thread_when_left(has_left), 0);
    ck_assert_int_eq(pthread_create(&t, NULL, change_memory, NULL), 0);
    for (int i = 0; i < 10000 && n_asked < 200; i++) {
        pthread_kill(t, SIGUSR1);
        usleep(20);
    }
    stop = 1;
    pthread_join(t, NULL);
    ck_assert_int_gt(n_asked, 0);
    ck_assert_int_eq(n_left, n_asked);
    ck_assert_int_eq(n_wrong, 0);
}
END_TEST

static DWORD WINAPI fork_on(LPVOID argument)
{
    DWORD worst = 0;
    (void)argument;
    while (!stop) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(ResumeThread(GetCurrentThread()) == 0 ? 0 : 1);
        waitpid(child, &status, 0);
        worst |= (DWORD)status;
    }
    return worst;
}

/* What was to stop the thread in the parent stays there. */
START_TEST(a_child_is_not_suspended)
{
    HANDLE h = run(fork_on, NULL);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(SuspendThread(h), 0);
        ck_assert_uint_eq(ResumeThread(h), 1);
    }
    finish(h, 0);
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
    tcase_add_test(tc, a_thread_is_ended_in_its_wait);
    tcase_add_test(tc, a_thread_is_moved_out_of_its_wait);
    tcase_add_test(tc, a_thread_comes_back_to_its_wait);
    tcase_add_test(tc, a_child_has_nobody_else_waiting);
    tcase_add_test(tc, nothing_is_held_by_who_is_suspended);
    tcase_add_test(tc, a_thread_tells_when_it_has_left);
    tcase_add_test(tc, a_child_is_not_suspended);
    return unit_run(suite);
}
