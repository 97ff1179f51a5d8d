/* <intrin.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_INTRIN_H
#define WINVM_COMPAT_INTRIN_H

#include "../intrin.h"
#include "../words.h"

#endif
