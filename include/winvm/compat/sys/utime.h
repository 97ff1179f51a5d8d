/* <sys/utime.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SYS_UTIME_H
#define WINVM_COMPAT_SYS_UTIME_H

#include "../../crt_timeb.h"

#endif
