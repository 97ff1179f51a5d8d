/* winvm's own calls: version, audit, commit figures, faults. The map printer is map_print.c.
 *
 * I1  None of them changes memory or the last error.
 * They pass the gate like every other entry: a program may call them before anything else.
 * Locking: the audit takes space's lock. */
#include <errno.h>

#include <winvm/control.h>
#include <winvm/version.h>

#include "api/api.h"
#include "api/control.h"
#include "fault/fault.h"
#include "host/host.h"
#include "nt/nt.h"
#include "nt/nt_section.h"

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

int wvm_control_refuse(wvm_status status)
{
    static const struct {
        wvm_status status;
        int error;
    } map[] = {
        {STATUS_INVALID_HANDLE, EBADF},
        {STATUS_OBJECT_TYPE_MISMATCH, EBADF},
        {STATUS_ACCESS_DENIED, EACCES},
        {STATUS_ACCESS_VIOLATION, EFAULT},
        {STATUS_INVALID_PARAMETER, EINVAL},
        {STATUS_INSUFFICIENT_RESOURCES, EMFILE},
        {STATUS_TOO_MANY_OPENED_FILES, EMFILE},
        {STATUS_INVALID_DEVICE_REQUEST, ENOTTY},
        {STATUS_USER_MAPPED_FILE, ETXTBSY},
        {STATUS_DISK_FULL, ENOSPC},
        {STATUS_HANDLE_NOT_CLOSABLE, EPERM},
        {STATUS_NOT_SUPPORTED, ENOTSUP},
        {STATUS_POSSIBLE_DEADLOCK, EDEADLK},
        {STATUS_PROCESS_IS_TERMINATING, ESRCH},
    };
    errno = ENOMEM;
    for (unsigned i = 0; i < sizeof map / sizeof map[0]; i++)
        if (map[i].status == status)
            errno = map[i].error;
    return -1;
}

WVM_EXPORT int winvm_section_to_fd(void *section)
{
    int fd = -1;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_nt_section_export(section, &fd);
    return status < 0 ? wvm_control_refuse(status) : fd;
}

WVM_EXPORT void *winvm_section_from_fd(int fd, uint32_t access)
{
    HANDLE h = NULL;
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    wvm_status status = wvm_nt_section_import(fd, access, &h);
    if (status < 0)
        wvm_control_refuse(status);
    return h;
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
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    return wvm_fault_thread_attach() ? 0 : -1;
}

WVM_EXPORT void winvm_thread_detach(void)
{
    wvm_fault_thread_detach();
}
