/* <rtlsupportapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_RTLSUPPORTAPI_H
#define WINVM_COMPAT_RTLSUPPORTAPI_H

#include "windows.h"

#endif
