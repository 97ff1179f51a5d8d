/* Whose memory a call means: what a process handle stands for.
 *
 * Addresses of a call are in the terms of its target. For a based space (winvm_space_create) these
 * are offsets, below 4 GiB; base turns them into addresses of this process. */
#ifndef WVM_NT_NT_TARGET_H
#define WVM_NT_NT_TARGET_H

#include "nt/nt.h"
#include "nt/nt_handle.h"
#include "space/space_window.h"

struct wvm_target {
    pid_t pid;                 /* another process; 0: this one, and what follows holds */
    struct wvm_window *window; /* NULL: the program's own space */
    uintptr_t base;            /* address of the target's address 0 */
    uintptr_t top;             /* first address past its user space, in its own terms */
    void *object;              /* held until wvm_target_drop; NULL: nothing */
    struct wvm_pin *pin;       /* by which it is held; NULL: counted */
};

/* The target of a handle that must grant every right of `need`. On success wvm_target_drop is to
 * follow. INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED, PROCESS_IS_TERMINATING. */
wvm_status wvm_target_resolve(HANDLE h, uint32_t need, struct wvm_target *t) WVM_MUST_CHECK;
void wvm_target_give_back(struct wvm_target *t);

WVM_MUST_CHECK static inline wvm_status wvm_target_of(HANDLE h, uint32_t need,
                                                      struct wvm_target *t)
{
    if (WVM_UNLIKELY(h != WVM_OWN_PROCESS))
        return wvm_target_resolve(h, need, t);
    *t = (struct wvm_target){.top = wvm_nt_top()};
    return STATUS_SUCCESS;
}

static inline void wvm_target_drop(struct wvm_target *t)
{
    if (WVM_UNLIKELY(t->object != NULL))
        wvm_target_give_back(t);
}

#endif
