/* <utilapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_UTILAPISET_H
#define WINVM_COMPAT_UTILAPISET_H

#include "../utilapiset.h"

#endif
