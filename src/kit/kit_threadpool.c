/* The thread pools of threadpoolapiset.h: works, timers, single callbacks, groups.
 *
 * Terms   environment = what TP_CALLBACK_ENVIRON says; group = jobs that are closed together.
 * I1      TP_POOL, TP_WORK and TP_TIMER are the records of kit_pool.h.
 * I2      A job is in its group's ring until it is given back or taken out to be closed.
 * Locking: the pools' lock.   Failure: nothing is made.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_threadpool.h"

#define NS_PER_MS UINT64_C(1000000)

typedef void(WVM_OWN_CALL *own_simple_fn)(PTP_CALLBACK_INSTANCE, PVOID);
typedef void(WVM_WINDOWS_CALL *ms_simple_fn)(PTP_CALLBACK_INSTANCE, PVOID);
typedef void(WVM_OWN_CALL *own_object_fn)(PTP_CALLBACK_INSTANCE, PVOID, PVOID);
typedef void(WVM_WINDOWS_CALL *ms_object_fn)(PTP_CALLBACK_INSTANCE, PVOID, PVOID);
typedef void(WVM_OWN_CALL *own_cancel_fn)(PVOID, PVOID);
typedef void(WVM_WINDOWS_CALL *ms_cancel_fn)(PVOID, PVOID);

struct _TP_CLEANUP_GROUP {
    struct wvm_kit_links members; /* first; the pools' lock */
};
static struct wvm_kit_store groups = {.size = sizeof(struct _TP_CLEANUP_GROUP)};

static struct wvm_kit_pool *pool_of(PTP_POOL pool)
{
    return (struct wvm_kit_pool *)pool;
}

/* ---- Pools ---- */

PTP_POOL wvm_kit_CreateThreadpool(PVOID reserved)
{
    if (reserved) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return (PTP_POOL)wvm_kit_pool_new();
}

VOID wvm_kit_CloseThreadpool(PTP_POOL pool)
{
    wvm_kit_pool_close(pool_of(pool));
}

VOID wvm_kit_SetThreadpoolThreadMaximum(PTP_POOL pool, DWORD most)
{
    wvm_kit_lock(&wvm_kit_pools);
    pool_of(pool)->most = most > 0 ? most : 1;
    if (pool_of(pool)->least > pool_of(pool)->most)
        pool_of(pool)->least = pool_of(pool)->most;
    wvm_kit_unlock(&wvm_kit_pools);
}

BOOL wvm_kit_SetThreadpoolThreadMinimum(PTP_POOL pool, DWORD least)
{
    wvm_kit_lock(&wvm_kit_pools);
    pool_of(pool)->least = least;
    if (pool_of(pool)->most < least)
        pool_of(pool)->most = least;
    wvm_kit_unlock(&wvm_kit_pools);
    return TRUE;
}

/* ---- Jobs ---- */

static void call_object(struct wvm_kit_job *job, PTP_CALLBACK_INSTANCE instance)
{
    if (job->function.ms)
        ((ms_object_fn)(uintptr_t)job->function.ms)(instance, job->context, job);
    else
        ((own_object_fn)(uintptr_t)job->function.own)(instance, job->context, job);
}

static void call_simple(struct wvm_kit_job *job, PTP_CALLBACK_INSTANCE instance)
{
    if (job->function.ms)
        ((ms_simple_fn)(uintptr_t)job->function.ms)(instance, job->context);
    else
        ((own_simple_fn)(uintptr_t)job->function.own)(instance, job->context);
}

static void obey(struct wvm_kit_job *job, const TP_CALLBACK_ENVIRON *e)
{
    void *cancelled = (void *)(uintptr_t)e->CleanupGroupCancelCallback;
    job->takes_long = e->u.s.LongFunction;
    job->urgent = e->Version >= 3 && e->CallbackPriority == TP_CALLBACK_PRIORITY_HIGH;
    job->cancelled = wvm_kit_function_of(cancelled, job->function.ms != NULL);
    if (!e->CleanupGroup)
        return;
    wvm_kit_lock(&wvm_kit_pools);
    wvm_kit_link(&e->CleanupGroup->members, &job->member);
    wvm_kit_unlock(&wvm_kit_pools);
}

