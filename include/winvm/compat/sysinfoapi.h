/* <sysinfoapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SYSINFOAPI_H
#define WINVM_COMPAT_SYSINFOAPI_H

#include "../sysinfoapi.h"
#include "../kit_sysinfo.h"

#endif
