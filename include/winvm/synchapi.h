/* winvm/synchapi.h: waiting, events, mutexes, semaphores, and locks without handles
 * (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL BOOLEAN DWORD LONG ULONG SIZE_T HANDLE LPVOID LPCSTR LPCWSTR
 * LPSECURITY_ATTRIBUTES CRITICAL_SECTION SRWLOCK CONDITION_VARIABLE INIT_ONCE PINIT_ONCE_FN
 * SYNCHRONIZATION_BARRIER PTIMERAPCROUTINE PREASON_CONTEXT LARGE_INTEGER. */
#ifndef WINVM_SYNCHAPI_H
#define WINVM_SYNCHAPI_H

#include "minwinbase.h"

#ifndef WINVM_NO_TYPES
#ifndef INFINITE
#define INFINITE 0xffffffff
#endif
#define MAXIMUM_WAIT_OBJECTS 64
#define WAIT_OBJECT_0 ((DWORD)0x00000000)
#define WAIT_ABANDONED ((DWORD)0x00000080)
#define WAIT_ABANDONED_0 ((DWORD)0x00000080)
#define WAIT_IO_COMPLETION ((DWORD)0x000000C0)
#define WAIT_TIMEOUT 258
#define WAIT_FAILED ((DWORD)0xFFFFFFFF)

#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define MUTEX_MODIFY_STATE 0x0001
#define MUTANT_QUERY_STATE 0x0001
#define MUTANT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | MUTANT_QUERY_STATE)
#define MUTEX_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1)
#define SEMAPHORE_MODIFY_STATE 0x0002
#define SEMAPHORE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define CREATE_EVENT_MANUAL_RESET 0x00000001
#define CREATE_EVENT_INITIAL_SET 0x00000002
#define CREATE_MUTEX_INITIAL_OWNER 0x00000001
#define TIMER_QUERY_STATE 0x0001
#define TIMER_MODIFY_STATE 0x0002
#define TIMER_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define CREATE_WAITABLE_TIMER_MANUAL_RESET 0x00000001
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x00000002
/* The time of the tick, in units of 100 ns since 1601. */
typedef void(WINAPI *PTIMERAPCROUTINE)(LPVOID lpArgToCompletionRoutine, DWORD dwTimerLowValue,
                                       DWORD dwTimerHighValue);
/* Why a timer wakes the machine, which none does here. */
typedef struct _REASON_CONTEXT {
    ULONG Version;
    DWORD Flags;
    __extension__ union {
        struct {
            HMODULE LocalizedReasonModule;
            ULONG LocalizedReasonId;
            ULONG ReasonStringCount;
            LPWSTR *ReasonStrings;
        } Detailed;
        LPWSTR SimpleReasonString;
    } Reason;
} REASON_CONTEXT, *PREASON_CONTEXT;
#define POWER_REQUEST_CONTEXT_VERSION 0
#define POWER_REQUEST_CONTEXT_SIMPLE_STRING 0x00000001
#define POWER_REQUEST_CONTEXT_DETAILED_STRING 0x00000002

/* DebugInfo is (PVOID)-1 while the section can be used. */
typedef struct _RTL_CRITICAL_SECTION {
    PVOID DebugInfo;
    LONG LockCount;
    LONG RecursionCount;
    HANDLE OwningThread; /* its number */
    HANDLE LockSemaphore;
    ULONG_PTR SpinCount;
} RTL_CRITICAL_SECTION, *PRTL_CRITICAL_SECTION;
typedef RTL_CRITICAL_SECTION CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;
#define CRITICAL_SECTION_NO_DEBUG_INFO 0x01000000
#define RTL_CRITICAL_SECTION_FLAG_NO_DEBUG_INFO 0x01000000
#define RTL_CRITICAL_SECTION_FLAG_DYNAMIC_SPIN 0x02000000
#define RTL_CRITICAL_SECTION_FLAG_STATIC_INIT 0x04000000

