/* Threads: started, ended, asked about.
 *
 * I1      CreateThread returns when the thread's number is known, but does not wait for the thread:
 *         the C library tells the number, and what the thread is to run is in its record.
 * I2      ExitThread in a thread of CreateThread returns to its first function without unwinding,
 *         as on Windows; in a thread of the host's it is pthread_exit.
 * I3      Each thread has an alternate stack for its faults before the program's code runs
 *         (winvm_thread_attach).
 * I4      Who starts a thread is busy until its number is known: wvm_kit_thread_find waits for it.
 * Locking: none.   Failure: no thread, no handle.   Signal safety: none. */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_self.h"

#define LEAST_STACK ((size_t)256 << 10)

typedef DWORD(WVM_OWN_CALL *own_start_fn)(LPVOID);
typedef DWORD(WVM_WINDOWS_CALL *ms_start_fn)(LPVOID);

/* What a new thread is to run. */
struct task {
    void *start;
    LPVOID argument;
    bool by_ms; /* `start` is an ms_start_fn, else an own_start_fn */
};

static WVM_THREAD_LOCAL jmp_buf *way_out;

static DWORD run(const struct wvm_kit_thread *self)
{
    uintptr_t start = (uintptr_t)self->start;
    return self->by_ms ? ((ms_start_fn)start)(self->argument)
                       : ((own_start_fn)start)(self->argument);
}

static void *thread_main(void *record)
{
    struct wvm_kit_thread *self = record;
    uint32_t suspended;
    jmp_buf out;
    wvm_kit_thread_adopt(self);
    winvm_thread_attach();
    while ((suspended = __atomic_load_n(&self->suspended, __ATOMIC_ACQUIRE)) & WVM_KIT_COUNT)
        wvm_kit_park(&self->suspended, suspended, WVM_KIT_NEVER);
    way_out = &out;
    if (_setjmp(out) == 0) {
        if (__atomic_load_n(&self->calls, __ATOMIC_ACQUIRE)) /* queued before it began */
            __atomic_load_n(&wvm_kit_make_calls, __ATOMIC_RELAXED)(self);
        DWORD code = run(self);
        self->exit_code = code;
    }
    way_out = NULL;
    return NULL;
}

/* The bytes of stack that a caller asks for: what it names is the reserve, or a part of the host's
 * usual one. */
static bool set_stack(pthread_attr_t *attr, SIZE_T size, DWORD flags)
{
    size_t usual = 0;
    uintptr_t whole;
    if (size == 0)
        return true;
    pthread_attr_getstacksize(attr, &usual);
    if (!(flags & STACK_SIZE_PARAM_IS_A_RESERVATION) && size <= usual)
        return true;
    return wvm_align_up_checked(size < LEAST_STACK ? LEAST_STACK : size, WVM_GRANULE_SIZE,
                                &whole) &&
           pthread_attr_setstacksize(attr, whole) == 0;
}

/* `id` is valid until it is detached, whether or not the thread has ended. */
static bool start_thread(struct wvm_kit_thread *record, SIZE_T stack, DWORD flags)
{
    pthread_attr_t attr;
    pthread_t id;
    if (pthread_attr_init(&attr) != 0)
        return false;
    bool made = set_stack(&attr, stack, flags) &&
                pthread_create(&id, &attr, thread_main, record) == 0;
    pthread_attr_destroy(&attr);
    if (made) {
        wvm_kit_thread_started(record, id);
        pthread_detach(id);
    }
    return made;
}

/* The record is the thread's if it starts, and in the list before it can. */
static bool enter_and_start(struct wvm_kit_thread *record, SIZE_T stack, DWORD flags)
{
    wvm_kit_busy();
    wvm_kit_thread_enter(record);
    bool made = start_thread(record, stack, flags);
    if (!made)
        wvm_kit_thread_take_back(record);
    wvm_kit_idle();
    return made || wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

static HANDLE create(struct task task, SIZE_T stack, DWORD flags, LPDWORD id)
{
    HANDLE h = NULL;
    struct wvm_kit_thread *record = wvm_kit_thread_new();
    if (!record)
        return NULL;
    record->start = task.start;
    record->argument = task.argument;
    record->by_ms = task.by_ms;
    record->suspended = flags & CREATE_SUSPENDED ? 1 : 0;
    winvm_object_hold(&record->object.head); /* the thread may end before this call does */
    if (winvm_object_open(&record->object.head, THREAD_ALL_ACCESS, &h) != 0) {
        wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
        wvm_kit_drop(&record->object);
    } else if (!enter_and_start(record, stack, flags)) {
        CloseHandle(h);
        return NULL;
    } else if (id) {
        *id = wvm_kit_tid_of(record);
    }
    wvm_kit_drop(&record->object);
    return h;
}

static bool are_known(DWORD flags)
{
    return (flags & ~(DWORD)(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION)) == 0 ||
           wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

HANDLE wvm_kit_CreateThread(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                            LPTHREAD_START_ROUTINE routine, LPVOID argument, DWORD flags,
                            LPDWORD id)
{
    struct task task = {(void *)(uintptr_t)routine, argument, false};
    UNREFERENCED_PARAMETER(security);
    return are_known(flags) ? create(task, stack, flags, id) : NULL;
}

HANDLE wvm_kit_CreateThread_ms(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                               LPTHREAD_START_ROUTINE routine, LPVOID argument, DWORD flags,
                               LPDWORD id)
{
    struct task task = {(void *)(uintptr_t)routine, argument, true};
    UNREFERENCED_PARAMETER(security);
    return are_known(flags) ? create(task, stack, flags, id) : NULL;
}

VOID wvm_kit_ExitThread(DWORD code)
{
    struct wvm_kit_thread *self = wvm_kit_self();
    if (self) {
        self->exit_code = code;
        wvm_kit_wait_end(self); /* whose stack is about to be used again, below a handler */
    }
    if (way_out)
        _longjmp(*way_out, 1);
    pthread_exit(NULL);
}

/* A thread of which a handle lets ask; it may grant either right to ask. */
static struct wvm_kit_thread *asked(HANDLE h)
{
    DWORD error = GetLastError();
    struct wvm_kit_thread *t =
        wvm_kit_object_of(h, &wvm_kit_thread_kind, THREAD_QUERY_LIMITED_INFORMATION);
    if (t || GetLastError() != ERROR_ACCESS_DENIED)
        return t;
    t = wvm_kit_object_of(h, &wvm_kit_thread_kind, THREAD_QUERY_INFORMATION);
    if (t)
        SetLastError(error);
    return t;
}

BOOL wvm_kit_GetExitCodeThread(HANDLE h, LPDWORD code)
{
    struct wvm_kit_thread *t = asked(h);
    if (!t)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    *code = t->ended ? t->exit_code : STILL_ACTIVE;
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&t->object);
    return TRUE;
}

DWORD wvm_kit_GetThreadId(HANDLE h)
{
    struct wvm_kit_thread *t = asked(h);
    if (!t)
        return 0;
    DWORD id = wvm_kit_tid_of(t);
    wvm_kit_drop(&t->object);
    return id;
}

HANDLE wvm_kit_GetCurrentThread(VOID)
{
    return (HANDLE)(intptr_t)-2;
}

DWORD wvm_kit_GetCurrentThreadId(VOID)
{
    return wvm_kit_tid();
}

BOOL wvm_kit_SwitchToThread(VOID)
{
    return sched_yield() == 0;
}

#define WVM_KIT_THREAD
#include "kit/kit_entry.h"
