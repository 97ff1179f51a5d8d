/* Requests and answers: made, and judged when they come from elsewhere.
 *
 * I1  What passes a check has every field that a reader will use inside the bytes received; values
 *     of fields are not judged here.
 * I2  Memory of a message that is sent was cleared first: nothing of the sender leaks.
 * Locking: none.   Failure: false.   Signal safety: yes. */
#include <string.h>

#include "base/assert.h"
#include "remote/remote.h"

WVM_STATIC(sizeof(struct wvm_remote_head) == 12, "layout of messages");
WVM_STATIC(sizeof(struct wvm_remote_request) == 120, "layout of messages");
WVM_STATIC(offsetof(struct wvm_remote_answer, blob) == 48, "layout of messages");

static void head_init(struct wvm_remote_head *head, uint16_t op, size_t len)
{
    head->magic = WVM_REMOTE_MAGIC;
    head->version = WVM_REMOTE_VERSION;
    head->op = op;
    head->length = (uint32_t)len;
}

static bool head_ok(const struct wvm_remote_head *head, size_t len)
{
    return len >= sizeof *head && head->magic == WVM_REMOTE_MAGIC &&
           head->version == WVM_REMOTE_VERSION && head->length == len;
}

void wvm_remote_request_init(struct wvm_remote_request *req, enum wvm_remote_op op)
{
    memset(req, 0, sizeof *req);
    head_init(&req->head, (uint16_t)op, sizeof *req);
}

bool wvm_remote_request_ok(const struct wvm_remote_request *req, size_t len, bool has_fd)
{
    static const uint8_t zero[sizeof req->zero];
    return len == sizeof *req && head_ok(&req->head, len) && req->head.op > WVM_REMOTE_NONE &&
           req->head.op < WVM_N_REMOTE_OPS && has_fd == (req->head.op == WVM_REMOTE_MAP) &&
           memcmp(req->zero, zero, sizeof zero) == 0;
}

void wvm_remote_answer_init(struct wvm_remote_answer *answer, uint16_t op)
{
    memset(answer, 0, sizeof *answer);
    answer->head.op = op;
}

size_t wvm_remote_answer_seal(struct wvm_remote_answer *answer)
{
    WVM_ASSERT(answer->blob_len <= WVM_REMOTE_BLOB);
    size_t len = offsetof(struct wvm_remote_answer, blob) + answer->blob_len;
    head_init(&answer->head, answer->head.op, len);
    return len;
}

bool wvm_remote_answer_ok(const struct wvm_remote_answer *answer, size_t len, uint16_t op)
{
    size_t fixed = offsetof(struct wvm_remote_answer, blob);
    return len >= fixed && head_ok(&answer->head, len) && answer->head.op == op &&
           answer->blob_len <= WVM_REMOTE_BLOB && len == fixed + answer->blob_len;
}
