/* winvm/handleapi.h: closing and duplicating handles.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE. */
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

/* Closes a handle of a process, section or file. Errors: 6 ERROR_INVALID_HANDLE, also for a handle
 * with HANDLE_FLAG_PROTECT_FROM_CLOSE. */
WINVM_DECLARE(BOOL, CloseHandle, (HANDLE hObject));

/* Another handle to the object of hSourceHandle. Both processes must be this one. dwDesiredAccess
 * may ask for any right that the object can give; it is ignored with DUPLICATE_SAME_ACCESS.
 * DUPLICATE_CLOSE_SOURCE closes the source, whether or not there is an error. lpTargetHandle may be
 * NULL. Errors: 998 lpTargetHandle, 6 some handle, 5 the access or another process, 1450. */
WINVM_DECLARE(BOOL, DuplicateHandle,
              (HANDLE hSourceProcessHandle, HANDLE hSourceHandle, HANDLE hTargetProcessHandle,
               HANDLE *lpTargetHandle, DWORD dwDesiredAccess, BOOL bInheritHandle,
               DWORD dwOptions));

/* The HANDLE_FLAG_* of a handle. HANDLE_FLAG_INHERIT is only kept: after fork() the child has every
 * handle. Errors: 6; 998 lpdwFlags; 87 an unknown flag in dwMask. */
WINVM_DECLARE(BOOL, GetHandleInformation, (HANDLE hObject, DWORD *lpdwFlags));
WINVM_DECLARE(BOOL, SetHandleInformation, (HANDLE hObject, DWORD dwMask, DWORD dwFlags));

/* TRUE when both are handles to one object. Errors: 1656 ERROR_NOT_SAME_OBJECT, 6. */
WINVM_DECLARE(BOOL, CompareObjectHandles,
              (HANDLE hFirstObjectHandle, HANDLE hSecondObjectHandle));

WINVM_END_DECLS

#endif
