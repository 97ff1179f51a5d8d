/* Threads that a process is given, by the names of kernel32 and ntdll; the process is this one.
 *
 * Order of checks: the flags, the process, what CreateThread checks.
 * Locking, signal safety: as CreateThread.   Failure: no thread, nothing written. */
#include "kit/kit.h"
#include "kit/kit_native.h"

/* Accepted without a meaning: no module is told of threads, and no debugger hears of them. */
#define NT_FLAGS                                                                     \
    (THREAD_CREATE_FLAGS_CREATE_SUSPENDED | THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH | \
     THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER)

/* A thread that is wanted: CreateThread's parameters; ms: the function is of callers of the Windows
 * convention. */
struct want {
    SIZE_T stack;
    LPTHREAD_START_ROUTINE start;
    LPVOID argument;
    DWORD flags;
    bool ms;
};

/* The handle is to this process and lets threads be made. */
static bool may_create_in(HANDLE process)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    if (process == GetCurrentProcess())
        return true;
    if (!wvm_kit_is_self(process))
        return false;
    return (NtQueryObject(process, ObjectBasicInformation, &info, sizeof info, NULL) >= 0 &&
            (info.GrantedAccess & PROCESS_CREATE_THREAD)) ||
           wvm_kit_fail(ERROR_ACCESS_DENIED);
}

static HANDLE create(HANDLE process, const struct want *w, LPDWORD id)
{
    if (!may_create_in(process))
        return NULL;
    return (w->ms ? wvm_kit_CreateThread_ms : wvm_kit_CreateThread)(NULL, w->stack, w->start,
                                                                    w->argument, w->flags, id);
}

/* ---- Of kernel32 ---- */

HANDLE wvm_kit_CreateRemoteThread(HANDLE process, LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                                  LPTHREAD_START_ROUTINE start, LPVOID argument, DWORD flags,
                                  LPDWORD id)
{
    struct want w = {stack, start, argument, flags, false};
    UNREFERENCED_PARAMETER(security);
    return create(process, &w, id);
}

HANDLE wvm_kit_CreateRemoteThread_ms(HANDLE process, LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                                     LPTHREAD_START_ROUTINE start, LPVOID argument, DWORD flags,
                                     LPDWORD id)
{
    struct want w = {stack, start, argument, flags, true};
    UNREFERENCED_PARAMETER(security);
    return create(process, &w, id);
}

HANDLE wvm_kit_CreateRemoteThreadEx(HANDLE process, LPSECURITY_ATTRIBUTES security, SIZE_T stack,
                                    LPTHREAD_START_ROUTINE start, LPVOID argument, DWORD flags,
                                    struct _PROC_THREAD_ATTRIBUTE_LIST *attributes, LPDWORD id)
{
    struct want w = {stack, start, argument, flags, false};
    UNREFERENCED_PARAMETER(security);
    return attributes ? (wvm_kit_fail(ERROR_NOT_SUPPORTED), NULL) : create(process, &w, id);
}

HANDLE wvm_kit_CreateRemoteThreadEx_ms(HANDLE process, LPSECURITY_ATTRIBUTES security,
                                       SIZE_T stack, LPTHREAD_START_ROUTINE start,
                                       LPVOID argument, DWORD flags,
                                       struct _PROC_THREAD_ATTRIBUTE_LIST *attributes, LPDWORD id)
{
    struct want w = {stack, start, argument, flags, true};
    UNREFERENCED_PARAMETER(security);
    return attributes ? (wvm_kit_fail(ERROR_NOT_SUPPORTED), NULL) : create(process, &w, id);
}

/* ---- Of ntdll ---- */

static SIZE_T reserve(SIZE_T committed, SIZE_T most, DWORD *flags)
{
    *flags |= most != 0 ? STACK_SIZE_PARAM_IS_A_RESERVATION : 0;
    return most > committed ? most : committed;
}

static NTSTATUS create_native(PHANDLE out, HANDLE process, const struct want *w, DWORD *id)
{
    DWORD error = GetLastError();
    HANDLE h = create(process, w, id);
    if (!h)
        return wvm_kit_native_failed(error);
    SetLastError(error);
    *out = h;
    return STATUS_SUCCESS;
}

