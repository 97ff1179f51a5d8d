/* Every name of the kit, once, by families: a family is one file and one member of the archive.
 * Included with WVM_KIT_ALL, or WVM_KIT_family, and with
 *
 * X(ret, name, params, args)   the meaning is wvm_kit_NAME, in the compiler's convention
 * F(ret, name, params, args)   the same, but it takes a function; for a caller of the Windows
 *                              convention it is wvm_kit_NAME_ms
 * V(ret, name, params, args)   as F, which it is unless it is defined: its file has the function
 *                              for callers of the Windows convention too, wvm_kit_ms_NAME */
#ifndef V
#define V F
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_HEAP)
X(HANDLE, GetProcessHeap, (VOID), ())
X(HANDLE, HeapCreate, (DWORD a, SIZE_T b, SIZE_T c), (a, b, c))
X(BOOL, HeapDestroy, (HANDLE a), (a))
X(LPVOID, HeapAlloc, (HANDLE a, DWORD b, SIZE_T c), (a, b, c))
X(LPVOID, HeapReAlloc, (HANDLE a, DWORD b, LPVOID c, SIZE_T d), (a, b, c, d))
X(BOOL, HeapFree, (HANDLE a, DWORD b, LPVOID c), (a, b, c))
X(SIZE_T, HeapSize, (HANDLE a, DWORD b, LPCVOID c), (a, b, c))
X(BOOL, HeapValidate, (HANDLE a, DWORD b, LPCVOID c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_LOCAL)
X(HLOCAL, LocalAlloc, (UINT a, SIZE_T b), (a, b))
X(HLOCAL, LocalReAlloc, (HLOCAL a, SIZE_T b, UINT c), (a, b, c))
X(HLOCAL, LocalFree, (HLOCAL a), (a))
X(SIZE_T, LocalSize, (HLOCAL a), (a))
X(UINT, LocalFlags, (HLOCAL a), (a))
X(LPVOID, LocalLock, (HLOCAL a), (a))
X(BOOL, LocalUnlock, (HLOCAL a), (a))
X(HLOCAL, LocalHandle, (LPCVOID a), (a))
X(HGLOBAL, GlobalAlloc, (UINT a, SIZE_T b), (a, b))
X(HGLOBAL, GlobalReAlloc, (HGLOBAL a, SIZE_T b, UINT c), (a, b, c))
X(HGLOBAL, GlobalFree, (HGLOBAL a), (a))
X(SIZE_T, GlobalSize, (HGLOBAL a), (a))
X(UINT, GlobalFlags, (HGLOBAL a), (a))
X(LPVOID, GlobalLock, (HGLOBAL a), (a))
X(BOOL, GlobalUnlock, (HGLOBAL a), (a))
X(HGLOBAL, GlobalHandle, (LPCVOID a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREAD)
F(HANDLE, CreateThread,
  (LPSECURITY_ATTRIBUTES a, SIZE_T b, LPTHREAD_START_ROUTINE c, LPVOID d, DWORD e, LPDWORD
  f), (a, b, c, d, e, f))
X(VOID, ExitThread, (DWORD a), (a))
X(BOOL, GetExitCodeThread, (HANDLE a, LPDWORD b), (a, b))
X(DWORD, GetThreadId, (HANDLE a), (a))
X(HANDLE, GetCurrentThread, (VOID), ())
X(DWORD, GetCurrentThreadId, (VOID), ())
X(BOOL, SwitchToThread, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SUSPEND)
X(HANDLE, OpenThread, (DWORD a, BOOL b, DWORD c), (a, b, c))
X(DWORD, SuspendThread, (HANDLE a), (a))
X(DWORD, ResumeThread, (HANDLE a), (a))
X(BOOL, GetThreadContext, (HANDLE a, LPCONTEXT b), (a, b))
X(BOOL, SetThreadContext, (HANDLE a, const CONTEXT *b), (a, b))
X(BOOL, TerminateThread, (HANDLE a, DWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_WAIT)
X(DWORD, WaitForSingleObject, (HANDLE a, DWORD b), (a, b))
X(DWORD, WaitForSingleObjectEx, (HANDLE a, DWORD b, BOOL c), (a, b, c))
X(DWORD, WaitForMultipleObjects, (DWORD a, const HANDLE *b, BOOL c, DWORD d), (a, b, c, d))
X(DWORD, WaitForMultipleObjectsEx,
  (DWORD a, const HANDLE *b, BOOL c, DWORD d, BOOL e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_REGISTERED)
F(BOOL, RegisterWaitForSingleObject,
  (PHANDLE a, HANDLE b, WAITORTIMERCALLBACK c, PVOID d, ULONG e, ULONG f), (a, b, c, d, e, f))
X(BOOL, UnregisterWait, (HANDLE a), (a))
X(BOOL, UnregisterWaitEx, (HANDLE a, HANDLE b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_APC)
F(DWORD, QueueUserAPC, (PAPCFUNC a, HANDLE b, ULONG_PTR c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SIGNAL)
X(DWORD, SignalObjectAndWait, (HANDLE a, HANDLE b, DWORD c, BOOL d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TOOLHELP)
X(HANDLE, CreateToolhelp32Snapshot, (DWORD a, DWORD b), (a, b))
X(BOOL, Module32First, (HANDLE a, LPMODULEENTRY32 b), (a, b))
X(BOOL, Module32FirstW, (HANDLE a, LPMODULEENTRY32W b), (a, b))
X(BOOL, Module32Next, (HANDLE a, LPMODULEENTRY32 b), (a, b))
X(BOOL, Module32NextW, (HANDLE a, LPMODULEENTRY32W b), (a, b))
X(BOOL, Thread32First, (HANDLE a, LPTHREADENTRY32 b), (a, b))
X(BOOL, Thread32Next, (HANDLE a, LPTHREADENTRY32 b), (a, b))
X(BOOL, Process32First, (HANDLE a, LPPROCESSENTRY32 b), (a, b))
X(BOOL, Process32Next, (HANDLE a, LPPROCESSENTRY32 b), (a, b))
X(BOOL, Process32FirstW, (HANDLE a, LPPROCESSENTRY32W b), (a, b))
X(BOOL, Process32NextW, (HANDLE a, LPPROCESSENTRY32W b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_THREAD_INFO)
X(DWORD, GetProcessIdOfThread, (HANDLE a), (a))
X(int, GetThreadPriority, (HANDLE a), (a))
X(BOOL, SetThreadPriority, (HANDLE a, int b), (a, b))
X(DWORD_PTR, SetThreadAffinityMask, (HANDLE a, DWORD_PTR b), (a, b))
X(BOOL, GetProcessAffinityMask, (HANDLE a, PDWORD_PTR b, PDWORD_PTR c), (a, b, c))
X(BOOL, GetThreadTimes,
  (HANDLE a, LPFILETIME b, LPFILETIME c, LPFILETIME d, LPFILETIME e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_EVENT)
X(HANDLE, CreateEventA, (LPSECURITY_ATTRIBUTES a, BOOL b, BOOL c, LPCSTR d), (a, b, c, d))
X(HANDLE, CreateEventW, (LPSECURITY_ATTRIBUTES a, BOOL b, BOOL c, LPCWSTR d), (a, b, c, d))
X(HANDLE, CreateEventExA,
  (LPSECURITY_ATTRIBUTES a, LPCSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, CreateEventExW,
  (LPSECURITY_ATTRIBUTES a, LPCWSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, OpenEventA, (DWORD a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, OpenEventW, (DWORD a, BOOL b, LPCWSTR c), (a, b, c))
X(BOOL, PulseEvent, (HANDLE a), (a))
X(BOOL, SetEvent, (HANDLE a), (a))
X(BOOL, ResetEvent, (HANDLE a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_MUTEX)
X(HANDLE, CreateMutexA, (LPSECURITY_ATTRIBUTES a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, CreateMutexW, (LPSECURITY_ATTRIBUTES a, BOOL b, LPCWSTR c), (a, b, c))
X(HANDLE, CreateMutexExA,
  (LPSECURITY_ATTRIBUTES a, LPCSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, CreateMutexExW,
  (LPSECURITY_ATTRIBUTES a, LPCWSTR b, DWORD c, DWORD d), (a, b, c, d))
X(HANDLE, OpenMutexA, (DWORD a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, OpenMutexW, (DWORD a, BOOL b, LPCWSTR c), (a, b, c))
X(BOOL, ReleaseMutex, (HANDLE a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SEMAPHORE)
X(HANDLE, CreateSemaphoreA,
  (LPSECURITY_ATTRIBUTES a, LONG b, LONG c, LPCSTR d), (a, b, c, d))
X(HANDLE, CreateSemaphoreW,
  (LPSECURITY_ATTRIBUTES a, LONG b, LONG c, LPCWSTR d), (a, b, c, d))
X(HANDLE, CreateSemaphoreExA,
  (LPSECURITY_ATTRIBUTES a, LONG b, LONG c, LPCSTR d, DWORD e, DWORD f), (a, b, c, d, e, f))
X(HANDLE, CreateSemaphoreExW,
  (LPSECURITY_ATTRIBUTES a, LONG b, LONG c, LPCWSTR d, DWORD e, DWORD f), (a, b, c, d, e, f))
X(HANDLE, OpenSemaphoreA, (DWORD a, BOOL b, LPCSTR c), (a, b, c))
X(HANDLE, OpenSemaphoreW, (DWORD a, BOOL b, LPCWSTR c), (a, b, c))
X(BOOL, ReleaseSemaphore, (HANDLE a, LONG b, LPLONG c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SLEEP)
X(VOID, Sleep, (DWORD a), (a))
X(DWORD, SleepEx, (DWORD a, BOOL b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CRITICAL)
X(VOID, InitializeCriticalSection, (LPCRITICAL_SECTION a), (a))
X(BOOL, InitializeCriticalSectionAndSpinCount, (LPCRITICAL_SECTION a, DWORD b), (a, b))
X(BOOL, InitializeCriticalSectionEx, (LPCRITICAL_SECTION a, DWORD b, DWORD c), (a, b, c))
X(DWORD, SetCriticalSectionSpinCount, (LPCRITICAL_SECTION a, DWORD b), (a, b))
X(VOID, EnterCriticalSection, (LPCRITICAL_SECTION a), (a))
X(BOOL, TryEnterCriticalSection, (LPCRITICAL_SECTION a), (a))
X(VOID, LeaveCriticalSection, (LPCRITICAL_SECTION a), (a))
X(VOID, DeleteCriticalSection, (LPCRITICAL_SECTION a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_SRW)
X(VOID, InitializeSRWLock, (PSRWLOCK a), (a))
X(VOID, AcquireSRWLockExclusive, (PSRWLOCK a), (a))
X(VOID, AcquireSRWLockShared, (PSRWLOCK a), (a))
X(BOOLEAN, TryAcquireSRWLockExclusive, (PSRWLOCK a), (a))
X(BOOLEAN, TryAcquireSRWLockShared, (PSRWLOCK a), (a))
X(VOID, ReleaseSRWLockExclusive, (PSRWLOCK a), (a))
X(VOID, ReleaseSRWLockShared, (PSRWLOCK a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_CONDITION)
X(VOID, InitializeConditionVariable, (PCONDITION_VARIABLE a), (a))
X(BOOL, SleepConditionVariableCS,
  (PCONDITION_VARIABLE a, PCRITICAL_SECTION b, DWORD c), (a, b, c))
X(BOOL, SleepConditionVariableSRW,
  (PCONDITION_VARIABLE a, PSRWLOCK b, DWORD c, ULONG d), (a, b, c, d))
X(VOID, WakeConditionVariable, (PCONDITION_VARIABLE a), (a))
X(VOID, WakeAllConditionVariable, (PCONDITION_VARIABLE a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ADDRESS)
X(BOOL, WaitOnAddress, (volatile VOID *a, PVOID b, SIZE_T c, DWORD d), (a, b, c, d))
X(VOID, WakeByAddressSingle, (PVOID a), (a))
X(VOID, WakeByAddressAll, (PVOID a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ONCE)
X(VOID, InitOnceInitialize, (PINIT_ONCE a), (a))
F(BOOL, InitOnceExecuteOnce,
  (PINIT_ONCE a, PINIT_ONCE_FN b, PVOID c, LPVOID *d), (a, b, c, d))
X(BOOL, InitOnceBeginInitialize, (LPINIT_ONCE a, DWORD b, PBOOL c, LPVOID *d), (a, b, c, d))
X(BOOL, InitOnceComplete, (LPINIT_ONCE a, DWORD b, LPVOID c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TIME)
X(DWORD, GetTickCount, (VOID), ())
X(ULONGLONG, GetTickCount64, (VOID), ())
X(BOOL, QueryPerformanceCounter, (LARGE_INTEGER *a), (a))
X(BOOL, QueryPerformanceFrequency, (LARGE_INTEGER *a), (a))
X(VOID, GetSystemTimeAsFileTime, (LPFILETIME a), (a))
X(VOID, GetSystemTimePreciseAsFileTime, (LPFILETIME a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TLS)
X(DWORD, TlsAlloc, (VOID), ())
X(BOOL, TlsFree, (DWORD a), (a))
X(LPVOID, TlsGetValue, (DWORD a), (a))
X(BOOL, TlsSetValue, (DWORD a, LPVOID b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TEB)
X(struct _TEB *, NtCurrentTeb, (VOID), ())
X(struct _PEB *, RtlGetCurrentPeb, (VOID), ())
X(ULONG, RtlGetLastWin32Error, (VOID), ())
X(VOID, RtlSetLastWin32Error, (ULONG a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_FLS)
F(DWORD, FlsAlloc, (PFLS_CALLBACK_FUNCTION a), (a))
X(BOOL, FlsFree, (DWORD a), (a))
X(PVOID, FlsGetValue, (DWORD a), (a))
X(BOOL, FlsSetValue, (DWORD a, PVOID b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_ENVIRONMENT)
X(DWORD, GetEnvironmentVariableA, (LPCSTR a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, GetEnvironmentVariableW, (LPCWSTR a, LPWSTR b, DWORD c), (a, b, c))
X(BOOL, SetEnvironmentVariableA, (LPCSTR a, LPCSTR b), (a, b))
X(BOOL, SetEnvironmentVariableW, (LPCWSTR a, LPCWSTR b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_COMMAND)
X(LPSTR, GetCommandLineA, (VOID), ())
X(LPWSTR, GetCommandLineW, (VOID), ())
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_STARTUP)
X(VOID, GetStartupInfoA, (LPSTARTUPINFOA a), (a))
X(VOID, GetStartupInfoW, (LPSTARTUPINFOW a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_MODULE)
X(DWORD, GetModuleFileNameA, (HMODULE a, LPSTR b, DWORD c), (a, b, c))
X(DWORD, GetModuleFileNameW, (HMODULE a, LPWSTR b, DWORD c), (a, b, c))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESS)
X(VOID, ExitProcess, (UINT a), (a))
X(BOOL, TerminateProcess, (HANDLE a, UINT b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_EXIT_CODE)
X(BOOL, GetExitCodeProcess, (HANDLE a, LPDWORD b), (a, b))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_DEBUG)
X(BOOL, IsDebuggerPresent, (VOID), ())
X(BOOL, CheckRemoteDebuggerPresent, (HANDLE a, PBOOL b), (a, b))
X(VOID, DebugBreak, (VOID), ())
X(VOID, OutputDebugStringA, (LPCSTR a), (a))
X(VOID, OutputDebugStringW, (LPCWSTR a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_BOX)
X(int, MessageBoxA, (HWND a, LPCSTR b, LPCSTR c, UINT d), (a, b, c, d))
X(int, MessageBoxW, (HWND a, LPCWSTR b, LPCWSTR c, UINT d), (a, b, c, d))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_TOKEN)
X(BOOL, OpenProcessToken, (HANDLE a, DWORD b, PHANDLE c), (a, b, c))
X(BOOL, LookupPrivilegeValueA, (LPCSTR a, LPCSTR b, PLUID c), (a, b, c))
X(BOOL, LookupPrivilegeValueW, (LPCWSTR a, LPCWSTR b, PLUID c), (a, b, c))
X(BOOL, AdjustTokenPrivileges,
  (HANDLE a, BOOL b, PTOKEN_PRIVILEGES c, DWORD d, PTOKEN_PRIVILEGES e, PDWORD f), (a, b,
  c, d, e, f))
X(BOOL, LookupPrivilegeNameA, (LPCSTR a, PLUID b, LPSTR c, PDWORD d), (a, b, c, d))
X(BOOL, LookupPrivilegeNameW, (LPCWSTR a, PLUID b, LPWSTR c, PDWORD d), (a, b, c, d))
X(BOOL, PrivilegeCheck, (HANDLE a, PPRIVILEGE_SET b, PBOOL c), (a, b, c))
X(BOOL, GetTokenInformation,
  (HANDLE a, TOKEN_INFORMATION_CLASS b, PVOID c, DWORD d, PDWORD e), (a, b, c, d, e))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_PROCESSOR)
X(BOOL, GetLogicalProcessorInformation,
  (PSYSTEM_LOGICAL_PROCESSOR_INFORMATION a, PDWORD b), (a, b))
X(BOOL, GetLogicalProcessorInformationEx,
  (LOGICAL_PROCESSOR_RELATIONSHIP a, PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX b, PDWORD
  c), (a, b, c))
X(BOOL, GetNumaProcessorNode, (UCHAR a, PUCHAR b), (a, b))
X(BOOL, GetNumaProcessorNodeEx, (PPROCESSOR_NUMBER a, PUSHORT b), (a, b))
X(DWORD, GetCurrentProcessorNumber, (VOID), ())
X(VOID, GetCurrentProcessorNumberEx, (PPROCESSOR_NUMBER a), (a))
X(BOOL, IsProcessorFeaturePresent, (DWORD a), (a))
#endif

#if defined(WVM_KIT_ALL) || defined(WVM_KIT_MESSAGE)
F(DWORD, FormatMessageA,
  (DWORD a, LPCVOID b, DWORD c, DWORD d, LPSTR e, DWORD f, va_list *g), (a, b, c, d, e, f,
  g))
F(DWORD, FormatMessageW,
  (DWORD a, LPCVOID b, DWORD c, DWORD d, LPWSTR e, DWORD f, va_list *g), (a, b, c, d, e,
  f, g))
#endif

#include "kit/kit_list_files.h"
#include "kit/kit_list_system.h"
#include "kit/kit_list_program.h"
#include "kit/kit_list_threads.h"
#include "kit/kit_list_native.h"
