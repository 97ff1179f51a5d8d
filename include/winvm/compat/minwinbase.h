/* <minwinbase.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MINWINBASE_H
#define WINVM_COMPAT_MINWINBASE_H

#include "../minwinbase.h"

#endif
