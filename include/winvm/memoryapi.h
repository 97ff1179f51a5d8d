/* winvm/memoryapi.h: the Win32 virtual-memory calls.
 *
 * Sizes are bytes. The page is 4096 bytes, the allocation granularity 65536. A failing call changes
 * nothing and sets the last error; a succeeding one leaves the last error alone (VA-128). The case
 * ids are those of the conformance table (docs/CONFORMANCE.md).
 *
 * WINVM_NO_TYPES needs: BOOL UINT DWORD ULONG ULONG64 ULONG_PTR SIZE_T HANDLE LPCWSTR
 * MEMORY_BASIC_INFORMATION MEMORY_RESOURCE_NOTIFICATION_TYPE; SECURITY_ATTRIBUTES is named by its
 * tag. */
#ifndef WINVM_MEMORYAPI_H
#define WINVM_MEMORYAPI_H

#include "winnt.h"

#ifdef WINVM_NO_TYPES
WINVM_STATIC_ASSERT(sizeof(BOOL) == 4 && sizeof(DWORD) == 4 && sizeof(ULONG) == 4,
                    "BOOL, DWORD and ULONG have 32 bits");
WINVM_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(void *) && sizeof(HANDLE) == sizeof(void *),
                    "SIZE_T and HANDLE have the size of a pointer");
WINVM_STATIC_ASSERT(sizeof(MEMORY_BASIC_INFORMATION) == (WINVM_64 ? 48 : 28),
                    "MEMORY_BASIC_INFORMATION");
#else

/* Access to a view (SEC-140..147). FILE_MAP_COPY alone makes a copying view; FILE_MAP_EXECUTE adds
 * execution to any of them. */
#define FILE_MAP_COPY SECTION_QUERY
#define FILE_MAP_WRITE SECTION_MAP_WRITE
#define FILE_MAP_READ SECTION_MAP_READ
#define FILE_MAP_EXECUTE SECTION_MAP_EXECUTE_EXPLICIT
#define FILE_MAP_ALL_ACCESS SECTION_ALL_ACCESS
#define FILE_MAP_LARGE_PAGES 0x20000000
#define FILE_MAP_TARGETS_INVALID 0x40000000
#define FILE_MAP_RESERVE 0x80000000

/* One range for PrefetchVirtualMemory, bytes. */
typedef struct _WIN32_MEMORY_RANGE_ENTRY {
    PVOID VirtualAddress;
    SIZE_T NumberOfBytes;
} WIN32_MEMORY_RANGE_ENTRY, *PWIN32_MEMORY_RANGE_ENTRY;

/* WS-072. */
typedef enum _OFFER_PRIORITY {
    VmOfferPriorityVeryLow = 1,
    VmOfferPriorityLow = 2,
    VmOfferPriorityBelowNormal = 3,
    VmOfferPriorityNormal = 4
} OFFER_PRIORITY;
#define WINVM_OFFER_PRIORITY_ OFFER_PRIORITY

typedef enum _MEMORY_RESOURCE_NOTIFICATION_TYPE {
    LowMemoryResourceNotification,
    HighMemoryResourceNotification
} MEMORY_RESOURCE_NOTIFICATION_TYPE;

#ifdef UNICODE
#define CreateFileMapping CreateFileMappingW
#define CreateFileMappingNuma CreateFileMappingNumaW
#define OpenFileMapping OpenFileMappingW
#else
#define CreateFileMapping CreateFileMappingA
#define OpenFileMapping OpenFileMappingA
#endif
#endif

#ifndef WINVM_OFFER_PRIORITY_
#define WINVM_OFFER_PRIORITY_ DWORD
#endif

WINVM_BEGIN_DECLS

struct MEM_EXTENDED_PARAMETER;
struct _WIN32_MEMORY_RANGE_ENTRY;
struct _CFG_CALL_TARGET_INFO;
struct _SECURITY_ATTRIBUTES;

