/* winvm/threadpoolapiset.h: pools of threads (libwinvm-kit), and winbase.h's inline functions for
 * them.
 *
 * A pool starts threads as they are needed: as many as there are processors at once, more when
 * callbacks block or take long; they end when they had nothing to do for 5 s. There is no I/O.
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_THREADPOOLAPISET_H
#define WINVM_THREADPOOLAPISET_H

#include "minwinbase.h"
#include "synchapi.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef DWORD TP_VERSION, *PTP_VERSION;
typedef struct _TP_CALLBACK_INSTANCE TP_CALLBACK_INSTANCE, *PTP_CALLBACK_INSTANCE;
typedef struct _TP_POOL TP_POOL, *PTP_POOL;
typedef struct _TP_CLEANUP_GROUP TP_CLEANUP_GROUP, *PTP_CLEANUP_GROUP;
typedef struct _TP_WORK TP_WORK, *PTP_WORK;
typedef struct _TP_TIMER TP_TIMER, *PTP_TIMER;
typedef struct _TP_WAIT TP_WAIT, *PTP_WAIT;
typedef struct _TP_IO TP_IO, *PTP_IO;
typedef DWORD TP_WAIT_RESULT;

typedef void(NTAPI *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context);
typedef void(NTAPI *PTP_WORK_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context,
                                       PTP_WORK Work);
typedef void(NTAPI *PTP_TIMER_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context,
                                        PTP_TIMER Timer);
/* WaitResult: WAIT_OBJECT_0 or WAIT_TIMEOUT. */
typedef void(NTAPI *PTP_WAIT_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context, PTP_WAIT Wait,
                                       TP_WAIT_RESULT WaitResult);
typedef void(NTAPI *PTP_CLEANUP_GROUP_CANCEL_CALLBACK)(PVOID ObjectContext, PVOID CleanupContext);

typedef enum _TP_CALLBACK_PRIORITY {
    TP_CALLBACK_PRIORITY_HIGH,
    TP_CALLBACK_PRIORITY_NORMAL,
    TP_CALLBACK_PRIORITY_LOW,
    TP_CALLBACK_PRIORITY_INVALID,
    TP_CALLBACK_PRIORITY_COUNT = TP_CALLBACK_PRIORITY_INVALID
} TP_CALLBACK_PRIORITY;

struct _ACTIVATION_CONTEXT;
typedef struct _TP_CALLBACK_ENVIRON_V3 {
    TP_VERSION Version;
    PTP_POOL Pool;
    PTP_CLEANUP_GROUP CleanupGroup;
    PTP_CLEANUP_GROUP_CANCEL_CALLBACK CleanupGroupCancelCallback;
    PVOID RaceDll;                                /* not looked at, as the next two */
    struct _ACTIVATION_CONTEXT *ActivationContext;
    PTP_SIMPLE_CALLBACK FinalizationCallback;
    union {
        DWORD Flags;
        struct {
            DWORD LongFunction : 1;
            DWORD Persistent : 1;
            DWORD Private : 30;
        } s;
    } u;
    TP_CALLBACK_PRIORITY CallbackPriority;
    DWORD Size;
} TP_CALLBACK_ENVIRON_V3;
typedef TP_CALLBACK_ENVIRON_V3 TP_CALLBACK_ENVIRON, *PTP_CALLBACK_ENVIRON;

WINVM_BEGIN_DECLS

/* ---- Pools ---- */

/* reserved: NULL. NULL: 87, 8. */
WINVM_DECLARE(PTP_POOL, CreateThreadpool, (PVOID reserved));
/* Gone once its objects are closed and their callbacks over. */
WINVM_DECLARE(void, CloseThreadpool, (PTP_POOL ptpp));
/* At first 500 and 0. The minimum: so many work at once, and do not end. */
WINVM_DECLARE(void, SetThreadpoolThreadMaximum, (PTP_POOL ptpp, DWORD cthrdMost));
WINVM_DECLARE(BOOL, SetThreadpoolThreadMinimum, (PTP_POOL ptpp, DWORD cthrdMic));

/* ---- Callbacks. pcbe may be NULL; NULL or FALSE: 87 no function, 8. ---- */

WINVM_DECLARE(BOOL, TrySubmitThreadpoolCallback,
              (PTP_SIMPLE_CALLBACK pfns, PVOID pv, PTP_CALLBACK_ENVIRON pcbe));
WINVM_DECLARE(PTP_WORK, CreateThreadpoolWork,
              (PTP_WORK_CALLBACK pfnwk, PVOID pv, PTP_CALLBACK_ENVIRON pcbe));
/* One callback more. */
WINVM_DECLARE(void, SubmitThreadpoolWork, (PTP_WORK pwk));
/* Waits until no callback of it is to begin or runs; fCancelPendingCallbacks: those that have not
 * begun never do. Not for its own callbacks. So for the next ones of this name. */
WINVM_DECLARE(void, WaitForThreadpoolWorkCallbacks, (PTP_WORK pwk, BOOL fCancelPendingCallbacks));
/* Callbacks that are to begin still do. */
WINVM_DECLARE(void, CloseThreadpoolWork, (PTP_WORK pwk));

WINVM_DECLARE(PTP_TIMER, CreateThreadpoolTimer,
              (PTP_TIMER_CALLBACK pfnti, PVOID pv, PTP_CALLBACK_ENVIRON pcbe));
/* A callback at *pftDueTime (as SetWaitableTimer's; NULL: none any more) and every msPeriod
 * milliseconds behind it, if that is not 0. Ex: TRUE: it was set. */
