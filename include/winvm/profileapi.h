/* winvm/profileapi.h: the clock for measuring (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL LARGE_INTEGER. */
#ifndef WINVM_PROFILEAPI_H
#define WINVM_PROFILEAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* Ticks of 100 ns: 10,000,000 in a second, as Windows has them. Never fail. */
WINVM_DECLARE(BOOL, QueryPerformanceCounter, (LARGE_INTEGER * lpPerformanceCount));
WINVM_DECLARE(BOOL, QueryPerformanceFrequency, (LARGE_INTEGER * lpFrequency));

WINVM_END_DECLS

#endif
