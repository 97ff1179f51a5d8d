/* winvm/sysinfoapi.h: page size, granularity and bounds of the address space.
 *
 * WINVM_NO_TYPES needs: SYSTEM_INFO. */
#ifndef WINVM_SYSINFOAPI_H
#define WINVM_SYSINFOAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
/* dwPageSize 4096, dwAllocationGranularity 65536 (bytes); lpMaximumApplicationAddress is the last
 * usable byte, 0x7FFFFFFEFFFF on 64-bit hosts. */
typedef struct _SYSTEM_INFO {
    __extension__ union {
        DWORD dwOemId;
        __extension__ struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;
#endif

#if WINVM_64
WINVM_STATIC_ASSERT(sizeof(SYSTEM_INFO) == 48, "SYSTEM_INFO");
#else
WINVM_STATIC_ASSERT(sizeof(SYSTEM_INFO) == 36, "SYSTEM_INFO");
#endif

WINVM_BEGIN_DECLS

/* Fills *lpSystemInfo. Cannot fail; does not touch the last error. */
WINVM_DECLARE(void, GetSystemInfo, (SYSTEM_INFO * lpSystemInfo));
/* The same: a winvm process is native. */
WINVM_DECLARE(void, GetNativeSystemInfo, (SYSTEM_INFO * lpSystemInfo));

WINVM_END_DECLS

#endif
