/* NtQueryInformationThread and NtSetInformationThread.
 *
 * Order of checks: the class, the length, the handle, the buffer, the values. The last error stays.
 * I1  A failing call writes nothing.
 * Locking: none.   Failure: I1.   Signal safety: none. */
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_self.h"

union answer {
    THREAD_BASIC_INFORMATION basic;
    KERNEL_USER_TIMES times;
    GROUP_AFFINITY group;
    PROCESSOR_NUMBER number;
    PVOID address;
    ULONG word;
};

static NTSTATUS status_of_error(void)
{
    return GetLastError() == ERROR_ACCESS_DENIED ? STATUS_ACCESS_DENIED : STATUS_INVALID_HANDLE;
}

/* ---- The classes ---- */

static NTSTATUS answer_basic(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    DWORD code = STILL_ACTIVE;
    wvm_kit_GetExitCodeThread(h, &code);
    bool mine = t == wvm_kit_self();
    out->basic.ExitStatus = (NTSTATUS)code;
    out->basic.TebBaseAddress = mine            ? (PVOID)wvm_kit_NtCurrentTeb()
                                : t->teb.Self ? (PVOID)&t->teb
                                              : NULL;
    out->basic.ClientId = wvm_kit_client_id(t); /* its block may have none yet */
    out->basic.AffinityMask = wvm_kit_processors_of((int)wvm_kit_tid_of(t));
    out->basic.BasePriority = __atomic_load_n(&t->priority, __ATOMIC_RELAXED);
    out->basic.Priority = wvm_kit_absolute_priority(t);
    return STATUS_SUCCESS;
}

static int64_t in_one(FILETIME t)
{
    return (int64_t)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
}

static NTSTATUS answer_times(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    FILETIME made, ended, kernel, user;
    UNREFERENCED_PARAMETER(t);
    if (!wvm_kit_GetThreadTimes(h, &made, &ended, &kernel, &user))
        return status_of_error();
    out->times.CreateTime.QuadPart = in_one(made);
    out->times.ExitTime.QuadPart = in_one(ended);
    out->times.KernelTime.QuadPart = in_one(kernel);
    out->times.UserTime.QuadPart = in_one(user);
    return STATUS_SUCCESS;
}

static NTSTATUS answer_start(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(h);
    out->address = t->start;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_boost(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(h);
    out->word = __atomic_load_n(&t->no_boost, __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

static NTSTATUS answer_group(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(h);
    out->group.Mask = wvm_kit_processors_of((int)wvm_kit_tid_of(t));
    return STATUS_SUCCESS;
}

static NTSTATUS answer_ideal(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(t);
    return wvm_kit_GetThreadIdealProcessorEx(h, &out->number) ? STATUS_SUCCESS
                                                              : status_of_error();
}

static NTSTATUS answer_suspended(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(h);
    out->word = __atomic_load_n(&t->suspended, __ATOMIC_RELAXED) & WVM_KIT_COUNT;
    return STATUS_SUCCESS;
}

static NTSTATUS answer_ended(HANDLE h, struct wvm_kit_thread *t, union answer *out)
{
    UNREFERENCED_PARAMETER(h);
    wvm_kit_lock(&wvm_kit_dispatch);
    out->word = t->ended;
    wvm_kit_unlock(&wvm_kit_dispatch);
    return STATUS_SUCCESS;
}

static const struct class {
    THREADINFOCLASS number;
    ULONG size;
    NTSTATUS (*answer)(HANDLE h, struct wvm_kit_thread *t, union answer *out);
} classes[] = {
    {ThreadBasicInformation, sizeof(THREAD_BASIC_INFORMATION), answer_basic},
    {ThreadTimes, sizeof(KERNEL_USER_TIMES), answer_times},
    {ThreadQuerySetWin32StartAddress, sizeof(PVOID), answer_start},
    {ThreadPriorityBoost, sizeof(ULONG), answer_boost},
    {ThreadIsTerminated, sizeof(ULONG), answer_ended},
    {ThreadGroupInformation, sizeof(GROUP_AFFINITY), answer_group},
    {ThreadIdealProcessorEx, sizeof(PROCESSOR_NUMBER), answer_ideal},
    {ThreadSuspendCount, sizeof(ULONG), answer_suspended},
};

static const struct class *find(THREADINFOCLASS number)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(classes); i++)
        if (classes[i].number == number)
            return &classes[i];
    return NULL;
}

static NTSTATUS ask(HANDLE h, const struct class *c, union answer *out)
{
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return status_of_error();
    memset(out, 0, sizeof *out);
    NTSTATUS status = c->answer(h, t, out);
    wvm_kit_drop(&t->object);
    return status;
}

NTSTATUS wvm_kit_NtQueryInformationThread(HANDLE h, THREADINFOCLASS number, PVOID info,
                                          ULONG length, PULONG returned)
{
    const struct class *c = find(number);
    union answer answer;
    DWORD error = GetLastError();
    if (!c)
        return STATUS_INVALID_INFO_CLASS;
    if (length != c->size)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = ask(h, c, &answer);
    SetLastError(error);
    if (status >= 0 && !info)
        return STATUS_ACCESS_VIOLATION;
    if (status < 0)
        return status;
    memcpy(info, &answer, length);
    if (returned)
        *returned = length;
    return STATUS_SUCCESS;
}

/* ---- What is set ---- */

static ULONG size_to_set(THREADINFOCLASS number)
{
    switch (number) {
    case ThreadBasePriority:
    case ThreadPriorityBoost:
        return sizeof(LONG);
    case ThreadAffinityMask:
        return sizeof(KAFFINITY);
    default:
        return 0;
    }
}

static BOOL set(HANDLE h, THREADINFOCLASS number, const void *info)
{
    KAFFINITY mask;
    LONG value;
    if (number == ThreadAffinityMask) {
        memcpy(&mask, info, sizeof mask);
        return wvm_kit_SetThreadAffinityMask(h, mask) != 0;
    }
    memcpy(&value, info, sizeof value);
    return number == ThreadBasePriority ? wvm_kit_SetThreadPriority(h, value)
                                        : wvm_kit_SetThreadPriorityBoost(h, value);
}

NTSTATUS wvm_kit_NtSetInformationThread(HANDLE h, THREADINFOCLASS number, PVOID info, ULONG length)
{
    DWORD error = GetLastError();
    NTSTATUS status = STATUS_SUCCESS;
    if (size_to_set(number) == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (length != size_to_set(number))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!info)
        return STATUS_ACCESS_VIOLATION;
    if (!set(h, number, info))
        status = GetLastError() == ERROR_INVALID_PARAMETER ? STATUS_INVALID_PARAMETER
                                                           : status_of_error();
    SetLastError(error);
    return status;
}

#define WVM_KIT_NATIVE_THREAD
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
