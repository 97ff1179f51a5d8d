/* Dates: the calendar, and local time.
 *
 * Terms   ticks = 100 ns since 1 January 1601 UTC, as a FILETIME has them.
 * I1      Dates are those of the Gregorian calendar, from 1601 to 30827.
 * Locking: none.   Failure: nothing written.   Signal safety: none where it is local time. */
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_text.h"

#define TICKS UINT64_C(10000000)
#define TICKS_PER_MS 10000u
#define SECONDS_PER_DAY 86400u
#define SECONDS_1601_TO_1970 INT64_C(11644473600)
#define LAST_YEAR 30827
#define MOST_TICKS UINT64_C(0x7fffffffffffffff)

static uint64_t ticks_of(const FILETIME *t)
{
    return (uint64_t)t->dwHighDateTime << 32 | t->dwLowDateTime;
}

static void set_ticks(FILETIME *t, uint64_t ticks)
{
    t->dwLowDateTime = (DWORD)ticks;
    t->dwHighDateTime = (DWORD)(ticks >> 32);
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1 January 1601 to 1 January of a year. */
static uint64_t days_before(unsigned year)
{
    unsigned y = year - 1601;
    return (uint64_t)y * 365 + y / 4 - y / 100 + y / 400;
}

BOOL wvm_kit_FileTimeToSystemTime(const FILETIME *t, SYSTEMTIME *out)
{
    uint64_t ticks = ticks_of(t);
    if (ticks > MOST_TICKS)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    uint64_t seconds = ticks / TICKS, days = seconds / SECONDS_PER_DAY;
    unsigned rest = (unsigned)(seconds % SECONDS_PER_DAY), month = 1;
    unsigned year = 1601 + (unsigned)(days / 366);
    while (days_before(year + 1) <= days)
        year++;
    unsigned day = (unsigned)(days - days_before(year));
    while (day >= days_of(year, month))
        day -= days_of(year, month++);
    *out = (SYSTEMTIME){.wYear = (WORD)year,
                        .wMonth = (WORD)month,
                        .wDayOfWeek = (WORD)((days + 1) % 7),
                        .wDay = (WORD)(day + 1),
                        .wHour = (WORD)(rest / 3600),
                        .wMinute = (WORD)(rest / 60 % 60),
                        .wSecond = (WORD)(rest % 60),
                        .wMilliseconds = (WORD)(ticks / TICKS_PER_MS % 1000)};
    return TRUE;
}

static bool is_date(const SYSTEMTIME *s)
{
    return s->wYear >= 1601 && s->wYear <= LAST_YEAR && s->wMonth >= 1 && s->wMonth <= 12 &&
           s->wDay >= 1 && s->wDay <= days_of(s->wYear, s->wMonth) && s->wHour < 24 &&
           s->wMinute < 60 && s->wSecond < 60 && s->wMilliseconds < 1000;
}

BOOL wvm_kit_SystemTimeToFileTime(const SYSTEMTIME *s, FILETIME *out)
{
    if (!is_date(s))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    uint64_t days = days_before(s->wYear) + s->wDay - 1u;
    for (unsigned m = 1; m < s->wMonth; m++)
        days += days_of(s->wYear, m);
    uint64_t seconds = ((days * 24 + s->wHour) * 60 + s->wMinute) * 60 + s->wSecond;
    set_ticks(out, seconds * TICKS + s->wMilliseconds * TICKS_PER_MS);
    return TRUE;
}

LONG wvm_kit_CompareFileTime(const FILETIME *a, const FILETIME *b)
{
    return ticks_of(a) < ticks_of(b) ? -1 : ticks_of(a) > ticks_of(b);
}

static uint64_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)(ts.tv_sec + SECONDS_1601_TO_1970) * TICKS + (uint64_t)ts.tv_nsec / 100;
}

/* Seconds that local time is ahead of UTC at a time. */
static int64_t ahead(time_t at)
{
    struct tm local;
    return localtime_r(&at, &local) ? local.tm_gmtoff : 0;
}

static int64_t ahead_now(void)
{
    return ahead(time(NULL));
}

VOID wvm_kit_GetSystemTime(SYSTEMTIME *out)
{
    FILETIME t;
    set_ticks(&t, now());
    wvm_kit_FileTimeToSystemTime(&t, out);
}

