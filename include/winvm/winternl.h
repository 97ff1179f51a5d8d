/* winvm/winternl.h: the native virtual-memory calls.
 *
 * Sizes are bytes. *BaseAddress and *RegionSize are read, rounded to pages and written back on
 * success only (VA-084); a NULL for either is STATUS_ACCESS_VIOLATION (VA-125). ProcessHandle:
 * NtCurrentProcess() or a handle of OpenProcess. Each name also exists as Zw.
 *
 * WINVM_NO_TYPES needs: NTSTATUS ULONG ULONG64 ULONG_PTR SIZE_T HANDLE MEMORY_INFORMATION_CLASS
 * OBJECT_INFORMATION_CLASS PROCESSINFOCLASS SECTION_INFORMATION_CLASS SECTION_INHERIT
 * SYSTEM_INFORMATION_CLASS VIRTUAL_MEMORY_INFORMATION_CLASS;
 * LARGE_INTEGER and OBJECT_ATTRIBUTES are named by their tags. */
#ifndef WINVM_WINTERNL_H
#define WINVM_WINTERNL_H

#include "errhandlingapi.h"
#include "ntdef.h"
#include "teb.h"
#include "winternl_system.h"

#ifndef WINVM_NO_TYPES

#define NtCurrentProcess() ((HANDLE)(LONG_PTR)-1)
#define ZwCurrentProcess() NtCurrentProcess()

