/* The Win32 names of the virtual-memory calls: a native call on plain values, and the last error.
 *
 * I1  Nothing here decides but what the Win32 layer of Windows itself decides: VF-003, VA-087,
 *     VA-124, VP-001, and the shape of the results.
 * I2  Success leaves the last error alone; every failure sets it.
 * I3  Variables handed to nt/ are this call's own; the only pointers of the caller are
 *     VirtualProtect's old protection and VirtualQuery's buffer, checked by nt_user.c.
 * Locking: none.   Failure: as the native call. */
#include "api/api.h"
#include "api/last_error.h"
#include "host/host_numa.h"
#include "nt/nt_handle.h"
#include "nt/nt_node.h"
#include "nt/nt_query.h"
#include "nt/nt_user.h"

#define EXECUTABLE                                                                                 \
    (PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY)

LPVOID wvm_VirtualAllocEx(HANDLE process, LPVOID base, SIZE_T size, DWORD type, DWORD prot)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    wvm_status status = wvm_nt_allocate(process, &range, 0, type, prot);
    return WVM_LIKELY(wvm_win32_result(status)) ? (LPVOID)range.base : NULL;
}

LPVOID wvm_VirtualAlloc(LPVOID base, SIZE_T size, DWORD type, DWORD prot)
{
    return wvm_VirtualAllocEx(WVM_OWN_PROCESS, base, size, type, prot);
}

LPVOID wvm_VirtualAllocExNuma(HANDLE process, LPVOID base, SIZE_T size, DWORD type, DWORD prot,
                              DWORD node)
{
    if (node != NUMA_NO_PREFERRED_NODE && !wvm_host_node_exists(node)) {
        wvm_set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    LPVOID at = wvm_VirtualAllocEx(process, base, size, type, prot);
    if (at && (!base || type & MEM_RESERVE)) /* what was there before keeps its node */
        wvm_nt_node_prefer(process, (uintptr_t)at, node);
    return at;
}

PVOID wvm_VirtualAllocFromApp(PVOID base, SIZE_T size, ULONG type, ULONG prot)
{
    if (prot & EXECUTABLE) {
        wvm_set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return wvm_VirtualAllocEx(WVM_OWN_PROCESS, base, size, type, prot);
}

/* NULL is this process (VA-083). */
PVOID wvm_VirtualAlloc2(HANDLE process, PVOID base, SIZE_T size, ULONG type, ULONG prot,
                        PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    const struct wvm_nt_params array = {params, count};
    struct wvm_nt_range range = {(uintptr_t)base, size};
    wvm_status status =
        wvm_nt_allocate_ex(process ? process : WVM_OWN_PROCESS, &range, type, prot, &array);
    return wvm_win32_result(status) ? (PVOID)range.base : NULL;
}

PVOID wvm_VirtualAlloc2FromApp(HANDLE process, PVOID base, SIZE_T size, ULONG type, ULONG prot,
                               PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    if (prot & EXECUTABLE) {
        wvm_set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return wvm_VirtualAlloc2(process, base, size, type, prot, params, count);
}

BOOL wvm_VirtualFreeEx(HANDLE process, LPVOID base, SIZE_T size, DWORD type)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    wvm_status status;
    pid_t pid;
    /* The native call would release a part; the Win32 one refuses (VF-003). A bad handle goes
     * first. */
    if (type == MEM_RELEASE && size != 0) {
        status = wvm_handle_target(process, PROCESS_VM_OPERATION, &pid);
        return wvm_win32_result(status < 0 ? status : (wvm_status)STATUS_INVALID_PARAMETER_3);
    }
    status = wvm_nt_free(process, &range, type);
    return wvm_win32_result(status);
}

BOOL wvm_VirtualFree(LPVOID base, SIZE_T size, DWORD type)
{
    return wvm_VirtualFreeEx(WVM_OWN_PROCESS, base, size, type);
}

BOOL wvm_VirtualProtectEx(HANDLE process, LPVOID base, SIZE_T size, DWORD prot, PDWORD old)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    uint32_t old_prot;
    pid_t pid;
    wvm_status status = wvm_handle_target(process, PROCESS_VM_OPERATION, &pid);
    if (status >= 0)
        status = wvm_user_writable(old, sizeof *old)
                     ? wvm_nt_protect(process, &range, prot, &old_prot)
                     : (wvm_status)STATUS_ACCESS_VIOLATION;
    if (wvm_nt_tells_old(status))
        wvm_user_store(old, &old_prot, sizeof *old);
    return wvm_win32_result(status);
}

BOOL wvm_VirtualProtect(LPVOID base, SIZE_T size, DWORD prot, PDWORD old)
{
    return wvm_VirtualProtectEx(WVM_OWN_PROCESS, base, size, prot, old);
}

BOOL wvm_VirtualProtectFromApp(PVOID base, SIZE_T size, ULONG prot, PULONG old)
{
    return wvm_VirtualProtectEx(WVM_OWN_PROCESS, base, size, prot, (PDWORD)old);
}

SIZE_T wvm_VirtualQuery(LPCVOID base, PMEMORY_BASIC_INFORMATION info, SIZE_T len)
{
    wvm_status status = wvm_nt_query_basic((uintptr_t)base, info, len);
    return WVM_LIKELY(wvm_win32_result(status)) ? sizeof *info : 0;
}

SIZE_T wvm_VirtualQueryEx(HANDLE process, LPCVOID base, PMEMORY_BASIC_INFORMATION info, SIZE_T len)
{
    wvm_status status = wvm_nt_query_basic_of(process, (uintptr_t)base, info, len);
    return WVM_LIKELY(wvm_win32_result(status)) ? sizeof *info : 0;
}

BOOL wvm_VirtualLock(LPVOID base, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    return wvm_win32_result(wvm_nt_lock(WVM_OWN_PROCESS, &range, MAP_PROCESS));
}

BOOL wvm_VirtualUnlock(LPVOID base, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    return wvm_win32_result(wvm_nt_unlock(WVM_OWN_PROCESS, &range, MAP_PROCESS));
}

BOOL wvm_VirtualUnlockEx(HANDLE process, LPVOID base, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)base, size};
    return wvm_win32_result(wvm_nt_unlock(process, &range, MAP_PROCESS));
}
