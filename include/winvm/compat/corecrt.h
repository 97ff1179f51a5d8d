/* <corecrt.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CORECRT_H
#define WINVM_COMPAT_CORECRT_H

#include "../crt_types.h"

#endif
