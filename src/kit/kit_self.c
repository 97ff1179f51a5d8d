/* The record of each thread, made when the kit first needs it, given up when the thread ends.
 *
 * Owns    the records, the list of them, the key that tells the end of a thread.
 * I1      A record holds a reference of itself until its thread has ended: it is an object that
 *         handles can name (GetCurrentThread duplicated, CreateThread).
 * I2      When a thread ends: callbacks of Fls*, then mutexes are abandoned and the object is
 *         signaled, then the record leaves the list. Other destructors of the thread may run after
 *         that, and use the kit: they get a record again. Nothing would end a record that is made
 *         behind the last round of destructors, where the C library frees what it has of the
 *         thread: there is none then.
 * I3      A record in the list whose thread has no number yet is one of a thread that is being
 *         started, and gets it soon: who starts it is not suspended before.
 * I4      In a fork child only the caller lives: the others' waits are taken down; else their
 *         records are left as they are, and neither signaled nor abandoned.
 * Locking: wvm_kit_threads_lock for the list; the dispatch lock; never both.
 * Failure: NULL.   Signal safety: none. */
#include "kit/kit_self.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define START_PAUSE UINT64_C(20000) /* nanoseconds */

WVM_THREAD_LOCAL struct wvm_kit_thread *wvm_kit_self_known;
WVM_THREAD_LOCAL struct wvm_kit_thread *wvm_kit_quick_known;
WVM_THREAD_LOCAL PTEB wvm_kit_teb_known;
WVM_THREAD_LOCAL uint32_t wvm_kit_tid_known;
void (*wvm_kit_end_fls)(struct wvm_kit_thread *self);
void *(*wvm_kit_fiber_fls)(DWORD i);
void (*wvm_kit_end_heap)(void);
void (*wvm_kit_end_mutexes)(struct wvm_kit_thread *self);
struct wvm_kit_lock wvm_kit_threads_lock;
struct wvm_kit_links wvm_kit_threads = {&wvm_kit_threads, &wvm_kit_threads};

static pid_t pid; /* the process's, of which this is the memory */
static pthread_key_t end_key;
/* Rounds of the thread's destructors in which end_thread was called; all: no records any more. */
static WVM_THREAD_LOCAL int rounds;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool thread_ready(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return ((const struct wvm_kit_thread *)object)->ended;
}

static bool thread_take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(waiter);
    return false;
}

struct wvm_kit_kind wvm_kit_thread_kind = {
    .kind = {.name = "Thread",
             .generic = {STANDARD_RIGHTS_READ | THREAD_QUERY_INFORMATION | THREAD_GET_CONTEXT,
                         STANDARD_RIGHTS_WRITE | THREAD_SET_INFORMATION | THREAD_SET_CONTEXT |
                             THREAD_TERMINATE | THREAD_SUSPEND_RESUME,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, THREAD_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct wvm_kit_thread)},
    .kept = sizeof(struct wvm_kit_thread) - offsetof(struct wvm_kit_thread, teb),
    .ready = thread_ready,
    .take = thread_take,
};

void wvm_kit_thread_end(struct wvm_kit_thread *self)
{
    void (*end)(struct wvm_kit_thread *);
    uint32_t before;
    wvm_kit_wait_end(self);
    wvm_kit_busy(); /* nobody ends it twice */
    wvm_kit_lock(&wvm_kit_threads_lock);
    wvm_kit_unlink(&self->all);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    wvm_kit_lock(&wvm_kit_dispatch);
    if ((end = __atomic_load_n(&wvm_kit_end_mutexes, __ATOMIC_ACQUIRE)) != NULL)
        end(self);
    self->ended = true;
    before = __atomic_fetch_or(&self->suspended, WVM_KIT_ENDED, __ATOMIC_RELEASE);
    wvm_kit_signal(&self->object);
    wvm_kit_dispatch_end();
    wvm_kit_self_known = wvm_kit_quick_known = NULL;
    wvm_kit_teb_known = NULL;
    winvm_last_error_place(NULL);
    wvm_kit_idle();
    if (before != 0) /* who sleeps on the word has changed it before, or wakes up by itself */
        wvm_kit_unpark(&self->suspended, INT_MAX);
    wvm_kit_drop(&self->object);
}

static void end_record(struct wvm_kit_thread *self)
{
    void (*end)(struct wvm_kit_thread *), (*end_heap)(void);
    wvm_kit_self_known = self;
    if ((end = __atomic_load_n(&wvm_kit_end_fls, __ATOMIC_ACQUIRE)) != NULL)
        end(self);
    if ((end_heap = __atomic_load_n(&wvm_kit_end_heap, __ATOMIC_ACQUIRE)) != NULL)
        end_heap();
    wvm_kit_thread_end(self);
}

