/* Files, Win32 names: CreateFile, ReadFile, WriteFile and kin.
 *
 * I1  The caller's variables are proven before anything is done.
 * I2  Success leaves the last error alone; CreateFile alone sets it (fileapi.h).
 * Locking: none.   Failure: as nt_file*.c.   Signal safety: as there. */
#include <string.h>

#include "api/api.h"
#include "api/last_error.h"
#include "host/host_io.h"
#include "nt/nt_file.h"
#include "nt/nt_foreign.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

/* bInheritHandle of a structure of the caller's; NULL: no. */
static wvm_status fetch_inherit(const SECURITY_ATTRIBUTES *from, bool *inherit)
{
    SECURITY_ATTRIBUTES copy;
    *inherit = false;
    if (!from)
        return STATUS_SUCCESS;
    if (wvm_host_read(0, &copy, (uintptr_t)from, sizeof copy) != sizeof copy)
        return STATUS_ACCESS_VIOLATION;
    *inherit = copy.bInheritHandle;
    return STATUS_SUCCESS;
}

/* The file of req, whose path was fetched with `fetched`. */
static HANDLE create(wvm_status fetched, struct wvm_file_request *req,
                     const SECURITY_ATTRIBUTES *security)
{
    HANDLE h;
    wvm_status status = fetched < 0 ? fetched : fetch_inherit(security, &req->inherit);
    if (status >= 0)
        status = wvm_file_open(req, &h);
    if (status < 0) {
        if (status == (wvm_status)STATUS_OBJECT_NAME_COLLISION)
            wvm_set_last_error(ERROR_FILE_EXISTS);
        else
            wvm_win32_result(status);
        return INVALID_HANDLE_VALUE;
    }
    bool told = req->disposition == CREATE_ALWAYS || req->disposition == OPEN_ALWAYS;
    wvm_set_last_error(told && req->existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return h;
}

HANDLE wvm_CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                       DWORD disposition, DWORD flags, HANDLE template)
{
    char path[WVM_PATH_CAP];
    struct wvm_file_request req = {path, access, share, disposition, flags, false, false};
    (void)template; /* gives attributes that the host's files do not have */
    return create(wvm_path_fetch(path, name), &req, security);
}

HANDLE wvm_CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                       DWORD disposition, DWORD flags, HANDLE template)
{
    char path[WVM_PATH_CAP];
    struct wvm_file_request req = {path, access, share, disposition, flags, false, false};
    (void)template;
    return create(wvm_path_fetch_w(path, name), &req, security);
}

/* The event that a call is to set when it is done, held, and reset; NULL: none is wanted. Its
 * lowest bit says something of completion ports. */
static wvm_status take_event(const OVERLAPPED *ov, struct winvm_object **event)
{
    uintptr_t h;
    memcpy(&h, &ov->hEvent, sizeof h);
    h &= ~(uintptr_t)1;
    *event = NULL;
    wvm_status status = h ? wvm_foreign_event((HANDLE)h, event) : STATUS_SUCCESS;
    if (status < 0)
        *event = NULL;
    else if (*event)
        wvm_foreign_set(*event, false);
    return status;
}

/* The call is over: the answer first, then the event. */
static void complete(LPOVERLAPPED ov, wvm_status status, size_t done, struct winvm_object *event)
{
    ULONG_PTR answer[2] = {(ULONG)status, done};
    wvm_user_store(ov, answer, sizeof answer);
    if (!event)
        return;
    if (status >= 0)
        wvm_foreign_set(event, true);
    wvm_foreign_drop(event);
}

/* What ReadFile and WriteFile have in common. */
static wvm_status transfer(struct wvm_file_io io, bool write, LPDWORD count, LPOVERLAPPED ov)
{
    struct winvm_object *event = NULL;
    uint64_t at;
    size_t done = 0;
    DWORD n = 0;
    if (count && !wvm_user_writable(count, sizeof *count))
        return STATUS_ACCESS_VIOLATION;
    wvm_user_store_if(count, &n, sizeof n);
    if (ov) {
        if (!wvm_user_writable(ov, sizeof *ov))
            return STATUS_ACCESS_VIOLATION;
        memcpy(&at, &ov->Offset, sizeof at);
        io.at = &at;
        wvm_status status = take_event(ov, &event);
        if (status < 0)
            return status;
    }
    wvm_status status = write ? wvm_file_write(&io, &done) : wvm_file_read(&io, &done);
    n = (DWORD)done;
    wvm_user_store_if(count, &n, sizeof n);
    if (ov)
        complete(ov, status, done, event);
    return status;
}

BOOL wvm_ReadFile(HANDLE h, LPVOID buf, DWORD len, LPDWORD count, LPOVERLAPPED ov)
{
    struct wvm_file_io io = {h, (uintptr_t)buf, len, NULL};
    wvm_status status = transfer(io, false, count, ov);
    if (status == (wvm_status)STATUS_END_OF_FILE && !ov)
        return TRUE;
    return wvm_win32_result(status);
}

