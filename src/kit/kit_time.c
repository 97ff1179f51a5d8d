/* Clocks.
 *
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <time.h>

#include "kit/kit.h"

#define TICKS UINT64_C(10000000) /* of 100 ns in a second */
#define NS_PER_TICK 100u
#define TICKS_PER_MS 10000u
#define MS_PER_SECOND 1000u
#define NS_PER_MS 1000000u
#define TICK 15u /* ms, as on Windows */
#define SECONDS_1601_TO_1970 UINT64_C(11644473600)

static uint64_t ticks(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * TICKS + (uint64_t)ts.tv_nsec / NS_PER_TICK;
}

static VOID store(LPFILETIME out, clockid_t clock)
{
    uint64_t t = ticks(clock) + SECONDS_1601_TO_1970 * TICKS;
    out->dwLowDateTime = (DWORD)t;
    out->dwHighDateTime = (DWORD)(t >> 32);
}

/* The time since boot, that of sleep too, is the coarse clock and `slept`, which is looked up again
 * every TICK. It only grows, by what is more than the clocks differ by anyway. In milliseconds. */
static wvm_word64 slept, looked; /* (a) */

static WVM_NOINLINE void look_up_slept(uint64_t now)
{
    uint64_t difference = (ticks(CLOCK_BOOTTIME) - ticks(CLOCK_MONOTONIC)) / TICKS_PER_MS;
    if (difference > __atomic_load_n(&slept, __ATOMIC_RELAXED) + 1)
        __atomic_store_n(&slept, difference, __ATOMIC_RELAXED);
    __atomic_store_n(&looked, now, __ATOMIC_RELAXED);
}

ULONGLONG wvm_kit_GetTickCount64(VOID)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    uint64_t now = (uint64_t)ts.tv_sec * MS_PER_SECOND + (uint64_t)ts.tv_nsec / NS_PER_MS;
    if (WVM_UNLIKELY(now - __atomic_load_n(&looked, __ATOMIC_RELAXED) >= TICK))
        look_up_slept(now);
    return now + __atomic_load_n(&slept, __ATOMIC_RELAXED);
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
