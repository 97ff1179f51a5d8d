/* <versionhelpers.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_VERSIONHELPERS_H
#define WINVM_COMPAT_VERSIONHELPERS_H

#include "windows.h"

#include "../versionhelpers.h"

#endif
