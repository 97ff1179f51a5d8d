/* <memoryapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MEMORYAPI_H
#define WINVM_COMPAT_MEMORYAPI_H

#include "../memoryapi.h"

#endif
