/* <realtimeapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_REALTIMEAPISET_H
#define WINVM_COMPAT_REALTIMEAPISET_H

#include "windows.h"

#endif
