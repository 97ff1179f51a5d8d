/* Waits of many threads for any and for all of a few objects, held against a model.
 *
 * Terms   token = what an event that resets itself, or a semaphore, gives to one wait; put in
 *         before its object is signaled, taken out behind the end of the wait that has it.
 * I1      No wait ends without its token, no token is lost: what was put in is taken or still there
 *         in the end. A mutex has one owner. Who waits for all has all. Queued calls, an event
 *         that is pulsed and a process that does not end are waited for beside them. */
#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define N_THREADS 8
#define N_MUTEXES 3
#define N_SEMAPHORES 3
#define N_EVENTS 2
#define N_OBJECTS (N_MUTEXES + N_SEMAPHORES + N_EVENTS)
#define FIRST_SEMAPHORE N_MUTEXES
#define FIRST_EVENT (N_MUTEXES + N_SEMAPHORES)
#define MOST 4
#define TURNS 12000
#define LIVES 12
#define TIME 20000

static HANDLE object[N_OBJECTS];
static LONG tokens[N_OBJECTS]; /* (a) */
static LONG inside[N_MUTEXES]; /* (a) threads that own it */
static LONG left_behind, found_abandoned;
static HANDLE process, pulsed;
static LONG queued, called, pulses; /* (a) */
static LONG wrong;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void check(BOOL right)
{
    if (!right)
        InterlockedIncrement(&wrong);
}

static void took(unsigned i)
{
    if (i < N_MUTEXES)
        check(InterlockedIncrement(&inside[i]) == 1);
    else
        check(InterlockedDecrement(&tokens[i]) >= 0);
}

/* A semaphore lets at most MOST in; an event has one token, and is set by who could put it in. */
static void give(unsigned i)
{
    if (i < N_MUTEXES) {
        InterlockedDecrement(&inside[i]);
        check(ReleaseMutex(object[i]));
    } else if (i < FIRST_EVENT) {
        InterlockedIncrement(&tokens[i]);
        if (!ReleaseSemaphore(object[i], 1, NULL)) {
            check(GetLastError() == ERROR_TOO_MANY_POSTS);
            InterlockedDecrement(&tokens[i]);
        }
    } else if (InterlockedCompareExchange(&tokens[i], 1, 0) == 0) {
        check(SetEvent(object[i]));
    }
}

static void lose(unsigned i, BOOL leave)
{
    if (i >= N_MUTEXES) {
        give(i);
    } else if (leave) {
        InterlockedDecrement(&inside[i]);
        InterlockedIncrement(&left_behind);
    } else {
        give(i);
    }
}

/* Some objects, each once, in a random order. */
static DWORD choose(uint32_t *seed, unsigned *which, HANDLE *handles)
{
    DWORD n = 1 + next_random(seed) % 3;
    for (DWORD i = 0; i < n; i++) {
        BOOL again;
        do {
            which[i] = next_random(seed) % N_OBJECTS;
            again = FALSE;
            for (DWORD j = 0; j < i; j++)
                again |= which[j] == which[i];
        } while (again);
        handles[i] = object[which[i]];
    }
    return n;
}

static VOID CALLBACK count_call(ULONG_PTR argument)
{
    (void)argument;
    InterlockedIncrement(&called);
}

/* A wait of a random kind for the n objects. WAIT_TIMEOUT: for none of them. */
static DWORD wait_for(uint32_t *seed, DWORD n, HANDLE *handles, BOOL all)
{
    DWORD ms = next_random(seed) % 4 == 0 ? 0 : 1 + next_random(seed) % 2;
    DWORD more = all ? 8 : next_random(seed) % 8, got;
    BOOL alertable = next_random(seed) % 4 == 0;
    if (more >= 2 && n == 1 && !alertable)
        return WaitForSingleObject(handles[0], ms);
    if (more < 2)
        handles[n] = more == 0 ? process : pulsed;
    do
        got = WaitForMultipleObjectsEx(n + (more < 2), handles, all, ms, alertable);
    while (got == WAIT_IO_COMPLETION);
    if (got != WAIT_OBJECT_0 + n)
        return got;
    check(more == 1);
    InterlockedIncrement(&pulses);
    return WAIT_TIMEOUT;
}

