/* Critical sections: LockCount is the word that threads sleep on.
 *
 * I1  LockCount is FREE, TAKEN, or WAITED (taken, and perhaps slept for), as Windows shows them
 *     with no and with one waiter; OwningThread and RecursionCount are the owner's to change.
 * I2  No memory is taken: any byte of the structure is the program's.
 * Locking: none.   Failure: none.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_lock.h"
#include "kit/kit_self.h"

enum { FREE = -1, TAKEN = -2, WAITED = -6 };

static HANDLE me(void)
{
    return (HANDLE)(uintptr_t)wvm_kit_tid();
}

static bool is_mine(const CRITICAL_SECTION *cs)
{
    return __atomic_load_n(&cs->OwningThread, __ATOMIC_RELAXED) == me();
}

/* Alone or not, the word says the same: who starts a thread may hold the section. */
static inline bool try_take(CRITICAL_SECTION *cs)
{
    LONG seen = FREE;
    if (WVM_KIT_ALONE) {
        bool is_free = __atomic_load_n(&cs->LockCount, __ATOMIC_RELAXED) == FREE;
        if (is_free)
            __atomic_store_n(&cs->LockCount, TAKEN, __ATOMIC_RELAXED);
        return is_free;
    }
    return __atomic_compare_exchange_n(&cs->LockCount, &seen, TAKEN, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void own(CRITICAL_SECTION *cs)
{
    __atomic_store_n(&cs->OwningThread, me(), __ATOMIC_RELAXED);
    cs->RecursionCount = 1;
}

static WVM_NOINLINE void take_slowly(CRITICAL_SECTION *cs)
{
    for (ULONG_PTR i = cs->SpinCount & 0xffffff; i > 0; i--) {
        if (__atomic_load_n(&cs->LockCount, __ATOMIC_RELAXED) == FREE && try_take(cs))
            return;
        __builtin_ia32_pause();
    }
    while (__atomic_exchange_n(&cs->LockCount, WAITED, __ATOMIC_ACQUIRE) != FREE)
        wvm_kit_park((uint32_t *)&cs->LockCount, (uint32_t)WAITED, WVM_KIT_NEVER);
}

VOID wvm_kit_EnterCriticalSection(LPCRITICAL_SECTION cs)
{
    if (WVM_UNLIKELY(!try_take(cs))) {
        if (is_mine(cs)) {
            cs->RecursionCount++;
            return;
        }
        take_slowly(cs);
    }
    own(cs);
}

BOOL wvm_kit_TryEnterCriticalSection(LPCRITICAL_SECTION cs)
{
    if (try_take(cs)) {
        own(cs);
        return TRUE;
    }
    if (!is_mine(cs))
        return FALSE;
    cs->RecursionCount++;
    return TRUE;
}

VOID wvm_kit_LeaveCriticalSection(LPCRITICAL_SECTION cs)
{
    if (--cs->RecursionCount > 0)
        return;
    __atomic_store_n(&cs->OwningThread, NULL, __ATOMIC_RELAXED);
    if (WVM_KIT_ALONE)
        __atomic_store_n(&cs->LockCount, FREE, __ATOMIC_RELAXED); /* nobody waits */
    else if (__atomic_exchange_n(&cs->LockCount, FREE, __ATOMIC_RELEASE) == WAITED)
        wvm_kit_unpark((uint32_t *)&cs->LockCount, 1);
}

VOID wvm_kit_InitializeCriticalSection(LPCRITICAL_SECTION cs)
{
    *cs = (CRITICAL_SECTION){.DebugInfo = (PVOID)(intptr_t)-1, .LockCount = FREE};
}

BOOL wvm_kit_InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION cs, DWORD spins)
{
    wvm_kit_InitializeCriticalSection(cs);
    cs->SpinCount = spins & 0xffffff;
    return TRUE;
}

BOOL wvm_kit_InitializeCriticalSectionEx(LPCRITICAL_SECTION cs, DWORD spins, DWORD flags)
{
    const DWORD known = CRITICAL_SECTION_NO_DEBUG_INFO | RTL_CRITICAL_SECTION_FLAG_DYNAMIC_SPIN |
                        RTL_CRITICAL_SECTION_FLAG_STATIC_INIT;
    if ((flags & ~known) != 0 || spins > 0xffffff)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return wvm_kit_InitializeCriticalSectionAndSpinCount(cs, spins);
}

DWORD wvm_kit_SetCriticalSectionSpinCount(LPCRITICAL_SECTION cs, DWORD spins)
{
    DWORD before = (DWORD)cs->SpinCount;
    cs->SpinCount = spins & 0xffffff;
    return before;
}

VOID wvm_kit_DeleteCriticalSection(LPCRITICAL_SECTION cs)
{
    *cs = (CRITICAL_SECTION){.LockCount = FREE};
}

#define WVM_KIT_CRITICAL
#include "kit/kit_entry.h"
