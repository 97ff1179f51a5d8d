/* The end of the process.
 *
 * Locking: none.   Failure: nothing changed.   Signal safety: TerminateProcess. */
#include <stdlib.h>
#include <unistd.h>

#include "kit/kit.h"

VOID wvm_kit_ExitProcess(UINT code)
{
    exit((int)code);
}

BOOL wvm_kit_TerminateProcess(HANDLE process, UINT code)
{
    if (process == GetCurrentProcess() || CompareObjectHandles(process, GetCurrentProcess()))
        _exit((int)code);
    return wvm_kit_fail(GetLastError() == ERROR_NOT_SAME_OBJECT ? ERROR_ACCESS_DENIED
                                                                : ERROR_INVALID_HANDLE);
}

#define WVM_KIT_PROCESS
#include "kit/kit_entry.h"
