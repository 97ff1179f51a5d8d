/* winvm/handleapi.h: closing handles.
 *
 * WINVM_NO_TYPES needs: BOOL HANDLE. */
#ifndef WINVM_HANDLEAPI_H
#define WINVM_HANDLEAPI_H

#include "minwindef.h"

#ifndef WINVM_NO_TYPES
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

/* GetHandleInformation, SetHandleInformation. */
#define HANDLE_FLAG_INHERIT 0x00000001
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 0x00000002
#endif

WINVM_BEGIN_DECLS

/* Closes a handle that OpenProcess gave. Errors: 6 ERROR_INVALID_HANDLE. */
WINVM_DECLARE(BOOL, CloseHandle, (HANDLE hObject));

WINVM_END_DECLS

#endif
