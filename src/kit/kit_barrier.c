/* Barriers: a number of threads wait for one another, round by round.
 *
 * Terms   inside = threads in EnterSynchronizationBarrier.
 * I1  A thread reads the round before it counts itself as arrived; the round ends only after all
 *     have arrived, so it never misses its end.
 * I2  The last of a round makes the barrier ready for the next before it ends this one.
 * I3  Nothing of the barrier is touched by a thread that is no longer inside.
 * Locking: none, counters.   Failure: nothing changed.   Signal safety: none. */
#include <limits.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"

#define USUAL_SPINS 200u

struct barrier {
    uint32_t total;
    uint32_t missing; /* (a) of this round */
    ULONG_PTR spins;  /* before a thread sleeps */
    ULONG_PTR unused;
    uint32_t round;   /* (a) slept on */
    uint32_t inside;  /* (a) slept on */
};
_Static_assert(sizeof(struct barrier) == sizeof(SYNCHRONIZATION_BARRIER), "a barrier's size");

BOOL wvm_kit_InitializeSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER at, LONG total, LONG spins)
{
    struct barrier *b = (struct barrier *)(void *)at;
    if (!b || total < 1 || spins < -1)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *b = (struct barrier){.total = (uint32_t)total, .missing = (uint32_t)total,
                          .spins = spins == -1 ? USUAL_SPINS : (ULONG_PTR)spins};
    return TRUE;
}

static bool is_over(const struct barrier *b, uint32_t round)
{
    return __atomic_load_n(&b->round, __ATOMIC_ACQUIRE) != round;
}

static void wait_for_end(struct barrier *b, uint32_t round, DWORD flags)
{
    bool spin_only = (flags & SYNCHRONIZATION_BARRIER_FLAGS_SPIN_ONLY) != 0;
    ULONG_PTR spins = flags & SYNCHRONIZATION_BARRIER_FLAGS_BLOCK_ONLY ? 0 : b->spins;
    while (!is_over(b, round) && (spin_only || spins-- > 0))
        __builtin_ia32_pause();
    while (!is_over(b, round))
        wvm_kit_park(&b->round, round, WVM_KIT_NEVER);
}

BOOL wvm_kit_EnterSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER at, DWORD flags)
{
    struct barrier *b = (struct barrier *)(void *)at;
    __atomic_add_fetch(&b->inside, 1, __ATOMIC_RELAXED);
    uint32_t round = __atomic_load_n(&b->round, __ATOMIC_ACQUIRE);
    bool last = __atomic_sub_fetch(&b->missing, 1, __ATOMIC_ACQ_REL) == 0;
    if (last) {
        __atomic_store_n(&b->missing, b->total, __ATOMIC_RELAXED);
        __atomic_store_n(&b->round, round + 1, __ATOMIC_RELEASE);
        wvm_kit_unpark(&b->round, INT_MAX);
    } else {
        wait_for_end(b, round, flags);
    }
    if (__atomic_sub_fetch(&b->inside, 1, __ATOMIC_ACQ_REL) == 0)
        wvm_kit_unpark(&b->inside, INT_MAX);
    return last;
}

BOOL wvm_kit_DeleteSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER at)
{
    struct barrier *b = (struct barrier *)(void *)at;
    for (uint32_t n; (n = __atomic_load_n(&b->inside, __ATOMIC_ACQUIRE)) != 0;)
        wvm_kit_park(&b->inside, n, WVM_KIT_NEVER);
    return TRUE;
}

#define WVM_KIT_BARRIER
#include "kit/kit_entry.h"
