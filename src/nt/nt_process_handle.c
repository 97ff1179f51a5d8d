/* Handles of processes, of based spaces (nt_space.c), and the pseudo handles.
 *
 * I1  A process is its number and its start time: a recycled number is refused, not hit. No
 *     descriptor is kept, so nothing breaks in a program that closes every descriptor.
 * I2  Two objects may stand for one process; they count as the same. A space has one object.
 * I3  A space is this process to every call that does not ask for its memory.
 * Locking: none.   Failure: nothing is opened.   fork: the child's copies still mean the parent's
 * processes, and its own copies of the spaces.   Signal safety: yes. */
#include <errno.h>
#include <unistd.h>

#include "api/api.h"
#include "host/host_process.h"
#include "nt/nt_foreign.h"
#include "nt/nt_handle.h"
#include "nt/nt_object.h"
#include "nt/nt_pin.h"
#include "nt/nt_space.h"
#include "nt/nt_target.h"

#define N_PROCESSES 32768u

struct process {
    struct wvm_object_head head; /* first */
    int32_t pid;
    uint64_t start;              /* ticks since boot */
    struct wvm_nt_space space;   /* instead of these two */
};
static struct process processes[N_PROCESSES];
static struct wvm_object_pool pool = {processes, sizeof processes[0], N_PROCESSES, 0, 0};

static bool try_hold(void *object)
{
    return wvm_object_try_hold(object);
}

static void drop(void *object)
{
    if (wvm_object_release(object))
        wvm_object_cancel(&pool, object);
}

static bool opened(void *object)
{
    return wvm_object_add_handle(object);
}

static void closed(void *object)
{
    if (wvm_object_sub_handle(object) && wvm_process_space(object))
        (void)wvm_nt_space_end(object);
}

static uint32_t permitted(const void *object)
{
    (void)object;
    return PROCESS_ALL_ACCESS;
}

/* NULL: this process. */
static bool same(const void *a, const void *b)
{
    const struct process *p = a, *q = b;
    if ((p && p->space.window) || (q && q->space.window))
        return p == q;
    if (!p || !q)
        return (p ? p : q)->pid == getpid();
    return p->pid == q->pid && p->start == q->start;
}

const struct wvm_object_ops wvm_process_ops = {
    .name = "Process",
    .generic = {PROCESS_VM_READ | PROCESS_QUERY_INFORMATION,
                PROCESS_VM_WRITE | PROCESS_VM_OPERATION, SYNCHRONIZE, PROCESS_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = wvm_object_counts,
    .same = same,
};

static wvm_status check_alive(pid_t pid, uint64_t start)
{
    uint64_t now;
    int error = wvm_host_process_start(pid, &now);
    if (error == -EPERM)
        return STATUS_ACCESS_DENIED;
    if (error < 0 || now != start)
        return STATUS_PROCESS_IS_TERMINATING;
    return STATUS_SUCCESS;
}

/* A process of which an object is held. *pid 0: this one. */
static wvm_status find_process(const struct process *p, pid_t *pid)
{
    *pid = 0;
    if (p->space.window)
        return __atomic_load_n(&p->space.life, __ATOMIC_ACQUIRE) & WVM_NT_SPACE_ENDED
                   ? (wvm_status)STATUS_PROCESS_IS_TERMINATING
                   : STATUS_SUCCESS;
    if (p->pid == getpid())
        return STATUS_SUCCESS;
    wvm_status status = check_alive(p->pid, p->start);
    if (status >= 0)
        *pid = p->pid;
    return status;
}

HANDLE (*wvm_handle_other_self)(void);

static bool is_other_self(HANDLE h)
{
    HANDLE (*ask)(void) = __atomic_load_n(&wvm_handle_other_self, __ATOMIC_ACQUIRE);
    return ask && h && ask() == h;
}

wvm_status wvm_handle_resolve(HANDLE h, uint32_t need, pid_t *pid)
{
    void *object;
    if (h == WVM_OWN_PROCESS) {
        *pid = 0;
        return STATUS_SUCCESS;
    }
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_PROCESS, need, &object, NULL);
    if (status < 0) {
        if (wvm_handle_is_ours(h) || !is_other_self(h))
            return status;
        *pid = 0;
        return STATUS_SUCCESS;
    }
    status = find_process(object, pid);
    drop(object);
    return status;
}

static wvm_status tell_self(pid_t *pid, uint64_t *start)
{
    *pid = getpid();
    return wvm_host_process_start(*pid, start) < 0 ? (wvm_status)STATUS_ACCESS_DENIED
                                                   : (wvm_status)STATUS_SUCCESS;
}

wvm_status wvm_handle_process(HANDLE h, uint32_t need, pid_t *pid, uint64_t *start)
{
    void *object;
    if (h == WVM_OWN_PROCESS)
        return tell_self(pid, start);
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_PROCESS, need, &object, NULL);
    if (status < 0)
        return !wvm_handle_is_ours(h) && is_other_self(h) ? tell_self(pid, start) : status;
    const struct process *p = object;
    if (p->space.window) {
        status = tell_self(pid, start);
    } else {
        *pid = p->pid;
        *start = p->start;
    }
    drop(object);
    return status;
}

