/* Objects of other libraries behind handles of the one table: <winvm/control.h>. */
#ifndef WVM_NT_NT_FOREIGN_H
#define WVM_NT_NT_FOREIGN_H

#include "nt/nt_handle.h"

/* Makes an object live, with one reference. INSUFFICIENT_RESOURCES: no room for its kind. */
wvm_status wvm_foreign_start(struct winvm_object *object,
                             struct winvm_object_kind *kind) WVM_MUST_CHECK;
void wvm_foreign_hold(struct winvm_object *object);
void wvm_foreign_drop(struct winvm_object *object);
/* A handle more to a held object; the reference stays the caller's. `access` may be generic. */
wvm_status wvm_foreign_open(struct winvm_object *object, uint32_t access,
                            HANDLE *out) WVM_MUST_CHECK;
/* The object of a handle, held; kind NULL: of whatever kind. INVALID_HANDLE,
 * OBJECT_TYPE_MISMATCH, ACCESS_DENIED. */
wvm_status wvm_foreign_get(HANDLE h, const struct winvm_object_kind *kind, uint32_t need,
                           struct winvm_object **out) WVM_MUST_CHECK;

/* The event of a handle that grants EVENT_MODIFY_STATE, held, to be set by the next.
 * INVALID_HANDLE, OBJECT_TYPE_MISMATCH: it cannot be set, ACCESS_DENIED. */
wvm_status wvm_foreign_event(HANDLE h, struct winvm_object **out) WVM_MUST_CHECK;
void wvm_foreign_set(struct winvm_object *event, bool on);

/* Who answers for (HANDLE)-2, the calling thread: a held object, or NULL. */
typedef struct winvm_object *(*wvm_foreign_thread_fn)(void);
void wvm_foreign_thread(wvm_foreign_thread_fn self);
/* Is the calling thread, or what this interrupts, where others may have to wait for it: with a lock
 * of the inner rooms, or in an object that only it keeps? */
bool wvm_foreign_thread_inside(void);
/* A handle to the calling thread. INVALID_HANDLE: nobody answers for threads. */
wvm_status wvm_foreign_open_thread(uint32_t access, HANDLE *out) WVM_MUST_CHECK;

#endif
