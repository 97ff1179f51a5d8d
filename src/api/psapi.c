/* psapi.h: the working set, and the path of a mapped file.
 *
 * A path is the host's, as MemoryMappedFilenameInformation tells it: there is no device name
 * space. The A form hands out the host's bytes, the W form UTF-16.
 * I1  A path is whole or not there at all: a buffer that is too small is a failure.
 * I2  Success leaves the last error alone.
 * Locking: none.   Failure: 0, nothing written. */
#include <string.h>

#include "api/api.h"
#include "api/last_error.h"
#include "nt/nt_handle.h"
#include "nt/nt_map.h"
#include "nt/nt_query.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "nt/nt_working.h"

static bool find_path(HANDLE process, LPVOID addr, char path[WVM_NT_PATH_BYTES])
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status >= 0) {
        status = wvm_nt_mapped_path(&t, (uintptr_t)addr, path);
        wvm_target_drop(&t);
    }
    return wvm_win32_result(status);
}

/* n characters of unit bytes and a NUL, to a buffer of `size` characters. */
static DWORD put_path(void *out, DWORD size, const void *path, size_t n, size_t unit)
{
    if (size <= n) {
        wvm_set_last_error(ERROR_INSUFFICIENT_BUFFER);
        return 0;
    }
    if (!wvm_user_writable(out, (n + 1) * unit)) {
        wvm_set_last_error(ERROR_NOACCESS);
        return 0;
    }
    memcpy(out, path, (n + 1) * unit);
    return (DWORD)n;
}

DWORD wvm_K32GetMappedFileNameA(HANDLE process, LPVOID addr, LPSTR name, DWORD size)
{
    char path[WVM_NT_PATH_BYTES];
    return find_path(process, addr, path) ? put_path(name, size, path, strlen(path), 1) : 0;
}

DWORD wvm_K32GetMappedFileNameW(HANDLE process, LPVOID addr, LPWSTR name, DWORD size)
{
    char path[WVM_NT_PATH_BYTES];
    uint16_t wide[WVM_NT_PATH_BYTES];
    if (!find_path(process, addr, path))
        return 0;
    size_t n = wvm_nt_utf16(path, wide);
    return put_path(name, size, wide, n, sizeof wide[0]);
}

/* ---- the working set ---- */

static BOOL query_working(HANDLE process, int info_class, void *at, DWORD size)
{
    struct wvm_nt_buffer buf = {.at = at, .len = size};
    return wvm_win32_result(wvm_nt_query(process, 0, info_class, &buf));
}

BOOL wvm_K32QueryWorkingSet(HANDLE process, PVOID info, DWORD size)
{
    return query_working(process, MemoryWorkingSetInformation, info, size);
}

BOOL wvm_K32QueryWorkingSetEx(HANDLE process, PVOID info, DWORD size)
{
    return query_working(process, MemoryWorkingSetExInformation, info, size);
}

BOOL wvm_K32EmptyWorkingSet(HANDLE process)
{
    struct wvm_target t;
    wvm_status status =
        wvm_target_of(process, PROCESS_SET_QUOTA | PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status >= 0) {
        status = wvm_nt_empty_working(&t);
        wvm_target_drop(&t);
    }
    return wvm_win32_result(status);
}

BOOL wvm_K32InitializeProcessForWsWatch(HANDLE process)
{
    return wvm_win32_result(wvm_nt_watch_working(process));
}

BOOL wvm_K32GetWsChanges(HANDLE process, PPSAPI_WS_WATCH_INFORMATION info, DWORD size)
{
    size_t bytes = size;
    return wvm_win32_result(wvm_nt_working_changes(process, info, sizeof *info, &bytes));
}

BOOL wvm_K32GetWsChangesEx(HANDLE process, PPSAPI_WS_WATCH_INFORMATION_EX info, PDWORD size)
{
    DWORD given;
    if (!wvm_user_writable(size, sizeof *size))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    memcpy(&given, size, sizeof given);
    size_t bytes = given;
    wvm_status status = wvm_nt_working_changes(process, info, sizeof *info, &bytes);
    given = (DWORD)bytes;
    if (status >= 0)
        wvm_user_store(size, &given, sizeof given);
    return wvm_win32_result(status);
}
