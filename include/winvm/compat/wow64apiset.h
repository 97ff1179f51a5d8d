/* <wow64apiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WOW64APISET_H
#define WINVM_COMPAT_WOW64APISET_H

#include "../wow64apiset.h"

#endif
