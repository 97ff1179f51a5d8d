/* winvm/kit_ntdll.h: what libwinvm-kit has of ntdll: heaps, the version and the time.
 *
 * WINVM_NO_TYPES needs: THREADINFOCLASS NTSTATUS BOOLEAN DWORD ULONG PVOID SIZE_T; the structures
 * are named by their tags. */
#ifndef WINVM_KIT_NTDLL_H
#define WINVM_KIT_NTDLL_H

#include "kit_version.h"
#include "ntdef.h"
#include "teb.h"

#ifndef WINVM_NO_TYPES
/* Those that are answered or set here; others are STATUS_INVALID_INFO_CLASS. */
typedef enum _THREADINFOCLASS {
    ThreadBasicInformation = 0,
    ThreadTimes = 1,
    ThreadPriority = 2,
    ThreadBasePriority = 3,
    ThreadAffinityMask = 4,
    ThreadImpersonationToken = 5,
    ThreadDescriptorTableEntry = 6,
    ThreadEnableAlignmentFaultFixup = 7,
    ThreadEventPair_Reusable = 8,
    ThreadQuerySetWin32StartAddress = 9,
    ThreadZeroTlsCell = 10,
    ThreadPerformanceCount = 11,
    ThreadAmILastThread = 12,
    ThreadIdealProcessor = 13,
    ThreadPriorityBoost = 14,
    ThreadSetTlsArrayAddress = 15,
    ThreadIsIoPending = 16,
    ThreadHideFromDebugger = 17,
    ThreadIsTerminated = 20,
    ThreadGroupInformation = 30,
    ThreadIdealProcessorEx = 33,
    ThreadSuspendCount = 35,
    ThreadNameInformation = 38
} THREADINFOCLASS;

/* ExitStatus: 259 while it runs. TebBaseAddress: NULL of another thread that has not asked for its
 * block. BasePriority: as GetThreadPriority; Priority: 1..15. */
typedef struct _THREAD_BASIC_INFORMATION {
    NTSTATUS ExitStatus;
    PVOID TebBaseAddress;
    CLIENT_ID ClientId;
    ULONG_PTR AffinityMask;
    LONG Priority;
    LONG BasePriority;
} THREAD_BASIC_INFORMATION, *PTHREAD_BASIC_INFORMATION;
WINVM_STATIC_ASSERT(sizeof(THREAD_BASIC_INFORMATION) == (WINVM_64 ? 48 : 28), "of a thread");
#endif

WINVM_BEGIN_DECLS

/* The heaps of heapapi.h; the last error stays. */
WINVM_DECLARE(PVOID, RtlAllocateHeap, (PVOID HeapHandle, ULONG Flags, SIZE_T Size));
WINVM_DECLARE(PVOID, RtlReAllocateHeap,
              (PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, SIZE_T Size));
WINVM_DECLARE(BOOLEAN, RtlFreeHeap, (PVOID HeapHandle, ULONG Flags, PVOID BaseAddress));
WINVM_DECLARE(SIZE_T, RtlSizeHeap, (PVOID HeapHandle, ULONG Flags, PVOID BaseAddress));
WINVM_DECLARE(BOOLEAN, RtlValidateHeap, (PVOID HeapHandle, ULONG Flags, PVOID BaseAddress));
/* Without HEAP_GROWABLE its blocks take ReserveSize bytes at most, 64 KiB when that is 0. NULL also
 * for memory (HeapBase) or a lock of the caller's; Parameters is not looked at. */
WINVM_DECLARE(PVOID, RtlCreateHeap,
              (ULONG Flags, PVOID HeapBase, SIZE_T ReserveSize, SIZE_T CommitSize, PVOID Lock,
               PVOID Parameters));
/* NULL: it is gone, else the heap. */
WINVM_DECLARE(PVOID, RtlDestroyHeap, (PVOID HeapHandle));
WINVM_DECLARE(ULONG, RtlGetProcessHeaps, (ULONG NumberOfHeaps, PVOID * ProcessHeaps));

/* As GetVersionExW; any other size is taken for OSVERSIONINFOW. Cannot fail. */
WINVM_DECLARE(NTSTATUS, RtlGetVersion, (struct _OSVERSIONINFOW * lpVersionInformation));
/* Each may be NULL. The build has 0xF0000000 set: one that is sold. */
WINVM_DECLARE(void, RtlGetNtVersionNumbers,
              (DWORD * pMajor, DWORD *pMinor, DWORD *pBuildNumber));

/* ThreadBasicInformation; ThreadTimes: KERNEL_USER_TIMES; ThreadQuerySetWin32StartAddress: what
 * CreateThread was given, NULL for threads of the host; ThreadPriorityBoost, ThreadIsTerminated,
 * ThreadSuspendCount: a ULONG; ThreadGroupInformation: GROUP_AFFINITY; ThreadIdealProcessorEx:
 * PROCESSOR_NUMBER. ReturnLength may be NULL. Statuses: INVALID_INFO_CLASS, INFO_LENGTH_MISMATCH,
 * INVALID_HANDLE, ACCESS_DENIED, ACCESS_VIOLATION. */
WINVM_DECLARE(NTSTATUS, NtQueryInformationThread,
              (HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
               PVOID ThreadInformation, ULONG ThreadInformationLength, ULONG *ReturnLength));
/* ThreadBasePriority: a LONG, as SetThreadPriority; ThreadPriorityBoost: a ULONG, not 0 disables;
 * ThreadAffinityMask. Also INVALID_PARAMETER. */
WINVM_DECLARE(NTSTATUS, NtSetInformationThread,
              (HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
               PVOID ThreadInformation, ULONG ThreadInformationLength));

/* Units of 100 ns since 1601. STATUS_ACCESS_VIOLATION: NULL, as of the next two. */
WINVM_DECLARE(NTSTATUS, NtQuerySystemTime, (union _LARGE_INTEGER * SystemTime));
/* PerformanceFrequency may be NULL. */
WINVM_DECLARE(NTSTATUS, NtQueryPerformanceCounter,
              (union _LARGE_INTEGER * PerformanceCounter,
               union _LARGE_INTEGER *PerformanceFrequency));
/* Sleeps for -*DelayInterval units of 100 ns, or until that time; the least value: for ever.
 * Alertable: STATUS_USER_APC. */
WINVM_DECLARE(NTSTATUS, NtDelayExecution,
              (BOOLEAN Alertable, union _LARGE_INTEGER *DelayInterval));
/* STATUS_SUCCESS, whether or not another thread ran. */
WINVM_DECLARE(NTSTATUS, NtYieldExecution, (void));
/* EncodePointer and DecodePointer. */
WINVM_DECLARE(PVOID, RtlEncodePointer, (PVOID Ptr));
WINVM_DECLARE(PVOID, RtlDecodePointer, (PVOID Ptr));

WINVM_END_DECLS

#endif
