/* winvm's own calls: version, audit, commit figures, faults. The map printer is map_print.c.
 *
 * I1  None of them changes memory or the last error.
 * They pass the gate like every other entry: a program may call them before anything else.
 * Locking: the audit takes space's lock. */
#include <winvm/control.h>
#include <winvm/version.h>

#include "api/api.h"
#include "fault/fault.h"
#include "host/host.h"
#include "nt/nt.h"

WVM_EXPORT const char *winvm_version(void)
{
    return WINVM_VERSION_STRING;
}

WVM_EXPORT int winvm_audit(void)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    const char *broken = wvm_nt_audit();
    if (!broken)
        return 0;
    wvm_host_log("audit: %s", broken);
    return -1;
}

WVM_EXPORT void winvm_commit_info(struct winvm_commit_info *out)
{
    struct wvm_commit_info info;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_nt_commit_info(&info);
    out->committed = info.committed;
    out->limit = info.limit;
    out->peak = info.peak;
}

/* A handler that runs before the library has started: no fault can be winvm's. */
WVM_EXPORT int winvm_handle_fault(int sig, void *siginfo, void *ucontext)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        return 0;
    return wvm_fault_handle(sig, siginfo, ucontext);
}

WVM_EXPORT int winvm_thread_attach(void)
{
    uintptr_t low, high;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_fault_thread_attach();
    wvm_fault_thread_stack(&low, &high);
    return wvm_fault_thread_ready() ? 0 : -1;
}

WVM_EXPORT void winvm_thread_detach(void)
{
    wvm_fault_thread_detach();
}
