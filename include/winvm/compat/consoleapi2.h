/* <consoleapi2.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CONSOLEAPI2_H
#define WINVM_COMPAT_CONSOLEAPI2_H

#include "windows.h"

#endif
