/* winvm/winbase.h: the older Win32 header: everything of the api headers, and the IsBad calls.
 *
 * WINVM_NO_TYPES needs: BOOL UINT_PTR FARPROC LPCWSTR MEMORYSTATUS, and what the included headers
 * need. */
#ifndef WINVM_WINBASE_H
#define WINVM_WINBASE_H

#include "windef.h"
#include "winerror.h"
#include "errhandlingapi.h"
#include "fileapi.h"
#include "handleapi.h"
#include "libloaderapi.h"
#include "memoryapi.h"
#include "minwinbase.h"
#include "processthreadsapi.h"
#include "sysinfoapi.h"
#include "systemtopologyapi.h"
#include "wow64apiset.h"

#ifndef WINVM_NO_TYPES
#ifndef WINBASEAPI
#define WINBASEAPI
#endif
#ifndef WINADVAPI
#define WINADVAPI
#endif
#define NUMA_NO_PREFERRED_NODE ((DWORD)-1)
#define INFINITE 0xffffffff

/* SetErrorMode. */
#define SEM_FAILCRITICALERRORS 0x0001
#define SEM_NOGPFAULTERRORBOX 0x0002
#define SEM_NOALIGNMENTFAULTEXCEPT 0x0004
#define SEM_NOOPENFILEERRORBOX 0x8000

/* CreateFile. */
#define FILE_FLAG_WRITE_THROUGH 0x80000000
#define FILE_FLAG_OVERLAPPED 0x40000000
#define FILE_FLAG_NO_BUFFERING 0x20000000
#define FILE_FLAG_RANDOM_ACCESS 0x10000000
#define FILE_FLAG_SEQUENTIAL_SCAN 0x08000000
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000
#define FILE_FLAG_POSIX_SEMANTICS 0x01000000
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000
/* SetFilePointer. */
#define FILE_BEGIN 0
#define FILE_CURRENT 1
#define FILE_END 2
/* GetFileType. */
#define FILE_TYPE_UNKNOWN 0x0000
#define FILE_TYPE_DISK 0x0001
#define FILE_TYPE_CHAR 0x0002
#define FILE_TYPE_PIPE 0x0003

/* The older form of MEMORYSTATUSEX; bytes. */
typedef struct _MEMORYSTATUS {
    DWORD dwLength;
    DWORD dwMemoryLoad;
    SIZE_T dwTotalPhys;
    SIZE_T dwAvailPhys;
    SIZE_T dwTotalPageFile;
    SIZE_T dwAvailPageFile;
    SIZE_T dwTotalVirtual;
    SIZE_T dwAvailVirtual;
} MEMORYSTATUS, *LPMEMORYSTATUS;

#define MoveMemory RtlMoveMemory
#define CopyMemory RtlCopyMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory
#define SecureZeroMemory RtlSecureZeroMemory
#endif

WINVM_BEGIN_DECLS

/* As MapUserPhysicalPages, each page at an address of its own, in any windows of the process
 * (WS-130). Also 87: an address is named twice. */
WINVM_DECLARE(BOOL, MapUserPhysicalPagesScatter,
              (void **VirtualAddresses, ULONG_PTR NumberOfPages, ULONG_PTR *PageArray));

/* As GlobalMemoryStatusEx; dwLength need not be set (WS-141). In a 32-bit layout physical memory of
 * 2 GiB or more is told as 2 GiB less one byte (WS-148), any other value of 4 GiB or more as
 * 0xFFFFFFFF (WS-149). Cannot fail. */
WINVM_DECLARE(void, GlobalMemoryStatus, (MEMORYSTATUS * lpBuffer));

/* TRUE when the ucb bytes at lp cannot all be read (written); 0 bytes are always good. The answer
 * is true of the moment only. Never fault. */
WINVM_DECLARE(BOOL, IsBadReadPtr, (const void *lp, UINT_PTR ucb));
WINVM_DECLARE(BOOL, IsBadWritePtr, (void *lp, UINT_PTR ucb));
/* TRUE when the byte at lpfn cannot be read. */
WINVM_DECLARE(BOOL, IsBadCodePtr, (FARPROC lpfn));
/* The same as the plain forms. */
WINVM_DECLARE(BOOL, IsBadHugeReadPtr, (const void *lp, UINT_PTR ucb));
WINVM_DECLARE(BOOL, IsBadHugeWritePtr, (void *lp, UINT_PTR ucb));
/* TRUE when a character up to the NUL, or up to ucchMax of them, cannot be read. */
WINVM_DECLARE(BOOL, IsBadStringPtrA, (const char *lpsz, UINT_PTR ucchMax));
WINVM_DECLARE(BOOL, IsBadStringPtrW, (LPCWSTR lpsz, UINT_PTR ucchMax));

WINVM_END_DECLS

#endif
