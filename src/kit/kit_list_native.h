/* More names of the kit, a part of kit_list.h and included by it: calls of ntdll. */

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_KEYED)
X(NTSTATUS, NtCreateKeyedEvent,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, ULONG d), (a, b, c, d))
X(NTSTATUS, NtWaitForKeyedEvent,
  (HANDLE a, PVOID b, BOOLEAN c, const LARGE_INTEGER *d), (a, b, c, d))
X(NTSTATUS, NtReleaseKeyedEvent,
  (HANDLE a, PVOID b, BOOLEAN c, const LARGE_INTEGER *d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ALERT)
X(NTSTATUS, NtWaitForAlertByThreadId, (PVOID a, const LARGE_INTEGER *b), (a, b))
X(NTSTATUS, NtAlertThreadByThreadId, (HANDLE a), (a))
X(NTSTATUS, RtlWaitOnAddress,
  (volatile const VOID *a, PVOID b, SIZE_T c, const LARGE_INTEGER *d), (a, b, c, d))
X(VOID, RtlWakeAddressSingle, (PVOID a), (a))
X(VOID, RtlWakeAddressAll, (PVOID a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LOCK_NATIVE)
X(NTSTATUS, RtlInitializeCriticalSection, (PRTL_CRITICAL_SECTION a), (a))
X(NTSTATUS, RtlInitializeCriticalSectionAndSpinCount, (PRTL_CRITICAL_SECTION a, ULONG b), (a, b))
X(NTSTATUS, RtlEnterCriticalSection, (PRTL_CRITICAL_SECTION a), (a))
X(ULONG, RtlTryEnterCriticalSection, (PRTL_CRITICAL_SECTION a), (a))
X(NTSTATUS, RtlLeaveCriticalSection, (PRTL_CRITICAL_SECTION a), (a))
X(NTSTATUS, RtlDeleteCriticalSection, (PRTL_CRITICAL_SECTION a), (a))
X(VOID, RtlInitializeSRWLock, (PRTL_SRWLOCK a), (a))
X(VOID, RtlAcquireSRWLockExclusive, (PRTL_SRWLOCK a), (a))
X(VOID, RtlAcquireSRWLockShared, (PRTL_SRWLOCK a), (a))
X(BOOLEAN, RtlTryAcquireSRWLockExclusive, (PRTL_SRWLOCK a), (a))
X(BOOLEAN, RtlTryAcquireSRWLockShared, (PRTL_SRWLOCK a), (a))
X(VOID, RtlReleaseSRWLockExclusive, (PRTL_SRWLOCK a), (a))
X(VOID, RtlReleaseSRWLockShared, (PRTL_SRWLOCK a), (a))
X(VOID, RtlInitializeConditionVariable, (PRTL_CONDITION_VARIABLE a), (a))
X(VOID, RtlWakeConditionVariable, (PRTL_CONDITION_VARIABLE a), (a))
X(VOID, RtlWakeAllConditionVariable, (PRTL_CONDITION_VARIABLE a), (a))
X(NTSTATUS, RtlSleepConditionVariableCS,
  (PRTL_CONDITION_VARIABLE a, PRTL_CRITICAL_SECTION b, const LARGE_INTEGER *c), (a, b, c))
X(NTSTATUS, RtlSleepConditionVariableSRW,
  (PRTL_CONDITION_VARIABLE a, PRTL_SRWLOCK b, const LARGE_INTEGER *c, ULONG d), (a, b, c, d))
X(VOID, RtlInitializeSListHead, (PSLIST_HEADER a), (a))
X(PSLIST_ENTRY, RtlInterlockedPushEntrySList, (PSLIST_HEADER a, PSLIST_ENTRY b), (a, b))
X(PSLIST_ENTRY, RtlInterlockedPopEntrySList, (PSLIST_HEADER a), (a))
X(PSLIST_ENTRY, RtlInterlockedFlushSList, (PSLIST_HEADER a), (a))
X(WORD, RtlQueryDepthSList, (PSLIST_HEADER a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_OBJECT_NATIVE)
X(NTSTATUS, NtCreateEvent,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, int d, BOOLEAN e), (a, b, c, d, e))
X(NTSTATUS, NtSetEvent, (HANDLE a, PLONG b), (a, b))
X(NTSTATUS, NtResetEvent, (HANDLE a, PLONG b), (a, b))
X(NTSTATUS, NtClearEvent, (HANDLE a), (a))
X(NTSTATUS, NtWaitForSingleObject, (HANDLE a, BOOLEAN b, const LARGE_INTEGER *c), (a, b, c))
X(NTSTATUS, NtWaitForMultipleObjects,
  (ULONG a, const HANDLE *b, int c, BOOLEAN d, const LARGE_INTEGER *e), (a, b, c, d, e))
X(NTSTATUS, NtSuspendThread, (HANDLE a, PULONG b), (a, b))
X(NTSTATUS, NtResumeThread, (HANDLE a, PULONG b), (a, b))
X(NTSTATUS, NtGetContextThread, (HANDLE a, PCONTEXT b), (a, b))
X(NTSTATUS, NtSetContextThread, (HANDLE a, PCONTEXT b), (a, b))
X(NTSTATUS, NtTerminateProcess, (HANDLE a, NTSTATUS b), (a, b))
X(VOID, RtlExitUserProcess, (NTSTATUS a), (a))
X(VOID, RtlExitUserThread, (NTSTATUS a), (a))
#endif
