/* <conio.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CONIO_H
#define WINVM_COMPAT_CONIO_H

#include "../crt_conio.h"

#endif
