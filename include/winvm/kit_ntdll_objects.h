/* winvm/kit_ntdll_objects.h: what libwinvm-kit has of ntdll for threads that wait for each other:
 * keyed events, alerts, addresses, events, locks, and threads themselves.
 *
 * A timeout is NULL for ever, below 0 that many units of 100 ns, else a moment of the system's
 * time. None of these changes the last error. STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH,
 * STATUS_ACCESS_DENIED: handles.
 *
 * WINVM_NO_TYPES needs: NTSTATUS BOOLEAN LONG ULONG WORD PVOID SIZE_T HANDLE ACCESS_MASK EVENT_TYPE
 * WAIT_TYPE EVENT_INFORMATION_CLASS MUTANT_INFORMATION_CLASS SEMAPHORE_INFORMATION_CLASS
 * PPS_APC_ROUTINE PSLIST_HEADER PSLIST_ENTRY; the structures are named by their tags. */
#ifndef WINVM_KIT_NTDLL_OBJECTS_H
#define WINVM_KIT_NTDLL_OBJECTS_H

#include "kit_slist.h"
#include "ntdef.h"
#include "synchapi.h"

#ifndef WINVM_NO_TYPES
typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny } WAIT_TYPE;
typedef enum _EVENT_INFORMATION_CLASS { EventBasicInformation } EVENT_INFORMATION_CLASS;
typedef enum _MUTANT_INFORMATION_CLASS { MutantBasicInformation } MUTANT_INFORMATION_CLASS;
typedef enum _SEMAPHORE_INFORMATION_CLASS { SemaphoreBasicInformation } SEMAPHORE_INFORMATION_CLASS;
/* EventState: 1 set, 0 not. CurrentCount of a mutant: 1 free, 0 taken, less by 1 for each further
 * time, which only its owner is told. */
typedef struct _EVENT_BASIC_INFORMATION {
    EVENT_TYPE EventType;
    LONG EventState;
} EVENT_BASIC_INFORMATION, *PEVENT_BASIC_INFORMATION;
typedef struct _MUTANT_BASIC_INFORMATION {
    LONG CurrentCount;
    BOOLEAN OwnedByCaller;
    BOOLEAN AbandonedState;
} MUTANT_BASIC_INFORMATION, *PMUTANT_BASIC_INFORMATION;
typedef struct _SEMAPHORE_BASIC_INFORMATION {
    ULONG CurrentCount;
    ULONG MaximumCount;
} SEMAPHORE_BASIC_INFORMATION, *PSEMAPHORE_BASIC_INFORMATION;
#ifndef EVENT_QUERY_STATE
#define EVENT_QUERY_STATE 0x0001
#endif
#ifndef SEMAPHORE_QUERY_STATE
#define SEMAPHORE_QUERY_STATE 0x0001
#endif
#define KEYEDEVENT_WAIT 0x0001
#define KEYEDEVENT_WAKE 0x0002
#define KEYEDEVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | KEYEDEVENT_WAIT | KEYEDEVENT_WAKE)
#endif

/* NtCreateThreadEx; without a meaning but for the first. */
#ifndef THREAD_CREATE_FLAGS_CREATE_SUSPENDED
#define THREAD_CREATE_FLAGS_CREATE_SUSPENDED 0x00000001
#define THREAD_CREATE_FLAGS_SKIP_THREAD_ATTACH 0x00000002
#define THREAD_CREATE_FLAGS_HIDE_FROM_DEBUGGER 0x00000004
#endif

#ifndef WINVM_NO_TYPES
typedef void(WINVM_CALL *PPS_APC_ROUTINE)(PVOID ApcArgument1, PVOID ApcArgument2,
                                          PVOID ApcArgument3);
#endif

struct _CLIENT_ID;
struct _CONTEXT;
struct _PROCESSOR_NUMBER;

WINVM_BEGIN_DECLS

/* Objects have no names: STATUS_NOT_SUPPORTED for ObjectAttributes with one. Flags: 0, or
 * STATUS_INVALID_PARAMETER_4. */
WINVM_DECLARE(NTSTATUS, NtCreateKeyedEvent,
              (HANDLE * KeyedEventHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes, ULONG Flags));
/* One that waits and one that releases meet at a key, an even address (else
 * STATUS_INVALID_PARAMETER_1): either sleeps until the other comes, or STATUS_TIMEOUT. NULL is an
 * event that the process has. Calls that are queued to the thread do not end these waits. */
