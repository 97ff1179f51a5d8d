/* <minwindef.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MINWINDEF_H
#define WINVM_COMPAT_MINWINDEF_H

#include "../minwindef.h"

#endif
