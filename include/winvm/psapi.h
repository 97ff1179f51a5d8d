/* winvm/psapi.h: the working set, counters of processes, what the system has of everything, and the
 * files that memory is mapped from.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPWSTR; structures are named by their tags. */
#ifndef WINVM_PSAPI_H
#define WINVM_PSAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
/* All but the last three in pages of PageSize bytes. Commit: of this process, as
 * GlobalMemoryStatusEx has it. Physical: of the control group when it has a limit. */
typedef struct _PERFORMANCE_INFORMATION {
    DWORD cb;
    SIZE_T CommitTotal;
    SIZE_T CommitLimit;
    SIZE_T CommitPeak;
    SIZE_T PhysicalTotal;
    SIZE_T PhysicalAvailable;
    SIZE_T SystemCache; /* contents of files */
    SIZE_T KernelTotal; /* of the host's kernel and of this process's pools */
    SIZE_T KernelPaged;
    SIZE_T KernelNonpaged;
    SIZE_T PageSize;
    DWORD HandleCount; /* open files of the machine */
    DWORD ProcessCount; /* that this one can see, and their threads */
    DWORD ThreadCount;
} PERFORMANCE_INFORMATION, *PPERFORMANCE_INFORMATION;
/* The SDK has these, too. */
typedef PERFORMANCE_INFORMATION PERFORMACE_INFORMATION, *PPERFORMACE_INFORMATION;

/* Bytes, but for the faults. */
typedef struct _PROCESS_MEMORY_COUNTERS {
    DWORD cb;
    DWORD PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
} PROCESS_MEMORY_COUNTERS, *PPROCESS_MEMORY_COUNTERS;
typedef struct _PROCESS_MEMORY_COUNTERS_EX {
    DWORD cb;
    DWORD PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
    SIZE_T PrivateUsage;
} PROCESS_MEMORY_COUNTERS_EX, *PPROCESS_MEMORY_COUNTERS_EX;
typedef struct _PROCESS_MEMORY_COUNTERS_EX2 {
    DWORD cb;
    DWORD PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
    SIZE_T PrivateUsage;
    SIZE_T PrivateWorkingSetSize;
    ULONG64 SharedCommitUsage;
} PROCESS_MEMORY_COUNTERS_EX2, *PPROCESS_MEMORY_COUNTERS_EX2;
#endif

WINVM_BEGIN_DECLS

#ifndef WINVM_NO_TYPES

/* A page of QueryWorkingSet. Protection: 0 not accessed, 1 read, 2 execute, 3 execute and read, 4
 * read and write, 5 write-copy, 6 execute, read and write, 7 execute and write-copy; 8 more: not
 * cached, 16 more: guard page, 24 more: write-combined. */
typedef union _PSAPI_WORKING_SET_BLOCK {
    ULONG_PTR Flags;
    __extension__ struct {
        ULONG_PTR Protection : 5;
        ULONG_PTR ShareCount : 3;
        ULONG_PTR Shared : 1;
        ULONG_PTR Reserved : 3;
        ULONG_PTR VirtualPage : sizeof(void *) * 8 - 12;
    };
} PSAPI_WORKING_SET_BLOCK, *PPSAPI_WORKING_SET_BLOCK;

typedef struct _PSAPI_WORKING_SET_INFORMATION {
    ULONG_PTR NumberOfEntries;
    PSAPI_WORKING_SET_BLOCK WorkingSetInfo[1];
} PSAPI_WORKING_SET_INFORMATION, *PPSAPI_WORKING_SET_INFORMATION;

/* A page of QueryWorkingSetEx. Valid 0: it is not in the working set, and the fields of Invalid
 * hold. Shared: of a view or an image, and no private copy. ShareCount, of a shared page: 1 when
 * nobody else maps it, 2 when somebody does (how many, the host does not tell), 1 where the host
 * does not tell. Win32Protection: PAGE_*. Node: the memory node. */
typedef union _PSAPI_WORKING_SET_EX_BLOCK {
    ULONG_PTR Flags;
    __extension__ union {
        __extension__ struct {
            ULONG_PTR Valid : 1;
            ULONG_PTR ShareCount : 3;
            ULONG_PTR Win32Protection : 11;
            ULONG_PTR Shared : 1;
            ULONG_PTR Node : 6;
            ULONG_PTR Locked : 1;
            ULONG_PTR LargePage : 1;
            ULONG_PTR Reserved : 7;
            ULONG_PTR Bad : 1;
#ifdef __LP64__
            ULONG_PTR ReservedUlong : 32;
#endif
        };
        struct {
            ULONG_PTR Valid : 1;
            ULONG_PTR Reserved0 : 14;
            ULONG_PTR Shared : 1;
            ULONG_PTR Reserved1 : 15;
            ULONG_PTR Bad : 1;
#ifdef __LP64__
            ULONG_PTR ReservedUlong : 32;
#endif
        } Invalid;
    };
} PSAPI_WORKING_SET_EX_BLOCK, *PPSAPI_WORKING_SET_EX_BLOCK;