/* Reserves, commits or resets. A reservation's base is rounded down to the granularity, everything
 * else to pages (VA-002..012); NULL lets winvm choose. Returns the base of the range, or NULL.
 * Errors: 87 ERROR_INVALID_PARAMETER for sizes, types and protections (VA-001, VA-031..061),
 * 487 ERROR_INVALID_ADDRESS for occupied or unreserved ranges (VA-013..026),
 * 8 ERROR_NOT_ENOUGH_MEMORY, 1455 ERROR_COMMITMENT_LIMIT (VA-074..076). */
WINVM_DECLARE(void *, VirtualAlloc,
              (void *lpAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect));
/* The same in the process hProcess. Also: 6 ERROR_INVALID_HANDLE (VA-078..081). */
WINVM_DECLARE(void *, VirtualAllocEx,
              (HANDLE hProcess, void *lpAddress, SIZE_T dwSize, DWORD flAllocationType,
               DWORD flProtect));
/* The same with a preferred memory node, NUMA_NO_PREFERRED_NODE for none. 87 for a node that does
 * not exist (VA-122..124). */
WINVM_DECLARE(void *, VirtualAllocExNuma,
              (HANDLE hProcess, void *lpAddress, SIZE_T dwSize, DWORD flAllocationType,
               DWORD flProtect, DWORD nndPreferred));
/* VirtualAlloc for application packages (VA-085, VA-086). */
WINVM_DECLARE(void *, VirtualAllocFromApp,
              (void *BaseAddress, SIZE_T Size, ULONG AllocationType, ULONG Protection));

/* VirtualAllocEx with extended parameters (winnt.h: bounds, alignment, node) and placeholders;
 * Process NULL: this one (VA-083).
 * MEM_RESERVE | MEM_RESERVE_PLACEHOLDER with PAGE_NOACCESS: a placeholder, which VirtualFree splits
 * and coalesces. MEM_RESERVE (| MEM_COMMIT | MEM_WRITE_WATCH) | MEM_REPLACE_PLACEHOLDER takes the
 * place of a placeholder of exactly this range (PH-040..050). Also: 87 for the array (PH-001..029),
 * 8 when nothing within the bounds is free (PH-018). */
WINVM_DECLARE(void *, VirtualAlloc2,
              (HANDLE Process, void *BaseAddress, SIZE_T Size, ULONG AllocationType,
               ULONG PageProtection, struct MEM_EXTENDED_PARAMETER *ExtendedParameters,
               ULONG ParameterCount));
/* The same without executable memory (VA-088, VA-089). */
WINVM_DECLARE(void *, VirtualAlloc2FromApp,
              (HANDLE Process, void *BaseAddress, SIZE_T Size, ULONG AllocationType,
               ULONG PageProtection, struct MEM_EXTENDED_PARAMETER *ExtendedParameters,
               ULONG ParameterCount));

/* MEM_DECOMMIT: the pages touched by [lpAddress, +dwSize) become reserved and lose their contents;
 * size 0: the whole allocation. MEM_RELEASE: size 0 and the base of an allocation, which becomes
 * free. MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER: the pages of the range become a placeholder of
 * their own, cut out of a larger one or back from the allocation that replaced one (PH-044,
 * PH-051..056); MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS: neighbours that together are exactly the
 * range become one (PH-060..068). Errors: 87 (VF-001..004, VF-014, PH-053, PH-061, PH-064, PH-070),
 * 487 (VF-008, VF-010, VF-020..025, VF-033, PH-051, PH-052, PH-060..068). */
WINVM_DECLARE(BOOL, VirtualFree, (void *lpAddress, SIZE_T dwSize, DWORD dwFreeType));
WINVM_DECLARE(BOOL, VirtualFreeEx,
              (HANDLE hProcess, void *lpAddress, SIZE_T dwSize, DWORD dwFreeType));

/* Changes the protection of all pages touched by the range, which must be committed and lie in one
 * allocation. *lpflOldProtect receives the first page's protection and must be given (VP-001).
 * Errors: 487 (VP-003, VP-004, VP-018), 87 (VP-009..013), 998 ERROR_NOACCESS. */
WINVM_DECLARE(BOOL, VirtualProtect,
              (void *lpAddress, SIZE_T dwSize, DWORD flNewProtect, DWORD *lpflOldProtect));
WINVM_DECLARE(BOOL, VirtualProtectEx,
              (HANDLE hProcess, void *lpAddress, SIZE_T dwSize, DWORD flNewProtect,
               DWORD *lpflOldProtect));
