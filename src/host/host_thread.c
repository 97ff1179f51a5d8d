/* Threads of winvm's own.
 *
 * Owns     their number.
 * I1       They block all signals but those that the C library sends to its own threads (setuid).
 * I2       The last thread of a process runs what the program left to atexit(), and that may be one
 *          of these: their stacks are not the smallest that would do. A stack takes no memory
 *          before it is used.
 * Locking  none.   fork: a child has none of them.
 * Failure  -errno, nothing started.   Signal safety  wvm_host_threads(). */
#include "host/host_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "host/host_signal.h"

enum { STACK = 256 * 1024, STACK_MAX = 8 << 20 };
#define C_LIBRARY_SIGNALS ((uint64_t)1 << 31 | (uint64_t)1 << 32)

static unsigned n_threads;

void *wvm_host_thread_entry(void *thread)
{
    const struct wvm_host_thread *t = thread;
    (void)prctl(PR_SET_NAME, t->name);
    t->run();
    __atomic_fetch_sub(&n_threads, 1, __ATOMIC_RELAXED);
    return NULL;
}

/* A program with much thread-local data needs more than the usual stack: EINVAL. */
static int create(pthread_attr_t *attr, const struct wvm_host_thread *thread)
{
    pthread_t id;
    int err = pthread_attr_setdetachstate(attr, PTHREAD_CREATE_DETACHED);
    if (err != 0)
        return err;
    err = EINVAL;
    for (size_t stack = STACK; err == EINVAL && stack <= STACK_MAX; stack *= 2) {
        err = pthread_attr_setstacksize(attr, stack);
        if (err == 0)
            err = pthread_create(&id, attr, wvm_host_thread_entry, (void *)(uintptr_t)thread);
    }
    return err;
}

int wvm_host_thread_start(const struct wvm_host_thread *thread)
{
    pthread_attr_t attr;
    int saved = errno;
    int err = pthread_attr_init(&attr);
    if (err == 0) {
        __atomic_fetch_add(&n_threads, 1, __ATOMIC_RELAXED);
        uint64_t mask = wvm_host_sigmask(~C_LIBRARY_SIGNALS);
        err = create(&attr, thread);
        (void)wvm_host_sigmask(mask);
        if (err != 0)
            __atomic_fetch_sub(&n_threads, 1, __ATOMIC_RELAXED);
        (void)pthread_attr_destroy(&attr);
    }
    errno = saved;
    return -err;
}

unsigned wvm_host_threads(void)
{
    return __atomic_load_n(&n_threads, __ATOMIC_RELAXED);
}

void wvm_host_threads_after_fork_child(void)
{
    __atomic_store_n(&n_threads, 0, __ATOMIC_RELAXED);
}
