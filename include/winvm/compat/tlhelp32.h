/* <tlhelp32.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_TLHELP32_H
#define WINVM_COMPAT_TLHELP32_H

#include "windows.h"
#include "../tlhelp32.h"

#endif
