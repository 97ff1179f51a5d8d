/* <concurrencysal.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CONCURRENCYSAL_H
#define WINVM_COMPAT_CONCURRENCYSAL_H

#include "../sal.h"

#endif
