/* <heapapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_HEAPAPI_H
#define WINVM_COMPAT_HEAPAPI_H

#include "../heapapi.h"

#endif
