/* winvm/timezoneapi.h: dates and local time (libwinvm-kit); also GetSystemTime and GetLocalTime of
 * sysinfoapi.h and CompareFileTime of fileapi.h.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD LONG FILETIME SYSTEMTIME TIME_ZONE_INFORMATION. */
#ifndef WINVM_TIMEZONEAPI_H
#define WINVM_TIMEZONEAPI_H

#include "kit_sysinfo.h"

#ifndef WINVM_NO_TYPES
/* wMonth 1..12, wDayOfWeek 0..6 from Sunday on, wDay 1..31. */
typedef struct _SYSTEMTIME {
    WORD wYear;
    WORD wMonth;
    WORD wDayOfWeek;
    WORD wDay;
    WORD wHour;
    WORD wMinute;
    WORD wSecond;
    WORD wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

/* UTC is local time plus Bias and that of the season, in minutes. A date with wYear 0 is the
 * wDay-th (5: last) wDayOfWeek of the month; with wMonth 0: there is no change. */
typedef struct _TIME_ZONE_INFORMATION {
    LONG Bias;
    WCHAR StandardName[32];
    SYSTEMTIME StandardDate;
    LONG StandardBias;
    WCHAR DaylightName[32];
    SYSTEMTIME DaylightDate;
    LONG DaylightBias;
} TIME_ZONE_INFORMATION, *PTIME_ZONE_INFORMATION, *LPTIME_ZONE_INFORMATION;
#define TIME_ZONE_ID_UNKNOWN 0
#define TIME_ZONE_ID_STANDARD 1
#define TIME_ZONE_ID_DAYLIGHT 2
#define TIME_ZONE_ID_INVALID ((DWORD)0xFFFFFFFF)
#endif

WINVM_BEGIN_DECLS

/* UTC, and the host's local time. */
WINVM_DECLARE(void, GetSystemTime, (struct _SYSTEMTIME * lpSystemTime));
WINVM_DECLARE(void, GetLocalTime, (struct _SYSTEMTIME * lpSystemTime));
/* Errors: 87 more than 0x7FFFFFFFFFFFFFFF. */
WINVM_DECLARE(BOOL, FileTimeToSystemTime,
              (const struct _FILETIME *lpFileTime, struct _SYSTEMTIME *lpSystemTime));
/* wDayOfWeek is not looked at. Errors: 87 no date from 1601 to 30827. */
WINVM_DECLARE(BOOL, SystemTimeToFileTime,
              (const struct _SYSTEMTIME *lpSystemTime, struct _FILETIME *lpFileTime));
/* -1, 0, 1. */
WINVM_DECLARE(LONG, CompareFileTime,
              (const struct _FILETIME *lpFileTime1, const struct _FILETIME *lpFileTime2));
/* By the offset of now. Errors: 87. */
WINVM_DECLARE(BOOL, FileTimeToLocalFileTime,
              (const struct _FILETIME *lpFileTime, struct _FILETIME *lpLocalFileTime));
WINVM_DECLARE(BOOL, LocalFileTimeToFileTime,
              (const struct _FILETIME *lpLocalFileTime, struct _FILETIME *lpFileTime));
/* The host's zone, as it changes within the year to come. TIME_ZONE_ID_UNKNOWN: it does not. */
WINVM_DECLARE(DWORD, GetTimeZoneInformation,
              (struct _TIME_ZONE_INFORMATION * lpTimeZoneInformation));

WINVM_END_DECLS

#endif
