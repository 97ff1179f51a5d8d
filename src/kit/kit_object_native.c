/* Events, waits, threads and the end of the process as ntdll has them: the calls of kernel32 with
 * statuses for errors. Objects have no names here.
 *
 * Locking, signal safety: as the calls that these are.   Failure: a status, nothing changed, and
 * the last error as it was. */
#include "kit/kit_native.h"
#include "kit/kit_wait.h"

enum { NOTIFICATION_EVENT, SYNCHRONIZATION_EVENT };
enum { WAIT_ALL_OBJECTS, WAIT_ANY_OBJECT };

/* ---- Events ---- */

NTSTATUS wvm_kit_NtCreateEvent(PHANDLE out, ACCESS_MASK access,
                               const OBJECT_ATTRIBUTES *attributes, int type, BOOLEAN set)
{
    DWORD error = GetLastError();
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    if (type != NOTIFICATION_EVENT && type != SYNCHRONIZATION_EVENT)
        return STATUS_INVALID_PARAMETER;
    if (wvm_kit_native_named(attributes))
        return STATUS_NOT_SUPPORTED;
    HANDLE h = wvm_kit_CreateEventExW(NULL, NULL,
                                      (type == NOTIFICATION_EVENT ? CREATE_EVENT_MANUAL_RESET : 0) |
                                          (set ? CREATE_EVENT_INITIAL_SET : 0),
                                      access);
    return wvm_kit_native_handle(h, out, error);
}

static NTSTATUS change_event(HANDLE h, bool set, PLONG before)
{
    DWORD error = GetLastError();
    bool was;
    if (!wvm_kit_event_change(h, set, &was))
        return wvm_kit_native_failed(error);
    if (before)
        *before = was;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtSetEvent(HANDLE h, PLONG before)
{
    return change_event(h, true, before);
}

NTSTATUS wvm_kit_NtResetEvent(HANDLE h, PLONG before)
{
    return change_event(h, false, before);
}

NTSTATUS wvm_kit_NtClearEvent(HANDLE h)
{
    return change_event(h, false, NULL);
}

/* ---- Waits ---- */

struct wait {
    const HANDLE *h;
    DWORD n;
    BOOL all, alertable;
};

static NTSTATUS wait_until(const struct wait *w, const LARGE_INTEGER *timeout)
{
    DWORD error = GetLastError();
    DWORD result = wvm_kit_WaitForMultipleObjectsEx(w->n, w->h, w->all, wvm_kit_native_ms(timeout),
                                                    w->alertable);
    return wvm_kit_native_waited(result, error);
}

NTSTATUS wvm_kit_NtWaitForSingleObject(HANDLE h, BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    struct wait w = {&h, 1, FALSE, alertable};
    return wait_until(&w, timeout);
}

NTSTATUS wvm_kit_NtWaitForMultipleObjects(ULONG n, const HANDLE *h, int type, BOOLEAN alertable,
                                          const LARGE_INTEGER *timeout)
{
    struct wait w = {h, n, type == WAIT_ALL_OBJECTS, alertable};
    if (n == 0 || n > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (type != WAIT_ALL_OBJECTS && type != WAIT_ANY_OBJECT)
        return STATUS_INVALID_PARAMETER_3;
    if (!h)
        return STATUS_ACCESS_VIOLATION;
    return wait_until(&w, timeout);
}

/* ---- Threads ---- */

static NTSTATUS counted(DWORD count, PULONG before, DWORD error)
{
    if (count == (DWORD)-1)
        return wvm_kit_native_failed(error);
    if (before)
        *before = count;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtSuspendThread(HANDLE h, PULONG before)
{
    DWORD error = GetLastError();
    return counted(wvm_kit_SuspendThread(h), before, error);
}

NTSTATUS wvm_kit_NtResumeThread(HANDLE h, PULONG before)
{
    DWORD error = GetLastError();
    return counted(wvm_kit_ResumeThread(h), before, error);
}

NTSTATUS wvm_kit_NtGetContextThread(HANDLE h, PCONTEXT context)
{
    DWORD error = GetLastError();
    return wvm_kit_GetThreadContext(h, context) ? STATUS_SUCCESS : wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_NtSetContextThread(HANDLE h, PCONTEXT context)
{
    DWORD error = GetLastError();
    return wvm_kit_SetThreadContext(h, context) ? STATUS_SUCCESS : wvm_kit_native_failed(error);
}

/* ---- Ends ---- */

NTSTATUS wvm_kit_NtTerminateProcess(HANDLE h, NTSTATUS code)
{
    DWORD error = GetLastError();
    if (!h) /* all threads but this one */
        return STATUS_NOT_SUPPORTED;
    return wvm_kit_TerminateProcess(h, (UINT)code) ? STATUS_SUCCESS : wvm_kit_native_failed(error);
}

VOID wvm_kit_RtlExitUserProcess(NTSTATUS code)
{
    wvm_kit_ExitProcess((UINT)code);
}

VOID wvm_kit_RtlExitUserThread(NTSTATUS code)
{
    wvm_kit_ExitThread((DWORD)code);
}

#define WVM_KIT_OBJECT_NATIVE
#include "kit/kit_entry.h"
