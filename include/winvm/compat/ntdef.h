/* <ntdef.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_NTDEF_H
#define WINVM_COMPAT_NTDEF_H

#include "../ntdef.h"

#endif