static void take_part(uint32_t *seed, BOOL leave)
{
    HANDLE handles[4];
    unsigned which[4];
    DWORD n = choose(seed, which, handles), first = 0;
    BOOL all = next_random(seed) % 2;
    DWORD got = wait_for(seed, n, handles, all);
    if (got == WAIT_TIMEOUT) {
        give(FIRST_SEMAPHORE + next_random(seed) % (N_OBJECTS - FIRST_SEMAPHORE));
        return;
    }
    BOOL abandoned = got >= WAIT_ABANDONED_0 && got < WAIT_ABANDONED_0 + n;
    check(abandoned || got < WAIT_OBJECT_0 + n);
    if (abandoned)
        InterlockedIncrement(&found_abandoned);
    if (n > 1 && !all)
        first = got - (abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0), n = first + 1;
    for (DWORD i = first; i < n && i < 4; i++)
        took(which[i]);
    for (DWORD i = first; i < n && i < 4; i++)
        lose(which[i], leave);
}

static DWORD WINAPI lives(LPVOID argument)
{
    uint32_t seed = (uint32_t)(ULONG_PTR)argument;
    for (int i = 0; i < TURNS / LIVES; i++)
        take_part(&seed, FALSE);
    take_part(&seed, TRUE); /* what it owns now it leaves behind */
    return 0;
}

static DWORD WINAPI follows(LPVOID argument)
{
    for (ULONG_PTR i = 0; i < LIVES; i++) {
        HANDLE h = CreateThread(NULL, 0, lives, (LPVOID)((ULONG_PTR)argument * 1000 + i), 0, NULL);
        DWORD got;
        while (h && (got = WaitForSingleObject(h, 1)) == WAIT_TIMEOUT) {
            check(PulseEvent(pulsed));
            if (QueueUserAPC(count_call, h, 0))
                InterlockedIncrement(&queued);
        }
        check(h && got == WAIT_OBJECT_0);
        CloseHandle(h);
    }
    return 0;
}

static void make_objects(void)
{
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        if (i < N_MUTEXES)
            object[i] = CreateMutexA(NULL, FALSE, NULL);
        else if (i < FIRST_EVENT)
            object[i] = CreateSemaphoreA(NULL, tokens[i] = 1, MOST, NULL);
        else
            object[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
        ck_assert_ptr_nonnull(object[i]);
    }
    pulsed = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE self = GetCurrentProcess();
    ck_assert(DuplicateHandle(self, self, self, &process, SYNCHRONIZE, FALSE, 0));
}

/* What is left of tokens is in the objects. */
static void count_the_rest(void)
{
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        LONG n = 0;
        if (i < N_MUTEXES) {
            DWORD got = WaitForSingleObject(object[i], 0);
            ck_assert(got == WAIT_OBJECT_0 || got == WAIT_ABANDONED);
            found_abandoned += got == WAIT_ABANDONED;
            ck_assert_int_eq(inside[i], 0);
            ck_assert(ReleaseMutex(object[i]) && !ReleaseMutex(object[i]));
        } else {
            while (n <= MOST && WaitForSingleObject(object[i], 0) == WAIT_OBJECT_0)
                n++;
            ck_assert_int_eq(n, tokens[i]);
        }
        CloseHandle(object[i]);
    }
}

START_TEST(any_and_all)
{
    HANDLE thread[N_THREADS];
    make_objects();
    for (ULONG_PTR i = 0; i < N_THREADS; i++)
        thread[i] = CreateThread(NULL, 0, follows, (LPVOID)(i + 1), 0, NULL);
    ck_assert_uint_eq(WaitForMultipleObjects(N_THREADS, thread, TRUE, 2 * TIME), WAIT_OBJECT_0);
    for (int i = 0; i < N_THREADS; i++)
        CloseHandle(thread[i]);
    ck_assert_int_eq(wrong, 0);
    count_the_rest();
    ck_assert_int_gt(left_behind, 0);
    ck_assert_int_gt(found_abandoned, 0);
    ck_assert_int_le(found_abandoned, left_behind);
    ck_assert_int_gt(called, 0);
    ck_assert_int_le(called, queued);
    ck_assert_int_gt(pulses, 0);
    CloseHandle(pulsed);
    CloseHandle(process);
}
END_TEST

