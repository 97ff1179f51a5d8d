/* Where the code of a try is noted and entered again, in assembler: fault_try_enter.c. */
#ifndef WVM_FAULT_TRY_H
#define WVM_FAULT_TRY_H

#include "base/annotate.h"
#include "fault/fault_private.h"

/* The first free entry and the end; read by winvm_try_mark. */
struct wvm_try_thread {
    struct wvm_try_entry *top, *end;
};
extern WVM_HIDDEN WVM_THREAD_LOCAL struct wvm_try_thread wvm_try_thread;

/* The rest of winvm_try_mark: for the first try of a thread, and with stale entries. */
WVM_HIDDEN WINVM_TRY_CALL_ void wvm_try_open(struct winvm_try *frame);

/* Lets winvm_try_mark return once more, with 1, on the given stack. */
WVM_HIDDEN WINVM_TRY_CALL_ _Noreturn void wvm_try_enter(const struct winvm_try *frame,
                                                        uintptr_t sp);
/* The same from a call that returns: what winvm_try_answer is told. The stack below the call is
 * left alone but for `room` bytes, which belong to calls that the frame's function makes. */
WVM_HIDDEN WINVM_TRY_CALL_ int wvm_try_filter(struct winvm_try *frame, uintptr_t room);

#endif
