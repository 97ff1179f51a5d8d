/* The working set's limits and the counters of a process, Win32 names.
 *
 * I1  Places for results are proven before anything is asked.
 * I2  Success leaves the last error alone.
 * Locking: none.   Failure: as the native call; nothing written. */
#include <string.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/arith.h"
#include "nt/nt_process_info.h"
#include "nt/nt_user.h"

/* ---- limits ---- */

static bool get_limits(HANDLE process, struct wvm_ws_limits *out)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status >= 0) {
        status = wvm_nt_ws_limits(&t, out);
        wvm_target_drop(&t);
    }
    return wvm_win32_result(status);
}

BOOL wvm_GetProcessWorkingSetSizeEx(HANDLE process, PSIZE_T min, PSIZE_T max, PDWORD flags)
{
    struct wvm_ws_limits ws;
    if (!get_limits(process, &ws))
        return FALSE;
    if (!wvm_user_writable(min, sizeof *min) || !wvm_user_writable(max, sizeof *max) ||
        (flags && !wvm_user_writable(flags, sizeof *flags)))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    SIZE_T low = (SIZE_T)wvm_min(ws.min, SIZE_MAX), high = (SIZE_T)wvm_min(ws.max, SIZE_MAX);
    wvm_user_store(min, &low, sizeof low);
    wvm_user_store(max, &high, sizeof high);
    wvm_user_store_if(flags, &ws.flags, sizeof ws.flags);
    return TRUE;
}

BOOL wvm_GetProcessWorkingSetSize(HANDLE process, PSIZE_T min, PSIZE_T max)
{
    return wvm_GetProcessWorkingSetSizeEx(process, min, max, NULL);
}

/* Both 0 is for the native call alone. */
BOOL wvm_SetProcessWorkingSetSizeEx(HANDLE process, SIZE_T min, SIZE_T max, DWORD flags)
{
    struct wvm_target t;
    struct wvm_ws_limits ws = {min, max, flags};
    wvm_status status = wvm_target_of(process, PROCESS_SET_QUOTA, &t);
    if (status >= 0) {
        status = min || max ? wvm_nt_set_ws_limits(&t, &ws)
                            : (wvm_status)STATUS_BAD_WORKING_SET_LIMIT;
        wvm_target_drop(&t);
    }
    return wvm_win32_result(status);
}

BOOL wvm_SetProcessWorkingSetSize(HANDLE process, SIZE_T min, SIZE_T max)
{
    return wvm_SetProcessWorkingSetSizeEx(process, min, max, 0);
}

/* ---- counters ---- */

static SIZE_T narrow(uint64_t v)
{
    return (SIZE_T)wvm_min(v, SIZE_MAX);
}

/* The longest form that len has room for; 0: none. */
static DWORD form_of(DWORD len)
{
    if (len >= sizeof(PROCESS_MEMORY_COUNTERS_EX2))
        return sizeof(PROCESS_MEMORY_COUNTERS_EX2);
    if (len >= sizeof(PROCESS_MEMORY_COUNTERS_EX))
        return sizeof(PROCESS_MEMORY_COUNTERS_EX);
    return len >= sizeof(PROCESS_MEMORY_COUNTERS) ? sizeof(PROCESS_MEMORY_COUNTERS) : 0;
}

static void describe(const struct wvm_nt_counters *c, DWORD form,
                     PROCESS_MEMORY_COUNTERS_EX2 *out)
{
    memset(out, 0, sizeof *out);
    out->cb = form;
    out->PageFaultCount = (DWORD)c->faults;
    out->PeakWorkingSetSize = narrow(c->resident_peak);
    out->WorkingSetSize = narrow(c->resident);
    out->QuotaPeakPagedPoolUsage = narrow(c->paged_peak);
    out->QuotaPagedPoolUsage = narrow(c->paged);
    out->QuotaPeakNonPagedPoolUsage = narrow(c->nonpaged_peak);
    out->QuotaNonPagedPoolUsage = narrow(c->nonpaged);
    out->PagefileUsage = out->PrivateUsage = narrow(c->commit);
    out->PeakPagefileUsage = narrow(c->commit_peak);
    out->PrivateWorkingSetSize = narrow(c->resident_private);
    out->SharedCommitUsage = c->shared_commit;
}

BOOL wvm_K32GetProcessMemoryInfo(HANDLE process, PPROCESS_MEMORY_COUNTERS at, DWORD len)
{
    struct wvm_target t;
    struct wvm_nt_counters counters;
    PROCESS_MEMORY_COUNTERS_EX2 out;
    DWORD form = form_of(len);
    if (!form) {
        wvm_set_last_error(ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status < 0)
        return wvm_win32_result(status);
    status = wvm_user_writable(at, form) ? wvm_nt_counters(&t, &counters)
                                         : (wvm_status)STATUS_ACCESS_VIOLATION;
    wvm_target_drop(&t);
    if (status >= 0) {
        describe(&counters, form, &out);
        wvm_user_store(at, &out, form);
    }
    return wvm_win32_result(status);
}
