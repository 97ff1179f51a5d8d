/* Process handles. */
#ifndef WVM_NT_NT_HANDLE_H
#define WVM_NT_NT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nt/nt.h"

/* GetCurrentProcess(). */
#define WVM_OWN_PROCESS ((HANDLE)(intptr_t)-1)

/* Resolves a handle that must grant every right of `need`. *pid 0: this process.
 * INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED, PROCESS_IS_TERMINATING. */
wvm_status wvm_handle_resolve(HANDLE h, uint32_t need, pid_t *pid) WVM_MUST_CHECK;

static inline wvm_status wvm_handle_target(HANDLE h, uint32_t need, pid_t *pid)
{
    if (WVM_LIKELY(h == WVM_OWN_PROCESS)) {
        *pid = 0;
        return 0;
    }
    return wvm_handle_resolve(h, need, pid);
}

/* For calls that winvm carries out in this process only: another one answers ACCESS_DENIED. */
static inline wvm_status wvm_handle_own(HANDLE h, uint32_t need)
{
    if (WVM_LIKELY(h == WVM_OWN_PROCESS))
        return 0;
    pid_t pid;
    wvm_status status = wvm_handle_resolve(h, need, &pid);
    if (status < 0)
        return status;
    return pid == 0 ? 0 : (wvm_status)STATUS_ACCESS_DENIED;
}

/* A program's own layer may have another pseudo handle for this process: asked about handles that
 * are not known here. Set once at start, NULL otherwise. */
extern HANDLE (*wvm_handle_other_self)(void);

/* Opens a process. INVALID_PARAMETER (no such process), ACCESS_DENIED, INSUFFICIENT_RESOURCES. */
wvm_status wvm_handle_open(pid_t pid, uint32_t access, HANDLE *out) WVM_MUST_CHECK;
wvm_status wvm_handle_close(HANDLE h) WVM_MUST_CHECK;
/* True for a handle that wvm_handle_open made and nobody closed. Pseudo handles are not ours. */
bool wvm_handle_is_ours(HANDLE h);

#endif