/* These three are one pointer, and free, or new, when it is 0. */
typedef struct _RTL_SRWLOCK {
    PVOID Ptr;
} RTL_SRWLOCK, *PRTL_SRWLOCK, SRWLOCK, *PSRWLOCK;
typedef struct _RTL_CONDITION_VARIABLE {
    PVOID Ptr;
} RTL_CONDITION_VARIABLE, *PRTL_CONDITION_VARIABLE, CONDITION_VARIABLE, *PCONDITION_VARIABLE;
typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE, INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;
#define RTL_SRWLOCK_INIT {0}
#define SRWLOCK_INIT RTL_SRWLOCK_INIT
#define RTL_CONDITION_VARIABLE_INIT {0}
#define CONDITION_VARIABLE_INIT RTL_CONDITION_VARIABLE_INIT
#define RTL_CONDITION_VARIABLE_LOCKMODE_SHARED 0x1
#define CONDITION_VARIABLE_LOCKMODE_SHARED RTL_CONDITION_VARIABLE_LOCKMODE_SHARED
#define RTL_RUN_ONCE_INIT {0}
#define INIT_ONCE_STATIC_INIT RTL_RUN_ONCE_INIT
#define INIT_ONCE_CHECK_ONLY 0x1
#define INIT_ONCE_ASYNC 0x2
#define INIT_ONCE_INIT_FAILED 0x4
#define INIT_ONCE_CTX_RESERVED_BITS 2
typedef BOOL(WINAPI *PINIT_ONCE_FN)(PINIT_ONCE InitOnce, PVOID Parameter, PVOID *Context);

typedef struct _RTL_BARRIER {
    DWORD Reserved1;
    DWORD Reserved2;
    ULONG_PTR Reserved3[2];
    DWORD Reserved4;
    DWORD Reserved5;
} RTL_BARRIER, *PRTL_BARRIER;
typedef RTL_BARRIER SYNCHRONIZATION_BARRIER, *PSYNCHRONIZATION_BARRIER, *LPSYNCHRONIZATION_BARRIER;
#define SYNCHRONIZATION_BARRIER_FLAGS_SPIN_ONLY 0x01
#define SYNCHRONIZATION_BARRIER_FLAGS_BLOCK_ONLY 0x02
#define SYNCHRONIZATION_BARRIER_FLAGS_NO_DELETE 0x04

#if WINVM_64
WINVM_STATIC_ASSERT(sizeof(CRITICAL_SECTION) == 40, "CRITICAL_SECTION");
#else
WINVM_STATIC_ASSERT(sizeof(CRITICAL_SECTION) == 24, "CRITICAL_SECTION");
#endif
#endif

WINVM_BEGIN_DECLS

/* Waits for a thread (its end), an event, a mutex, a semaphore or a timer. The handle must grant
 * SYNCHRONIZE. WAIT_OBJECT_0; WAIT_ABANDONED: got, but its owner ended without letting go;
 * WAIT_TIMEOUT after dwMilliseconds; WAIT_FAILED: 6 no handle of such an object, 5. Nothing can
 * interrupt an alertable wait. */
WINVM_DECLARE(DWORD, WaitForSingleObject, (HANDLE hHandle, DWORD dwMilliseconds));
WINVM_DECLARE(DWORD, WaitForSingleObjectEx,
              (HANDLE hHandle, DWORD dwMilliseconds, BOOL bAlertable));
/* Sets an event, releases a mutex or counts a semaphore up by one, and waits for hObjectToWaitOn as
 * WaitForSingleObjectEx does, after that. WAIT_FAILED: 6, 5, 288, 298. */
WINVM_DECLARE(DWORD, SignalObjectAndWait,
              (HANDLE hObjectToSignal, HANDLE hObjectToWaitOn, DWORD dwMilliseconds,
               BOOL bAlertable));
/* For 1..64 objects: any of them (WAIT_OBJECT_0 + the first that is ready, WAIT_ABANDONED_0 + ...),
 * or all at once, and until then none. WAIT_FAILED: 87 also when all are wanted and one is named
 * twice. */
WINVM_DECLARE(DWORD, WaitForMultipleObjects,
              (DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds));
WINVM_DECLARE(DWORD, WaitForMultipleObjectsEx,
              (DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds,
               BOOL bAlertable));

/* Names are of this process, of at most 260 characters, the same for all kinds, and told apart by
 * case; "Local\" in front means nothing, another backslash but that of "Global\" is an error. A
 * name that an object of this kind has: a handle to it, with the last error 183
 * ERROR_ALREADY_EXISTS, else that is 0. It ends with the last handle. Empty: none. Errors: 6 an
 * object of another kind has the name, 3, 206 the name, 8, 87. */
