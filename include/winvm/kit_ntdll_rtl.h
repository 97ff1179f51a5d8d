/* winvm/kit_ntdll_rtl.h: what libwinvm-kit has of ntdll for run times that do without kernel32:
 * heaps, clocks, slots, memory, tokens.
 *
 * None of these changes the last error.
 *
 * WINVM_NO_TYPES needs: HEAP_INFORMATION_CLASS TOKEN_INFORMATION_CLASS PFLS_CALLBACK_FUNCTION
 * NTSTATUS ACCESS_MASK HANDLE BOOLEAN ULONG LONGLONG ULONGLONG PVOID SIZE_T; the structures are
 * named by their tags. */
#ifndef WINVM_KIT_NTDLL_RTL_H
#define WINVM_KIT_NTDLL_RTL_H

#include "fibersapi.h"
#include "heapapi.h"
#include "ntdef.h"
#include "securitybaseapi.h"

#ifndef WINVM_NO_TYPES
#define RTL_ERRORMODE_FAILCRITICALERRORS 0x0010
#define RTL_ERRORMODE_NOGPFAULTERRORBOX 0x0020
#define RTL_ERRORMODE_NOOPENFILEERRORBOX 0x0040
#endif

WINVM_BEGIN_DECLS

/* HeapLock, HeapUnlock, HeapCompact; HeapSetInformation and HeapQueryInformation as statuses. */
WINVM_DECLARE(BOOLEAN, RtlLockHeap, (PVOID HeapHandle));
WINVM_DECLARE(BOOLEAN, RtlUnlockHeap, (PVOID HeapHandle));
WINVM_DECLARE(SIZE_T, RtlCompactHeap, (PVOID HeapHandle, ULONG Flags));
WINVM_DECLARE(NTSTATUS, RtlSetHeapInformation,
              (PVOID HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
               PVOID HeapInformation, SIZE_T HeapInformationLength));
WINVM_DECLARE(NTSTATUS, RtlQueryHeapInformation,
              (PVOID HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
               PVOID HeapInformation, SIZE_T HeapInformationLength, SIZE_T *ReturnLength));

/* TRUE, unless the place is NULL. */
WINVM_DECLARE(BOOLEAN, RtlQueryPerformanceCounter, (union _LARGE_INTEGER * PerformanceCounter));
WINVM_DECLARE(BOOLEAN, RtlQueryPerformanceFrequency,
              (union _LARGE_INTEGER * PerformanceFrequency));
WINVM_DECLARE(BOOLEAN, RtlQueryUnbiasedInterruptTime, (ULONGLONG * InterruptTime));
/* Units of 100 ns since 1601. */
WINVM_DECLARE(LONGLONG, RtlGetSystemTimePrecise, (void));
WINVM_DECLARE(NTSTATUS, RtlDelayExecution,
              (BOOLEAN Alertable, union _LARGE_INTEGER *DelayInterval));
/* Units of 100 ns: 156,250, 5,000 and 5,000; whatever is asked for. STATUS_ACCESS_VIOLATION. */
WINVM_DECLARE(NTSTATUS, NtQueryTimerResolution,
              (ULONG * MaximumTime, ULONG *MinimumTime, ULONG *CurrentTime));
WINVM_DECLARE(NTSTATUS, NtSetTimerResolution,
              (ULONG DesiredTime, BOOLEAN SetResolution, ULONG *ActualTime));

/* The slots of fibersapi.h. STATUS_NO_MEMORY, STATUS_INVALID_PARAMETER. */
WINVM_DECLARE(NTSTATUS, RtlFlsAlloc, (PFLS_CALLBACK_FUNCTION Callback, ULONG *FlsIndex));
WINVM_DECLARE(NTSTATUS, RtlFlsFree, (ULONG FlsIndex));
WINVM_DECLARE(NTSTATUS, RtlFlsSetValue, (ULONG FlsIndex, PVOID FlsValue));
WINVM_DECLARE(NTSTATUS, RtlFlsGetValue, (ULONG FlsIndex, PVOID * FlsValue));

/* Bytes, whole words of four, that are equal to the pattern; fills as many. */
WINVM_DECLARE(SIZE_T, RtlCompareMemoryUlong, (PVOID Source, SIZE_T Length, ULONG Pattern));
WINVM_DECLARE(void, RtlFillMemoryUlong, (PVOID Destination, SIZE_T Length, ULONG Pattern));
/* The sum of Ethernet and zip files; InitialCrc: 0, or that of what comes before. */
WINVM_DECLARE(ULONG, RtlComputeCrc32,
              (ULONG InitialCrc, const void *Buffer, ULONG Length));
WINVM_DECLARE(BOOLEAN, RtlIsProcessorFeaturePresent, (ULONG ProcessorFeature));
/* Raises an exception with this code that cannot be continued. */
__attribute__((__noreturn__)) WINVM_DECLARE(void, RtlRaiseStatus, (NTSTATUS Status));
WINVM_DECLARE(NTSTATUS, NtFlushProcessWriteBuffers, (void));

/* Of the calling thread: RTL_ERRORMODE_*, kept only. OldMode may be NULL.
 * STATUS_INVALID_PARAMETER_1. */
WINVM_DECLARE(ULONG, RtlGetThreadErrorMode, (void));
WINVM_DECLARE(NTSTATUS, RtlSetThreadErrorMode, (ULONG NewMode, ULONG *OldMode));

/* The token of securitybaseapi.h. NtAdjustPrivilegesToken: STATUS_NOT_ALL_ASSIGNED, a success. */
WINVM_DECLARE(NTSTATUS, NtOpenProcessToken,
              (HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, HANDLE *TokenHandle));
WINVM_DECLARE(NTSTATUS, NtAdjustPrivilegesToken,
              (HANDLE TokenHandle, BOOLEAN DisableAllPrivileges,
               struct _TOKEN_PRIVILEGES *NewState, ULONG BufferLength,
               struct _TOKEN_PRIVILEGES *PreviousState, ULONG *ReturnLength));
WINVM_DECLARE(NTSTATUS, NtQueryInformationToken,
              (HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
               PVOID TokenInformation, ULONG TokenInformationLength, ULONG *ReturnLength));
/* Privilege: its number. STATUS_PRIVILEGE_NOT_HELD; STATUS_NO_TOKEN: of the thread alone. */
WINVM_DECLARE(NTSTATUS, RtlAdjustPrivilege,
              (ULONG Privilege, BOOLEAN Enable, BOOLEAN CurrentThread, BOOLEAN *WasEnabled));

WINVM_END_DECLS

#endif
