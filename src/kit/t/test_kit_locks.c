/* Locks without handles: critical sections, slim locks, condition variables, addresses, one-time
 * initialisation. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define N_THREADS 4
#define N_ROUNDS 20000

static void run_all(LPTHREAD_START_ROUTINE routine)
{
    HANDLE thread[N_THREADS];
    for (ULONG_PTR i = 0; i < N_THREADS; i++)
        thread[i] = CreateThread(NULL, 0, routine, (LPVOID)i, 0, NULL);
    ck_assert_uint_eq(WaitForMultipleObjects(N_THREADS, thread, TRUE, 50000), WAIT_OBJECT_0);
    for (unsigned i = 0; i < N_THREADS; i++) {
        DWORD code = 1;
        ck_assert(GetExitCodeThread(thread[i], &code) && code == 0);
        CloseHandle(thread[i]);
    }
}

static DWORD in_thread(LPTHREAD_START_ROUTINE routine)
{
    DWORD code = 0;
    HANDLE h = CreateThread(NULL, 0, routine, NULL, 0, NULL);
    WaitForSingleObject(h, 20000);
    GetExitCodeThread(h, &code);
    CloseHandle(h);
    return code;
}

static CRITICAL_SECTION section;
static SRWLOCK lock = SRWLOCK_INIT;
static volatile LONG64 value;

static DWORD WINAPI counts_in_section(LPVOID argument)
{
    for (int i = 0; i < N_ROUNDS; i++) {
        EnterCriticalSection(&section);
        EnterCriticalSection(&section);
        value++;
        LeaveCriticalSection(&section);
        LeaveCriticalSection(&section);
    }
    (void)argument;
    return 0;
}

static DWORD WINAPI tries_section(LPVOID argument)
{
    (void)argument;
    BOOL got = TryEnterCriticalSection(&section);
    if (got)
        LeaveCriticalSection(&section);
    return (DWORD)got;
}

START_TEST(critical_sections)
{
    InitializeCriticalSection(&section);
    ck_assert_uint_eq(in_thread(tries_section), TRUE);
    EnterCriticalSection(&section);
    ck_assert_int_eq(section.RecursionCount, 1);
    ck_assert(section.OwningThread == (HANDLE)(ULONG_PTR)GetCurrentThreadId());
    ck_assert(TryEnterCriticalSection(&section));
    ck_assert_int_eq(section.RecursionCount, 2);
    LeaveCriticalSection(&section);
    ck_assert_uint_eq(in_thread(tries_section), FALSE);
    LeaveCriticalSection(&section);
    ck_assert_int_eq(section.LockCount, -1);
    ck_assert_uint_eq(in_thread(tries_section), TRUE);
    DeleteCriticalSection(&section);
    ck_assert(InitializeCriticalSectionAndSpinCount(&section, 4000));
    ck_assert_uint_eq(SetCriticalSectionSpinCount(&section, 10), 4000);
    value = 0;
    run_all(counts_in_section);
    ck_assert_int_eq(value, N_THREADS * N_ROUNDS);
    DeleteCriticalSection(&section);
    ck_assert(InitializeCriticalSectionEx(&section, 0, CRITICAL_SECTION_NO_DEBUG_INFO));
    ck_assert(!InitializeCriticalSectionEx(&section, 0, 1));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

static volatile LONG64 shadow;

static DWORD WINAPI reads_and_writes(LPVOID argument)
{
    DWORD bad = 0;
    for (ULONG_PTR i = (ULONG_PTR)argument; i < N_ROUNDS; i++) {
        if (i % 4 == 0) {
            AcquireSRWLockExclusive(&lock);
            value++;
            bad += shadow + 1 != value;
            shadow = value;
            ReleaseSRWLockExclusive(&lock);
        } else {
            AcquireSRWLockShared(&lock);
            bad += shadow != value;
            ReleaseSRWLockShared(&lock);
        }
    }
    return bad;
}

static DWORD WINAPI tries_lock(LPVOID argument)
{
    (void)argument;
    DWORD got = 0;
    if (TryAcquireSRWLockShared(&lock)) {
        ReleaseSRWLockShared(&lock);
        got |= 1;
    }
    if (TryAcquireSRWLockExclusive(&lock)) {
        ReleaseSRWLockExclusive(&lock);
        got |= 2;
    }
    return got;
}

START_TEST(slim_locks)
{
    ck_assert_uint_eq(in_thread(tries_lock), 3);
    AcquireSRWLockShared(&lock);
    ck_assert_uint_eq(in_thread(tries_lock), 1);
    AcquireSRWLockShared(&lock);
    ReleaseSRWLockShared(&lock);
    ReleaseSRWLockShared(&lock);
    AcquireSRWLockExclusive(&lock);
    ck_assert_uint_eq(in_thread(tries_lock), 0);
    ReleaseSRWLockExclusive(&lock);
    ck_assert_ptr_null(lock.Ptr);
    value = shadow = 0;
    run_all(reads_and_writes);
    ck_assert_int_eq(value, shadow);
    ck_assert_ptr_null(lock.Ptr);
}
END_TEST

static CONDITION_VARIABLE not_empty = CONDITION_VARIABLE_INIT, not_full = CONDITION_VARIABLE_INIT;
static int queued;
static LONG64 taken;

/* Half the threads put, the others take, through a queue of 3. */
static DWORD WINAPI passes_on(LPVOID argument)
{
    bool puts = (ULONG_PTR)argument % 2;
    for (int i = 0; i < N_ROUNDS / 4; i++) {
        AcquireSRWLockExclusive(&lock);
        while (puts ? queued == 3 : queued == 0)
            SleepConditionVariableSRW(puts ? &not_full : &not_empty, &lock, INFINITE, 0);
        queued += puts ? 1 : -1;
        taken += !puts;
        ReleaseSRWLockExclusive(&lock);
        WakeConditionVariable(puts ? &not_empty : &not_full);
    }
    return 0;
}

