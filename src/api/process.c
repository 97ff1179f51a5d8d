/* Processes and their memory, Win32 names: OpenProcess, ReadProcessMemory and kin.
 *
 * I1  A count pointer of the caller is proven before anything is copied, and written unless the
 *     documentation says it is not (RW-006).
 * I2  Success leaves the last error alone.
 * Locking: none.   Failure: as the native call. */
#include <unistd.h>

#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

HANDLE wvm_GetCurrentProcess(VOID)
{
    return WVM_OWN_PROCESS;
}

DWORD wvm_GetCurrentProcessId(VOID)
{
    return (DWORD)getpid();
}

HANDLE wvm_OpenProcess(DWORD access, BOOL inherit, DWORD pid)
{
    HANDLE h;
    (void)inherit;
    /* Numbers that no process can have end as negative ones here, and are refused. */
    return wvm_win32_result(wvm_handle_open((pid_t)pid, access, &h)) ? h : NULL;
}

BOOL wvm_ReadProcessMemory(HANDLE process, LPCVOID remote, LPVOID local, SIZE_T len, SIZE_T *count)
{
    struct wvm_nt_copy copy = {(uintptr_t)remote, (uintptr_t)local, len};
    size_t done;
    if (count && !wvm_user_writable(count, sizeof *count))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    wvm_status status = wvm_nt_read(process, &copy, &done);
    wvm_user_store_if(count, &done, sizeof done);
    return wvm_win32_result(status);
}

BOOL wvm_WriteProcessMemory(HANDLE process, LPVOID remote, LPCVOID local, SIZE_T len, SIZE_T *count)
{
    struct wvm_nt_copy copy = {(uintptr_t)remote, (uintptr_t)local, len};
    size_t done;
    bool counted;
    if (count && !wvm_user_writable(count, sizeof *count))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    wvm_status status = wvm_nt_patch(process, &copy, &done, &counted);
    if (counted)
        wvm_user_store_if(count, &done, sizeof done);
    return wvm_win32_result(status);
}

BOOL wvm_FlushInstructionCache(HANDLE process, LPCVOID base, SIZE_T size)
{
    return wvm_win32_result(wvm_NtFlushInstructionCache(process, base, size));
}
