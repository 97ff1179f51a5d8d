/* winvm/kit_threads.h: what processthreadsapi.h has of libwinvm-kit: threads, and slots of each
 * thread.
 *
 * WINVM_NO_TYPES needs: BOOL UINT DWORD SIZE_T HANDLE LPVOID LPFILETIME LPSECURITY_ATTRIBUTES
 * LPTHREAD_START_ROUTINE. */
#ifndef WINVM_KIT_THREADS_H
#define WINVM_KIT_THREADS_H

#include "minwinbase.h"
#include "processthreadsapi.h"

#ifndef WINVM_NO_TYPES
typedef DWORD(WINAPI *PTHREAD_START_ROUTINE)(LPVOID lpThreadParameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;

#define THREAD_TERMINATE 0x0001
#define THREAD_SUSPEND_RESUME 0x0002
#define THREAD_GET_CONTEXT 0x0008
#define THREAD_SET_CONTEXT 0x0010
#define THREAD_SET_INFORMATION 0x0020
#define THREAD_QUERY_INFORMATION 0x0040
#define THREAD_SET_THREAD_TOKEN 0x0080
#define THREAD_IMPERSONATE 0x0100
#define THREAD_DIRECT_IMPERSONATION 0x0200
#define THREAD_SET_LIMITED_INFORMATION 0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_RESUME 0x1000
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xffff)

typedef void(WINAPI *PAPCFUNC)(ULONG_PTR Parameter);

/* GetThreadPriority. */
#define THREAD_PRIORITY_IDLE (-15)
#define THREAD_PRIORITY_LOWEST (-2)
#define THREAD_PRIORITY_BELOW_NORMAL (-1)
#define THREAD_PRIORITY_NORMAL 0
#define THREAD_PRIORITY_ABOVE_NORMAL 1
#define THREAD_PRIORITY_HIGHEST 2
#define THREAD_PRIORITY_TIME_CRITICAL 15
#define THREAD_PRIORITY_ERROR_RETURN 0x7fffffff

/* CreateThread. */
#define CREATE_SUSPENDED 0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
/* GetExitCodeThread: it has not ended. */
#define STILL_ACTIVE 259

/* TlsAlloc: no index is left; the indexes that a program may count on. */
#define TLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
#define TLS_MINIMUM_AVAILABLE 64
#endif

struct _PROC_THREAD_ATTRIBUTE_LIST;

WINVM_BEGIN_DECLS

/* Runs lpStartAddress(lpParameter) in a new thread of the host. dwStackSize, bytes, rounded up to
 * 64 KiB: what the stack is, 256 KiB at least, with STACK_SIZE_PARAM_IS_A_RESERVATION, else what it
 * is at least; 0: as threads of the host have it. dwCreationFlags: that one, and CREATE_SUSPENDED:
 * it runs after ResumeThread. *lpThreadId, which may be NULL: the host's number of the thread.
 * NULL: 8, 87 another flag, 1450. */
WINVM_DECLARE(HANDLE, CreateThread,
              (LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
               LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter, DWORD dwCreationFlags,
               LPDWORD lpThreadId));
/* The same in a process, which must be this one. NULL: 5 another process, or no right
 * PROCESS_CREATE_THREAD; 6; 50 an attribute list. */
WINVM_DECLARE(HANDLE, CreateRemoteThread,
              (HANDLE hProcess, LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
               LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter, DWORD dwCreationFlags,
               LPDWORD lpThreadId));
WINVM_DECLARE(HANDLE, CreateRemoteThreadEx,
              (HANDLE hProcess, LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
               LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter, DWORD dwCreationFlags,
               struct _PROC_THREAD_ATTRIBUTE_LIST *lpAttributeList, LPDWORD lpThreadId));
/* Does not return. No destructor of C++ runs in a thread of CreateThread; in another one this is
 * pthread_exit. */
__attribute__((__noreturn__)) WINVM_DECLARE(void, ExitThread, (DWORD dwExitCode));
/* A handle to a thread of this process by its number, whoever made it. NULL: 87 there is none, 5 it
 * is another process's, or keeps all its signals blocked; 8. */
WINVM_DECLARE(HANDLE, OpenThread,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwThreadId));
/* How often the thread was suspended before. When this returns it does not run, and holds nothing
 * of winvm's and the kit's that other threads need; what it holds of the program's and of the C
 * library's (malloc) it keeps. A signal stops it, which ends some calls of the host with EINTR.
 * (DWORD)-1: 6, 5 no right to, or it has ended; 156 it was suspended 127 times; 1460 it keeps the
 * signal blocked. */
WINVM_DECLARE(DWORD, SuspendThread, (HANDLE hThread));
/* How often the thread was suspended before; 1: it runs now. (DWORD)-1: 6, 5. */
WINVM_DECLARE(DWORD, ResumeThread, (HANDLE hThread));
/* The parts that ContextFlags names, of a thread that is suspended; of one that runs: as of a
 * moment ago. Debug registers are 0. Errors: 6, 5, 1460. */
