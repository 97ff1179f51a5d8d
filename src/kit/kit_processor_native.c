/* The calling thread's processor by the names of ntdll.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include "kit/kit.h"

ULONG wvm_kit_NtGetCurrentProcessorNumber(VOID)
{
    return wvm_kit_GetCurrentProcessorNumber();
}

ULONG wvm_kit_RtlGetCurrentProcessorNumber(VOID)
{
    return wvm_kit_GetCurrentProcessorNumber();
}

VOID wvm_kit_RtlGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER out)
{
    wvm_kit_GetCurrentProcessorNumberEx(out);
}

#define WVM_KIT_PROCESSOR_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
