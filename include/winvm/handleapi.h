/* winvm/handleapi.h: closing handles.
 *
 * WINVM_NO_TYPES needs: BOOL HANDLE. */
#ifndef WINVM_HANDLEAPI_H
#define WINVM_HANDLEAPI_H

#include "minwindef.h"

#ifndef WINVM_NO_TYPES
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#endif

WINVM_BEGIN_DECLS

/* Closes a handle that OpenProcess gave. Errors: 6 ERROR_INVALID_HANDLE. */
WINVM_DECLARE(BOOL, CloseHandle, (HANDLE hObject));

WINVM_END_DECLS

#endif
