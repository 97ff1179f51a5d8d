/* Clocks beside those of kit_time.c: since the start of the machine, the multimedia clock, and the
 * native calls.
 *
 * I1  "Unbiased" is without the time that the machine slept.
 * Locking: none.   Failure: nothing written.   Signal safety: yes. */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "kit/kit.h"

#define TICKS INT64_C(10000000) /* of 100 ns in a second */
#define NS_PER_TICK 100
#define TICKS_PER_MS 10000
#define SECONDS_1601_TO_1970 INT64_C(11644473600)
#define FIRST_PERIOD 1u /* ms */
#define LAST_PERIOD 1000000u

static int64_t ticks(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * TICKS + ts.tv_nsec / NS_PER_TICK;
}

VOID wvm_kit_QueryInterruptTime(PULONGLONG out)
{
    *out = (ULONGLONG)ticks(CLOCK_BOOTTIME);
}

VOID wvm_kit_QueryInterruptTimePrecise(PULONGLONG out)
{
    *out = (ULONGLONG)ticks(CLOCK_BOOTTIME);
}

BOOL wvm_kit_QueryUnbiasedInterruptTime(PULONGLONG out)
{
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *out = (ULONGLONG)ticks(CLOCK_MONOTONIC);
    return TRUE;
}

VOID wvm_kit_QueryUnbiasedInterruptTimePrecise(PULONGLONG out)
{
    *out = (ULONGLONG)ticks(CLOCK_MONOTONIC);
}

/* ---- Multimedia ---- */

DWORD wvm_kit_timeGetTime(VOID)
{
    return (DWORD)(ticks(CLOCK_BOOTTIME) / TICKS_PER_MS);
}

static UINT check_period(UINT period)
{
    return period >= FIRST_PERIOD && period <= LAST_PERIOD ? TIMERR_NOERROR : TIMERR_NOCANDO;
}

/* The host's clocks have their resolution anyway. */
UINT wvm_kit_timeBeginPeriod(UINT period)
{
    return check_period(period);
}

UINT wvm_kit_timeEndPeriod(UINT period)
{
    return check_period(period);
}

UINT wvm_kit_timeGetDevCaps(TIMECAPS *out, UINT size)
{
    if (!out || size < sizeof *out)
        return TIMERR_NOCANDO;
    *out = (TIMECAPS){FIRST_PERIOD, LAST_PERIOD};
    return TIMERR_NOERROR;
}

/* ---- Native ---- */

static int64_t system_time(void)
{
    return ticks(CLOCK_REALTIME) + SECONDS_1601_TO_1970 * TICKS;
}

NTSTATUS wvm_kit_NtQuerySystemTime(LARGE_INTEGER *out)
{
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    out->QuadPart = system_time();
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtQueryPerformanceCounter(LARGE_INTEGER *out, LARGE_INTEGER *frequency)
{
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    out->QuadPart = ticks(CLOCK_MONOTONIC);
    if (frequency)
        frequency->QuadPart = TICKS;
    return STATUS_SUCCESS;
}

/* Sleeps until the monotonic clock has reached `end`. */
static void sleep_until(int64_t end)
{
    struct timespec ts = {.tv_sec = (time_t)(end / TICKS),
                          .tv_nsec = (long)(end % TICKS * NS_PER_TICK)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
        continue;
}

/* In steps, as SleepEx counts milliseconds in 32 bits and has a value for ever. */
static NTSTATUS sleep_alertable(int64_t span)
{
    const int64_t longest = INT64_C(0x7fffffff) * TICKS_PER_MS;
    do {
        int64_t step = span < longest ? span : longest;
        DWORD ms = (DWORD)((step + TICKS_PER_MS - 1) / TICKS_PER_MS);
        if (wvm_kit_SleepEx(ms, TRUE) == WAIT_IO_COMPLETION)
            return STATUS_USER_APC;
        span -= step;
    } while (span > 0);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_NtDelayExecution(BOOLEAN alertable, LARGE_INTEGER *interval)
{
    if (!interval)
        return STATUS_ACCESS_VIOLATION;
    int64_t given = interval->QuadPart;
    int64_t span = given == INT64_MIN ? INT64_MAX : given < 0 ? -given : given - system_time();
    if (alertable)
        return sleep_alertable(span < 0 ? 0 : span);
    if (span <= 0) {
        sched_yield();
        return STATUS_SUCCESS;
    }
    int64_t end, from = ticks(CLOCK_MONOTONIC);
    sleep_until(__builtin_add_overflow(from, span, &end) ? INT64_MAX : end);
    return STATUS_SUCCESS;
}

#define WVM_KIT_CLOCK
#define WVM_KIT_IN (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE | WINVM_IN_NTDLL | WINVM_IN_WINMM)
#include "kit/kit_entry.h"
