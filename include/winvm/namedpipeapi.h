/* winvm/namedpipeapi.h: pipes (libwinvm-kit). Both ends are files for ReadFile, WriteFile,
 * GetFileType, CloseHandle and the C run time's descriptors.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPVOID; structures are named by their tags. */
#ifndef WINVM_NAMEDPIPEAPI_H
#define WINVM_NAMEDPIPEAPI_H

#include "minwinbase.h"

struct _SECURITY_ATTRIBUTES;

WINVM_BEGIN_DECLS

/* nSize is a wish. bInheritHandle is of both ends. Errors: 4, 1450. */
WINVM_DECLARE(BOOL, CreatePipe,
              (HANDLE *hReadPipe, HANDLE *hWritePipe,
               struct _SECURITY_ATTRIBUTES *lpPipeAttributes, DWORD nSize));
/* What can be read, without taking it: up to nBufferSize bytes, and how many there are. Each
 * pointer may be NULL; lpBytesLeftThisMessage is 0, there are no messages. Errors: 109 all writers
 * have gone and nothing is left, 1 it is no pipe, 5, 6. */
WINVM_DECLARE(BOOL, PeekNamedPipe,
              (HANDLE hNamedPipe, LPVOID lpBuffer, DWORD nBufferSize, DWORD *lpBytesRead,
               DWORD *lpTotalBytesAvail, DWORD *lpBytesLeftThisMessage));

WINVM_END_DECLS

#endif
