/* Signals as the kernel has them: no part of the C library stands between, so that no other
 * definition of sigaction() or sigprocmask() is met on the way.
 *
 * A mask is a word: bit n-1 is signal n. Every function preserves errno and is safe in a
 * handler. */
#ifndef WVM_HOST_SIGNAL_H
#define WVM_HOST_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

/* The kernel's struct sigaction. */
struct wvm_host_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static inline uint64_t wvm_host_sigbit(int sig)
{
    return (uint64_t)1 << (sig - 1);
}

/* act NULL: only tells. An act with a handler gets winvm's own way back. 0 or -errno. */
int wvm_host_sigaction(int sig, const struct wvm_host_action *act, struct wvm_host_action *old);
/* Replaces the thread's mask and returns the one before. */
uint64_t wvm_host_sigmask(uint64_t mask);
/* Either may be NULL. 0 or -errno. */
int wvm_host_sigaltstack(const stack_t *set, stack_t *old);
/* Queues the signal to the calling thread, info as it stands. 0 or -errno. */
int wvm_host_sigqueue(int sig, const siginfo_t *info);
/* True: a function that returns to this address was called by the kernel, as the handler of an
 * action of ours. On i386 the address may be NULL: the C library puts an action that it was told
 * back with the flag of a way to return, but without the way; such a handler must not return. */
bool wvm_host_kernel_called(const void *return_address);
/* Goes on with everything as the kernel's ucontext at `context` says. */
_Noreturn void wvm_host_sigreturn(void *context);
/* Waits: 0 lets others run, else about so many microseconds. */
void wvm_host_nap(unsigned microseconds);

/* The most stack that the kernel uses for one signal frame. */
size_t wvm_host_signal_frame_size(void);
/* len accessible bytes, a multiple of the page size, above inaccessible ones. 0 or -errno. */
enum { WVM_HOST_STACK_GUARD = 65536 };
int wvm_host_stack_make(size_t len, uintptr_t *out);
void wvm_host_stack_free(uintptr_t addr, size_t len);

#endif
