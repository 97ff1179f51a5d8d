/* <psapi.h> for unmodified Windows sources. winvm has a part of its calls; the types that sources
 * expect to get along with it come from windows.h. */
#ifndef WINVM_COMPAT_PSAPI_H
#define WINVM_COMPAT_PSAPI_H

#include "windows.h"
#include "../psapi.h"

#endif
