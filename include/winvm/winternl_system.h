/* winvm/winternl_system.h: what NtQuerySystemInformation and NtQueryInformationProcess tell.
 * winternl.h, which has the calls, includes this header.
 *
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_WINTERNL_SYSTEM_H
#define WINVM_WINTERNL_SYSTEM_H

#include "ntdef.h"
#include "teb.h"

#ifndef WINVM_NO_TYPES

/* NtQuerySystemInformation: the classes that are answered. */
typedef enum _SYSTEM_INFORMATION_CLASS {
    SystemBasicInformation = 0,
    SystemProcessorInformation = 1,
    SystemPerformanceInformation = 2,
    SystemTimeOfDayInformation = 3,
    SystemProcessorPerformanceInformation = 8,
    SystemFileCacheInformation = 21,
    SystemPoolTagInformation = 22,
    SystemRangeStartInformation = 50,
    SystemEmulationBasicInformation = 62,
    SystemEmulationProcessorInformation = 63,
    SystemNativeBasicInformation = 114
} SYSTEM_INFORMATION_CLASS;
#define SystemCpuInformation SystemProcessorInformation

/* NtQueryInformationProcess: the classes that are answered; ProcessQuotaLimits and
 * ProcessWorkingSetWatch are also set. */
typedef enum _PROCESSINFOCLASS {
    ProcessBasicInformation = 0,
    ProcessQuotaLimits = 1,
    ProcessIoCounters = 2,
    ProcessVmCounters = 3,
    ProcessTimes = 4,
    ProcessWorkingSetWatch = 15,
    ProcessHandleCount = 20,
    ProcessWow64Information = 26,
    ProcessWorkingSetWatchEx = 42
} PROCESSINFOCLASS;

/* ExitStatus: STATUS_PENDING. PebBaseAddress: of this process in a program
 * with libwinvm-kit, else NULL. Process ids are the host's. */
typedef struct _PROCESS_BASIC_INFORMATION {
    NTSTATUS ExitStatus;
    PVOID PebBaseAddress;
    ULONG_PTR AffinityMask;
    LONG BasePriority; /* 4, 6, 8, 10 or 13, after the nice value */
    ULONG_PTR UniqueProcessId;
    ULONG_PTR InheritedFromUniqueProcessId;
} PROCESS_BASIC_INFORMATION, *PPROCESS_BASIC_INFORMATION;
typedef struct _PROCESS_EXTENDED_BASIC_INFORMATION {
    SIZE_T Size; /* the caller's: of this structure */
    PROCESS_BASIC_INFORMATION BasicInfo;
    __extension__ union {
        ULONG Flags;
        __extension__ struct {
            ULONG IsProtectedProcess : 1;
            ULONG IsWow64Process : 1;
            ULONG SpareBits : 30;
        } DUMMYSTRUCTNAME;
    } DUMMYUNIONNAME;
} PROCESS_EXTENDED_BASIC_INFORMATION, *PPROCESS_EXTENDED_BASIC_INFORMATION;

/* ProcessTimes: units of 100 ns. CreateTime: since 1601, to the second of the machine's start, 0
 * without /proc; ExitTime: 0; the others: of all threads. */
typedef struct _KERNEL_USER_TIMES {
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    LARGE_INTEGER KernelTime;
    LARGE_INTEGER UserTime;
} KERNEL_USER_TIMES, *PKERNEL_USER_TIMES;

/* ProcessVmCounters: bytes, but for the faults; see psapi.h. */
typedef struct _VM_COUNTERS {
    SIZE_T PeakVirtualSize;
    SIZE_T VirtualSize;
    ULONG PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
} VM_COUNTERS, *PVM_COUNTERS;
typedef struct _VM_COUNTERS_EX {
    SIZE_T PeakVirtualSize;
    SIZE_T VirtualSize;
    ULONG PageFaultCount;
    SIZE_T PeakWorkingSetSize;
    SIZE_T WorkingSetSize;
    SIZE_T QuotaPeakPagedPoolUsage;
    SIZE_T QuotaPagedPoolUsage;
    SIZE_T QuotaPeakNonPagedPoolUsage;
    SIZE_T QuotaNonPagedPoolUsage;
    SIZE_T PagefileUsage;
    SIZE_T PeakPagefileUsage;
    SIZE_T PrivateUsage;
} VM_COUNTERS_EX, *PVM_COUNTERS_EX;
typedef struct _VM_COUNTERS_EX2 {
    VM_COUNTERS_EX CountersEx;
    SIZE_T PrivateWorkingSetSize;
    SIZE_T SharedCommitUsage;
} VM_COUNTERS_EX2, *PVM_COUNTERS_EX2;

