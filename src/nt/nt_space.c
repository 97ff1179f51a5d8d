/* Based spaces: process objects of this process that own a window (space_window.h).
 *
 * Terms   call = what has entered a space and not left it: the targets of nt_target.h; ended =
 *         destroyed, or its last handle was closed.
 * I1  A call pins the object (nt_pin.h) or counts in life. Nobody enters an ended space. Who ends
 *     it settles the pins and says so (SETTLED); from then on whoever finds neither pin nor count,
 *     the one who ends it or the last to leave, makes it CLOSING: one thread closes the window.
 * I2  The end holds the object until the window is closed. Who counts holds it as well; a pinned
 *     one cannot end before the pin is seen. Its window is constant until then.
 * I3  A window that cannot be closed at once, because a signal handler interrupted this thread
 *     inside winvm, waits: it is found by the next call that makes or ends a space.
 * Locking: none here, compare and swap; the space's in the window calls.
 * Failure: nothing changed.   Signal safety: yes.
 * fork: the child's copy of a space in which another thread counts is never closed: it goes with
 * the child. */
#include "nt/nt_space.h"

#include <winvm/space.h>

#include "base/arith.h"
#include "nt/nt_pin.h"
#include "nt/nt_shared_data.h"
#include "nt/nt_target.h"

#define MEGABYTES_MOST 4096u
#define GRANULE 0x10000u

static uint32_t n_waiting; /* (a) spaces that wait to be closed */

/* ---- the end ---- */

#define CLOSABLE (WVM_NT_SPACE_ENDED | WVM_NT_SPACE_SETTLED)

/* By whoever made life CLOSING. The reference of the end goes with the window. */
static void close_window(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    if (wvm_window_close(&wvm_space_native, s->window) >= 0) {
        wvm_object_drop(WVM_OBJECT_PROCESS, object);
        return;
    }
    __atomic_add_fetch(&n_waiting, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&s->life, CLOSABLE | WVM_NT_SPACE_WAITS, __ATOMIC_RELEASE);
}

