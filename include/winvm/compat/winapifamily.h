/* <winapifamily.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_WINAPIFAMILY_H
#define WINVM_COMPAT_WINAPIFAMILY_H

#include "../winapifamily.h"

#endif
