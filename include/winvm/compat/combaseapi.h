/* <combaseapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_COMBASEAPI_H
#define WINVM_COMPAT_COMBASEAPI_H

#include "../combaseapi.h"

#endif
