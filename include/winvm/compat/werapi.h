/* <werapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WERAPI_H
#define WINVM_COMPAT_WERAPI_H

#include "windows.h"

#endif
