/* Waiting for objects: one, any of several, all of several at once.
 *
 * Owns    the dispatch lock, and the waits hanging on objects.
 * Terms   wait = a call that sleeps, with one link on each object it names; ready = an object would
 *         end a wait of this thread; take = what the end of a wait does to it.
 * I1      All states and links change under the dispatch lock, so a wait for all objects takes
 *         them all or none.
 * I2      Waits on an object end in the order they came, as far as they can end.
 * I3      A wait that sleeps could not end with the states as they are: each change of a state is
 *         followed by wvm_kit_signal.
 * I4      The objects of a wait are held until it returns; its links stand on its stack and are
 *         gone before `done` is set.
 * Locking: the dispatch lock, a leaf but for the futex.   Failure: nothing taken.
 * Signal safety: none. */
#include "kit/kit_wait.h"

#include <errno.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_self.h"

struct wait;
struct wait_link {
    struct wvm_kit_links on; /* first */
    struct wait *wait;
};
struct wait {
    struct wvm_kit_thread *thread;
    uint32_t n;
    bool all, alertable;
    uint32_t done; /* (a) */
    DWORD result;
    struct wvm_kit_object *object[MAXIMUM_WAIT_OBJECTS];
    struct wait_link link[MAXIMUM_WAIT_OBJECTS];
};

struct wvm_kit_lock wvm_kit_dispatch;
void (*wvm_kit_make_calls)(struct wvm_kit_thread *self);

/* ---- Objects ---- */

static struct wvm_kit_kind *kind_of(const struct wvm_kit_object *object)
{
    return (struct wvm_kit_kind *)object->head.kind;
}

void wvm_kit_gone(struct winvm_object *object)
{
    struct wvm_kit_kind *kind = (struct wvm_kit_kind *)object->kind;
    void (*clear)(struct wvm_kit_object *) = __atomic_load_n(&kind->clear, __ATOMIC_ACQUIRE);
    if (clear)
        clear((struct wvm_kit_object *)object);
    wvm_kit_put(&kind->store, object);
}

void *wvm_kit_object_new(struct wvm_kit_kind *kind)
{
    struct wvm_kit_object *object = wvm_kit_take(&kind->store);
    if (!object) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    memset(object + 1, 0, kind->store.size - sizeof *object);
    wvm_kit_ring(&object->waits);
    if (winvm_object_start(&object->head, &kind->kind) == 0)
        return object;
    wvm_kit_put(&kind->store, object);
    wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    return NULL;
}

HANDLE wvm_kit_handle(struct wvm_kit_object *object, uint32_t access)
{
    HANDLE h = NULL;
    if (winvm_object_open(&object->head, access, &h) != 0)
        wvm_kit_fail(ERROR_NO_SYSTEM_RESOURCES);
    wvm_kit_drop(object);
    return h;
}

static void fail_handle(int error)
{
    wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
}

void *wvm_kit_object_of(HANDLE h, struct wvm_kit_kind *kind, uint32_t rights)
{
    struct winvm_object *object;
    int error = winvm_object_get(h, &kind->kind, rights, &object);
    if (error == 0)
        return object;
    fail_handle(error);
    return NULL;
}

/* ---- Ends of waits ---- */

static bool is_ready(const struct wait *w, uint32_t i)
{
    return kind_of(w->object[i])->ready(w->object[i], w->thread);
}

/* Ends the wait if the states allow it. */
static bool try_end(struct wait *w)
{
    uint32_t i = 0, abandoned = w->n;
    if (w->all) {
        for (i = 0; i < w->n; i++)
            if (!is_ready(w, i))
                return false;
        for (i = w->n; i-- > 0;)
            if (kind_of(w->object[i])->take(w->object[i], w->thread))
                abandoned = i;
        w->result = abandoned < w->n ? WAIT_ABANDONED_0 + abandoned : WAIT_OBJECT_0;
        return true;
    }
    while (i < w->n && !is_ready(w, i))
        i++;
    if (i == w->n)
        return false;
    bool was_abandoned = kind_of(w->object[i])->take(w->object[i], w->thread);
    w->result = (was_abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0) + i;
    return true;
}

static void hang_up(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        w->link[i].wait = w;
        wvm_kit_link(&w->object[i]->waits, &w->link[i].on);
    }
}

static void take_down(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        wvm_kit_unlink(&w->link[i].on);
}

/* The wait is over, and nothing of it hangs anywhere any more. */
static void finish(struct wait *w)
{
    take_down(w);
    w->thread->alertable = NULL;
    __atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
}

void wvm_kit_signal(struct wvm_kit_object *object)
{
    for (struct wvm_kit_links *l = object->waits.next; l != &object->waits;) {
        struct wait *w = ((struct wait_link *)l)->wait;
        l = l->next;
        if (!try_end(w))
            continue;
        finish(w);
        wvm_kit_unpark(&w->done, 1);
        l = object->waits.next; /* the next link may have been this wait's, too */
    }
}