WINVM_DECLARE(BOOL, GetThreadContext, (HANDLE hThread, struct _CONTEXT *lpContext));
/* The parts that ContextFlags names, in force when the thread goes on; debug registers and segments
 * are not taken. A thread in a wait of the kit's leaves it where it goes. Errors: 6, 5, 1460. */
WINVM_DECLARE(BOOL, SetThreadContext, (HANDLE hThread, const struct _CONTEXT *lpContext));
/* Ends a thread where it stands, suspended or not: nothing of it is run, what it holds stays held,
 * its stack stays. The calling thread: ExitThread. Errors: 6, 5, 1460. */
WINVM_DECLARE(BOOL, TerminateThread, (HANDLE hThread, DWORD dwExitCode));
/* STILL_ACTIVE, or what the thread ended with; 0 for a thread of the host's. Errors: 6, 5. */
WINVM_DECLARE(BOOL, GetExitCodeThread, (HANDLE hThread, LPDWORD lpExitCode));
/* Has the thread call pfnAPC(dwData) in its next alertable wait, which that ends with
 * WAIT_IO_COMPLETION, or before it begins. 0: 6, 5, 31 it has ended, 8. */
WINVM_DECLARE(DWORD, QueueUserAPC, (PAPCFUNC pfnAPC, HANDLE hThread, ULONG_PTR dwData));
/* 0: 6, 5. */
WINVM_DECLARE(DWORD, GetProcessIdOfThread, (HANDLE Thread));
/* What was set, THREAD_PRIORITY_NORMAL at first. The host's own priority of the thread follows
 * where the process may also take that back. THREAD_PRIORITY_ERROR_RETURN: 6, 5. */
WINVM_DECLARE(int, GetThreadPriority, (HANDLE hThread));
/* Errors: 6, 5, 87 no such priority. */
WINVM_DECLARE(BOOL, SetThreadPriority, (HANDLE hThread, int nPriority));
/* Bit n: processor n of the host, of the first 64. The mask of before; 0: 6, 5, 87. */
WINVM_DECLARE(DWORD_PTR, SetThreadAffinityMask, (HANDLE hThread, DWORD_PTR dwThreadAffinityMask));
/* Those that the process may run on, and all. Errors: 6, 5. */
WINVM_DECLARE(BOOL, GetProcessAffinityMask,
              (HANDLE hProcess, DWORD_PTR *lpProcessAffinityMask,
               DWORD_PTR *lpSystemAffinityMask));
/* Since 1601, and spent, in units of 100 ns; the host counts ticks of 10 ms. The time of the end: 0
 * while it runs. Of a thread that has ended what it spent is 0. Errors: 6, 5. */
WINVM_DECLARE(BOOL, GetThreadTimes,
              (HANDLE hThread, LPFILETIME lpCreationTime, LPFILETIME lpExitTime,
               LPFILETIME lpKernelTime, LPFILETIME lpUserTime));
/* (HANDLE)-2: the calling thread, also in DuplicateHandle, which gives other threads a handle. */
WINVM_DECLARE(HANDLE, GetCurrentThread, (void));
/* The host's numbers of threads. GetThreadId 0: 6, 5. */
WINVM_DECLARE(DWORD, GetCurrentThreadId, (void));
WINVM_DECLARE(DWORD, GetThreadId, (HANDLE Thread));
/* TRUE, whether or not another thread ran. */
WINVM_DECLARE(BOOL, SwitchToThread, (void));

/* Ends the process as exit does: what the C library has registered runs. The host keeps the low
 * eight bits of the code. */
__attribute__((__noreturn__)) WINVM_DECLARE(void, ExitProcess, (UINT uExitCode));
/* Ends this process at once, or one of CreateProcess that has not ended. Errors: 6, 5 another
 * process. */
WINVM_DECLARE(BOOL, TerminateProcess, (HANDLE hProcess, UINT uExitCode));
/* STILL_ACTIVE, or what the process ended with; 128 and the number of the signal that ended it.
 * Errors: 6, 5, 1168 the host does not know any more, as its parent has waited for it. */
WINVM_DECLARE(BOOL, GetExitCodeProcess, (HANDLE hProcess, LPDWORD lpExitCode));

/* An index of a slot that each thread has, NULL at first; 1088 of them. TLS_OUT_OF_INDEXES: 259. */
WINVM_DECLARE(DWORD, TlsAlloc, (void));
/* Errors: 87. */
WINVM_DECLARE(BOOL, TlsFree, (DWORD dwTlsIndex));
/* Sets the last error also when it succeeds, to 0, as NULL may be the value. NULL: 87. */
WINVM_DECLARE(LPVOID, TlsGetValue, (DWORD dwTlsIndex));
/* Errors: 87, 8. */
WINVM_DECLARE(BOOL, TlsSetValue, (DWORD dwTlsIndex, LPVOID lpTlsValue));

WINVM_END_DECLS

#endif
