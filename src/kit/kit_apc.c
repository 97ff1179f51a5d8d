/* Calls queued to a thread, which makes them in its next alertable wait.
 *
 * I1  A queue is a ring of its thread's record, the last call in `calls`; it changes under the
 *     dispatch lock. Calls are made in the order they came, without a lock.
 * I2  A thread that has ended takes no calls; those it has then are never made.
 * Locking: the dispatch lock.   Failure: nothing queued.   Signal safety: none. */
#include "kit/kit_apc.h"

#include "kit/kit.h"

typedef void(WVM_OWN_CALL *own_fn)(ULONG_PTR);
typedef void(WVM_WINDOWS_CALL *ms_fn)(ULONG_PTR);

struct call {
    struct call *next; /* the last one's: the first */
    own_fn own;        /* one of the two */
    ms_fn ms;
    ULONG_PTR argument;
};
static struct wvm_kit_store calls = {.size = sizeof(struct call)};

static struct call *take_first(struct wvm_kit_thread *self)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    struct call *last = self->calls, *first = last ? last->next : NULL;
    if (first == last)
        __atomic_store_n(&self->calls, NULL, __ATOMIC_RELEASE);
    else
        last->next = first->next;
    wvm_kit_unlock(&wvm_kit_dispatch);
    return first;
}

static void make_calls(struct wvm_kit_thread *self)
{
    for (struct call *c; (c = take_first(self)) != NULL;) {
        struct call now = *c;
        wvm_kit_put(&calls, c);
        if (now.ms)
            now.ms(now.argument);
        else
            now.own(now.argument);
    }
}

/* Takes the call over unless the thread has ended. Under the lock. */
static bool append(struct wvm_kit_thread *t, struct call *c)
{
    bool lives = !t->ended;
    struct call *last = t->calls;
    if (lives) {
        c->next = last ? last->next : c;
        if (last)
            last->next = c;
        __atomic_store_n(&t->calls, c, __ATOMIC_RELEASE);
        wvm_kit_alert(t);
    }
    return lives;
}

bool wvm_kit_call_append(struct wvm_kit_thread *t, own_fn function, ULONG_PTR argument)
{
    __atomic_store_n(&wvm_kit_make_calls, make_calls, __ATOMIC_RELEASE);
    struct call *c = wvm_kit_take(&calls);
    if (!c)
        return false;
    *c = (struct call){.own = function, .argument = argument};
    if (append(t, c))
        return true;
    wvm_kit_put(&calls, c);
    return false;
}

static DWORD queue(HANDLE h, struct call wanted)
{
    struct wvm_kit_thread *t = wvm_kit_object_of(h, &wvm_kit_thread_kind, THREAD_SET_CONTEXT);
    if (!t)
        return 0;
    __atomic_store_n(&wvm_kit_make_calls, make_calls, __ATOMIC_RELEASE);
    struct call *c = wvm_kit_take(&calls);
    bool queued = false;
    if (!c) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    } else {
        *c = wanted;
        wvm_kit_lock(&wvm_kit_dispatch);
        queued = append(t, c);
        wvm_kit_dispatch_end();
        if (!queued) {
            wvm_kit_put(&calls, c);
            wvm_kit_fail(ERROR_GEN_FAILURE);
        }
    }
    wvm_kit_drop(&t->object);
    return queued;
}

DWORD wvm_kit_QueueUserAPC(PAPCFUNC function, HANDLE thread, ULONG_PTR argument)
{
    return queue(thread, (struct call){.own = (own_fn)function, .argument = argument});
}

DWORD wvm_kit_QueueUserAPC_ms(PAPCFUNC function, HANDLE thread, ULONG_PTR argument)
{
    return queue(thread, (struct call){.ms = (ms_fn)(uintptr_t)function, .argument = argument});
}

#define WVM_KIT_APC
#include "kit/kit_entry.h"