void wvm_kit_alert(struct wvm_kit_thread *thread)
{
    struct wait *w = thread->alertable;
    if (!w)
        return;
    w->result = WAIT_IO_COMPLETION;
    finish(w);
    wvm_kit_unpark(&w->done, 1);
}

/* Sleeps, or finds that there is no need to. */
static DWORD sleep_for(struct wait *w, DWORD ms)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    bool over = w->n > 0 && try_end(w);
    if (!over && w->alertable && w->thread->calls) {
        w->result = WAIT_IO_COMPLETION;
        over = true;
    }
    if (over || ms == 0) {
        wvm_kit_unlock(&wvm_kit_dispatch);
        return w->result;
    }
    hang_up(w);
    w->thread->alertable = w->alertable ? w : NULL;
    wvm_kit_unlock(&wvm_kit_dispatch);
    uint64_t deadline = wvm_kit_deadline(ms);
    while (!__atomic_load_n(&w->done, __ATOMIC_ACQUIRE) && wvm_kit_park(&w->done, 0, deadline))
        ;
    if (__atomic_load_n(&w->done, __ATOMIC_ACQUIRE))
        return w->result;
    wvm_kit_lock(&wvm_kit_dispatch);
    if (!w->done)
        finish(w);
    wvm_kit_unlock(&wvm_kit_dispatch);
    return w->result;
}

static DWORD run(struct wait *w, DWORD ms)
{
    DWORD result = sleep_for(w, ms);
    if (result == WAIT_IO_COMPLETION)
        wvm_kit_make_calls(w->thread);
    return result;
}

static void begin(struct wait *w, bool all, bool alertable)
{
    w->thread = wvm_kit_self();
    w->n = 0;
    w->all = all;
    w->alertable = alertable;
    w->done = 0;
    w->result = WAIT_TIMEOUT;
}

DWORD wvm_kit_sleep_alertable(DWORD ms)
{
    struct wait w;
    begin(&w, false, true);
    return w.thread && run(&w, ms) == WAIT_IO_COMPLETION ? WAIT_IO_COMPLETION : 0;
}

/* ---- The calls ---- */

static bool is_named_twice(const struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (w->object[i] == w->object[j] || wvm_kit_watches_same(w->object[i], w->object[j]))
                return true;
    return false;
}

static bool hold(HANDLE h, struct wvm_kit_object **out, bool sleeps)
{
    struct winvm_object *object;
    int error = winvm_object_get(h, NULL, SYNCHRONIZE, &object);
    if (error == 0 && (object->kind->gone != wvm_kit_gone ||
                       !((struct wvm_kit_kind *)object->kind)->ready)) {
        winvm_object_drop(object);
        fail_handle(EINVAL);
        return false;
    }
    if (error == EACCES)
        fail_handle(error);
    else
        *out = error == 0 ? (struct wvm_kit_object *)object : wvm_kit_watch(h, sleeps);
    return error != EACCES && *out != NULL;
}

bool wvm_kit_can_wait(HANDLE h)
{
    struct wvm_kit_object *object;
    bool can = hold(h, &object, false);
    if (can)
        wvm_kit_drop(object);
    return can;
}

DWORD wvm_kit_WaitForMultipleObjectsEx(DWORD n, const HANDLE *handles, BOOL all, DWORD ms,
                                       BOOL alertable)
{
    struct wait w;
    DWORD result = WAIT_FAILED;
    begin(&w, all, alertable);
    if (n == 0 || n > MAXIMUM_WAIT_OBJECTS || !w.thread) {
        wvm_kit_fail(w.thread ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY);
        return WAIT_FAILED;
    }
    while (w.n < n && hold(handles[w.n], &w.object[w.n], ms != 0))
        w.n++;
    if (w.n == n) {
        if (all && is_named_twice(&w))
            wvm_kit_fail(ERROR_INVALID_PARAMETER);
        else
            result = run(&w, ms);
    }
    while (w.n > 0)
        wvm_kit_drop(w.object[--w.n]);
    return result;
}

DWORD wvm_kit_WaitForMultipleObjects(DWORD n, const HANDLE *handles, BOOL all, DWORD ms)
{
    return wvm_kit_WaitForMultipleObjectsEx(n, handles, all, ms, FALSE);
}

DWORD wvm_kit_WaitForSingleObjectEx(HANDLE h, DWORD ms, BOOL alertable)
{
    return wvm_kit_WaitForMultipleObjectsEx(1, &h, FALSE, ms, alertable);
}

DWORD wvm_kit_WaitForSingleObject(HANDLE h, DWORD ms)
{
    return wvm_kit_WaitForMultipleObjectsEx(1, &h, FALSE, ms, FALSE);
}

#define WVM_KIT_WAIT
#include "kit/kit_entry.h"
