/* NtDuplicateObject, NtCompareObjects: one object, several handles.
 *
 * I1  Source and target process are this one; others answer ACCESS_DENIED.
 * I2  A duplicate may grant more than its source, but never what the object cannot give.
 * I3  A handle that is closed meanwhile is either duplicated in full or not at all: no handle is
 *     added to an object whose last one is closed.
 * I4  DUPLICATE_CLOSE_SOURCE closes the source also when the duplicate cannot be made.
 * Order of checks: the place of the result, the processes, the source, its rights.
 * Locking: none.   Failure: nothing changed, but for I4.   Signal safety: as nt_handle.c. */
#include "api/api.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

/* What a duplicate is to be; access is the caller's, generic rights and all. */
struct copy {
    uint32_t access;
    uint32_t options;
    uint32_t flags; /* HANDLE_FLAG_* */
};

static wvm_status choose_access(const struct wvm_handle_info *source, const struct copy *copy,
                                uint32_t *out)
{
    uint32_t most = wvm_object_ops(source->type)->permitted(source->object) | source->access;
    *out = source->access;
    if (copy->options & DUPLICATE_SAME_ACCESS)
        return STATUS_SUCCESS;
    *out = wvm_object_access(source->type, copy->access, most);
    return *out & ~most ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

/* Another handle to a held object; the reference stays the caller's. */
static wvm_status add_handle(const struct wvm_handle_info *source, uint32_t access, HANDLE *out)
{
    const struct wvm_object_ops *ops = wvm_object_ops(source->type);
    if (!ops->opened(source->object))
        return STATUS_INVALID_HANDLE;
    if (ops->try_hold(source->object)) {
        wvm_status status = wvm_handle_insert(source->type, source->object, access, out);
        if (status >= 0)
            return status;
        ops->drop(source->object);
    }
    ops->closed(source->object);
    return STATUS_INSUFFICIENT_RESOURCES;
}

static wvm_status duplicate(HANDLE from, const struct copy *copy, HANDLE *out)
{
    struct wvm_handle_info source;
    uint32_t access;
    wvm_status status = wvm_handle_look(from, &source);
    if (status < 0) {
        access = copy->options & DUPLICATE_SAME_ACCESS ? PROCESS_ALL_ACCESS : copy->access;
        status = wvm_handle_open_pseudo(from, access, out);
    } else {
        status = choose_access(&source, copy, &access);
        if (status >= 0)
            status = add_handle(&source, access, out);
        wvm_object_drop(source.type, source.object);
    }
    if (status >= 0 && wvm_handle_set_flags(*out, copy->flags, copy->flags) < 0)
        return STATUS_INVALID_HANDLE; /* closed by a thread that guessed it */
    return status;
}

NTSTATUS wvm_NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                               PHANDLE target, ACCESS_MASK access, ULONG attributes, ULONG options)
{
    struct copy copy = {access, options, attributes & OBJ_INHERIT ? HANDLE_FLAG_INHERIT : 0};
    struct wvm_handle_info info;
    HANDLE made;
    if (target && !wvm_user_writable(target, sizeof *target))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_handle_own(source_process, PROCESS_DUP_HANDLE);
    if (status < 0)
        return status;
    bool only_close = !target_process && (options & DUPLICATE_CLOSE_SOURCE);
    if (!only_close)
        status = wvm_handle_own(target_process, PROCESS_DUP_HANDLE);
    if (status >= 0 && (options & DUPLICATE_SAME_ATTRIBUTES) &&
        wvm_handle_look(source, &info) >= 0) {
        copy.flags = info.flags;
        wvm_object_drop(info.type, info.object);
    }
    if (status >= 0 && !only_close)
        status = duplicate(source, &copy, &made);
    if (options & DUPLICATE_CLOSE_SOURCE) {
        wvm_status closed = wvm_handle_close(source);
        if (only_close && status >= 0)
            status = closed;
    }
    if (status >= 0 && !only_close)
        wvm_user_store_if(target, &made, sizeof made);
    return status;
}

/* What a handle names; object NULL: this process, by a pseudo handle. */
static wvm_status identify(HANDLE h, struct wvm_handle_info *out)
{
    pid_t pid;
    if (wvm_handle_look(h, out) >= 0)
        return STATUS_SUCCESS;
    out->type = WVM_OBJECT_PROCESS;
    out->object = NULL;
    return wvm_handle_resolve(h, 0, &pid) < 0 ? STATUS_INVALID_HANDLE : STATUS_SUCCESS;
}

static void drop_identified(const struct wvm_handle_info *info)
{
    if (info->object)
        wvm_object_drop(info->type, info->object);
}

static bool is_same(const struct wvm_handle_info *a, const struct wvm_handle_info *b)
{
    const struct wvm_object_ops *ops = wvm_object_ops(a->type);
    if (a->object == b->object)
        return true;
    return a->type == b->type && ops->same && ops->same(a->object, b->object);
}

NTSTATUS wvm_NtCompareObjects(HANDLE first, HANDLE second)
{
    struct wvm_handle_info a, b;
    wvm_status status = identify(first, &a);
    if (status < 0)
        return status;
    status = identify(second, &b);
    if (status >= 0 && !is_same(&a, &b))
        status = STATUS_NOT_SAME_OBJECT;
    if (status >= 0 || status == (wvm_status)STATUS_NOT_SAME_OBJECT)
        drop_identified(&b);
    drop_identified(&a);
    return status;
}
