/* winvm/errhandlingapi.h: the last error of the calling thread.
 *
 * WINVM_NO_TYPES needs: DWORD. */
#ifndef WINVM_ERRHANDLINGAPI_H
#define WINVM_ERRHANDLINGAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef LONG(WINAPI *PTOP_LEVEL_EXCEPTION_FILTER)(struct _EXCEPTION_POINTERS *ExceptionInfo);
typedef PTOP_LEVEL_EXCEPTION_FILTER LPTOP_LEVEL_EXCEPTION_FILTER;
#endif

WINVM_BEGIN_DECLS

/* One value per thread (VA-129); a call that succeeds leaves it alone (VA-128). */
WINVM_DECLARE(DWORD, GetLastError, (void));
WINVM_DECLARE(void, SetLastError, (DWORD dwErrCode));

WINVM_END_DECLS

#endif
