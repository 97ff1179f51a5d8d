/* <winerror.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINERROR_H
#define WINVM_COMPAT_WINERROR_H

#include "../winerror.h"

#endif