typedef struct _IO_STATUS_BLOCK {
    __extension__ union {
        NTSTATUS Status;
        PVOID Pointer;
    } DUMMYUNIONNAME;
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef enum _MEMORY_INFORMATION_CLASS {
    MemoryBasicInformation = 0,
    MemoryWorkingSetInformation = 1,
    MemoryMappedFilenameInformation = 2,
    MemoryRegionInformation = 3,
    MemoryWorkingSetExInformation = 4,
    MemorySharedCommitInformation = 5,
    MemoryImageInformation = 6,
    MemoryRegionInformationEx = 7,
    MemoryPrivilegedBasicInformation = 8,
    MemoryEnclaveImageInformation = 9,
    MemoryBasicInformationCapped = 10,
    MemoryPhysicalContiguityInformation = 11
} MEMORY_INFORMATION_CLASS;

/* NtSetInformationVirtualMemory: what its information is. */
typedef enum _VIRTUAL_MEMORY_INFORMATION_CLASS {
    VmPrefetchInformation = 0,             /* ULONG 0: as PrefetchVirtualMemory (WS-155) */
    VmPagePriorityInformation = 1,         /* ULONG 0..5; up to 2 the pages go first */
    VmCfgCallTargetInformation = 2,        /* not supported, as the others without a note */
    VmPageDirtyStateInformation = 3,
    VmImageHotPatchInformation = 4,
    VmPhysicalContiguityInformation = 5,
    VmVirtualMachinePrepopulateInformation = 6,
    VmRemoveFromWorkingSetInformation = 7, /* ULONG 0: to the page file */
    MaxVmInfoClass = 8
} VIRTUAL_MEMORY_INFORMATION_CLASS, *PVIRTUAL_MEMORY_INFORMATION_CLASS;

typedef struct _MEMORY_RANGE_ENTRY {
    PVOID VirtualAddress;
    SIZE_T NumberOfBytes; /* not 0 (WS-084) */
} MEMORY_RANGE_ENTRY, *PMEMORY_RANGE_ENTRY;

/* MemoryRegionInformation (VQ-032..035, VQ-049): a whole allocation. Callers may pass a buffer that
 * ends after RegionSize or any later member. */
typedef struct _MEMORY_REGION_INFORMATION {
    PVOID AllocationBase;
    ULONG AllocationProtect;
    __extension__ union {
        ULONG RegionType;
        __extension__ struct {
            ULONG Private : 1;
            ULONG MappedDataFile : 1;
            ULONG MappedImage : 1;
            ULONG MappedPageFile : 1;
            ULONG MappedPhysical : 1;
            ULONG DirectMapped : 1;
            ULONG Reserved : 26;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    SIZE_T RegionSize;
    SIZE_T CommitSize;
    ULONG_PTR PartitionId;
    ULONG_PTR NodePreference;
} MEMORY_REGION_INFORMATION, *PMEMORY_REGION_INFORMATION;

/* MemoryImageInformation (VQ-036..040): zeros for memory that is not an image. */
typedef struct _MEMORY_IMAGE_INFORMATION {
    PVOID ImageBase;
    SIZE_T SizeOfImage;
    __extension__ union {
        ULONG ImageFlags;
        __extension__ struct {
            ULONG ImagePartialMap : 1;
            ULONG ImageNotExecutable : 1;
            ULONG ImageSigningLevel : 4;
            ULONG ImageExtensionPresent : 1;
            ULONG Reserved : 25;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} MEMORY_IMAGE_INFORMATION, *PMEMORY_IMAGE_INFORMATION;

/* MemoryMappedFilenameInformation (VQ-041..046): the characters follow the structure. */
typedef struct _MEMORY_SECTION_NAME {
    UNICODE_STRING SectionFileName;
} MEMORY_SECTION_NAME, *PMEMORY_SECTION_NAME;

/* NtQuerySection (SEC-212..215, SEC-226). Size: bytes; Attributes: SEC_*. */
typedef enum _SECTION_INFORMATION_CLASS {
    SectionBasicInformation = 0,
    SectionImageInformation = 1,
    SectionRelocationInformation = 2,   /* not supported */
    SectionOriginalBaseInformation = 3, /* not supported */
    SectionInternalImageInformation = 4 /* not supported */
} SECTION_INFORMATION_CLASS;

typedef struct _SECTION_BASIC_INFORMATION {
    PVOID BaseAddress; /* NULL */
    ULONG Attributes;
    LARGE_INTEGER Size;
} SECTION_BASIC_INFORMATION, *PSECTION_BASIC_INFORMATION;

/* From the headers of the PE file, as for its preferred base. */
typedef struct _SECTION_IMAGE_INFORMATION {
    PVOID TransferAddress; /* the entry point */
    ULONG ZeroBits;
    SIZE_T MaximumStackSize;
    SIZE_T CommittedStackSize;
    ULONG SubSystemType;
    USHORT MinorSubsystemVersion;
    USHORT MajorSubsystemVersion;
    USHORT MajorOperatingSystemVersion;
    USHORT MinorOperatingSystemVersion;
    USHORT ImageCharacteristics;
    USHORT DllCharacteristics;
    USHORT Machine;
    BOOLEAN ImageContainsCode;
    __extension__ union {
        UCHAR ImageFlags;
        __extension__ struct {
            UCHAR ComPlusNativeReady : 1;
            UCHAR ComPlusILOnly : 1;
            UCHAR ImageDynamicallyRelocated : 1;
            UCHAR ImageMappedFlat : 1;
            UCHAR BaseBelow4gb : 1;
            UCHAR ComPlusPrefer32bit : 1;
            UCHAR Reserved : 2;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
    ULONG LoaderFlags;
    ULONG ImageFileSize;
    ULONG CheckSum;
} SECTION_IMAGE_INFORMATION, *PSECTION_IMAGE_INFORMATION;

/* NtMapViewOfSection. Every view is there in a child of fork(), whichever is asked for. */
typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

/* A stack: the committed part is [StackLimit, StackBase), the reservation begins at
 * DeallocationStack. */
typedef struct _INITIAL_TEB {
    PVOID OldStackBase;
    PVOID OldStackLimit;
    PVOID StackBase;
    PVOID StackLimit;
    PVOID DeallocationStack;
} INITIAL_TEB, *PINITIAL_TEB;

/* NtQueryObject. */
typedef enum _OBJECT_INFORMATION_CLASS {
    ObjectBasicInformation = 0,
    ObjectNameInformation = 1,
    ObjectTypeInformation = 2,
    ObjectTypesInformation = 3,
    ObjectHandleFlagInformation = 4
} OBJECT_INFORMATION_CLASS;

/* ObjectBasicInformation. The counts are this process's. */
typedef struct _PUBLIC_OBJECT_BASIC_INFORMATION {
    ULONG Attributes; /* OBJ_INHERIT */
    ACCESS_MASK GrantedAccess;
    ULONG HandleCount;
    ULONG PointerCount;
    ULONG Reserved[10];
} PUBLIC_OBJECT_BASIC_INFORMATION, *PPUBLIC_OBJECT_BASIC_INFORMATION;

/* ObjectNameInformation: the characters and a NUL follow; no name: all zero. */
typedef struct _OBJECT_NAME_INFORMATION {
    UNICODE_STRING Name;
} OBJECT_NAME_INFORMATION, *POBJECT_NAME_INFORMATION;

/* ObjectTypeInformation: the characters of the name and a NUL follow. winvm fills the name, the
 * mapping and the valid rights; the rest is 0. */
typedef struct _OBJECT_TYPE_INFORMATION {
    UNICODE_STRING TypeName;
    ULONG TotalNumberOfObjects;
    ULONG TotalNumberOfHandles;
    ULONG TotalPagedPoolUsage;
    ULONG TotalNonPagedPoolUsage;
    ULONG TotalNamePoolUsage;
    ULONG TotalHandleTableUsage;
    ULONG HighWaterNumberOfObjects;
    ULONG HighWaterNumberOfHandles;
    ULONG HighWaterPagedPoolUsage;
    ULONG HighWaterNonPagedPoolUsage;
    ULONG HighWaterNamePoolUsage;
    ULONG HighWaterHandleTableUsage;
    ULONG InvalidAttributes;
    GENERIC_MAPPING GenericMapping;
    ULONG ValidAccessMask;
    BOOLEAN SecurityRequired;
    BOOLEAN MaintainHandleCount;
    BYTE TypeIndex;
    BYTE ReservedByte;
    ULONG PoolType;
    ULONG DefaultPagedPoolCharge;
    ULONG DefaultNonPagedPoolCharge;
} OBJECT_TYPE_INFORMATION, *POBJECT_TYPE_INFORMATION;
/* Its public form. */
typedef struct __PUBLIC_OBJECT_TYPE_INFORMATION {
    UNICODE_STRING TypeName;
    ULONG Reserved[22];
} PUBLIC_OBJECT_TYPE_INFORMATION, *PPUBLIC_OBJECT_TYPE_INFORMATION;

typedef struct _OBJECT_HANDLE_FLAG_INFORMATION {
    BOOLEAN Inherit;
    BOOLEAN ProtectFromClose;
} OBJECT_HANDLE_FLAG_INFORMATION, *POBJECT_HANDLE_FLAG_INFORMATION;

/* NtLockVirtualMemory, NtUnlockVirtualMemory: MapType. */
#define MAP_PROCESS 1
#define MAP_SYSTEM 2
#endif

WINVM_STATIC_ASSERT(sizeof(NTSTATUS) == 4 && sizeof(ULONG) == 4, "NTSTATUS and ULONG");
WINVM_STATIC_ASSERT(sizeof(MEMORY_INFORMATION_CLASS) == 4, "MEMORY_INFORMATION_CLASS");

WINVM_BEGIN_DECLS

/* ZeroBits (base NULL only): 0 none; 1..21 that many of the top bits of the low 32 are zero; 32 and
 * above a mask that bounds the address (VA-090..098). Statuses: see VA-001..131. */
#define WINVM_ALLOCATE_(name)                                                                   \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void **BaseAddress, ULONG_PTR ZeroBits,                \
                   SIZE_T *RegionSize, ULONG AllocationType, ULONG Protect))
WINVM_ALLOCATE_(NtAllocateVirtualMemory);
WINVM_ALLOCATE_(ZwAllocateVirtualMemory);

struct MEM_EXTENDED_PARAMETER;
/* The native form of VirtualAlloc2 (PH-001..050, VA-118..120). */
#define WINVM_ALLOCATE_EX_(name)                                                                \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void **BaseAddress, SIZE_T *RegionSize,                \
                   ULONG AllocationType, ULONG PageProtection,                                  \
                   struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount))
WINVM_ALLOCATE_EX_(NtAllocateVirtualMemoryEx);
WINVM_ALLOCATE_EX_(ZwAllocateVirtualMemoryEx);

/* MEM_RELEASE takes any page range of one allocation here; size 0 the whole one (VF-007..046). */
#define WINVM_FREE_(name)                                                                       \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void **BaseAddress, SIZE_T *RegionSize, ULONG FreeType))
WINVM_FREE_(NtFreeVirtualMemory);
WINVM_FREE_(ZwFreeVirtualMemory);

/* VP-001..034. */
#define WINVM_PROTECT_(name)                                                                    \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void **BaseAddress, SIZE_T *RegionSize,                \
                   ULONG NewProtect, ULONG *OldProtect))
WINVM_PROTECT_(NtProtectVirtualMemory);
WINVM_PROTECT_(ZwProtectVirtualMemory);

/* Classes Basic, Region, MappedFilename and Image; others STATUS_INVALID_INFO_CLASS. ReturnLength
 * may be NULL (VQ-031). */
#define WINVM_QUERY_(name)                                                                      \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, const void *BaseAddress,                               \
                   MEMORY_INFORMATION_CLASS MemoryInformationClass, void *MemoryInformation,    \
                   SIZE_T MemoryInformationLength, SIZE_T *ReturnLength))
