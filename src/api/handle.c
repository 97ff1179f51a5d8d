/* Handles, Win32 names: CloseHandle, DuplicateHandle and kin.
 *
 * I1  Success leaves the last error alone.
 * Locking: none.   Failure: as the native call. */
#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

BOOL wvm_CloseHandle(HANDLE h)
{
    return wvm_win32_result(wvm_handle_close(h));
}

BOOL wvm_DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process,
                         LPHANDLE target, DWORD access, BOOL inherit, DWORD options)
{
    return wvm_win32_result(wvm_NtDuplicateObject(source_process, source, target_process, target,
                                                  access, inherit ? OBJ_INHERIT : 0, options));
}

BOOL wvm_GetHandleInformation(HANDLE h, LPDWORD flags)
{
    struct wvm_handle_info info;
    pid_t pid;
    DWORD value = 0;
    wvm_status status = wvm_handle_look(h, &info);
    if (status >= 0) {
        value = info.flags;
        wvm_object_drop(info.type, info.object);
    } else if (wvm_handle_resolve(h, 0, &pid) < 0) {
        return wvm_win32_result(STATUS_INVALID_HANDLE);
    }
    if (!wvm_user_writable(flags, sizeof *flags))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    wvm_user_store(flags, &value, sizeof value);
    return TRUE;
}

BOOL wvm_SetHandleInformation(HANDLE h, DWORD mask, DWORD flags)
{
    if (mask & ~(DWORD)(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE))
        return wvm_win32_result(STATUS_INVALID_PARAMETER);
    return wvm_win32_result(wvm_handle_set_flags(h, mask, flags));
}

BOOL wvm_CompareObjectHandles(HANDLE first, HANDLE second)
{
    return wvm_win32_result(wvm_NtCompareObjects(first, second));
}
