/* <timezoneapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_TIMEZONEAPI_H
#define WINVM_COMPAT_TIMEZONEAPI_H

#include "windows.h"

#endif
