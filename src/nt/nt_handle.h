/* Handles: typed, checked by generation, each naming an object that it holds. */
#ifndef WVM_NT_NT_HANDLE_H
#define WVM_NT_NT_HANDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nt/nt.h"

/* GetCurrentProcess(). */
#define WVM_OWN_PROCESS ((HANDLE)(intptr_t)-1)

enum wvm_object_type {
    WVM_OBJECT_NONE,
    WVM_OBJECT_PROCESS,
    WVM_OBJECT_SECTION, /* struct wvm_section: section/section.h */
    WVM_OBJECT_FILE,    /* struct wvm_file: nt/nt_file.h */
    WVM_N_OBJECT_TYPES,
};
/* What the table must be able to do with an object. Memory of objects is type-stable: a reader that
 * lost a race against the last close may look at a dead one. One constant per type. */
struct wvm_object_ops {
    bool (*try_hold)(void *object); /* false: it is dead */
    void (*drop)(void *object);
    void (*opened)(void *object);   /* a handle more; NULL: does not matter */
    void (*closed)(void *object);   /* a handle less */
};
/* A new handle. Takes over the caller's reference and (section_create) its count as a handle.
 * INSUFFICIENT_RESOURCES: nothing taken over. */
wvm_status wvm_handle_insert(enum wvm_object_type type, void *object, uint32_t access,
                             HANDLE *out) WVM_MUST_CHECK;
/* The object of a handle that must grant every right of `need`, held for the caller
 * (wvm_object_drop). granted: may be NULL. INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED. */
wvm_status wvm_handle_get(HANDLE h, enum wvm_object_type type, uint32_t need, void **object,
                          uint32_t *granted) WVM_MUST_CHECK;
void wvm_object_drop(enum wvm_object_type type, void *object);

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
