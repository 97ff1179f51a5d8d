/* <dpapi.h> for unmodified Windows sources: secrets in memory. */
#ifndef WINVM_COMPAT_DPAPI_H
#define WINVM_COMPAT_DPAPI_H

#include "wincrypt.h"

#endif