WINVM_DECLARE(BOOL, VirtualProtectFromApp,
              (void *Address, SIZE_T Size, ULONG NewProtection, ULONG *OldProtection));

/* Describes the run of equal pages that starts at the page of lpAddress. Returns the bytes written,
 * sizeof(MEMORY_BASIC_INFORMATION), or 0. Errors: 87 above the last application address (VQ-016),
 * 24 ERROR_BAD_LENGTH when dwLength is too small (VQ-018). */
WINVM_DECLARE(SIZE_T, VirtualQuery,
              (const void *lpAddress, MEMORY_BASIC_INFORMATION *lpBuffer, SIZE_T dwLength));
WINVM_DECLARE(SIZE_T, VirtualQueryEx,
              (HANDLE hProcess, const void *lpAddress, MEMORY_BASIC_INFORMATION *lpBuffer,
               SIZE_T dwLength));

/* Keeps the pages touched by the range in memory until unlocked, decommitted or released. Every
 * page must be committed and accessible. Errors: 87, 998 ERROR_NOACCESS, 1453
 * ERROR_WORKING_SET_QUOTA; VirtualUnlock: 158 ERROR_NOT_LOCKED.
 * (Working-set and lock cases, WS-.) */
WINVM_DECLARE(BOOL, VirtualLock, (void *lpAddress, SIZE_T dwSize));
WINVM_DECLARE(BOOL, VirtualUnlock, (void *lpAddress, SIZE_T dwSize));
/* The same in the process Process, whose handle grants PROCESS_VM_OPERATION. Also: 6, 5. */
WINVM_DECLARE(BOOL, VirtualUnlockEx, (HANDLE Process, void *Address, SIZE_T Size));

/* The limits of a process's working set, in bytes: 204800 and 1413120 at first (WS-020). Locks of
 * VirtualLock are counted against the minimum (WS-006, WS-007); else the limits are recorded and
 * reported. hProcess grants PROCESS_QUERY_LIMITED_INFORMATION, to set PROCESS_SET_QUOTA.
 * Set: rounded up to pages, the minimum to 20 pages at least (WS-027); both all ones: the pages of
 * the process leave its working set (WS-024). Flags: QUOTA_LIMITS_HARDWS_* (WS-033).
 * Errors: 87 for flags and limits (WS-025, WS-026, WS-028, WS-031, WS-032), 6, 5, 998
 * ERROR_NOACCESS, 1314 ERROR_PRIVILEGE_NOT_HELD (WS-030), 1450 ERROR_NO_SYSTEM_RESOURCES for a
 * minimum that the host does not keep. */
WINVM_DECLARE(BOOL, GetProcessWorkingSetSize,
              (HANDLE hProcess, SIZE_T *lpMinimumWorkingSetSize,
               SIZE_T *lpMaximumWorkingSetSize));
WINVM_DECLARE(BOOL, GetProcessWorkingSetSizeEx,
              (HANDLE hProcess, SIZE_T *lpMinimumWorkingSetSize, SIZE_T *lpMaximumWorkingSetSize,
               DWORD *Flags));
WINVM_DECLARE(BOOL, SetProcessWorkingSetSize,
              (HANDLE hProcess, SIZE_T dwMinimumWorkingSetSize, SIZE_T dwMaximumWorkingSetSize));
WINVM_DECLARE(BOOL, SetProcessWorkingSetSizeEx,
              (HANDLE hProcess, SIZE_T dwMinimumWorkingSetSize, SIZE_T dwMaximumWorkingSetSize,
               DWORD Flags));

/* The size of a large page, 2 MiB; 0 when there are none: the option large=0, or a host without
 * (WS-100). */
WINVM_DECLARE(SIZE_T, GetLargePageMinimum, (void));

/* Pages of memory allocated with MEM_WRITE_WATCH that were written since it was allocated or since
 * they were reset; they lie inside one such allocation. *lpdwCount: in the room of lpAddresses, out
 * the pages stored, in ascending order; *lpdwGranularity receives the page size.
 * WRITE_WATCH_FLAG_RESET resets the pages that are reported, and no others. Both answer 0, or
 * another value: 87 (WW-019..031), 998 (WW-022..024). */
