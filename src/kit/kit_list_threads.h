/* More names of the kit, a part of kit_list.h and included by it: what threads and processes are,
 * fibers, timers, pools of threads. */

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

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FIBER)
X(LPVOID, ConvertThreadToFiber, (LPVOID a), (a))
X(LPVOID, ConvertThreadToFiberEx, (LPVOID a, DWORD b), (a, b))
X(BOOL, ConvertFiberToThread, (VOID), ())
F(LPVOID, CreateFiber, (SIZE_T a, LPFIBER_START_ROUTINE b, LPVOID c), (a, b, c))
F(LPVOID, CreateFiberEx,
  (SIZE_T a, SIZE_T b, DWORD c, LPFIBER_START_ROUTINE d, LPVOID e), (a, b, c, d, e))
X(VOID, SwitchToFiber, (LPVOID a), (a))
X(VOID, DeleteFiber, (LPVOID a), (a))
X(BOOL, IsThreadAFiber, (VOID), ())
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

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREADPOOL)
X(PTP_POOL, CreateThreadpool, (PVOID a), (a))
X(VOID, CloseThreadpool, (PTP_POOL a), (a))
X(VOID, SetThreadpoolThreadMaximum, (PTP_POOL a, DWORD b), (a, b))
X(BOOL, SetThreadpoolThreadMinimum, (PTP_POOL a, DWORD b), (a, b))
F(BOOL, TrySubmitThreadpoolCallback,
  (PTP_SIMPLE_CALLBACK a, PVOID b, PTP_CALLBACK_ENVIRON c), (a, b, c))
F(PTP_WORK, CreateThreadpoolWork,
  (PTP_WORK_CALLBACK a, PVOID b, PTP_CALLBACK_ENVIRON c), (a, b, c))
X(VOID, SubmitThreadpoolWork, (PTP_WORK a), (a))
X(VOID, WaitForThreadpoolWorkCallbacks, (PTP_WORK a, BOOL b), (a, b))
X(VOID, CloseThreadpoolWork, (PTP_WORK a), (a))
F(PTP_TIMER, CreateThreadpoolTimer,
  (PTP_TIMER_CALLBACK a, PVOID b, PTP_CALLBACK_ENVIRON c), (a, b, c))
X(VOID, SetThreadpoolTimer, (PTP_TIMER a, PFILETIME b, DWORD c, DWORD d), (a, b, c, d))
X(BOOL, SetThreadpoolTimerEx, (PTP_TIMER a, PFILETIME b, DWORD c, DWORD d), (a, b, c, d))
X(BOOL, IsThreadpoolTimerSet, (PTP_TIMER a), (a))
X(VOID, WaitForThreadpoolTimerCallbacks, (PTP_TIMER a, BOOL b), (a, b))
X(VOID, CloseThreadpoolTimer, (PTP_TIMER a), (a))
X(PTP_CLEANUP_GROUP, CreateThreadpoolCleanupGroup, (VOID), ())
X(VOID, CloseThreadpoolCleanupGroupMembers, (PTP_CLEANUP_GROUP a, BOOL b, PVOID c), (a, b, c))
X(VOID, CloseThreadpoolCleanupGroup, (PTP_CLEANUP_GROUP a), (a))
X(VOID, SetEventWhenCallbackReturns, (PTP_CALLBACK_INSTANCE a, HANDLE b), (a, b))
X(VOID, ReleaseSemaphoreWhenCallbackReturns,
  (PTP_CALLBACK_INSTANCE a, HANDLE b, DWORD c), (a, b, c))
X(VOID, ReleaseMutexWhenCallbackReturns, (PTP_CALLBACK_INSTANCE a, HANDLE b), (a, b))
X(VOID, LeaveCriticalSectionWhenCallbackReturns,
  (PTP_CALLBACK_INSTANCE a, PCRITICAL_SECTION b), (a, b))
X(VOID, FreeLibraryWhenCallbackReturns, (PTP_CALLBACK_INSTANCE a, HMODULE b), (a, b))
X(BOOL, CallbackMayRunLong, (PTP_CALLBACK_INSTANCE a), (a))
X(VOID, DisassociateCurrentThreadFromCallback, (PTP_CALLBACK_INSTANCE a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREADPOOL_WAIT)
F(PTP_WAIT, CreateThreadpoolWait,
  (PTP_WAIT_CALLBACK a, PVOID b, PTP_CALLBACK_ENVIRON c), (a, b, c))
X(VOID, SetThreadpoolWait, (PTP_WAIT a, HANDLE b, PFILETIME c), (a, b, c))
X(BOOL, SetThreadpoolWaitEx, (PTP_WAIT a, HANDLE b, PFILETIME c, PVOID d), (a, b, c, d))
X(VOID, WaitForThreadpoolWaitCallbacks, (PTP_WAIT a, BOOL b), (a, b))
X(VOID, CloseThreadpoolWait, (PTP_WAIT a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TIMER_QUEUE)
F(BOOL, QueueUserWorkItem, (LPTHREAD_START_ROUTINE a, PVOID b, ULONG c), (a, b, c))
X(HANDLE, CreateTimerQueue, (VOID), ())
F(BOOL, CreateTimerQueueTimer,
  (PHANDLE a, HANDLE b, WAITORTIMERCALLBACK c, PVOID d, DWORD e, DWORD f, ULONG g), (a, b, c, d,
  e, f, g))
X(BOOL, ChangeTimerQueueTimer, (HANDLE a, HANDLE b, ULONG c, ULONG d), (a, b, c, d))
X(BOOL, DeleteTimerQueueTimer, (HANDLE a, HANDLE b, HANDLE c), (a, b, c))
X(BOOL, DeleteTimerQueueEx, (HANDLE a, HANDLE b), (a, b))
X(BOOL, DeleteTimerQueue, (HANDLE a), (a))
#endif
