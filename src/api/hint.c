/* The Win32 calls about memory that a program will need or can do without.
 *
 * I1  OfferVirtualMemory, ReclaimVirtualMemory and DiscardVirtualMemory return the error and leave
 *     the last error alone (WS-061..070).
 * Locking: none.   Failure: as the native call. */
#include "api/api.h"
#include "api/last_error.h"
#include "api/status_map.h"
#include "nt/nt_hint.h"

static DWORD error_of(wvm_status status)
{
    return status >= 0 ? ERROR_SUCCESS : wvm_status_to_error((uint32_t)status);
}

DWORD wvm_OfferVirtualMemory(PVOID base, SIZE_T size, OFFER_PRIORITY priority)
{
    const struct wvm_nt_range range = {(uintptr_t)base, size};
    return error_of(wvm_nt_offer(&range, (uint32_t)priority));
}

DWORD wvm_ReclaimVirtualMemory(const void *base, SIZE_T size)
{
    const struct wvm_nt_range range = {(uintptr_t)base, size};
    bool lost;
    DWORD error = error_of(wvm_nt_reclaim(&range, &lost));
    return error == ERROR_SUCCESS && lost ? ERROR_BUSY : error;
}

DWORD wvm_DiscardVirtualMemory(PVOID base, SIZE_T size)
{
    const struct wvm_nt_range range = {(uintptr_t)base, size};
    return error_of(wvm_nt_discard(&range));
}

BOOL wvm_PrefetchVirtualMemory(HANDLE process, ULONG_PTR n, PWIN32_MEMORY_RANGE_ENTRY ranges,
                               ULONG flags)
{
    return wvm_win32_result(wvm_NtSetInformationVirtualMemory(
        process, VmPrefetchInformation, n, (MEMORY_RANGE_ENTRY *)ranges, &flags, sizeof flags));
}

BOOL wvm_SetProcessValidCallTargets(HANDLE process, PVOID base, SIZE_T size, ULONG n,
                                    PCFG_CALL_TARGET_INFO targets)
{
    const struct wvm_nt_targets c = {{(uintptr_t)base, size}, n, targets};
    return wvm_win32_result(wvm_nt_call_targets(process, &c, NULL));
}

BOOL wvm_SetProcessValidCallTargetsForMappedView(HANDLE process, PVOID base, SIZE_T size, ULONG n,
                                                 PCFG_CALL_TARGET_INFO targets, HANDLE section,
                                                 ULONG64 offset)
{
    const struct wvm_nt_targets c = {{(uintptr_t)base, size}, n, targets};
    const struct wvm_nt_targets_view view = {section, offset};
    return wvm_win32_result(wvm_nt_call_targets(process, &c, &view));
}
