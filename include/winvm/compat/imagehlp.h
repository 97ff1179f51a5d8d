/* <imagehlp.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_IMAGEHLP_H
#define WINVM_COMPAT_IMAGEHLP_H

#include "windows.h"

#include "../dbghelp.h"

#endif