struct wvm_kit_job *wvm_kit_job_make(struct wvm_kit_function function, PVOID context,
                                     PTP_CALLBACK_ENVIRON e)
{
    struct wvm_kit_job *job = NULL;
    if (!function.own && !function.ms)
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
    else
        job = wvm_kit_job_new(e ? pool_of(e->Pool) : NULL);
    if (!job)
        return NULL;
    job->function = function;
    job->context = context;
    job->call = call_object;
    if (e)
        obey(job, e);
    return job;
}

#define MAKE(type, name, function_type)                                                    \
    type wvm_kit_##name(function_type function, PVOID context, PTP_CALLBACK_ENVIRON e)     \
    {                                                                                      \
        void *given = (void *)(uintptr_t)function;                                         \
        return (type)wvm_kit_job_make(wvm_kit_function_of(given, false), context, e);      \
    }                                                                                      \
    type wvm_kit_##name##_ms(function_type function, PVOID context, PTP_CALLBACK_ENVIRON e) \
    {                                                                                      \
        void *given = (void *)(uintptr_t)function;                                         \
        return (type)wvm_kit_job_make(wvm_kit_function_of(given, true), context, e);       \
    }
MAKE(PTP_WORK, CreateThreadpoolWork, PTP_WORK_CALLBACK)
MAKE(PTP_TIMER, CreateThreadpoolTimer, PTP_TIMER_CALLBACK)

static BOOL try_submit(struct wvm_kit_function function, PVOID context, PTP_CALLBACK_ENVIRON e)
{
    struct wvm_kit_job *job = wvm_kit_job_make(function, context, e);
    if (!job)
        return FALSE;
    job->call = call_simple;
    job->closed = true; /* it ends with its callback */
    if (wvm_kit_job_submit(job))
        return TRUE;
    wvm_kit_job_close(job, NULL);
    return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

BOOL wvm_kit_TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK function, PVOID context,
                                         PTP_CALLBACK_ENVIRON e)
{
    return try_submit(wvm_kit_function_of((void *)(uintptr_t)function, false), context, e);
}

BOOL wvm_kit_TrySubmitThreadpoolCallback_ms(PTP_SIMPLE_CALLBACK function, PVOID context,
                                            PTP_CALLBACK_ENVIRON e)
{
    return try_submit(wvm_kit_function_of((void *)(uintptr_t)function, true), context, e);
}

VOID wvm_kit_SubmitThreadpoolWork(PTP_WORK work)
{
    wvm_kit_job_submit((struct wvm_kit_job *)work);
}

static void wait_for(struct wvm_kit_job *job, BOOL cancel)
{
    if (cancel)
        wvm_kit_job_cancel(job);
    wvm_kit_job_wait(job);
}

VOID wvm_kit_WaitForThreadpoolWorkCallbacks(PTP_WORK work, BOOL cancel)
{
    wait_for((struct wvm_kit_job *)work, cancel);
}

VOID wvm_kit_CloseThreadpoolWork(PTP_WORK work)
{
    wvm_kit_job_close((struct wvm_kit_job *)work, NULL);
}

/* ---- Timers ---- */

BOOL wvm_kit_SetThreadpoolTimerEx(PTP_TIMER timer, PFILETIME due, DWORD period, DWORD window)
{
    struct wvm_kit_job *job = (struct wvm_kit_job *)timer;
    bool was_set = wvm_kit_alarm_stop(&job->alarm);
    UNREFERENCED_PARAMETER(window);
    if (!due)
        return was_set;
    wvm_kit_lock(&wvm_kit_pools);
    job->period = period * NS_PER_MS;
    wvm_kit_unlock(&wvm_kit_pools);
    uint64_t time = (uint64_t)due->dwHighDateTime << 32 | due->dwLowDateTime;
    if (!wvm_kit_alarm_set(&job->alarm, wvm_kit_alarm_due((int64_t)time, NULL)))
        SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return was_set;
}

VOID wvm_kit_SetThreadpoolTimer(PTP_TIMER timer, PFILETIME due, DWORD period, DWORD window)
{
    wvm_kit_SetThreadpoolTimerEx(timer, due, period, window);
}