WINVM_DECLARE(HANDLE, CreateEventA,
              (LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState,
               LPCSTR lpName));
WINVM_DECLARE(HANDLE, CreateEventW,
              (LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState,
               LPCWSTR lpName));
/* dwFlags: CREATE_EVENT_*. */
WINVM_DECLARE(HANDLE, CreateEventExA,
              (LPSECURITY_ATTRIBUTES lpEventAttributes, LPCSTR lpName, DWORD dwFlags,
               DWORD dwDesiredAccess));
WINVM_DECLARE(HANDLE, CreateEventExW,
              (LPSECURITY_ATTRIBUTES lpEventAttributes, LPCWSTR lpName, DWORD dwFlags,
               DWORD dwDesiredAccess));
/* Errors: 6, 5 without EVENT_MODIFY_STATE. */
WINVM_DECLARE(BOOL, SetEvent, (HANDLE hEvent));
WINVM_DECLARE(BOOL, ResetEvent, (HANDLE hEvent));
/* Ends the waits that can end if it is set now, and leaves it not set. */
WINVM_DECLARE(BOOL, PulseEvent, (HANDLE hEvent));
/* Objects by their names. NULL: 2 ERROR_FILE_NOT_FOUND, 6 another kind, 3, 206, 87 no name. */
WINVM_DECLARE(HANDLE, OpenEventA, (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName));
WINVM_DECLARE(HANDLE, OpenEventW, (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName));
WINVM_DECLARE(HANDLE, OpenMutexA, (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName));
WINVM_DECLARE(HANDLE, OpenMutexW, (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName));
WINVM_DECLARE(HANDLE, OpenSemaphoreA,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName));
WINVM_DECLARE(HANDLE, OpenSemaphoreW,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName));
WINVM_DECLARE(HANDLE, CreateMutexA,
              (LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCSTR lpName));
WINVM_DECLARE(HANDLE, CreateMutexW,
              (LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCWSTR lpName));
/* dwFlags: CREATE_MUTEX_INITIAL_OWNER. */
WINVM_DECLARE(HANDLE, CreateMutexExA,
              (LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCSTR lpName, DWORD dwFlags,
               DWORD dwDesiredAccess));
WINVM_DECLARE(HANDLE, CreateMutexExW,
              (LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCWSTR lpName, DWORD dwFlags,
               DWORD dwDesiredAccess));
/* Errors: 6, 288 ERROR_NOT_OWNER. */
WINVM_DECLARE(BOOL, ReleaseMutex, (HANDLE hMutex));
/* Errors: 87 a count below 0, above the maximum, or a maximum below 1. */
WINVM_DECLARE(HANDLE, CreateSemaphoreA,
              (LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
               LPCSTR lpName));
WINVM_DECLARE(HANDLE, CreateSemaphoreW,
              (LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
               LPCWSTR lpName));
/* dwFlags: 0. */
WINVM_DECLARE(HANDLE, CreateSemaphoreExA,
              (LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
               LPCSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess));
WINVM_DECLARE(HANDLE, CreateSemaphoreExW,
              (LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
               LPCWSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess));
/* *lpPreviousCount, which may be NULL: what it was. Errors: 6, 5, 87 lReleaseCount below 1, 298
 * ERROR_TOO_MANY_POSTS. */
WINVM_DECLARE(BOOL, ReleaseSemaphore,
              (HANDLE hSemaphore, LONG lReleaseCount, LPLONG lpPreviousCount));

/* Timers: signalled when their time comes. A synchronisation timer ends one wait for each time. */
WINVM_DECLARE(HANDLE, CreateWaitableTimerA,
              (LPSECURITY_ATTRIBUTES lpTimerAttributes, BOOL bManualReset, LPCSTR lpTimerName));
WINVM_DECLARE(HANDLE, CreateWaitableTimerW,
              (LPSECURITY_ATTRIBUTES lpTimerAttributes, BOOL bManualReset, LPCWSTR lpTimerName));
/* dwFlags: CREATE_WAITABLE_TIMER_*; all timers are as fine as the host's. */
WINVM_DECLARE(HANDLE, CreateWaitableTimerExA,
              (LPSECURITY_ATTRIBUTES lpTimerAttributes, LPCSTR lpTimerName, DWORD dwFlags,
               DWORD dwDesiredAccess));