bool wvm_process_has_ended(pid_t pid, uint64_t start)
{
    return pid != getpid() && check_alive(pid, start) == (wvm_status)STATUS_PROCESS_IS_TERMINATING;
}

static void aim(struct wvm_target *t, struct process *p, struct wvm_pin *pin)
{
    *t = (struct wvm_target){
        .window = p->space.window, .base = p->space.base, .top = p->space.top, .object = p,
        .pin = pin,
    };
}

/* The usual way into a based space. False: nothing is known. */
static inline bool resolve_pinned(HANDLE h, uint32_t need, struct wvm_target *t)
{
    struct wvm_pin *pin = wvm_pin_free();
    if (!pin)
        return false;
    if (wvm_handle_pin_again(h, need, pin) ||
        (!pin->object && wvm_handle_pin(h, WVM_OBJECT_PROCESS, need, pin))) {
        struct process *p = pin->object;
        if (p->space.window &&
            !(__atomic_load_n(&p->space.life, __ATOMIC_ACQUIRE) & WVM_NT_SPACE_ENDED)) {
            aim(t, p, pin);
            return true;
        }
    }
    if (pin->object)
        wvm_nt_space_unpin(pin);
    return false;
}

/* The object of a based space stays held, and the space is entered. */
wvm_status wvm_target_resolve(HANDLE h, uint32_t need, struct wvm_target *t)
{
    void *object;
    if (resolve_pinned(h, need, t))
        return STATUS_SUCCESS;
    *t = (struct wvm_target){.top = wvm_nt_top()};
    if (wvm_handle_get(h, WVM_OBJECT_PROCESS, need, &object, NULL) < 0)
        return wvm_handle_resolve(h, need, &t->pid);
    struct wvm_nt_space *s = wvm_process_space(object);
    if (!s || !wvm_nt_space_enter(s)) {
        wvm_status status = find_process(object, &t->pid);
        drop(object);
        return status;
    }
    aim(t, object, NULL);
    return STATUS_SUCCESS;
}

void wvm_target_give_back(struct wvm_target *t)
{
    if (WVM_LIKELY(t->pin != NULL)) {
        wvm_nt_space_unpin(t->pin);
        return;
    }
    wvm_nt_space_leave(t->object);
    drop(t->object);
}

/* ---- objects of spaces ---- */

struct wvm_nt_space *wvm_process_space(void *object)
{
    struct process *p = object;
    return p->space.window ? &p->space : NULL;
}

void *wvm_process_at(uint32_t i)
{
    return wvm_object_at(&pool, i);
}

wvm_status wvm_process_of_window(struct wvm_window *window, uint32_t flags, HANDLE *out)
{
    struct process *p = wvm_object_claim(&pool);
    if (!p)
        return STATUS_INSUFFICIENT_RESOURCES;
    p->pid = 0;
    p->start = 0;
    p->space = (struct wvm_nt_space){
        .window = window, .base = wvm_window_base(window),
        .top = (uintptr_t)wvm_window_top(window), .flags = flags,
    };
    wvm_object_start(&p->head);
    wvm_status status = wvm_handle_insert(WVM_OBJECT_PROCESS, p, PROCESS_ALL_ACCESS, out);
    if (status < 0)
        drop(p);
    return status;
}

/* ---- opening ---- */

wvm_status wvm_handle_open(pid_t pid, uint32_t access, HANDLE *out)
{
    uint64_t start = 0;
    if (pid <= 0)
        return STATUS_INVALID_PARAMETER;
    int error = wvm_host_process_start(pid, &start);
    if (error == -EPERM)
        return STATUS_ACCESS_DENIED;
    if (error < 0)
        return STATUS_INVALID_PARAMETER;
    struct process *p = wvm_object_claim(&pool);
    if (!p)
        return STATUS_INSUFFICIENT_RESOURCES;
    p->pid = pid;
    p->start = start;
    p->space.window = NULL;
    wvm_object_start(&p->head);
    access = wvm_object_access(WVM_OBJECT_PROCESS, access, PROCESS_ALL_ACCESS);
    wvm_status status = wvm_handle_insert(WVM_OBJECT_PROCESS, p, access, out);
    if (status < 0)
        drop(p);
    return status;
}

wvm_status wvm_handle_open_pseudo(HANDLE pseudo, uint32_t access, HANDLE *out)
{
    if (pseudo == WVM_OWN_THREAD)
        return wvm_foreign_open_thread(access, out);
    if (pseudo != WVM_OWN_PROCESS && !is_other_self(pseudo))
        return STATUS_INVALID_HANDLE;
    return wvm_handle_open(getpid(), access, out);
}
