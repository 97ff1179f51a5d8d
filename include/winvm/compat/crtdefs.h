/* <crtdefs.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CRTDEFS_H
#define WINVM_COMPAT_CRTDEFS_H

#include "../crt_types.h"

#endif
