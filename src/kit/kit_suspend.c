/* Threads stopped, looked at and changed by others.
 *
 * A signal goes to the thread, whose handler sleeps there until it is resumed; the registers that
 * the handler was given are the thread's.
 * Terms   park = sleep in the handler; hold = one more reason to be parked; reach = have it parked.
 * I1      Who is parked has no lock of the kit's and is nowhere in winvm where others wait for it:
 *         the handler returns at once if it interrupts such code, and the signal is sent again.
 * I2      A thread leaves the handler by the change of its word from PARKED, with a count of 0, to
 *         0: who added to the count before finds it parked, who does so later sends a signal.
 * I3      `context` is read and written by who has a hold on a parked thread.
 * I4      The signal is one that the program has no handler for when it is first needed.
 * Locking: none is held while a thread is waited for.   Failure: the thread runs as before.
 * Signal safety: the handler. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_self.h"

#define MOST 127 /* suspensions that a program may nest */
#define MICROSECOND UINT64_C(1000)
#define FIRST_PAUSE (50 * MICROSECOND)
#define LAST_PAUSE (200 * MICROSECOND)
#define JITTER (64 * MICROSECOND)
#define DEAF_AFTER (500000 * MICROSECOND)
#define GIVE_UP (20000000 * MICROSECOND)

static int stop_signal;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* What the calling thread wants of its own handler. */
static WVM_THREAD_LOCAL const CONTEXT *own_next;

/* ---- in the thread ---- */

static void end_here(struct wvm_kit_thread *self)
{
    wvm_kit_thread_end(self);
    for (;;)
        syscall(SYS_exit, 0);
}

