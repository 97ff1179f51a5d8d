/* <winbase.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINBASE_H
#define WINVM_COMPAT_WINBASE_H

#include "../winbase.h"
#include "../kit.h"

#endif
