/* <sal.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SAL_H
#define WINVM_COMPAT_SAL_H

#include "../sal.h"

#endif