WINVM_DECLARE(HANDLE, CreateWaitableTimerExW,
              (LPSECURITY_ATTRIBUTES lpTimerAttributes, LPCWSTR lpTimerName, DWORD dwFlags,
               DWORD dwDesiredAccess));
WINVM_DECLARE(HANDLE, OpenWaitableTimerA,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpTimerName));
WINVM_DECLARE(HANDLE, OpenWaitableTimerW,
              (DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpTimerName));
/* Not signalled from now on until *lpDueTime (100 ns; negative: from now on, else since 1601, by
 * the clock as it is set now), then every lPeriod milliseconds, if that is not 0. The calling
 * thread is to call pfnCompletionRoutine, which may be NULL, at each such time, in an alertable
 * wait. With fResume TRUE the last error is 50 ERROR_NOT_SUPPORTED: no sleeping machine is woken.
 * Errors: 6, 5, 87 no time, or a period below 0; 8, 1450. */
WINVM_DECLARE(BOOL, SetWaitableTimer,
              (HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
               PTIMERAPCROUTINE pfnCompletionRoutine, LPVOID lpArgToCompletionRoutine,
               BOOL fResume));
/* WakeContext not NULL: as fResume. */
WINVM_DECLARE(BOOL, SetWaitableTimerEx,
              (HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
               PTIMERAPCROUTINE pfnCompletionRoutine, LPVOID lpArgToCompletionRoutine,
               PREASON_CONTEXT WakeContext, ULONG TolerableDelay));
/* It stays signalled if it is, and calls nothing any more. Errors: 6, 5. */
WINVM_DECLARE(BOOL, CancelWaitableTimer, (HANDLE hTimer));

/* 0 gives the processor to another thread. INFINITE sleeps for ever. SleepEx returns 0. */
WINVM_DECLARE(void, Sleep, (DWORD dwMilliseconds));
WINVM_DECLARE(DWORD, SleepEx, (DWORD dwMilliseconds, BOOL bAlertable));

/* Locks of one process, entered by one thread any number of times over. They take no memory and
 * need none. */
WINVM_DECLARE(void, InitializeCriticalSection, (LPCRITICAL_SECTION lpCriticalSection));
WINVM_DECLARE(BOOL, InitializeCriticalSectionAndSpinCount,
              (LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount));
/* Errors: 87 an unknown flag, or more than 0xFFFFFF spins. */
WINVM_DECLARE(BOOL, InitializeCriticalSectionEx,
              (LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount, DWORD Flags));
WINVM_DECLARE(DWORD, SetCriticalSectionSpinCount,
              (LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount));
WINVM_DECLARE(void, EnterCriticalSection, (LPCRITICAL_SECTION lpCriticalSection));
WINVM_DECLARE(BOOL, TryEnterCriticalSection, (LPCRITICAL_SECTION lpCriticalSection));
WINVM_DECLARE(void, LeaveCriticalSection, (LPCRITICAL_SECTION lpCriticalSection));
WINVM_DECLARE(void, DeleteCriticalSection, (LPCRITICAL_SECTION lpCriticalSection));

/* One exclusive owner, or any number of shared ones; not recursive. */
WINVM_DECLARE(void, InitializeSRWLock, (PSRWLOCK SRWLock));
WINVM_DECLARE(void, AcquireSRWLockExclusive, (PSRWLOCK SRWLock));
WINVM_DECLARE(void, AcquireSRWLockShared, (PSRWLOCK SRWLock));
WINVM_DECLARE(BOOLEAN, TryAcquireSRWLockExclusive, (PSRWLOCK SRWLock));
WINVM_DECLARE(BOOLEAN, TryAcquireSRWLockShared, (PSRWLOCK SRWLock));
WINVM_DECLARE(void, ReleaseSRWLockExclusive, (PSRWLOCK SRWLock));
WINVM_DECLARE(void, ReleaseSRWLockShared, (PSRWLOCK SRWLock));