static void stay(struct wvm_kit_thread *self)
{
    uint32_t *word = &self->suspended;
    for (;;) {
        uint32_t w = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        if (w & WVM_KIT_KILLED) {
            end_here(self);
        } else if (!(w & WVM_KIT_COUNT)) {
            if (!(w & WVM_KIT_PARKED) ||
                __atomic_compare_exchange_n(word, &w, w & ~WVM_KIT_PARKED, false,
                                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                return;
        } else if (w & WVM_KIT_PARKED) {
            wvm_kit_park(word, w, WVM_KIT_NEVER);
        } else if (__atomic_compare_exchange_n(word, &w, w | WVM_KIT_PARKED, false,
                                               __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
            wvm_kit_unpark(word, INT_MAX);
        }
    }
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    UNREFERENCED_PARAMETER(sig);
    UNREFERENCED_PARAMETER(info);
    if (wvm_kit_self_known)
        __atomic_store_n(&wvm_kit_self_known->reached, true, __ATOMIC_RELAXED);
    if (wvm_kit_held == 0 && !winvm_thread_inside()) {
        struct wvm_kit_thread *self = wvm_kit_thread_take();
        if (own_next) {
            winvm_context_store(own_next, context);
            own_next = NULL;
        }
        if (self) {
            self->context = context;
            stay(self);
        }
    }
    errno = saved;
}

static void start(void)
{
    struct sigaction old, act;
    memset(&act, 0, sizeof act);
    act.sa_sigaction = on_signal;
    act.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&act.sa_mask);
    for (int sig = SIGRTMAX - 1; sig > SIGRTMIN && !stop_signal; sig--)
        if (sigaction(sig, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
            old.sa_handler == SIG_DFL && sigaction(sig, &act, NULL) == 0)
            stop_signal = sig;
}

static bool is_started(void)
{
    pthread_once(&once, start);
    return stop_signal != 0 || wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
}

/* ---- from outside ---- */

static bool send(uint32_t tid)
{
    int saved = errno;
    bool sent = syscall(SYS_tgkill, getpid(), tid, stop_signal) == 0 || errno == EAGAIN;
    errno = saved;
    return sent;
}

/* Does the thread keep the signal blocked? */
static bool is_deaf(uint32_t tid)
{
    char path[64], text[4096];
    const char *at = NULL;
    snprintf(path, sizeof path, "/proc/self/task/%u/status", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n > 0) {
        text[n] = '\0';
        at = strstr(text, "SigBlk:");
    }
    return at && strtoull(at + 7, NULL, 16) >> (stop_signal - 1) & 1;
}

static bool is_parked(const struct wvm_kit_thread *t)
{
    return __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_PARKED;
}

static bool is_taken(const struct wvm_kit_thread *t)
{
    return !__atomic_load_n(&t->given, __ATOMIC_ACQUIRE);
}

/* Has the thread kept the signal blocked all the time since *since, which is long ago? A moment
 * proves nothing: it may be in a handler. */
static bool is_closed(struct wvm_kit_thread *t, uint64_t now, uint64_t *since)
{
    if (__atomic_load_n(&t->reached, __ATOMIC_RELAXED) || !is_deaf(t->tid))
        *since = now;
    return now - *since > DEAF_AFTER;
}

/* Sends the signal until the thread has done what it is to do there. The last error: it has ended,
 * or takes no signal. */
static bool reach(struct wvm_kit_thread *t, bool (*done)(const struct wvm_kit_thread *))
{
    uint64_t from = wvm_kit_now(), now = from, since = from, pause = FIRST_PAUSE;
    __atomic_store_n(&t->reached, false, __ATOMIC_RELAXED);
    while (!done(t)) {
        uint32_t w = __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE);
        if (w & WVM_KIT_ENDED || !send(t->tid))
            return wvm_kit_fail(ERROR_ACCESS_DENIED);
        if (done(t))
            break;
        wvm_kit_park(&t->suspended, w, now + pause + now % JITTER); /* not in step with it */
        pause = pause < LAST_PAUSE ? 2 * pause : pause;
        now = wvm_kit_now();
        if (pause >= LAST_PAUSE && (is_closed(t, now, &since) || now - from > GIVE_UP))
            break;
    }
    return done(t) || wvm_kit_fail(ERROR_TIMEOUT);
}

/* Adds to the count; it was less than `most` and is in *before. The last error: it has ended. */
static bool add(struct wvm_kit_thread *t, uint32_t most, uint32_t *before)
{
    uint32_t w = __atomic_load_n(&t->suspended, __ATOMIC_RELAXED);
    do {
        if (w & (WVM_KIT_ENDED | WVM_KIT_KILLED))
            return wvm_kit_fail(ERROR_ACCESS_DENIED);
        if ((w & WVM_KIT_COUNT) >= most)
            return wvm_kit_fail(ERROR_SIGNAL_REFUSED);
    } while (!__atomic_compare_exchange_n(&t->suspended, &w, w + 1, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    *before = w & WVM_KIT_COUNT;
    return true;
}

/* Takes one from the count. What it was. */
static uint32_t take_off(struct wvm_kit_thread *t)
{
    uint32_t w = __atomic_load_n(&t->suspended, __ATOMIC_RELAXED);
    while ((w & WVM_KIT_COUNT) != 0 &&
           !__atomic_compare_exchange_n(&t->suspended, &w, w - 1, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    if ((w & WVM_KIT_COUNT) == 1)
        wvm_kit_unpark(&t->suspended, INT_MAX);
    return w & WVM_KIT_COUNT;
}

/* Parked, with one more on the count, which is before *before. */
static bool hold(struct wvm_kit_thread *t, uint32_t most, uint32_t *before)
{
    if (!is_started() || !add(t, most, before))
        return false;
    if (reach(t, is_parked))
        return true;
    take_off(t);
    return false;
}

static struct wvm_kit_thread *thread_of(HANDLE h, uint32_t rights)
{
    return wvm_kit_object_of(h, &wvm_kit_thread_kind, rights);
}

DWORD wvm_kit_SuspendThread(HANDLE h)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SUSPEND_RESUME);
    uint32_t before = 0;
    bool held = false;
    if (!t)
        return (DWORD)-1;
    if (t != wvm_kit_self_known) {
        held = hold(t, MOST, &before);
    } else if (is_started() && add(t, MOST, &before)) {
        held = true;
        while (send(t->tid) && __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_COUNT)
            ; /* the handler returns when it is resumed */
    }
    wvm_kit_drop(&t->object);
    return held ? before : (DWORD)-1;
}

DWORD wvm_kit_ResumeThread(HANDLE h)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SUSPEND_RESUME);
    if (!t)
        return (DWORD)-1;
    uint32_t before = take_off(t);
    wvm_kit_drop(&t->object);
    return before;
}

/* What OpenThread says of a number that is no thread of this process. */
static DWORD stranger(uint32_t tid)
{
    bool exists = tid != 0 && tid <= INT_MAX && (kill((pid_t)tid, 0) == 0 || errno == EPERM);
    return exists ? ERROR_ACCESS_DENIED : ERROR_INVALID_PARAMETER;
}

/* A thread that the kit has not seen yet gets its record. Held. */
static struct wvm_kit_thread *introduce(uint32_t tid)
{
    int saved = errno;
    bool ours = tid != 0 && tid <= INT_MAX && syscall(SYS_tgkill, getpid(), tid, 0) == 0;
    DWORD error = ours ? ERROR_NOT_ENOUGH_MEMORY : stranger(tid);
    errno = saved;
    struct wvm_kit_thread *t = ours && is_started() ? wvm_kit_thread_give(tid) : NULL;
    if (t && !reach(t, is_taken)) {
        wvm_kit_thread_take_back(t);
        error = ERROR_ACCESS_DENIED;
        t = NULL;
    }
    if (!t)
        wvm_kit_fail(error);
    return t;
}

HANDLE wvm_kit_OpenThread(DWORD access, BOOL inherit, DWORD tid)
{
    UNREFERENCED_PARAMETER(inherit);
    struct wvm_kit_thread *t = NULL;
    if (tid == wvm_kit_tid() && (t = wvm_kit_self()) != NULL)
        winvm_object_hold(&t->object.head);
    else
        t = wvm_kit_thread_find(tid);
    if (!t)
        t = introduce(tid);
    return t ? wvm_kit_handle(&t->object, access) : NULL;
}

/* ---- registers ---- */

static bool has(DWORD flags, DWORD part)
{
    return (flags & part) == part;
}

/* The parts that `to` names. */
static void copy_parts(CONTEXT *to, const CONTEXT *from)
{
    DWORD flags = to->ContextFlags;
    CONTEXT all = *from;
    all.ContextFlags = flags;
#define TAKE(first, last) \
    memcpy(&to->first, &all.first, (size_t)((char *)(&all.last + 1) - (char *)&all.first))
#if defined(__x86_64__)
    if (has(flags, CONTEXT_CONTROL)) {
        TAKE(SegCs, SegCs);
        TAKE(SegSs, EFlags);
        TAKE(Rsp, Rsp);
        TAKE(Rip, Rip);
    }
    if (has(flags, CONTEXT_INTEGER)) {
        TAKE(Rax, Rbx);
        TAKE(Rbp, R15);
    }
    if (has(flags, CONTEXT_SEGMENTS))
        TAKE(SegDs, SegGs);
    if (has(flags, CONTEXT_FLOATING_POINT)) {
        TAKE(MxCsr, MxCsr);
        TAKE(FltSave, FltSave);
    }
#else
    if (has(flags, CONTEXT_CONTROL))
        TAKE(Ebp, SegSs);
    if (has(flags, CONTEXT_INTEGER))
        TAKE(Edi, Eax);
    if (has(flags, CONTEXT_SEGMENTS))
        TAKE(SegGs, SegDs);
    if (has(flags, CONTEXT_FLOATING_POINT))
        TAKE(FloatSave, FloatSave);
    if (has(flags, CONTEXT_EXTENDED_REGISTERS))
        TAKE(ExtendedRegisters, ExtendedRegisters);
#endif
    if (has(flags, CONTEXT_DEBUG_REGISTERS))
        TAKE(Dr0, Dr7);
#undef TAKE
}

BOOL wvm_kit_GetThreadContext(HANDLE h, LPCONTEXT context)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_GET_CONTEXT);
    CONTEXT now;
    uint32_t before;
    bool got = false;
    if (!t)
        return FALSE;
    if (t == wvm_kit_self_known) {
        RtlCaptureContext(&now);
        got = true;
    } else if (hold(t, WVM_KIT_COUNT, &before)) {
        winvm_context_load(&now, t->context);
        take_off(t);
        got = true;
    }
    if (got)
        copy_parts(context, &now);
    wvm_kit_drop(&t->object);
    return got;
}

