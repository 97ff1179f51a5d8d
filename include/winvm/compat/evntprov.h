/* <evntprov.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_EVNTPROV_H
#define WINVM_COMPAT_EVNTPROV_H

#include "../evntprov.h"

#endif
