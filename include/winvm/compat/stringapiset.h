/* <stringapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_STRINGAPISET_H
#define WINVM_COMPAT_STRINGAPISET_H

#include "windows.h"

#endif