typedef struct _PSAPI_WORKING_SET_EX_INFORMATION {
    PVOID VirtualAddress;
    PSAPI_WORKING_SET_EX_BLOCK VirtualAttributes;
} PSAPI_WORKING_SET_EX_INFORMATION, *PPSAPI_WORKING_SET_EX_INFORMATION;

/* A page that came into the working set. Here FaultingPc is the page's address too, and the thread
 * 0: the host does not tell them. An entry whose FaultingPc is NULL ends a list. */
typedef struct _PSAPI_WS_WATCH_INFORMATION {
    LPVOID FaultingPc;
    LPVOID FaultingVa;
} PSAPI_WS_WATCH_INFORMATION, *PPSAPI_WS_WATCH_INFORMATION;

typedef struct _PSAPI_WS_WATCH_INFORMATION_EX {
    PSAPI_WS_WATCH_INFORMATION BasicInfo;
    ULONG_PTR FaultingThreadId;
    ULONG_PTR Flags;
} PSAPI_WS_WATCH_INFORMATION_EX, *PPSAPI_WS_WATCH_INFORMATION_EX;

WINVM_STATIC_ASSERT(sizeof(PSAPI_WORKING_SET_EX_INFORMATION) == 2 * sizeof(void *),
                    "PSAPI_WORKING_SET_EX_INFORMATION");

#endif

/* The pages of the working set, in rising order, to a PSAPI_WORKING_SET_INFORMATION of cb bytes. It
 * needs a handle with PROCESS_QUERY_INFORMATION and PROCESS_VM_READ. Too small a buffer:
 * 24 ERROR_BAD_LENGTH, and NumberOfEntries tells how many there are. Errors: 6
 * ERROR_INVALID_HANDLE, 5 ERROR_ACCESS_DENIED, 998 ERROR_NOACCESS. */
WINVM_DECLARE(BOOL, K32QueryWorkingSet, (HANDLE hProcess, void *pv, DWORD cb));
/* Answers for the pages of the addresses in an array of PSAPI_WORKING_SET_EX_INFORMATION, of cb
 * bytes; any order, any address (WS-040..057). It needs a handle with PROCESS_QUERY_INFORMATION.
 * Errors: 24 ERROR_BAD_LENGTH for less than one entry (WS-051), 6, 5, 998. */
WINVM_DECLARE(BOOL, K32QueryWorkingSetEx, (HANDLE hProcess, void *pv, DWORD cb));
/* Every page that is not locked leaves the working set; contents stay. It needs a handle with
 * PROCESS_SET_QUOTA and PROCESS_QUERY_LIMITED_INFORMATION (WS-034..036). Another process must run
 * with winvm and its option remote, else 5 ERROR_ACCESS_DENIED. */
WINVM_DECLARE(BOOL, K32EmptyWorkingSet, (HANDLE hProcess));
/* From now on this process's pages that come into the working set are noted (WS-037). It needs a
 * handle with PROCESS_SET_INFORMATION. Errors: 6, 5. */
WINVM_DECLARE(BOOL, K32InitializeProcessForWsWatch, (HANDLE hProcess));
struct _PSAPI_WS_WATCH_INFORMATION;
struct _PSAPI_WS_WATCH_INFORMATION_EX;
/* Those since the last success, each once, in rising order (WS-038); an entry with FaultingPc NULL
 * ends the list. cb: bytes of the array; the Ex form stores what the list takes. Errors: 6, 5,
 * 31 ERROR_GEN_FAILURE: nothing is noted yet, 259 ERROR_NO_MORE_ITEMS, 122
 * ERROR_INSUFFICIENT_BUFFER: nothing is lost, 998. */
WINVM_DECLARE(BOOL, K32GetWsChanges,
              (HANDLE hProcess, struct _PSAPI_WS_WATCH_INFORMATION *lpWatchInfo, DWORD cb));
WINVM_DECLARE(BOOL, K32GetWsChangesEx,
              (HANDLE hProcess, struct _PSAPI_WS_WATCH_INFORMATION_EX *lpWatchInfoEx, DWORD *cb));
