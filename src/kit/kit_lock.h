/* The primitive that all of the kit blocks on: a 32-bit word, slept on until it changes, and the
 * small lock made of it. All zero is the state of the start. */
#ifndef WVM_KIT_KIT_LOCK_H
#define WVM_KIT_KIT_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

#if defined(__has_include)
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
/* The process has this thread only: nobody is there to be kept out of anything. */
#define WVM_KIT_ALONE (__libc_single_threaded != 0)
#endif
#endif
#ifndef WVM_KIT_ALONE
#define WVM_KIT_ALONE false
#endif

#pragma GCC visibility push(hidden)

/* A moment of the monotonic clock in nanoseconds. */
#define WVM_KIT_NEVER UINT64_MAX
uint64_t wvm_kit_now(void);
/* The moment that lies `ms` milliseconds ahead; INFINITE: WVM_KIT_NEVER. */
uint64_t wvm_kit_deadline(uint32_t ms);

/* Sleeps while *word is `value`, until a wake or the deadline; may return early. False: the
 * deadline has passed. errno stays. */
bool wvm_kit_park(uint32_t *word, uint32_t value, uint64_t deadline);
/* Wakes up to n threads that sleep on word, which may have ceased to be a word. */
void wvm_kit_unpark(const uint32_t *word, int n);

/* Not recursive, not fair. */
struct wvm_kit_lock {
    uint32_t word; /* 0 free, 1 taken, 2 taken and perhaps waited for */
};
void wvm_kit_lock_slow(struct wvm_kit_lock *lock);
/* How many of these the calling thread has, or is about to have: who has one is not suspended. */
extern WVM_THREAD_LOCAL uint32_t wvm_kit_held;
/* Called whenever the thread gives one back, while it is set: by the handler that stops threads. */
extern WVM_THREAD_LOCAL void (*wvm_kit_when_unlocked)(void);

/* What stands between the two is done to its end before the thread is suspended. */
static inline void wvm_kit_busy(void)
{
    wvm_kit_held++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
static inline void wvm_kit_idle(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    wvm_kit_held--;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (WVM_UNLIKELY(wvm_kit_when_unlocked != NULL))
        wvm_kit_when_unlocked();
}

static inline void wvm_kit_lock(struct wvm_kit_lock *lock)
{
    uint32_t nobody = 0;
    wvm_kit_busy();
    if (WVM_KIT_ALONE && lock->word == 0)
        lock->word = 1;
    else if (WVM_UNLIKELY(!__atomic_compare_exchange_n(&lock->word, &nobody, 1, false,
                                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        wvm_kit_lock_slow(lock);
}

static inline void wvm_kit_unlock(struct wvm_kit_lock *lock)
{
    if (WVM_KIT_ALONE)
        lock->word = 0;
    else if (WVM_UNLIKELY(__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2))
        wvm_kit_unpark(&lock->word, 1);
    wvm_kit_idle();
}

#pragma GCC visibility pop

#endif
