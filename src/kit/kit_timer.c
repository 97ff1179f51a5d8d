/* Timers that can be waited for.
 *
 * Terms   tick = the timer's moment has come; call = the function that SetWaitableTimer was given,
 *         made by the thread that set the timer, in an alertable wait; due = a tick wants it.
 * I1      A timer that resets by itself ends one wait for each tick.
 * I2      At most one request for a call stands in a thread's queue; it holds the timer, and makes
 *         the call if it is still due. A timer that is set anew, or cancelled, has none due.
 * I3      A timer without references is not set (clear). A tick never revives one.
 * Locking: the alarms' lock, then the dispatch lock.   Failure: nothing changed, but
 * SetWaitableTimer without memory leaves the timer cancelled.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_alarm.h"
#include "kit/kit_apc.h"
#include "kit/kit_named.h"
#include "kit/kit_self.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_TICK 100

typedef void(WVM_OWN_CALL *own_fn)(LPVOID, DWORD, DWORD);
typedef void(WVM_WINDOWS_CALL *ms_fn)(LPVOID, DWORD, DWORD);

struct call {
    own_fn own; /* one of the two, or none */
    ms_fn ms;
    LPVOID argument;
    struct wvm_kit_thread *thread; /* held while there is a function */
};
struct timer {
    struct wvm_kit_object object; /* first; the dispatch lock has all but the alarm */
    bool manual, set, call_due;
    uint64_t period; /* ns; 0: once */
    int64_t when;    /* of the next tick, or of the last one when a call is due: since 1601 */
    int64_t rang;
    struct call call;
    struct wvm_kit_thread *queued_to; /* whose queue has a request; not held */
    struct wvm_kit_alarm alarm;
};

static bool is_set(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return ((const struct timer *)object)->set;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    struct timer *t = (struct timer *)object;
    UNREFERENCED_PARAMETER(waiter);
    t->set = t->manual;
    return false;
}

static void clear(struct wvm_kit_object *object)
{
    struct timer *t = (struct timer *)object;
    wvm_kit_alarm_stop(&t->alarm);
    if (t->call.thread)
        wvm_kit_drop(&t->call.thread->object);
}

static struct wvm_kit_kind timers = {
    .kind = {.name = "Timer",
             .generic = {STANDARD_RIGHTS_READ | TIMER_QUERY_STATE,
                         STANDARD_RIGHTS_WRITE | TIMER_MODIFY_STATE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, TIMER_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct timer)},
    .ready = is_set,
    .take = take,
    .clear = clear,
};

/* ---- Ticks ---- */

/* Makes the call in the thread that had it queued. */
static WVM_OWN_CALL void make_call(ULONG_PTR argument)
{
    struct timer *t = (struct timer *)argument;
    struct wvm_kit_thread *self = wvm_kit_self();
    wvm_kit_lock(&wvm_kit_dispatch);
    struct call call = t->call;
    int64_t rang = t->rang;
    if (t->queued_to == self)
        t->queued_to = NULL;
    bool due = t->call_due && call.thread == self;
    if (due)
        t->call_due = false;
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&t->object);
    if (due && call.ms)
        call.ms(call.argument, (DWORD)rang, (DWORD)((uint64_t)rang >> 32));
    else if (due)
        call.own(call.argument, (DWORD)rang, (DWORD)((uint64_t)rang >> 32));
}

/* A reference, unless nobody has one any more. */
static bool try_hold(struct timer *t)
{
    uint32_t n = __atomic_load_n(&t->object.head.refs, __ATOMIC_RELAXED);
    do
        if (n == 0)
            return false;
    while (!__atomic_compare_exchange_n(&t->object.head.refs, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED));
    return true;
}

/* Under the dispatch lock: the thread whose queue is to get a request, for which the timer is held
 * then; or NULL. */
static struct wvm_kit_thread *call_for_tick(struct timer *t)
{
    struct wvm_kit_thread *thread = t->call.thread;
    if (!thread || thread->ended)
        return NULL;
    t->call_due = true;
    t->rang = t->when;
    if (t->queued_to == thread || !try_hold(t))
        return NULL;
    return t->queued_to = thread;
}

/* The timer's moment; it is not dropped here, as that would ask for the alarms' lock. */
static uint64_t tick(struct wvm_kit_alarm *alarm)
{
    struct timer *t = WVM_KIT_CONTAINER(alarm, struct timer, alarm);
    wvm_kit_lock(&wvm_kit_dispatch);
    t->set = true;
    struct wvm_kit_thread *thread = call_for_tick(t);
    uint64_t next = t->period ? wvm_kit_alarm_next(alarm->due, t->period) : 0;
    t->when += next ? (int64_t)((next - alarm->due) / NS_PER_TICK) : 0;
    if (__atomic_load_n(&t->object.head.handles, __ATOMIC_RELAXED) == 0)
        next = 0;
    if (thread && !wvm_kit_call_append(thread, make_call, (ULONG_PTR)t)) {
        t->queued_to = NULL; /* no memory */
        t->call_due = false;
        __atomic_sub_fetch(&t->object.head.refs, 1, __ATOMIC_RELEASE);
    }
    wvm_kit_signal(&t->object);
    wvm_kit_dispatch_end();
    return next;
}

/* ---- Making and opening ---- */