VOID wvm_kit_GetLocalTime(SYSTEMTIME *out)
{
    FILETIME t;
    set_ticks(&t, now() + (uint64_t)(ahead_now() * (int64_t)TICKS));
    wvm_kit_FileTimeToSystemTime(&t, out);
}

static BOOL shift(const FILETIME *from, FILETIME *to, int64_t seconds)
{
    uint64_t ticks = ticks_of(from) + (uint64_t)(seconds * (int64_t)TICKS);
    if (ticks_of(from) > MOST_TICKS || ticks > MOST_TICKS)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    set_ticks(to, ticks);
    return TRUE;
}

BOOL wvm_kit_FileTimeToLocalFileTime(const FILETIME *from, FILETIME *to)
{
    return shift(from, to, ahead_now());
}

BOOL wvm_kit_LocalFileTimeToFileTime(const FILETIME *from, FILETIME *to)
{
    return shift(from, to, -ahead_now());
}

/* ---- The zone ---- */

static void set_name(WCHAR (*to)[32], const char *name)
{
    memset(*to, 0, sizeof *to);
    wvm_kit_to_utf16(*to, WVM_ARRAY_LEN(*to) - 1, name, WVM_KIT_TO_NUL);
}

/* The first second from `from` on, before `to`, at which the zone has another offset; `to` when it
 * never does. There is one change at most between the two. */
static time_t change_between(time_t from, time_t to)
{
    int64_t before = ahead(from);
    if (ahead(to) == before)
        return to;
    while (to - from > 1) {
        time_t middle = from + (to - from) / 2;
        *(ahead(middle) == before ? &from : &to) = middle;
    }
    return to;
}

/* The rule of a change: the month, the day of the week, which of these in the month (5 the last),
 * and the local time before the change. */
static SYSTEMTIME rule_of(time_t change)
{
    struct tm at = {0};
    time_t before = change + (time_t)ahead(change - 1);
    gmtime_r(&before, &at);
    unsigned month = (unsigned)at.tm_mon + 1, year = (unsigned)at.tm_year + 1900;
    unsigned week = ((unsigned)at.tm_mday - 1) / 7 + 1;
    if ((unsigned)at.tm_mday + 7 > days_of(year, month))
        week = 5;
    return (SYSTEMTIME){.wMonth = (WORD)month,
                        .wDayOfWeek = (WORD)at.tm_wday,
                        .wDay = (WORD)week,
                        .wHour = (WORD)at.tm_hour,
                        .wMinute = (WORD)at.tm_min};
}

/* A change of this year into the zone's other half of the year. */
static void tell_change(TIME_ZONE_INFORMATION *out, time_t change)
{
    struct tm at;
    if (!localtime_r(&change, &at))
        return;
    *(at.tm_isdst > 0 ? &out->DaylightDate : &out->StandardDate) = rule_of(change);
    if (at.tm_isdst > 0) {
        out->DaylightBias = -(LONG)(at.tm_gmtoff / 60) - out->Bias;
        set_name(&out->DaylightName, at.tm_zone);
    } else {
        out->Bias = -(LONG)(at.tm_gmtoff / 60);
        set_name(&out->StandardName, at.tm_zone);
    }
}

DWORD wvm_kit_GetTimeZoneInformation(TIME_ZONE_INFORMATION *out)
{
    enum { STEP = 7 * SECONDS_PER_DAY, WEEKS = 53 };
    struct tm local = {0};
    time_t t = time(NULL), changes[2];
    size_t n = 0;
    localtime_r(&t, &local);
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < WEEKS && n < 2; i++) {
        time_t from = t + (time_t)i * STEP, change = change_between(from, from + STEP);
        if (change != from + STEP || ahead(change) != ahead(change - 1))
            changes[n++] = change;
    }
    out->Bias = -(LONG)(local.tm_gmtoff / 60);
    set_name(&out->StandardName, local.tm_zone ? local.tm_zone : "UTC");
    set_name(&out->DaylightName, local.tm_zone ? local.tm_zone : "UTC");
    if (n < 2)
        return TIME_ZONE_ID_UNKNOWN;
    bool first_to_summer = local.tm_isdst <= 0;
    tell_change(out, changes[first_to_summer ? 1 : 0]);
    tell_change(out, changes[first_to_summer ? 0 : 1]);
    return local.tm_isdst > 0 ? TIME_ZONE_ID_DAYLIGHT : TIME_ZONE_ID_STANDARD;
}

#define WVM_KIT_DATE
#include "kit/kit_entry.h"
