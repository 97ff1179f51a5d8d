/* <debugapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_DEBUGAPI_H
#define WINVM_COMPAT_DEBUGAPI_H

#include "../debugapi.h"

#endif
