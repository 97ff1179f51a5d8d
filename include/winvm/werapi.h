/* winvm/werapi.h: what reports of faults have of the process's memory (libwinvm-kit). There are no
 * reports; the host's core file is what is meant.
 *
 * WINVM_NO_TYPES needs: HRESULT HANDLE DWORD PVOID. */
#ifndef WINVM_WERAPI_H
#define WINVM_WERAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define WER_FAULT_REPORTING_FLAG_NOHEAP 1
#define WER_FAULT_REPORTING_FLAG_QUEUE 2
#define WER_FAULT_REPORTING_FLAG_DISABLE_THREAD_SUSPENSION 4
#define WER_FAULT_REPORTING_FLAG_QUEUE_UPLOAD 8
#define WER_FAULT_REPORTING_ALWAYS_SHOW_UI 16
#define WER_FAULT_REPORTING_NO_UI 32
#define WER_FAULT_REPORTING_FLAG_NO_HEAP_ON_QUEUE 64
#define WER_MAX_REGISTERED_ENTRIES 512
#endif

WINVM_BEGIN_DECLS

/* Leaves the pages that the block touches out of core files. E_INVALIDARG: no address, no bytes;
 * HRESULT_FROM_WIN32 of 487 ERROR_INVALID_ADDRESS: it is not mapped, of 122: 512 blocks are. */
WINVM_DECLARE(HRESULT, WerRegisterExcludedMemoryBlock, (const void *address, DWORD size));
/* By the address it was registered with; pages that another block touches stay out.
 * HRESULT_FROM_WIN32 of 1168 ERROR_NOT_FOUND. */
WINVM_DECLARE(HRESULT, WerUnregisterExcludedMemoryBlock, (const void *address));
/* WER_FAULT_REPORTING_*: kept, for WerGetFlags only. E_INVALIDARG: unknown ones. */
WINVM_DECLARE(HRESULT, WerSetFlags, (DWORD dwFlags));
/* E_INVALIDARG: NULL, or not the calling process. */
WINVM_DECLARE(HRESULT, WerGetFlags, (HANDLE hProcess, DWORD *pdwFlags));

WINVM_END_DECLS

#endif
