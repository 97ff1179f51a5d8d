/* The end of the process.
 *
 * Locking: none.   Failure: nothing changed.   Signal safety: TerminateProcess. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit/kit_child.h"

VOID wvm_kit_ExitProcess(UINT code)
{
    exit((int)code);
}

BOOL wvm_kit_TerminateProcess(HANDLE process, UINT code)
{
    struct winvm_awaited what;
    if (process == GetCurrentProcess() || CompareObjectHandles(process, GetCurrentProcess()))
        _exit((int)code);
    int error = winvm_awaited_get(process, PROCESS_TERMINATE, &what);
    if (error == 0 && what.kind == WINVM_AWAITED_PROCESS && wvm_kit_child_kill(&what, code))
        return TRUE;
    return wvm_kit_fail(error == EBADF || error == EINVAL ? ERROR_INVALID_HANDLE
                                                          : ERROR_ACCESS_DENIED);
}

#define WVM_KIT_PROCESS
#include "kit/kit_entry.h"
