/* winvm/processthreadsapi.h: processes as the memory calls name them.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD SIZE_T HANDLE ULONG_PTR ULONG. */
#ifndef WINVM_PROCESSTHREADSAPI_H
#define WINVM_PROCESSTHREADSAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* (HANDLE)-1: this process, in every call that takes a process (VA-127). Not to be closed. */
WINVM_DECLARE(HANDLE, GetCurrentProcess, (void));
/* The host's process id. */
WINVM_DECLARE(DWORD, GetCurrentProcessId, (void));
/* A handle to the process with the host's id dwProcessId, for ReadProcessMemory and
 * WriteProcessMemory. dwDesiredAccess: PROCESS_*. bInheritHandle is not used.
 * Errors: 87 no such process, 5 ERROR_ACCESS_DENIED. */
WINVM_DECLARE(HANDLE, OpenProcess,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwProcessId));
/* Makes code written to [lpBaseAddress, +dwSize bytes) ready to run; NULL means all.
 * Errors: 6 ERROR_INVALID_HANDLE. */
WINVM_DECLARE(BOOL, FlushInstructionCache,
              (HANDLE hProcess, const void *lpBaseAddress, SIZE_T dwSize));
/* [*LowLimit, *HighLimit): the stack that the calling thread runs on; memory of VirtualAlloc counts
 * as a whole allocation. */
WINVM_DECLARE(void, GetCurrentThreadStackLimits, (ULONG_PTR *LowLimit, ULONG_PTR *HighLimit));
/* *StackSizeInBytes: bytes of stack that stay for the handling of a stack overflow, for this
 * thread; 0 only asks. Receives the value of before. At most 252 KiB are kept. Errors: 87 larger
 * than the stack, 998 the pointer is bad. */
WINVM_DECLARE(BOOL, SetThreadStackGuarantee, (ULONG *StackSizeInBytes));

WINVM_END_DECLS

#endif