BOOL wvm_kit_IsThreadpoolTimerSet(PTP_TIMER timer)
{
    return __atomic_load_n(&((struct wvm_kit_job *)timer)->alarm.is_set, __ATOMIC_RELAXED);
}

VOID wvm_kit_WaitForThreadpoolTimerCallbacks(PTP_TIMER timer, BOOL cancel)
{
    wait_for((struct wvm_kit_job *)timer, cancel);
}

VOID wvm_kit_CloseThreadpoolTimer(PTP_TIMER timer)
{
    wvm_kit_job_close((struct wvm_kit_job *)timer, NULL);
}

/* ---- Groups ---- */

PTP_CLEANUP_GROUP wvm_kit_CreateThreadpoolCleanupGroup(VOID)
{
    PTP_CLEANUP_GROUP group = wvm_kit_take(&groups);
    if (group)
        wvm_kit_ring(&group->members);
    else
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return group;
}

/* The next member, which is the caller's to close now; NULL: none. */
static struct wvm_kit_job *take_member(PTP_CLEANUP_GROUP group)
{
    struct wvm_kit_job *job = NULL;
    wvm_kit_lock(&wvm_kit_pools);
    if (group->members.next != &group->members) {
        job = WVM_KIT_CONTAINER(group->members.next, struct wvm_kit_job, member);
        wvm_kit_unlink(&job->member);
        wvm_kit_ring(&job->member);
        job->closed = false;
    }
    wvm_kit_unlock(&wvm_kit_pools);
    return job;
}

static void tell_cancelled(struct wvm_kit_job *job, PVOID context)
{
    if (job->cancelled.ms)
        ((ms_cancel_fn)(uintptr_t)job->cancelled.ms)(job->context, context);
    else if (job->cancelled.own)
        ((own_cancel_fn)(uintptr_t)job->cancelled.own)(job->context, context);
}

VOID wvm_kit_CloseThreadpoolCleanupGroupMembers(PTP_CLEANUP_GROUP group, BOOL cancel,
                                                PVOID context)
{
    for (struct wvm_kit_job *job; (job = take_member(group)) != NULL;) {
        wvm_kit_alarm_stop(&job->alarm);
        wvm_kit_job_unregister(job);
        if (cancel) {
            wvm_kit_job_cancel(job);
            tell_cancelled(job, context);
        }
        wvm_kit_job_wait(job);
        wvm_kit_job_close(job, NULL);
    }
}

VOID wvm_kit_CloseThreadpoolCleanupGroup(PTP_CLEANUP_GROUP group)
{
    wvm_kit_put(&groups, group);
}

/* ---- What a callback says of itself ---- */

VOID wvm_kit_SetEventWhenCallbackReturns(PTP_CALLBACK_INSTANCE i, HANDLE event)
{
    i->event = event;
}

VOID wvm_kit_ReleaseSemaphoreWhenCallbackReturns(PTP_CALLBACK_INSTANCE i, HANDLE semaphore,
                                                 DWORD count)
{
    i->semaphore = semaphore;
    i->count = count;
}

VOID wvm_kit_ReleaseMutexWhenCallbackReturns(PTP_CALLBACK_INSTANCE i, HANDLE mutex)
{
    i->mutex = mutex;
}

VOID wvm_kit_LeaveCriticalSectionWhenCallbackReturns(PTP_CALLBACK_INSTANCE i,
                                                     PCRITICAL_SECTION section)
{
    i->section = section;
}

VOID wvm_kit_FreeLibraryWhenCallbackReturns(PTP_CALLBACK_INSTANCE i, HMODULE module)
{
    i->module = module;
}

BOOL wvm_kit_CallbackMayRunLong(PTP_CALLBACK_INSTANCE i)
{
    return wvm_kit_job_may_run_long(i);
}

VOID wvm_kit_DisassociateCurrentThreadFromCallback(PTP_CALLBACK_INSTANCE i)
{
    wvm_kit_job_leave(i);
}

#define WVM_KIT_THREADPOOL
#include "kit/kit_entry.h"