static DWORD WINAPI waits_in_section(LPVOID argument)
{
    EnterCriticalSection(&section);
    queued++;
    while (queued >= 0)
        SleepConditionVariableCS(&not_empty, &section, INFINITE);
    LeaveCriticalSection(&section);
    (void)argument;
    return 0;
}

START_TEST(condition_variables)
{
    HANDLE thread[N_THREADS];
    run_all(passes_on);
    ck_assert_int_eq(taken, N_THREADS / 2 * (N_ROUNDS / 4));
    ck_assert_int_eq(queued, 0);
    InitializeCriticalSection(&section);
    for (int i = 0; i < N_THREADS; i++)
        thread[i] = CreateThread(NULL, 0, waits_in_section, NULL, 0, NULL);
    EnterCriticalSection(&section);
    while (queued < N_THREADS) {
        ck_assert(!SleepConditionVariableCS(&not_full, &section, 1));
        ck_assert_uint_eq(GetLastError(), ERROR_TIMEOUT);
    }
    queued = -1;
    LeaveCriticalSection(&section);
    WakeAllConditionVariable(&not_empty);
    ck_assert_uint_eq(WaitForMultipleObjects(N_THREADS, thread, TRUE, 20000), WAIT_OBJECT_0);
    AcquireSRWLockShared(&lock);
    ck_assert(!SleepConditionVariableSRW(&not_full, &lock, 5, CONDITION_VARIABLE_LOCKMODE_SHARED));
    ck_assert_uint_eq(GetLastError(), ERROR_TIMEOUT);
    ReleaseSRWLockShared(&lock);
    ck_assert_ptr_null(lock.Ptr);
    ck_assert(!SleepConditionVariableSRW(&not_full, &lock, 5, 2));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    for (int i = 0; i < N_THREADS; i++)
        CloseHandle(thread[i]);
}
END_TEST

static BYTE turn[16];

/* Each thread waits for its number in a byte, and passes it on. */
static DWORD WINAPI takes_turns(LPVOID argument)
{
    BYTE mine = (BYTE)(ULONG_PTR)argument, next = (BYTE)((mine + 1) % N_THREADS);
    for (int i = 0; i < 2000; i++) {
        BYTE seen;
        while ((seen = __atomic_load_n(&turn[3], __ATOMIC_SEQ_CST)) != mine)
            if (!WaitOnAddress(&turn[3], &seen, 1, 20000))
                return 1;
        __atomic_store_n(&turn[3], next, __ATOMIC_SEQ_CST);
        WakeByAddressAll(&turn[3]);
    }
    return 0;
}

