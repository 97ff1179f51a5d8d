/* Sleeping on a word, and the lock of the kit's own tables.
 *
 * Terms   word = 32 bits that only this process changes; park = sleep on it.
 * I1      A thread parks only if the word has the value that it decided upon, seen by the kernel
 *         under its own lock: a change followed by an unpark is never missed.
 * I2      The last error and errno are those of before.
 * Locking: this is it.   Failure: none.   Signal safety: yes; a park goes on after a handler. */
#include "kit/kit_lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define N_SPINS 100

WVM_THREAD_LOCAL uint32_t wvm_kit_held;
WVM_THREAD_LOCAL void (*wvm_kit_when_unlocked)(void);

uint64_t wvm_kit_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

uint64_t wvm_kit_deadline(uint32_t ms)
{
    return ms == UINT32_MAX ? WVM_KIT_NEVER : wvm_kit_now() + ms * MILLISECOND;
}

bool wvm_kit_park(uint32_t *word, uint32_t value, uint64_t deadline)
{
    struct timespec left = {0, 0}, *limit = NULL;
    int saved = errno;
    if (deadline != WVM_KIT_NEVER) {
        uint64_t now = wvm_kit_now();
        if (now >= deadline)
            return false;
        left.tv_sec = (time_t)((deadline - now) / SECOND);
        left.tv_nsec = (long)((deadline - now) % SECOND);
        limit = &left;
    }
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, limit, NULL, 0);
    errno = saved;
    return true;
}

void wvm_kit_unpark(const uint32_t *word, int n)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
    errno = saved;
}

void wvm_kit_lock_slow(struct wvm_kit_lock *lock)
{
    for (int i = 0; i < N_SPINS; i++) {
        uint32_t nobody = 0;
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&lock->word, &nobody, 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return;
        __builtin_ia32_pause();
    }
    while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
        wvm_kit_park(&lock->word, 2, WVM_KIT_NEVER);
}
