/* <wincrypt.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINCRYPT_H
#define WINVM_COMPAT_WINCRYPT_H

#include "windows.h"

#include "../wincrypt.h"

#endif
