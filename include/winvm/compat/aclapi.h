/* <aclapi.h> for unmodified Windows sources: no object has a security descriptor, so that nothing
 * is declared here beyond windows.h. */
#ifndef WINVM_COMPAT_ACLAPI_H
#define WINVM_COMPAT_ACLAPI_H

#include "windows.h"

#endif
