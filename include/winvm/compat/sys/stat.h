/* <sys/stat.h> for unmodified Windows sources: that of the system, and, in a source with _WIN32 or
 * windows.h, what Windows has beside it. */
#pragma GCC system_header
#include_next <sys/stat.h>

#if (defined(_WIN32) || defined(WINVM_COMPAT_WINDOWS_H)) && !defined(WINVM_COMPAT_SYS_STAT_H)
#define WINVM_COMPAT_SYS_STAT_H
#include "../../crt_io.h"
#endif
