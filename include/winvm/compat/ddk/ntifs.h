/* <ntifs.h> for unmodified driver-style sources: put include/winvm/compat/ddk on the include
 * path. */
#ifndef WINVM_COMPAT_DDK_NTIFS_H
#define WINVM_COMPAT_DDK_NTIFS_H

#ifndef _NTIFS_
#define _NTIFS_
#endif

#include "ntddk.h"

#endif
