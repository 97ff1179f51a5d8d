/* What the fault path and the interposed system calls may ask of an address space.
 *
 * wvm_space_fault is lock-free: it allocates nothing, waits for nobody and makes at most one system
 * call, the one that makes a page accessible (a stack that grows: up to three). It may be called
 * from a signal handler that interrupted any function of winvm, also one that holds the space lock.
 * Its caller has all signals blocked but SIGSEGV and SIGBUS. Everything else here is for ordinary
 * code. */
#ifndef WVM_SPACE_SPACE_FAULT_H
#define WVM_SPACE_SPACE_FAULT_H

#include "space/space.h"

/* The values of ExceptionInformation[0]. */
enum wvm_access { WVM_ACCESS_READ = 0, WVM_ACCESS_WRITE = 1, WVM_ACCESS_EXECUTE = 8 };

struct wvm_fault {
    uintptr_t addr;      /* the byte that could not be accessed, below wvm_space_host_top() */
    uintptr_t sp;        /* the interrupted thread's stack pointer */
    unsigned access;     /* enum wvm_access */
    uintptr_t ip;        /* the instruction that accessed it */
    size_t guarantee;    /* bytes of stack that must remain for an overflow (stacks only) */
};

enum wvm_fault_answer {
    WVM_FAULT_FOREIGN,   /* not memory of winvm's: the tables say nothing */
    WVM_FAULT_RETRY,     /* accessible now or in a moment: run the instruction again */
    WVM_FAULT_OPENED,    /* made accessible by this very call: run the instruction again */
    WVM_FAULT_VIOLATION, /* the page's state forbids this access */
    WVM_FAULT_GUARD,     /* a guard page, disarmed by this very call: tell the program once */
    WVM_FAULT_OVERFLOW,  /* the last guard page of a stack; what was left below is accessible now */
    WVM_FAULT_NO_MEMORY, /* the host refused to make the page accessible; it is as before */
};
enum wvm_fault_answer wvm_space_fault(struct wvm_space *sp, const struct wvm_fault *fault);

/* Another number after every change of page states that a call made. Lock-free. */
uint32_t wvm_space_changes(const struct wvm_space *sp);

/* A system call is about to read (write: to write) [start, end), page multiples of this process:
 * pages that only winvm keeps from the host are made ready (pages whose first write is watched).
 * STATUS_GUARD_PAGE_VIOLATION: the range held guard pages; they are disarmed and the call must not
 * be made. Anything else is the host's to judge: STATUS_SUCCESS. Takes the lock only when there is
 * something to do. */
wvm_status wvm_space_ready(struct wvm_space *sp, uintptr_t start, uintptr_t end,
                           bool write) WVM_MUST_CHECK;

/* The stack that the calling thread runs on when sp (its stack pointer) lies in private memory of
 * winvm's: the whole allocation. False: it lies elsewhere. Lock-free. */
bool wvm_space_stack(struct wvm_space *sp, uintptr_t stack_pointer, uintptr_t *low,
                     uintptr_t *high);

/* Called (from any thread, with the space lock held) before the first page is armed whose access
 * must reach wvm_space_fault. Set once, by api/init.c; the preload objects put one of their own in
 * front of it. */
extern void (*wvm_space_arm_hook)(void);

/* ---- asynchronous signals ---- */

/* This thread is inside a change: a call that changes memory would be refused. Safe in a
 * handler. */
bool wvm_space_inside(void);
/* From a handler that found itself inside: `resume` is called by this thread, once, when it has
 * left (outside the lock). Two different ones can be requested before that; each is called once. */
void wvm_space_when_left(void (*resume)(void));

#endif
