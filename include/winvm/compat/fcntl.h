/* <fcntl.h> for unmodified Windows sources: that of the system, and, in a source with _WIN32 or
 * windows.h, what Windows has beside it. */
#pragma GCC system_header
#include_next <fcntl.h>

#if (defined(_WIN32) || defined(WINVM_COMPAT_WINDOWS_H)) && !defined(WINVM_COMPAT_FCNTL_H)
#define WINVM_COMPAT_FCNTL_H
#include "../crt_io.h"
#endif
