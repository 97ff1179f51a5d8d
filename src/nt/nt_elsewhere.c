/* Calls on another process: the caller's half.
 *
 * The handle and its rights are judged here; everything else by the process that is meant, in the
 * order and with the statuses of a call of its own.
 * I1  The caller's memory is touched here only, after the answer has come.
 * I2  A call that could not be delivered changes nothing; one whose answer did not come may have
 *     been carried out.
 * Locking: none.   Failure: ACCESS_DENIED, where nothing else is known.   Signal safety: yes. */
#include "nt/nt_elsewhere.h"

#include <errno.h>
#include <string.h>

#include "nt/nt_extended.h"
#include "nt/nt_user.h"

wvm_status wvm_nt_elsewhere(pid_t pid, const struct wvm_remote_request *req, int fd,
                            struct wvm_remote_answer *answer)
{
    switch (wvm_remote_call(pid, req, fd, answer)) {
    case 0:
        return answer->status;
    case -ECONNRESET:
        return STATUS_PROCESS_IS_TERMINATING;
    case -EMFILE:
    case -ENFILE:
    case -ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_ACCESS_DENIED;
    }
}

wvm_status wvm_nt_range_elsewhere(pid_t pid, struct wvm_remote_request *req,
                                  struct wvm_nt_range *range, uint32_t *old)
{
    struct wvm_remote_answer answer;
    req->base = range->base;
    req->size = range->size;
    wvm_status status = wvm_nt_elsewhere(pid, req, -1, &answer);
    if (status >= 0) {
        range->base = answer.base;
        range->size = answer.size;
        if (old)
            *old = answer.old;
    }
    return status;
}

/* The characters of a name follow its head wherever they are. */
static void put_blob(struct wvm_nt_buffer *buf, int info_class, struct wvm_remote_answer *answer)
{
    if (info_class == MemoryMappedFilenameInformation &&
        answer->blob_len >= sizeof(UNICODE_STRING)) {
        UNICODE_STRING head;
        memcpy(&head, answer->blob, sizeof head);
        head.Buffer = (PWSTR)((char *)buf->at + sizeof head);
        memcpy(answer->blob, &head, sizeof head);
    }
    memcpy(buf->at, answer->blob, answer->blob_len);
}

bool wvm_nt_query_elsewhere(pid_t pid, uintptr_t addr, int info_class, struct wvm_nt_buffer *buf,
                            wvm_status *status)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    wvm_remote_request_init(&req, WVM_REMOTE_QUERY);
    req.base = addr;
    req.size = buf->len;
    req.type = (uint32_t)info_class;
    if (wvm_remote_call(pid, &req, -1, &answer) != 0)
        return false;
    *status = answer.status;
    if (answer.status < 0) {
        buf->needed = answer.needed;
    } else if (answer.blob_len > buf->len) {
        *status = STATUS_ACCESS_DENIED; /* no answer to this question */
    } else if (!wvm_user_writable(buf->at, answer.blob_len)) {
        *status = STATUS_ACCESS_VIOLATION;
    } else {
        put_blob(buf, info_class, &answer);
        buf->needed = answer.blob_len;
    }
    return true;
}

bool wvm_nt_path_elsewhere(pid_t pid, uintptr_t addr, char *out, size_t cap, wvm_status *status)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    wvm_remote_request_init(&req, WVM_REMOTE_PATH);
    req.base = addr;
    if (wvm_remote_call(pid, &req, -1, &answer) != 0)
        return false;
    *status = answer.status;
    if (answer.status >= 0 && answer.blob_len >= cap) {
        *status = STATUS_ACCESS_DENIED; /* no path */
    } else if (answer.status >= 0) {
        memcpy(out, answer.blob, answer.blob_len);
        out[answer.blob_len] = '\0';
    }
    return true;
}

void wvm_nt_extended_to_request(const struct wvm_nt_extended *e, struct wvm_remote_request *req)
{
    req->low = e->low;
    req->limit = e->limit;
    req->align = e->align;
    req->attributes = e->attributes;
    req->has_machine = e->has_machine;
    req->machine = e->machine;
}
