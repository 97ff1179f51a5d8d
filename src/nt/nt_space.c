/* Based spaces: process objects of this process that own a window (space_window.h).
 *
 * Terms   call = what has entered a space and not left it: the targets of nt_target.h; ended =
 *         destroyed, or its last handle was closed.
 * I1  life counts the calls. Nobody enters an ended space, so that exactly one thread finds it
 *     ended without calls: the one that ends it, or the last to leave. That one closes the window.
 * I2  Who ends, enters or leaves holds the object: its window is constant until then, and the
 *     object is nobody else's.
 * I3  A window that cannot be closed at once, because a signal handler interrupted this thread
 *     inside winvm, waits: its object is held once more, and is found by the next call that makes
 *     or ends a space.
 * Locking: none here, compare and swap; the space's in the window calls.
 * Failure: nothing changed.   Signal safety: yes.
 * fork: the child's copy of a space that another thread was in is never closed: it goes with the
 * child. */
#include "nt/nt_space.h"

#include <winvm/space.h>

#include "base/arith.h"
#include "nt/nt_shared_data.h"
#include "nt/nt_target.h"

#define MEGABYTES_MOST 4096u
#define GRANULE 0x10000u

static uint32_t n_waiting; /* (a) spaces that wait to be closed */

/* ---- the end ---- */

static void close_window(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    if (wvm_window_close(&wvm_space_native, s->window) >= 0)
        return;
    if (wvm_object_ops(WVM_OBJECT_PROCESS)->try_hold(object)) {
        __atomic_store_n(&s->life, WVM_NT_SPACE_ENDED | WVM_NT_SPACE_WAITS, __ATOMIC_RELEASE);
        __atomic_add_fetch(&n_waiting, 1, __ATOMIC_RELEASE);
    }
}

/* A waiting space is tried again; one thread does it. */
static void close_waiting_one(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    uint32_t waits = WVM_NT_SPACE_ENDED | WVM_NT_SPACE_WAITS;
    if (!s || !__atomic_compare_exchange_n(&s->life, &waits, WVM_NT_SPACE_ENDED, false,
                                           __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    __atomic_sub_fetch(&n_waiting, 1, __ATOMIC_RELEASE);
    close_window(object);
    wvm_object_drop(WVM_OBJECT_PROCESS, object); /* what held it while it waited */
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
    if (__atomic_sub_fetch(&s->life, 1, __ATOMIC_ACQ_REL) == WVM_NT_SPACE_ENDED)
        close_window(object);
}

bool wvm_nt_space_end(void *object)
{
    struct wvm_nt_space *s = wvm_process_space(object);
    uint32_t before = __atomic_fetch_or(&s->life, WVM_NT_SPACE_ENDED, __ATOMIC_ACQ_REL);
    if (before & WVM_NT_SPACE_ENDED)
        return false;
    if (before == 0)
        close_window(object);
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
    out->base = wvm_window_base(s->window);
    out->top = wvm_window_top(s->window);
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
