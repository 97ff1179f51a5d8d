/* The last status of the calling thread, beside its last error.
 *
 * Owns    LastStatusValue of the thread's block; 0 where there is no memory for one.
 * Locking: none.   Failure: the status is not kept.
 * Signal safety: none before the thread has a block. */
#include "kit/kit.h"

NTSTATUS wvm_kit_RtlGetLastNtStatus(VOID)
{
    PTEB teb = wvm_kit_NtCurrentTeb();
    return teb ? (NTSTATUS)teb->LastStatusValue : STATUS_SUCCESS;
}

VOID wvm_kit_RtlSetLastWin32ErrorAndNtStatusFromNtStatus(NTSTATUS status)
{
    PTEB teb = wvm_kit_NtCurrentTeb();
    if (teb)
        teb->LastStatusValue = (ULONG)status;
    SetLastError(RtlNtStatusToDosError(status));
}

VOID wvm_kit_RtlRestoreLastWin32Error(ULONG error)
{
    SetLastError(error);
}

#define WVM_KIT_LAST_STATUS
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