WINVM_DECLARE(void, SetThreadpoolTimer,
              (PTP_TIMER pti, FILETIME *pftDueTime, DWORD msPeriod, DWORD msWindowLength));
WINVM_DECLARE(BOOL, SetThreadpoolTimerEx,
              (PTP_TIMER pti, FILETIME *pftDueTime, DWORD msPeriod, DWORD msWindowLength));
WINVM_DECLARE(BOOL, IsThreadpoolTimerSet, (PTP_TIMER pti));
WINVM_DECLARE(void, WaitForThreadpoolTimerCallbacks,
              (PTP_TIMER pti, BOOL fCancelPendingCallbacks));
WINVM_DECLARE(void, CloseThreadpoolTimer, (PTP_TIMER pti));

WINVM_DECLARE(PTP_WAIT, CreateThreadpoolWait,
              (PTP_WAIT_CALLBACK pfnwa, PVOID pv, PTP_CALLBACK_ENVIRON pcbe));
/* One callback when the object is signalled (h NULL: none any more), or *pftTimeout (NULL: never)
 * has come. A thread of its own waits. Ex: TRUE: it was set. */
WINVM_DECLARE(void, SetThreadpoolWait, (PTP_WAIT pwa, HANDLE h, FILETIME *pftTimeout));
WINVM_DECLARE(BOOL, SetThreadpoolWaitEx,
              (PTP_WAIT pwa, HANDLE h, FILETIME *pftTimeout, PVOID Reserved));
WINVM_DECLARE(void, WaitForThreadpoolWaitCallbacks, (PTP_WAIT pwa, BOOL fCancelPendingCallbacks));
WINVM_DECLARE(void, CloseThreadpoolWait, (PTP_WAIT pwa));

/* ---- Groups: objects that are waited for and closed together ---- */

WINVM_DECLARE(PTP_CLEANUP_GROUP, CreateThreadpoolCleanupGroup, (void));
/* With fCancelPendingCallbacks the environment's function is called for each. */
WINVM_DECLARE(void, CloseThreadpoolCleanupGroupMembers,
              (PTP_CLEANUP_GROUP ptpcg, BOOL fCancelPendingCallbacks, PVOID pvCleanupContext));
WINVM_DECLARE(void, CloseThreadpoolCleanupGroup, (PTP_CLEANUP_GROUP ptpcg));

/* ---- What a callback says of itself ---- */

WINVM_DECLARE(void, SetEventWhenCallbackReturns, (PTP_CALLBACK_INSTANCE pci, HANDLE evt));
WINVM_DECLARE(void, ReleaseSemaphoreWhenCallbackReturns,
              (PTP_CALLBACK_INSTANCE pci, HANDLE sem, DWORD crel));
WINVM_DECLARE(void, ReleaseMutexWhenCallbackReturns, (PTP_CALLBACK_INSTANCE pci, HANDLE mut));
WINVM_DECLARE(void, LeaveCriticalSectionWhenCallbackReturns,
              (PTP_CALLBACK_INSTANCE pci, CRITICAL_SECTION *pcs));
WINVM_DECLARE(void, FreeLibraryWhenCallbackReturns, (PTP_CALLBACK_INSTANCE pci, HMODULE mod));
/* TRUE: there is a thread for others, or may be. */
WINVM_DECLARE(BOOL, CallbackMayRunLong, (PTP_CALLBACK_INSTANCE pci));
/* Waits for callbacks do not wait for this one any more. */
WINVM_DECLARE(void, DisassociateCurrentThreadFromCallback, (PTP_CALLBACK_INSTANCE pci));

WINVM_END_DECLS

#define WINVM_TP_INLINE_ static __inline__ __attribute__((__unused__)) void

WINVM_TP_INLINE_ InitializeThreadpoolEnvironment(PTP_CALLBACK_ENVIRON pcbe)
{
    __builtin_memset(pcbe, 0, sizeof *pcbe);
    pcbe->Version = 3;
    pcbe->CallbackPriority = TP_CALLBACK_PRIORITY_NORMAL;
    pcbe->Size = (DWORD)sizeof *pcbe;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackPool(PTP_CALLBACK_ENVIRON pcbe, PTP_POOL ptpp)
{
    pcbe->Pool = ptpp;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackCleanupGroup(PTP_CALLBACK_ENVIRON pcbe,
                                                   PTP_CLEANUP_GROUP ptpcg,
                                                   PTP_CLEANUP_GROUP_CANCEL_CALLBACK pfng)
{
    pcbe->CleanupGroup = ptpcg;
    pcbe->CleanupGroupCancelCallback = pfng;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackRunsLong(PTP_CALLBACK_ENVIRON pcbe)
{
    pcbe->u.s.LongFunction = 1;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackLibrary(PTP_CALLBACK_ENVIRON pcbe, PVOID mod)
{
    pcbe->RaceDll = mod;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackPriority(PTP_CALLBACK_ENVIRON pcbe,
                                               TP_CALLBACK_PRIORITY Priority)
{
    pcbe->CallbackPriority = Priority;
}
WINVM_TP_INLINE_ SetThreadpoolCallbackPersistent(PTP_CALLBACK_ENVIRON pcbe)
{
    pcbe->u.s.Persistent = 1;
}
WINVM_TP_INLINE_ DestroyThreadpoolEnvironment(PTP_CALLBACK_ENVIRON pcbe)
{
    (void)pcbe;
}
#endif

#endif
