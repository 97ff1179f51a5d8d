/* winvm/crt_time.h: what Windows' time.h has beside libc's. */
#ifndef WINVM_CRT_TIME_H
#define WINVM_CRT_TIME_H

#include <time.h>

#include "crt_timeb.h"
#include "crt_types.h"

#define _time64 time
#define _mkgmtime timegm
#define _mkgmtime64 timegm
#define _mktime64 mktime
#define _localtime64 localtime
#define _gmtime64 gmtime
#define _difftime64 difftime
#define _tzset tzset
#define _localtime64_s localtime_s
#define _gmtime64_s gmtime_s

#if defined(__GLIBC__) && !defined(__USE_MISC) && !defined(__cplusplus)
extern struct tm *localtime_r(const time_t *, struct tm *);
extern struct tm *gmtime_r(const time_t *, struct tm *);
extern char *ctime_r(const time_t *, char *);
extern char *asctime_r(const struct tm *, char *);
#endif

WINVM_CRT_ errno_t localtime_s(struct tm *to, const time_t *at)
{
    if (!to || !at) return winvm_crt_error_(EINVAL);
    return localtime_r(at, to) ? 0 : EINVAL;
}
WINVM_CRT_ errno_t gmtime_s(struct tm *to, const time_t *at)
{
    if (!to || !at) return winvm_crt_error_(EINVAL);
    return gmtime_r(at, to) ? 0 : EINVAL;
}
/* Room for 26 characters. */
WINVM_CRT_ errno_t ctime_s(char *to, size_t size, const time_t *at)
{
    if (!to || size < 26 || !at) return winvm_crt_error_(EINVAL);
    return ctime_r(at, to) ? 0 : EINVAL;
}
WINVM_CRT_ errno_t asctime_s(char *to, size_t size, const struct tm *at)
{
    if (!to || size < 26 || !at) return winvm_crt_error_(EINVAL);
    return asctime_r(at, to) ? 0 : EINVAL;
}

#endif
