/* <wdm.h> for unmodified driver-style sources: put include/winvm/compat/ddk on the include
 * path. */
#ifndef WINVM_COMPAT_DDK_WDM_H
#define WINVM_COMPAT_DDK_WDM_H

#if defined(__LP64__) && !defined(_WIN64)
#define _WIN64 1
#endif

#include "../../wdm.h"

#endif
