/* What a program may set of a thread beside its priority, and is told of it: hints, and where it
 * runs.
 *
 * I1  A hint that the host has no place for is kept in the thread's record and told again.
 * I2  There is one group of processors, 0.
 * Locking: none.   Failure: nothing changed, nothing written.   Signal safety: none. */
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_self.h"

#define CODE_ALLOWED 1u

/* ---- Information by class ---- */

static bool fits(PVOID info, DWORD size, size_t wanted)
{
    if (size != wanted)
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    return info || wvm_kit_fail(ERROR_NOACCESS);
}

static void tell(struct wvm_kit_thread *t, THREAD_INFORMATION_CLASS what, PVOID info)
{
    DWORD allowed = CODE_ALLOWED;
    LONG priority = wvm_kit_absolute_priority(t);
    MEMORY_PRIORITY_INFORMATION memory = {
        MEMORY_PRIORITY_NORMAL - __atomic_load_n(&t->memory_lowered, __ATOMIC_RELAXED)};
    THREAD_POWER_THROTTLING_STATE power = {
        THREAD_POWER_THROTTLING_CURRENT_VERSION,
        __atomic_load_n(&t->throttle_control, __ATOMIC_RELAXED),
        __atomic_load_n(&t->throttle_state, __ATOMIC_RELAXED)};
    if (what == ThreadMemoryPriority)
        memcpy(info, &memory, sizeof memory);
    else if (what == ThreadPowerThrottling)
        memcpy(info, &power, sizeof power);
    else if (what == ThreadAbsoluteCpuPriority)
        memcpy(info, &priority, sizeof priority);
    else
        memcpy(info, &allowed, sizeof allowed);
}

BOOL wvm_kit_GetThreadInformation(HANDLE h, THREAD_INFORMATION_CLASS what, PVOID info, DWORD size)
{
    static const size_t sizes[] = {sizeof(MEMORY_PRIORITY_INFORMATION), sizeof(LONG),
                                   sizeof(DWORD), sizeof(THREAD_POWER_THROTTLING_STATE)};
    if ((unsigned)what >= WVM_ARRAY_LEN(sizes))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!fits(info, size, sizes[what]))
        return FALSE;
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return FALSE;
    tell(t, what, info);
    wvm_kit_drop(&t->object);
    return TRUE;
}

static bool set_memory(struct wvm_kit_thread *t, const void *info)
{
    MEMORY_PRIORITY_INFORMATION memory;
    memcpy(&memory, info, sizeof memory);
    if (memory.MemoryPriority > MEMORY_PRIORITY_NORMAL)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    __atomic_store_n(&t->memory_lowered, MEMORY_PRIORITY_NORMAL - memory.MemoryPriority,
                     __ATOMIC_RELAXED);
    return true;
}

static bool set_power(struct wvm_kit_thread *t, const void *info)
{
    THREAD_POWER_THROTTLING_STATE power;
    memcpy(&power, info, sizeof power);
    if (power.Version != THREAD_POWER_THROTTLING_CURRENT_VERSION ||
        (power.ControlMask & ~(ULONG)THREAD_POWER_THROTTLING_VALID_FLAGS) ||
        (power.StateMask & ~power.ControlMask))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    __atomic_store_n(&t->throttle_control, power.ControlMask, __ATOMIC_RELAXED);
    __atomic_store_n(&t->throttle_state, power.StateMask, __ATOMIC_RELAXED);
    return true;
}

BOOL wvm_kit_SetThreadInformation(HANDLE h, THREAD_INFORMATION_CLASS what, PVOID info, DWORD size)
{
    if (what != ThreadMemoryPriority && what != ThreadPowerThrottling)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!fits(info, size, what == ThreadMemoryPriority ? sizeof(MEMORY_PRIORITY_INFORMATION)
                                                       : sizeof(THREAD_POWER_THROTTLING_STATE)))
        return FALSE;
    struct wvm_kit_thread *t = wvm_kit_thread_to_change(h);
    if (!t)
        return FALSE;
    bool done = what == ThreadMemoryPriority ? set_memory(t, info) : set_power(t, info);
    wvm_kit_drop(&t->object);
    return done;
}

