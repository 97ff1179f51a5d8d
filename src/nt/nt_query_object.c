/* NtQueryObject: what can be said about a handle and its object.
 *
 * I1  The caller's buffer is written only when the answer fits; *needed is told either way.
 * I2  A name is made in a buffer of this file's own and copied out in one piece.
 * Order of checks: the buffer and the place of the length, the handle, the class, the length.
 * Locking: none.   Failure: nothing written but the length.   Signal safety: yes. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

#define NAME_MAX_CHARS 4096u

/* The answer being made. */
struct answer {
    void *at;
    uint32_t room, needed;
};

static wvm_status put(const struct answer *a, const void *value, uint32_t len)
{
    if (!wvm_user_writable(a->at, len))
        return STATUS_ACCESS_VIOLATION;
    memcpy(a->at, value, len);
    return STATUS_SUCCESS;
}

/* A structure that begins with a UNICODE_STRING, and the characters of that behind it. */
static wvm_status put_named(const struct answer *a, void *head, uint32_t head_len,
                            const uint16_t *text, size_t n_chars)
{
    UNICODE_STRING name = {0, 0, NULL};
    uint32_t bytes = (uint32_t)(n_chars * sizeof(WCHAR));
    char *at = a->at;
    if (!wvm_user_writable(a->at, a->needed))
        return STATUS_ACCESS_VIOLATION;
    if (n_chars) {
        name.Length = (USHORT)bytes;
        name.MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
        name.Buffer = (PWSTR)(uintptr_t)(at + head_len);
        memcpy(at + head_len, text, bytes);
        memset(at + head_len + bytes, 0, sizeof(WCHAR));
    }
    memcpy(head, &name, sizeof name);
    memcpy(at, head, head_len);
    return STATUS_SUCCESS;
}

static wvm_status answer_basic(const struct wvm_handle_info *info, struct answer *a)
{
    PUBLIC_OBJECT_BASIC_INFORMATION basic = {.GrantedAccess = info->access};
    a->needed = sizeof basic;
    if (a->room != sizeof basic)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (info->flags & HANDLE_FLAG_INHERIT)
        basic.Attributes = OBJ_INHERIT;
    basic.HandleCount = basic.PointerCount = 1;
    if (info->object) {
        wvm_object_ops(info->type)->counts(info->object, &basic.HandleCount, &basic.PointerCount);
        basic.PointerCount--; /* this call's own */
    }
    return put(a, &basic, sizeof basic);
}

static wvm_status answer_name(const struct wvm_handle_info *info, struct answer *a)
{
    uint16_t text[NAME_MAX_CHARS];
    OBJECT_NAME_INFORMATION head;
    const struct wvm_object_ops *ops = wvm_object_ops(info->type);
    size_t n = 0;
    if (info->object && ops->object_name)
        n = ops->object_name(info->object, text, NAME_MAX_CHARS);
    if (n > NAME_MAX_CHARS)
        return STATUS_NAME_TOO_LONG;
    a->needed = (uint32_t)(sizeof head + (n ? (n + 1) * sizeof(WCHAR) : 0));
    if (a->room < sizeof head)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (a->room < a->needed)
        return STATUS_BUFFER_OVERFLOW;
    return put_named(a, &head, sizeof head, text, n);
}

static wvm_status answer_type(const struct wvm_handle_info *info, struct answer *a)
{
    uint16_t text[32];
    OBJECT_TYPE_INFORMATION head;
    const struct wvm_object_ops *ops = wvm_object_ops(info->type);
    size_t n = strlen(ops->name);
    for (size_t i = 0; i < n; i++)
        text[i] = (uint8_t)ops->name[i];
    memset(&head, 0, sizeof head);
    memcpy(&head.GenericMapping, ops->generic, sizeof head.GenericMapping);
    head.ValidAccessMask = ops->generic[3];
    a->needed = (uint32_t)(sizeof head + (n + 1) * sizeof(WCHAR));
    if (a->room < a->needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    return put_named(a, &head, sizeof head, text, n);
}

static wvm_status answer_flags(const struct wvm_handle_info *info, struct answer *a)
{
    OBJECT_HANDLE_FLAG_INFORMATION flags = {(info->flags & HANDLE_FLAG_INHERIT) != 0,
                                            (info->flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0};
    a->needed = sizeof flags;
    if (a->room != sizeof flags)
        return STATUS_INFO_LENGTH_MISMATCH;
    return put(a, &flags, sizeof flags);
}

static wvm_status answer(const struct wvm_handle_info *info, OBJECT_INFORMATION_CLASS class,
                         struct answer *a)
{
    switch (class) {
    case ObjectBasicInformation:
        return answer_basic(info, a);
    case ObjectNameInformation:
        return answer_name(info, a);
    case ObjectTypeInformation:
        return answer_type(info, a);
    case ObjectHandleFlagInformation:
        return answer_flags(info, a);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSTATUS wvm_NtQueryObject(HANDLE h, OBJECT_INFORMATION_CLASS class, PVOID at, ULONG room,
                           PULONG needed)
{
    struct answer a = {at, room, 0};
    struct wvm_handle_info info = {WVM_OBJECT_PROCESS, NULL, PROCESS_ALL_ACCESS, 0};
    pid_t pid;
    if (needed && !wvm_user_writable(needed, sizeof *needed))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_handle_look(h, &info);
    if (status < 0 && wvm_handle_resolve(h, 0, &pid) < 0)
        return STATUS_INVALID_HANDLE;
    status = answer(&info, class, &a);
    if (info.object)
        wvm_object_drop(info.type, info.object);
    if (a.needed)
        wvm_user_store_if(needed, &a.needed, sizeof a.needed);
    return status;
}
