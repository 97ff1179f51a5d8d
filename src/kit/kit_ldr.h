/* The loader's lists, as the block of the process leads to them. */
#ifndef WVM_KIT_KIT_LDR_H
#define WVM_KIT_KIT_LDR_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* The lists, as the modules are now. Always the same place. */
PPEB_LDR_DATA wvm_kit_ldr(void);

#pragma GCC visibility pop

#endif
