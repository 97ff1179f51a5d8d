/* More names of the kit, a part of kit_list.h and included by it: what threads and processes are,
 * timers, pools of threads. */

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREAD_NAME)
X(HRESULT, SetThreadDescription, (HANDLE a, PCWSTR b), (a, b))
X(HRESULT, GetThreadDescription, (HANDLE a, PWSTR *b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREAD_SET)
X(BOOL, GetThreadInformation,
  (HANDLE a, THREAD_INFORMATION_CLASS b, PVOID c, DWORD d), (a, b, c, d))
X(BOOL, SetThreadInformation,
  (HANDLE a, THREAD_INFORMATION_CLASS b, PVOID c, DWORD d), (a, b, c, d))
X(DWORD, SetThreadIdealProcessor, (HANDLE a, DWORD b), (a, b))
X(BOOL, SetThreadIdealProcessorEx,
  (HANDLE a, PPROCESSOR_NUMBER b, PPROCESSOR_NUMBER c), (a, b, c))
X(BOOL, GetThreadIdealProcessorEx, (HANDLE a, PPROCESSOR_NUMBER b), (a, b))
X(BOOL, GetThreadGroupAffinity, (HANDLE a, PGROUP_AFFINITY b), (a, b))
X(BOOL, SetThreadGroupAffinity,
  (HANDLE a, const GROUP_AFFINITY *b, PGROUP_AFFINITY c), (a, b, c))
X(BOOL, GetThreadPriorityBoost, (HANDLE a, PBOOL b), (a, b))
X(BOOL, SetThreadPriorityBoost, (HANDLE a, BOOL b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESS_SET)
X(BOOL, GetProcessInformation,
  (HANDLE a, PROCESS_INFORMATION_CLASS b, PVOID c, DWORD d), (a, b, c, d))
X(BOOL, SetProcessInformation,
  (HANDLE a, PROCESS_INFORMATION_CLASS b, PVOID c, DWORD d), (a, b, c, d))
X(BOOL, GetProcessHandleCount, (HANDLE a, PDWORD b), (a, b))
X(DWORD, GetProcessVersion, (DWORD a), (a))
X(BOOL, GetProcessGroupAffinity, (HANDLE a, PUSHORT b, PUSHORT c), (a, b, c))
X(BOOL, SetProcessAffinityMask, (HANDLE a, DWORD_PTR b), (a, b))
X(BOOL, GetProcessPriorityBoost, (HANDLE a, PBOOL b), (a, b))
X(BOOL, SetProcessPriorityBoost, (HANDLE a, BOOL b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_NATIVE_THREAD)
X(NTSTATUS, NtQueryInformationThread,
  (HANDLE a, THREADINFOCLASS b, PVOID c, ULONG d, PULONG e), (a, b, c, d, e))
X(NTSTATUS, NtSetInformationThread,
  (HANDLE a, THREADINFOCLASS b, PVOID c, ULONG d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TIMER)
X(HANDLE, CreateWaitableTimerA, (LPSECURITY_ATTRIBUTES a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, CreateWaitableTimerW, (LPSECURITY_ATTRIBUTES a, BOOL b, LPCWSTR c), (a, b, c))
X(HANDLE, CreateWaitableTimerExA,
  (LPSECURITY_ATTRIBUTES a, LPCSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, CreateWaitableTimerExW,
  (LPSECURITY_ATTRIBUTES a, LPCWSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, OpenWaitableTimerA, (DWORD a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, OpenWaitableTimerW, (DWORD a, BOOL b, LPCWSTR c), (a, b, c))
F(BOOL, SetWaitableTimer,
  (HANDLE a, const LARGE_INTEGER *b, LONG c, PTIMERAPCROUTINE d, LPVOID e, BOOL f), (a, b, c,
  d, e, f))
F(BOOL, SetWaitableTimerEx,
  (HANDLE a, const LARGE_INTEGER *b, LONG c, PTIMERAPCROUTINE d, LPVOID e, PREASON_CONTEXT f,
  ULONG g), (a, b, c, d, e, f, g))
X(BOOL, CancelWaitableTimer, (HANDLE a), (a))
#endif