WINVM_DECLARE(UINT, GetWriteWatch,
              (DWORD dwFlags, void *lpBaseAddress, SIZE_T dwRegionSize, void **lpAddresses,
               ULONG_PTR *lpdwCount, DWORD *lpdwGranularity));
WINVM_DECLARE(UINT, ResetWriteWatch, (void *lpBaseAddress, SIZE_T dwRegionSize));

/* The contents of these pages may be given up when memory is short; until they are reclaimed any
 * access is an access violation (WS-064, WS-065). The range: page multiples, committed private
 * memory of one allocation with PAGE_READWRITE. Locked pages are unlocked (WS-068); offered ones
 * stay so. VirtualQuery goes on to report the pages as committed and PAGE_READWRITE; VirtualFree
 * frees them, and every other call that would change them fails with 487.
 * These three return ERROR_SUCCESS or the error, and leave the last error alone. Errors: 87 for the
 * range, the priority and memory of another kind (WS-062, WS-063, WS-066, WS-067), 487 for pages
 * that are not committed or lie in more than one allocation, 8. */
WINVM_DECLARE(DWORD, OfferVirtualMemory,
              (void *VirtualAddress, SIZE_T Size, WINVM_OFFER_PRIORITY_ Priority));
/* The offered pages of the range, of one allocation and committed, are accessible again: 0 with all
 * their old contents (WS-069), 170 ERROR_BUSY when some of them were given up, which are zero or
 * old from page to page (WS-070). Pages that are not offered are left alone (WS-071). */
WINVM_DECLARE(DWORD, ReclaimVirtualMemory, (const void *VirtualAddress, SIZE_T Size));
/* Gives the memory of these pages back at once. They stay committed and accessible; their contents
 * are undefined until they are written (WS-061, WS-154). As OfferVirtualMemory, and 487 for offered
 * pages; locked ones are left alone. */
WINVM_DECLARE(DWORD, DiscardVirtualMemory, (void *VirtualAddress, SIZE_T Size));

/* Reads what lies in swap or in files of these ranges into memory, all with few system calls. A
 * hint: memory that is free, reserved or inaccessible is passed over (WS-082). Flags: 0. Errors: 87
 * (WS-080, WS-084, WS-089), 998 (WS-085), 6, 5. */
WINVM_DECLARE(BOOL, PrefetchVirtualMemory,
              (HANDLE hProcess, ULONG_PTR NumberOfEntries,
               struct _WIN32_MEMORY_RANGE_ENTRY *VirtualAddresses, ULONG Flags));

/* Targets of indirect calls in executable memory; RegionSize and the base are page multiples. Every
 * target is valid here, so all that changes is CFG_CALL_TARGET_PROCESSED in each entry. Errors: 87
 * for ranges, offsets that do not ascend, are not multiples of 16 or leave the range, unknown
 * flags, and memory that cannot be executed; 487 for memory that is not committed (or not a view),
 * 998, 6, 5. */
WINVM_DECLARE(BOOL, SetProcessValidCallTargets,
              (HANDLE hProcess, void *VirtualAddress, SIZE_T RegionSize, ULONG NumberOfOffsets,
               struct _CFG_CALL_TARGET_INFO *OffsetInformation));
WINVM_DECLARE(BOOL, SetProcessValidCallTargetsForMappedView,
              (HANDLE Process, void *VirtualAddress, SIZE_T RegionSize, ULONG NumberOfOffsets,
               struct _CFG_CALL_TARGET_INFO *OffsetInformation, HANDLE Section,
               ULONG64 ExpectedFileOffset));

/* Address Windowing Extensions: frames of physical memory that the process owns, and windows,
 * reserved with MEM_RESERVE | MEM_PHYSICAL and PAGE_READWRITE, in which they are mapped
 * (WS-120..137). *NumberOfPages pages of 4096 bytes are allocated, zeroed, fewer when memory is
 * short; PageArray receives their numbers. Windows asks for SeLockMemoryPrivilege (option
 * lock-memory). Errors: 6, 998 ERROR_NOACCESS, 1314 ERROR_PRIVILEGE_NOT_HELD (WS-121), 1450
 * ERROR_NO_SYSTEM_RESOURCES, 1455 ERROR_COMMITMENT_LIMIT: not one page; 87: no such node;
 * 5 ERROR_ACCESS_DENIED: hProcess is another process. */
