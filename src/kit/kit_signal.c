/* SignalObjectAndWait.
 *
 * Locking: none.   Failure: nothing signaled, or no wait.   Signal safety: none. */
#include "kit/kit.h"

/* Whatever it is: an event is set, a mutex released, a semaphore counts one more. */
static bool signal_any(HANDLE h)
{
    DWORD error = GetLastError();
    bool done = wvm_kit_SetEvent(h);
    if (!done && GetLastError() == ERROR_INVALID_HANDLE)
        done = wvm_kit_ReleaseMutex(h);
    if (!done && GetLastError() == ERROR_INVALID_HANDLE)
        done = wvm_kit_ReleaseSemaphore(h, 1, NULL);
    if (done)
        SetLastError(error);
    return done;
}

DWORD wvm_kit_SignalObjectAndWait(HANDLE signal, HANDLE wait, DWORD ms, BOOL alertable)
{
    return signal_any(signal) ? wvm_kit_WaitForSingleObjectEx(wait, ms, alertable) : WAIT_FAILED;
}

#define WVM_KIT_SIGNAL
#include "kit/kit_entry.h"
