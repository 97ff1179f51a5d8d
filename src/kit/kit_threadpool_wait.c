/* Waits of thread pools: a callback once an object is signalled, or a time is over.
 *
 * I1      Each wait that is set is a registered wait (kit_registered.c), whose own call submits the
 *         callback; `registered` has it, and who takes it from there unregisters it.
 * Locking: the pools' lock.   Failure: nothing is set.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_threadpool.h"

#define NS_PER_MS UINT64_C(1000000)

typedef void(WVM_OWN_CALL *own_fn)(PTP_CALLBACK_INSTANCE, PVOID, PTP_WAIT, TP_WAIT_RESULT);
typedef void(WVM_WINDOWS_CALL *ms_fn)(PTP_CALLBACK_INSTANCE, PVOID, PTP_WAIT, TP_WAIT_RESULT);

static void call_wait(struct wvm_kit_job *job, PTP_CALLBACK_INSTANCE instance)
{
    PTP_WAIT wait = (PTP_WAIT)job;
    DWORD result = __atomic_load_n(&job->result, __ATOMIC_ACQUIRE);
    if (job->function.ms)
        ((ms_fn)(uintptr_t)job->function.ms)(instance, job->context, wait, result);
    else
        ((own_fn)(uintptr_t)job->function.own)(instance, job->context, wait, result);
}

static WVM_OWN_CALL void signalled(PVOID argument, BOOLEAN timed_out)
{
    struct wvm_kit_job *job = argument;
    __atomic_store_n(&job->result, timed_out ? WAIT_TIMEOUT : WAIT_OBJECT_0, __ATOMIC_RELEASE);
    __atomic_store_n(&job->fired, true, __ATOMIC_RELEASE);
    wvm_kit_job_submit(job);
}

/* True: the wait was set, and has not ended. */
static bool unregister(struct wvm_kit_job *job)
{
    HANDLE h = __atomic_exchange_n(&job->registered, NULL, __ATOMIC_ACQ_REL);
    if (!h)
        return false;
    wvm_kit_UnregisterWaitEx(h, INVALID_HANDLE_VALUE);
    return !__atomic_load_n(&job->fired, __ATOMIC_ACQUIRE);
}

static PTP_WAIT make(struct wvm_kit_function function, PVOID context, PTP_CALLBACK_ENVIRON e)
{
    struct wvm_kit_job *job = wvm_kit_job_make(function, context, e);
    if (job)
        job->call = call_wait;
    if (job)
        job->unregister = unregister;
    return (PTP_WAIT)job;
}

PTP_WAIT wvm_kit_CreateThreadpoolWait(PTP_WAIT_CALLBACK function, PVOID context,
                                      PTP_CALLBACK_ENVIRON e)
{
    return make(wvm_kit_function_of((void *)(uintptr_t)function, false), context, e);
}

PTP_WAIT wvm_kit_CreateThreadpoolWait_ms(PTP_WAIT_CALLBACK function, PVOID context,
                                         PTP_CALLBACK_ENVIRON e)
{
    return make(wvm_kit_function_of((void *)(uintptr_t)function, true), context, e);
}

/* Whole milliseconds, rounded up. */
static DWORD wait_time(PFILETIME limit)
{
    if (!limit)
        return INFINITE;
    uint64_t time = (uint64_t)limit->dwHighDateTime << 32 | limit->dwLowDateTime;
    uint64_t due = time != 0 ? wvm_kit_alarm_due((int64_t)time, NULL) : 0, now = wvm_kit_now();
    uint64_t ms = due > now ? (due - now + NS_PER_MS - 1) / NS_PER_MS : 0;
    return ms < INFINITE ? (DWORD)ms : INFINITE - 1;
}

BOOL wvm_kit_SetThreadpoolWaitEx(PTP_WAIT wait, HANDLE h, PFILETIME limit, PVOID reserved)
{
    struct wvm_kit_job *job = (struct wvm_kit_job *)wait;
    WAITORTIMERCALLBACK function = (WAITORTIMERCALLBACK)(uintptr_t)signalled;
    HANDLE registered;
    UNREFERENCED_PARAMETER(reserved);
    bool was_set = unregister(job);
    __atomic_store_n(&job->fired, false, __ATOMIC_RELEASE);
    if (h && wvm_kit_RegisterWaitForSingleObject(&registered, h, function, job, wait_time(limit),
                                                 WT_EXECUTEONLYONCE))
        __atomic_store_n(&job->registered, registered, __ATOMIC_RELEASE);
    return was_set;
}

VOID wvm_kit_SetThreadpoolWait(PTP_WAIT wait, HANDLE h, PFILETIME limit)
{
    wvm_kit_SetThreadpoolWaitEx(wait, h, limit, NULL);
}

VOID wvm_kit_WaitForThreadpoolWaitCallbacks(PTP_WAIT wait, BOOL cancel)
{
    struct wvm_kit_job *job = (struct wvm_kit_job *)wait;
    if (cancel)
        wvm_kit_job_cancel(job);
    wvm_kit_job_wait(job);
}

VOID wvm_kit_CloseThreadpoolWait(PTP_WAIT wait)
{
    struct wvm_kit_job *job = (struct wvm_kit_job *)wait;
    unregister(job);
    wvm_kit_job_close(job, NULL);
}

#define WVM_KIT_THREADPOOL_WAIT
#include "kit/kit_entry.h"
