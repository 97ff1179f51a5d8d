/* CreateMemoryResourceNotification, QueryMemoryResourceNotification.
 *
 * I1  Success leaves the last error alone.
 * Order of checks: the place of the result, the handle.
 * Locking: none.   Failure: as the native call; nothing written. */
#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_notice.h"
#include "nt/nt_user.h"

HANDLE wvm_CreateMemoryResourceNotification(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    HANDLE h;
    return wvm_win32_result(wvm_nt_notice_open((unsigned)type, &h)) ? h : NULL;
}

BOOL wvm_QueryMemoryResourceNotification(HANDLE h, PBOOL state)
{
    bool signalled;
    if (!state)
        return wvm_win32_result(STATUS_INVALID_PARAMETER);
    if (!wvm_user_writable(state, sizeof *state))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    wvm_status status = wvm_nt_notice_query(h, &signalled);
    BOOL value = status >= 0 && signalled;
    if (status >= 0)
        wvm_user_store(state, &value, sizeof value);
    return wvm_win32_result(status);
}
