/* winvm/winvm.h: everything of libwinvm, without the words of Windows' compiler, min and max, and
 * the C run time, which unmodified sources find by compat/windows.h. WINVM_WIN32_ONLY leaves out
 * what a Windows program's windows.h does not have either: the native calls and the whole list of
 * statuses. */
#ifndef WINVM_WINVM_H
#define WINVM_WINVM_H

#include "abi.h"

/* version.h is generated: beside this file when installed, elsewhere on the include path in a
 * build outside the source tree. */
#if __has_include("../winvm/version.h")
#include "../winvm/version.h"
#else
#include <winvm/version.h>
#endif

#include "basetsd.h"
#include "minwindef.h"
#include "winnt.h"
#include "windef.h"
#include "winerror.h"
#include "errhandlingapi.h"
#include "fileapi.h"
#include "handleapi.h"
#include "io.h"
#include "libloaderapi.h"
#include "memoryapi.h"
#include "minwinbase.h"
#include "processthreadsapi.h"
#include "sysinfoapi.h"
#include "systemtopologyapi.h"
#include "winbase.h"
#include "wow64apiset.h"
#include "control.h"
#include "space.h"
#include "mbi.h"
#endif

#ifndef WINVM_WIN32_ONLY
#include "psapi.h"
#endif

/* Outside the guard: a later inclusion without WINVM_WIN32_ONLY adds this part. Under Wine's
 * headers the native calls need the types of Wine's winternl.h. */
#if !defined(WINVM_WIN32_ONLY) && (!defined(WINVM_UNDER_WINE) || defined(__WINE_WINTERNL_H))
#include "ntdef.h"
#include "ntstatus.h"
#include "winternl.h"
#endif
