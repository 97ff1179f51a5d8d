/* <driverspecs.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_DRIVERSPECS_H
#define WINVM_COMPAT_DRIVERSPECS_H

#include "../specstrings.h"

#endif
