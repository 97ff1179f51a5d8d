/* <namedpipeapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_NAMEDPIPEAPI_H
#define WINVM_COMPAT_NAMEDPIPEAPI_H

#include "../namedpipeapi.h"

#endif
