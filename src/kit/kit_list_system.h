/* More names of the kit, a part of kit_list.h and included by it: what the system tells and does
 * beside threads and their objects. */

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_RANDOM)
X(BOOLEAN, SystemFunction036, (PVOID a, ULONG b), (a, b))
X(BOOL, ProcessPrng, (PBYTE a, SIZE_T b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CRYPT)
X(NTSTATUS, BCryptOpenAlgorithmProvider,
  (BCRYPT_ALG_HANDLE *a, LPCWSTR b, LPCWSTR c, ULONG d), (a, b, c, d))
X(NTSTATUS, BCryptCloseAlgorithmProvider, (BCRYPT_ALG_HANDLE a, ULONG b), (a, b))
X(NTSTATUS, BCryptGenRandom, (BCRYPT_ALG_HANDLE a, PUCHAR b, ULONG c, ULONG d), (a, b, c, d))
X(BOOL, CryptAcquireContextA,
  (HCRYPTPROV *a, LPCSTR b, LPCSTR c, DWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, CryptAcquireContextW,
  (HCRYPTPROV *a, LPCWSTR b, LPCWSTR c, DWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, CryptGenRandom, (HCRYPTPROV a, DWORD b, BYTE *c), (a, b, c))
X(BOOL, CryptReleaseContext, (HCRYPTPROV a, DWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROTECT)
X(BOOL, CryptProtectMemory, (LPVOID a, DWORD b, DWORD c), (a, b, c))
X(BOOL, CryptUnprotectMemory, (LPVOID a, DWORD b, DWORD c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SID)
X(BOOL, IsValidSid, (PSID a), (a))
X(DWORD, GetSidLengthRequired, (UCHAR a), (a))
X(DWORD, GetLengthSid, (PSID a), (a))
X(BOOL, EqualSid, (PSID a, PSID b), (a, b))
X(BOOL, CopySid, (DWORD a, PSID b, PSID c), (a, b, c))
X(PUCHAR, GetSidSubAuthorityCount, (PSID a), (a))
X(PDWORD, GetSidSubAuthority, (PSID a, DWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PSAPI)
X(BOOL, K32EnumProcessModules, (HANDLE a, HMODULE *b, DWORD c, LPDWORD d), (a, b, c, d))
X(BOOL, K32EnumProcessModulesEx,
  (HANDLE a, HMODULE *b, DWORD c, LPDWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, K32GetModuleInformation, (HANDLE a, HMODULE b, LPMODULEINFO c, DWORD d), (a, b, c, d))
X(DWORD, K32GetModuleBaseNameA, (HANDLE a, HMODULE b, LPSTR c, DWORD d), (a, b, c, d))
X(DWORD, K32GetModuleBaseNameW, (HANDLE a, HMODULE b, LPWSTR c, DWORD d), (a, b, c, d))
X(DWORD, K32GetModuleFileNameExA, (HANDLE a, HMODULE b, LPSTR c, DWORD d), (a, b, c, d))
X(DWORD, K32GetModuleFileNameExW, (HANDLE a, HMODULE b, LPWSTR c, DWORD d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PSAPI_OLD)
X(BOOL, EnumProcessModules, (HANDLE a, HMODULE *b, DWORD c, LPDWORD d), (a, b, c, d))
X(BOOL, EnumProcessModulesEx,
  (HANDLE a, HMODULE *b, DWORD c, LPDWORD d, DWORD e), (a, b, c, d, e))
X(BOOL, GetModuleInformation, (HANDLE a, HMODULE b, LPMODULEINFO c, DWORD d), (a, b, c, d))
X(DWORD, GetModuleBaseNameA, (HANDLE a, HMODULE b, LPSTR c, DWORD d), (a, b, c, d))
X(DWORD, GetModuleBaseNameW, (HANDLE a, HMODULE b, LPWSTR c, DWORD d), (a, b, c, d))
X(DWORD, GetModuleFileNameExA, (HANDLE a, HMODULE b, LPSTR c, DWORD d), (a, b, c, d))
X(DWORD, GetModuleFileNameExW, (HANDLE a, HMODULE b, LPWSTR c, DWORD d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESS_NAMES)
X(BOOL, K32EnumProcesses, (DWORD *a, DWORD b, LPDWORD c), (a, b, c))
X(DWORD, K32GetProcessImageFileNameA, (HANDLE a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, K32GetProcessImageFileNameW, (HANDLE a, LPWSTR b, DWORD c), (a, b, c))
X(BOOL, QueryFullProcessImageNameA, (HANDLE a, DWORD b, LPSTR c, PDWORD d), (a, b, c, d))
X(BOOL, QueryFullProcessImageNameW, (HANDLE a, DWORD b, LPWSTR c, PDWORD d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESS_NAMES_OLD)
X(BOOL, EnumProcesses, (DWORD *a, DWORD b, LPDWORD c), (a, b, c))
X(DWORD, GetProcessImageFileNameA, (HANDLE a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, GetProcessImageFileNameW, (HANDLE a, LPWSTR b, DWORD c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_VERSION)
X(DWORD, GetVersion, (VOID), ())
X(BOOL, GetVersionExA, (OSVERSIONINFOA *a), (a))
X(BOOL, GetVersionExW, (OSVERSIONINFOW *a), (a))
X(NTSTATUS, RtlGetVersion, (OSVERSIONINFOW *a), (a))
X(VOID, RtlGetNtVersionNumbers, (PDWORD a, PDWORD b, PDWORD c), (a, b, c))
X(ULONGLONG, VerSetConditionMask, (ULONGLONG a, DWORD b, BYTE c), (a, b, c))
X(BOOL, VerifyVersionInfoA, (OSVERSIONINFOEXA *a, DWORD b, ULONGLONG c), (a, b, c))
X(BOOL, VerifyVersionInfoW, (OSVERSIONINFOEXW *a, DWORD b, ULONGLONG c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_DATE)
X(VOID, GetSystemTime, (SYSTEMTIME *a), (a))
X(VOID, GetLocalTime, (SYSTEMTIME *a), (a))
X(BOOL, FileTimeToSystemTime, (const FILETIME *a, SYSTEMTIME *b), (a, b))
X(BOOL, SystemTimeToFileTime, (const SYSTEMTIME *a, FILETIME *b), (a, b))
X(LONG, CompareFileTime, (const FILETIME *a, const FILETIME *b), (a, b))
X(BOOL, FileTimeToLocalFileTime, (const FILETIME *a, FILETIME *b), (a, b))
X(BOOL, LocalFileTimeToFileTime, (const FILETIME *a, FILETIME *b), (a, b))
X(DWORD, GetTimeZoneInformation, (TIME_ZONE_INFORMATION *a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CLOCK)
X(VOID, QueryInterruptTime, (PULONGLONG a), (a))
X(VOID, QueryInterruptTimePrecise, (PULONGLONG a), (a))
X(BOOL, QueryUnbiasedInterruptTime, (PULONGLONG a), (a))
X(VOID, QueryUnbiasedInterruptTimePrecise, (PULONGLONG a), (a))
X(DWORD, timeGetTime, (VOID), ())
X(UINT, timeBeginPeriod, (UINT a), (a))
X(UINT, timeEndPeriod, (UINT a), (a))
X(UINT, timeGetDevCaps, (TIMECAPS *a, UINT b), (a, b))
X(NTSTATUS, NtQuerySystemTime, (LARGE_INTEGER *a), (a))
X(NTSTATUS, NtQueryPerformanceCounter, (LARGE_INTEGER *a, LARGE_INTEGER *b), (a, b))
X(NTSTATUS, NtDelayExecution, (BOOLEAN a, LARGE_INTEGER *b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_USAGE)
X(BOOL, GetProcessTimes,
  (HANDLE a, LPFILETIME b, LPFILETIME c, LPFILETIME d, LPFILETIME e), (a, b, c, d, e))
X(BOOL, GetProcessIoCounters, (HANDLE a, PIO_COUNTERS b), (a, b))
X(BOOL, QueryThreadCycleTime, (HANDLE a, PULONGLONG b), (a, b))
X(BOOL, QueryProcessCycleTime, (HANDLE a, PULONGLONG b), (a, b))
X(BOOL, GetSystemTimes, (LPFILETIME a, LPFILETIME b, LPFILETIME c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CONSOLE)
X(HANDLE, GetStdHandle, (DWORD a), (a))
X(BOOL, SetStdHandle, (DWORD a, HANDLE b), (a, b))
X(BOOL, GetConsoleMode, (HANDLE a, LPDWORD b), (a, b))
X(BOOL, SetConsoleMode, (HANDLE a, DWORD b), (a, b))
X(BOOL, WriteConsoleA, (HANDLE a, const VOID *b, DWORD c, LPDWORD d, LPVOID e), (a, b, c, d, e))
X(BOOL, WriteConsoleW, (HANDLE a, const VOID *b, DWORD c, LPDWORD d, LPVOID e), (a, b, c, d, e))
X(BOOL, GetConsoleScreenBufferInfo, (HANDLE a, PCONSOLE_SCREEN_BUFFER_INFO b), (a, b))
X(BOOL, SetConsoleTextAttribute, (HANDLE a, WORD b), (a, b))
X(UINT, GetConsoleCP, (VOID), ())
X(UINT, GetConsoleOutputCP, (VOID), ())
X(BOOL, SetConsoleCP, (UINT a), (a))
X(BOOL, SetConsoleOutputCP, (UINT a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_NLS)
X(int, MultiByteToWideChar,
  (UINT a, DWORD b, LPCSTR c, int d, LPWSTR e, int f), (a, b, c, d, e, f))
X(int, WideCharToMultiByte,
  (UINT a, DWORD b, LPCWSTR c, int d, LPSTR e, int f, LPCSTR g, LPBOOL h), (a, b, c, d, e,
  f, g, h))
X(BOOL, IsValidCodePage, (UINT a), (a))
X(UINT, GetACP, (VOID), ())
X(UINT, GetOEMCP, (VOID), ())
X(int, CompareStringOrdinal, (LPCWSTR a, int b, LPCWSTR c, int d, BOOL e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_HEAP_MORE)
X(BOOL, HeapSetInformation, (HANDLE a, HEAP_INFORMATION_CLASS b, PVOID c, SIZE_T d), (a, b, c, d))
X(BOOL, HeapQueryInformation,
  (HANDLE a, HEAP_INFORMATION_CLASS b, PVOID c, SIZE_T d, PSIZE_T e), (a, b, c, d, e))
X(BOOL, HeapLock, (HANDLE a), (a))
X(BOOL, HeapUnlock, (HANDLE a), (a))
X(BOOL, HeapWalk, (HANDLE a, PROCESS_HEAP_ENTRY *b), (a, b))
X(SIZE_T, HeapCompact, (HANDLE a, DWORD b), (a, b))
X(DWORD, GetProcessHeaps, (DWORD a, PHANDLE b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_HEAP_NATIVE)
X(PVOID, RtlAllocateHeap, (PVOID a, ULONG b, SIZE_T c), (a, b, c))
X(PVOID, RtlReAllocateHeap, (PVOID a, ULONG b, PVOID c, SIZE_T d), (a, b, c, d))
X(BOOLEAN, RtlFreeHeap, (PVOID a, ULONG b, PVOID c), (a, b, c))
X(SIZE_T, RtlSizeHeap, (PVOID a, ULONG b, PVOID c), (a, b, c))
X(BOOLEAN, RtlValidateHeap, (PVOID a, ULONG b, PVOID c), (a, b, c))
X(PVOID, RtlCreateHeap,
  (ULONG a, PVOID b, SIZE_T c, SIZE_T d, PVOID e, PVOID f), (a, b, c, d, e, f))
X(PVOID, RtlDestroyHeap, (PVOID a), (a))
X(ULONG, RtlGetProcessHeaps, (ULONG a, PVOID *b), (a, b))
X(BOOLEAN, RtlLockHeap, (PVOID a), (a))
X(BOOLEAN, RtlUnlockHeap, (PVOID a), (a))
X(SIZE_T, RtlCompactHeap, (PVOID a, ULONG b), (a, b))
X(NTSTATUS, RtlSetHeapInformation,
  (PVOID a, HEAP_INFORMATION_CLASS b, PVOID c, SIZE_T d), (a, b, c, d))
X(NTSTATUS, RtlQueryHeapInformation,
  (PVOID a, HEAP_INFORMATION_CLASS b, PVOID c, SIZE_T d, PSIZE_T e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FUNCTION_TABLE)
X(BOOLEAN, RtlAddFunctionTable, (PIMAGE_RUNTIME_FUNCTION_ENTRY a, DWORD b, DWORD64 c), (a, b, c))
X(BOOLEAN, RtlDeleteFunctionTable, (PIMAGE_RUNTIME_FUNCTION_ENTRY a), (a))
F(BOOLEAN, RtlInstallFunctionTableCallback,
  (DWORD64 a, DWORD64 b, DWORD c, FARPROC d, PVOID e, PCWSTR f), (a, b, c, d, e, f))
X(NTSTATUS, RtlAddGrowableFunctionTable,
  (PVOID *a, PIMAGE_RUNTIME_FUNCTION_ENTRY b, DWORD c, DWORD d, ULONG_PTR e, ULONG_PTR f),
  (a, b, c, d, e, f))
X(VOID, RtlGrowFunctionTable, (PVOID a, DWORD b), (a, b))
X(VOID, RtlDeleteGrowableFunctionTable, (PVOID a), (a))
X(PIMAGE_RUNTIME_FUNCTION_ENTRY, RtlLookupFunctionEntry,
  (DWORD64 a, PDWORD64 b, PVOID c), (a, b, c))
V(USHORT, RtlCaptureStackBackTrace, (DWORD a, DWORD b, PVOID *c, PDWORD d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SLIST)
X(VOID, InitializeSListHead, (PSLIST_HEADER a), (a))
X(PSLIST_ENTRY, InterlockedPushEntrySList, (PSLIST_HEADER a, PSLIST_ENTRY b), (a, b))
X(PSLIST_ENTRY, InterlockedPushListSListEx,
  (PSLIST_HEADER a, PSLIST_ENTRY b, PSLIST_ENTRY c, ULONG d), (a, b, c, d))
X(PSLIST_ENTRY, InterlockedPopEntrySList, (PSLIST_HEADER a), (a))
X(PSLIST_ENTRY, InterlockedFlushSList, (PSLIST_HEADER a), (a))
X(USHORT, QueryDepthSList, (PSLIST_HEADER a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LSTR)
X(int, lstrlenA, (LPCSTR a), (a))
X(int, lstrlenW, (LPCWSTR a), (a))
X(LPSTR, lstrcpyA, (LPSTR a, LPCSTR b), (a, b))
X(LPWSTR, lstrcpyW, (LPWSTR a, LPCWSTR b), (a, b))
X(LPSTR, lstrcpynA, (LPSTR a, LPCSTR b, int c), (a, b, c))
X(LPWSTR, lstrcpynW, (LPWSTR a, LPCWSTR b, int c), (a, b, c))
X(LPSTR, lstrcatA, (LPSTR a, LPCSTR b), (a, b))
X(LPWSTR, lstrcatW, (LPWSTR a, LPCWSTR b), (a, b))
X(int, lstrcmpA, (LPCSTR a, LPCSTR b), (a, b))
X(int, lstrcmpW, (LPCWSTR a, LPCWSTR b), (a, b))
X(int, lstrcmpiA, (LPCSTR a, LPCSTR b), (a, b))
X(int, lstrcmpiW, (LPCWSTR a, LPCWSTR b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_WSPRINTF)
V(int, wsprintfA, (LPSTR a, LPCSTR b, ...), (a, b))
V(int, wsprintfW, (LPWSTR a, LPCWSTR b, ...), (a, b))
F(int, wvsprintfA, (LPSTR a, LPCSTR b, va_list c), (a, b, c))
F(int, wvsprintfW, (LPWSTR a, LPCWSTR b, va_list c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_POLICY)
X(DWORD, GetActiveProcessorCount, (WORD a), (a))
X(DWORD, GetMaximumProcessorCount, (WORD a), (a))
X(WORD, GetActiveProcessorGroupCount, (VOID), ())
X(WORD, GetMaximumProcessorGroupCount, (VOID), ())
X(DWORD, GetProcessId, (HANDLE a), (a))
X(DWORD, GetPriorityClass, (HANDLE a), (a))
X(BOOL, SetPriorityClass, (HANDLE a, DWORD b), (a, b))
X(int, GetSystemDEPPolicy, (VOID), ())
X(BOOL, GetProcessDEPPolicy, (HANDLE a, LPDWORD b, PBOOL c), (a, b, c))
X(BOOL, SetProcessDEPPolicy, (DWORD a), (a))
X(BOOL, GetProcessMitigationPolicy,
  (HANDLE a, PROCESS_MITIGATION_POLICY b, PVOID c, SIZE_T d), (a, b, c, d))
X(BOOL, SetProcessMitigationPolicy, (PROCESS_MITIGATION_POLICY a, PVOID b, SIZE_T c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PLACE)
X(DWORD, GetCurrentDirectoryA, (DWORD a, LPSTR b), (a, b))
X(DWORD, GetCurrentDirectoryW, (DWORD a, LPWSTR b), (a, b))
X(UINT, GetSystemDirectoryA, (LPSTR a, UINT b), (a, b))
X(UINT, GetSystemDirectoryW, (LPWSTR a, UINT b), (a, b))
X(UINT, GetSystemWindowsDirectoryA, (LPSTR a, UINT b), (a, b))
X(UINT, GetSystemWindowsDirectoryW, (LPWSTR a, UINT b), (a, b))
X(UINT, GetWindowsDirectoryA, (LPSTR a, UINT b), (a, b))
X(UINT, GetWindowsDirectoryW, (LPWSTR a, UINT b), (a, b))
X(BOOL, SetCurrentDirectoryA, (LPCSTR a), (a))
X(BOOL, SetCurrentDirectoryW, (LPCWSTR a), (a))
X(DWORD, GetFullPathNameA, (LPCSTR a, DWORD b, LPSTR c, LPSTR *d), (a, b, c, d))
X(DWORD, GetFullPathNameW, (LPCWSTR a, DWORD b, LPWSTR c, LPWSTR *d), (a, b, c, d))
X(BOOL, GetComputerNameA, (LPSTR a, LPDWORD b), (a, b))
X(BOOL, GetComputerNameW, (LPWSTR a, LPDWORD b), (a, b))
X(BOOL, GetUserNameA, (LPSTR a, LPDWORD b), (a, b))
X(BOOL, GetUserNameW, (LPWSTR a, LPDWORD b), (a, b))
X(DWORD, ExpandEnvironmentStringsA, (LPCSTR a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, ExpandEnvironmentStringsW, (LPCWSTR a, LPWSTR b, DWORD c), (a, b, c))
X(LPSTR, GetEnvironmentStrings, (VOID), ())
X(LPWSTR, GetEnvironmentStringsW, (VOID), ())
X(BOOL, FreeEnvironmentStringsA, (LPSTR a), (a))
X(BOOL, FreeEnvironmentStringsW, (LPWSTR a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CONTROL)
F(BOOL, SetConsoleCtrlHandler, (PHANDLER_ROUTINE a, BOOL b), (a, b))
X(BOOL, GenerateConsoleCtrlEvent, (DWORD a, DWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CPU_SET)
X(BOOL, GetSystemCpuSetInformation,
  (PSYSTEM_CPU_SET_INFORMATION a, ULONG b, PULONG c, HANDLE d, ULONG e), (a, b, c, d, e))
X(BOOL, GetProcessDefaultCpuSets, (HANDLE a, PULONG b, ULONG c, PULONG d), (a, b, c, d))
X(BOOL, GetThreadSelectedCpuSets, (HANDLE a, PULONG b, ULONG c, PULONG d), (a, b, c, d))
X(BOOL, GetNumaProximityNode, (ULONG a, PUCHAR b), (a, b))
X(BOOL, GetNumaProximityNodeEx, (ULONG a, PUSHORT b), (a, b))
X(BOOL, GetNumaNodeProcessorMask2,
  (USHORT a, PGROUP_AFFINITY b, USHORT c, PUSHORT d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_EVENT_PROVIDER)
X(ULONG, EventRegister, (LPCGUID a, PENABLECALLBACK b, PVOID c, PREGHANDLE d), (a, b, c, d))
X(ULONG, EventUnregister, (REGHANDLE a), (a))
X(ULONG, EventSetInformation, (REGHANDLE a, EVENT_INFO_CLASS b, PVOID c, ULONG d), (a, b, c, d))
X(BOOLEAN, EventEnabled, (REGHANDLE a, PCEVENT_DESCRIPTOR b), (a, b))
X(BOOLEAN, EventProviderEnabled, (REGHANDLE a, UCHAR b, ULONGLONG c), (a, b, c))
X(ULONG, EventWrite,
  (REGHANDLE a, PCEVENT_DESCRIPTOR b, ULONG c, PEVENT_DATA_DESCRIPTOR d), (a, b, c, d))
X(ULONG, EventWriteTransfer,
  (REGHANDLE a, PCEVENT_DESCRIPTOR b, LPCGUID c, LPCGUID d, ULONG e, PEVENT_DATA_DESCRIPTOR f),
  (a, b, c, d, e, f))
X(ULONG, EventWriteEx,
  (REGHANDLE a, PCEVENT_DESCRIPTOR b, ULONG64 c, ULONG d, LPCGUID e, LPCGUID f, ULONG g,
  PEVENT_DATA_DESCRIPTOR h), (a, b, c, d, e, f, g, h))
X(ULONG, EventWriteString, (REGHANDLE a, UCHAR b, ULONGLONG c, PCWSTR d), (a, b, c, d))
X(ULONG, EventActivityIdControl, (ULONG a, LPGUID b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_DESCRIPTOR)
X(BOOL, InitializeSid, (PSID a, PSID_IDENTIFIER_AUTHORITY b, BYTE c), (a, b, c))
X(BOOL, AllocateAndInitializeSid,
  (PSID_IDENTIFIER_AUTHORITY a, BYTE b, DWORD c, DWORD d, DWORD e, DWORD f, DWORD g, DWORD h,
   DWORD i, DWORD j, PSID *k), (a, b, c, d, e, f, g, h, i, j, k))
X(PVOID, FreeSid, (PSID a), (a))
X(BOOL, CheckTokenMembership, (HANDLE a, PSID b, PBOOL c), (a, b, c))
X(BOOL, InitializeAcl, (PACL a, DWORD b, DWORD c), (a, b, c))
X(BOOL, AddAccessAllowedAce, (PACL a, DWORD b, DWORD c, PSID d), (a, b, c, d))
X(BOOL, AddAccessDeniedAce, (PACL a, DWORD b, DWORD c, PSID d), (a, b, c, d))
X(BOOL, IsValidAcl, (PACL a), (a))
X(BOOL, InitializeSecurityDescriptor, (PSECURITY_DESCRIPTOR a, DWORD b), (a, b))
X(BOOL, IsValidSecurityDescriptor, (PSECURITY_DESCRIPTOR a), (a))
X(BOOL, SetSecurityDescriptorDacl,
  (PSECURITY_DESCRIPTOR a, BOOL b, PACL c, BOOL d), (a, b, c, d))
X(BOOL, GetSecurityDescriptorDacl,
  (PSECURITY_DESCRIPTOR a, PBOOL b, PACL *c, PBOOL d), (a, b, c, d))
X(BOOL, SetSecurityDescriptorOwner, (PSECURITY_DESCRIPTOR a, PSID b, BOOL c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_JOB)
X(BOOL, IsProcessInJob, (HANDLE a, HANDLE b, PBOOL c), (a, b, c))
X(BOOL, QueryInformationJobObject,
  (HANDLE a, JOBOBJECTINFOCLASS b, LPVOID c, DWORD d, LPDWORD e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TASK)
X(LPVOID, CoTaskMemAlloc, (SIZE_T a), (a))
X(LPVOID, CoTaskMemRealloc, (LPVOID a, SIZE_T b), (a, b))
X(VOID, CoTaskMemFree, (LPVOID a), (a))
#endif
