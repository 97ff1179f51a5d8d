/* winvm/realtimeapiset.h: the time since the start, and processor time; also the calls of
 * processthreadsapi.h and winbase.h that tell times (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL HANDLE ULONGLONG; the structures are named by their tags. */
#ifndef WINVM_REALTIMEAPISET_H
#define WINVM_REALTIMEAPISET_H

#include "kit_sysinfo.h"

WINVM_BEGIN_DECLS

/* Units of 100 ns since the machine was started; Unbiased: without the time that it slept.
 * FALSE: 87 NULL. */
WINVM_DECLARE(void, QueryInterruptTime, (ULONGLONG * lpInterruptTime));
WINVM_DECLARE(void, QueryInterruptTimePrecise, (ULONGLONG * lpInterruptTimePrecise));
WINVM_DECLARE(BOOL, QueryUnbiasedInterruptTime, (ULONGLONG * UnbiasedTime));
WINVM_DECLARE(void, QueryUnbiasedInterruptTimePrecise,
              (ULONGLONG * lpUnbiasedInterruptTimePrecise));
/* Nanoseconds of processor time, which stand for cycles. Errors: 6, 5. */
WINVM_DECLARE(BOOL, QueryThreadCycleTime, (HANDLE ThreadHandle, ULONGLONG *CycleTime));
WINVM_DECLARE(BOOL, QueryProcessCycleTime, (HANDLE ProcessHandle, ULONGLONG *CycleTime));
/* Start, end (0: it runs), and time used, in units of 100 ns. Errors: 6, 5, 998 NULL. */
WINVM_DECLARE(BOOL, GetProcessTimes,
              (HANDLE hProcess, struct _FILETIME *lpCreationTime, struct _FILETIME *lpExitTime,
               struct _FILETIME *lpKernelTime, struct _FILETIME *lpUserTime));
/* Of all processors; the kernel's time has the idle time in it. Each may be NULL. */
WINVM_DECLARE(BOOL, GetSystemTimes,
              (struct _FILETIME * lpIdleTime, struct _FILETIME *lpKernelTime,
               struct _FILETIME *lpUserTime));
WINVM_DECLARE(BOOL, GetProcessIoCounters, (HANDLE hProcess, struct _IO_COUNTERS *lpIoCounters));

WINVM_END_DECLS

#endif
