/* <stdlib.h> for unmodified Windows sources: that of the system, and, in a source with _WIN32 or
 * windows.h, what Windows has beside it. */
#pragma GCC system_header
#include_next <stdlib.h>

#if (defined(_WIN32) || defined(WINVM_COMPAT_WINDOWS_H)) && !defined(WINVM_COMPAT_STDLIB_H)
#define WINVM_COMPAT_STDLIB_H
#include "../crt_stdlib.h"
#endif
