/* winvm/kit_ntdll_loader.h: what libwinvm-kit has of ntdll's loader: modules, the functions in
 * them, and two locks.
 *
 * Modules are those of libloaderapi.h, texts with a length. None of these changes the last error.
 *
 * WINVM_NO_TYPES needs: NTSTATUS WCHAR ULONG ULONG_PTR PVOID; the structures are named by their
 * tags. */
#ifndef WINVM_KIT_NTDLL_LOADER_H
#define WINVM_KIT_NTDLL_LOADER_H

#include "ntdef.h"
#include "teb.h"

#ifndef WINVM_NO_TYPES
#define LDR_GET_DLL_HANDLE_EX_UNCHANGED_REFCOUNT 0x00000001
#define LDR_GET_DLL_HANDLE_EX_PIN 0x00000002
#define LDR_ADDREF_DLL_PIN 0x00000001
#define LDR_LOCK_LOADER_LOCK_FLAG_RAISE_ON_ERRORS 0x00000001
#define LDR_LOCK_LOADER_LOCK_FLAG_TRY_ONLY 0x00000002
#define LDR_LOCK_LOADER_LOCK_DISPOSITION_INVALID 0
#define LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_ACQUIRED 1
#define LDR_LOCK_LOADER_LOCK_DISPOSITION_LOCK_NOT_ACQUIRED 2
#endif

struct _LDR_DATA_TABLE_ENTRY;

WINVM_BEGIN_DECLS

/* GetModuleHandleW and LoadLibraryW. *DllHandle: the module, or NULL with STATUS_DLL_NOT_FOUND.
 * DllPath and DllCharacteristics are not looked at. STATUS_INVALID_PARAMETER: no name, no place,
 * or flags that are not known or exclude each other. */
WINVM_DECLARE(NTSTATUS, LdrGetDllHandle,
              (WCHAR * DllPath, ULONG *DllCharacteristics, const struct _UNICODE_STRING *DllName,
               PVOID *DllHandle));
WINVM_DECLARE(NTSTATUS, LdrGetDllHandleEx,
              (ULONG Flags, WCHAR *DllPath, ULONG *DllCharacteristics,
               const struct _UNICODE_STRING *DllName, PVOID *DllHandle));
WINVM_DECLARE(NTSTATUS, LdrLoadDll,
              (WCHAR * DllPath, ULONG *DllCharacteristics, const struct _UNICODE_STRING *DllName,
               PVOID *DllHandle));
/* These change nothing: modules stay, and are not told of threads. STATUS_DLL_NOT_FOUND. */
WINVM_DECLARE(NTSTATUS, LdrUnloadDll, (PVOID DllHandle));
WINVM_DECLARE(NTSTATUS, LdrAddRefDll, (ULONG Flags, PVOID DllHandle));
WINVM_DECLARE(NTSTATUS, LdrDisableThreadCalloutsForDll, (PVOID DllImageBase));
/* GetProcAddress, by a name of at most 255 bytes or, when ProcedureName is NULL, a number.
 * *ProcedureAddress is NULL with STATUS_ENTRYPOINT_NOT_FOUND, STATUS_ORDINAL_NOT_FOUND,
 * STATUS_DLL_NOT_FOUND; STATUS_INVALID_PARAMETER. */
WINVM_DECLARE(NTSTATUS, LdrGetProcedureAddress,
              (PVOID DllHandle, const struct _STRING *ProcedureName, ULONG ProcedureNumber,
               PVOID *ProcedureAddress));
/* The entry of PEB.Ldr that an address is in; STATUS_NO_MORE_ENTRIES. */
WINVM_DECLARE(NTSTATUS, LdrFindEntryForAddress,
              (PVOID Address, struct _LDR_DATA_TABLE_ENTRY **TableEntry));

/* A lock of the thread's, any number of times over; modules are loaded without it. TRY_ONLY: it
 * does not wait, *Disposition tells. *Cookie is what gives the lock back; 0 gives nothing back.
 * STATUS_INVALID_PARAMETER_1: Flags, _2: Disposition, or a Cookie that is not the thread's, _3: no
 * Cookie; raised with RAISE_ON_ERRORS. */
WINVM_DECLARE(NTSTATUS, LdrLockLoaderLock, (ULONG Flags, ULONG *Disposition, ULONG_PTR *Cookie));
WINVM_DECLARE(NTSTATUS, LdrUnlockLoaderLock, (ULONG Flags, ULONG_PTR Cookie));
/* Another lock of the same kind. */
WINVM_DECLARE(void, RtlAcquirePebLock, (void));
WINVM_DECLARE(void, RtlReleasePebLock, (void));

WINVM_END_DECLS

#endif
