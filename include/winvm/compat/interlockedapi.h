/* <interlockedapi.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_INTERLOCKEDAPI_H
#define WINVM_COMPAT_INTERLOCKEDAPI_H

#include "../interlockedapi.h"

#endif
