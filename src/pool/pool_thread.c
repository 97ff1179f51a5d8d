/* Threads: what each has of its own in this room, and how all are kept out.
 *
 * Owns   the registry of threads, their descriptions, the way in and out.
 * I1  A thread that sets `inside` and then finds no WAIT is inside for everyone
 *     who set WAIT and then went through a barrier of all threads: it is waited for.
 * I2  Descriptions are type-stable. That of a thread that has ended is idle, with empty caches and
 *     counters of zero, until another thread takes it.
 * I3  wvm_pool_own is never NULL: a thread without a description has wvm_pool_nobody's, which is
 *     always inside, so that the short way is closed to it.
 * fork: nobody is inside; the child's only thread keeps its description, those of the others are
 * put away as if they had ended.
 * Locking: the registry, before every other lock of the room; who has it takes no signals but
 * faults.   Failure: a thread without a description gets no block.   Signal safety: the way in and
 * out, a thread's first call. */
#include "host/host_barrier.h"
#include "host/host_signal.h"
#include "pool/pool_fast.h"

pthread_mutex_t wvm_pool_registry = PTHREAD_MUTEX_INITIALIZER;
struct wvm_pool_thread *wvm_pool_all;
struct wvm_pool_thread wvm_pool_nobody = {
    .inside = 1,
};
WVM_THREAD_LOCAL struct wvm_pool_thread *wvm_pool_own = &wvm_pool_nobody;

static struct wvm_pool_thread *idle;
static unsigned stop_of_new; /* stop bits that new threads begin with */
static pthread_key_t exit_key;
static bool has_key;
static uint64_t mask_of_holder; /* registry lock: the signal mask to go back to */

/* ---- the registry ---- */

/* No handler interrupts a thread that has it: it would wait for itself. Faults come through. */
static void registry_take(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    uint64_t mask = ~(uint64_t)0;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        mask &= ~wvm_host_sigbit(faults[i]);
    mask = wvm_host_sigmask(mask);
    pthread_mutex_lock(&wvm_pool_registry);
    mask_of_holder = mask;
}

static void registry_drop(void)
{
    uint64_t mask = mask_of_holder;
    pthread_mutex_unlock(&wvm_pool_registry);
    (void)wvm_host_sigmask(mask);
}

/* ---- beginning and end ---- */

/* Registry lock. */
static void put_away(struct wvm_pool_thread *th)
{
    wvm_pool_cache_flush(th);
    wvm_pool_tally_retire(th);
    th->idle = true;
    th->next_idle = idle;
    idle = th;
}

static void thread_ends(void *arg)
{
    struct wvm_pool_thread *th = arg;
    if (!wvm_pool_enter(th))
        return;
    wvm_pool_cache_flush(th);
    wvm_pool_leave(th);
    wvm_pool_tell_found(th); /* while it is the thread's own */
    registry_take();
    wvm_pool_own = &wvm_pool_nobody;
    put_away(th);
    registry_drop();
}

/* A new description, in the list of all. Registry lock. */
static struct wvm_pool_thread *make(void)
{
    void *mem, *tally;
    size_t size = sizeof(struct wvm_pool_thread) + WVM_POOL_ROWS * sizeof(struct wvm_pool_way);
    if (wvm_host.meta(wvm_align_up(size, WVM_POOL_PAGE), &mem) ||
        wvm_host.meta(WVM_POOL_ROWS * sizeof(struct wvm_pool_tally), &tally))
        return NULL;
    struct wvm_pool_thread *th = mem;
    th->tally = tally;
    wvm_pool_cache_init(th);
    wvm_pool_hands_init(th);
    wvm_pool_leave(th);
    th->next = wvm_pool_all;
    __atomic_store_n(&wvm_pool_all, th, __ATOMIC_RELEASE);
    return th;
}

static struct wvm_pool_thread *claim(void)
{
    registry_take();
    struct wvm_pool_thread *th = idle;
    if (th)
        idle = th->next_idle;
    else
        th = make();
    if (th) {
        th->idle = false;
        wvm_pool_leave(th);
        __atomic_store_n(&th->key, wvm_pool_map.cookie | stop_of_new, __ATOMIC_RELAXED);
        wvm_pool_own = th;
    }
    registry_drop();
    if (th && has_key)
        (void)pthread_setspecific(exit_key, th);
    return th;
}

struct wvm_pool_thread *wvm_pool_me(void)
{
    return wvm_pool_own != &wvm_pool_nobody ? wvm_pool_own : claim();
}

