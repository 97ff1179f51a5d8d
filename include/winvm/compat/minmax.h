/* <minmax.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MINMAX_H
#define WINVM_COMPAT_MINMAX_H

#include "../minmax.h"

#endif
