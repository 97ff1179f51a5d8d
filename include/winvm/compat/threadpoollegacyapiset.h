/* <threadpoollegacyapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_THREADPOOLLEGACYAPISET_H
#define WINVM_COMPAT_THREADPOOLLEGACYAPISET_H

#include "windows.h"

#endif