BOOL wvm_WriteFile(HANDLE h, LPCVOID buf, DWORD len, LPDWORD count, LPOVERLAPPED ov)
{
    struct wvm_file_io io = {h, (uintptr_t)buf, len, NULL};
    return wvm_win32_result(transfer(io, true, count, ov));
}

BOOL wvm_FlushFileBuffers(HANDLE h)
{
    return wvm_win32_result(wvm_file_flush(h));
}

DWORD wvm_GetFileType(HANDLE h)
{
    unsigned kind;
    if (!wvm_win32_result(wvm_file_kind(h, &kind)))
        return FILE_TYPE_UNKNOWN;
    switch (kind) {
    case WVM_HOST_REGULAR:
    case WVM_HOST_DIRECTORY:
        return FILE_TYPE_DISK;
    case WVM_HOST_DEVICE:
        return FILE_TYPE_CHAR;
    case WVM_HOST_PIPE:
        return FILE_TYPE_PIPE;
    default:
        wvm_set_last_error(NO_ERROR);
        return FILE_TYPE_UNKNOWN;
    }
}

BOOL wvm_SetEndOfFile(HANDLE h)
{
    return wvm_win32_result(wvm_file_set_end(h));
}

BOOL wvm_GetFileSizeEx(HANDLE h, PLARGE_INTEGER out)
{
    uint64_t size;
    wvm_status status = wvm_file_size(h, &size);
    if (status >= 0 && !wvm_user_writable(out, sizeof size))
        status = STATUS_ACCESS_VIOLATION;
    if (status >= 0)
        wvm_user_store(out, &size, sizeof size);
    return wvm_win32_result(status);
}

/* The low half of an answer whose high half goes to *high; what looks like a failure is told from
 * one by the last error. */
static DWORD low_half(uint64_t value, LPDWORD high)
{
    DWORD top = (DWORD)(value >> 32);
    wvm_user_store_if(high, &top, sizeof top);
    if ((DWORD)value == 0xffffffff)
        wvm_set_last_error(NO_ERROR);
    return (DWORD)value;
}

DWORD wvm_GetFileSize(HANDLE h, LPDWORD high)
{
    uint64_t size;
    wvm_status status = wvm_file_size(h, &size);
    if (status >= 0 && high && !wvm_user_writable(high, sizeof *high))
        status = STATUS_ACCESS_VIOLATION;
    return wvm_win32_result(status) ? low_half(size, high) : INVALID_FILE_SIZE;
}

/* Where a move leads, checked; the position itself is not changed. An error of Win32, or 0. */
static DWORD find_target(HANDLE h, LONGLONG distance, DWORD method, int64_t *to)
{
    int64_t from = 0;
    uint64_t size;
    wvm_status status = wvm_file_position(h, &from);
    if (status < 0)
        return wvm_RtlNtStatusToDosError(status);
    if (method > FILE_END)
        return ERROR_INVALID_PARAMETER;
    if (method == FILE_BEGIN)
        from = 0;
    if (method == FILE_END) {
        status = wvm_file_size(h, &size);
        if (status < 0)
            return wvm_RtlNtStatusToDosError(status);
        from = (int64_t)size;
    }
    if (__builtin_add_overflow(from, distance, to))
        return ERROR_INVALID_PARAMETER;
    return *to < 0 ? ERROR_NEGATIVE_SEEK : 0;
}

/* Moves to a checked target. */
static BOOL move(HANDLE h, int64_t to)
{
    return wvm_win32_result(wvm_file_move(h, to));
}

BOOL wvm_SetFilePointerEx(HANDLE h, LONGLONG distance, PLARGE_INTEGER out, DWORD method)
{
    int64_t to;
    DWORD error = find_target(h, distance, method, &to);
    if (error == 0 && out && !wvm_user_writable(out, sizeof to))
        error = ERROR_NOACCESS;
    if (error) {
        wvm_set_last_error(error);
        return FALSE;
    }
    if (!move(h, to))
        return FALSE;
    wvm_user_store_if(out, &to, sizeof to);
    return TRUE;
}

DWORD wvm_SetFilePointer(HANDLE h, LONG distance, PLONG high, DWORD method)
{
    LONGLONG by = distance;
    LONG top;
    int64_t to;
    if (high) {
        if (!wvm_user_writable(high, sizeof *high))
            return wvm_set_last_error(ERROR_NOACCESS), INVALID_SET_FILE_POINTER;
        memcpy(&top, high, sizeof top);
        by = (LONGLONG)((uint64_t)(uint32_t)top << 32 | (uint32_t)distance);
    }
    DWORD error = find_target(h, by, method, &to);
    if (error == 0 && !high && to > (int64_t)0xffffffff)
        error = ERROR_INVALID_PARAMETER;
    if (error)
        return wvm_set_last_error(error), INVALID_SET_FILE_POINTER;
    return move(h, to) ? low_half((uint64_t)to, (LPDWORD)(void *)high) : INVALID_SET_FILE_POINTER;
}
