/* <sdkddkver.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SDKDDKVER_H
#define WINVM_COMPAT_SDKDDKVER_H

#include "../sdkddkver.h"

#endif