WINVM_QUERY_(NtQueryVirtualMemory);
WINVM_QUERY_(ZwQueryVirtualMemory);

/* MapType: MAP_PROCESS into the working set, MAP_SYSTEM into physical memory, which needs
 * SeLockMemoryPrivilege and counts against no quota, or both (WS-016). STATUS_WAS_LOCKED is a
 * success; unlock answers STATUS_NOT_LOCKED. */
#define WINVM_LOCK_(name)                                                                       \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void **BaseAddress, SIZE_T *RegionSize, ULONG MapType))
WINVM_LOCK_(NtLockVirtualMemory);
WINVM_LOCK_(ZwLockVirtualMemory);
WINVM_LOCK_(NtUnlockVirtualMemory);
WINVM_LOCK_(ZwUnlockVirtualMemory);

/* As AllocateUserPhysicalPages and its kin. */
#define WINVM_FRAMES_(name)                                                                     \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, ULONG_PTR *NumberOfPages, ULONG_PTR *UserPfnArray))
WINVM_FRAMES_(NtAllocateUserPhysicalPages);
WINVM_FRAMES_(ZwAllocateUserPhysicalPages);
WINVM_FRAMES_(NtFreeUserPhysicalPages);
WINVM_FRAMES_(ZwFreeUserPhysicalPages);
#define WINVM_FRAMES_EX_(name)                                                                  \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, ULONG_PTR *NumberOfPages, ULONG_PTR *UserPfnArray,     \
                   struct MEM_EXTENDED_PARAMETER *ExtendedParameters,                           \
                   ULONG ExtendedParameterCount))
