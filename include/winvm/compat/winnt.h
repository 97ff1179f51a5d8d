/* <winnt.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINNT_H
#define WINVM_COMPAT_WINNT_H

#include "../winnt.h"

#endif
