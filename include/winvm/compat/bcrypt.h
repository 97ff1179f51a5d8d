/* <bcrypt.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_BCRYPT_H
#define WINVM_COMPAT_BCRYPT_H

#include "windows.h"

#include "../bcrypt.h"

#endif
