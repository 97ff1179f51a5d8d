/* <systemtopologyapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SYSTEMTOPOLOGYAPI_H
#define WINVM_COMPAT_SYSTEMTOPOLOGYAPI_H

#include "../systemtopologyapi.h"

#endif
