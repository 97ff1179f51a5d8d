/* Slots of threads with a callback by the names of ntdll.
 *
 * I1  The last error is what it was before the call.
 * Locking, signal safety: as kit_fls.c.   Failure: a status, nothing changed. */
#include "kit/kit.h"
#include "kit/kit_native.h"

static NTSTATUS answer(DWORD index, PULONG out, DWORD error)
{
    if (index == FLS_OUT_OF_INDEXES) {
        SetLastError(error);
        return STATUS_NO_MEMORY;
    }
    *out = index;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlFlsAlloc(PFLS_CALLBACK_FUNCTION callback, PULONG index)
{
    DWORD error = GetLastError();
    return answer(wvm_kit_FlsAlloc(callback), index, error);
}

NTSTATUS wvm_kit_RtlFlsAlloc_ms(PFLS_CALLBACK_FUNCTION callback, PULONG index)
{
    DWORD error = GetLastError();
    return answer(wvm_kit_FlsAlloc_ms(callback), index, error);
}

NTSTATUS wvm_kit_RtlFlsFree(ULONG index)
{
    DWORD error = GetLastError();
    return wvm_kit_FlsFree(index) ? STATUS_SUCCESS : wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_RtlFlsSetValue(ULONG index, PVOID value)
{
    DWORD error = GetLastError();
    return wvm_kit_FlsSetValue(index, value) ? STATUS_SUCCESS : wvm_kit_native_failed(error);
}

/* A value of NULL is one; FlsGetValue tells by the last error whether the index is none. */
NTSTATUS wvm_kit_RtlFlsGetValue(ULONG index, PVOID *out)
{
    DWORD error = GetLastError();
    PVOID value = wvm_kit_FlsGetValue(index);
    if (!value && GetLastError() != NO_ERROR)
        return wvm_kit_native_failed(error);
    SetLastError(error);
    *out = value;
    return STATUS_SUCCESS;
}

#define WVM_KIT_FLS_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