WINVM_DECLARE(BOOL, AllocateUserPhysicalPages,
              (HANDLE hProcess, ULONG_PTR *NumberOfPages, ULONG_PTR *PageArray));
WINVM_DECLARE(BOOL, AllocateUserPhysicalPagesNuma,
              (HANDLE hProcess, ULONG_PTR *NumberOfPages, ULONG_PTR *PageArray,
               DWORD nndPreferred));
WINVM_DECLARE(BOOL, AllocateUserPhysicalPages2,
              (HANDLE ObjectHandle, ULONG_PTR *NumberOfPages, ULONG_PTR *PageArray,
               struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ExtendedParameterCount));
/* Frees pages in the order of the array, mapped or not; *NumberOfPages receives how many were
 * (WS-131). 87: the next one is not the process's (WS-132). */
WINVM_DECLARE(BOOL, FreeUserPhysicalPages,
              (HANDLE hProcess, ULONG_PTR *NumberOfPages, ULONG_PTR *PageArray));
/* Maps frames at NumberOfPages pages from VirtualAddress on; what was mapped there is replaced.
 * NULL unmaps; contents are kept (WS-123..129). All or nothing. Errors: 87: an address outside one
 * window, a frame that is not the process's, is named twice or mapped elsewhere; 998; 8
 * ERROR_NOT_ENOUGH_MEMORY: also too many runs of frames that do not follow each other. */
WINVM_DECLARE(BOOL, MapUserPhysicalPages,
              (void *VirtualAddress, ULONG_PTR NumberOfPages, ULONG_PTR *PageArray));

/* Copy between this process and hProcess; neither side faults. The count, when wanted, receives the
 * bytes copied. Errors: 299 ERROR_PARTIAL_COPY, 998, 6, 5. (RW- cases.) */
WINVM_DECLARE(BOOL, ReadProcessMemory,
              (HANDLE hProcess, const void *lpBaseAddress, void *lpBuffer, SIZE_T nSize,
               SIZE_T *lpNumberOfBytesRead));
WINVM_DECLARE(BOOL, WriteProcessMemory,
              (HANDLE hProcess, void *lpBaseAddress, const void *lpBuffer, SIZE_T nSize,
               SIZE_T *lpNumberOfBytesWritten));

/* A section of a file (a handle of CreateFile, _get_osfhandle or winvm_handle_from_fd), or with
 * INVALID_HANDLE_VALUE of the page file: shared memory. flProtect: one of the six PAGE_* that can
 * be read, and SEC_* (none: SEC_COMMIT). The size in bytes, 0: that of the file; a larger one
 * extends the file of a writable section, and a section of the page file is rounded up to pages
 * (SEC-011..020). A file's handle must grant what the protection needs (SEC-006..010).
 * Name: 1..260 characters, case-sensitive, with the prefixes Local\ and Global\; a section of this
 * user that has the name is opened instead, whatever size was asked for (SEC-026).
 * Returns a handle and sets the last error to 0, or to 183 ERROR_ALREADY_EXISTS for a section that
 * was there; or NULL. Errors: 87 (SEC-002..005, SEC-018, SEC-040..055), 6 ERROR_INVALID_HANDLE, 5
 * ERROR_ACCESS_DENIED, 8 (SEC-013, SEC-024), 112 ERROR_DISK_FULL, 193 ERROR_BAD_EXE_FORMAT
 * (SEC-016, SEC-017, SEC-050), 998 ERROR_NOACCESS, 1006 ERROR_FILE_INVALID (SEC-015), 1314
 * ERROR_PRIVILEGE_NOT_HELD, 1450 ERROR_NO_SYSTEM_RESOURCES, 1455 ERROR_COMMITMENT_LIMIT (SEC-022);
 * for names 3 ERROR_PATH_NOT_FOUND (another backslash), 123 ERROR_INVALID_NAME, 206. */
