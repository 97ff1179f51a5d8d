/* <synchapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SYNCHAPI_H
#define WINVM_COMPAT_SYNCHAPI_H

#include "../synchapi.h"

#endif
