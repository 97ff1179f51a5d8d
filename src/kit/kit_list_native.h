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

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_COUNTED)
X(VOID, RtlInitUnicodeString, (PUNICODE_STRING a, const WCHAR *b), (a, b))
X(NTSTATUS, RtlInitUnicodeStringEx, (PUNICODE_STRING a, const WCHAR *b), (a, b))
X(VOID, RtlInitString, (PSTRING a, const char *b), (a, b))
X(VOID, RtlInitAnsiString, (PSTRING a, const char *b), (a, b))
X(NTSTATUS, RtlInitAnsiStringEx, (PSTRING a, const char *b), (a, b))
X(BOOLEAN, RtlCreateUnicodeString, (PUNICODE_STRING a, const WCHAR *b), (a, b))
X(BOOLEAN, RtlCreateUnicodeStringFromAsciiz, (PUNICODE_STRING a, const char *b), (a, b))
X(VOID, RtlFreeUnicodeString, (PUNICODE_STRING a), (a))
X(VOID, RtlFreeAnsiString, (PSTRING a), (a))
X(NTSTATUS, RtlUnicodeStringToAnsiString, (PSTRING a, PCUNICODE_STRING b, BOOLEAN c), (a, b, c))
X(NTSTATUS, RtlAnsiStringToUnicodeString,
  (PUNICODE_STRING a, const STRING *b, BOOLEAN c), (a, b, c))
X(NTSTATUS, RtlMultiByteToUnicodeN,
  (WCHAR *a, ULONG b, ULONG *c, const CHAR *d, ULONG e), (a, b, c, d, e))
X(NTSTATUS, RtlUnicodeToMultiByteN,
  (CHAR *a, ULONG b, ULONG *c, const WCHAR *d, ULONG e), (a, b, c, d, e))
