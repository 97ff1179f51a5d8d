/* winvm/wow64apiset.h: is a process a 32-bit one on a 64-bit system?
 *
 * A process of winvm is one when it runs in a 32-bit layout (option wow64), and a based space
 * always is.
 * WINVM_NO_TYPES needs: BOOL HANDLE. */
#ifndef WINVM_WOW64APISET_H
#define WINVM_WOW64APISET_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* hProcess grants PROCESS_QUERY_LIMITED_INFORMATION. FALSE is told of other processes of the host.
 * ERROR_INVALID_HANDLE, ERROR_ACCESS_DENIED, ERROR_NOACCESS. */
WINVM_DECLARE(BOOL, IsWow64Process, (HANDLE hProcess, BOOL *Wow64Process));
/* *pProcessMachine: IMAGE_FILE_MACHINE_I386, or IMAGE_FILE_MACHINE_UNKNOWN when it is not one;
 * *pNativeMachine: the system's; pNativeMachine may be NULL. */
WINVM_DECLARE(BOOL, IsWow64Process2,
              (HANDLE hProcess, unsigned short *pProcessMachine, unsigned short *pNativeMachine));
/* Can programs of this IMAGE_FILE_MACHINE_* run here as 32-bit ones on a 64-bit system? S_OK, or
 * E_POINTER when the answer cannot be written. The result is an HRESULT. */
WINVM_DECLARE(int, IsWow64GuestMachineSupported,
              (unsigned short WowGuestMachine, BOOL *MachineIsSupported));

WINVM_END_DECLS

#endif