WINVM_FRAMES_EX_(NtAllocateUserPhysicalPagesEx);
WINVM_FRAMES_EX_(ZwAllocateUserPhysicalPagesEx);
#define WINVM_MAP_FRAMES_(name)                                                                 \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (void *VirtualAddress, ULONG_PTR NumberOfPages, ULONG_PTR *UserPfnArray))
WINVM_MAP_FRAMES_(NtMapUserPhysicalPages);
WINVM_MAP_FRAMES_(ZwMapUserPhysicalPages);
#define WINVM_SCATTER_FRAMES_(name)                                                             \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (void **VirtualAddresses, ULONG_PTR NumberOfPages, ULONG_PTR *UserPfnArray))
WINVM_SCATTER_FRAMES_(NtMapUserPhysicalPagesScatter);
WINVM_SCATTER_FRAMES_(ZwMapUserPhysicalPagesScatter);

/* As GetWriteWatch and ResetWriteWatch. */
#define WINVM_GET_WATCH_(name)                                                                  \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, ULONG Flags, void *BaseAddress, SIZE_T RegionSize,     \
                   void **UserAddressArray, ULONG_PTR *EntriesInUserAddressArray,               \
                   ULONG *Granularity))
WINVM_GET_WATCH_(NtGetWriteWatch);
WINVM_GET_WATCH_(ZwGetWriteWatch);
#define WINVM_RESET_WATCH_(name) \
    WINVM_DECLARE(NTSTATUS, name, (HANDLE ProcessHandle, void *BaseAddress, SIZE_T RegionSize))
WINVM_RESET_WATCH_(NtResetWriteWatch);
WINVM_RESET_WATCH_(ZwResetWriteWatch);

struct _MEMORY_RANGE_ENTRY;
/* Hints about many ranges. Checked in this order (WS-090): the class INVALID_PARAMETER_2,
 * VmInformation NULL _5, its length _6, NumberOfEntries 0 _3, its value _5, the handle, the entries
 * ACCESS_VIOLATION and _4. */
#define WINVM_SET_INFORMATION_(name)                                                            \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, VIRTUAL_MEMORY_INFORMATION_CLASS VmInformationClass,   \
                   ULONG_PTR NumberOfEntries, struct _MEMORY_RANGE_ENTRY *VirtualAddresses,     \
                   void *VmInformation, ULONG VmInformationLength))