/* Sleeps with the lock let go, and has it again when it returns. FALSE: 1460 ERROR_TIMEOUT. */
WINVM_DECLARE(void, InitializeConditionVariable, (PCONDITION_VARIABLE ConditionVariable));
WINVM_DECLARE(BOOL, SleepConditionVariableCS,
              (PCONDITION_VARIABLE ConditionVariable, PCRITICAL_SECTION CriticalSection,
               DWORD dwMilliseconds));
WINVM_DECLARE(BOOL, SleepConditionVariableSRW,
              (PCONDITION_VARIABLE ConditionVariable, PSRWLOCK SRWLock, DWORD dwMilliseconds,
               ULONG Flags));
WINVM_DECLARE(void, WakeConditionVariable, (PCONDITION_VARIABLE ConditionVariable));
WINVM_DECLARE(void, WakeAllConditionVariable, (PCONDITION_VARIABLE ConditionVariable));

/* Sleeps while the AddressSize (1, 2, 4, 8) bytes at Address are those at CompareAddress, until a
 * wake of the address. FALSE: 1460 ERROR_TIMEOUT, 87 another size. */
WINVM_DECLARE(BOOL, WaitOnAddress,
              (volatile void *Address, PVOID CompareAddress, SIZE_T AddressSize,
               DWORD dwMilliseconds));
WINVM_DECLARE(void, WakeByAddressSingle, (PVOID Address));
WINVM_DECLARE(void, WakeByAddressAll, (PVOID Address));

/* Contexts are multiples of 4. Errors: 87; 31 ERROR_GEN_FAILURE: not initialised yet
 * (INIT_ONCE_CHECK_ONLY), or InitOnceComplete came too late. */
WINVM_DECLARE(void, InitOnceInitialize, (PINIT_ONCE InitOnce));
WINVM_DECLARE(BOOL, InitOnceExecuteOnce,
              (PINIT_ONCE InitOnce, PINIT_ONCE_FN InitFn, PVOID Parameter, LPVOID *Context));
WINVM_DECLARE(BOOL, InitOnceBeginInitialize,
              (LPINIT_ONCE lpInitOnce, DWORD dwFlags, PBOOL fPending, LPVOID *lpContext));
WINVM_DECLARE(BOOL, InitOnceComplete, (LPINIT_ONCE lpInitOnce, DWORD dwFlags, LPVOID lpContext));

/* lTotalThreads threads wait for one another; lSpinCount: looks before one sleeps, -1: as many as
 * usual. Errors: 87. */
WINVM_DECLARE(BOOL, InitializeSynchronizationBarrier,
              (LPSYNCHRONIZATION_BARRIER lpBarrier, LONG lTotalThreads, LONG lSpinCount));
/* Returns when all have entered: TRUE in the last one, FALSE in the others. */
WINVM_DECLARE(BOOL, EnterSynchronizationBarrier,
              (LPSYNCHRONIZATION_BARRIER lpBarrier, DWORD dwFlags));
/* Returns when no thread is in it any more. */
WINVM_DECLARE(BOOL, DeleteSynchronizationBarrier, (LPSYNCHRONIZATION_BARRIER lpBarrier));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define CreateEvent CreateEventW
#define CreateEventEx CreateEventExW
#define CreateMutex CreateMutexW
#define CreateSemaphore CreateSemaphoreW
#define CreateMutexEx CreateMutexExW
#define CreateSemaphoreEx CreateSemaphoreExW
#define OpenEvent OpenEventW
#define CreateWaitableTimer CreateWaitableTimerW
#define CreateWaitableTimerEx CreateWaitableTimerExW
#define OpenWaitableTimer OpenWaitableTimerW
#define OpenMutex OpenMutexW
#define OpenSemaphore OpenSemaphoreW
#else
#define CreateEvent CreateEventA
#define CreateEventEx CreateEventExA
#define CreateMutex CreateMutexA
#define CreateSemaphore CreateSemaphoreA
#define CreateMutexEx CreateMutexExA
#define CreateSemaphoreEx CreateSemaphoreExA
#define OpenEvent OpenEventA
#define CreateWaitableTimer CreateWaitableTimerA
#define CreateWaitableTimerEx CreateWaitableTimerExA
#define OpenWaitableTimer OpenWaitableTimerA
#define OpenMutex OpenMutexA
#define OpenSemaphore OpenSemaphoreA
#endif
#endif

WINVM_END_DECLS

#endif
