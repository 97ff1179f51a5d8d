/* <_mingw.h> for unmodified Windows sources: the compiler's words and the integer types of the C
 * run time. It defines no __MINGW32__, which is the source's to choose. */
#ifndef WINVM_COMPAT_MINGW_H
#define WINVM_COMPAT_MINGW_H

#include "corecrt.h"
#include "../words.h"

#endif