WINVM_DECLARE(NTSTATUS, NtWaitForKeyedEvent,
              (HANDLE KeyedEventHandle, PVOID Key, BOOLEAN Alertable,
               const union _LARGE_INTEGER *Timeout));
WINVM_DECLARE(NTSTATUS, NtReleaseKeyedEvent,
              (HANDLE KeyedEventHandle, PVOID Key, BOOLEAN Alertable,
               const union _LARGE_INTEGER *Timeout));
/* STATUS_ALERTED once the thread has been alerted, also when it was before; STATUS_TIMEOUT.
 * Address is not looked at. */
WINVM_DECLARE(NTSTATUS, NtWaitForAlertByThreadId,
              (PVOID Address, const union _LARGE_INTEGER *Timeout));
/* ThreadId: a number, as a handle. STATUS_INVALID_CID: no such thread; STATUS_ACCESS_DENIED: of
 * another process. */
WINVM_DECLARE(NTSTATUS, NtAlertThreadByThreadId, (HANDLE ThreadId));
/* WaitOnAddress and its kin. STATUS_TIMEOUT; STATUS_INVALID_PARAMETER: a size that is not 1, 2, 4,
 * 8, or no address. */
WINVM_DECLARE(NTSTATUS, RtlWaitOnAddress,
              (const volatile void *Address, PVOID CompareAddress, SIZE_T AddressSize,
               const union _LARGE_INTEGER *Timeout));
WINVM_DECLARE(void, RtlWakeAddressSingle, (PVOID Address));
WINVM_DECLARE(void, RtlWakeAddressAll, (PVOID Address));

/* *PreviousState, unless NULL: 1 when it was set. STATUS_NOT_SUPPORTED: a name. */
WINVM_DECLARE(NTSTATUS, NtCreateEvent,
              (HANDLE * EventHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes, EVENT_TYPE EventType,
               BOOLEAN InitialState));
WINVM_DECLARE(NTSTATUS, NtSetEvent, (HANDLE EventHandle, LONG *PreviousState));
WINVM_DECLARE(NTSTATUS, NtResetEvent, (HANDLE EventHandle, LONG *PreviousState));
WINVM_DECLARE(NTSTATUS, NtClearEvent, (HANDLE EventHandle));
/* The number of the object that ended the wait, STATUS_ABANDONED_WAIT_0 more for a mutex whose
 * owner ended; STATUS_TIMEOUT, STATUS_USER_APC. Times are in whole milliseconds, rounded up.
 * STATUS_INVALID_PARAMETER_1: 0 or more than 64 handles, _3: the type. */
WINVM_DECLARE(NTSTATUS, NtWaitForSingleObject,
              (HANDLE Handle, BOOLEAN Alertable, const union _LARGE_INTEGER *Timeout));
WINVM_DECLARE(NTSTATUS, NtWaitForMultipleObjects,
              (ULONG Count, const HANDLE *Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,
               const union _LARGE_INTEGER *Timeout));
/* Mutexes and semaphores, as synchapi.h has them; a name: STATUS_NOT_SUPPORTED. *PreviousCount,
 * unless NULL: as it was. STATUS_MUTANT_NOT_OWNED, STATUS_SEMAPHORE_LIMIT_EXCEEDED,
 * STATUS_INVALID_PARAMETER. */
WINVM_DECLARE(NTSTATUS, NtCreateMutant,
              (HANDLE * MutantHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes, BOOLEAN InitialOwner));
WINVM_DECLARE(NTSTATUS, NtReleaseMutant, (HANDLE MutantHandle, LONG *PreviousCount));
WINVM_DECLARE(NTSTATUS, NtCreateSemaphore,
              (HANDLE * SemaphoreHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes, LONG InitialCount,
               LONG MaximumCount));
WINVM_DECLARE(NTSTATUS, NtReleaseSemaphore,
              (HANDLE SemaphoreHandle, LONG ReleaseCount, LONG *PreviousCount));
/* SignalObjectAndWait. */
WINVM_DECLARE(NTSTATUS, NtSignalAndWaitForSingleObject,
              (HANDLE SignalHandle, HANDLE WaitHandle, BOOLEAN Alertable,
               const union _LARGE_INTEGER *Timeout));
/* The basic information of an object that is waited for, by a handle with its *_QUERY_STATE; its
 * length exactly. STATUS_INVALID_INFO_CLASS, STATUS_INFO_LENGTH_MISMATCH. */
