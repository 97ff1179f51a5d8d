/* <consoleapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CONSOLEAPI_H
#define WINVM_COMPAT_CONSOLEAPI_H

#include "windows.h"

#endif
