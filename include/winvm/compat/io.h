/* <io.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_IO_H
#define WINVM_COMPAT_IO_H

#include "../crt_io.h"

#endif
