/* Slim reader/writer locks: one word.
 *
 * Terms   EXCLUSIVE, and above it the number of shared owners in steps of SHARED; WAITED = somebody
 *         may sleep for the lock.
 * I1      All zero is free. EXCLUSIVE and a number of shared owners exclude each other.
 * I2      Who lets go last with WAITED set clears the word and wakes all sleepers, who try again.
 * I3      While WAITED is set, new shared owners wait too: they do not keep a writer out for ever.
 * Locking: none; the lot.   Failure: none.   Signal safety: none. */
#include <limits.h>

#include "kit/kit.h"
#include "kit/kit_lot.h"

#define EXCLUSIVE ((uintptr_t)1)
#define WAITED ((uintptr_t)2)
#define SHARED ((uintptr_t)4)
#define OWNED(word) (((word) & ~WAITED) != 0)
#define N_SPINS 64

static uintptr_t *word_of(PSRWLOCK lock)
{
    return (uintptr_t *)&lock->Ptr;
}

static bool is_waited(const void *address, const void *arg)
{
    uintptr_t word = __atomic_load_n((const uintptr_t *)address, __ATOMIC_SEQ_CST);
    UNREFERENCED_PARAMETER(arg);
    return (word & WAITED) && OWNED(word);
}

/* How an owner-to-be asks: what it adds, and whether it may have a lock in this state. */
struct mode {
    uintptr_t add;
    bool (*may)(uintptr_t word);
};

static bool may_exclude(uintptr_t word)
{
    return !OWNED(word);
}

static bool may_share(uintptr_t word)
{
    return !(word & EXCLUSIVE) && !(OWNED(word) && (word & WAITED));
}

static bool may_join(uintptr_t word)
{
    return !(word & EXCLUSIVE);
}

static const struct mode exclude = {EXCLUSIVE, may_exclude}, share = {SHARED, may_share},
                         join = {SHARED, may_join};

static inline WVM_ALWAYS_INLINE bool try_take(uintptr_t *word, const struct mode *m)
{
    uintptr_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    while (m->may(seen))
        if (__atomic_compare_exchange_n(word, &seen, seen + m->add, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

static WVM_NOINLINE void take_slowly(uintptr_t *word, const struct mode *m)
{
    static const struct wvm_kit_sleep sleep = {is_waited, NULL, NULL};
    for (int i = 0; i < N_SPINS; i++) {
        if (try_take(word, m))
            return;
        __builtin_ia32_pause();
    }
    while (!try_take(word, m)) {
        __atomic_fetch_or(word, WAITED, __ATOMIC_SEQ_CST);
        wvm_kit_lot_sleep(word, &sleep, WVM_KIT_NEVER);
    }
}

static inline WVM_ALWAYS_INLINE void let_go(uintptr_t *word, uintptr_t sub)
{
    uintptr_t left = __atomic_sub_fetch(word, sub, __ATOMIC_SEQ_CST);
    /* Who takes the lock in between sees WAITED, and wakes them when it lets go. */
    if (WVM_UNLIKELY(left == WAITED) &&
        __atomic_compare_exchange_n(word, &left, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        wvm_kit_lot_wake(word, UINT_MAX);
}

VOID wvm_kit_InitializeSRWLock(PSRWLOCK lock)
{
    lock->Ptr = NULL;
}

VOID wvm_kit_AcquireSRWLockExclusive(PSRWLOCK lock)
{
    if (WVM_UNLIKELY(!try_take(word_of(lock), &exclude)))
        take_slowly(word_of(lock), &exclude);
}

VOID wvm_kit_AcquireSRWLockShared(PSRWLOCK lock)
{
    if (WVM_UNLIKELY(!try_take(word_of(lock), &share)))
        take_slowly(word_of(lock), &share);
}

BOOLEAN wvm_kit_TryAcquireSRWLockExclusive(PSRWLOCK lock)
{
    return try_take(word_of(lock), &exclude);
}

BOOLEAN wvm_kit_TryAcquireSRWLockShared(PSRWLOCK lock)
{
    return try_take(word_of(lock), &join);
}

VOID wvm_kit_ReleaseSRWLockExclusive(PSRWLOCK lock)
{
    let_go(word_of(lock), EXCLUSIVE);
}

VOID wvm_kit_ReleaseSRWLockShared(PSRWLOCK lock)
{
    let_go(word_of(lock), SHARED);
}

#define WVM_KIT_SRW
#include "kit/kit_entry.h"
