/* <io.h> for unmodified Windows sources: only the handles of descriptors. */
#ifndef WINVM_COMPAT_IO_H
#define WINVM_COMPAT_IO_H

#include "../io.h"

#endif