WINVM_DECLARE(NTSTATUS, NtQueryEvent,
              (HANDLE EventHandle, EVENT_INFORMATION_CLASS EventInformationClass,
               PVOID EventInformation, ULONG EventInformationLength, ULONG *ReturnLength));
WINVM_DECLARE(NTSTATUS, NtQueryMutant,
              (HANDLE MutantHandle, MUTANT_INFORMATION_CLASS MutantInformationClass,
               PVOID MutantInformation, ULONG MutantInformationLength, ULONG *ReturnLength));
WINVM_DECLARE(NTSTATUS, NtQuerySemaphore,
              (HANDLE SemaphoreHandle, SEMAPHORE_INFORMATION_CLASS SemaphoreInformationClass,
               PVOID SemaphoreInformation, ULONG SemaphoreInformationLength,
               ULONG *ReturnLength));

/* A thread of this process, or a process, by its numbers; ObjectAttributes say whether the handle
 * is inherited. STATUS_INVALID_CID: no such thread or process; STATUS_ACCESS_DENIED. */
WINVM_DECLARE(NTSTATUS, NtOpenThread,
              (HANDLE * ThreadHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes,
               const struct _CLIENT_ID *ClientId));
WINVM_DECLARE(NTSTATUS, NtOpenProcess,
              (HANDLE * ProcessHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes,
               const struct _CLIENT_ID *ClientId));
/* ThreadHandle NULL: the calling thread, which does not come back. */
WINVM_DECLARE(NTSTATUS, NtTerminateThread, (HANDLE ThreadHandle, NTSTATUS ExitStatus));
/* QueueUserAPC with three arguments. STATUS_UNSUCCESSFUL: the thread has ended. */
WINVM_DECLARE(NTSTATUS, NtQueueApcThread,
              (HANDLE ThreadHandle, PPS_APC_ROUTINE ApcRoutine, PVOID ApcArgument1,
               PVOID ApcArgument2, PVOID ApcArgument3));
/* Makes the calls that are queued to the calling thread. */
WINVM_DECLARE(NTSTATUS, NtTestAlert, (void));

/* *PreviousSuspendCount, unless NULL: as SuspendThread and ResumeThread return it. */
WINVM_DECLARE(NTSTATUS, NtSuspendThread, (HANDLE ThreadHandle, ULONG *PreviousSuspendCount));
WINVM_DECLARE(NTSTATUS, NtResumeThread, (HANDLE ThreadHandle, ULONG *PreviousSuspendCount));
WINVM_DECLARE(NTSTATUS, NtGetContextThread, (HANDLE ThreadHandle, struct _CONTEXT *ThreadContext));
WINVM_DECLARE(NTSTATUS, NtSetContextThread, (HANDLE ThreadHandle, struct _CONTEXT *ThreadContext));
/* ProcessHandle NULL, all threads but this one: STATUS_NOT_SUPPORTED. */
WINVM_DECLARE(NTSTATUS, NtTerminateProcess, (HANDLE ProcessHandle, NTSTATUS ExitStatus));
__attribute__((__noreturn__)) WINVM_DECLARE(void, RtlExitUserProcess, (NTSTATUS ExitStatus));
__attribute__((__noreturn__)) WINVM_DECLARE(void, RtlExitUserThread, (NTSTATUS ExitStatus));

/* A thread of this process, as CreateThread makes it: StartRoutine(Argument) with the rights to
 * ThreadHandle that are asked for. CreateFlags: THREAD_CREATE_FLAGS_*, else
 * STATUS_INVALID_PARAMETER. StackSize, MaximumStackSize: bytes, the greater counts, 0: as usual.
 * STATUS_NOT_SUPPORTED: an AttributeList; STATUS_ACCESS_DENIED: another process, or no right
 * PROCESS_CREATE_THREAD; STATUS_NO_MEMORY. ObjectAttributes and ZeroBits are not looked at. */
WINVM_DECLARE(NTSTATUS, NtCreateThreadEx,
              (HANDLE * ThreadHandle, ACCESS_MASK DesiredAccess,
               const struct _OBJECT_ATTRIBUTES *ObjectAttributes, HANDLE ProcessHandle,
               PVOID StartRoutine, PVOID Argument, ULONG CreateFlags, SIZE_T ZeroBits,
               SIZE_T StackSize, SIZE_T MaximumStackSize, PVOID AttributeList));
