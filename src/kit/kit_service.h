/* Threads of the kit's own. */
#ifndef WVM_KIT_KIT_SERVICE_H
#define WVM_KIT_KIT_SERVICE_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* A detached thread with a small stack, in which all signals are blocked. False: there is none. */
bool wvm_kit_service(void *(*serve)(void *), void *argument);

#pragma GCC visibility pop

#endif
