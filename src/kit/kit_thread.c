/* Threads: started, ended, asked about.
 *
 * Terms   start = what a new thread is to run; it stands on the creator's stack until the thread
 *         has told its number.
 * I1      CreateThread returns when the thread has its number; a suspended one has then not run
 *         anything of the program.
 * I2      ExitThread in a thread of CreateThread returns to its first function without unwinding,
 *         as on Windows; in a thread of the host's it is pthread_exit.
 * I3      Each thread has an alternate stack for its faults before the program's code runs
 *         (winvm_thread_attach).
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

struct start {
    struct wvm_kit_thread *record;
    own_start_fn own; /* one of the two */
    ms_start_fn ms;
    LPVOID argument;
};

static WVM_THREAD_LOCAL jmp_buf *way_out;

static DWORD run(const struct start *s)
{
    return s->ms ? s->ms(s->argument) : s->own(s->argument);
}

static void *thread_main(void *given)
{
    struct start s = *(const struct start *)given;
    struct wvm_kit_thread *self = s.record;
    uint32_t suspended;
    jmp_buf out;
    wvm_kit_thread_adopt(self);
    wvm_kit_unpark(&self->tid, 1); /* the creator goes on: *given ends */
    winvm_thread_attach();
    while ((suspended = __atomic_load_n(&self->suspended, __ATOMIC_ACQUIRE)) & WVM_KIT_COUNT)
        wvm_kit_park(&self->suspended, suspended, WVM_KIT_NEVER);
    way_out = &out;
    if (_setjmp(out) == 0) {
        if (self->calls) /* queued before it began */
            __atomic_load_n(&wvm_kit_make_calls, __ATOMIC_RELAXED)(self);
        DWORD code = run(&s);
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
    pthread_attr_getstacksize(attr, &usual);
    if (size == 0 || (!(flags & STACK_SIZE_PARAM_IS_A_RESERVATION) && size <= usual))
        return true;
    return wvm_align_up_checked(size < LEAST_STACK ? LEAST_STACK : size, WVM_GRANULE_SIZE,
                                &whole) &&
           pthread_attr_setstacksize(attr, whole) == 0;
}

static bool start_thread(struct start *s, SIZE_T stack, DWORD flags)
{
    pthread_attr_t attr;
    pthread_t id;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool made = set_stack(&attr, stack, flags) && pthread_create(&id, &attr, thread_main, s) == 0;
    pthread_attr_destroy(&attr);
    while (made && !__atomic_load_n(&s->record->tid, __ATOMIC_ACQUIRE))
        wvm_kit_park(&s->record->tid, 0, WVM_KIT_NEVER);
    return made;
}

static HANDLE create(struct start *s, SIZE_T stack, DWORD flags, LPDWORD id)
{
    HANDLE h = NULL;
    s->record = wvm_kit_thread_new();
    if (!s->record)
        return NULL;
    s->record->start = s->ms ? (void *)(uintptr_t)s->ms : (void *)(uintptr_t)s->own;
    s->record->suspended = flags & CREATE_SUSPENDED ? 1 : 0;
    winvm_object_hold(&s->record->object.head); /* the thread may end before this call does */
    if (winvm_object_open(&s->record->object.head, THREAD_ALL_ACCESS, &h) != 0) {
        wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
        wvm_kit_drop(&s->record->object);
    } else if (!start_thread(s, stack, flags)) {
        CloseHandle(h);
        h = NULL;
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        wvm_kit_drop(&s->record->object);
    } else if (id) {
        *id = s->record->tid;
    }
    wvm_kit_drop(&s->record->object);
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
    struct start s = {.own = (own_start_fn)routine, .argument = argument};
    UNREFERENCED_PARAMETER(security);
    return are_known(flags) ? create(&s, stack, flags, id) : NULL;
}

HANDLE wvm_kit_CreateThread_ms(LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                               LPTHREAD_START_ROUTINE routine, LPVOID argument, DWORD flags,
                               LPDWORD id)
{
    struct start s = {.ms = (ms_start_fn)(uintptr_t)routine, .argument = argument};
    UNREFERENCED_PARAMETER(security);
    return are_known(flags) ? create(&s, stack, flags, id) : NULL;
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
    DWORD id = t->tid;
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