WINVM_SET_INFORMATION_(NtSetInformationVirtualMemory);
WINVM_SET_INFORMATION_(ZwSetInformationVirtualMemory);

/* As ReadProcessMemory and WriteProcessMemory; the count may be NULL. STATUS_PARTIAL_COPY. */
#define WINVM_READ_(name)                                                                       \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, const void *BaseAddress, void *Buffer,                 \
                   SIZE_T NumberOfBytesToRead, SIZE_T *NumberOfBytesRead))
WINVM_READ_(NtReadVirtualMemory);
WINVM_READ_(ZwReadVirtualMemory);
#define WINVM_WRITE_(name)                                                                      \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, void *BaseAddress, const void *Buffer,                 \
                   SIZE_T NumberOfBytesToWrite, SIZE_T *NumberOfBytesWritten))
WINVM_WRITE_(NtWriteVirtualMemory);
WINVM_WRITE_(ZwWriteVirtualMemory);

/* Writes the changed pages of a file view back; IoStatus is an IO_STATUS_BLOCK. Wine's winternl.h
 * declares the call differently, and then its declaration stands. */
#ifndef __WINE_WINTERNL_H
#define WINVM_FLUSH_PARAMS_ \
    (HANDLE ProcessHandle, void **BaseAddress, SIZE_T *RegionSize, void *IoStatus)
#else
#define WINVM_FLUSH_PARAMS_ (HANDLE, LPCVOID *, SIZE_T *, ULONG)
#endif
WINVM_DECLARE(NTSTATUS, NtFlushVirtualMemory, WINVM_FLUSH_PARAMS_);
WINVM_DECLARE(NTSTATUS, ZwFlushVirtualMemory, WINVM_FLUSH_PARAMS_);

union _LARGE_INTEGER;
struct _OBJECT_ATTRIBUTES;
/* As CreateFileMapping, with the rights of the handle (generic ones and MAXIMUM_ALLOWED too), every
 * protection that can be read or executed, and SEC_COMMIT or SEC_RESERVE or SEC_IMAGE given
 * (SEC-001..055). FileHandle NULL: the page file. Names: \BaseNamedObjects\... and
 * \Sessions\N\BaseNamedObjects\...; without OBJ_OPENIF a name that exists is
 * STATUS_OBJECT_NAME_COLLISION, with it STATUS_OBJECT_NAME_EXISTS, a success. */
#define WINVM_SECTION_PARAMS_                                                                   \
    HANDLE *SectionHandle, ULONG DesiredAccess,                                                 \
        const struct _OBJECT_ATTRIBUTES *ObjectAttributes,                                      \
        const union _LARGE_INTEGER *MaximumSize, ULONG SectionPageProtection,                   \
        ULONG AllocationAttributes, HANDLE FileHandle
WINVM_DECLARE(NTSTATUS, NtCreateSection, (WINVM_SECTION_PARAMS_));
WINVM_DECLARE(NTSTATUS, ZwCreateSection, (WINVM_SECTION_PARAMS_));
#define WINVM_SECTION_EX_(name)                                                                 \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (WINVM_SECTION_PARAMS_, struct MEM_EXTENDED_PARAMETER *ExtendedParameters,    \
                   ULONG ExtendedParameterCount))
WINVM_SECTION_EX_(NtCreateSectionEx);
WINVM_SECTION_EX_(ZwCreateSectionEx);
#define WINVM_SECTION_OPEN_(name)                                                               \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE *SectionHandle, ULONG DesiredAccess,                                  \
                   const struct _OBJECT_ATTRIBUTES *ObjectAttributes))
WINVM_SECTION_OPEN_(NtOpenSection);
WINVM_SECTION_OPEN_(ZwOpenSection);
/* Needs SECTION_QUERY (SEC-069). Lengths above that of the structure are accepted. */
#define WINVM_SECTION_QUERY_(name)                                                              \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE SectionHandle, SECTION_INFORMATION_CLASS SectionInformationClass,     \
                   void *SectionInformation, SIZE_T SectionInformationLength,                   \
                   SIZE_T *ReturnLength))
WINVM_SECTION_QUERY_(NtQuerySection);
WINVM_SECTION_QUERY_(ZwQuerySection);
/* Needs SECTION_EXTEND_SIZE. A section of a file that may be written becomes *NewSectionSize bytes,
 * and its file with it; *NewSectionSize receives the size. STATUS_SECTION_NOT_EXTENDED,
 * STATUS_DISK_FULL. */
