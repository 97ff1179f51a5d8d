/* Calls on this process that other processes make: the server's half.
 *
 * Each request becomes the call that this process could have made itself.
 * I1  Nothing in a request is trusted: values are judged as a caller's, a descriptor as any file.
 * I2  A failure leaves the answer's fields at 0, except the size that a name would need.
 * Locking: that of the calls.   Failure: the call's status.   Signal safety: none. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_object.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_extended.h"
#include "nt/nt_map.h"
#include "nt/nt_process_info.h"
#include "nt/nt_target.h"

#define SECTION_FLAGS                                                                              \
    (WVM_SECTION_NOCACHE | WVM_SECTION_WRITECOMBINE | WVM_SECTION_NO_EXECUTE)

static wvm_status serve_allocate(const struct wvm_remote_request *req, struct wvm_nt_range *range)
{
    if (req->head.op == WVM_REMOTE_ALLOCATE)
        return wvm_nt_allocate(WVM_OWN_PROCESS, range, req->zero_bits, req->type, req->prot);
    struct wvm_nt_extended extended;
    if (!wvm_nt_extended_from_request(req, false, &extended))
        return STATUS_INVALID_PARAMETER;
    const struct wvm_target own = {.top = wvm_nt_top()};
    return wvm_nt_allocate_within(&own, range, req->type, req->prot, &extended);
}

static wvm_status serve_range(const struct wvm_remote_request *req,
                              struct wvm_remote_answer *answer)
{
    struct wvm_nt_range range = {req->base, req->size};
    uint32_t old = 0;
    wvm_status status;
    switch (req->head.op) {
    case WVM_REMOTE_FREE:
        status = wvm_nt_free(WVM_OWN_PROCESS, &range, req->type);
        break;
    case WVM_REMOTE_PROTECT:
        status = wvm_nt_protect(WVM_OWN_PROCESS, &range, req->prot, &old);
        break;
    case WVM_REMOTE_LOCK:
        status = wvm_nt_lock(WVM_OWN_PROCESS, &range, req->type);
        break;
    case WVM_REMOTE_UNLOCK:
        status = wvm_nt_unlock(WVM_OWN_PROCESS, &range, req->type);
        break;
    case WVM_REMOTE_FLUSH:
        status = wvm_nt_flush(WVM_OWN_PROCESS, &range);
        break;
    default:
        status = serve_allocate(req, &range);
        break;
    }
    if (status >= 0) {
        answer->base = range.base;
        answer->size = range.size;
        answer->old = old;
    }
    return status;
}

static wvm_status serve_query(const struct wvm_remote_request *req,
                              struct wvm_remote_answer *answer)
{
    struct wvm_nt_buffer buf = {.at = answer->blob, .len = wvm_min(req->size, WVM_REMOTE_BLOB)};
    wvm_status status = wvm_nt_query(WVM_OWN_PROCESS, req->base, (int)req->type, &buf);
    answer->needed = buf.needed;
    if (status >= 0)
        answer->blob_len = (uint32_t)buf.needed;
    return status;
}

static wvm_status serve_path(const struct wvm_remote_request *req, struct wvm_remote_answer *answer)
{
    char path[WVM_NT_PATH_BYTES];
    const struct wvm_target own = {.top = wvm_nt_top()};
    wvm_status status = wvm_nt_mapped_path(&own, req->base, path);
    if (status >= 0) {
        answer->blob_len = (uint32_t)strlen(path);
        memcpy(answer->blob, path, answer->blob_len);
    }
    return status;
}

/* A kind, a protection and flags that a section can have, and a file that allows them. */
static bool is_file_section(const struct wvm_remote_request *req, int fd)
{
    struct wvm_host_fd_info info;
    uint8_t attr = req->section_attr;
    bool writes = attr == WVM_ATTR_RW || attr == WVM_ATTR_XRW;
    bool known = writes || attr == WVM_ATTR_RO || attr == WVM_ATTR_WC || attr == WVM_ATTR_XR ||
                 attr == WVM_ATTR_XWC;
    if (req->section_kind != WVM_SECTION_FILE && req->section_kind != WVM_SECTION_IMAGE)
        return false;
    return known && !(req->section_flags & ~SECTION_FLAGS) &&
           wvm_host_fd_info(fd, &info) == 0 && info.regular && info.readable &&
           (info.writable || !writes);
}

/* The section behind a descriptor, held and counted as one handle of this process. */
static wvm_status take_section(const struct wvm_remote_request *req, int fd,
                               struct wvm_section **out)
{
    if (req->section_kind == WVM_SECTION_PAGEFILE)
        return wvm_section_import(fd, out);
    if (!is_file_section(req, fd))
        return STATUS_INVALID_PARAMETER;
    struct wvm_section_request wanted = {
        .fd = fd, .kind = req->section_kind, .flags = req->section_flags,
        .attr = req->section_attr, .size = req->section_size};
    return wvm_section_create(&wanted, out);
}

static wvm_status serve_map(const struct wvm_remote_request *req, int fd,
                            struct wvm_remote_answer *answer)
{
    struct wvm_section *s;
    struct wvm_nt_extended extended;
    if (!wvm_nt_extended_from_request(req, true, &extended))
        return STATUS_INVALID_PARAMETER;
    struct wvm_nt_view view = {
        .base = req->base, .size = req->size, .offset = req->offset, .zero_bits = req->zero_bits,
        .commit = req->commit, .type = req->type, .prot = req->prot,
        .placeholders = req->placeholders != 0, .extended = req->extended ? &extended : NULL};
    wvm_status status = take_section(req, fd, &s);
    if (status < 0)
        return status;
    const struct wvm_target own = {.top = wvm_nt_top()};
    status = wvm_nt_map_section(&own, s, req->granted, &view);
    wvm_section_close_handle(s);
    wvm_backing_drop(&s->backing);
    if (status >= 0) {
        answer->base = view.base;
        answer->size = view.size;
    }
    return status;
}

void wvm_nt_serve(const struct wvm_remote_request *req, int fd, struct wvm_remote_answer *answer)
{
    switch (req->head.op) {
    case WVM_REMOTE_QUERY:
        answer->status = serve_query(req, answer);
        break;
    case WVM_REMOTE_PATH:
        answer->status = serve_path(req, answer);
        break;
    case WVM_REMOTE_MAP:
        answer->status = serve_map(req, fd, answer);
        break;
    case WVM_REMOTE_UNMAP:
        answer->status = wvm_nt_unmap(WVM_OWN_PROCESS, req->base, req->type);
        break;
    case WVM_REMOTE_TRIM:
        answer->status = wvm_space_trim_all(&wvm_space_native);
        break;
    case WVM_REMOTE_PROCESS:
        answer->status = wvm_nt_serve_process(req, answer);
        break;
    default:
        answer->status = serve_range(req, answer);
        break;
    }
}
