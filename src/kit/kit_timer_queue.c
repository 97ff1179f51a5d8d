/* Timer queues, and work that is queued without an object.
 *
 * I1      A timer's handle is its job, which is in its queue's ring from CreateTimerQueueTimer
 *         until it is deleted; a queue's is its record, in the ring of queues until it is deleted.
 * Locking: one lock for the rings, before the alarms' lock.   Failure: nothing is made.
 * Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_threadpool.h"

#define NS_PER_MS UINT64_C(1000000)
#define FLAGS                                                                              \
    (WT_EXECUTEINIOTHREAD | WT_EXECUTEONLYONCE | WT_EXECUTELONGFUNCTION |                  \
     WT_EXECUTEINTIMERTHREAD | WT_EXECUTEINPERSISTENTTHREAD | WT_TRANSFER_IMPERSONATION)

typedef void(WVM_OWN_CALL *own_timer_fn)(PVOID, BOOLEAN);
typedef void(WVM_WINDOWS_CALL *ms_timer_fn)(PVOID, BOOLEAN);
typedef DWORD(WVM_OWN_CALL *own_work_fn)(LPVOID);
typedef DWORD(WVM_WINDOWS_CALL *ms_work_fn)(LPVOID);

struct queue {
    struct wvm_kit_links all; /* first */
    struct wvm_kit_links timers;
};
static struct wvm_kit_store queues = {.size = sizeof(struct queue)};
static struct wvm_kit_lock lock;
static struct queue usual = {{&usual.all, &usual.all}, {&usual.timers, &usual.timers}};

static struct wvm_kit_job *job_of(struct wvm_kit_links *l)
{
    return WVM_KIT_CONTAINER(l, struct wvm_kit_job, queued);
}

/* Under the lock; NULL: there is none. */
static struct queue *find_queue(HANDLE h)
{
    if (!h)
        return &usual;
    for (struct wvm_kit_links *l = usual.all.next; l != &usual.all; l = l->next)
        if ((HANDLE)l == h)
            return (struct queue *)l;
    return NULL;
}

static struct wvm_kit_job *find_timer(struct queue *q, HANDLE timer)
{
    for (struct wvm_kit_links *l = q ? q->timers.next : NULL; l && l != &q->timers; l = l->next)
        if ((HANDLE)job_of(l) == timer)
            return job_of(l);
    return NULL;
}

/* ---- Work ---- */

static void call_work(struct wvm_kit_job *job, PTP_CALLBACK_INSTANCE instance)
{
    UNREFERENCED_PARAMETER(instance);
    if (job->function.ms)
        ((ms_work_fn)(uintptr_t)job->function.ms)(job->context);
    else
        ((own_work_fn)(uintptr_t)job->function.own)(job->context);
}

