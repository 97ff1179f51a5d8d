/* The composition root: starts the rooms in order and joins them; the only file that knows them
 * all.
 *
 * Order: options, host (its probes obey the options), the fault path's thread key, the address
 * space, the fork handlers, then the gate opens. Signal handlers are installed later, on need. The
 * constructor does it; a call from an earlier constructor comes through the gate. The constructor
 * then starts the threads that are to run: the server of the option remote, and the clock of the
 * shared user data page. In a fork child calls start them, the clock only one that no allocator
 * makes (entry_slow.c).
 * I1  No entry passes the gate before wvm_init() has returned once.
 * I2  WINVM_OPTIONS is not read in a process with raised privileges.
 * fork: the locks of the server, names and space are taken before it and given back after it on
 * both sides; the child's host room forgets what still describes the parent, and the child takes
 * the names that its parent holds.
 * Locking: pthread_once.   Failure: a space that cannot start is reported; every later reservation
 * then fails with NO_MEMORY, and nothing else is disturbed.   Signal safety: none. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "api/api.h"
#include "api/module.h"
#include "api/ring.h"
#include "api/trace.h"
#include "base/options.h"
#include "base/slist.h"
#include "fault/fault.h"
#include "host/host.h"
#include "host/host_process.h"
#include "nt/nt.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_pin.h"
#include "nt/nt_pool.h"
#include "nt/nt_raise.h"
#include "nt/nt_shared_data.h"
#include "pool/pool.h"
#include "pool/pool_trace.h"
#include "remote/remote.h"
#include "section/section.h"
#include "section/section_name.h"
#include "space/space.h"
#include "space/space_fault.h"

unsigned wvm_gate = WVM_GATE_INIT;

static pthread_once_t start_once = PTHREAD_ONCE_INIT;

static void report_option(const char *part, const char *why)
{
    wvm_host_log("WINVM_OPTIONS: '%s': %s", part, why);
}

static void before_fork(void)
{
    wvm_remote_before_fork();
    wvm_names_before_fork();
    wvm_space_before_fork(&wvm_space_native);
    wvm_spare_before_fork(); /* with the space's lock: I4 of section_spare.c */
    wvm_nt_pool_before_fork();
}

static void after_fork_parent(void)
{
    wvm_nt_pool_after_fork_parent();
    wvm_space_after_fork_parent(&wvm_space_native);
    wvm_names_after_fork_parent();
    wvm_remote_after_fork_parent();
}

static void after_fork_child(void)
{
    wvm_host_after_fork_child();
    wvm_nt_pool_after_fork_child();
    wvm_pins_after_fork_child();
    wvm_space_after_fork_child(&wvm_space_native);
    wvm_names_after_fork_child();
    wvm_exports_after_fork_child();
    wvm_nt_clock_after_fork_child();
    if (wvm_nt_clock_is_due())
        wvm_gate_set(WVM_GATE_CLOCK, true);
    if (wvm_remote_after_fork_child())
        wvm_gate_set(WVM_GATE_SERVE, true);
}

static void start(void)
{
    int saved = errno;
    const char *text = getauxval(AT_SECURE) ? NULL : getenv("WINVM_OPTIONS");
    if (text)
        wvm_options_parse(text, report_option);
    wvm_host_init();
    wvm_slist_init();
    wvm_fault_thread_init();
    wvm_space_arm_hook = wvm_fault_install_memory;
    wvm_nt_raise_hook = wvm_raise_status;
    wvm_status status = wvm_space_init(&wvm_space_native);
    if (status < 0)
        wvm_host_log("cannot start the address space: status %x", (unsigned)status);
    wvm_nt_shared_data_init(&wvm_space_native);
    if (pthread_atfork(before_fork, after_fork_parent, after_fork_child) != 0)
        wvm_host_log("cannot watch for fork(): a child may find a lock taken");
    wvm_ring_init();
    wvm_trace_init();
    if (wvm_option(WVM_OPTION_POOL_TRACE) || wvm_option(WVM_OPTION_POOL_LEAKS))
        wvm_gate_set(WVM_GATE_SITES, true);
    if (wvm_gate_bits() & (WVM_GATE_TRACE | WVM_GATE_SITES))
        wvm_pool_close();
    errno = saved;
    wvm_gate_set(WVM_GATE_INIT, false);
}

void wvm_init(void)
{
    pthread_once(&start_once, start);
}

void wvm_tick(void)
{
    wvm_gate_set(WVM_GATE_CLOCK, false);
    wvm_nt_clock_start();
}

void wvm_serve(void)
{
    wvm_gate_set(WVM_GATE_SERVE, false);
    (void)wvm_remote_start(wvm_nt_serve);
}

/* True when calls by name reach this copy: winvm_version is looked up like any exported name, while
 * wvm_gate is this copy's own. A copy that lies behind a preload object never starts. */
static bool is_first_copy(void)
{
    const char *(*found)(void);
    uintptr_t start, end;
#if defined(__x86_64__)
    __asm__("movq winvm_version@GOTPCREL(%%rip), %0" : "=r"(found));
#else
    __asm__ volatile("call 1f\n1:\tpopl %0\n\t"
                     "addl $_GLOBAL_OFFSET_TABLE_+[.-1b], %0\n\t"
                     "movl winvm_version@GOT(%0), %0"
                     : "=r"(found)
                     :
                     : "cc");
#endif
    if (!wvm_host_module((uintptr_t)&wvm_gate, &start, &end))
        return true;
    return (uintptr_t)found >= start && (uintptr_t)found < end;
}

static void __attribute__((constructor)) start_at_load(void)
{
    if (!is_first_copy())
        return;
    wvm_init();
    int holder = wvm_host_holder();
    if (wvm_option(WVM_OPTION_REMOTE) || holder >= 0)
        wvm_serve();
    if (holder >= 0)
        wvm_host_hold(holder);
    if (wvm_nt_clock_is_due())
        wvm_tick();
}

static void __attribute__((destructor)) end_at_exit(void)
{
    wvm_pool_trace_exit();
    wvm_remote_leave();
}
