/* <mbstring.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MBSTRING_H
#define WINVM_COMPAT_MBSTRING_H

#include "../crt_mbstring.h"

#endif
