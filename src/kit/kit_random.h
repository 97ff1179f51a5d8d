/* Random bytes of the host. */
#ifndef WVM_KIT_KIT_RANDOM_H
#define WVM_KIT_KIT_RANDOM_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* False: the host gives none; the bytes are then not to be used. */
bool wvm_kit_random(void *out, size_t size);

#pragma GCC visibility pop

#endif
