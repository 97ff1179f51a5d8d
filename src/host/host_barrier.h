/* A memory barrier in all threads of the process at once (membarrier). */
#ifndef WVM_HOST_HOST_BARRIER_H
#define WVM_HOST_HOST_BARRIER_H

#include <stdbool.h>

/* Asks for it, once. False: the host has none (before Linux 4.14). */
bool wvm_host_barrier_init(void);
/* Each other thread has gone through a full barrier between the call and its return; false: the
 * host refuses. What such a thread may leave out is a barrier of its own between a store and a
 * later load. Signal safety: yes. */
bool wvm_host_barrier(void);

#endif
