/* <dbghelp.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_DBGHELP_H
#define WINVM_COMPAT_DBGHELP_H

#include "windows.h"

#include "../dbghelp.h"

#endif
