/* <objbase.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_OBJBASE_H
#define WINVM_COMPAT_OBJBASE_H

#include "windows.h"
#include "../combaseapi.h"

#endif
