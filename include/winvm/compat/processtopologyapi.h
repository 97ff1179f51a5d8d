/* <processtopologyapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PROCESSTOPOLOGYAPI_H
#define WINVM_COMPAT_PROCESSTOPOLOGYAPI_H

#include "windows.h"

#endif
