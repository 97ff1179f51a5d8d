/* <shlwapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SHLWAPI_H
#define WINVM_COMPAT_SHLWAPI_H

#include "windows.h"

#include "../shlwapi.h"

#endif
