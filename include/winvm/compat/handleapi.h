/* <handleapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_HANDLEAPI_H
#define WINVM_COMPAT_HANDLEAPI_H

#include "../handleapi.h"

#endif