#define WINVM_SECTION_EXTEND_(name) \
    WINVM_DECLARE(NTSTATUS, name, (HANDLE SectionHandle, union _LARGE_INTEGER *NewSectionSize))
WINVM_SECTION_EXTEND_(NtExtendSection);
WINVM_SECTION_EXTEND_(ZwExtendSection);
/* Maps *ViewSize bytes (0: the rest) of a section from *SectionOffset (NULL: 0) at *BaseAddress
 * (NULL: anywhere). CommitSize: bytes of a SEC_RESERVE section that are committed at once. ZeroBits
 * as NtAllocateVirtualMemory's, but a base must keep it, too (SEC-086..091). Success is also
 * STATUS_IMAGE_NOT_AT_BASE and STATUS_IMAGE_MACHINE_TYPE_MISMATCH. Statuses: SEC-060..119; Ex:
 * PH-080..106. */
#define WINVM_MAP_(name)                                                                        \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE SectionHandle, HANDLE ProcessHandle, void **BaseAddress,              \
                   ULONG_PTR ZeroBits, SIZE_T CommitSize,                                       \
                   const union _LARGE_INTEGER *SectionOffset, SIZE_T *ViewSize,                 \
                   SECTION_INHERIT InheritDisposition, ULONG AllocationType, ULONG Win32Protect))
WINVM_MAP_(NtMapViewOfSection);
WINVM_MAP_(ZwMapViewOfSection);
#define WINVM_MAP_EX_(name)                                                                     \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE SectionHandle, HANDLE ProcessHandle, void **BaseAddress,              \
                   const union _LARGE_INTEGER *SectionOffset, SIZE_T *ViewSize,                 \
                   ULONG AllocationType, ULONG PageProtection,                                  \
                   struct MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount))
WINVM_MAP_EX_(NtMapViewOfSectionEx);
WINVM_MAP_EX_(ZwMapViewOfSectionEx);
/* As UnmapViewOfFile and UnmapViewOfFile2 (SEC-190..196, PH-082..088). */
#define WINVM_UNMAP_(name) \
    WINVM_DECLARE(NTSTATUS, name, (HANDLE ProcessHandle, void *BaseAddress))
WINVM_UNMAP_(NtUnmapViewOfSection);
WINVM_UNMAP_(ZwUnmapViewOfSection);
#define WINVM_UNMAP_EX_(name) \
    WINVM_DECLARE(NTSTATUS, name, (HANDLE ProcessHandle, void *BaseAddress, ULONG Flags))
WINVM_UNMAP_EX_(NtUnmapViewOfSectionEx);
WINVM_UNMAP_EX_(ZwUnmapViewOfSectionEx);
/* SUCCESS: one mapping, or File1 lies in an image of the file that File2 lies in a mapping of;
 * NOT_SAME_DEVICE; INVALID_ADDRESS free memory, CONFLICTING_ADDRESSES private (SEC-204..211). */
#define WINVM_SAME_(name) WINVM_DECLARE(NTSTATUS, name, (void *File1, void *File2))
WINVM_SAME_(NtAreMappedFilesTheSame);
WINVM_SAME_(ZwAreMappedFilesTheSame);

#define WINVM_FLUSH_CODE_(name) \
    WINVM_DECLARE(NTSTATUS, name, (HANDLE ProcessHandle, const void *BaseAddress, SIZE_T Length))
WINVM_FLUSH_CODE_(NtFlushInstructionCache);
WINVM_FLUSH_CODE_(ZwFlushInstructionCache);

WINVM_DECLARE(NTSTATUS, NtClose, (HANDLE Handle));
WINVM_DECLARE(NTSTATUS, ZwClose, (HANDLE Handle));

/* As DuplicateHandle; DUPLICATE_SAME_ATTRIBUTES keeps the flags of the source. TargetProcessHandle
 * may be NULL with DUPLICATE_CLOSE_SOURCE: then the source is only closed. */
#define WINVM_DUPLICATE_(name)                                                                  \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle, \
                   HANDLE *TargetHandle, ULONG DesiredAccess, ULONG HandleAttributes,           \
                   ULONG Options))
WINVM_DUPLICATE_(NtDuplicateObject);
WINVM_DUPLICATE_(ZwDuplicateObject);

