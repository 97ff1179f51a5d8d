/* NtFlushVirtualMemory: what was changed in views goes to the file.
 *
 * Order of checks: handle; the caller's variables; address; what lies there; size.
 * I1  Only the caller's variables change, and only on success.
 * I2  A flush ends within the view (or foreign mapping) that contains its first page; size 0 goes
 *     to its end (SEC-198).
 * Images and the page file have nothing to be written back: NOT_MAPPED_DATA, which the Win32 layer
 * takes for success (SEC-200). Private copies of a copying view never reach the file; the kernel
 * passes over them.
 * Locking: none held while the host writes.   Failure: what was written stays written. */
#include <errno.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_process.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_map.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

static wvm_status flush_status(int err)
{
    switch (err) {
    case 0: return STATUS_SUCCESS;
    case -ENOSPC:
    case -EDQUOT: return STATUS_DISK_FULL;
    case -ENOMEM: return STATUS_NOT_MAPPED_VIEW; /* unmapped meanwhile */
    default: return STATUS_IO_DEVICE_ERROR;
    }
}

/* Has the view at start pages of a file? Its section is held for the look only. */
static wvm_status check_view(uintptr_t start)
{
    struct wvm_view_info info;
    wvm_status status = wvm_space_view_at(&wvm_space_native, start, &info);
    if (status < 0)
        return status;
    bool file = wvm_section_of(info.backing)->kind == WVM_SECTION_FILE;
    wvm_backing_drop(info.backing);
    return file ? (wvm_status)STATUS_SUCCESS : (wvm_status)STATUS_NOT_MAPPED_DATA;
}

static wvm_status find_mapping(uintptr_t start, uintptr_t *end)
{
    struct wvm_region r;
    wvm_status status = wvm_space_query(&wvm_space_native, start, &r);
    if (status < 0)
        return status;
    *end = r.alloc_end;
    if (r.flags & WVM_ALLOC_VIEW)
        return check_view(start);
    if (r.type == WVM_TYPE_FREE || r.type == WVM_TYPE_PRIVATE)
        return STATUS_NOT_MAPPED_VIEW;
    return r.type == WVM_TYPE_IMAGE ? (wvm_status)STATUS_NOT_MAPPED_DATA
                                    : (wvm_status)STATUS_SUCCESS;
}

static WVM_COLD wvm_status flush_elsewhere(pid_t pid, struct wvm_nt_range *range)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_FLUSH);
    return wvm_nt_range_elsewhere(pid, &req, range, NULL);
}

static wvm_status flush_in(const struct wvm_target *t, struct wvm_nt_range *range)
{
    uintptr_t start, end, view_end;
    struct wvm_nt_range asked = {range->base, range->size ? range->size : 1};
    if (wvm_nt_page_span(t, &asked, &start, &end) < 0)
        return STATUS_INVALID_PARAMETER_2;
    wvm_status status = find_mapping(start, &view_end);
    if (status < 0)
        return status;
    if (range->size == 0)
        end = view_end;
    if (end > view_end)
        return STATUS_INVALID_PARAMETER_2;
    status = flush_status(wvm_host_flush(start, end - start));
    if (status >= 0) {
        range->base = start - t->base;
        range->size = end - start;
    }
    return status;
}

wvm_status wvm_nt_flush(HANDLE process, struct wvm_nt_range *range)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = t.pid ? flush_elsewhere(t.pid, range) : flush_in(&t, range);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtFlushVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, PVOID io_status)
{
    struct wvm_nt_range range;
    struct {
        ULONG_PTR status;
        ULONG_PTR information;
    } io = {0, 0};
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    if (io_status && !wvm_user_writable(io_status, sizeof io))
        return STATUS_ACCESS_VIOLATION;
    status = wvm_nt_flush(process, &range);
    if (status >= 0) {
        wvm_user_store_range(base, size, &range);
        wvm_user_store_if(io_status, &io, sizeof io);
    }
    return status;
}
