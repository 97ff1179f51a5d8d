/* winvm/threadpoollegacyapiset.h: registered waits (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL ULONG HANDLE PVOID WAITORTIMERCALLBACK. */
#ifndef WINVM_THREADPOOLLEGACYAPISET_H
#define WINVM_THREADPOOLLEGACYAPISET_H

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

WINVM_END_DECLS

#endif
