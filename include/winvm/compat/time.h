/* <time.h> for unmodified Windows sources: that of the system, and, in a source with _WIN32 or
 * windows.h, what Windows has beside it. */
#pragma GCC system_header
#include_next <time.h>

#if (defined(_WIN32) || defined(WINVM_COMPAT_WINDOWS_H)) && !defined(WINVM_COMPAT_TIME_H)
#define WINVM_COMPAT_TIME_H
#include "../crt_time.h"
#endif