bool wvm_pool_threads_init(void)
{
    has_key = pthread_key_create(&exit_key, thread_ends) == 0;
    if (!wvm_host_barrier_init())
        stop_of_new |= WVM_POOL_STOP_FENCE;
    return has_key;
}

/* ---- in and out ---- */

/* True: the thread is inside. */
static bool is_inside(const struct wvm_pool_thread *th)
{
    return __atomic_load_n(&th->inside, __ATOMIC_ACQUIRE) != 0;
}

bool wvm_pool_inside(void)
{
    return wvm_pool_own != &wvm_pool_nobody && is_inside(wvm_pool_own);
}

bool wvm_pool_enter(struct wvm_pool_thread *th)
{
    if (__atomic_load_n(&th->inside, __ATOMIC_RELAXED))
        return false;
    for (;;) {
        __atomic_store_n(&th->inside, 1, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        unsigned stop = __atomic_load_n(&th->key, __ATOMIC_ACQUIRE);
        if (stop & WVM_POOL_STOP_FENCE) {
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            stop = __atomic_load_n(&th->key, __ATOMIC_ACQUIRE);
        }
        if (WVM_LIKELY(!(stop & WVM_POOL_STOP_WAIT)))
            return true;
        __atomic_store_n(&th->inside, 0, __ATOMIC_RELEASE);
        registry_take();
        registry_drop();
    }
}

void wvm_pool_leave(struct wvm_pool_thread *th)
{
    __atomic_store_n(&th->inside, 0, __ATOMIC_RELEASE);
}

static void set_stop(struct wvm_pool_thread *th, unsigned bits, bool on)
{
    if (on)
        __atomic_fetch_or(&th->key, bits, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&th->key, ~bits, __ATOMIC_RELEASE);
}

void wvm_pool_set_raised(bool raised)
{
    struct wvm_pool_thread *th = wvm_pool_started() ? wvm_pool_me() : NULL;
    if (th)
        set_stop(th, WVM_POOL_STOP_RAISED, raised);
}

void wvm_pool_stop_all(unsigned bits)
{
    registry_take();
    stop_of_new |= bits & ~(unsigned)WVM_POOL_STOP_FLUSH;
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        set_stop(th, bits, true);
    registry_drop();
}

void wvm_pool_go_all(unsigned bits)
{
    registry_take();
    stop_of_new &= ~bits;
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        set_stop(th, bits, false);
    registry_drop();
}

void wvm_pool_close(void)
{
    wvm_pool_stop_all(WVM_POOL_STOP_OBSERVED);
}

/* Takes the registry and keeps it until wvm_pool_resume(). */
void wvm_pool_quiet(void)
{
    registry_take();
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        set_stop(th, WVM_POOL_STOP_WAIT, true);
    (void)wvm_host_barrier();
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        while (th != wvm_pool_own && is_inside(th))
            wvm_host_nap(0);
}

void wvm_pool_resume(void)
{
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        set_stop(th, WVM_POOL_STOP_WAIT, false);
    registry_drop();
}

/* The registry keeps out who reads the counters, and a handler of this thread that would count. */
void *wvm_pool_settle(int none, int none2, int none3, void *block, struct wvm_pool_way *way)
{
    (void)none, (void)none2, (void)none3;
    registry_take();
    wvm_pool_way_settle(wvm_pool_own, (size_t)(way - wvm_pool_own->way));
    registry_drop();
    return block;
}

/* ---- fork ---- */

void wvm_pool_before_fork(void)
{
    if (!wvm_pool_started())
        return;
    wvm_pool_quiet();
    wvm_pool_observers_fork(true, false);
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        pthread_mutex_lock(&wvm_pool_part[kind].lock);
    wvm_pool_rows_lock();
}

/* What other threads of the parent had. Registry lock. */
static void put_away_others(void)
{
    for (struct wvm_pool_thread *th = wvm_pool_all; th; th = th->next)
        if (th != wvm_pool_own && !th->idle)
            put_away(th);
}

static void after_fork(bool child)
{
    wvm_pool_rows_unlock();
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++)
        pthread_mutex_unlock(&wvm_pool_part[kind].lock);
    if (child)
        put_away_others();
    wvm_pool_observers_fork(false, child);
    wvm_pool_resume();
}

void wvm_pool_after_fork_parent(void)
{
    if (wvm_pool_started())
        after_fork(false);
}

void wvm_pool_after_fork_child(void)
{
    if (!wvm_pool_started())
        return;
    wvm_pool_map.late = false;
    after_fork(true);
    wvm_pool_stop_all(WVM_POOL_STOP_RELOCK);
}
