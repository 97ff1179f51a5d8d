/* <securitybaseapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SECURITYBASEAPI_H
#define WINVM_COMPAT_SECURITYBASEAPI_H

#include "../securitybaseapi.h"

#endif
