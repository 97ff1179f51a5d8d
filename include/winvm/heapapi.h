/* winvm/heapapi.h: heaps (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: HANDLE BOOL DWORD SIZE_T LPVOID LPCVOID. */
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

WINVM_END_DECLS

#endif
