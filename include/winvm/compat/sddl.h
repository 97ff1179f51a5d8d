/* <sddl.h> for unmodified Windows sources: winvm has no security descriptors, so that nothing is
 * declared here beyond windows.h. */
#ifndef WINVM_COMPAT_SDDL_H
#define WINVM_COMPAT_SDDL_H

#include "windows.h"

#endif
