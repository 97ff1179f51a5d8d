/* GetLastError, SetLastError, and the one border between native statuses and Win32 errors.
 *
 * I1  One value per thread (VA-129); reading and writing it never allocates. It is in winvm's own
 *     cell, or where winvm_last_error_place has put it.
 * I2  Only failures write it: a successful call leaves it alone (VA-128).
 * Locking: none.   Signal safety: yes, as errno is. */
#include "api/last_error.h"

#include "api/api.h"
#include "api/status_map.h"

static WVM_THREAD_LOCAL DWORD own_cell;
/* How far the value lies from own_cell. */
static WVM_THREAD_LOCAL uintptr_t way;

static inline DWORD *cell(void)
{
    return (DWORD *)((uintptr_t)&own_cell + way);
}

void (*wvm_last_error_hook)(DWORD error);

void wvm_set_last_error(DWORD error)
{
    void (*hook)(DWORD) = __atomic_load_n(&wvm_last_error_hook, __ATOMIC_RELAXED);
    *cell() = error;
    if (WVM_UNLIKELY(hook))
        hook(error);
}

BOOL wvm_win32_result(NTSTATUS status)
{
    if (WVM_LIKELY(status >= 0))
        return TRUE;
    wvm_set_last_error(wvm_status_to_error((uint32_t)status));
    return FALSE;
}

DWORD wvm_GetLastError(VOID)
{
    return *cell();
}

VOID wvm_SetLastError(DWORD error)
{
    *cell() = error;
}

WVM_EXPORT void winvm_last_error_place(uint32_t *place)
{
    DWORD *next = place ? place : &own_cell;
    *next = *cell();
    way = (uintptr_t)next - (uintptr_t)&own_cell;
}

ULONG wvm_RtlNtStatusToDosError(NTSTATUS status)
{
    return wvm_status_to_error((uint32_t)status);
}
