/* NtLockVirtualMemory, NtUnlockVirtualMemory.
 *
 * Order of checks: handle; the caller's variables; address; size; map type; then what lies there.
 * I1  A failing call changes neither locks nor *range.
 * Map type 1 locks into the working set, 2 into physical memory; the second needs
 * SeLockMemoryPrivilege (WS-016).
 * Locking: space/ locks. */
#include "api/api.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_privilege.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

/* kinds: enum wvm_lock_kind, the bits of a map type. */
typedef wvm_status lock_op(struct wvm_space *sp, uintptr_t start, uintptr_t end, unsigned kinds);
WVM_STATIC(MAP_PROCESS == WVM_LOCK_PROCESS && MAP_SYSTEM == WVM_LOCK_SYSTEM,
           "map types are kinds of locks");

static WVM_COLD wvm_status lock_elsewhere(pid_t pid, struct wvm_nt_range *range,
                                          uint32_t map_type, lock_op *op)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, op == wvm_space_lock_as ? WVM_REMOTE_LOCK : WVM_REMOTE_UNLOCK);
    req.type = map_type;
    return wvm_nt_range_elsewhere(pid, &req, range, NULL);
}

static wvm_status lock_in(const struct wvm_target *t, struct wvm_nt_range *range,
                          uint32_t map_type, lock_op *op)
{
    uintptr_t start, end;
    wvm_status status = wvm_nt_page_span(t, range, &start, &end);
    if (status < 0)
        return status;
    if (map_type == 0 || (map_type & ~(MAP_PROCESS | MAP_SYSTEM)))
        return STATUS_INVALID_PARAMETER_4;
    if (map_type & MAP_SYSTEM && !wvm_nt_holds(WVM_SE_LOCK_MEMORY))
        return STATUS_PRIVILEGE_NOT_HELD;
    status = op(&wvm_space_native, start, end, map_type);
    if (status >= 0) {
        range->base = start - t->base;
        range->size = end - start;
    }
    return status;
}

static wvm_status lock_range(HANDLE process, struct wvm_nt_range *range, uint32_t map_type,
                             lock_op *op)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = t.pid ? lock_elsewhere(t.pid, range, map_type, op) : lock_in(&t, range, map_type, op);
    wvm_target_drop(&t);
    return status;
}

wvm_status wvm_nt_lock(HANDLE process, struct wvm_nt_range *range, uint32_t map_type)
{
    return lock_range(process, range, map_type, wvm_space_lock_as);
}

wvm_status wvm_nt_unlock(HANDLE process, struct wvm_nt_range *range, uint32_t map_type)
{
    return lock_range(process, range, map_type, wvm_space_unlock_as);
}

/* The entry's half: the caller's variables in and out. */
static NTSTATUS lock_entry(HANDLE process, PVOID *base, PSIZE_T size, ULONG map_type, lock_op *op)
{
    struct wvm_nt_range range;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    status = lock_range(process, &range, map_type, op);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    return status;
}

NTSTATUS wvm_NtLockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG map_type)
{
    return lock_entry(process, base, size, map_type, wvm_space_lock_as);
}

NTSTATUS wvm_NtUnlockVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG map_type)
{
    return lock_entry(process, base, size, map_type, wvm_space_unlock_as);
}
