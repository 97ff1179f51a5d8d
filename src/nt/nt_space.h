/* Based spaces as process objects: how they begin and end (winvm/space.h). */
#ifndef WVM_NT_NT_SPACE_H
#define WVM_NT_NT_SPACE_H

#include "nt/nt_handle.h"
#include "space/space_window.h"

/* A part of a process object. All but life are constant while the object lives. */
struct wvm_nt_space {
    struct wvm_window *window; /* NULL: the object is a process, no space */
    uintptr_t base, top;       /* of the window */
    uint32_t flags;            /* WINVM_SPACE_* */
    uint32_t life;             /* (a) calls that count in it now; WVM_NT_SPACE_*: nt_space.c */
};
#define WVM_NT_SPACE_ENDED 0x80000000u   /* nobody enters it any more */
#define WVM_NT_SPACE_SETTLED 0x40000000u /* every pin on it can be seen */
#define WVM_NT_SPACE_CLOSING 0x20000000u /* one thread closes its window */
#define WVM_NT_SPACE_WAITS 0x10000000u   /* its window is to be closed by a later call */

/* megabytes and flags as in struct winvm_space_options. INVALID_PARAMETER, NO_MEMORY,
 * INSUFFICIENT_RESOURCES (handles). */
wvm_status wvm_nt_space_create(uint32_t megabytes, uint32_t flags, HANDLE *out) WVM_MUST_CHECK;
/* Ends the space and closes h. What a handle of a space answers in all of these: INVALID_HANDLE,
 * OBJECT_TYPE_MISMATCH, ACCESS_DENIED, PROCESS_IS_TERMINATING; here HANDLE_NOT_CLOSABLE too. */
wvm_status wvm_nt_space_destroy(HANDLE h) WVM_MUST_CHECK;

struct wvm_nt_space_info {
    uintptr_t base;
    uint64_t top;
    uint32_t flags;
};
wvm_status wvm_nt_space_describe(HANDLE h, struct wvm_nt_space_info *out) WVM_MUST_CHECK;
/* Bytes committed in it. */
wvm_status wvm_nt_space_committed(HANDLE h, uint64_t *out) WVM_MUST_CHECK;
/* The base of the space in whose 4 GiB addr lies; 0: in none. */
uintptr_t wvm_nt_space_holding(uintptr_t addr);

/* ---- for nt_process_handle.c; the object is held by the caller ---- */

/* A call on the space begins; false: it has ended. */
bool wvm_nt_space_enter(struct wvm_nt_space *s);
void wvm_nt_space_leave(void *object);
/* The same for a call that pinned the object: it takes the pin off. */
struct wvm_pin;
void wvm_nt_space_unpin(struct wvm_pin *pin);
/* False: it had ended before. */
bool wvm_nt_space_end(void *object);

/* ---- nt_process_handle.c ---- */

/* A handle with all rights of a new object for the window, which is the object's from then on. */
wvm_status wvm_process_of_window(struct wvm_window *window, uint32_t flags,
                                 HANDLE *out) WVM_MUST_CHECK;
/* NULL: the object is no space. */
struct wvm_nt_space *wvm_process_space(void *object);
/* The process objects one after the other, dead ones too. NULL: no more. */
void *wvm_process_at(uint32_t i);

#endif