/* SystemBasicInformation and its kin (W32-001..007). MaximumIncrement: of the clock, in units of
 * 100 ns; pages of 4 KiB; addresses: the first and the last usable byte of user space. */
typedef struct _SYSTEM_BASIC_INFORMATION {
    BYTE Reserved1[4];
    ULONG MaximumIncrement;
    ULONG PhysicalPageSize;
    ULONG NumberOfPhysicalPages;
    ULONG LowestPhysicalPage;
    ULONG HighestPhysicalPage;
    ULONG AllocationGranularity;
    ULONG_PTR LowestUserAddress;
    ULONG_PTR HighestUserAddress;
    ULONG_PTR ActiveProcessors; /* a mask */
    signed char NumberOfProcessors;
} SYSTEM_BASIC_INFORMATION, *PSYSTEM_BASIC_INFORMATION;

/* SystemProcessorInformation; FeatureBits: KF_* of Windows. */
typedef struct _SYSTEM_PROCESSOR_INFORMATION {
    USHORT ProcessorArchitecture;
    USHORT ProcessorLevel;
    USHORT ProcessorRevision;
    USHORT MaximumProcessors;
    ULONG FeatureBits;
} SYSTEM_PROCESSOR_INFORMATION, *PSYSTEM_PROCESSOR_INFORMATION;

/* SystemPerformanceInformation. IdleTime: of all processors since the start, in units of 100 ns;
 * pages of 4 KiB; counters have 32 bits and wrap. What has no comment here is 0: the host does not
 * count it. */
typedef struct _SYSTEM_PERFORMANCE_INFORMATION {
    LARGE_INTEGER IdleTime;
    LARGE_INTEGER ReadTransferCount; /* bytes of pages and all other blocks read and written */
    LARGE_INTEGER WriteTransferCount;
    LARGE_INTEGER OtherTransferCount;
    ULONG ReadOperationCount;
    ULONG WriteOperationCount;
    ULONG OtherOperationCount;
    ULONG AvailablePages;      /* as GlobalMemoryStatusEx: of a control group with a limit */
    ULONG TotalCommittedPages; /* the commit charge of this process, its limit, its peak */
    ULONG TotalCommitLimit;
    ULONG PeakCommitment;
    ULONG PageFaults; /* of the machine */
    ULONG WriteCopyFaults;
    ULONG TransitionFaults;
    ULONG Reserved1;
    ULONG DemandZeroFaults;
    ULONG PagesRead;   /* by page faults and all else */
    ULONG PageReadIos; /* page faults that read from a disk */
    ULONG Reserved2[2];
    ULONG PagefilePagesWritten; /* to swap space */
    ULONG PagefilePageWriteIos;
    ULONG MappedFilePagesWritten;
    ULONG MappedFilePageWriteIos;
    ULONG PagedPoolUsage; /* pages of the host's kernel and of this process's pools */
    ULONG NonPagedPoolUsage;
    ULONG PagedPoolAllocs;
    ULONG PagedPoolFrees;
    ULONG NonPagedPoolAllocs;
    ULONG NonPagedPoolFrees;
    ULONG TotalFreeSystemPtes;
    ULONG SystemCodePage;
    ULONG TotalSystemDriverPages;
    ULONG TotalSystemCodePages;
    ULONG SmallNonPagedLookasideListAllocateHits;
    ULONG SmallPagedLookasideListAllocateHits;
    ULONG Reserved3;
    ULONG MmSystemCachePage; /* pages with contents of files */
    ULONG PagedPoolPage;
    ULONG SystemDriverPage;
    ULONG Reserved4[30];
    ULONG ContextSwitches; /* of the machine */
    ULONG FirstLevelTbFills;
    ULONG SecondLevelTbFills;
    ULONG SystemCalls;
} SYSTEM_PERFORMANCE_INFORMATION, *PSYSTEM_PERFORMANCE_INFORMATION;

