/* Pins: a thread's note that it is in a call on an object.
 *
 * A pin does what a reference does, without an atomic change: setting it is a store to a place of
 * the thread's own, and who ends the object looks for pins (wvm_pins_settle, then wvm_pins_any).
 * A thread has one; where it is in use or there is none the caller counts instead. */
#ifndef WVM_NT_NT_PIN_H
#define WVM_NT_NT_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

/* The handle that a thread used last, and its place in the table (nt_handle.h). */
struct wvm_handle_slot;
struct wvm_pin_last {
    void *handle;
    const struct wvm_handle_slot *slot;
    uint32_t tag; /* what the slot showed */
};
/* A cache line each. */
struct wvm_pin {
    void *object; /* (a) written by its thread alone */
    uint32_t tid; /* (a) whose it is; 0: nobody's */
    struct wvm_pin_last last; /* its thread's */
} __attribute__((aligned(64)));

extern WVM_THREAD_LOCAL struct wvm_pin *wvm_pin_own;
struct wvm_pin *wvm_pin_claim(void);

/* The thread's pin, free; NULL: it has none to use. */
static inline struct wvm_pin *wvm_pin_free(void)
{
    struct wvm_pin *pin = WVM_LIKELY(wvm_pin_own != NULL) ? wvm_pin_own : wvm_pin_claim();
    return __atomic_load_n(&pin->object, __ATOMIC_RELAXED) ? NULL : pin;
}
/* What the thread loads afterwards it loads after this store, to everyone who settles the pins. */
static inline void wvm_pin_set(struct wvm_pin *pin, void *object)
{
    __atomic_store_n(&pin->object, object, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Has the calling thread one set? */
bool wvm_pin_is_set(void);
/* From now on each pin that was set before a thread could see what the caller stored before is
 * seen by everyone. False: the host refuses. */
bool wvm_pins_settle(void);
/* Has any thread a pin on the object? */
bool wvm_pins_any(const void *object);
/* Only the calling thread is left. */
void wvm_pins_after_fork_child(void);

#endif
