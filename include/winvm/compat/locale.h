/* <locale.h> for unmodified Windows sources: that of the system, and, in a source with _WIN32 or
 * windows.h, what Windows has beside it. */
#pragma GCC system_header
#ifdef WINVM_COMPAT_INSIDE /* a header of the system's asks */
#include_next <locale.h>
#else
#define WINVM_COMPAT_INSIDE
#include_next <locale.h>
#undef WINVM_COMPAT_INSIDE

#if (defined(_WIN32) || defined(WINVM_COMPAT_WINDOWS_H)) && !defined(WINVM_COMPAT_LOCALE_H)
#define WINVM_COMPAT_LOCALE_H
#include "../crt_locale.h"
#endif
#endif
