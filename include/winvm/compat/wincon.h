/* <wincon.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINCON_H
#define WINVM_COMPAT_WINCON_H

#include "windows.h"

#endif
