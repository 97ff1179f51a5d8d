/* <windows.h> for unmodified Windows sources: put include/winvm/compat alone on the include path.
 *
 * Defines _WIN64 on 64-bit hosts, as sources expect to find it; _WIN32 is left to the program,
 * since many sources take it for the presence of all of Windows. WIN32_LEAN_AND_MEAN changes
 * nothing, and min and max are never defined, so NOMINMAX changes nothing either.
 *
 * It declares the names of libwinvm-kit too; a program that uses none of them does not need it. */
#ifndef WINVM_COMPAT_WINDOWS_H
#define WINVM_COMPAT_WINDOWS_H

#if defined(__LP64__) && !defined(_WIN64)
#define _WIN64 1
#endif

#ifdef WINVM_WIN32_ONLY
#include "../winvm.h"
#else
#define WINVM_WIN32_ONLY 1
#include "../winvm.h"
#undef WINVM_WIN32_ONLY
#endif
#include "../kit.h"
#include "excpt.h"

#endif
