/* AllocateUserPhysicalPages and its kin: the native calls with a Win32 result.
 * I1  Success leaves the last error alone.
 * Locking: none.   Failure: as the native call; the result is FALSE. */
#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_physical.h"

BOOL wvm_AllocateUserPhysicalPages(HANDLE process, PULONG_PTR count, PULONG_PTR array)
{
    return wvm_win32_result(wvm_nt_frames_take(process, count, array, NUMA_NO_PREFERRED_NODE));
}

BOOL wvm_AllocateUserPhysicalPagesNuma(HANDLE process, PULONG_PTR count, PULONG_PTR array,
                                       DWORD node)
{
    return wvm_win32_result(wvm_nt_frames_take(process, count, array, node));
}

BOOL wvm_AllocateUserPhysicalPages2(HANDLE process, PULONG_PTR count, PULONG_PTR array,
                                    PMEM_EXTENDED_PARAMETER params, ULONG n_params)
{
    const struct wvm_nt_params p = {params, n_params};
    return wvm_win32_result(wvm_nt_frames_take_ex(process, count, array, &p));
}

BOOL wvm_FreeUserPhysicalPages(HANDLE process, PULONG_PTR count, PULONG_PTR array)
{
    return wvm_win32_result(wvm_nt_frames_free(process, count, array));
}

BOOL wvm_MapUserPhysicalPages(PVOID start, ULONG_PTR n, PULONG_PTR array)
{
    return wvm_win32_result(wvm_nt_frames_map(start, n, array));
}

BOOL wvm_MapUserPhysicalPagesScatter(PVOID *at, ULONG_PTR n, PULONG_PTR array)
{
    return wvm_win32_result(wvm_nt_frames_scatter(at, n, array));
}
