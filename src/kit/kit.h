/* The inner face of the kit: wvm_kit_NAME for every name of kit_list.h, in the compiler's own
 * convention, and wvm_kit_NAME_ms for those that take functions. */
#ifndef WVM_KIT_KIT_H
#define WVM_KIT_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#if defined(WVM_KIT_INSIDE)
#include "kit/kit_inside.h"
#endif

/* The compiler's own convention, whatever the words of the headers mean. */
#if defined(__x86_64__)
#define WVM_OWN_CALL __attribute__((sysv_abi))
#else
#define WVM_OWN_CALL __attribute__((cdecl))
#endif

#pragma GCC visibility push(hidden)

#define WVM_KIT_ALL
#define X(ret, name, params, args) ret wvm_kit_##name params;
#define F(ret, name, params, args) \
    ret wvm_kit_##name params;     \
    ret wvm_kit_##name##_ms params;
#include "kit/kit_list.h"
#undef X
#undef F
#undef WVM_KIT_ALL

/* Sets the last error; FALSE, for the return of a call. */
static inline BOOL wvm_kit_fail(DWORD error)
{
    SetLastError(error);
    return FALSE;
}
/* The handle is of this process; false and the last error: 5 another one, 6 none. */
static inline bool wvm_kit_is_self(HANDLE process)
{
    if (process == GetCurrentProcess() || CompareObjectHandles(process, GetCurrentProcess()))
        return true;
    return wvm_kit_fail(GetLastError() == ERROR_NOT_SAME_OBJECT ? ERROR_ACCESS_DENIED
                                                                : ERROR_INVALID_HANDLE);
}

#pragma GCC visibility pop

#endif