/* The same; ThreadHandle and ClientId may be NULL. StackReserve: not 0, the stack is that big. */
WINVM_DECLARE(NTSTATUS, RtlCreateUserThread,
              (HANDLE ProcessHandle, PVOID SecurityDescriptor, BOOLEAN CreateSuspended,
               ULONG ZeroBits, SIZE_T StackReserve, SIZE_T StackCommit, PVOID StartAddress,
               PVOID Parameter, HANDLE *ThreadHandle, struct _CLIENT_ID *ClientId));

/* The processor that the calling thread ran on just now. */
WINVM_DECLARE(ULONG, NtGetCurrentProcessorNumber, (void));
WINVM_DECLARE(ULONG, RtlGetCurrentProcessorNumber, (void));
WINVM_DECLARE(void, RtlGetCurrentProcessorNumberEx, (struct _PROCESSOR_NUMBER * ProcessorNumber));

/* The status that the calling thread kept last: by the next, which also sets the last error that
 * stands for it. */
WINVM_DECLARE(NTSTATUS, RtlGetLastNtStatus, (void));
WINVM_DECLARE(void, RtlSetLastWin32ErrorAndNtStatusFromNtStatus, (NTSTATUS Status));
/* SetLastError. */
WINVM_DECLARE(void, RtlRestoreLastWin32Error, (ULONG LastError));

/* The locks of synchapi.h. STATUS_SUCCESS, always. */
WINVM_DECLARE(NTSTATUS, RtlInitializeCriticalSection, (struct _RTL_CRITICAL_SECTION * Section));
WINVM_DECLARE(NTSTATUS, RtlInitializeCriticalSectionAndSpinCount,
              (struct _RTL_CRITICAL_SECTION * Section, ULONG SpinCount));
WINVM_DECLARE(NTSTATUS, RtlEnterCriticalSection, (struct _RTL_CRITICAL_SECTION * Section));
WINVM_DECLARE(ULONG, RtlTryEnterCriticalSection, (struct _RTL_CRITICAL_SECTION * Section));
WINVM_DECLARE(NTSTATUS, RtlLeaveCriticalSection, (struct _RTL_CRITICAL_SECTION * Section));
WINVM_DECLARE(NTSTATUS, RtlDeleteCriticalSection, (struct _RTL_CRITICAL_SECTION * Section));
WINVM_DECLARE(void, RtlInitializeSRWLock, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(void, RtlAcquireSRWLockExclusive, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(void, RtlAcquireSRWLockShared, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(BOOLEAN, RtlTryAcquireSRWLockExclusive, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(BOOLEAN, RtlTryAcquireSRWLockShared, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(void, RtlReleaseSRWLockExclusive, (struct _RTL_SRWLOCK * SRWLock));
WINVM_DECLARE(void, RtlReleaseSRWLockShared, (struct _RTL_SRWLOCK * SRWLock));
/* Sleeps: STATUS_TIMEOUT, with the lock taken again. */
WINVM_DECLARE(void, RtlInitializeConditionVariable,
              (struct _RTL_CONDITION_VARIABLE * ConditionVariable));
WINVM_DECLARE(void, RtlWakeConditionVariable,
              (struct _RTL_CONDITION_VARIABLE * ConditionVariable));
WINVM_DECLARE(void, RtlWakeAllConditionVariable,
              (struct _RTL_CONDITION_VARIABLE * ConditionVariable));
WINVM_DECLARE(NTSTATUS, RtlSleepConditionVariableCS,
              (struct _RTL_CONDITION_VARIABLE * ConditionVariable,
               struct _RTL_CRITICAL_SECTION *Section, const union _LARGE_INTEGER *Timeout));
WINVM_DECLARE(NTSTATUS, RtlSleepConditionVariableSRW,
              (struct _RTL_CONDITION_VARIABLE * ConditionVariable, struct _RTL_SRWLOCK *SRWLock,
               const union _LARGE_INTEGER *Timeout, ULONG Flags));
/* The lists of kit_slist.h. */
WINVM_DECLARE(void, RtlInitializeSListHead, (PSLIST_HEADER ListHead));
WINVM_DECLARE(PSLIST_ENTRY, RtlInterlockedPushEntrySList,
              (PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry));
WINVM_DECLARE(PSLIST_ENTRY, RtlInterlockedPopEntrySList, (PSLIST_HEADER ListHead));
WINVM_DECLARE(PSLIST_ENTRY, RtlInterlockedFlushSList, (PSLIST_HEADER ListHead));
WINVM_DECLARE(WORD, RtlQueryDepthSList, (PSLIST_HEADER ListHead));

WINVM_END_DECLS

#endif