static bool claim_closing(struct wvm_nt_space *s, uint32_t life)
{
    return __atomic_compare_exchange_n(&s->life, &life, CLOSABLE | WVM_NT_SPACE_CLOSING, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The space has ended, or its object is another's by now: then life says so. */
static void try_close(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    if (s && !wvm_pins_any(object) && claim_closing(s, CLOSABLE))
        close_window(object);
}

/* A waiting space is tried again; one thread does it. */
static void close_waiting_one(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    if (!s || !claim_closing(s, CLOSABLE | WVM_NT_SPACE_WAITS))
        return;
    __atomic_sub_fetch(&n_waiting, 1, __ATOMIC_RELEASE);
    close_window(object);
}

static void close_waiting(void)
{
    void *object;
    if (WVM_LIKELY(!__atomic_load_n(&n_waiting, __ATOMIC_ACQUIRE)))
        return;
    for (uint32_t i = 0; (object = wvm_process_at(i)) != NULL; i++)
        if (wvm_object_ops(WVM_OBJECT_PROCESS)->try_hold(object)) {
            close_waiting_one(object);
            wvm_object_drop(WVM_OBJECT_PROCESS, object);
        }
}

bool wvm_nt_space_enter(struct wvm_nt_space *s)
{
    uint32_t n = __atomic_load_n(&s->life, __ATOMIC_RELAXED);
    do
        if (n & WVM_NT_SPACE_ENDED)
            return false;
    while (!__atomic_compare_exchange_n(&s->life, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED));
    return true;
}

void wvm_nt_space_leave(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    if (__atomic_sub_fetch(&s->life, 1, __ATOMIC_ACQ_REL) == CLOSABLE)
        try_close(object);
}

/* What was pinned may be gone, or another space, once the pin is off; its memory is type-stable. A
 * thread that sees the end has its pin's going seen by the one who ends it, or sees SETTLED: the
 * barrier of both lies between their store and their load. */
void wvm_nt_space_unpin(struct wvm_pin *pin)
{
    void *object = pin->object;
    wvm_pin_set(pin, NULL);
    const struct wvm_nt_space *s = wvm_process_space(object);
    if (WVM_LIKELY(!s || !(__atomic_load_n(&s->life, __ATOMIC_ACQUIRE) & WVM_NT_SPACE_ENDED)))
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if ((__atomic_load_n(&s->life, __ATOMIC_ACQUIRE) & CLOSABLE) == CLOSABLE)
        try_close(object);
}

bool wvm_nt_space_end(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    bool held = wvm_object_ops(WVM_OBJECT_PROCESS)->try_hold(object);
    uint32_t before = __atomic_fetch_or(&s->life, WVM_NT_SPACE_ENDED, __ATOMIC_SEQ_CST);
    if (before & WVM_NT_SPACE_ENDED || !held) {
        if (held)
            wvm_object_drop(WVM_OBJECT_PROCESS, object);
        return false;
    }
    if (wvm_pins_settle()) {
        __atomic_fetch_or(&s->life, WVM_NT_SPACE_SETTLED, __ATOMIC_SEQ_CST);
        try_close(object);
    } else {
        wvm_host_diag("a based space is kept: the host refuses membarrier");
    }
    close_waiting();
    return true;
}

/* ---- calls ---- */

wvm_status wvm_nt_space_create(uint32_t megabytes, uint32_t flags, HANDLE *out)
{
    struct wvm_window *window;
    uint64_t top = ((uint64_t)(megabytes ? megabytes : MEGABYTES_MOST) << 20) - GRANULE;
    if (megabytes > MEGABYTES_MOST || flags & ~WINVM_SPACE_SHARED_DATA)
        return STATUS_INVALID_PARAMETER;
    if (flags & WINVM_SPACE_SHARED_DATA && top < WVM_SHARED_DATA + GRANULE)
        return STATUS_INVALID_PARAMETER;
    close_waiting();
    wvm_status status = wvm_window_open(&wvm_space_native, top, &window);
    if (status < 0)
        return status;
    if (flags & WINVM_SPACE_SHARED_DATA)
        status = wvm_nt_shared_data_show(&wvm_space_native, window, wvm_window_base(window));
    if (status >= 0)
        status = wvm_process_of_window(window, flags, out);
    if (status < 0 && wvm_window_close(&wvm_space_native, window) < 0)
        wvm_host_diag("an empty space could not be closed");
    return status;
}

/* Holds the object of a handle that must be a space's and grant every right of `need`. */
static wvm_status get_space(HANDLE h, uint32_t need, void **object)
{
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_PROCESS, need, object, NULL);
    if (status < 0)
        return status;
    if (wvm_process_space(*object))
        return STATUS_SUCCESS;
    wvm_object_drop(WVM_OBJECT_PROCESS, *object);
    return STATUS_OBJECT_TYPE_MISMATCH;
}

static bool is_protected(HANDLE h)
{
    struct wvm_handle_info info;
    if (wvm_handle_look(h, &info) < 0)
        return false;
    wvm_object_drop(info.type, info.object);
    return info.flags & HANDLE_FLAG_PROTECT_FROM_CLOSE;
}

wvm_status wvm_nt_space_destroy(HANDLE h)
{
    void *object;
    wvm_status status = get_space(h, PROCESS_TERMINATE, &object);
    if (status < 0)
        return status;
    if (is_protected(h))
        status = STATUS_HANDLE_NOT_CLOSABLE;
    else if (!wvm_nt_space_end(object))
        status = STATUS_PROCESS_IS_TERMINATING;
    else if (wvm_handle_close(h) < 0)
        status = STATUS_SUCCESS; /* another thread closed it just now */
    wvm_object_drop(WVM_OBJECT_PROCESS, object);
    return status;
}

/* A call on the space of a handle begins; leave_space is to follow. */
static wvm_status enter_space(HANDLE h, void **object)
{
    wvm_status status = get_space(h, PROCESS_QUERY_LIMITED_INFORMATION, object);
    if (status < 0 || wvm_nt_space_enter(wvm_process_space(*object)))
        return status;
    wvm_object_drop(WVM_OBJECT_PROCESS, *object);
    return STATUS_PROCESS_IS_TERMINATING;
}

static void leave_space(void *object)
{
    wvm_nt_space_leave(object);
    wvm_object_drop(WVM_OBJECT_PROCESS, object);
}

wvm_status wvm_nt_space_describe(HANDLE h, struct wvm_nt_space_info *out)
{
    void *object;
    wvm_status status = enter_space(h, &object);
    if (status < 0)
        return status;
    const struct wvm_nt_space *s = wvm_process_space(object);
    out->base = s->base;
    out->top = s->top;
    out->flags = s->flags;
    leave_space(object);
    return status;
}

wvm_status wvm_nt_space_committed(HANDLE h, uint64_t *out)
{
    void *object;
    wvm_status status = enter_space(h, &object);
    if (status < 0)
        return status;
    *out = wvm_window_committed(&wvm_space_native, wvm_process_space(object)->window);
    leave_space(object);
    return status;
}

uintptr_t wvm_nt_space_holding(uintptr_t addr)
{
    return wvm_window_holding(&wvm_space_native, addr);
}
