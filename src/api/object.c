/* Objects of other libraries, where their threads are, and the privileges: winvm's own calls for
 * those that stand on it.
 *
 * I1  These tell failures by their result, with the values of errno, and leave errno and the last
 *     error alone.
 * Locking: none.   Failure: nothing changed.   Signal safety: as nt_foreign.c. */
#include <errno.h>

#include "api/api.h"
#include "fault/fault_context.h"
#include "nt/nt_foreign.h"
#include "nt/nt_handle.h"
#include "nt/nt_notice.h"
#include "nt/nt_privilege.h"
#include "nt/nt_process_info.h"
#include "pool/pool.h"
#include "space/space_fault.h"

static int error_of(wvm_status status)
{
    switch ((uint32_t)status) {
    case (uint32_t)STATUS_SUCCESS:
        return 0;
    case (uint32_t)STATUS_ACCESS_DENIED:
        return EACCES;
    case (uint32_t)STATUS_OBJECT_TYPE_MISMATCH:
        return EINVAL;
    case (uint32_t)STATUS_INSUFFICIENT_RESOURCES:
        return ENOMEM;
    default:
        return EBADF;
    }
}

static void start(void)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
}

WVM_EXPORT int winvm_object_start(struct winvm_object *object, struct winvm_object_kind *kind)
{
    start();
    return error_of(wvm_foreign_start(object, kind));
}

WVM_EXPORT void winvm_object_hold(struct winvm_object *object)
{
    wvm_foreign_hold(object);
}

WVM_EXPORT void winvm_object_drop(struct winvm_object *object)
{
    wvm_foreign_drop(object);
}

WVM_EXPORT int winvm_object_open(struct winvm_object *object, uint32_t access, void **handle)
{
    return error_of(wvm_foreign_open(object, access, handle));
}

WVM_EXPORT int winvm_object_get(void *handle, const struct winvm_object_kind *kind,
                                uint32_t rights, struct winvm_object **object)
{
    return error_of(wvm_foreign_get(handle, kind, rights, object));
}

/* A memory notification, if the handle is none of a process. */
static wvm_status find_notice(void *handle, uint32_t rights, struct winvm_awaited *out)
{
    unsigned which;
    wvm_status status = wvm_nt_notice_which(handle, rights, &which);
    if (status >= 0)
        *out = (struct winvm_awaited){0, WINVM_AWAITED_NOTICE, which};
    return status;
}

WVM_EXPORT int winvm_awaited_get(void *handle, uint32_t rights, struct winvm_awaited *out)
{
    pid_t pid;
    uint64_t begin;
    wvm_status status = wvm_handle_process(handle, rights, &pid, &begin);
    if (status >= 0)
        *out = (struct winvm_awaited){begin, WINVM_AWAITED_PROCESS, (uint32_t)pid};
    else if (status == (wvm_status)STATUS_OBJECT_TYPE_MISMATCH)
        status = find_notice(handle, rights, out);
    return error_of(status);
}

WVM_EXPORT int winvm_awaited_is_over(const struct winvm_awaited *what)
{
    return what->kind == WINVM_AWAITED_PROCESS
               ? wvm_process_has_ended((pid_t)what->number, what->start)
               : wvm_nt_notice_signalled(what->number);
}

WVM_EXPORT const struct winvm_place *winvm_object_places(void)
{
    return (const struct winvm_place *)(const void *)wvm_handle_slots();
}

WVM_EXPORT void winvm_object_thread(struct winvm_object *(*self)(void))
{
    wvm_foreign_thread(self);
}

WVM_EXPORT void winvm_process_block(void *(*block)(void))
{
    wvm_nt_process_block(block);
}

WVM_EXPORT int winvm_thread_inside(void)
{
    return wvm_foreign_thread_inside() || wvm_pool_inside();
}

WVM_EXPORT int winvm_thread_when_left(void (*call)(void))
{
    bool inside = wvm_space_inside();
    if (inside)
        wvm_space_when_left(call);
    return inside;
}

WVM_EXPORT void winvm_context_load(void *context, const void *ucontext)
{
    wvm_context_load(context, ucontext);
}

WVM_EXPORT void winvm_context_store(const void *context, void *ucontext)
{
    wvm_context_store(context, ucontext);
}

WVM_EXPORT int winvm_privilege(uint32_t number, int enable)
{
    start();
    int before = wvm_nt_privilege_state(number);
    if (before > 0 && enable >= 0)
        wvm_nt_privilege_enable((enum wvm_privilege)number, enable > 0);
    return before;
}
