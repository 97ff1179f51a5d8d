/* Events, mutexes, semaphores, and waits for several objects. */
#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static HANDLE event_of(BOOL manual, BOOL set)
{
    HANDLE h = CreateEventA(NULL, manual, set, NULL);
    ck_assert_ptr_nonnull(h);
    return h;
}

static HANDLE run(LPTHREAD_START_ROUTINE routine, LPVOID argument)
{
    HANDLE h = CreateThread(NULL, 0, routine, argument, 0, NULL);
    ck_assert_ptr_nonnull(h);
    return h;
}

static void finish(HANDLE thread)
{
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    CloseHandle(thread);
}

START_TEST(events)
{
    HANDLE manual = event_of(TRUE, TRUE), automatic = event_of(FALSE, TRUE);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(automatic, 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(automatic, 0), WAIT_TIMEOUT);
    ck_assert(SetEvent(automatic) && SetEvent(automatic));
    ck_assert_uint_eq(WaitForSingleObjectEx(automatic, 0, TRUE), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(automatic, 10), WAIT_TIMEOUT);
    ck_assert(ResetEvent(manual));
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_TIMEOUT);
    CloseHandle(manual);
    ck_assert_uint_eq(WaitForSingleObject(manual, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    CloseHandle(automatic);
    HANDLE weak = CreateEventExW(NULL, NULL, CREATE_EVENT_INITIAL_SET, SYNCHRONIZE);
    ck_assert(!SetEvent(weak));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(WaitForSingleObject(weak, 0), WAIT_OBJECT_0);
    CloseHandle(weak);
}
END_TEST

START_TEST(time_out)
{
    HANDLE h = event_of(FALSE, FALSE);
    ULONGLONG start = GetTickCount64();
    ck_assert_uint_eq(WaitForSingleObject(h, 100), WAIT_TIMEOUT);
    ck_assert_uint_ge(GetTickCount64() - start, 99);
    ck_assert_uint_lt(GetTickCount64() - start, 5000);
    CloseHandle(h);
}
END_TEST

static HANDLE go, went;

static DWORD WINAPI waits_once(LPVOID argument)
{
    (void)argument;
    if (WaitForSingleObject(go, 20000) == WAIT_OBJECT_0)
        ReleaseSemaphore(went, 1, NULL);
    return 0;
}

/* An event that resets itself lets one thread go for each time it is set. */
START_TEST(one_for_each)
{
    HANDLE thread[4];
    go = event_of(FALSE, FALSE);
    went = CreateSemaphoreA(NULL, 0, 100, NULL);
    for (int i = 0; i < 4; i++)
        thread[i] = run(waits_once, NULL);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(WaitForSingleObject(went, 30), WAIT_TIMEOUT);
        SetEvent(go);
        ck_assert_uint_eq(WaitForSingleObject(went, 20000), WAIT_OBJECT_0);
    }
    for (int i = 0; i < 4; i++)
        finish(thread[i]);
    CloseHandle(go);
    CloseHandle(went);
}
END_TEST

static HANDLE mutex;
static int counter;

static DWORD WINAPI counts(LPVOID argument)
{
    for (int i = 0; i < 5000; i++) {
        WaitForSingleObject(mutex, INFINITE);
        counter++;
        ReleaseMutex(mutex);
    }
    (void)argument;
    return 0;
}

static DWORD WINAPI tries(LPVOID argument)
{
    (void)argument;
    DWORD got = WaitForSingleObject(mutex, 0);
    BOOL released = ReleaseMutex(mutex);
    return got == WAIT_TIMEOUT && !released && GetLastError() == ERROR_NOT_OWNER;
}

