/* <specstrings.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_SPECSTRINGS_H
#define WINVM_COMPAT_SPECSTRINGS_H

#include "../specstrings.h"

#endif
