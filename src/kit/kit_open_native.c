/* Threads and processes by their numbers, the end of a thread, and calls queued to threads, by the
 * names of ntdll.
 *
 * Owns    the three arguments of each queued call, from when it is queued until it is made.
 * I1  The last error is what it was before the call.
 * Locking, signal safety: as the calls that these are.   Failure: a status, nothing changed. */
#include "kit/kit_native.h"
#include "kit/kit_store.h"

typedef void(WVM_OWN_CALL *own_fn)(PVOID, PVOID, PVOID);
typedef void(WVM_WINDOWS_CALL *ms_fn)(PVOID, PVOID, PVOID);

struct call {
    own_fn own; /* one of the two */
    ms_fn ms;
    PVOID arguments[3];
};
static struct wvm_kit_store calls = {.size = sizeof(struct call)};

/* ---- By numbers ---- */

static bool inherits(const OBJECT_ATTRIBUTES *attributes)
{
    return attributes && (attributes->Attributes & OBJ_INHERIT);
}

static NTSTATUS hand_out(HANDLE h, PHANDLE out, DWORD error)
{
    NTSTATUS status = wvm_kit_native_handle(h, out, error);
    return status == STATUS_INVALID_PARAMETER ? STATUS_INVALID_CID : status;
}

NTSTATUS wvm_kit_NtOpenThread(PHANDLE out, ACCESS_MASK access,
                              const OBJECT_ATTRIBUTES *attributes, const CLIENT_ID *id)
{
    DWORD error = GetLastError();
    if (!out || !id)
        return STATUS_ACCESS_VIOLATION;
    if (id->UniqueProcess && (uintptr_t)id->UniqueProcess != GetCurrentProcessId())
        return STATUS_INVALID_CID;
    HANDLE h = wvm_kit_OpenThread(access, inherits(attributes),
                                  (DWORD)(uintptr_t)id->UniqueThread);
    return hand_out(h, out, error);
}

NTSTATUS wvm_kit_NtOpenProcess(PHANDLE out, ACCESS_MASK access,
                               const OBJECT_ATTRIBUTES *attributes, const CLIENT_ID *id)
{
    DWORD error = GetLastError();
    if (!out || !id)
        return STATUS_ACCESS_VIOLATION;
    HANDLE h = OpenProcess(access, inherits(attributes), (DWORD)(uintptr_t)id->UniqueProcess);
    return hand_out(h, out, error);
}

NTSTATUS wvm_kit_NtTerminateThread(HANDLE h, NTSTATUS code)
{
    DWORD error = GetLastError();
    if (!h || h == wvm_kit_GetCurrentThread())
        wvm_kit_ExitThread((DWORD)code);
    return wvm_kit_TerminateThread(h, (DWORD)code) ? STATUS_SUCCESS
                                                   : wvm_kit_native_failed(error);
}

/* ---- Queued calls ---- */

static void WVM_OWN_CALL make(ULONG_PTR at)
{
    struct call now = *(struct call *)at;
    wvm_kit_put(&calls, (struct call *)at);
    if (now.ms)
        now.ms(now.arguments[0], now.arguments[1], now.arguments[2]);
    else
        now.own(now.arguments[0], now.arguments[1], now.arguments[2]);
}

static NTSTATUS queue(HANDLE h, const struct call *wanted)
{
    DWORD error = GetLastError();
    struct call *c = wvm_kit_take(&calls);
    if (!c)
        return STATUS_NO_MEMORY;
    *c = *wanted;
    if (wvm_kit_QueueUserAPC((PAPCFUNC)make, h, (ULONG_PTR)c))
        return STATUS_SUCCESS;
    wvm_kit_put(&calls, c);
    return wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_NtQueueApcThread(HANDLE h, PPS_APC_ROUTINE function, PVOID a, PVOID b, PVOID c)
{
    struct call wanted = {.own = (own_fn)function, .arguments = {a, b, c}};
    return queue(h, &wanted);
}

NTSTATUS wvm_kit_NtQueueApcThread_ms(HANDLE h, PPS_APC_ROUTINE function, PVOID a, PVOID b,
                                     PVOID c)
{
    struct call wanted = {.ms = (ms_fn)(uintptr_t)function, .arguments = {a, b, c}};
    return queue(h, &wanted);
}

NTSTATUS wvm_kit_NtTestAlert(VOID)
{
    wvm_kit_SleepEx(0, TRUE);
    return STATUS_SUCCESS;
}

#define WVM_KIT_OPEN_NATIVE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
