/* Calls queued to threads, from inside the kit. */
#ifndef WVM_KIT_KIT_APC_H
#define WVM_KIT_KIT_APC_H

#include "kit/kit_self.h"

#pragma GCC visibility push(hidden)

/* As QueueUserAPC, under the dispatch lock. False: the thread has ended, or no memory. */
bool wvm_kit_call_append(struct wvm_kit_thread *t, void(WVM_OWN_CALL *function)(ULONG_PTR),
                         ULONG_PTR argument);

#pragma GCC visibility pop

#endif
