/* <crtdbg.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_CRTDBG_H
#define WINVM_COMPAT_CRTDBG_H

#include "../crtdbg.h"

#endif
