/* Jobs: there are none; this process is in no job, and is told so.
 *
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include "kit/kit.h"

BOOL wvm_kit_IsProcessInJob(HANDLE process, HANDLE job, PBOOL out)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (job || NtQueryObject(process, ObjectBasicInformation, &info, sizeof info, NULL) < 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    *out = FALSE;
    return TRUE;
}

/* NULL means the job that the process is in. */
BOOL wvm_kit_QueryInformationJobObject(HANDLE job, JOBOBJECTINFOCLASS what, LPVOID out, DWORD size,
                                       LPDWORD needed)
{
    UNREFERENCED_PARAMETER(what);
    UNREFERENCED_PARAMETER(out);
    UNREFERENCED_PARAMETER(size);
    UNREFERENCED_PARAMETER(needed);
    return wvm_kit_fail(job ? ERROR_INVALID_HANDLE : ERROR_ACCESS_DENIED);
}

#define WVM_KIT_JOB
#include "kit/kit_entry.h"