WINVM_DECLARE(HANDLE, CreateFileMappingA,
              (HANDLE hFile, struct _SECURITY_ATTRIBUTES *lpFileMappingAttributes, DWORD flProtect,
               DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, const char *lpName));
WINVM_DECLARE(HANDLE, CreateFileMappingW,
              (HANDLE hFile, struct _SECURITY_ATTRIBUTES *lpFileMappingAttributes, DWORD flProtect,
               DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, LPCWSTR lpName));
/* The same with a preferred memory node, NUMA_NO_PREFERRED_NODE for none. 87 for a node that does
 * not exist. */
WINVM_DECLARE(HANDLE, CreateFileMappingNumaW,
              (HANDLE hFile, struct _SECURITY_ATTRIBUTES *lpFileMappingAttributes, DWORD flProtect,
               DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, LPCWSTR lpName,
               DWORD nndPreferred));
/* SEC-034. */
WINVM_DECLARE(HANDLE, CreateFileMappingFromApp,
              (HANDLE hFile, struct _SECURITY_ATTRIBUTES *SecurityAttributes, ULONG PageProtection,
               ULONG64 MaximumSize, LPCWSTR Name));
/* With the rights of the handle (0: those of CreateFileMapping), SEC_* apart from the protection,
 * and parameters (a memory node). */
WINVM_DECLARE(HANDLE, CreateFileMapping2,
              (HANDLE File, struct _SECURITY_ATTRIBUTES *SecurityAttributes, ULONG DesiredAccess,
               ULONG PageProtection, ULONG AllocationAttributes, ULONG64 MaximumSize, LPCWSTR Name,
               struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount));
/* A handle with the access asked for, FILE_MAP_* (SEC-032, SEC-033), of the section that has the
 * name (SEC-222); leaves the last error alone. Errors: 2 ERROR_FILE_NOT_FOUND (SEC-029, SEC-031),
 * 87 without a name, and for names as above. */
WINVM_DECLARE(HANDLE, OpenFileMappingA,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, const char *lpName));
WINVM_DECLARE(HANDLE, OpenFileMappingW,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName));
WINVM_DECLARE(HANDLE, OpenFileMappingFromApp,
              (ULONG DesiredAccess, BOOL InheritHandle, LPCWSTR Name));

/* A view of dwNumberOfBytesToMap bytes (0: the rest) of a file mapping from an offset, which is a
 * multiple of 64 KiB, mapped at lpBaseAddress, a multiple of 64 KiB too, or where winvm chooses.
 * Returns the view's base, or NULL. The access, FILE_MAP_*, needs the rights of the handle and must
 * be allowed by the section (SEC-060..068, SEC-130..135). A view of an image takes its protections
 * from the file, and maps at its preferred base when that is free (SEC-108).
 * Errors: 6 ERROR_INVALID_HANDLE (SEC-078..080), 5 ERROR_ACCESS_DENIED for rights and for sizes
 * past the section's end (SEC-061..072), 87 (SEC-073, SEC-077), 1132 ERROR_MAPPED_ALIGNMENT
 * (SEC-074, SEC-075), 487 ERROR_INVALID_ADDRESS for a base that is taken (SEC-076), 8
 * ERROR_NOT_ENOUGH_MEMORY, 1455 ERROR_COMMITMENT_LIMIT. */
WINVM_DECLARE(void *, MapViewOfFile,
              (HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh,
               DWORD dwFileOffsetLow, SIZE_T dwNumberOfBytesToMap));
WINVM_DECLARE(void *, MapViewOfFileEx,
              (HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh,
               DWORD dwFileOffsetLow, SIZE_T dwNumberOfBytesToMap, void *lpBaseAddress));
/* The same with a preferred memory node, NUMA_NO_PREFERRED_NODE for none. 87 for a node that does
 * not exist. */
WINVM_DECLARE(void *, MapViewOfFileExNuma,
              (HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh,
               DWORD dwFileOffsetLow, SIZE_T dwNumberOfBytesToMap, void *lpBaseAddress,
               DWORD nndPreferred));