START_TEST(addresses)
{
    LONG64 word = 5, same = 5, other = 6;
    for (SIZE_T size = 1; size <= 8; size *= 2) {
        ck_assert(WaitOnAddress(&word, &other, size, INFINITE));
        ck_assert(!WaitOnAddress(&word, &same, size, 5));
        ck_assert_uint_eq(GetLastError(), ERROR_TIMEOUT);
    }
    ck_assert(!WaitOnAddress(&word, &same, 3, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    WakeByAddressSingle(&word);
    run_all(takes_turns);
    ck_assert_uint_eq(turn[2], 0);
    ck_assert_uint_eq(turn[4], 0);
}
END_TEST

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static volatile LONG n_runs;
static LONG fails;

static BOOL WINAPI initialise(PINIT_ONCE o, PVOID argument, PVOID *context)
{
    (void)o;
    Sleep(20);
    __atomic_fetch_add(&n_runs, 1, __ATOMIC_SEQ_CST);
    if (__atomic_fetch_sub(&fails, 1, __ATOMIC_SEQ_CST) > 0) {
        SetLastError(12345);
        return FALSE;
    }
    *context = argument;
    return TRUE;
}

static DWORD WINAPI needs_it(LPVOID argument)
{
    LPVOID context = NULL;
    (void)argument;
    while (!InitOnceExecuteOnce(&once, initialise, (PVOID)0x1000, &context))
        if (GetLastError() != 12345)
            return 1;
    return context != (LPVOID)0x1000;
}

START_TEST(one_time_initialisation)
{
    BOOL pending = FALSE;
    LPVOID context = NULL;
    ck_assert(!InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_GEN_FAILURE);
    fails = 2;
    run_all(needs_it);
    ck_assert_int_eq(n_runs, 3);
    ck_assert(InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, &context));
    ck_assert(!pending && context == (LPVOID)0x1000);
    ck_assert(!InitOnceComplete(&once, 0, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_GEN_FAILURE);
    InitOnceInitialize(&once);
    ck_assert(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, NULL) && pending);
    ck_assert(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, NULL) && pending);
    ck_assert(!InitOnceBeginInitialize(&once, 0, &pending, NULL));
    ck_assert(!InitOnceComplete(&once, INIT_ONCE_ASYNC, (LPVOID)0x1001)); /* low bits are not its */
    ck_assert(InitOnceComplete(&once, INIT_ONCE_ASYNC, (LPVOID)0x2000));
    ck_assert(!InitOnceComplete(&once, INIT_ONCE_ASYNC, (LPVOID)0x3000));
    ck_assert(InitOnceBeginInitialize(&once, 0, &pending, &context));
    ck_assert(!pending && context == (LPVOID)0x2000);
    ck_assert(!InitOnceBeginInitialize(&once, 8, &pending, NULL));
}
END_TEST

START_TEST(sleeping)
{
    ULONGLONG start = GetTickCount64();
    Sleep(60);
    ck_assert_uint_eq(SleepEx(60, TRUE), 0);
    Sleep(0);
    ck_assert_uint_ge(GetTickCount64() - start, 119);
    ck_assert(SwitchToThread() == TRUE);
}
END_TEST

/* Each round has one last thread, and nobody is a round ahead. */
static SYNCHRONIZATION_BARRIER barrier;
static int rounds_in[500], lasts, torn;

static void *walk(void *flags)
{
    for (int i = 0; i < 500; i++) {
        __atomic_add_fetch(&rounds_in[i], 1, __ATOMIC_RELAXED);
        if (EnterSynchronizationBarrier(&barrier, (DWORD)(uintptr_t)flags))
            __atomic_add_fetch(&lasts, 1, __ATOMIC_RELAXED);
        if (__atomic_load_n(&rounds_in[i], __ATOMIC_RELAXED) != 3)
            __atomic_add_fetch(&torn, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

START_TEST(barriers)
{
    pthread_t t[2];
    ck_assert(!InitializeSynchronizationBarrier(&barrier, 0, -1));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(InitializeSynchronizationBarrier(&barrier, 1, 0));
    ck_assert(EnterSynchronizationBarrier(&barrier, 0));
    ck_assert(DeleteSynchronizationBarrier(&barrier));
    ck_assert(InitializeSynchronizationBarrier(&barrier, 3, -1));
    for (uintptr_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, walk, (void *)(2 * i)), 0);
    walk(NULL);
    ck_assert(DeleteSynchronizationBarrier(&barrier));
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    ck_assert_int_eq(lasts, 500);
    ck_assert_int_eq(torn, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_locks", 120, &tc);
    tcase_add_test(tc, critical_sections);
    tcase_add_test(tc, slim_locks);
    tcase_add_test(tc, condition_variables);
    tcase_add_test(tc, addresses);
    tcase_add_test(tc, one_time_initialisation);
    tcase_add_test(tc, sleeping);
    tcase_add_test(tc, barriers);
    return unit_run(suite);
}
