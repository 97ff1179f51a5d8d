/* Stopping threads: what the calls that suspend, look at and end others are made of. A thread that
 * is to be stopped is not the calling one unless the name says so. */
#ifndef WVM_KIT_KIT_STOP_H
#define WVM_KIT_KIT_STOP_H

#include "kit/kit.h"
#include "kit/kit_self.h"

#pragma GCC visibility push(hidden)

/* The signal has its handler; false and the last error: there is none left. */
bool wvm_kit_stop_ready(void);
/* Adds one to the thread's count, which was less than `most` and is in *before, without waiting for
 * it to stand. False and the last error. */
bool wvm_kit_stop_add(struct wvm_kit_thread *t, uint32_t most, uint32_t *before);
/* The same, and the thread is parked on return, until somebody releases it. */
bool wvm_kit_stop_hold(struct wvm_kit_thread *t, uint32_t most, uint32_t *before);
/* Takes one from the count. What it was. */
uint32_t wvm_kit_stop_release(struct wvm_kit_thread *t);
/* Has the thread take the record that it was given. False: it takes no signal, or has ended. */
bool wvm_kit_stop_meet(struct wvm_kit_thread *t);

/* Sends the signal to the calling thread, which is then parked as long as its count says. */
bool wvm_kit_stop_oneself(void);
/* What registers the calling thread is to have when that is done; NULL again: it has them. */
extern WVM_THREAD_LOCAL const CONTEXT *wvm_kit_stop_next;

#pragma GCC visibility pop

#endif
