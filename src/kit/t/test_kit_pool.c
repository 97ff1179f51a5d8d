/* Pools of threads, their timers and waits, timer queues. */
#include <stdint.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static LONG volatile count, together, most_together;
static HANDLE go, done;

static LONG value(LONG volatile *at)
{
    return InterlockedCompareExchange(at, 0, 0);
}

static FILETIME in_ms(int ms)
{
    ULONGLONG t = (ULONGLONG)(-(LONGLONG)ms * 10000);
    FILETIME f = {(DWORD)t, (DWORD)(t >> 32)};
    return f;
}

static void WINAPI counts(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_WORK work)
{
    (void)instance;
    (void)work;
    InterlockedAdd(&count, (LONG)(LONG_PTR)context);
}

START_TEST(works)
{
    count = 0;
    PTP_WORK w = CreateThreadpoolWork(counts, (PVOID)(LONG_PTR)3, NULL);
    ck_assert_ptr_nonnull(w);
    for (int i = 0; i < 5000; i++)
        SubmitThreadpoolWork(w);
    WaitForThreadpoolWorkCallbacks(w, FALSE);
    ck_assert_int_eq(value(&count), 15000);
    SubmitThreadpoolWork(w);
    CloseThreadpoolWork(w); /* the callback still comes */
    for (int i = 0; i < 2000 && value(&count) != 15003; i++)
        Sleep(5);
    ck_assert_int_eq(value(&count), 15003);
    ck_assert_ptr_null(CreateThreadpoolWork(NULL, NULL, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

static void WINAPI blocks(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_WORK work)
{
    counts(instance, context, work);
    WaitForSingleObject(go, 20000);
}

/* Callbacks that wait for each other get as many threads as they are. */
START_TEST(blocked)
{
    count = 0;
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    PTP_WORK w = CreateThreadpoolWork(blocks, (PVOID)(LONG_PTR)1, NULL);
    for (int i = 0; i < 12; i++)
        SubmitThreadpoolWork(w);
    for (int i = 0; i < 4000 && value(&count) != 12; i++)
        Sleep(5);
    ck_assert_int_eq(value(&count), 12);
    SetEvent(go);
    WaitForThreadpoolWorkCallbacks(w, FALSE);
    CloseThreadpoolWork(w);
    CloseHandle(go);
}
END_TEST

static void WINAPI alone(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_WORK work)
{
    LONG n = InterlockedIncrement(&together);
    if (n > value(&most_together))
        InterlockedExchange(&most_together, n);
    Sleep(2);
    InterlockedDecrement(&together);
    counts(instance, context, work);
}

START_TEST(one_thread)
{
    TP_CALLBACK_ENVIRON e;
    PTP_POOL pool = CreateThreadpool(NULL);
    ck_assert_ptr_nonnull(pool);
    SetThreadpoolThreadMaximum(pool, 1);
    ck_assert(SetThreadpoolThreadMinimum(pool, 1));
    InitializeThreadpoolEnvironment(&e);
    SetThreadpoolCallbackPool(&e, pool);
    count = most_together = 0;
    PTP_WORK w = CreateThreadpoolWork(alone, (PVOID)(LONG_PTR)1, &e);
    for (int i = 0; i < 30; i++)
        SubmitThreadpoolWork(w);
    WaitForThreadpoolWorkCallbacks(w, FALSE);
    ck_assert_int_eq(value(&count), 30);
    ck_assert_int_eq(value(&most_together), 1);
    for (int i = 0; i < 30; i++)
        SubmitThreadpoolWork(w);
    WaitForThreadpoolWorkCallbacks(w, TRUE);
    ck_assert_int_lt(value(&count), 60);
    LONG so_far = value(&count);
    Sleep(50);
    ck_assert_int_eq(value(&count), so_far);
    CloseThreadpoolWork(w);
    CloseThreadpool(pool);
    DestroyThreadpoolEnvironment(&e);
}
END_TEST

static void WINAPI simple(PTP_CALLBACK_INSTANCE instance, PVOID context)
{
    SetEventWhenCallbackReturns(instance, (HANDLE)context);
    CallbackMayRunLong(instance);
    InterlockedIncrement(&count);
}

static DWORD WINAPI item(LPVOID context)
{
    return (DWORD)SetEvent((HANDLE)context);
}

START_TEST(single)
{
    count = 0;
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    ck_assert(TrySubmitThreadpoolCallback(simple, done, NULL));
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    ck_assert_int_eq(value(&count), 1);
    ck_assert(QueueUserWorkItem(item, done, WT_EXECUTELONGFUNCTION));
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    ck_assert(!QueueUserWorkItem(NULL, done, 0));
    CloseHandle(done);
}
END_TEST

static void WINAPI ticks(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_TIMER timer)
{
    (void)instance;
    (void)timer;
    InterlockedIncrement(&count);
    ReleaseSemaphore((HANDLE)context, 1, NULL);
}

START_TEST(timers)
{
    HANDLE n = CreateSemaphoreA(NULL, 0, 1000, NULL);
    FILETIME soon = in_ms(30), never = in_ms(100000);
    PTP_TIMER t = CreateThreadpoolTimer(ticks, n, NULL);
    ck_assert(t && !IsThreadpoolTimerSet(t));
    ULONGLONG start = GetTickCount64();
    SetThreadpoolTimer(t, &soon, 0, 0);
    ck_assert(IsThreadpoolTimerSet(t));
    ck_assert_uint_eq(WaitForSingleObject(n, 20000), WAIT_OBJECT_0);
    ck_assert_uint_ge(GetTickCount64() - start, 29);
    ck_assert_uint_eq(WaitForSingleObject(n, 30), WAIT_TIMEOUT);
    ck_assert(!SetThreadpoolTimerEx(t, &soon, 10, 0));
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(WaitForSingleObject(n, 20000), WAIT_OBJECT_0);
    ck_assert(SetThreadpoolTimerEx(t, NULL, 0, 0));
    WaitForThreadpoolTimerCallbacks(t, TRUE);
    while (WaitForSingleObject(n, 0) == WAIT_OBJECT_0)
        ;
    ck_assert_uint_eq(WaitForSingleObject(n, 50), WAIT_TIMEOUT);
    SetThreadpoolTimer(t, &never, 0, 0);
    CloseThreadpoolTimer(t);
    CloseHandle(n);
}
END_TEST

static DWORD volatile result;

static void WINAPI waited(PTP_CALLBACK_INSTANCE instance, PVOID context, PTP_WAIT wait,
                          TP_WAIT_RESULT how)
{
    (void)instance;
    result = how;
    InterlockedIncrement(&count);
    if (context)
        SetThreadpoolWait(wait, (HANDLE)context, NULL); /* again */
    SetEvent(done);
}

START_TEST(waits)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
    FILETIME soon = in_ms(20);
    count = 0;
    done = CreateEventA(NULL, FALSE, FALSE, NULL);
    PTP_WAIT w = CreateThreadpoolWait(waited, NULL, NULL);
    SetThreadpoolWait(w, event, NULL);
    ck_assert_uint_eq(WaitForSingleObject(done, 20), WAIT_TIMEOUT);
    SetEvent(event);
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    ck_assert_uint_eq(result, WAIT_OBJECT_0);
    ck_assert(!SetThreadpoolWaitEx(w, event, &soon, NULL));
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    ck_assert_uint_eq(result, WAIT_TIMEOUT);
    SetThreadpoolWait(w, event, NULL);
    ck_assert(SetThreadpoolWaitEx(w, NULL, NULL, NULL));
    SetEvent(event);
    WaitForThreadpoolWaitCallbacks(w, FALSE);
    ck_assert_int_eq(value(&count), 2);
    CloseThreadpoolWait(w);
    w = CreateThreadpoolWait(waited, event, NULL);
    SetThreadpoolWait(w, event, NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
        SetEvent(event);
    }
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    WaitForThreadpoolWaitCallbacks(w, TRUE);
    CloseThreadpoolWait(w);
    CloseHandle(event);
    CloseHandle(done);
}
END_TEST

static LONG volatile n_cancelled;

static void WINAPI cancelled(PVOID object, PVOID cleanup)
{
    (void)object;
    InterlockedAdd(&n_cancelled, (LONG)(LONG_PTR)cleanup);
}

START_TEST(groups)
{
    TP_CALLBACK_ENVIRON e;
    FILETIME soon = in_ms(5);
    HANDLE n = CreateSemaphoreA(NULL, 0, 1000, NULL);
    PTP_CLEANUP_GROUP group = CreateThreadpoolCleanupGroup();
    InitializeThreadpoolEnvironment(&e);
    SetThreadpoolCallbackCleanupGroup(&e, group, cancelled);
    count = n_cancelled = 0;
    PTP_WORK w = CreateThreadpoolWork(counts, (PVOID)(LONG_PTR)1, &e);
    for (int i = 0; i < 100; i++)
        SubmitThreadpoolWork(w);
    CloseThreadpoolCleanupGroupMembers(group, FALSE, NULL);
    ck_assert_int_eq(value(&count), 100);
    ck_assert_int_eq(value(&n_cancelled), 0);
    PTP_TIMER t = CreateThreadpoolTimer(ticks, n, &e);
    CreateThreadpoolWork(counts, NULL, &e);
    SetThreadpoolTimer(t, &soon, 1, 0);
    Sleep(20);
    CloseThreadpoolCleanupGroupMembers(group, TRUE, (PVOID)(LONG_PTR)5);
    ck_assert_int_eq(value(&n_cancelled), 10);
    LONG so_far = value(&count);
    Sleep(20);
    ck_assert_int_eq(value(&count), so_far);
    CloseThreadpoolCleanupGroup(group);
    CloseHandle(n);
}
END_TEST

static void WINAPI rings(PVOID context, BOOLEAN fired)
{
    if (fired)
        ReleaseSemaphore((HANDLE)context, 1, NULL);
    if (go)
        WaitForSingleObject(go, 20000);
}

START_TEST(queues)
{
    HANDLE n = CreateSemaphoreA(NULL, 0, 1000, NULL), q = CreateTimerQueue(), t, other;
    go = NULL;
    ck_assert(CreateTimerQueueTimer(&t, q, rings, n, 10, 10, 0));
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(WaitForSingleObject(n, 20000), WAIT_OBJECT_0);
    ck_assert(ChangeTimerQueueTimer(q, t, 100000, 0));
    ck_assert(!DeleteTimerQueueTimer(NULL, t, NULL)); /* it is of another queue */
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(DeleteTimerQueueTimer(q, t, INVALID_HANDLE_VALUE));
    ck_assert(!DeleteTimerQueueTimer(q, t, NULL));
    ck_assert(!CreateTimerQueueTimer(&t, (HANDLE)n, rings, n, 0, 0, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!CreateTimerQueueTimer(&t, NULL, rings, n, 0, 5, WT_EXECUTEONLYONCE));
    while (WaitForSingleObject(n, 0) == WAIT_OBJECT_0)
        ;
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    done = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert(CreateTimerQueueTimer(&t, NULL, rings, n, 0, 0, WT_EXECUTEONLYONCE));
    ck_assert(CreateTimerQueueTimer(&other, q, rings, n, 100000, 0, 0));
    ck_assert_uint_eq(WaitForSingleObject(n, 20000), WAIT_OBJECT_0);
    ck_assert(!DeleteTimerQueueTimer(NULL, t, done));
    ck_assert_uint_eq(GetLastError(), ERROR_IO_PENDING);
    ck_assert_uint_eq(WaitForSingleObject(done, 20), WAIT_TIMEOUT);
    SetEvent(go);
    ck_assert_uint_eq(WaitForSingleObject(done, 20000), WAIT_OBJECT_0);
    ck_assert(DeleteTimerQueueEx(q, INVALID_HANDLE_VALUE));
    ck_assert(!DeleteTimerQueue(q) && GetLastError() == ERROR_INVALID_HANDLE);
    CloseHandle(go);
    CloseHandle(done);
    CloseHandle(n);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_pool", 60, &tc);
    tcase_add_test(tc, works);
    tcase_add_test(tc, blocked);
    tcase_add_test(tc, one_thread);
    tcase_add_test(tc, single);
    tcase_add_test(tc, timers);
    tcase_add_test(tc, waits);
    tcase_add_test(tc, groups);
    tcase_add_test(tc, queues);
    return unit_run(suite);
}
