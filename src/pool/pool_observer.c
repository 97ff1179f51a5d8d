/* Observers: who sees every call (pool.h).
 *
 * I1  While there is one, all calls take the long way.
 * I2  They are asked in the order in which they came, inside, with no lock held.
 * Locking: a lock of their own for a new one.   Failure: none.   Signal safety: all but a new one,
 * as far as the observers'. */
#include "base/assert.h"
#include "pool/pool_internal.h"

enum { OBSERVERS = 8 };

static const struct wvm_pool_observer *observers[OBSERVERS];
static unsigned n_observers; /* (a) */

#define FOR_OBSERVERS(o)                                                                           \
    for (unsigned i_ = 0; i_ < __atomic_load_n(&n_observers, __ATOMIC_ACQUIRE); i_++)              \
        for (const struct wvm_pool_observer *o = observers[i_]; o; o = NULL)

void wvm_pool_observe(const struct wvm_pool_observer *observer)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    WVM_ASSERT(n_observers < OBSERVERS);
    observers[n_observers] = observer;
    __atomic_store_n(&n_observers, n_observers + 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    wvm_pool_stop_all(WVM_POOL_STOP_OBSERVED);
}

/* ---- allocation ---- */

bool wvm_pool_observers_refuse(const struct wvm_pool_request *rq)
{
    FOR_OBSERVERS(o)
        if (o->refuse && o->refuse(rq))
            return true;
    return false;
}

void *wvm_pool_observers_serve(const struct wvm_pool_request *rq)
{
    void *block = NULL;
    FOR_OBSERVERS(o)
        if (!block && o->serve)
            block = o->serve(rq);
    return block;
}

void wvm_pool_observers_allocated(const void *block, const struct wvm_pool_request *rq)
{
    struct wvm_pool_block b;
    if (!__atomic_load_n(&n_observers, __ATOMIC_ACQUIRE) || !wvm_pool_find(block, &b))
        return;
    FOR_OBSERVERS(o)
        if (o->allocated)
            o->allocated(&b, rq);
}

/* ---- free ---- */

bool wvm_pool_observers_free(const struct wvm_pool_free_request *rq, struct wvm_pool_finding *f)
{
    FOR_OBSERVERS(o)
        if (o->free) {
            if (o->free(rq->block, rq->tag, rq->any_tag, rq->caller, f))
                return true;
            if (f->code)
                return false;
        }
    return false;
}

void wvm_pool_tell_freeing(const struct wvm_pool_block *b, const void *caller)
{
    FOR_OBSERVERS(o)
        if (o->freeing)
            o->freeing(b, caller);
}

/* ---- questions ---- */

bool wvm_pool_observers_find(const void *p, struct wvm_pool_block *out)
{
    FOR_OBSERVERS(o)
        if (o->find && o->find(p, out))
            return true;
    return false;
}

void wvm_pool_describe(const void *p, struct wvm_buf *out)
{
    FOR_OBSERVERS(o)
        if (o->describe)
            o->describe(p, out);
}

bool wvm_pool_walk_observers(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg)
{
    FOR_OBSERVERS(o)
        if (o->walk && !o->walk(visit, arg))
            return false;
    return true;
}

void wvm_pool_observers_fork(bool before, bool child)
{
    FOR_OBSERVERS(o)
        if (before && o->before_fork)
            o->before_fork();
        else if (!before && o->after_fork)
            o->after_fork(child);
}
