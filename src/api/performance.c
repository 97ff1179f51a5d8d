/* GetPerformanceInfo, GetPhysicallyInstalledSystemMemory.
 *
 * I1  Commit values are this process's own, as those of GlobalMemoryStatusEx; memory is that of the
 *     control group when it has a limit.
 * Locking: none.   Failure: nothing written. */
#include "api/api.h"
#include "api/last_error.h"
#include "base/arith.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"

static SIZE_T pages(uint64_t bytes)
{
    return (SIZE_T)wvm_min(bytes >> WVM_PAGE_SHIFT, SIZE_MAX);
}

static PERFORMANCE_INFORMATION info_now(void)
{
    struct wvm_host_memory memory;
    struct wvm_host_counts counts;
    struct wvm_commit_info commit;
    struct wvm_nt_kernel kernel;
    wvm_host_memory_now(&memory);
    wvm_host_counts(&counts);
    wvm_nt_commit_info(&commit);
    wvm_nt_kernel_now(&memory, &kernel);
    return (PERFORMANCE_INFORMATION){
        .cb = sizeof(PERFORMANCE_INFORMATION),
        .CommitTotal = pages(commit.committed),
        .CommitLimit = pages(commit.limit),
        .CommitPeak = pages(commit.peak),
        .PhysicalTotal = pages(memory.ram),
        .PhysicalAvailable = pages(memory.ram_left),
        .SystemCache = pages(memory.cache),
        .KernelTotal = pages(kernel.paged) + pages(kernel.non_paged),
        .KernelPaged = pages(kernel.paged),
        .KernelNonpaged = pages(kernel.non_paged),
        .PageSize = WVM_PAGE_SIZE,
        .HandleCount = (DWORD)counts.handles,
        .ProcessCount = (DWORD)counts.processes,
        .ThreadCount = (DWORD)counts.threads,
    };
}

BOOL wvm_K32GetPerformanceInfo(PPERFORMANCE_INFORMATION out, DWORD len)
{
    if (len < sizeof *out) {
        wvm_set_last_error(ERROR_BAD_LENGTH);
        return FALSE;
    }
    if (!wvm_user_writable(out, sizeof *out))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    const PERFORMANCE_INFORMATION info = info_now();
    wvm_user_store(out, &info, sizeof info);
    return TRUE;
}

BOOL wvm_GetPhysicallyInstalledSystemMemory(PULONGLONG kib)
{
    if (!kib)
        return wvm_win32_result(STATUS_INVALID_PARAMETER);
    if (!wvm_user_writable(kib, sizeof *kib))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    ULONGLONG value = wvm_host_installed() / 1024;
    wvm_user_store(kib, &value, sizeof value);
    return TRUE;
}
