/* The kit's names in the preload objects: see kit_route.c. */
#ifndef WVM_PRELOAD_KIT_ROUTE_H
#define WVM_PRELOAD_KIT_ROUTE_H

#include <stdbool.h>

#include "preload/route_choose.h"

#pragma GCC visibility push(hidden)
/* GetProcAddress finds the kit's names. Any number of calls. */
void wvm_kit_route_init(void);
/* What a call through a name's empty slot goes to; route: the slot. False: it is none. */
bool wvm_kit_route_is(const void *slot);
void *wvm_kit_route_target(const void *slot, struct route_regs *regs);
/* The exported function of this name; *is_shared: a library of the program's has one too. NULL: the
 * kit has none of that name. */
void *wvm_kit_route_exported(const char *name, bool *is_shared);
#pragma GCC visibility pop

#endif
