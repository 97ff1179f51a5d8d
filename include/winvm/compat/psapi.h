/* <psapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PSAPI_H
#define WINVM_COMPAT_PSAPI_H

#include "windows.h"
#include "../psapi.h"

#endif
