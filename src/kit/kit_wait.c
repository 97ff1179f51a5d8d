/* Waiting for objects: one, any of several, all of several at once.
 *
 * Owns    the dispatch lock, and the waits hanging on objects.
 * Terms   wait = a call that sleeps, with one link on each object it names; ready = an object would
 *         end a wait of this thread; take = what the end of a wait does to it; quick = without the
 *         lock; frozen = WVM_KIT_FROZEN is set in the object's word.
 * I1      All links change under the dispatch lock, and so do the states of frozen objects. A quick
 *         call changes the state of an object that is not frozen by one compare and swap of its
 *         whole word. Who has the lock freezes all objects of a wait before it looks at them, so a
 *         wait for all of them takes them all or none.
 * I2      Waits on an object end in the order they came, as far as they can end.
 * I3      A wait that sleeps could not end with the states as they are: each change of a state is
 *         followed by wvm_kit_signal.
 * I4      The objects of a wait are held until it returns; its links stand on its stack and are
 *         gone before `done` is set. An ended wait is on the list `ended` until the lock is given
 *         up, then `done` is set and the thread woken.
 * I5      An object is frozen while waits hang on it, and else only while somebody has the lock: a
 *         quick call overtakes no wait, and each change with a wait hanging comes here (I3).
 * I6      A quick call does not hold its object. The word that it starts from was read while the
 *         handle was open: it tells the life that is meant. The life's number changes when the last
 *         reference is dropped, and the swap fails then; what is swapped before that is the state
 *         of an object that nobody can name.
 * I7      A wait that its thread may not come back to is taken down: `done` is DOWN, and nothing
 *         of it hangs anywhere. If the thread comes back all the same, it hangs it up again.
 * Locking: the dispatch lock, a leaf but for the futex.   Failure: nothing taken.
 * Signal safety: none. */
#include "kit/kit_wait.h"

#include "kit/kit.h"
#include "kit/kit_self.h"

struct wait;
struct wait_link {
    struct wvm_kit_links on; /* first */
    struct wait *wait;
    struct wvm_kit_object *object;
};
/* What another thread looks at to end the wait for one object is in one cache line. */
struct wait {
    struct wvm_kit_thread *thread;
    struct wait *after; /* on the list `ended` */
    uint32_t done;      /* (a) one of the values below */
    DWORD result;
    uint32_t n;
    bool all, alertable;
    bool ended; /* the dispatch lock */
    struct wait_link link[MAXIMUM_WAIT_OBJECTS];
} __attribute__((aligned(64)));

enum { ASLEEP, DONE, DOWN }; /* struct wait.done */

struct wvm_kit_lock wvm_kit_dispatch_line[16] __attribute__((aligned(64)));
void (*wvm_kit_make_calls)(struct wvm_kit_thread *self);
/* Of who has the dispatch lock. */
static WVM_THREAD_LOCAL struct wait *ended;

/* ---- Ends of waits ---- */

static bool is_ready(const struct wait *w, uint32_t i)
{
    const struct wvm_kit_object *object = w->link[i].object;
    return wvm_kit_kind_of(object)->ready(object, w->thread);
}

/* True: it was abandoned. */
static bool take(const struct wait *w, uint32_t i)
{
    struct wvm_kit_object *object = w->link[i].object;
    return wvm_kit_kind_of(object)->take(object, w->thread);
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
            if (take(w, i))
                abandoned = i;
        w->result = abandoned < w->n ? WAIT_ABANDONED_0 + abandoned : WAIT_OBJECT_0;
        return true;
    }
    while (i < w->n && !is_ready(w, i))
        i++;
    if (i == w->n)
        return false;
    w->result = (take(w, i) ? WAIT_ABANDONED_0 : WAIT_OBJECT_0) + i;
    return true;
}

static void hang_up(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        w->link[i].wait = w;
        wvm_kit_link(&w->link[i].object->waits, &w->link[i].on);
    }
}

