/* Faults of the processor as exceptions of Windows: the signal handlers, the delivery of an
 * exception to the thread that caused it, vectored handlers and frames.
 *
 * 1. The way of a fault. The handler (fault.c) runs on the thread's alternate stack with all
 *    signals blocked but SIGSEGV and SIGBUS. It asks space/ about the address (wvm_space_fault).
 *    RETRY: it returns. Otherwise the fault is an exception: when somebody is there to hear it
 *    (wvm_dispatch_wanted), record and context are written below the interrupted thread's red zone
 *    and the handler leaves its stack for wvm_deliver on the thread's own one, under the
 *    interrupted signal mask (by returning to it where others stand between the kernel and the
 *    handler); else the fault goes down the chain.
 * 2. wvm_dispatch() calls vectored handlers, then frames (WINVM_TRY), then, when nobody had
 *    installed a handler of that signal, the unhandled exception filter. CONTINUE: the context,
 *    with what the handlers changed, is put back (fault_resume.c, else by sigreturn). UNHANDLED:
 *    the signal, with its own siginfo, is queued to the thread and the interrupted context put
 *    back; the handler passes it down the chain.
 * 3. The chain: whoever had a handler before us, or set one through the preload object since, is
 *    called with the original siginfo under the mask it asked for. Nobody: the default action, with
 *    the signal and core of the original fault.
 * This file is the interface for api/ and preload/; fault_internal.h is the room's own. */
#ifndef WVM_FAULT_FAULT_H
#define WVM_FAULT_FAULT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <winvm/winvm.h>

#include "base/annotate.h"

/* ---- fault.c: signal handlers ---- */

/* SIGSEGV and SIGBUS reach winvm from now on. Idempotent; any thread, any time. */
void wvm_fault_install_memory(void);
/* The same with SIGILL, SIGTRAP and SIGFPE: when the program starts to handle exceptions. */
void wvm_fault_install_all(void);
/* The body of the handler, for a host's own one. True: done, return from the handler with *context.
 * False: not an exception that anybody of winvm's handles; nothing was changed. */
bool wvm_fault_handle(int sig, siginfo_t *info, void *context);

/* ---- fault_chain.c: handlers that are not ours ---- */

/* True: winvm has (or will keep) the kernel's slot of this signal. */
bool wvm_chain_owns(int sig);
/* What the program believes to be installed for sig; set replaces it and answers the old one. Only
 * for signals that wvm_chain_owns(). */
void wvm_chain_get(int sig, struct sigaction *out);
void wvm_chain_set(int sig, const struct sigaction *act, struct sigaction *old);

/* ---- fault_thread.c: alternate stacks, bounds of stacks ---- */

/* Gives the calling thread an alternate stack when it has none. Called by preload's pthread_create,
 * by winvm_thread_attach(), by wvm_fault_install_*, and at the thread's first call that may need
 * it. True: it has one, and can handle an overflow of its stack. */
bool wvm_fault_thread_attach(void);
/* The same, cheaply, where handlers are installed: for a call that may be a thread's first one. */
static inline void wvm_fault_thread_touch(void);
/* Takes it away; also done at thread exit. */
void wvm_fault_thread_detach(void);
/* The calling thread's stack as it was created: [*low, *high). */
void wvm_fault_thread_stack(uintptr_t *low, uintptr_t *high);
/* SetThreadStackGuarantee's value of this thread, in bytes. */
size_t wvm_fault_stack_guarantee(void);
void wvm_fault_set_stack_guarantee(size_t bytes);

/* Once, from api/init.c. */
void wvm_fault_thread_init(void);

extern WVM_HIDDEN bool wvm_fault_active;                  /* handlers are installed */
extern WVM_HIDDEN WVM_THREAD_LOCAL bool wvm_fault_attached; /* this thread needs nothing more */

static inline void wvm_fault_thread_touch(void)
{
    if (__atomic_load_n(&wvm_fault_active, __ATOMIC_RELAXED) && WVM_UNLIKELY(!wvm_fault_attached))
        wvm_fault_thread_attach();
}

/* ---- fault_vectored.c ---- */

enum wvm_vectored_list { WVM_VECTORED_EXCEPTION, WVM_VECTORED_CONTINUE, WVM_N_VECTORED };
/* ms: the handler has the Windows calling convention. NULL: no room. */
void *wvm_vectored_add(enum wvm_vectored_list list, bool first, void *handler, bool ms);
bool wvm_vectored_remove(enum wvm_vectored_list list, void *handle);
/* Answers the old filter; *old_ms its convention. */
void *wvm_unhandled_filter_set(void *filter, bool ms, bool *old_ms);

/* ---- fault_dispatch.c ---- */

enum wvm_dispatch_answer { WVM_DISPATCH_CONTINUE, WVM_DISPATCH_UNHANDLED };
/* Is anybody there to whom this thread's exceptions go? Lock-free; for the signal handler. */
bool wvm_dispatch_wanted(void);
/* Runs on the thread that raised, on its stack, in ordinary code. May not return: a frame takes
 * over. last: the unhandled exception filter is asked too. */
enum wvm_dispatch_answer wvm_dispatch(EXCEPTION_RECORD *record, CONTEXT *context, bool last);

#endif
