/* <winioctl.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINIOCTL_H
#define WINVM_COMPAT_WINIOCTL_H

#include "windows.h"

#include "../winioctl.h"

#endif