X(NTSTATUS, RtlMultiByteToUnicodeSize, (ULONG *a, const CHAR *b, ULONG c), (a, b, c))
X(NTSTATUS, RtlUnicodeToMultiByteSize, (ULONG *a, const WCHAR *b, ULONG c), (a, b, c))
X(VOID, RtlCopyUnicodeString, (PUNICODE_STRING a, PCUNICODE_STRING b), (a, b))
X(NTSTATUS, RtlAppendUnicodeToString, (PUNICODE_STRING a, const WCHAR *b), (a, b))
X(NTSTATUS, RtlAppendUnicodeStringToString, (PUNICODE_STRING a, PCUNICODE_STRING b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_COUNTED_COMPARE)
X(LONG, RtlCompareUnicodeString, (PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN c), (a, b, c))
X(BOOLEAN, RtlEqualUnicodeString, (PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN c), (a, b, c))
X(BOOLEAN, RtlPrefixUnicodeString, (PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN c), (a, b, c))
X(LONG, RtlCompareString, (const STRING *a, const STRING *b, BOOLEAN c), (a, b, c))
X(BOOLEAN, RtlEqualString, (const STRING *a, const STRING *b, BOOLEAN c), (a, b, c))
X(WCHAR, RtlUpcaseUnicodeChar, (WCHAR a), (a))
X(WCHAR, RtlDowncaseUnicodeChar, (WCHAR a), (a))
X(NTSTATUS, RtlHashUnicodeString,
  (PCUNICODE_STRING a, BOOLEAN b, ULONG c, ULONG *d), (a, b, c, d))
X(NTSTATUS, RtlCharToInteger, (const char *a, ULONG b, ULONG *c), (a, b, c))
X(NTSTATUS, RtlUnicodeStringToInteger, (PCUNICODE_STRING a, ULONG b, ULONG *c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_UNIFORM)
X(ULONG, RtlUniform, (ULONG *a), (a))
X(ULONG, RtlRandom, (ULONG *a), (a))
X(ULONG, RtlRandomEx, (ULONG *a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_REMOTE)
F(HANDLE, CreateRemoteThread,
  (HANDLE a, LPSECURITY_ATTRIBUTES b, SIZE_T c, LPTHREAD_START_ROUTINE d, LPVOID e, DWORD f, LPDWORD
  g), (a, b, c, d, e, f, g))
F(HANDLE, CreateRemoteThreadEx,
  (HANDLE a, LPSECURITY_ATTRIBUTES b, SIZE_T c, LPTHREAD_START_ROUTINE d, LPVOID e, DWORD f,
  struct _PROC_THREAD_ATTRIBUTE_LIST *g, LPDWORD h), (a, b, c, d, e, f, g, h))
F(NTSTATUS, RtlCreateUserThread,
  (HANDLE a, PVOID b, BOOLEAN c, ULONG d, SIZE_T e, SIZE_T f, PVOID g, PVOID h, PHANDLE i,
  struct _CLIENT_ID *j), (a, b, c, d, e, f, g, h, i, j))
F(NTSTATUS, NtCreateThreadEx,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, HANDLE d, PVOID e, PVOID f, ULONG g,
  SIZE_T h, SIZE_T i, SIZE_T j, PVOID k), (a, b, c, d, e, f, g, h, i, j, k))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LAST_STATUS)
X(NTSTATUS, RtlGetLastNtStatus, (VOID), ())
X(VOID, RtlSetLastWin32ErrorAndNtStatusFromNtStatus, (NTSTATUS a), (a))
X(VOID, RtlRestoreLastWin32Error, (ULONG a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESSOR_NATIVE)
X(ULONG, NtGetCurrentProcessorNumber, (VOID), ())
X(ULONG, RtlGetCurrentProcessorNumber, (VOID), ())
X(VOID, RtlGetCurrentProcessorNumberEx, (PPROCESSOR_NUMBER a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LDR_NATIVE)
X(NTSTATUS, LdrGetDllHandle, (PWSTR a, PULONG b, PCUNICODE_STRING c, PVOID *d), (a, b, c, d))
X(NTSTATUS, LdrGetDllHandleEx,
  (ULONG a, PWSTR b, PULONG c, PCUNICODE_STRING d, PVOID *e), (a, b, c, d, e))
X(NTSTATUS, LdrLoadDll, (PWSTR a, PULONG b, PCUNICODE_STRING c, PVOID *d), (a, b, c, d))
X(NTSTATUS, LdrUnloadDll, (PVOID a), (a))
X(NTSTATUS, LdrAddRefDll, (ULONG a, PVOID b), (a, b))
X(NTSTATUS, LdrDisableThreadCalloutsForDll, (PVOID a), (a))
F(NTSTATUS, LdrGetProcedureAddress,
  (PVOID a, const ANSI_STRING *b, ULONG c, PVOID *d), (a, b, c, d))
X(NTSTATUS, LdrFindEntryForAddress, (PVOID a, PLDR_DATA_TABLE_ENTRY *b), (a, b))
X(NTSTATUS, LdrLockLoaderLock, (ULONG a, PULONG b, PULONG_PTR c), (a, b, c))
X(NTSTATUS, LdrUnlockLoaderLock, (ULONG a, ULONG_PTR b), (a, b))
X(VOID, RtlAcquirePebLock, (VOID), ())
X(VOID, RtlReleasePebLock, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SYNC_NATIVE)
X(NTSTATUS, NtCreateMutant,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, BOOLEAN d), (a, b, c, d))
X(NTSTATUS, NtReleaseMutant, (HANDLE a, PLONG b), (a, b))
X(NTSTATUS, NtCreateSemaphore,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, LONG d, LONG e), (a, b, c, d, e))
X(NTSTATUS, NtReleaseSemaphore, (HANDLE a, LONG b, PLONG c), (a, b, c))
X(NTSTATUS, NtSignalAndWaitForSingleObject,
  (HANDLE a, HANDLE b, BOOLEAN c, const LARGE_INTEGER *d), (a, b, c, d))
X(NTSTATUS, NtQueryEvent,
  (HANDLE a, EVENT_INFORMATION_CLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e))
X(NTSTATUS, NtQueryMutant,
  (HANDLE a, MUTANT_INFORMATION_CLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e))
X(NTSTATUS, NtQuerySemaphore,
  (HANDLE a, SEMAPHORE_INFORMATION_CLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_OPEN_NATIVE)
X(NTSTATUS, NtOpenThread,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, const CLIENT_ID *d), (a, b, c, d))
X(NTSTATUS, NtOpenProcess,
  (PHANDLE a, ACCESS_MASK b, const OBJECT_ATTRIBUTES *c, const CLIENT_ID *d), (a, b, c, d))
X(NTSTATUS, NtTerminateThread, (HANDLE a, NTSTATUS b), (a, b))
F(NTSTATUS, NtQueueApcThread,
  (HANDLE a, PPS_APC_ROUTINE b, PVOID c, PVOID d, PVOID e), (a, b, c, d, e))
X(NTSTATUS, NtTestAlert, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FLS_NATIVE)
F(NTSTATUS, RtlFlsAlloc, (PFLS_CALLBACK_FUNCTION a, PULONG b), (a, b))
X(NTSTATUS, RtlFlsFree, (ULONG a), (a))
X(NTSTATUS, RtlFlsSetValue, (ULONG a, PVOID b), (a, b))
X(NTSTATUS, RtlFlsGetValue, (ULONG a, PVOID *b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CLOCK_NATIVE)
X(BOOLEAN, RtlQueryPerformanceCounter, (PLARGE_INTEGER a), (a))
X(BOOLEAN, RtlQueryPerformanceFrequency, (PLARGE_INTEGER a), (a))
X(BOOLEAN, RtlQueryUnbiasedInterruptTime, (PULONGLONG a), (a))
X(LONGLONG, RtlGetSystemTimePrecise, (VOID), ())
X(NTSTATUS, RtlDelayExecution, (BOOLEAN a, PLARGE_INTEGER b), (a, b))
X(NTSTATUS, NtQueryTimerResolution, (PULONG a, PULONG b, PULONG c), (a, b, c))
X(NTSTATUS, NtSetTimerResolution, (ULONG a, BOOLEAN b, PULONG c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TOKEN_NATIVE)
X(NTSTATUS, NtOpenProcessToken, (HANDLE a, ACCESS_MASK b, PHANDLE c), (a, b, c))
X(NTSTATUS, NtAdjustPrivilegesToken,
  (HANDLE a, BOOLEAN b, PTOKEN_PRIVILEGES c, ULONG d, PTOKEN_PRIVILEGES e, PULONG f),
  (a, b, c, d, e, f))
X(NTSTATUS, NtQueryInformationToken,
  (HANDLE a, TOKEN_INFORMATION_CLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e))
X(NTSTATUS, RtlAdjustPrivilege, (ULONG a, BOOLEAN b, BOOLEAN c, PBOOLEAN d), (a, b, c, d))
X(BOOL, OpenThreadToken, (HANDLE a, DWORD b, BOOL c, PHANDLE d), (a, b, c, d))
X(BOOL, RevertToSelf, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ERROR_MODE)
X(ULONG, RtlGetThreadErrorMode, (VOID), ())
X(NTSTATUS, RtlSetThreadErrorMode, (ULONG a, PULONG b), (a, b))
X(DWORD, GetThreadErrorMode, (VOID), ())
X(BOOL, SetThreadErrorMode, (DWORD a, LPDWORD b), (a, b))
#endif