/* ---- Where it runs ---- */

static DWORD_PTR all_processors(void)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    return system.dwActiveProcessorMask;
}

/* Nobody has chosen: the first that the thread may run on. */
static DWORD ideal_of(uint32_t kept, uint32_t tid)
{
    DWORD_PTR mask = wvm_kit_processors_of((pid_t)tid);
    if (kept != 0)
        return kept - 1;
    return mask != 0 ? (DWORD)__builtin_ctzll(mask) : 0;
}

DWORD wvm_kit_SetThreadIdealProcessor(HANDLE h, DWORD ideal)
{
    if (ideal > MAXIMUM_PROCESSORS ||
        (ideal < MAXIMUM_PROCESSORS && !(all_processors() >> ideal & 1))) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return (DWORD)-1;
    }
    struct wvm_kit_thread *t = wvm_kit_thread_to_change(h);
    if (!t)
        return (DWORD)-1;
    uint32_t before = ideal == MAXIMUM_PROCESSORS
                          ? __atomic_load_n(&t->ideal, __ATOMIC_RELAXED)
                          : __atomic_exchange_n(&t->ideal, ideal + 1, __ATOMIC_RELAXED);
    before = ideal_of(before, wvm_kit_tid_of(t));
    wvm_kit_drop(&t->object);
    return before;
}

static void set_number(PPROCESSOR_NUMBER out, DWORD number)
{
    memset(out, 0, sizeof *out);
    out->Number = (BYTE)number;
}

BOOL wvm_kit_SetThreadIdealProcessorEx(HANDLE h, PPROCESSOR_NUMBER ideal, PPROCESSOR_NUMBER before)
{
    if (!ideal || ideal->Group != 0 || ideal->Reserved != 0 ||
        ideal->Number >= MAXIMUM_PROCESSORS)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    DWORD was = wvm_kit_SetThreadIdealProcessor(h, ideal->Number);
    if (was == (DWORD)-1)
        return FALSE;
    if (before)
        set_number(before, was);
    return TRUE;
}

BOOL wvm_kit_GetThreadIdealProcessorEx(HANDLE h, PPROCESSOR_NUMBER out)
{
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return FALSE;
    set_number(out, ideal_of(__atomic_load_n(&t->ideal, __ATOMIC_RELAXED), wvm_kit_tid_of(t)));
    wvm_kit_drop(&t->object);
    return TRUE;
}

static void set_group(PGROUP_AFFINITY out, DWORD_PTR mask)
{
    memset(out, 0, sizeof *out);
    out->Mask = mask;
}

BOOL wvm_kit_GetThreadGroupAffinity(HANDLE h, PGROUP_AFFINITY out)
{
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return FALSE;
    set_group(out, wvm_kit_processors_of((pid_t)wvm_kit_tid_of(t)));
    wvm_kit_drop(&t->object);
    return TRUE;
}

BOOL wvm_kit_SetThreadGroupAffinity(HANDLE h, const GROUP_AFFINITY *group, PGROUP_AFFINITY before)
{
    if (!group || group->Group != 0 || group->Mask == 0 || group->Reserved[0] != 0 ||
        group->Reserved[1] != 0 || group->Reserved[2] != 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    DWORD_PTR was = wvm_kit_SetThreadAffinityMask(h, group->Mask);
    if (was != 0 && before)
        set_group(before, was);
    return was != 0;
}

/* ---- Boosts ---- */

BOOL wvm_kit_GetThreadPriorityBoost(HANDLE h, PBOOL disabled)
{
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return FALSE;
    *disabled = __atomic_load_n(&t->no_boost, __ATOMIC_RELAXED);
    wvm_kit_drop(&t->object);
    return TRUE;
}

BOOL wvm_kit_SetThreadPriorityBoost(HANDLE h, BOOL disabled)
{
    struct wvm_kit_thread *t = wvm_kit_thread_to_change(h);
    if (!t)
        return FALSE;
    __atomic_store_n(&t->no_boost, disabled != FALSE, __ATOMIC_RELAXED);
    wvm_kit_drop(&t->object);
    return TRUE;
}

#define WVM_KIT_THREAD_SET
#include "kit/kit_entry.h"
