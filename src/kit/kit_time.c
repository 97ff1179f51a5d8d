/* Clocks.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <string.h>
#include <time.h>

#include "kit/kit.h"

#define TICKS UINT64_C(10000000) /* of 100 ns in a second */
#define NS_PER_TICK 100u
#define TICKS_PER_MS 10000u
#define SECONDS_1601_TO_1970 UINT64_C(11644473600)

static inline WVM_ALWAYS_INLINE uint64_t ticks(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * TICKS + (uint32_t)ts.tv_nsec / NS_PER_TICK;
}

static inline WVM_ALWAYS_INLINE VOID store(LPFILETIME out, clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    uint64_t t = ((uint64_t)ts.tv_sec + SECONDS_1601_TO_1970) * TICKS +
                 (uint32_t)ts.tv_nsec / NS_PER_TICK;
    memcpy(out, &t, sizeof *out); /* the low half is the first, as it is in `t` */
}

ULONGLONG wvm_kit_GetTickCount64(VOID)
{
    return ticks(CLOCK_BOOTTIME) / TICKS_PER_MS;
}

DWORD wvm_kit_GetTickCount(VOID)
{
    return (DWORD)wvm_kit_GetTickCount64();
}

BOOL wvm_kit_QueryPerformanceCounter(LARGE_INTEGER *out)
{
    out->QuadPart = (LONGLONG)ticks(CLOCK_MONOTONIC);
    return TRUE;
}

BOOL wvm_kit_QueryPerformanceFrequency(LARGE_INTEGER *out)
{
    out->QuadPart = TICKS;
    return TRUE;
}

VOID wvm_kit_GetSystemTimeAsFileTime(LPFILETIME out)
{
    store(out, CLOCK_REALTIME_COARSE);
}

VOID wvm_kit_GetSystemTimePreciseAsFileTime(LPFILETIME out)
{
    store(out, CLOCK_REALTIME);
}

#define WVM_KIT_TIME
#include "kit/kit_entry.h"