BOOL wvm_kit_SetThreadContext(HANDLE h, const CONTEXT *context)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_SET_CONTEXT);
    CONTEXT next;
    uint32_t before;
    bool set = false;
    if (!t)
        return FALSE;
    memcpy(&next, context, sizeof next);
    bool mine = t == wvm_kit_self_known;
    if (mine) {
        wvm_kit_drop(&t->object); /* the thread may not come back here */
        if (!is_started())
            return FALSE;
        own_next = &next;
        send(wvm_kit_tid());
        set = own_next == NULL;
        own_next = NULL;
        return set || wvm_kit_fail(ERROR_TIMEOUT);
    }
    if (hold(t, WVM_KIT_COUNT, &before)) {
        winvm_context_store(&next, t->context);
        take_off(t);
        set = true;
    }
    wvm_kit_drop(&t->object);
    return set;
}

/* ---- the end ---- */

static bool has_ended(const struct wvm_kit_thread *t)
{
    return __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_ENDED;
}

static bool kill_thread(struct wvm_kit_thread *t, DWORD code)
{
    uint32_t before;
    if (!hold(t, WVM_KIT_COUNT, &before))
        return false;
    t->exit_code = code;
    __atomic_or_fetch(&t->suspended, WVM_KIT_KILLED, __ATOMIC_RELEASE);
    wvm_kit_unpark(&t->suspended, INT_MAX);
    for (uint32_t w; !has_ended(t);) {
        w = __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE);
        if (!(w & WVM_KIT_ENDED))
            wvm_kit_park(&t->suspended, w, WVM_KIT_NEVER);
    }
    return true;
}

BOOL wvm_kit_TerminateThread(HANDLE h, DWORD code)
{
    struct wvm_kit_thread *t = thread_of(h, THREAD_TERMINATE);
    if (!t)
        return FALSE;
    if (t == wvm_kit_self_known) {
        wvm_kit_drop(&t->object);
        wvm_kit_ExitThread(code);
    }
    bool killed = kill_thread(t, code);
    wvm_kit_drop(&t->object);
    return killed;
}

#define WVM_KIT_SUSPEND
#include "kit/kit_entry.h"
