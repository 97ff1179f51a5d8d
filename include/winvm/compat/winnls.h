/* <winnls.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINNLS_H
#define WINVM_COMPAT_WINNLS_H

#include "windows.h"

#endif
