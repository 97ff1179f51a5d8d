/* What the files of this room share. Nobody outside includes it (unit tests of the room do). */
#ifndef WVM_FAULT_INTERNAL_H
#define WVM_FAULT_INTERNAL_H

#include <winvm/ntstatus.h>

#include "base/assert.h"
#include "fault/fault.h"
#include "fault/fault_machine.h"
#include "host/host_signal.h"

/* Functions that a signal handler runs, some of which leave their callers behind: no sanitizer
 * keeps books about them. */
#define WVM_SIGNAL_PATH __attribute__((no_sanitize_address, no_sanitize_thread))

/* Processor exceptions, as REG_TRAPNO has them. */
enum wvm_trapno {
    WVM_TRAP_DEBUG = 1,
    WVM_TRAP_INT3 = 3,
    WVM_TRAP_OVERFLOW = 4,
    WVM_TRAP_BOUNDS = 5,
    WVM_TRAP_SEGMENT = 11,
    WVM_TRAP_STACK = 12,
    WVM_TRAP_PROTECTION = 13,
    WVM_TRAP_PAGE = 14,
    WVM_TRAP_X87 = 16,
    WVM_TRAP_ALIGNMENT = 17,
};

/* One fault that is to become an exception. */
struct wvm_trap {
    int sig;
    siginfo_t *info;
    struct wvm_kernel_context *uc;
    EXCEPTION_RECORD record;
    bool by_host;    /* a handler that is not ours has the signal and asked us */
    bool by_kernel;  /* nobody's function but ours stands between the kernel and us */
    bool stack_gone; /* the interrupted stack has no room */
};

/* What lies on the stack of the thread while the exception is dispatched. The kernel's context
 * comes first, at the stack pointer: unwinders and sigreturn find it there. The floating point
 * state follows, WVM_FP_PAD bytes behind the end. */
struct wvm_frame {
    struct wvm_kernel_context uc;
    siginfo_t info;
    CONTEXT context;
    EXCEPTION_RECORD record;
    bool by_host;
    bool masked; /* the handler's mask is still in force */
} __attribute__((aligned(64)));

/* ---- fault_deliver.c ---- */

/* Makes the interrupted thread go on in wvm_deliver. gap: bytes below the caller's frame that it
 * may still use. False: there is no stack to do it on; nothing was changed. */
bool wvm_fault_deliver(struct wvm_trap *trap, size_t gap);
/* The access to addr ran over the end of the alternate stack. */
bool wvm_fault_left_alternate(const struct wvm_kernel_context *uc, uintptr_t addr);
/* The fault happened in the probe of a stack: its stack pointer, else 0. */
uintptr_t wvm_fault_probe_stack(const struct wvm_kernel_context *uc);
/* Makes that probe answer that it failed. */
void wvm_fault_probe_fail(struct wvm_kernel_context *uc);
/* This very fault was dispatched and nobody handled it: its registers are as they were then. */
bool wvm_fault_was_declined(int sig, const siginfo_t *info, struct wvm_kernel_context *uc);

/* ---- fault_resume.c ---- */

/* Puts the context back and does not return; returns when that needs the kernel. was_sp: the
 * stack pointer of the interrupted code before handlers could change it. */
void wvm_fault_resume(struct wvm_kernel_context *uc, uintptr_t was_sp);

/* ---- fault_chain.c ---- */

/* Puts the handler into the kernel's slot and remembers what was there. */
void wvm_chain_install(int sig, void (*handler)(int, siginfo_t *, void *));
/* This room handles the signal. */
bool wvm_chain_knows(int sig);
/* Nobody but the default action is behind us. */
bool wvm_chain_is_default(int sig);
/* Calls whoever is behind us. fault: not a signal that somebody sent. */
void wvm_chain_pass(int sig, siginfo_t *info, void *context, bool fault);

/* ---- fault_thread.c ---- */

/* What this room keeps for a thread. Zero is the state of a thread that was never seen. */
struct wvm_fault_thread {
    uintptr_t retry_addr, retry_ip;
    uint32_t retry_changes; /* wvm_space_changes() then */
    unsigned n_retries;
    struct {
        uintptr_t ip, addr; /* ip 0: none */
        greg_t error, trapno;
        uintptr_t cr2;
        int sig;
    } declined;
    uintptr_t alt;       /* the alternate stack we made; 0: none */
    uintptr_t low, high; /* bounds of the stack; 0: not asked yet */
    size_t guarantee;
};
extern WVM_HIDDEN WVM_THREAD_LOCAL struct wvm_fault_thread wvm_fault_self;

/* Handlers are installed: threads need stacks, the calling one first. */
void wvm_fault_threads_wanted(void);
/* The access to addr by a thread whose stack pointer is sp ran over the end of its stack. */
bool wvm_fault_is_overflow(uintptr_t addr, uintptr_t sp);

#endif
