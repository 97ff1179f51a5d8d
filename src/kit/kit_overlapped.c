/* What became of calls with an OVERLAPPED. They are complete when they return (nt_file_io.c of
 * libwinvm): the structure has it all.
 *
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <errno.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

/* A handle of a file; FALSE and the last error. */
static BOOL is_file(HANDLE h)
{
    int fd = winvm_file_to_fd(h, 0);
    if (fd < 0)
        return wvm_kit_file_fail(errno, NULL);
    close(fd);
    return TRUE;
}

/* Waits for a call of somebody else's that tells its end by the event. */
static DWORD await(const OVERLAPPED *ov, DWORD ms, BOOL alertable)
{
    return ov->hEvent && ms ? wvm_kit_WaitForSingleObjectEx(ov->hEvent, ms, alertable)
                            : WAIT_OBJECT_0;
}

BOOL wvm_kit_GetOverlappedResultEx(HANDLE h, LPOVERLAPPED ov, LPDWORD done, DWORD ms,
                                   BOOL alertable)
{
    volatile const ULONG_PTR *status = &ov->Internal;
    (void)h;
    if (*status == STATUS_PENDING) {
        DWORD waited = await(ov, ms, alertable);
        if (waited != WAIT_OBJECT_0)
            return waited == WAIT_FAILED ? FALSE : wvm_kit_fail(waited);
    }
    if (*status == STATUS_PENDING)
        return wvm_kit_fail(ERROR_IO_INCOMPLETE);
    *done = (DWORD)ov->InternalHigh;
    NTSTATUS result = (NTSTATUS)(ULONG)*status;
    return result >= 0 || wvm_kit_fail(RtlNtStatusToDosError(result));
}

BOOL wvm_kit_GetOverlappedResult(HANDLE h, LPOVERLAPPED ov, LPDWORD done, BOOL wait)
{
    return wvm_kit_GetOverlappedResultEx(h, ov, done, wait ? INFINITE : 0, FALSE);
}

BOOL wvm_kit_CancelIo(HANDLE h)
{
    return is_file(h);
}

BOOL wvm_kit_CancelIoEx(HANDLE h, LPOVERLAPPED ov)
{
    (void)ov;
    return is_file(h) && wvm_kit_fail(ERROR_NOT_FOUND);
}

#define WVM_KIT_OVERLAPPED
#include "kit/kit_entry.h"
