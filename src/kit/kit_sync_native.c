/* Mutexes and semaphores by the names of ntdll, and what is asked about what is waited for.
 *
 * I1  Objects have no names here.
 * I2  The last error is what it was before the call.
 * Locking, signal safety: as the calls that these are.   Failure: a status, nothing changed. */
#include "kit/kit_native.h"
#include "kit/kit_wait.h"

/* What NtCreate* of these refuse before anything is made. */
static NTSTATUS check_new(const HANDLE *out, const OBJECT_ATTRIBUTES *attributes)
{
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    return wvm_kit_native_named(attributes) ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtCreateMutant(PHANDLE out, ACCESS_MASK access,
                                const OBJECT_ATTRIBUTES *attributes, BOOLEAN owned)
{
    DWORD error = GetLastError(), flags = owned ? CREATE_MUTEX_INITIAL_OWNER : 0;
    NTSTATUS status = check_new(out, attributes);
    if (status != STATUS_SUCCESS)
        return status;
    return wvm_kit_native_handle(wvm_kit_CreateMutexExW(NULL, NULL, flags, access), out, error);
}

NTSTATUS wvm_kit_NtReleaseMutant(HANDLE h, PLONG before)
{
    DWORD error = GetLastError();
    MUTANT_BASIC_INFORMATION seen;
    bool known = wvm_kit_mutex_look(h, 0, &seen);
    if (!known || !wvm_kit_ReleaseMutex(h))
        return wvm_kit_native_failed(error);
    if (before)
        *before = seen.CurrentCount;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtCreateSemaphore(PHANDLE out, ACCESS_MASK access,
                                   const OBJECT_ATTRIBUTES *attributes, LONG count, LONG most)
{
    DWORD error = GetLastError();
    NTSTATUS status = check_new(out, attributes);
    if (status != STATUS_SUCCESS)
        return status;
    HANDLE h = wvm_kit_CreateSemaphoreExW(NULL, count, most, NULL, 0, access);
    return wvm_kit_native_handle(h, out, error);
}

NTSTATUS wvm_kit_NtReleaseSemaphore(HANDLE h, LONG more, PLONG before)
{
    DWORD error = GetLastError();
    return wvm_kit_ReleaseSemaphore(h, more, before) ? STATUS_SUCCESS
                                                     : wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_NtSignalAndWaitForSingleObject(HANDLE signal, HANDLE wait, BOOLEAN alertable,
                                                const LARGE_INTEGER *timeout)
{
    DWORD error = GetLastError();
    return wvm_kit_native_waited(
        wvm_kit_SignalObjectAndWait(signal, wait, wvm_kit_native_ms(timeout), alertable), error);
}

/* ---- What is asked ---- */

static NTSTATUS check_query(unsigned class, const void *out, ULONG size, ULONG wanted)
{
    if (class != 0)
        return STATUS_INVALID_INFO_CLASS;
    if (size != wanted)
        return STATUS_INFO_LENGTH_MISMATCH;
    return out ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

static NTSTATUS told(bool done, ULONG size, PULONG needed, DWORD error)
{
    if (!done)
        return wvm_kit_native_failed(error);
    if (needed)
        *needed = size;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtQueryEvent(HANDLE h, EVENT_INFORMATION_CLASS class, PVOID out, ULONG size,
                              PULONG needed)
{
    DWORD error = GetLastError();
    NTSTATUS status = check_query(class, out, size, sizeof(EVENT_BASIC_INFORMATION));
    if (status != STATUS_SUCCESS)
        return status;
    return told(wvm_kit_event_look(h, EVENT_QUERY_STATE, out), size, needed, error);
}

NTSTATUS wvm_kit_NtQueryMutant(HANDLE h, MUTANT_INFORMATION_CLASS class, PVOID out, ULONG size,
                               PULONG needed)
{
    DWORD error = GetLastError();
    NTSTATUS status = check_query(class, out, size, sizeof(MUTANT_BASIC_INFORMATION));
    if (status != STATUS_SUCCESS)
        return status;
    return told(wvm_kit_mutex_look(h, MUTANT_QUERY_STATE, out), size, needed, error);
}

NTSTATUS wvm_kit_NtQuerySemaphore(HANDLE h, SEMAPHORE_INFORMATION_CLASS class, PVOID out,
                                  ULONG size, PULONG needed)
{
    DWORD error = GetLastError();
    NTSTATUS status = check_query(class, out, size, sizeof(SEMAPHORE_BASIC_INFORMATION));
    if (status != STATUS_SUCCESS)
        return status;
    return told(wvm_kit_semaphore_look(h, SEMAPHORE_QUERY_STATE, out), size, needed, error);
}

#define WVM_KIT_SYNC_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
