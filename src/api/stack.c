/* The calling thread's stack: its bounds, and what is kept of it for the handling of an overflow.
 *
 * I1  A thread that runs on memory of winvm's has that allocation as its stack; any other has the
 *     one it was created with.
 * Locking: none.   Failure: the last error is set, nothing changes. */
#include "api/api.h"
#include "api/last_error.h"
#include "fault/fault.h"
#include "nt/nt_user.h"
#include "space/space_fault.h"

VOID wvm_GetCurrentThreadStackLimits(PULONG_PTR low, PULONG_PTR high)
{
    uintptr_t from, to;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (!wvm_space_stack(&wvm_space_native, here, &from, &to))
        wvm_fault_thread_stack(&from, &to);
    *low = from;
    *high = to;
}

/* The size of the stack that the thread runs on. */
static uintptr_t stack_size(void)
{
    ULONG_PTR low, high;
    wvm_GetCurrentThreadStackLimits(&low, &high);
    return high - low;
}

BOOL wvm_SetThreadStackGuarantee(PULONG size)
{
    if (!wvm_user_writable(size, sizeof *size))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    ULONG wanted = *size, old = (ULONG)wvm_fault_stack_guarantee();
    if (wanted >= stack_size())
        return wvm_win32_result(STATUS_INVALID_PARAMETER);
    if (wanted)
        wvm_fault_set_stack_guarantee(wanted);
    wvm_user_store(size, &old, sizeof old);
    return TRUE;
}