static BOOL queue_work(struct wvm_kit_function function, PVOID context, ULONG flags)
{
    struct wvm_kit_job *job = wvm_kit_job_make(function, context, NULL);
    if (!job)
        return FALSE;
    job->call = call_work;
    job->takes_long = (flags & WT_EXECUTELONGFUNCTION) != 0;
    job->closed = true;
    if (wvm_kit_job_submit(job))
        return TRUE;
    wvm_kit_job_close(job, NULL);
    return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

BOOL wvm_kit_QueueUserWorkItem(LPTHREAD_START_ROUTINE function, PVOID context, ULONG flags)
{
    return queue_work(wvm_kit_function_of((void *)(uintptr_t)function, false), context, flags);
}

BOOL wvm_kit_QueueUserWorkItem_ms(LPTHREAD_START_ROUTINE function, PVOID context, ULONG flags)
{
    return queue_work(wvm_kit_function_of((void *)(uintptr_t)function, true), context, flags);
}

/* ---- Timers ---- */

static void call_timer(struct wvm_kit_job *job, PTP_CALLBACK_INSTANCE instance)
{
    UNREFERENCED_PARAMETER(instance);
    if (job->function.ms)
        ((ms_timer_fn)(uintptr_t)job->function.ms)(job->context, TRUE);
    else
        ((own_timer_fn)(uintptr_t)job->function.own)(job->context, TRUE);
}

/* As with a timer of Windows, INFINITE never comes. */
static bool start(struct wvm_kit_job *job, DWORD due, DWORD period)
{
    wvm_kit_lock(&wvm_kit_pools);
    job->period = period * NS_PER_MS;
    wvm_kit_unlock(&wvm_kit_pools);
    return due == INFINITE || wvm_kit_alarm_set(&job->alarm, wvm_kit_deadline(due));
}

static BOOL create(PHANDLE out, HANDLE h, struct wvm_kit_job *job, DWORD due, DWORD period)
{
    wvm_kit_lock(&lock);
    struct queue *q = find_queue(h);
    if (q) {
        *out = (HANDLE)job;
        wvm_kit_link(&q->timers, &job->queued);
    }
    bool started = q && start(job, due, period);
    if (q && !started)
        wvm_kit_unlink(&job->queued);
    wvm_kit_unlock(&lock);
    if (!started)
        wvm_kit_job_close(job, NULL);
    return started || wvm_kit_fail(q ? ERROR_NO_SYSTEM_RESOURCES : ERROR_INVALID_HANDLE);
}

static struct wvm_kit_job *make(struct wvm_kit_function function, PVOID context, ULONG flags,
                                DWORD period)
{
    if ((flags & ~(ULONG)FLAGS) || (flags & WT_EXECUTEONLYONCE && period != 0)) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    struct wvm_kit_job *job = wvm_kit_job_make(function, context, NULL);
    if (job) {
        job->call = call_timer;
        job->takes_long = (flags & WT_EXECUTELONGFUNCTION) != 0;
    }
    return job;
}

BOOL wvm_kit_CreateTimerQueueTimer(PHANDLE out, HANDLE queue, WAITORTIMERCALLBACK function,
                                   PVOID context, DWORD due, DWORD period, ULONG flags)
{
    struct wvm_kit_job *job =
        make(wvm_kit_function_of((void *)(uintptr_t)function, false), context, flags, period);
    return job && create(out, queue, job, due, period);
}

BOOL wvm_kit_CreateTimerQueueTimer_ms(PHANDLE out, HANDLE queue, WAITORTIMERCALLBACK function,
                                      PVOID context, DWORD due, DWORD period, ULONG flags)
{
    struct wvm_kit_job *job =
        make(wvm_kit_function_of((void *)(uintptr_t)function, true), context, flags, period);
    return job && create(out, queue, job, due, period);
}

BOOL wvm_kit_ChangeTimerQueueTimer(HANDLE queue, HANDLE timer, ULONG due, ULONG period)
{
    wvm_kit_lock(&lock);
    struct wvm_kit_job *job = find_timer(find_queue(queue), timer);
    if (job)
        wvm_kit_alarm_stop(&job->alarm);
    bool done = job && start(job, due, period);
    wvm_kit_unlock(&lock);
    return done || wvm_kit_fail(job ? ERROR_NO_SYSTEM_RESOURCES : ERROR_INVALID_PARAMETER);
}

/* ---- The end ---- */

/* The caller's event, to be kept until it is set. */
static bool keep(HANDLE event, HANDLE *out)
{
    HANDLE self = GetCurrentProcess();
    *out = NULL;
    if (!event || event == INVALID_HANDLE_VALUE)
        return true;
    return DuplicateHandle(self, event, self, out, 0, FALSE, DUPLICATE_SAME_ACCESS);
}

/* A timer that is out of its ring. */
static bool end(struct wvm_kit_job *job, HANDLE event, HANDLE completed)
{
    wvm_kit_alarm_stop(&job->alarm);
    wvm_kit_job_cancel(job);
    if (event == INVALID_HANDLE_VALUE)
        wvm_kit_job_wait(job);
    return wvm_kit_job_close(job, completed) || event == INVALID_HANDLE_VALUE;
}

BOOL wvm_kit_DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE event)
{
    HANDLE completed;
    if (!keep(event, &completed))
        return FALSE;
    wvm_kit_lock(&lock);
    struct wvm_kit_job *job = find_timer(find_queue(queue), timer);
    if (job)
        wvm_kit_unlink(&job->queued);
    wvm_kit_unlock(&lock);
    if (job)
        return end(job, event, completed) || wvm_kit_fail(ERROR_IO_PENDING);
    if (completed)
        CloseHandle(completed);
    return wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

HANDLE wvm_kit_CreateTimerQueue(VOID)
{
    struct queue *q = wvm_kit_take(&queues);
    if (!q) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wvm_kit_ring(&q->timers);
    wvm_kit_lock(&lock);
    wvm_kit_link(&usual.all, &q->all);
    wvm_kit_unlock(&lock);
    return (HANDLE)q;
}

static struct wvm_kit_job *take_timer(struct queue *q)
{
    struct wvm_kit_job *job = NULL;
    wvm_kit_lock(&lock);
    if (q->timers.next != &q->timers) {
        job = job_of(q->timers.next);
        wvm_kit_unlink(&job->queued);
    }
    wvm_kit_unlock(&lock);
    return job;
}

BOOL wvm_kit_DeleteTimerQueueEx(HANDLE h, HANDLE event)
{
    bool all_over = true;
    wvm_kit_lock(&lock);
    struct queue *q = h ? find_queue(h) : NULL;
    if (q)
        wvm_kit_unlink(&q->all);
    wvm_kit_unlock(&lock);
    if (!q)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    for (struct wvm_kit_job *job; (job = take_timer(q)) != NULL;) {
        bool waits = event != NULL; /* so the event says that all is over when this returns */
        all_over &= end(job, waits ? INVALID_HANDLE_VALUE : NULL, NULL);
    }
    if (event && event != INVALID_HANDLE_VALUE)
        wvm_kit_SetEvent(event);
    wvm_kit_put(&queues, q);
    return all_over || wvm_kit_fail(ERROR_IO_PENDING);
}

BOOL wvm_kit_DeleteTimerQueue(HANDLE queue)
{
    return wvm_kit_DeleteTimerQueueEx(queue, NULL);
}

#define WVM_KIT_TIMER_QUEUE
#include "kit/kit_entry.h"
