/* Clocks by the names that ntdll has for run times and drivers' code.
 *
 * I1  The host's timers have their resolution whatever is asked for: it is told as the finest.
 * Locking: none.   Failure: a status, nothing changed.   Signal safety: yes. */
#include "kit/kit.h"

#define COARSEST 156250u /* units of 100 ns: 15.625 ms */
#define FINEST 5000u     /* 0.5 ms, the least that Windows grants */

BOOLEAN wvm_kit_RtlQueryPerformanceCounter(PLARGE_INTEGER out)
{
    return wvm_kit_NtQueryPerformanceCounter(out, NULL) == STATUS_SUCCESS;
}

BOOLEAN wvm_kit_RtlQueryPerformanceFrequency(PLARGE_INTEGER out)
{
    LARGE_INTEGER now;
    return out && wvm_kit_NtQueryPerformanceCounter(&now, out) == STATUS_SUCCESS;
}

LONGLONG wvm_kit_RtlGetSystemTimePrecise(VOID)
{
    LARGE_INTEGER now;
    wvm_kit_NtQuerySystemTime(&now);
    return now.QuadPart;
}

BOOLEAN wvm_kit_RtlQueryUnbiasedInterruptTime(PULONGLONG out)
{
    return wvm_kit_QueryUnbiasedInterruptTime(out) != FALSE;
}

NTSTATUS wvm_kit_RtlDelayExecution(BOOLEAN alertable, PLARGE_INTEGER interval)
{
    return wvm_kit_NtDelayExecution(alertable, interval);
}

NTSTATUS wvm_kit_NtQueryTimerResolution(PULONG coarsest, PULONG finest, PULONG now)
{
    if (!coarsest || !finest || !now)
        return STATUS_ACCESS_VIOLATION;
    *coarsest = COARSEST;
    *finest = *now = FINEST;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtSetTimerResolution(ULONG wanted, BOOLEAN set, PULONG now)
{
    UNREFERENCED_PARAMETER(wanted);
    UNREFERENCED_PARAMETER(set);
    if (!now)
        return STATUS_ACCESS_VIOLATION;
    *now = FINEST;
    return STATUS_SUCCESS;
}

#define WVM_KIT_CLOCK_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
