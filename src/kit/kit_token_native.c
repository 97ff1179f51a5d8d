/* The token of the process by the names of ntdll, and what stands for the tokens of threads: no
 * thread has one of its own.
 *
 * I1  The last error is what it was before a call that answers a status.
 * Locking, failure, signal safety: as kit_token.c. */
#include "kit/kit.h"
#include "kit/kit_native.h"

NTSTATUS wvm_kit_NtOpenProcessToken(HANDLE process, ACCESS_MASK access, PHANDLE out)
{
    DWORD error = GetLastError();
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    return wvm_kit_OpenProcessToken(process, access, out) ? STATUS_SUCCESS
                                                          : wvm_kit_native_failed(error);
}

NTSTATUS wvm_kit_NtAdjustPrivilegesToken(HANDLE token, BOOLEAN disable_all,
                                         PTOKEN_PRIVILEGES wanted, ULONG room,
                                         PTOKEN_PRIVILEGES before, PULONG needed)
{
    DWORD error = GetLastError();
    if (!wvm_kit_AdjustTokenPrivileges(token, disable_all, wanted, room, before, needed))
        return wvm_kit_native_failed(error);
    bool all = GetLastError() == NO_ERROR;
    SetLastError(error);
    return all ? STATUS_SUCCESS : STATUS_NOT_ALL_ASSIGNED;
}

NTSTATUS wvm_kit_NtQueryInformationToken(HANDLE token, TOKEN_INFORMATION_CLASS what, PVOID out,
                                         ULONG size, PULONG needed)
{
    DWORD error = GetLastError();
    if (wvm_kit_GetTokenInformation(token, what, out, size, needed))
        return STATUS_SUCCESS;
    if (GetLastError() == ERROR_INVALID_PARAMETER) {
        SetLastError(error);
        return STATUS_INVALID_INFO_CLASS;
    }
    return wvm_kit_native_failed(error);
}

/* Of the process, also when the thread's is meant: there is none to change alone. */
NTSTATUS wvm_kit_RtlAdjustPrivilege(ULONG privilege, BOOLEAN enable, BOOLEAN of_thread,
                                    PBOOLEAN was_enabled)
{
    int before = winvm_privilege(privilege, -1);
    if (of_thread)
        return STATUS_NO_TOKEN;
    if (!was_enabled)
        return STATUS_ACCESS_VIOLATION;
    if (before <= 0)
        return STATUS_PRIVILEGE_NOT_HELD;
    *was_enabled = before == 2;
    winvm_privilege(privilege, enable != FALSE);
    return STATUS_SUCCESS;
}

/* ---- Threads ---- */

BOOL wvm_kit_OpenThreadToken(HANDLE thread, DWORD access, BOOL as_self, PHANDLE out)
{
    UNREFERENCED_PARAMETER(access);
    UNREFERENCED_PARAMETER(as_self);
    UNREFERENCED_PARAMETER(out);
    if (thread != wvm_kit_GetCurrentThread() && wvm_kit_GetThreadId(thread) == 0)
        return FALSE;
    return wvm_kit_fail(ERROR_NO_TOKEN);
}

/* There is nobody else whom a thread acts for. */
BOOL wvm_kit_RevertToSelf(VOID)
{
    return TRUE;
}

#define WVM_KIT_TOKEN_NATIVE
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_KERNELBASE | WINVM_IN_NTDLL)
#include "kit/kit_entry.h"