/* STATUS_SUCCESS: two handles of one object; STATUS_NOT_SAME_OBJECT; STATUS_INVALID_HANDLE. */
WINVM_DECLARE(NTSTATUS, NtCompareObjects,
              (HANDLE FirstObjectHandle, HANDLE SecondObjectHandle));
WINVM_DECLARE(NTSTATUS, ZwCompareObjects,
              (HANDLE FirstObjectHandle, HANDLE SecondObjectHandle));

/* Classes Basic, Name, Type and HandleFlag. A buffer of the wrong size:
 * STATUS_INFO_LENGTH_MISMATCH; one that holds the structure but not the name of the object:
 * STATUS_BUFFER_OVERFLOW. *ReturnLength (may be NULL) tells the size wanted either way. */
#define WINVM_QUERY_OBJECT_(name)                                                                \
    WINVM_DECLARE(NTSTATUS, name,                                                                \
                  (HANDLE Handle, OBJECT_INFORMATION_CLASS ObjectInformationClass,               \
                   void *ObjectInformation, ULONG ObjectInformationLength, ULONG *ReturnLength))
WINVM_QUERY_OBJECT_(NtQueryObject);
WINVM_QUERY_OBJECT_(ZwQueryObject);

/* RtlRestoreContext, but it answers STATUS_ACCESS_VIOLATION without a context. No alerts exist. */
WINVM_DECLARE(NTSTATUS, NtContinue, (winvm_thread_context *Context, unsigned char TestAlert));

/* The native names of the calls of errhandlingapi.h. */
WINVM_DECLARE(void *, RtlAddVectoredExceptionHandler,
              (ULONG FirstHandler, winvm_exception_handler Handler));
WINVM_DECLARE(ULONG, RtlRemoveVectoredExceptionHandler, (void *Handle));
WINVM_DECLARE(void *, RtlAddVectoredContinueHandler,
              (ULONG FirstHandler, winvm_exception_handler Handler));
WINVM_DECLARE(ULONG, RtlRemoveVectoredContinueHandler, (void *Handle));

/* The classes of SYSTEM_INFORMATION_CLASS; others STATUS_INVALID_INFO_CLASS. A length that is not
 * the structure's: STATUS_INFO_LENGTH_MISMATCH (W32-007); longer is right for the performance and
 * the pools, and shorter for the time of day. *ReturnLength, which may be NULL, tells the length
 * wanted. */
#define WINVM_SYSTEM_(name)                                                                     \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (SYSTEM_INFORMATION_CLASS SystemInformationClass, void *SystemInformation,    \
                   ULONG SystemInformationLength, ULONG *ReturnLength))
WINVM_SYSTEM_(NtQuerySystemInformation);
WINVM_SYSTEM_(ZwQuerySystemInformation);
/* The same as the system knows it: differs for a 32-bit layout on a 64-bit system, where
 * SystemBasicInformation tells the largest space of a 32-bit program and
 * SystemNativeBasicInformation, always in the 64-bit form, that of a 64-bit one (W32-002..005). */
WINVM_SYSTEM_(RtlGetNativeSystemInformation);
WINVM_SYSTEM_(NtWow64GetNativeSystemInformation);

/* The classes of PROCESSINFOCLASS; others STATUS_INVALID_INFO_CLASS. Checked in this order: the
 * class, the length, which is that of a structure (STATUS_INFO_LENGTH_MISMATCH, WS-022), the handle
 * (WS-023), the buffer. ProcessQuotaLimits: QUOTA_LIMITS or QUOTA_LIMITS_EX; ProcessVmCounters:
 * VM_COUNTERS, _EX or _EX2; ProcessBasicInformation: PROCESS_BASIC_INFORMATION or the extended
 * form; ProcessHandleCount: a ULONG; ProcessWow64Information: a ULONG_PTR that is not 0 for a
 * 32-bit program on a 64-bit system; ProcessTimes: KERNEL_USER_TIMES; ProcessIoCounters:
 * IO_COUNTERS, where nothing is "other"; ProcessWorkingSetWatch(Ex): an array of
 * PSAPI_WS_WATCH_INFORMATION(_EX) as GetWsChanges (psapi.h) fills it, any length that holds an
 * entry. *ReturnLength, which may be NULL, receives the length on success, of the array without its
 * last entry. */
