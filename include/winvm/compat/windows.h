/* <windows.h> for unmodified Windows sources: put include/winvm/compat alone on the include path.
 *
 * Defines _WIN64 on 64-bit hosts, as sources expect to find it; _WIN32 is left to the program,
 * since many sources take it for the presence of all of Windows: define it for the files that are
 * Windows' own. WIN32_LEAN_AND_MEAN changes nothing; NOMINMAX leaves out min and max.
 *
 * It declares the names of libwinvm-kit too; a program that uses none of them does not need it. */
#ifndef WINVM_COMPAT_WINDOWS_H
#define WINVM_COMPAT_WINDOWS_H

#if defined(__LP64__) && !defined(_WIN64)
#define _WIN64 1
#endif

#include <stdarg.h>

#include "../sdkddkver.h"
#include "../winapifamily.h"
#include "../sal.h"
#include "../specstrings.h"
#include "../words.h"

#ifdef WINVM_WIN32_ONLY
#include "../winvm.h"
#include "../kit.h"
#else
#define WINVM_WIN32_ONLY 1
#include "../winvm.h"
#include "../kit.h"
#undef WINVM_WIN32_ONLY
#endif
#include "../guiddef.h"
#include "../intrin_core.h"
#include "../windef_shapes.h"
#include "excpt.h"

#ifndef NOMINMAX
#include "../minmax.h"
#endif

#endif