/* record: &end_key when there is none, for the sake of the next round. */
static void end_thread(void *record)
{
    if (record != &end_key)
        end_record(record);
    if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS && !wvm_kit_self_known)
        pthread_setspecific(end_key, &end_key);
}

CLIENT_ID wvm_kit_client_id(const struct wvm_kit_thread *t)
{
    return (CLIENT_ID){(HANDLE)(uintptr_t)pid, (HANDLE)(uintptr_t)wvm_kit_tid_of(t)};
}

/* Of the caller's block, which it has after a fork, too. */
static void name_in_teb(struct wvm_kit_thread *self)
{
    self->teb.ClientId = self->teb.RealClientId = wvm_kit_client_id(self);
}

static void before_fork(void)
{
    wvm_kit_lock(&wvm_kit_threads_lock);
    wvm_kit_lock(&wvm_kit_dispatch);
}

static void in_parent(void)
{
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

static void in_child(void)
{
    struct wvm_kit_thread *self = wvm_kit_self_known, *t;
    WVM_KIT_EACH_THREAD(t, l)
        if (t != self)
            wvm_kit_wait_in_child(t);
    wvm_kit_dispatch.word = wvm_kit_threads_lock.word = 0;
    wvm_kit_held -= 2; /* as before_fork took them */
    wvm_kit_when_unlocked = NULL;
    wvm_kit_tid_known = 0;
    pid = getpid();
    wvm_kit_ring(&wvm_kit_threads);
    if (self) {
        self->suspended = 0; /* who wanted to stop it is not here */
        self->tid = wvm_kit_tid_ask();
        name_in_teb(self);
        wvm_kit_link(&wvm_kit_threads, &self->all);
    }
}

static struct winvm_object *object_of_caller(void)
{
    struct wvm_kit_thread *self = wvm_kit_self();
    if (self)
        winvm_object_hold(&self->object.head);
    return self ? &self->object.head : NULL;
}

static void start(void)
{
    pid = getpid();
    pthread_key_create(&end_key, end_thread);
    pthread_atfork(before_fork, in_parent, in_child);
    winvm_object_thread(object_of_caller);
}

/* Early, as the C library has room for the values of the first keys in each thread, and calls
 * malloc for others. */
static void __attribute__((constructor(101))) start_early(void)
{
    pthread_once(&once, start);
}

uint32_t wvm_kit_tid_ask(void)
{
    pthread_once(&once, start);
    return wvm_kit_tid_known = (uint32_t)syscall(SYS_gettid);
}

/* The end of a record, which another thread may have had. */
static void clear_end(struct wvm_kit_thread *t)
{
    if (t->teb.NtTib.Self || t->more_used) {
        memset(&t->teb, 0, wvm_kit_thread_kind.kept);
    } else {
        memset(t->teb.TlsSlots, 0, sizeof t->teb.TlsSlots);
        t->teb.LastErrorValue = 0;
        memset(&t->teb.ClientId, 0, sizeof t->teb.ClientId);
        t->teb.RealClientId = t->teb.ClientId;
    }
}

struct wvm_kit_thread *wvm_kit_thread_new(void)
{
    pthread_once(&once, start);
    struct wvm_kit_thread *t = wvm_kit_object_new(&wvm_kit_thread_kind);
    if (t) {
        clear_end(t);
        t->exit_code = STILL_ACTIVE;
        wvm_kit_ring(&t->mutexes);
    }
    return t;
}

/* The last error is in the block from now on. */
static void place_error(struct wvm_kit_thread *self)
{
    DWORD error = GetLastError();
    winvm_last_error_place(&self->teb.LastErrorValue);
    SetLastError(~error);
    if (self->teb.LastErrorValue == ~error)
        wvm_kit_quick_known = self;
    SetLastError(error);
}

void wvm_kit_thread_enter(struct wvm_kit_thread *t)
{
    t->given = true;
    wvm_kit_lock(&wvm_kit_threads_lock);
    wvm_kit_link(&wvm_kit_threads, &t->all);
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

void wvm_kit_thread_adopt(struct wvm_kit_thread *self)
{
    wvm_kit_self_known = self; /* first: what follows may come back to the kit by malloc */
    __atomic_store_n(&self->given, false, __ATOMIC_RELEASE);
    pthread_setspecific(end_key, self);
    if (!wvm_kit_tid_known) /* the starter may have told */
        wvm_kit_tid_known = __atomic_load_n(&self->tid, __ATOMIC_ACQUIRE);
    __atomic_store_n(&self->tid, wvm_kit_tid(), __ATOMIC_RELEASE);
    name_in_teb(self);
    place_error(self);
}

/* What the C library knows of a thread: its clock's number has the thread's, as the host made these
 * numbers. 0: the thread has ended. */
static uint32_t number_of(pthread_t id)
{
    clockid_t clock;
    return pthread_getcpuclockid(id, &clock) == 0 ? (uint32_t)~(clock >> 3) : 0;
}

void wvm_kit_thread_started(struct wvm_kit_thread *t, pthread_t id)
{
    bool tells = number_of(pthread_self()) == wvm_kit_tid();
    uint32_t tid = tells ? number_of(id) : 0;
    if (tid)
        __atomic_store_n(&t->tid, tid, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&t->tid, __ATOMIC_ACQUIRE)) /* it tells by itself, or has */
        wvm_kit_park(&t->tid, 0, wvm_kit_now() + START_PAUSE);
}

/* ---- threads that others ask about first ---- */

/* The list's lock. */
static struct wvm_kit_thread *find(uint32_t tid)
{
    struct wvm_kit_thread *t;
    WVM_KIT_EACH_THREAD(t, l)
        if (__atomic_load_n(&t->tid, __ATOMIC_RELAXED) == tid)
            return t;
    return NULL;
}

/* *starts: it may be one that is being started. */
static struct wvm_kit_thread *look_for(uint32_t tid, bool *starts)
{
    wvm_kit_lock(&wvm_kit_threads_lock);
    struct wvm_kit_thread *t = find(tid);
    if (t)
        winvm_object_hold(&t->object.head);
    *starts = !t && find(0);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    return t;
}

struct wvm_kit_thread *wvm_kit_thread_find(uint32_t tid)
{
    uint32_t nothing = 0;
    bool starts;
    struct wvm_kit_thread *t;
    if (tid == 0)
        return NULL;
    while (!(t = look_for(tid, &starts)) && starts)
        wvm_kit_park(&nothing, 0, wvm_kit_now() + START_PAUSE);
    return t;
}

struct wvm_kit_thread *wvm_kit_thread_give(uint32_t tid)
{
    struct wvm_kit_thread *given = wvm_kit_thread_new(), *known;
    if (!given)
        return NULL;
    given->exit_code = 0;
    given->tid = tid;
    given->given = true;
    winvm_object_hold(&given->object.head);
    wvm_kit_lock(&wvm_kit_threads_lock);
    known = find(tid);
    if (known)
        winvm_object_hold(&known->object.head);
    else
        wvm_kit_link(&wvm_kit_threads, &given->all);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    if (!known)
        return given;
    wvm_kit_drop(&given->object);
    wvm_kit_drop(&given->object);
    return known;
}

void wvm_kit_thread_take_back(struct wvm_kit_thread *t)
{
    wvm_kit_lock(&wvm_kit_threads_lock);
    bool mine = t->given;
    if (mine)
        wvm_kit_unlink(&t->all);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    if (mine)
        wvm_kit_drop(&t->object);
    wvm_kit_drop(&t->object);
}

/* Keys up to here have their place in the thread from the start: no memory is taken. */
#define N_NEAR_KEYS 32

struct wvm_kit_thread *wvm_kit_thread_take(void)
{
    struct wvm_kit_thread *t = wvm_kit_self_known;
    if (t || end_key >= N_NEAR_KEYS || rounds >= PTHREAD_DESTRUCTOR_ITERATIONS)
        return t;
    wvm_kit_lock(&wvm_kit_threads_lock);
    t = find(wvm_kit_tid());
    if (t)
        __atomic_store_n(&t->given, false, __ATOMIC_RELEASE);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    if (t) {
        wvm_kit_self_known = t;
        pthread_setspecific(end_key, t);
        name_in_teb(t);
    }
    return t;
}

struct wvm_kit_thread *wvm_kit_self_make(void)
{
    DWORD error = GetLastError();
    struct wvm_kit_thread *self = wvm_kit_thread_take();
    if (self)
        return self;
    if (rounds < PTHREAD_DESTRUCTOR_ITERATIONS)
        self = wvm_kit_thread_new();
    if (self) {
        self->exit_code = 0; /* what a thread of the host ends with */
        self->tid = wvm_kit_tid();
        wvm_kit_thread_enter(self);
        wvm_kit_thread_adopt(self);
    }
    SetLastError(error);
    return self;
}
