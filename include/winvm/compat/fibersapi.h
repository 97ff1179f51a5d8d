/* <fibersapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_FIBERSAPI_H
#define WINVM_COMPAT_FIBERSAPI_H

#include "../fibersapi.h"

#endif