/* ---- Two that take turns by the quick ways alone ---- */

static HANDLE ping, pong;
static LONG ball; /* no atomics: the events order the accesses */

static DWORD WINAPI returns(LPVOID argument)
{
    (void)argument;
    for (LONG i = 0; i < TURNS; i++) {
        check(WaitForSingleObject(ping, TIME) == WAIT_OBJECT_0);
        check(ball++ == 2 * i + 1);
        check(SetEvent(pong));
    }
    return 0;
}

START_TEST(turns)
{
    ping = CreateEventA(NULL, FALSE, FALSE, NULL);
    pong = CreateEventA(NULL, FALSE, FALSE, NULL);
    HANDLE h = CreateThread(NULL, 0, returns, NULL, 0, NULL);
    for (LONG i = 0; i < TURNS; i++) {
        ck_assert_int_eq(ball++, 2 * i);
        ck_assert(SetEvent(ping));
        while (i % 2 && WaitForSingleObject(pong, 0) == WAIT_TIMEOUT)
            SwitchToThread();
        if (i % 2 == 0)
            ck_assert_uint_eq(WaitForSingleObject(pong, TIME), WAIT_OBJECT_0);
    }
    ck_assert_uint_eq(WaitForSingleObject(h, TIME), WAIT_OBJECT_0);
    ck_assert_int_eq(wrong, 0);
    CloseHandle(h);
    CloseHandle(ping);
    CloseHandle(pong);
}
END_TEST

/* ---- Handles that are closed while others use them ---- */

static HANDLE shared[2]; /* (a) a mutex, an event */
static BOOL stop;

static DWORD WINAPI uses(LPVOID argument)
{
    (void)argument;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        HANDLE m = __atomic_load_n(&shared[0], __ATOMIC_ACQUIRE);
        DWORD got = WaitForSingleObject(m, 0);
        if (got == WAIT_OBJECT_0)
            ReleaseMutex(m); /* or it is closed: left to the end of the thread */
        SetEvent(__atomic_load_n(&shared[1], __ATOMIC_ACQUIRE));
    }
    return 0;
}

/* What is new has the state that it was made with, whatever the old one's users still do. */
START_TEST(lives_apart)
{
    HANDLE thread[2];
    shared[0] = CreateMutexA(NULL, FALSE, NULL);
    shared[1] = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < 2; i++)
        thread[i] = CreateThread(NULL, 0, uses, NULL, 0, NULL);
    for (int i = 0; i < TURNS; i++) {
        HANDLE old[2] = {shared[0], shared[1]};
        CloseHandle(old[0]);
        CloseHandle(old[1]);
        HANDLE m = CreateMutexA(NULL, FALSE, NULL), e = CreateEventA(NULL, TRUE, FALSE, NULL);
        ck_assert_uint_eq(WaitForSingleObject(e, 0), WAIT_TIMEOUT);
        ck_assert_uint_eq(WaitForSingleObject(m, 0), WAIT_OBJECT_0);
        ck_assert(ReleaseMutex(m));
        __atomic_store_n(&shared[0], m, __ATOMIC_RELEASE);
        __atomic_store_n(&shared[1], e, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&stop, TRUE, __ATOMIC_RELEASE);
    ck_assert_uint_eq(WaitForMultipleObjects(2, thread, TRUE, TIME), WAIT_OBJECT_0);
    CloseHandle(shared[0]);
    CloseHandle(shared[1]);
    CloseHandle(thread[0]);
    CloseHandle(thread[1]);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_wait_stress", 60, &tc);
    tcase_add_test(tc, any_and_all);
    tcase_add_test(tc, turns);
    tcase_add_test(tc, lives_apart);
    return unit_run(suite);
}