START_TEST(mutexes)
{
    HANDLE thread[4];
    DWORD code;
    mutex = CreateMutexA(NULL, TRUE, NULL);
    ck_assert_uint_eq(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    HANDLE other = run(tries, NULL);
    ck_assert_uint_eq(WaitForSingleObject(other, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(other, &code) && code == TRUE);
    ck_assert(ReleaseMutex(mutex) && ReleaseMutex(mutex) && !ReleaseMutex(mutex));
    for (int i = 0; i < 4; i++)
        thread[i] = run(counts, NULL);
    for (int i = 0; i < 4; i++)
        finish(thread[i]);
    ck_assert_int_eq(counter, 20000);
    CloseHandle(other);
    CloseHandle(mutex);
}
END_TEST

static DWORD WINAPI keeps(LPVOID argument)
{
    (void)argument;
    WaitForSingleObject(mutex, INFINITE);
    return 0;
}

START_TEST(abandoned)
{
    HANDLE set = event_of(TRUE, TRUE);
    mutex = CreateMutexW(NULL, FALSE, NULL);
    finish(run(keeps, NULL));
    ck_assert_uint_eq(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
    ck_assert_uint_eq(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
    ck_assert(ReleaseMutex(mutex) && ReleaseMutex(mutex));
    finish(run(keeps, NULL));
    HANDLE both[2] = {set, mutex};
    ck_assert_uint_eq(WaitForMultipleObjects(2, both, TRUE, 0), WAIT_ABANDONED_0 + 1);
    CloseHandle(mutex); /* owned and without a handle: its thread's end frees it */
    mutex = CreateMutexW(NULL, FALSE, NULL);
    HANDLE alone[1] = {mutex};
    finish(run(keeps, NULL));
    ck_assert_uint_eq(WaitForMultipleObjects(1, alone, FALSE, 0), WAIT_ABANDONED_0);
    CloseHandle(mutex);
    CloseHandle(set);
}
END_TEST

#define N_OWNED 4
static HANDLE owned[N_OWNED];

/* Ends with all but those that the bits of the argument name; the first once more. */
static DWORD WINAPI owns_several(LPVOID argument)
{
    uintptr_t released = (uintptr_t)argument;
    for (int i = 0; i < N_OWNED; i++)
        WaitForSingleObject(owned[i], INFINITE);
    WaitForSingleObject(owned[0], INFINITE);
    for (int i = 0; i < N_OWNED; i++)
        if (released >> i & 1)
            while (ReleaseMutex(owned[i]))
                continue;
    return 0;
}

START_TEST(several_abandoned)
{
    for (int i = 0; i < N_OWNED; i++)
        owned[i] = CreateMutexA(NULL, FALSE, NULL);
    for (uintptr_t released = 0; released < 1u << N_OWNED; released++) {
        finish(run(owns_several, (LPVOID)released));
        for (int i = 0; i < N_OWNED; i++) {
            DWORD expected = released >> i & 1 ? WAIT_OBJECT_0 : WAIT_ABANDONED;
            ck_assert_uint_eq(WaitForSingleObject(owned[i], 0), expected);
            ck_assert(ReleaseMutex(owned[i]) && !ReleaseMutex(owned[i]));
        }
    }
    for (int i = 0; i < N_OWNED; i++)
        CloseHandle(owned[i]);
}
END_TEST

/* What a thread has found out about a handle is asked again when the handle changes. */
START_TEST(used_handles)
{
    ck_assert(!SetEvent(NULL) && WaitForSingleObject(NULL, 0) == WAIT_FAILED);
    HANDLE h = event_of(TRUE, TRUE), less, wrong = CreateSemaphoreA(NULL, 1, 1, NULL);
    ck_assert(
        DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &less, SYNCHRONIZE, FALSE, 0));
    ck_assert(WaitForSingleObject(less, 0) == WAIT_OBJECT_0 && !ResetEvent(less));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert_uint_eq(WaitForSingleObject(wrong, 0), WAIT_OBJECT_0);
    ck_assert(!SetEvent(wrong) && !ReleaseMutex(wrong));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(SetHandleInformation(h, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    ck_assert(ResetEvent(h) && SetEvent(h) && CloseHandle(h));
    ck_assert(!SetEvent(h) && WaitForSingleObject(h, 0) == WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_uint_eq(WaitForSingleObject(less, 0), WAIT_OBJECT_0);
    CloseHandle(less);
    CloseHandle(wrong);
    for (int i = 0; i < 2000; i++) { /* the generations of a place come again */
        h = event_of(FALSE, i & 1);
        ck_assert_uint_eq(WaitForSingleObject(h, 0), i & 1 ? WAIT_OBJECT_0 : WAIT_TIMEOUT);
        ck_assert(SetEvent(h) && WaitForSingleObject(h, 0) == WAIT_OBJECT_0 && CloseHandle(h));
    }
    ck_assert(WaitForSingleObject((HANDLE)((uintptr_t)h | 1), 0) == WAIT_FAILED);
}
END_TEST

START_TEST(semaphores)
{
    LONG before = 0;
    HANDLE h = CreateSemaphoreW(NULL, 2, 3, NULL);
    ck_assert_uint_eq(WaitForSingleObject(h, 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(h, 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(h, 0), WAIT_TIMEOUT);
    ck_assert(ReleaseSemaphore(h, 1, &before) && before == 0);
    ck_assert(ReleaseSemaphore(h, 2, &before) && before == 1);
    ck_assert(!ReleaseSemaphore(h, 1, &before));
    ck_assert_uint_eq(GetLastError(), ERROR_TOO_MANY_POSTS);
    ck_assert(!ReleaseSemaphore(h, 0, &before));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    CloseHandle(h);
    ck_assert_ptr_null(CreateSemaphoreA(NULL, 2, 1, NULL));
    ck_assert_ptr_null(CreateSemaphoreA(NULL, -1, 1, NULL));
    ck_assert_ptr_null(CreateSemaphoreA(NULL, 0, 0, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(any)
{
    HANDLE h[64];
    for (unsigned i = 0; i < 64; i++)
        h[i] = event_of(FALSE, i == 20 || i == 63);
    ck_assert_uint_eq(WaitForMultipleObjects(64, h, FALSE, 0), WAIT_OBJECT_0 + 20);
    ck_assert_uint_eq(WaitForMultipleObjects(64, h, FALSE, 0), WAIT_OBJECT_0 + 63);
    ck_assert_uint_eq(WaitForMultipleObjects(64, h, FALSE, 10), WAIT_TIMEOUT);
    HANDLE twice[2] = {h[0], h[0]};
    SetEvent(h[0]);
    ck_assert_uint_eq(WaitForMultipleObjects(2, twice, FALSE, 0), WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForMultipleObjects(2, twice, TRUE, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(WaitForMultipleObjects(0, h, FALSE, 0), WAIT_FAILED);
    ck_assert_uint_eq(WaitForMultipleObjects(65, h, FALSE, 0), WAIT_FAILED);
    HANDLE kept = h[5];
    h[5] = NULL;
    ck_assert_uint_eq(WaitForMultipleObjects(64, h, FALSE, 0), WAIT_FAILED);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    h[5] = kept;
    for (unsigned i = 0; i < 64; i++)
        CloseHandle(h[i]);
}
END_TEST

static HANDLE pair[2];

static DWORD WINAPI waits_for_both(LPVOID argument)
{
    (void)argument;
    return WaitForMultipleObjects(2, pair, TRUE, 20000);
}

/* A wait for all takes nothing until it can take everything. */
START_TEST(all)
{
    DWORD code = 1;
    pair[0] = event_of(FALSE, TRUE);
    pair[1] = CreateSemaphoreA(NULL, 0, 5, NULL);
    HANDLE thread = run(waits_for_both, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, 50), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(pair[0], 0), WAIT_OBJECT_0); /* still there */
    ReleaseSemaphore(pair[1], 2, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, 50), WAIT_TIMEOUT);
    SetEvent(pair[0]);
    ck_assert_uint_eq(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(thread, &code) && code == WAIT_OBJECT_0);
    ck_assert_uint_eq(WaitForSingleObject(pair[0], 0), WAIT_TIMEOUT);
    ck_assert_uint_eq(WaitForSingleObject(pair[1], 0), WAIT_OBJECT_0); /* one of two is left */
    ck_assert_uint_eq(WaitForSingleObject(pair[1], 0), WAIT_TIMEOUT);
    CloseHandle(thread);
    CloseHandle(pair[0]);
    CloseHandle(pair[1]);
}
END_TEST

static HANDLE forks[5];
static int meals[5];

static DWORD WINAPI dines(LPVOID argument)
{
    ULONG_PTR i = (ULONG_PTR)argument;
    HANDLE two[2] = {forks[i], forks[(i + 1) % 5]};
    for (int n = 0; n < 500; n++) {
        if (WaitForMultipleObjects(2, two, TRUE, 20000) != WAIT_OBJECT_0)
            return 1;
        meals[i]++;
        ReleaseMutex(two[n % 2]);
        ReleaseMutex(two[1 - n % 2]);
    }
    return 0;
}

START_TEST(philosophers)
{
    HANDLE thread[5];
    for (ULONG_PTR i = 0; i < 5; i++)
        forks[i] = CreateMutexA(NULL, FALSE, NULL);
    for (ULONG_PTR i = 0; i < 5; i++)
        thread[i] = run(dines, (LPVOID)i);
    ck_assert_uint_eq(WaitForMultipleObjects(5, thread, TRUE, 40000), WAIT_OBJECT_0);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(meals[i], 500);
        CloseHandle(thread[i]);
        CloseHandle(forks[i]);
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_wait", 60, &tc);
    tcase_add_test(tc, events);
    tcase_add_test(tc, time_out);
    tcase_add_test(tc, one_for_each);
    tcase_add_test(tc, mutexes);
    tcase_add_test(tc, abandoned);
    tcase_add_test(tc, several_abandoned);
    tcase_add_test(tc, used_handles);
    tcase_add_test(tc, semaphores);
    tcase_add_test(tc, any);
    tcase_add_test(tc, all);
    tcase_add_test(tc, philosophers);
    return unit_run(suite);
}
