/* Critical sections, SRW locks, condition variables and lists of entries by their names in ntdll:
 * the same objects as those of kernel32's calls.
 *
 * Locking, failure, signal safety: as the calls that these are. */
#include "kit/kit_native.h"

NTSTATUS wvm_kit_RtlInitializeCriticalSection(PRTL_CRITICAL_SECTION section)
{
    wvm_kit_InitializeCriticalSection(section);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlInitializeCriticalSectionAndSpinCount(PRTL_CRITICAL_SECTION section,
                                                          ULONG spins)
{
    wvm_kit_InitializeCriticalSectionAndSpinCount(section, spins);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlEnterCriticalSection(PRTL_CRITICAL_SECTION section)
{
    wvm_kit_EnterCriticalSection(section);
    return STATUS_SUCCESS;
}

ULONG wvm_kit_RtlTryEnterCriticalSection(PRTL_CRITICAL_SECTION section)
{
    return wvm_kit_TryEnterCriticalSection(section) != 0;
}

NTSTATUS wvm_kit_RtlLeaveCriticalSection(PRTL_CRITICAL_SECTION section)
{
    wvm_kit_LeaveCriticalSection(section);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlDeleteCriticalSection(PRTL_CRITICAL_SECTION section)
{
    wvm_kit_DeleteCriticalSection(section);
    return STATUS_SUCCESS;
}

VOID wvm_kit_RtlInitializeSRWLock(PRTL_SRWLOCK lock)
{
    wvm_kit_InitializeSRWLock(lock);
}

VOID wvm_kit_RtlAcquireSRWLockExclusive(PRTL_SRWLOCK lock)
{
    wvm_kit_AcquireSRWLockExclusive(lock);
}

VOID wvm_kit_RtlAcquireSRWLockShared(PRTL_SRWLOCK lock)
{
    wvm_kit_AcquireSRWLockShared(lock);
}

BOOLEAN wvm_kit_RtlTryAcquireSRWLockExclusive(PRTL_SRWLOCK lock)
{
    return wvm_kit_TryAcquireSRWLockExclusive(lock);
}

BOOLEAN wvm_kit_RtlTryAcquireSRWLockShared(PRTL_SRWLOCK lock)
{
    return wvm_kit_TryAcquireSRWLockShared(lock);
}

VOID wvm_kit_RtlReleaseSRWLockExclusive(PRTL_SRWLOCK lock)
{
    wvm_kit_ReleaseSRWLockExclusive(lock);
}

VOID wvm_kit_RtlReleaseSRWLockShared(PRTL_SRWLOCK lock)
{
    wvm_kit_ReleaseSRWLockShared(lock);
}

VOID wvm_kit_RtlInitializeConditionVariable(PRTL_CONDITION_VARIABLE cv)
{
    wvm_kit_InitializeConditionVariable(cv);
}

VOID wvm_kit_RtlWakeConditionVariable(PRTL_CONDITION_VARIABLE cv)
{
    wvm_kit_WakeConditionVariable(cv);
}

VOID wvm_kit_RtlWakeAllConditionVariable(PRTL_CONDITION_VARIABLE cv)
{
    wvm_kit_WakeAllConditionVariable(cv);
}

NTSTATUS wvm_kit_RtlSleepConditionVariableCS(PRTL_CONDITION_VARIABLE cv,
                                             PRTL_CRITICAL_SECTION section,
                                             const LARGE_INTEGER *timeout)
{
    DWORD error = GetLastError();
    if (wvm_kit_SleepConditionVariableCS(cv, section, wvm_kit_native_ms(timeout)))
        return STATUS_SUCCESS;
    return wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_RtlSleepConditionVariableSRW(PRTL_CONDITION_VARIABLE cv, PRTL_SRWLOCK lock,
                                              const LARGE_INTEGER *timeout, ULONG flags)
{
    DWORD error = GetLastError();
    if (wvm_kit_SleepConditionVariableSRW(cv, lock, wvm_kit_native_ms(timeout), flags))
        return STATUS_SUCCESS;
    return wvm_kit_native_failed(error);
}

VOID wvm_kit_RtlInitializeSListHead(PSLIST_HEADER head)
{
    wvm_kit_InitializeSListHead(head);
}

PSLIST_ENTRY wvm_kit_RtlInterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry)
{
    return wvm_kit_InterlockedPushEntrySList(head, entry);
}

PSLIST_ENTRY wvm_kit_RtlInterlockedPopEntrySList(PSLIST_HEADER head)
{
    return wvm_kit_InterlockedPopEntrySList(head);
}

PSLIST_ENTRY wvm_kit_RtlInterlockedFlushSList(PSLIST_HEADER head)
{
    return wvm_kit_InterlockedFlushSList(head);
}

WORD wvm_kit_RtlQueryDepthSList(PSLIST_HEADER head)
{
    return wvm_kit_QueryDepthSList(head);
}

#define WVM_KIT_LOCK_NATIVE
#include "kit/kit_entry.h"