static void take_down(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        wvm_kit_unlink(&w->link[i].on);
}

static void freeze(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (wvm_kit_kind_of(w->link[i].object)->quick)
            wvm_kit_freeze(w->link[i].object);
}

static void thaw(struct wait *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        wvm_kit_thaw(w->link[i].object);
}

/* Nothing of the wait hangs anywhere any more. */
static void leave(struct wait *w)
{
    take_down(w);
    thaw(w);
    if (w->alertable)
        w->thread->alertable = NULL;
}

/* The wait is over. */
static void finish(struct wait *w)
{
    leave(w);
    w->ended = true;
    w->after = ended;
    ended = w;
}

void wvm_kit_signal(struct wvm_kit_object *object)
{
    for (struct wvm_kit_links *l = object->waits.next; l != &object->waits;) {
        struct wait *w = ((struct wait_link *)l)->wait;
        l = l->next;
        if (!try_end(w))
            continue;
        finish(w);
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
}

struct wvm_kit_object *wvm_kit_lock_waited(HANDLE h, uint32_t rights,
                                           const struct wvm_kit_kind *kind)
{
    uint64_t seen;
    struct wvm_kit_object *object = wvm_kit_glance_of(h, rights, kind, &seen);
    if (!object || !(seen & WVM_KIT_FROZEN))
        return NULL;
    wvm_kit_lock(&wvm_kit_dispatch);
    uint64_t word = wvm_kit_word(object);
    if ((word & WVM_KIT_FROZEN) && word >> 32 == seen >> 32 && object->waits.next != &object->waits)
        return object;
    wvm_kit_unlock(&wvm_kit_dispatch);
    return NULL;
}

/* The waits are others' as soon as they are done. */
void wvm_kit_dispatch_end(void)
{
    struct wait *w = ended, *after;
    ended = NULL;
    wvm_kit_busy(); /* until all are woken */
    wvm_kit_unlock(&wvm_kit_dispatch);
    for (; w; w = after) {
        after = w->after;
        __atomic_store_n(&w->done, DONE, __ATOMIC_RELEASE);
        wvm_kit_unpark(&w->done, 1);
    }
    wvm_kit_idle();
}

/* What the wait is then: ASLEEP when the time is over. */
static uint32_t sleep_until(struct wait *w, uint64_t deadline)
{
    uint32_t done;
    while ((done = __atomic_load_n(&w->done, __ATOMIC_ACQUIRE)) == ASLEEP)
        if (!wvm_kit_park(&w->done, ASLEEP, deadline))
            return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
    return done;
}

/* Ends the wait at once, or hangs it up. */
static bool start_wait(struct wait *w, DWORD ms)
{
    freeze(w);
    bool over = w->n > 0 && try_end(w);
    if (!over && w->alertable && w->thread->calls) {
        w->result = WAIT_IO_COMPLETION;
        over = true;
    }
    if (over || ms == 0) {
        thaw(w);
        return true;
    }
    hang_up(w);
    w->done = ASLEEP;
    if (w->alertable)
        w->thread->alertable = w;
    w->thread->waiting = w;
    return false;
}

/* The time is over, or the wait was taken down. True: it is over, too. */
static bool look_again(struct wait *w, uint32_t done, uint64_t *deadline)
{
    bool over = false;
    wvm_kit_lock(&wvm_kit_dispatch);
    if (w->ended) {
        *deadline = WVM_KIT_NEVER; /* it is about to be done */
    } else if (done == DOWN) {
        over = start_wait(w, INFINITE);
    } else {
        over = w->done == ASLEEP;
        if (over)
            leave(w);
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
    return over;
}

/* Sleeps, or finds that there is no need to. */
static DWORD sleep_for(struct wait *w, DWORD ms)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    bool over = start_wait(w, ms);
    wvm_kit_unlock(&wvm_kit_dispatch); /* nobody else's wait has ended */
    if (over)
        return w->result;
    uint64_t deadline = wvm_kit_deadline(ms);
    for (uint32_t done; !over && (done = sleep_until(w, deadline)) != DONE;)
        over = look_again(w, done, &deadline);
    w->thread->waiting = NULL;
    return w->result;
}

/* Returns when nobody else will touch it any more. */
static void abandon(struct wait *w)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    if (!w->ended && w->done == ASLEEP) {
        leave(w);
        __atomic_store_n(&w->done, DOWN, __ATOMIC_RELEASE);
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
    sleep_until(w, WVM_KIT_NEVER);
}

void wvm_kit_wait_abandon(struct wvm_kit_thread *t)
{
    struct wait *w = t->waiting;
    t->waiting = NULL;
    if (w)
        abandon(w);
}

void wvm_kit_wait_end(struct wvm_kit_thread *self)
{
    struct wait *w = self->waiting;
    wvm_kit_wait_abandon(self);
    while (w && w->n > 0)
        wvm_kit_drop(w->link[--w->n].object);
}

void wvm_kit_wait_in_child(struct wvm_kit_thread *t)
{
    struct wait *w = t->waiting;
    if (w && !w->ended && w->done == ASLEEP)
        leave(w);
}

static DWORD run(struct wait *w, DWORD ms)
{
    DWORD result = sleep_for(w, ms);
    if (result == WAIT_IO_COMPLETION)
        __atomic_load_n(&wvm_kit_make_calls, __ATOMIC_RELAXED)(w->thread);
    return result;
}

static void begin(struct wait *w, bool all, bool alertable)
{
    w->thread = wvm_kit_self();
    w->n = 0;
    w->all = all;
    w->alertable = alertable;
    w->done = ASLEEP;
    w->ended = false;
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
            if (w->link[i].object == w->link[j].object ||
                wvm_kit_watches_same(w->link[i].object, w->link[j].object))
                return true;
    return false;
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
    while (w.n < n && wvm_kit_hold(handles[w.n], &w.link[w.n].object, ms != 0))
        w.n++;
    if (w.n == n) {
        if (all && is_named_twice(&w))
            wvm_kit_fail(ERROR_INVALID_PARAMETER);
        else
            result = run(&w, ms);
    }
    while (w.n > 0)
        wvm_kit_drop(w.link[--w.n].object);
    return result;
}

DWORD wvm_kit_WaitForMultipleObjects(DWORD n, const HANDLE *handles, BOOL all, DWORD ms)
{
    return wvm_kit_WaitForMultipleObjectsEx(n, handles, all, ms, FALSE);
}

WVM_NOINLINE DWORD wvm_kit_wait_slowly(HANDLE h, DWORD ms)
{
    return wvm_kit_WaitForMultipleObjectsEx(1, &h, FALSE, ms, FALSE);
}

static WVM_NOINLINE DWORD wait_at_first(HANDLE h, DWORD ms)
{
    wvm_kit_quick_fn *quick;
    uint64_t seen;
    struct wvm_kit_object *object = wvm_kit_glance(h, SYNCHRONIZE, &quick, &seen);
    return object ? quick(object, seen, h, ms) : wvm_kit_wait_slowly(h, ms);
}

DWORD wvm_kit_WaitForSingleObject(HANDLE h, DWORD ms)
{
    wvm_kit_quick_fn *quick;
    uint64_t seen;
    struct wvm_kit_object *object = wvm_kit_recall(h, SYNCHRONIZE, &quick, &seen);
    return WVM_LIKELY(object != NULL) ? quick(object, seen, h, ms) : wait_at_first(h, ms);
}

DWORD wvm_kit_WaitForSingleObjectEx(HANDLE h, DWORD ms, BOOL alertable)
{
    return alertable ? wvm_kit_WaitForMultipleObjectsEx(1, &h, FALSE, ms, TRUE)
                     : wvm_kit_WaitForSingleObject(h, ms);
}

#define WVM_KIT_WAIT
#include "kit/kit_entry.h"
