/* winvm/threadpoollegacyapiset.h: registered waits, work and timer queues (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL ULONG HANDLE PVOID WAITORTIMERCALLBACK LPTHREAD_START_ROUTINE. */
#ifndef WINVM_THREADPOOLLEGACYAPISET_H
#define WINVM_THREADPOOLLEGACYAPISET_H

#include "kit_threads.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
/* The last: the time of the wait has passed, and the object is not signalled. */
typedef void(NTAPI *WAITORTIMERCALLBACKFUNC)(PVOID Parameter, BOOLEAN TimerOrWaitFired);
typedef WAITORTIMERCALLBACKFUNC WAITORTIMERCALLBACK;

#define WT_EXECUTEDEFAULT 0x00000000
#define WT_EXECUTEINIOTHREAD 0x00000001
#define WT_EXECUTEINUITHREAD 0x00000002
#define WT_EXECUTEINWAITTHREAD 0x00000004
#define WT_EXECUTEONLYONCE 0x00000008
#define WT_EXECUTELONGFUNCTION 0x00000010
#define WT_EXECUTEINTIMERTHREAD 0x00000020
#define WT_EXECUTEINPERSISTENTTHREAD 0x00000080
#define WT_TRANSFER_IMPERSONATION 0x00000100
#endif

WINVM_BEGIN_DECLS

/* A thread of its own waits for hObject and calls Callback(Context, ...) each time that the object
 * is signalled or dwMilliseconds have passed; once with WT_EXECUTEONLYONCE. An object that stays
 * signalled is called for again and again. The handle may be closed meanwhile. *phNewWaitObject is
 * for UnregisterWait only. dwFlags: of the others WT_EXECUTEINUITHREAD and WT_EXECUTEINTIMERTHREAD
 * are refused, the rest says nothing here. Errors: 87, 6, 5, 8, 1450. */
WINVM_DECLARE(BOOL, RegisterWaitForSingleObject,
              (HANDLE * phNewWaitObject, HANDLE hObject, WAITORTIMERCALLBACK Callback,
               PVOID Context, ULONG dwMilliseconds, ULONG dwFlags));
/* No call begins any more; also for one that was called once. CompletionEvent: an event that is set
 * when no call runs any more; INVALID_HANDLE_VALUE: this waits until then, so it is not for the
 * callback itself; NULL: neither. Errors: 6, 997 ERROR_IO_PENDING: it is unregistered, but its call
 * runs still. */
WINVM_DECLARE(BOOL, UnregisterWaitEx, (HANDLE WaitHandle, HANDLE CompletionEvent));
WINVM_DECLARE(BOOL, UnregisterWait, (HANDLE WaitHandle));

/* A thread of the usual pool calls Function(Context). Flags: WT_EXECUTELONGFUNCTION; the others say
 * nothing here. Errors: 87 no function, 8. */
WINVM_DECLARE(BOOL, QueueUserWorkItem,
              (LPTHREAD_START_ROUTINE Function, PVOID Context, ULONG Flags));
/* NULL: 8. */
WINVM_DECLARE(HANDLE, CreateTimerQueue, (void));
/* The usual pool calls Callback(Parameter, TRUE) in DueTime milliseconds (INFINITE: never), and
 * then every Period milliseconds, if that is not 0. TimerQueue NULL: the queue that is always
 * there. Errors: 87 (also WT_EXECUTEONLYONCE with a period), 6, 8, 1450. */
WINVM_DECLARE(BOOL, CreateTimerQueueTimer,
              (HANDLE * phNewTimer, HANDLE TimerQueue, WAITORTIMERCALLBACK Callback,
               PVOID Parameter, DWORD DueTime, DWORD Period, ULONG Flags));
/* Errors: 87 there is no such timer. */
WINVM_DECLARE(BOOL, ChangeTimerQueueTimer,
              (HANDLE TimerQueue, HANDLE Timer, ULONG DueTime, ULONG Period));
/* Calls that have not begun never do. CompletionEvent: as UnregisterWaitEx's. Errors: 87, 997
 * ERROR_IO_PENDING: it is deleted, but its call runs still. */
WINVM_DECLARE(BOOL, DeleteTimerQueueTimer,
              (HANDLE TimerQueue, HANDLE Timer, HANDLE CompletionEvent));
/* With its timers. An event is set before this returns, which waits for the calls that run. Errors:
 * 6, 997. */
WINVM_DECLARE(BOOL, DeleteTimerQueueEx, (HANDLE TimerQueue, HANDLE CompletionEvent));
WINVM_DECLARE(BOOL, DeleteTimerQueue, (HANDLE TimerQueue));

WINVM_END_DECLS

#endif
