/* The inner face of the public calls: wvm_NAME for every name of api_list.h, and the library's
 * gate.
 *
 * wvm_NAME has the compiler's own calling convention, preserves errno, and sets the thread's last
 * error exactly where the documentation says so. The exported entries (entry_*.c) do nothing but
 * pass the gate, trace, and call these. */
#ifndef WVM_API_API_H
#define WVM_API_API_H

#include <stdbool.h>

#include <winvm/wdm.h>
#include <winvm/winvm.h>

#include "base/annotate.h"

#define WVM_API(ret, name, params, args, trace) ret wvm_##name params;
#define WVM_API_SHARED(ret, name, params, args, trace) ret wvm_##name params;
#define WVM_API_REGS(ret, name, params, args, trace)
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

/* Reasons why an entry must leave its straight path; one test of the whole word serves all. An
 * entry that finds WVM_GATE_INIT set calls wvm_init() first. */
enum wvm_gate_bit {
    WVM_GATE_INIT = 1,   /* the library is not started yet */
    WVM_GATE_TRACE = 2,  /* set and cleared by the tracer alone */
    WVM_GATE_SERVE = 4,  /* a fork child whose parent serves others is to serve too: wvm_serve() */
    WVM_GATE_CLOCK = 8,  /* the clock of the shared user data page is to run: wvm_tick() */
    WVM_GATE_SITES = 16, /* call sites are wanted (base/site.h) */
};
extern unsigned wvm_gate;   /* starts as WVM_GATE_INIT; read relaxed, changed atomically */

static inline unsigned wvm_gate_bits(void)
{
    return __atomic_load_n(&wvm_gate, __ATOMIC_ACQUIRE);
}

static inline void wvm_gate_set(enum wvm_gate_bit bit, bool on)
{
    if (on)
        __atomic_fetch_or(&wvm_gate, (unsigned)bit, __ATOMIC_RELEASE);
    else
        __atomic_fetch_and(&wvm_gate, ~(unsigned)bit, __ATOMIC_RELEASE);
}

/* Starts the library; any number of calls from any thread, the first one does it. Runs from the
 * constructor, and from the gate when an earlier constructor calls the API. */
void wvm_init(void);
/* Raises an exception with this status, not to be continued, as a kernel-style call does. */
void wvm_raise_status(uint32_t status);
/* Serves other processes from now on (remote/remote.h). */
void wvm_serve(void);
/* Starts the clock of the shared user data page (nt/nt_shared_data.h). */
void wvm_tick(void);

#endif