static HANDLE create(const struct wvm_kit_name *name, DWORD flags, DWORD access)
{
    HANDLE known;
    if (flags & ~(DWORD)(CREATE_WAITABLE_TIMER_MANUAL_RESET |
                         CREATE_WAITABLE_TIMER_HIGH_RESOLUTION)) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (wvm_kit_name_enter(name, &timers, access, &known))
        return known;
    struct timer *t = wvm_kit_object_new(&timers);
    if (t) {
        t->manual = flags & CREATE_WAITABLE_TIMER_MANUAL_RESET;
        t->alarm.ring = tick;
    }
    return wvm_kit_name_leave(name, t ? &t->object : NULL, access);
}

HANDLE wvm_kit_CreateWaitableTimerExA(LPSECURITY_ATTRIBUTES security, LPCSTR text, DWORD flags,
                                      DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_a(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security, LPCWSTR text, DWORD flags,
                                      DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_w(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateWaitableTimerA(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCSTR text)
{
    DWORD flags = manual ? CREATE_WAITABLE_TIMER_MANUAL_RESET : 0;
    return wvm_kit_CreateWaitableTimerExA(security, text, flags, TIMER_ALL_ACCESS);
}

HANDLE wvm_kit_CreateWaitableTimerW(LPSECURITY_ATTRIBUTES security, BOOL manual, LPCWSTR text)
{
    DWORD flags = manual ? CREATE_WAITABLE_TIMER_MANUAL_RESET : 0;
    return wvm_kit_CreateWaitableTimerExW(security, text, flags, TIMER_ALL_ACCESS);
}

HANDLE wvm_kit_OpenWaitableTimerA(DWORD access, BOOL inherit, LPCSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_a(&name, text) ? wvm_kit_name_open(&name, &timers, access) : NULL;
}

HANDLE wvm_kit_OpenWaitableTimerW(DWORD access, BOOL inherit, LPCWSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_w(&name, text) ? wvm_kit_name_open(&name, &timers, access) : NULL;
}

/* ---- Setting ---- */

/* From now on the timer has this call, and none is due; false: the thread has no record. */
static bool change(struct timer *t, struct call call, uint64_t period, int64_t when)
{
    if (call.own || call.ms) {
        call.thread = wvm_kit_self();
        if (!call.thread)
            return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        winvm_object_hold(&call.thread->object.head);
    }
    wvm_kit_lock(&wvm_kit_dispatch);
    struct wvm_kit_thread *before = t->call.thread;
    t->call = call;
    t->call_due = t->set = false;
    t->period = period;
    t->when = when;
    wvm_kit_unlock(&wvm_kit_dispatch);
    if (before)
        wvm_kit_drop(&before->object);
    return true;
}

static BOOL set(HANDLE h, const LARGE_INTEGER *due, LONG period, struct call call)
{
    int64_t when;
    if (!due || period < 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    struct timer *t = wvm_kit_object_of(h, &timers, TIMER_MODIFY_STATE);
    if (!t)
        return FALSE;
    uint64_t at = wvm_kit_alarm_due(due->QuadPart, &when);
    wvm_kit_alarm_stop(&t->alarm);
    bool done = change(t, call, (uint64_t)period * NS_PER_MS, when);
    if (done && !wvm_kit_alarm_set(&t->alarm, at))
        done = wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    wvm_kit_drop(&t->object);
    return done;
}

/* The host is not woken: the call succeeds, and the error says it. */
static BOOL tell_resume(BOOL done, BOOL resume)
{
    if (done)
        SetLastError(resume ? ERROR_NOT_SUPPORTED : NO_ERROR);
    return done;
}

BOOL wvm_kit_SetWaitableTimer(HANDLE h, const LARGE_INTEGER *due, LONG period,
                              PTIMERAPCROUTINE function, LPVOID argument, BOOL resume)
{
    struct call call = {.own = (own_fn)function, .argument = argument};
    return tell_resume(set(h, due, period, call), resume);
}

BOOL wvm_kit_SetWaitableTimer_ms(HANDLE h, const LARGE_INTEGER *due, LONG period,
                                 PTIMERAPCROUTINE function, LPVOID argument, BOOL resume)
{
    struct call call = {.ms = (ms_fn)(uintptr_t)function, .argument = argument};
    return tell_resume(set(h, due, period, call), resume);
}

BOOL wvm_kit_SetWaitableTimerEx(HANDLE h, const LARGE_INTEGER *due, LONG period,
                                PTIMERAPCROUTINE function, LPVOID argument, PREASON_CONTEXT wake,
                                ULONG delay)
{
    struct call call = {.own = (own_fn)function, .argument = argument};
    UNREFERENCED_PARAMETER(delay);
    return tell_resume(set(h, due, period, call), wake != NULL);
}

BOOL wvm_kit_SetWaitableTimerEx_ms(HANDLE h, const LARGE_INTEGER *due, LONG period,
                                   PTIMERAPCROUTINE function, LPVOID argument,
                                   PREASON_CONTEXT wake, ULONG delay)
{
    struct call call = {.ms = (ms_fn)(uintptr_t)function, .argument = argument};
    UNREFERENCED_PARAMETER(delay);
    return tell_resume(set(h, due, period, call), wake != NULL);
}

/* The state stays. */
BOOL wvm_kit_CancelWaitableTimer(HANDLE h)
{
    struct timer *t = wvm_kit_object_of(h, &timers, TIMER_MODIFY_STATE);
    if (!t)
        return FALSE;
    wvm_kit_alarm_stop(&t->alarm);
    wvm_kit_lock(&wvm_kit_dispatch);
    t->call_due = false;
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&t->object);
    return TRUE;
}

#define WVM_KIT_TIMER
#include "kit/kit_entry.h"
