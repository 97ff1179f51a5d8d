/* <windef.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINDEF_H
#define WINVM_COMPAT_WINDEF_H

#include "../windef_shapes.h"

#endif