/* The older names; newer headers make them macros. */
#ifndef InitializeProcessForWsWatch
WINVM_DECLARE(BOOL, InitializeProcessForWsWatch, (HANDLE hProcess));
#endif
#ifndef GetWsChanges
WINVM_DECLARE(BOOL, GetWsChanges,
              (HANDLE hProcess, struct _PSAPI_WS_WATCH_INFORMATION *lpWatchInfo, DWORD cb));
#endif
#ifndef GetWsChangesEx
WINVM_DECLARE(BOOL, GetWsChangesEx,
              (HANDLE hProcess, struct _PSAPI_WS_WATCH_INFORMATION_EX *lpWatchInfoEx, DWORD *cb));
#endif
#ifndef QueryWorkingSet
WINVM_DECLARE(BOOL, QueryWorkingSet, (HANDLE hProcess, void *pv, DWORD cb));
#endif
#ifndef QueryWorkingSetEx
WINVM_DECLARE(BOOL, QueryWorkingSetEx, (HANDLE hProcess, void *pv, DWORD cb));
#endif
#ifndef EmptyWorkingSet
WINVM_DECLARE(BOOL, EmptyWorkingSet, (HANDLE hProcess));
#endif
struct _PROCESS_MEMORY_COUNTERS;
/* Fills PROCESS_MEMORY_COUNTERS, or the EX or EX2 form when cb, the bytes at ppsmemCounters, has
 * room for it; the member cb receives the size of what was filled. The working set is the host's
 * resident memory; PagefileUsage and PrivateUsage are the private memory that was promised to the
 * process; pool usage is that of winvm's pools. Process grants
 * PROCESS_QUERY_LIMITED_INFORMATION. Errors: 122 ERROR_INSUFFICIENT_BUFFER, 6
 * ERROR_INVALID_HANDLE, 5 ERROR_ACCESS_DENIED, 998 ERROR_NOACCESS. */
WINVM_DECLARE(BOOL, K32GetProcessMemoryInfo,
              (HANDLE Process, struct _PROCESS_MEMORY_COUNTERS *ppsmemCounters, DWORD cb));
#ifndef GetProcessMemoryInfo
WINVM_DECLARE(BOOL, GetProcessMemoryInfo,
              (HANDLE Process, struct _PROCESS_MEMORY_COUNTERS *ppsmemCounters, DWORD cb));
#endif

struct _PERFORMANCE_INFORMATION;

/* FALSE: cb is less than the size of the structure (24 ERROR_BAD_LENGTH), or it cannot be written
 * (998 ERROR_NOACCESS); then nothing was written. */
WINVM_DECLARE(BOOL, K32GetPerformanceInfo,
              (struct _PERFORMANCE_INFORMATION * pPerformanceInformation, DWORD cb));
#ifndef GetPerformanceInfo
WINVM_DECLARE(BOOL, GetPerformanceInfo,
              (struct _PERFORMANCE_INFORMATION * pPerformanceInformation, DWORD cb));
#endif

/* The path of the file that the page at lpv is mapped from: the host's path, NUL-terminated, in a
 * buffer of nSize characters. Returns its length without the NUL, or 0. hProcess: this process.
 * Errors: 6 ERROR_INVALID_HANDLE, 5 ERROR_ACCESS_DENIED, 59 ERROR_UNEXP_NET_ERR for memory that no
 * file is mapped to (VQ-044), 1006 ERROR_FILE_INVALID for views of the page file,
 * 122 ERROR_INSUFFICIENT_BUFFER, 998 ERROR_NOACCESS. */
WINVM_DECLARE(DWORD, K32GetMappedFileNameA,
              (HANDLE hProcess, void *lpv, char *lpFilename, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetMappedFileNameW,
              (HANDLE hProcess, void *lpv, LPWSTR lpFilename, DWORD nSize));
/* The older names; newer headers make them macros. */
#ifndef GetMappedFileNameA
WINVM_DECLARE(DWORD, GetMappedFileNameA,
              (HANDLE hProcess, void *lpv, char *lpFilename, DWORD nSize));
#endif
#ifndef GetMappedFileNameW
WINVM_DECLARE(DWORD, GetMappedFileNameW,
              (HANDLE hProcess, void *lpv, LPWSTR lpFilename, DWORD nSize));
#endif

WINVM_END_DECLS

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetMappedFileName GetMappedFileNameW
#else
#define GetMappedFileName GetMappedFileNameA
#endif
#endif

#endif
