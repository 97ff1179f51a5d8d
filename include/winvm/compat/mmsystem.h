/* <mmsystem.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_MMSYSTEM_H
#define WINVM_COMPAT_MMSYSTEM_H

#include "windows.h"

#endif
