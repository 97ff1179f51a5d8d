/* Condition variables: the number of sleepers, and the lot.
 *
 * I1  A sleeper counts, and is in the lot, before it lets the lock go: a wake that comes after that
 *     finds it.
 * I2  The count is never less than the number of sleepers; 0: nobody to wake.
 * Locking: the caller's lock is taken again in every case.   Failure: only a time-out.
 * Signal safety: none. */
#include <limits.h>

#include "kit/kit.h"
#include "kit/kit_lot.h"

struct held {
    LPCRITICAL_SECTION section; /* one of the two */
    PSRWLOCK lock;
    bool shared;
};

static uintptr_t *count_of(PCONDITION_VARIABLE cv)
{
    return (uintptr_t *)&cv->Ptr;
}

static bool always(const void *address, const void *arg)
{
    UNREFERENCED_PARAMETER(address);
    UNREFERENCED_PARAMETER(arg);
    return true;
}

static void let_go(void *arg)
{
    const struct held *h = arg;
    if (h->section)
        wvm_kit_LeaveCriticalSection(h->section);
    else if (h->shared)
        wvm_kit_ReleaseSRWLockShared(h->lock);
    else
        wvm_kit_ReleaseSRWLockExclusive(h->lock);
}

static void take_again(const struct held *h)
{
    if (h->section)
        wvm_kit_EnterCriticalSection(h->section);
    else if (h->shared)
        wvm_kit_AcquireSRWLockShared(h->lock);
    else
        wvm_kit_AcquireSRWLockExclusive(h->lock);
}

static BOOL sleep_on(PCONDITION_VARIABLE cv, struct held *h, DWORD ms)
{
    struct wvm_kit_sleep sleep = {always, let_go, h};
    __atomic_fetch_add(count_of(cv), 1, __ATOMIC_SEQ_CST);
    bool woken = wvm_kit_lot_sleep(cv, &sleep, wvm_kit_deadline(ms));
    __atomic_fetch_sub(count_of(cv), 1, __ATOMIC_SEQ_CST);
    take_again(h);
    return woken || wvm_kit_fail(ERROR_TIMEOUT);
}

VOID wvm_kit_InitializeConditionVariable(PCONDITION_VARIABLE cv)
{
    cv->Ptr = NULL;
}

BOOL wvm_kit_SleepConditionVariableCS(PCONDITION_VARIABLE cv, PCRITICAL_SECTION section, DWORD ms)
{
    struct held h = {.section = section};
    return sleep_on(cv, &h, ms);
}

BOOL wvm_kit_SleepConditionVariableSRW(PCONDITION_VARIABLE cv, PSRWLOCK lock, DWORD ms, ULONG flags)
{
    struct held h = {.lock = lock, .shared = flags & CONDITION_VARIABLE_LOCKMODE_SHARED};
    if (flags & ~(ULONG)CONDITION_VARIABLE_LOCKMODE_SHARED)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return sleep_on(cv, &h, ms);
}

VOID wvm_kit_WakeConditionVariable(PCONDITION_VARIABLE cv)
{
    if (__atomic_load_n(count_of(cv), __ATOMIC_SEQ_CST) != 0)
        wvm_kit_lot_wake(cv, 1);
}

VOID wvm_kit_WakeAllConditionVariable(PCONDITION_VARIABLE cv)
{
    if (__atomic_load_n(count_of(cv), __ATOMIC_SEQ_CST) != 0)
        wvm_kit_lot_wake(cv, UINT_MAX);
}

#define WVM_KIT_CONDITION
#include "kit/kit_entry.h"
