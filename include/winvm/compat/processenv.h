/* <processenv.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_PROCESSENV_H
#define WINVM_COMPAT_PROCESSENV_H

#include "../processenv.h"

#endif