#define WINVM_QUERY_PROCESS_(name)                                                              \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,              \
                   void *ProcessInformation, ULONG ProcessInformationLength,                    \
                   ULONG *ReturnLength))
WINVM_QUERY_PROCESS_(NtQueryInformationProcess);
WINVM_QUERY_PROCESS_(ZwQueryInformationProcess);
/* ProcessQuotaLimits: the working set's limits, as SetProcessWorkingSetSizeEx; both 0 leaves them.
 * The other limits are not set. STATUS_WORKING_SET_LIMIT_RANGE, a success: the maximum was lowered
 * to what the system has. ProcessWorkingSetWatch(Ex), of no length: as
 * InitializeProcessForWsWatch. */
#define WINVM_SET_PROCESS_(name)                                                                \
    WINVM_DECLARE(NTSTATUS, name,                                                               \
                  (HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,              \
                   void *ProcessInformation, ULONG ProcessInformationLength))
WINVM_SET_PROCESS_(NtSetInformationProcess);
WINVM_SET_PROCESS_(ZwSetInformationProcess);

/* The plain calls with 64-bit addresses, sizes and counts (W32-050..060). In a 32-bit layout they
 * reach the whole address space of a 64-bit process: memory beyond the layout can be allocated,
 * queried and copied by them alone. For a based space's handle they are the plain calls.
 * MemoryInformation of the basic class is a MEMORY_BASIC_INFORMATION64. */
WINVM_DECLARE(NTSTATUS, NtWow64AllocateVirtualMemory64,
              (HANDLE ProcessHandle, ULONG64 *BaseAddress, ULONG64 ZeroBits, ULONG64 *RegionSize,
               ULONG AllocationType, ULONG Protect));
WINVM_DECLARE(NTSTATUS, NtWow64ReadVirtualMemory64,
              (HANDLE ProcessHandle, ULONG64 BaseAddress, void *Buffer,
               ULONG64 NumberOfBytesToRead, ULONG64 *NumberOfBytesRead));
WINVM_DECLARE(NTSTATUS, NtWow64WriteVirtualMemory64,
              (HANDLE ProcessHandle, ULONG64 BaseAddress, const void *Buffer,
               ULONG64 NumberOfBytesToWrite, ULONG64 *NumberOfBytesWritten));
WINVM_DECLARE(NTSTATUS, NtWow64QueryVirtualMemory64,
              (HANDLE ProcessHandle, ULONG64 BaseAddress,
               MEMORY_INFORMATION_CLASS MemoryInformationClass, void *MemoryInformation,
               ULONG64 MemoryInformationLength, ULONG64 *ReturnLength));

struct _INITIAL_TEB;
/* A stack with `commit` bytes (0: 4 KiB) of `reserve` (0: 1 MiB; not more than commit: rounded up
 * to the next 1 MiB) committed at its top and one guard page below, for a thread or fiber to run on
 * (GS-014..019). Sizes are rounded up to pages and to their alignments, which are not 0. Statuses:
 * INVALID_PARAMETER an alignment is 0, INVALID_PARAMETER_3 zero_bits, NO_MEMORY. */
WINVM_DECLARE(NTSTATUS, RtlCreateUserStack,
              (SIZE_T commit, SIZE_T reserve, ULONG zero_bits, SIZE_T commit_align,
               SIZE_T reserve_align, struct _INITIAL_TEB *stack));
/* stack: DeallocationStack. */
WINVM_DECLARE(void, RtlFreeUserStack, (void *stack));

/* The Win32 error of a status; 317 ERROR_MR_MID_NOT_FOUND for one that has none. */
WINVM_DECLARE(ULONG, RtlNtStatusToDosError, (NTSTATUS Status));

WINVM_END_DECLS

#undef WINVM_ALLOCATE_
#undef WINVM_ALLOCATE_EX_
#undef WINVM_FREE_
#undef WINVM_PROTECT_
#undef WINVM_QUERY_
#undef WINVM_LOCK_
#undef WINVM_DUPLICATE_
#undef WINVM_QUERY_OBJECT_
#undef WINVM_READ_
#undef WINVM_WRITE_
#undef WINVM_FLUSH_PARAMS_
#undef WINVM_MAP_
#undef WINVM_MAP_EX_
#undef WINVM_UNMAP_
#undef WINVM_UNMAP_EX_
#undef WINVM_SAME_
#undef WINVM_FLUSH_CODE_
#undef WINVM_SYSTEM_

#endif