/* SEC-119. */
WINVM_DECLARE(void *, MapViewOfFileFromApp,
              (HANDLE hFileMappingObject, ULONG DesiredAccess, ULONG64 FileOffset,
               SIZE_T NumberOfBytesToMap));

/* The same with an allocation type and a page protection (PAGE_*) instead of an access. A section
 * that does not allow the protection is 87 here (SEC-103..107). AllocationType: 0, MEM_RESERVE (a
 * view of a writable file that may reach past its end, SEC-094), MEM_TOP_DOWN. ProcessHandle must
 * be this process; MapViewOfFile3 also takes NULL for it (SEC-082). */
WINVM_DECLARE(void *, MapViewOfFile2,
              (HANDLE FileMappingHandle, HANDLE ProcessHandle, ULONG64 Offset, void *BaseAddress,
               SIZE_T ViewSize, ULONG AllocationType, ULONG PageProtection));
WINVM_DECLARE(void *, MapViewOfFileNuma2,
              (HANDLE FileMappingHandle, HANDLE ProcessHandle, ULONG64 Offset, void *BaseAddress,
               SIZE_T ViewSize, ULONG AllocationType, ULONG PageProtection, ULONG PreferredNode));
/* With extended parameters (PH-099..105), and MEM_REPLACE_PLACEHOLDER: the view takes the place of
 * a placeholder of exactly ViewSize bytes at BaseAddress; base and offset are then multiples of
 * 4 KiB (PH-080..095). */
WINVM_DECLARE(void *, MapViewOfFile3,
              (HANDLE FileMapping, HANDLE Process, void *BaseAddress, ULONG64 Offset,
               SIZE_T ViewSize, ULONG AllocationType, ULONG PageProtection,
               struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount));
WINVM_DECLARE(void *, MapViewOfFile3FromApp,
              (HANDLE FileMapping, HANDLE Process, void *BaseAddress, ULONG64 Offset,
               SIZE_T ViewSize, ULONG AllocationType, ULONG PageProtection,
               struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount));

/* Unmaps the whole view that contains the address (SEC-190). UnmapFlags:
 * MEM_UNMAP_WITH_TRANSIENT_BOOST, without effect, and MEM_PRESERVE_PLACEHOLDER: a view that took
 * the place of a placeholder becomes one again (PH-082..088). Errors: 487 not in a view (SEC-191..
 * 194), or not in place of a placeholder (PH-085), 87 other flags (SEC-196), 6 (SEC-195). */
WINVM_DECLARE(BOOL, UnmapViewOfFile, (const void *lpBaseAddress));
WINVM_DECLARE(BOOL, UnmapViewOfFileEx, (void *BaseAddress, ULONG UnmapFlags));
WINVM_DECLARE(BOOL, UnmapViewOfFile2, (HANDLE Process, void *BaseAddress, ULONG UnmapFlags));

/* Writes the changed pages of a file view back to the file: those of [lpBaseAddress, + n), 0: to
 * the end of the view. TRUE also for views that have nothing to write back. Errors: 487 not in a
 * view (SEC-201), 87 past its end (SEC-202). */
WINVM_DECLARE(BOOL, FlushViewOfFile, (const void *lpBaseAddress, SIZE_T dwNumberOfBytesToFlush));

/* A handle to the condition that memory is low (or high), for QueryMemoryResourceNotification;
 * NULL: no such type (87). CloseHandle closes it. */
WINVM_DECLARE(HANDLE, CreateMemoryResourceNotification,
              (MEMORY_RESOURCE_NOTIFICATION_TYPE NotificationType));
/* *ResourceState: whether the condition holds now. Low: at most 1/128 of the memory, or 64 MiB when
 * that is less, can be had, or all threads waited for memory in a tenth of the last ten seconds.
 * High: more than three times that much can be had, and hardly a thread waited. Memory is that of
 * the control group when it has a limit. Errors: 6 ERROR_INVALID_HANDLE, also for other objects,
 * 5 ERROR_ACCESS_DENIED, 87 for NULL, 998 ERROR_NOACCESS; then nothing was written. */
WINVM_DECLARE(BOOL, QueryMemoryResourceNotification,
              (HANDLE ResourceNotificationHandle, BOOL *ResourceState));

WINVM_END_DECLS

#endif
