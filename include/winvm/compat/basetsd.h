/* <basetsd.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_BASETSD_H
#define WINVM_COMPAT_BASETSD_H

#include "../basetsd.h"

#endif
