/* <ntddk.h> for unmodified driver-style sources: put include/winvm/compat/ddk on the include
 * path. */
#ifndef WINVM_COMPAT_DDK_NTDDK_H
#define WINVM_COMPAT_DDK_NTDDK_H

#ifndef _NTDDK_
#define _NTDDK_
#endif

#include "wdm.h"

#endif
