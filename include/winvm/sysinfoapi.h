/* winvm/sysinfoapi.h: page size, granularity and bounds of the address space; how much memory there
 * is.
 *
 * WINVM_NO_TYPES needs: SYSTEM_INFO MEMORYSTATUSEX BOOL. */
#ifndef WINVM_SYSINFOAPI_H
#define WINVM_SYSINFOAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
/* dwPageSize 4096, dwAllocationGranularity 65536 (bytes); lpMaximumApplicationAddress is the last
 * usable byte: 0x7FFFFFFEFFFF for 64-bit programs, in a 32-bit layout 0x7FFEFFFF .. 0xFFFEFFFF. */
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

/* All ull members are bytes; dwLength is to be set by the caller. */
typedef struct _MEMORYSTATUSEX {
    DWORD dwLength;
    DWORD dwMemoryLoad; /* percent of the physical memory that is in use */
    DWORDLONG ullTotalPhys;
    DWORDLONG ullAvailPhys;
    DWORDLONG ullTotalPageFile; /* the commit limit, and what is left of it */
    DWORDLONG ullAvailPageFile;
    DWORDLONG ullTotalVirtual; /* of the address space, and what is free in it */
    DWORDLONG ullAvailVirtual;
    DWORDLONG ullAvailExtendedVirtual; /* 0 */
} MEMORYSTATUSEX, *LPMEMORYSTATUSEX;
#endif

#if WINVM_64
WINVM_STATIC_ASSERT(sizeof(SYSTEM_INFO) == 48, "SYSTEM_INFO");
#else
WINVM_STATIC_ASSERT(sizeof(SYSTEM_INFO) == 36, "SYSTEM_INFO");
#endif

WINVM_BEGIN_DECLS

/* Fills *lpSystemInfo. Cannot fail; does not touch the last error. */
WINVM_DECLARE(void, GetSystemInfo, (SYSTEM_INFO * lpSystemInfo));
/* The same, but what a 32-bit layout has on a 64-bit system is told as the system is: its
 * processors and the largest address space that a 32-bit program can have (W32-002, W32-008). */
WINVM_DECLARE(void, GetNativeSystemInfo, (SYSTEM_INFO * lpSystemInfo));
/* FALSE: dwLength is not the size of the structure (ERROR_INVALID_PARAMETER), or the structure
 * cannot be written (ERROR_NOACCESS); then nothing was written. */
WINVM_DECLARE(BOOL, GlobalMemoryStatusEx, (MEMORYSTATUSEX * lpBuffer));

/* KiB of memory that the computer was built with, at least those of ullTotalPhys (WS-152); of the
 * control group when it has a limit. FALSE: NULL (WS-151, ERROR_INVALID_PARAMETER), or the result
 * cannot be written (ERROR_NOACCESS). */
WINVM_DECLARE(BOOL, GetPhysicallyInstalledSystemMemory,
              (unsigned long long *TotalMemoryInKilobytes));

WINVM_END_DECLS

#endif