static NTSTATUS create_user(HANDLE process, const struct want *w, PHANDLE out,
                            struct _CLIENT_ID *client)
{
    HANDLE h = NULL;
    DWORD id;
    NTSTATUS status = create_native(&h, process, w, &id);
    if (status < 0)
        return status;
    if (client)
        *client = (CLIENT_ID){(HANDLE)(uintptr_t)GetCurrentProcessId(), (HANDLE)(uintptr_t)id};
    if (out)
        *out = h;
    else
        CloseHandle(h);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlCreateUserThread(HANDLE process, PVOID security, BOOLEAN suspended,
                                     ULONG zero_bits, SIZE_T most, SIZE_T committed, PVOID start,
                                     PVOID argument, PHANDLE out, struct _CLIENT_ID *client)
{
    struct want w = {0, (LPTHREAD_START_ROUTINE)(uintptr_t)start, argument,
                     suspended ? CREATE_SUSPENDED : 0, false};
    UNREFERENCED_PARAMETER(security);
    UNREFERENCED_PARAMETER(zero_bits);
    w.stack = reserve(committed, most, &w.flags);
    return create_user(process, &w, out, client);
}

NTSTATUS wvm_kit_RtlCreateUserThread_ms(HANDLE process, PVOID security, BOOLEAN suspended,
                                        ULONG zero_bits, SIZE_T most, SIZE_T committed,
                                        PVOID start, PVOID argument, PHANDLE out,
                                        struct _CLIENT_ID *client)
{
    struct want w = {0, (LPTHREAD_START_ROUTINE)(uintptr_t)start, argument,
                     suspended ? CREATE_SUSPENDED : 0, true};
    UNREFERENCED_PARAMETER(security);
    UNREFERENCED_PARAMETER(zero_bits);
    w.stack = reserve(committed, most, &w.flags);
    return create_user(process, &w, out, client);
}

/* The handle with these rights; with all of them when there is no place for another. */
static HANDLE with_access(HANDLE h, ACCESS_MASK access)
{
    DWORD error = GetLastError();
    HANDLE narrow, self = GetCurrentProcess();
    if (access & (MAXIMUM_ALLOWED | GENERIC_ALL))
        return h;
    if (!DuplicateHandle(self, h, self, &narrow, access, FALSE, 0)) {
        SetLastError(error);
        return h;
    }
    CloseHandle(h);
    return narrow;
}

static NTSTATUS create_ex(PHANDLE out, ACCESS_MASK access, HANDLE process, struct want *w,
                          PVOID attributes)
{
    HANDLE h = NULL;
    if (w->flags & ~(DWORD)NT_FLAGS)
        return STATUS_INVALID_PARAMETER;
    if (attributes)
        return STATUS_NOT_SUPPORTED;
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    w->flags = w->flags & THREAD_CREATE_FLAGS_CREATE_SUSPENDED ? CREATE_SUSPENDED : 0;
    NTSTATUS status = create_native(&h, process, w, NULL);
    if (status >= 0)
        *out = with_access(h, access);
    return status;
}

NTSTATUS wvm_kit_NtCreateThreadEx(PHANDLE out, ACCESS_MASK access, const OBJECT_ATTRIBUTES *object,
                                  HANDLE process, PVOID start, PVOID argument, ULONG flags,
                                  SIZE_T zero_bits, SIZE_T committed, SIZE_T most,
                                  PVOID attributes)
{
    struct want w = {committed > most ? committed : most,
                     (LPTHREAD_START_ROUTINE)(uintptr_t)start, argument, flags, false};
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(zero_bits);
    return create_ex(out, access, process, &w, attributes);
}

NTSTATUS wvm_kit_NtCreateThreadEx_ms(PHANDLE out, ACCESS_MASK access,
                                     const OBJECT_ATTRIBUTES *object, HANDLE process, PVOID start,
                                     PVOID argument, ULONG flags, SIZE_T zero_bits,
                                     SIZE_T committed, SIZE_T most, PVOID attributes)
{
    struct want w = {committed > most ? committed : most,
                     (LPTHREAD_START_ROUTINE)(uintptr_t)start, argument, flags, true};
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(zero_bits);
    return create_ex(out, access, process, &w, attributes);
}

#define WVM_KIT_REMOTE
#include "kit/kit_entry.h"
