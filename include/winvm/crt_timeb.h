/* winvm/crt_timeb.h: the time with milliseconds, the zone and the times of files, as Windows'
 * sys/timeb.h, time.h and sys/utime.h have them. The host's pthread.h has time.h, and so this:
 * it may include no header that needs that one. */
#ifndef WINVM_CRT_TIMEB_H
#define WINVM_CRT_TIMEB_H

#include <sys/time.h>
#include <time.h>
#include <utime.h>

#include "crt_types.h"

#if defined(__GLIBC__) && !defined(__USE_MISC) && !defined(__cplusplus)
extern void tzset(void);
extern int futimes(int, const struct timeval *);
#endif

/* ---- the zone: seconds west of UTC; whether it has a summer time ---- */

WINVM_CRT_ long winvm_timezone_(void)
{
    tzset();
    return __timezone;
}
WINVM_CRT_ int winvm_daylight_(void)
{
    tzset();
    return __daylight;
}
WINVM_CRT_ char **winvm_tzname_(void)
{
    tzset();
    return __tzname;
}
#define _timezone winvm_timezone_()
#define _daylight winvm_daylight_()
#define _tzname winvm_tzname_()
#define _dstbias (winvm_daylight_() ? -3600L : 0L)
WINVM_CRT_ errno_t _get_timezone(long *seconds)
{
    if (!seconds) return winvm_crt_error_(EINVAL);
    *seconds = winvm_timezone_();
    return 0;
}
WINVM_CRT_ errno_t _get_daylight(int *hours)
{
    if (!hours) return winvm_crt_error_(EINVAL);
    *hours = winvm_daylight_();
    return 0;
}
WINVM_CRT_ errno_t _get_dstbias(long *seconds)
{
    if (!seconds) return winvm_crt_error_(EINVAL);
    *seconds = _dstbias;
    return 0;
}
/* *length: with the NUL. which: 0, or 1 for summer. */
WINVM_CRT_ errno_t _get_tzname(size_t *length, char *to, size_t size, int which)
{
    const char *name;
    if (!length || (!to && size) || (to && !size) || which < 0 || which > 1)
        return winvm_crt_error_(EINVAL);
    name = winvm_tzname_()[which];
    *length = __builtin_strlen(name) + 1;
    if (!to) return 0;
    to[0] = 0;
    if (*length > size) return winvm_crt_error_(ERANGE);
    __builtin_memcpy(to, name, *length);
    return 0;
}

/* ---- now ---- */

struct __timeb64 {
    __time64_t time;
    unsigned short millitm;
    short timezone; /* minutes west of UTC */
    short dstflag;  /* it is summer time now */
};
#define _timeb __timeb64
WINVM_CRT_ errno_t _ftime64_s(struct __timeb64 *to)
{
    struct timeval now;
    struct tm *local;
    time_t seconds;
    if (!to) return winvm_crt_error_(EINVAL);
    gettimeofday(&now, NULL);
    seconds = now.tv_sec;
    local = localtime(&seconds);
    to->time = now.tv_sec;
    to->millitm = (unsigned short)(now.tv_usec / 1000);
    to->timezone = (short)(winvm_timezone_() / 60);
    to->dstflag = (short)(local && local->tm_isdst > 0);
    return 0;
}
#define _ftime64(to) ((void)_ftime64_s(to))
#define _ftime _ftime64
#define _ftime_s _ftime64_s

/* ---- times of files; NULL: now ---- */

struct __utimbuf64 {
    __time64_t actime, modtime;
};
#define _utimbuf __utimbuf64
WINVM_CRT_ int _utime64(const char *path, const struct __utimbuf64 *times)
{
    struct utimbuf as;
    if (!path) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    if (!times) return utime(path, NULL);
    as.actime = (time_t)times->actime;
    as.modtime = (time_t)times->modtime;
    return utime(path, &as);
}
WINVM_CRT_ int _futime64(int fd, const struct __utimbuf64 *times)
{
    struct timeval as[2];
    if (!times) return futimes(fd, NULL);
    as[0].tv_sec = (time_t)times->actime;
    as[1].tv_sec = (time_t)times->modtime;
    as[0].tv_usec = as[1].tv_usec = 0;
    return futimes(fd, as);
}
#define _utime _utime64
#define _futime _futime64

#endif
