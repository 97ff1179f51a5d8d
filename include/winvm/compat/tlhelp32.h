/* <tlhelp32.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_TLHELP32_H
#define WINVM_COMPAT_TLHELP32_H

#include "windows.h"
#if __has_include("../tlhelp32.h")
#include "../tlhelp32.h"
#endif

#endif
