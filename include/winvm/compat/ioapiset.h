/* <ioapiset.h> for unmodified Windows sources. */
#ifndef WINVM_COMPAT_IOAPISET_H
#define WINVM_COMPAT_IOAPISET_H

#include "windows.h"

#include "../ioapiset.h"

#endif
