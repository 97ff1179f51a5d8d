/* <threadpoolapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_THREADPOOLAPISET_H
#define WINVM_COMPAT_THREADPOOLAPISET_H

#include "windows.h"

#endif
