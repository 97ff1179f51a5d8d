/* GetWriteWatch and ResetWriteWatch: the native calls with a Win32 result.
 * I1  Success leaves the last error alone (WW-049).
 * Locking: none.   Failure: as the native call; the result is not 0. */
#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_handle.h"

#define FAILED_CALL ((UINT)-1)

UINT wvm_GetWriteWatch(DWORD flags, PVOID base, SIZE_T size, PVOID *addresses, ULONG_PTR *count,
                       DWORD *granularity)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    struct wvm_nt_watch out = {addresses, count, (ULONG *)granularity};
    return wvm_win32_result(wvm_nt_watch_get(WVM_OWN_PROCESS, &range, flags, &out)) ? 0
                                                                                     : FAILED_CALL;
}

UINT wvm_ResetWriteWatch(LPVOID base, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    return wvm_win32_result(wvm_nt_watch_reset(WVM_OWN_PROCESS, &range)) ? 0 : FAILED_CALL;
}
