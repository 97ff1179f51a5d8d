/* <jobapi2.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_JOBAPI2_H
#define WINVM_COMPAT_JOBAPI2_H

#include "../jobapi.h"

#endif
