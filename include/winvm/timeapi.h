/* winvm/timeapi.h: the multimedia clock (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: DWORD UINT TIMECAPS. */
#ifndef WINVM_TIMEAPI_H
#define WINVM_TIMEAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef UINT MMRESULT;
/* Milliseconds. */
typedef struct timecaps_tag {
    UINT wPeriodMin;
    UINT wPeriodMax;
} TIMECAPS, *PTIMECAPS, *NPTIMECAPS, *LPTIMECAPS;
#define TIMERR_NOERROR 0
#define TIMERR_NOCANDO 97
#define TIMERR_STRUCT 129
#endif

WINVM_BEGIN_DECLS

/* Milliseconds since the machine was started; wraps after 49.7 days. */
WINVM_DECLARE(DWORD, timeGetTime, (void));
/* The host's clocks are as fine as they can be already. TIMERR_NOCANDO: not 1..1000000 ms. */
WINVM_DECLARE(UINT, timeBeginPeriod, (UINT uPeriod));
WINVM_DECLARE(UINT, timeEndPeriod, (UINT uPeriod));
WINVM_DECLARE(UINT, timeGetDevCaps, (struct timecaps_tag * ptc, UINT cbtc));

WINVM_END_DECLS

#endif
