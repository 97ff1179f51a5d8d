/* <profileapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PROFILEAPI_H
#define WINVM_COMPAT_PROFILEAPI_H

#include "../profileapi.h"

#endif
