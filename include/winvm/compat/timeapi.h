/* <timeapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_TIMEAPI_H
#define WINVM_COMPAT_TIMEAPI_H

#include "windows.h"

#endif
