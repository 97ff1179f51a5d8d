/* <excpt.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_EXCPT_H
#define WINVM_COMPAT_EXCPT_H

#include "../excpt.h"

#endif
