/* Threads that are suspended, moved and ended inside of calls: waits, memory, fork. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/control.h>

#include "kit/t/suspend_unit.h"

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
    HANDLE h = run(sleep_in_wait, how);
    await_there();
    Sleep(20);
    return h;
}

static void close_waited(void)
{
    CloseHandle(waited[0]);
    CloseHandle(waited[1]);
}

/* The next signal is the next waiter's, the mutex was abandoned. */
static void assert_nobody_waits(void)
{
    ck_assert(SetEvent(waited[0]));
    ck_assert_uint_eq(WaitForSingleObject(waited[0], 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(waited[0], 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(waited[1], 1000), WAIT_ABANDONED);
    ck_assert(ReleaseMutex(waited[1]));
    close_waited();
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
    stop_at(h, c);
    return h;
}

START_TEST(a_thread_is_moved_out_of_its_wait)
{
    CONTEXT c;
    for (uintptr_t i = 0; i < 10; i++) {
        HANDLE h = stop_sleeper(i, &c);
        move_elsewhere(h, &c);
        resume(h);
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
        resume(h);
        ck_assert_uint_eq(WaitForSingleObject(h, 5), WAIT_TIMEOUT);
        ck_assert(SetEvent(waited[0]));
        finish(h, WAIT_OBJECT_0);
        close_waited();
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
    close_waited();
}
END_TEST

/* ---- against threads that are inside winvm and the kit ---- */

static HANDLE shared;

static DWORD WINAPI hammer(LPVOID argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    HANDLE heap = HeapCreate(0, 0, 0);
    while (!stop) {
        void *p =
            VirtualAlloc(NULL, 1 << (12 + seed % 6), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
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
    shared = CreateEventA(NULL, FALSE, FALSE, NULL);
    for (int i = 0; i < N; i++)
        h[i] = run(hammer, (LPVOID)(uintptr_t)(i + 1));
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
            resume(h[i]);
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
        resume(h);
    }
    finish(h, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_suspend_inside", 120, &tc);
    tcase_add_test(tc, a_thread_is_ended_in_its_wait);
    tcase_add_test(tc, a_thread_is_moved_out_of_its_wait);
    tcase_add_test(tc, a_thread_comes_back_to_its_wait);
    tcase_add_test(tc, a_child_has_nobody_else_waiting);
    tcase_add_test(tc, nothing_is_held_by_who_is_suspended);
    tcase_add_test(tc, a_thread_tells_when_it_has_left);
    tcase_add_test(tc, a_child_is_not_suspended);
    return unit_run(suite);
}
