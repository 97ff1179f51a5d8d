/* Where a thread changes from one stack to another. */
#ifndef WVM_KIT_KIT_FIBER_H
#define WVM_KIT_KIT_FIBER_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* Keeps the registers that a call preserves on this stack, whose end goes to *from, and goes on
 * where `to` was left, or begins there. */
void wvm_kit_fiber_change(void **from, void *to);
/* What is called first on a stack that begins; does not return. */
void wvm_kit_fiber_begin(void);
/* Where a stack begins that ends at base. */
void *wvm_kit_fiber_first(void *base);

#pragma GCC visibility pop

#endif
