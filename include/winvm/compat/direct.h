/* <direct.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_DIRECT_H
#define WINVM_COMPAT_DIRECT_H

#include "../crt_io.h"

#endif
