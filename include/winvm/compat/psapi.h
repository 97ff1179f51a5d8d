/* <psapi.h> for unmodified Windows sources. winvm has none of its calls yet; the types that sources
 * expect to get along with it come from windows.h. */
#ifndef WINVM_COMPAT_PSAPI_H
#define WINVM_COMPAT_PSAPI_H

#include "windows.h"

#endif
