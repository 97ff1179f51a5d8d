/* <errhandlingapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_ERRHANDLINGAPI_H
#define WINVM_COMPAT_ERRHANDLINGAPI_H

#include "../errhandlingapi.h"

#endif
