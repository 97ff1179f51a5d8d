/* <jobapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_JOBAPI_H
#define WINVM_COMPAT_JOBAPI_H

#include "../jobapi.h"

#endif
