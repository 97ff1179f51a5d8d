/* Threads stopped wherever they are: the signal, its handler, and who sends it.
 *
 * A signal goes to the thread, whose handler sleeps there until it is resumed; the registers that
 * the handler was given are the thread's.
 * Terms   park = sleep in the handler; hold = one more reason to be parked; reach = have it parked;
 *         busy = where nobody is parked: with a lock of the kit's, or inside winvm where others
 *         wait for it.
 * I1      Who is parked is not busy: the handler of a busy thread returns at once, and the thread
 *         sends itself the signal when it gives back the lock, or leaves winvm. What it is seldom
 *         and shortly in tells nothing when it is left: there the signal is sent again.
 * I2      A thread leaves the handler by the change of its word from PARKED, with a count of 0, to
 *         0: who added to the count before finds it parked, who does so later sends a signal.
 * I3      `context` is read and written by who has a hold on a parked thread.
 * I4      The signal is one that the program has no handler for when it is first needed.
 * I5      A child of fork() has nobody who could resume it: its counts begin at 0.
 * Locking: none is held while a thread is waited for.   Failure: the thread runs as before.
 * Signal safety: the handler. */
#include "kit/kit_stop.h"

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

#define MICROSECOND UINT64_C(1000)
#define FIRST_PAUSE (50 * MICROSECOND)
#define LAST_PAUSE (200 * MICROSECOND)
#define JITTER (64 * MICROSECOND)
#define COMING_PAUSE (20000 * MICROSECOND) /* it stops by itself, if nothing goes wrong */
#define DEAF_AFTER (500000 * MICROSECOND)
#define GIVE_UP (20000000 * MICROSECOND)

WVM_THREAD_LOCAL const CONTEXT *wvm_kit_stop_next;

static int stop_signal; /* (a) 0: none yet */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int signal_of_stops(void)
{
    return __atomic_load_n(&stop_signal, __ATOMIC_RELAXED);
}

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

static bool send(uint32_t tid)
{
    int saved = errno;
    bool sent = syscall(SYS_tgkill, getpid(), tid, signal_of_stops()) == 0 || errno == EAGAIN;
    errno = saved;
    return sent;
}

/* In the thread, which has left what it was busy with. */
static void ask_again(void)
{
    if (wvm_kit_held > 0)
        return;
    wvm_kit_when_unlocked = NULL;
    send((uint32_t)syscall(SYS_gettid));
}

/* In the handler. True: the thread is busy, and stops later. */
static bool is_busy(void)
{
    bool comes = wvm_kit_held > 0, busy = comes || winvm_thread_inside();
    if (comes)
        wvm_kit_when_unlocked = ask_again;
    else if (busy)
        comes = winvm_thread_when_left(ask_again);
    if (wvm_kit_self_known) {
        __atomic_store_n(&wvm_kit_self_known->comes, comes, __ATOMIC_RELAXED);
        __atomic_store_n(&wvm_kit_self_known->reached, true, __ATOMIC_RELAXED);
    }
    return busy;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    int saved = errno;
    UNREFERENCED_PARAMETER(sig);
    UNREFERENCED_PARAMETER(info);
    if (!is_busy()) {
        struct wvm_kit_thread *self = wvm_kit_thread_take();
        if (wvm_kit_stop_next) {
            if (self)
                wvm_kit_wait_abandon(self); /* a handler's, which came into the wait */
            winvm_context_store(wvm_kit_stop_next, context);
            wvm_kit_stop_next = NULL;
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
    for (int sig = SIGRTMAX - 1; sig > SIGRTMIN && signal_of_stops() == 0; sig--)
        if (sigaction(sig, NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
            old.sa_handler == SIG_DFL && sigaction(sig, &act, NULL) == 0)
            __atomic_store_n(&stop_signal, sig, __ATOMIC_RELAXED);
}

bool wvm_kit_stop_ready(void)
{
    pthread_once(&once, start);
    return signal_of_stops() != 0 || wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
}

/* ---- from outside ---- */

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
    return at && strtoull(at + 7, NULL, 16) >> (signal_of_stops() - 1) & 1;
}

static bool is_parked(const struct wvm_kit_thread *t)
{
    return __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_PARKED;
}

bool wvm_kit_stop_oneself(void)
{
    return send(wvm_kit_tid());
}

static bool is_taken(const struct wvm_kit_thread *t)
{
    return !__atomic_load_n(&t->given, __ATOMIC_ACQUIRE);
}

/* Has the thread kept the signal blocked all the time since *since, which is long ago? A moment
 * proves nothing: it may be in a handler. */
static bool is_closed(struct wvm_kit_thread *t, uint64_t now, uint64_t *since)
{
    if (__atomic_load_n(&t->reached, __ATOMIC_RELAXED) || !is_deaf(wvm_kit_tid_of(t)))
        *since = now;
    return now - *since > DEAF_AFTER;
}

/* Sends the signal until the thread has done what it is to do there. The last error: it has ended,
 * or takes no signal. */
static bool reach(struct wvm_kit_thread *t, bool (*done)(const struct wvm_kit_thread *))
{
    uint64_t from = wvm_kit_now(), now = from, since = from, pause = FIRST_PAUSE;
    __atomic_store_n(&t->reached, false, __ATOMIC_RELAXED);
    __atomic_store_n(&t->comes, false, __ATOMIC_RELAXED);
    while (!done(t)) {
        uint32_t w = __atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE);
        bool comes = __atomic_exchange_n(&t->comes, false, __ATOMIC_RELAXED);
        if (w & WVM_KIT_ENDED || (!comes && !send(wvm_kit_tid_of(t))))
            return wvm_kit_fail(ERROR_ACCESS_DENIED);
        if (done(t))
            break;
        uint64_t wait = comes ? COMING_PAUSE : pause + now % JITTER; /* not in step with it */
        wvm_kit_park(&t->suspended, w, now + wait);
        pause = pause < LAST_PAUSE ? 2 * pause : pause;
        now = wvm_kit_now();
        if (pause >= LAST_PAUSE && (is_closed(t, now, &since) || now - from > GIVE_UP))
            break;
    }
    return done(t) || wvm_kit_fail(ERROR_TIMEOUT);
}

bool wvm_kit_stop_add(struct wvm_kit_thread *t, uint32_t most, uint32_t *before)
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

uint32_t wvm_kit_stop_release(struct wvm_kit_thread *t)
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

bool wvm_kit_stop_hold(struct wvm_kit_thread *t, uint32_t most, uint32_t *before)
{
    if (!wvm_kit_stop_ready() || !wvm_kit_stop_add(t, most, before))
        return false;
    if (reach(t, is_parked))
        return true;
    wvm_kit_stop_release(t);
    return false;
}

bool wvm_kit_stop_meet(struct wvm_kit_thread *t)
{
    return reach(t, is_taken);
}