/* SystemProcessorPerformanceInformation: one for each processor this process may run on, as many as
 * fit. In units of 100 ns since the start; KernelTime counts the idle time too. */
typedef struct _SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION {
    LARGE_INTEGER IdleTime;
    LARGE_INTEGER KernelTime;
    LARGE_INTEGER UserTime;
    LARGE_INTEGER Reserved1[2]; /* spent in deferred calls, in interrupts */
    ULONG Reserved2;            /* 0 */
} SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION, *PSYSTEM_PROCESSOR_PERFORMANCE_INFORMATION;

/* SystemFileCacheInformation: the host's contents of files in memory. */
typedef struct _SYSTEM_CACHE_INFORMATION {
    SIZE_T CurrentSize; /* bytes */
    SIZE_T PeakSize;    /* the same: the host keeps no peak */
    ULONG PageFaultCount; /* of the machine */
    SIZE_T MinimumWorkingSet; /* pages: 0, and all memory */
    SIZE_T MaximumWorkingSet;
    SIZE_T CurrentSizeIncludingTransitionInPages;
    SIZE_T PeakSizeIncludingTransitionInPages;
    ULONG TransitionRePurposeCount; /* 0 */
    ULONG Flags;                    /* 0 */
} SYSTEM_CACHE_INFORMATION, *PSYSTEM_CACHE_INFORMATION;

/* SystemTimeOfDayInformation, in units of 100 ns; times since 1601, UTC. A shorter buffer takes the
 * first members. */
typedef struct _SYSTEM_TIMEOFDAY_INFORMATION {
    LARGE_INTEGER BootTime;
    LARGE_INTEGER CurrentTime;
    LARGE_INTEGER TimeZoneBias; /* UTC minus the host's own local time */
    ULONG CurrentTimeZoneId;    /* 0: unknown */
    ULONG Reserved;
    ULONGLONG BootTimeBias;  /* 0 */
    ULONGLONG SleepTimeBias; /* time asleep since the start */
} SYSTEM_TIMEOFDAY_INFORMATION, *PSYSTEM_TIMEOFDAY_INFORMATION;

/* SystemPoolTagInformation: the kernel pools by tag (POOL-140..147). Counters have 32 bits and
 * wrap; Used: bytes of the blocks that are there, as large as they are kept. Tag: in the order in
 * which the bytes lie in memory. A buffer that is too short is STATUS_INFO_LENGTH_MISMATCH with the
 * length wanted; a longer one is right. */
typedef struct _SYSTEM_POOLTAG {
    __extension__ union {
        UCHAR Tag[4];
        ULONG TagUlong;
    } DUMMYUNIONNAME;
    ULONG PagedAllocs;
    ULONG PagedFrees;
    SIZE_T PagedUsed;
    ULONG NonPagedAllocs;
    ULONG NonPagedFrees;
    SIZE_T NonPagedUsed;
} SYSTEM_POOLTAG, *PSYSTEM_POOLTAG;

typedef struct _SYSTEM_POOLTAG_INFORMATION {
    ULONG Count;
    SYSTEM_POOLTAG TagInfo[1]; /* Count of them; ascending by TagUlong */
} SYSTEM_POOLTAG_INFORMATION, *PSYSTEM_POOLTAG_INFORMATION;

/* SystemRangeStartInformation: the lowest address of the system. */
typedef struct _SYSTEM_RANGE_START_INFORMATION {
    ULONG_PTR SystemRangeStart;
} SYSTEM_RANGE_START_INFORMATION, *PSYSTEM_RANGE_START_INFORMATION;
#endif

#endif
