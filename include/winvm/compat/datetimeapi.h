/* <datetimeapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_DATETIMEAPI_H
#define WINVM_COMPAT_DATETIMEAPI_H

#include "windows.h"

#endif
