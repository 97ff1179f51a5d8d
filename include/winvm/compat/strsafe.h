/* <strsafe.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_STRSAFE_H
#define WINVM_COMPAT_STRSAFE_H

#include "../strsafe.h"

#endif
