/* What the files of exception handling share: fault_vectored.c, fault_dispatch.c, fault_try.c,
 * fault_capture.c. */
#ifndef WVM_FAULT_FAULT_PRIVATE_H
#define WVM_FAULT_FAULT_PRIVATE_H

#include <stddef.h>

#include <winvm/excpt.h>

#include "fault/fault.h"

/* ---- fault_vectored.c ---- */

/* Calls the handlers of a list in order until one answers EXCEPTION_CONTINUE_EXECUTION. */
bool wvm_vectored_call(enum wvm_vectored_list list, EXCEPTION_POINTERS *pointers);
/* Is there an exception handler? */
bool wvm_vectored_any(void);
/* Is there an unhandled exception filter? */
bool wvm_filter_any(void);

/* ---- fault_try.c ---- */

/* One asking of this thread's frames. While it lasts, what the asking calls sees only the frames
 * that are still to be asked. */
struct wvm_frames {
    struct wvm_try_entry *barrier;  /* NULL: the thread never had a frame */
};
/* Any frame on this thread? Stale ones may count. */
bool wvm_frames_any(void);
/* sp: the stack pointer of the thread when the exception happened. */
void wvm_frames_begin(struct wvm_frames *asking, uintptr_t sp);
/* True: a filter answered EXCEPTION_CONTINUE_EXECUTION. False: nobody wants it. Does not return
 * when a frame takes the exception. */
bool wvm_frames_ask(struct wvm_frames *asking, EXCEPTION_POINTERS *pointers);
void wvm_frames_end(struct wvm_frames *asking);

#endif
