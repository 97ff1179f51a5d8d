/* <winuser.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINUSER_H
#define WINVM_COMPAT_WINUSER_H

#include "../winuser.h"

#endif
