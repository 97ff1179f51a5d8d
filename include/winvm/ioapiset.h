/* winvm/ioapiset.h: calls that are done later, and controls of devices (libwinvm-kit). Reading and
 * writing are done when the call returns, so nothing is ever pending.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPVOID; structures are named by their tags. */
#ifndef WINVM_IOAPISET_H
#define WINVM_IOAPISET_H

#include "minwinbase.h"

struct _OVERLAPPED;

WINVM_BEGIN_DECLS

/* What the call told in its OVERLAPPED: TRUE and the bytes moved, or its error. 996: it is pending;
 * with bWait its event is waited for. */
WINVM_DECLARE(BOOL, GetOverlappedResult,
              (HANDLE hFile, struct _OVERLAPPED *lpOverlapped, DWORD *lpNumberOfBytesTransferred,
               BOOL bWait));
/* The same; 258 the event was not set in time, 192 a call of QueueUserAPC came. */
WINVM_DECLARE(BOOL, GetOverlappedResultEx,
              (HANDLE hFile, struct _OVERLAPPED *lpOverlapped, DWORD *lpNumberOfBytesTransferred,
               DWORD dwMilliseconds, BOOL bAlertable));
/* TRUE: nothing is pending. CancelIoEx: 1168 for the same reason. */
WINVM_DECLARE(BOOL, CancelIo, (HANDLE hFile));
WINVM_DECLARE(BOOL, CancelIoEx, (HANDLE hFile, struct _OVERLAPPED *lpOverlapped));
/* Of regular files, see winioctl.h: FSCTL_SET_SPARSE (files of the host always are),
 * FSCTL_SET_ZERO_DATA (the range becomes a hole), FSCTL_QUERY_ALLOCATED_RANGES,
 * FSCTL_GET_COMPRESSION and FSCTL_SET_COMPRESSION (none). Errors: 1 any other code or file, 87, 122
 * a buffer is too small, 234 more ranges than fit. */
WINVM_DECLARE(BOOL, DeviceIoControl,
              (HANDLE hDevice, DWORD dwIoControlCode, LPVOID lpInBuffer, DWORD nInBufferSize,
               LPVOID lpOutBuffer, DWORD nOutBufferSize, DWORD *lpBytesReturned,
               struct _OVERLAPPED *lpOverlapped));

WINVM_END_DECLS

#endif
