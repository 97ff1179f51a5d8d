/* <ntsecapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_NTSECAPI_H
#define WINVM_COMPAT_NTSECAPI_H

#include "windows.h"

#endif
