/* winvm/heapapi.h: heaps (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: HANDLE BOOL DWORD SIZE_T PVOID LPVOID LPCVOID HEAP_INFORMATION_CLASS. */
#ifndef WINVM_HEAPAPI_H
#define WINVM_HEAPAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define HEAP_NO_SERIALIZE 0x00000001
#define HEAP_GROWABLE 0x00000002
#define HEAP_GENERATE_EXCEPTIONS 0x00000004
#define HEAP_ZERO_MEMORY 0x00000008
#define HEAP_REALLOC_IN_PLACE_ONLY 0x00000010
#define HEAP_TAIL_CHECKING_ENABLED 0x00000020
#define HEAP_FREE_CHECKING_ENABLED 0x00000040
#define HEAP_DISABLE_COALESCE_ON_FREE 0x00000080
#define HEAP_CREATE_ALIGN_16 0x00010000
#define HEAP_CREATE_ENABLE_TRACING 0x00020000
#define HEAP_CREATE_ENABLE_EXECUTE 0x00040000

typedef enum _HEAP_INFORMATION_CLASS {
    HeapCompatibilityInformation = 0, /* a ULONG: 2, the low-fragmentation heap, or 0 */
    HeapEnableTerminationOnCorruption = 1,
    HeapOptimizeResources = 3
} HEAP_INFORMATION_CLASS;
#define HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION 1
typedef struct _HEAP_OPTIMIZE_RESOURCES_INFORMATION {
    DWORD Version;
    DWORD Flags; /* 0 */
} HEAP_OPTIMIZE_RESOURCES_INFORMATION, *PHEAP_OPTIMIZE_RESOURCES_INFORMATION;

/* A block: its address, and its bytes as they were asked for. */
typedef struct _PROCESS_HEAP_ENTRY {
    PVOID lpData;
    DWORD cbData;
    BYTE cbOverhead; /* bytes in front of it */
    BYTE iRegionIndex;
    WORD wFlags;
    __extension__ union {
        struct {
            HANDLE hMem;
            DWORD dwReserved[3];
        } Block;
        struct {
            DWORD dwCommittedSize;
            DWORD dwUnCommittedSize;
            LPVOID lpFirstBlock;
            LPVOID lpLastBlock;
        } Region;
    } DUMMYUNIONNAME;
} PROCESS_HEAP_ENTRY, *LPPROCESS_HEAP_ENTRY, *PPROCESS_HEAP_ENTRY;
#define PROCESS_HEAP_REGION 0x0001
#define PROCESS_HEAP_UNCOMMITTED_RANGE 0x0002
#define PROCESS_HEAP_ENTRY_BUSY 0x0004
#define PROCESS_HEAP_SEG_ALLOC 0x0008
#define PROCESS_HEAP_ENTRY_MOVEABLE 0x0010
#define PROCESS_HEAP_ENTRY_DDESHARE 0x0020
#endif

WINVM_BEGIN_DECLS

/* The heap of the process: malloc and free of the C library. Not to be destroyed. */
WINVM_DECLARE(HANDLE, GetProcessHeap, (void));
/* A heap of its own. dwMaximumSize, bytes, rounded up to pages: all its blocks together never take
 * more, and none may be larger than 0x7F000 bytes, 0xFE000 on 64-bit hosts; 0: it grows. Of
 * flOptions HEAP_GENERATE_EXCEPTIONS is for all its calls; HEAP_CREATE_ENABLE_EXECUTE: its blocks
 * are executable, and each takes whole pages. Errors: 8. */
WINVM_DECLARE(HANDLE, HeapCreate, (DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize));
/* Frees all its blocks with it. Errors: 6, also for the heap of the process. */
WINVM_DECLARE(BOOL, HeapDestroy, (HANDLE hHeap));
/* Aligned to 16 bytes, 8 on 32-bit hosts. No memory: NULL and 8, or with HEAP_GENERATE_EXCEPTIONS
 * the exception STATUS_NO_MEMORY. */
WINVM_DECLARE(LPVOID, HeapAlloc, (HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes));
/* HEAP_ZERO_MEMORY is for what is added. HEAP_REALLOC_IN_PLACE_ONLY: the block does not move.
 * Failure leaves the block as it was. Errors: 8 as HeapAlloc, 87 no block of this heap. */
WINVM_DECLARE(LPVOID, HeapReAlloc, (HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes));
/* lpMem may be NULL. Errors: 87 no block of this heap. */
WINVM_DECLARE(BOOL, HeapFree, (HANDLE hHeap, DWORD dwFlags, LPVOID lpMem));
/* Bytes, as asked for; (SIZE_T)-1 and 87: no block of this heap. */
WINVM_DECLARE(SIZE_T, HeapSize, (HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem));
/* TRUE: lpMem is a block of this heap; NULL: all blocks of the heap are in order (those of the heap
 * of the process are the C library's, and not looked at). Never faults, sets no last error. */
WINVM_DECLARE(BOOL, HeapValidate, (HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem));

/* HeapEnableTerminationOnCorruption: no information, any heap or NULL; it always is so.
 * HeapCompatibilityInformation: 2 only. HeapOptimizeResources gives unused memory back to the host.
 * Errors: 6, 87, 122, 31 ERROR_GEN_FAILURE 2 for a heap with a maximum or HEAP_NO_SERIALIZE. */
WINVM_DECLARE(BOOL, HeapSetInformation,
              (HANDLE HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
               PVOID HeapInformation, SIZE_T HeapInformationLength));
/* HeapCompatibilityInformation only. *ReturnLength, which may be NULL: bytes. Errors: 6, 87,
 * 122. */
WINVM_DECLARE(BOOL, HeapQueryInformation,
              (HANDLE HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
               PVOID HeapInformation, SIZE_T HeapInformationLength, SIZE_T *ReturnLength));
/* One thread at a time, any number of times over; it keeps out others who lock the heap, but not
 * their calls for blocks. Errors: 6, 288 ERROR_NOT_OWNER. */
WINVM_DECLARE(BOOL, HeapLock, (HANDLE hHeap));
WINVM_DECLARE(BOOL, HeapUnlock, (HANDLE hHeap));
/* The block behind lpEntry->lpData, NULL: the first; in no order. Blocks only, no regions. FALSE:
 * 259 ERROR_NO_MORE_ITEMS there is none, 6, 87 lpData is no block of the heap, 50
 * ERROR_NOT_SUPPORTED the heap of the process. */
WINVM_DECLARE(BOOL, HeapWalk, (HANDLE hHeap, struct _PROCESS_HEAP_ENTRY *lpEntry));
/* Gives unused memory back to the host. 0: the largest free block is not known (last error 0), or
 * 6. */
WINVM_DECLARE(SIZE_T, HeapCompact, (HANDLE hHeap, DWORD dwFlags));
/* How many heaps there are, that of the process first; none is told when there is no room for
 * all. */
WINVM_DECLARE(DWORD, GetProcessHeaps, (DWORD NumberOfHeaps, HANDLE *ProcessHeaps));

WINVM_END_DECLS

#endif
