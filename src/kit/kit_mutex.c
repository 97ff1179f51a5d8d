/* Mutexes: owned by a thread, any number of times over, and abandoned when it ends.
 *
 * Terms   owner = the thread that has it; orphan = owned, and without a reference.
 * I1      OWNED is in the word from the moment that a thread takes the mutex. `owner` follows, and
 *         goes before OWNED goes: a thread that finds itself as the owner is it, what
 *         another one finds tells nothing but that.
 * I2      As long as a mutex has an owner, it is in the ring of its owner's record, or is the one
 *         mutex that the record has beside the ring. The owner changes these, or, while it sleeps
 *         in a wait, who has the dispatch lock and ends that wait.
 * I3      An orphan keeps its memory until its owner ends: closing the last handle does not take it
 *         from its owner.
 * Locking: none while nobody else wants it, else the dispatch lock.   Failure: nothing changed.
 * Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
#include "kit/kit_self.h"

#define OWNED UINT64_C(1)
#define ABANDONED UINT64_C(2)
#define ORPHAN UINT64_C(4)

struct mutex {
    struct wvm_kit_object object; /* first */
    struct wvm_kit_thread *owner; /* (a) */
    uint32_t again;               /* the owner's: how often it took it once more; 0: not owned */
    struct wvm_kit_links owned;   /* in the ring */
};

static bool is_owner(const struct mutex *m, const struct wvm_kit_thread *thread)
{
    return thread && __atomic_load_n(&m->owner, __ATOMIC_RELAXED) == thread;
}

static bool is_free(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    return !(wvm_kit_word(object) & OWNED) || is_owner((const struct mutex *)object, waiter);
}

static WVM_NOINLINE DWORD own_one_more(struct mutex *m, struct wvm_kit_thread *owner)
{
    wvm_kit_link(&owner->mutexes, &m->owned);
    __atomic_store_n(&m->owner, owner, __ATOMIC_RELAXED);
    return WAIT_OBJECT_0;
}

/* What a wait that does it answers. */
static inline DWORD own(struct mutex *m, struct wvm_kit_thread *owner)
{
    if (WVM_UNLIKELY(owner->mutex != NULL))
        return own_one_more(m, owner);
    owner->mutex = m;
    __atomic_store_n(&m->owner, owner, __ATOMIC_RELAXED);
    return WAIT_OBJECT_0;
}

static inline void disown(struct mutex *m, struct wvm_kit_thread *owner)
{
    __atomic_store_n(&m->owner, NULL, __ATOMIC_RELAXED);
    if (WVM_LIKELY(owner->mutex == m))
        owner->mutex = NULL;
    else
        wvm_kit_unlink(&m->owned);
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    struct mutex *m = (struct mutex *)object;
    bool abandoned = wvm_kit_word(object) & ABANDONED;
    if (is_owner(m, waiter)) {
        m->again++;
        return false;
    }
    wvm_kit_set_state(object, OWNED);
    own(m, waiter);
    return abandoned;
}

/* Not suspended between the word and the ring. */
static bool swap_quick(struct mutex *m, uint64_t seen, struct wvm_kit_thread *self)
{
    wvm_kit_busy();
    bool mine = wvm_kit_swap(&m->object, &seen, seen | OWNED);
    if (mine)
        own(m, self);
    wvm_kit_idle();
    return mine;
}

/* Not suspended between the ring and the word. */
static bool release_quick(struct mutex *m, uint64_t seen, struct wvm_kit_thread *self)
{
    wvm_kit_busy();
    disown(m, self);
    bool released = wvm_kit_swap(&m->object, &seen, seen & ~OWNED);
    if (!released)
        own(m, self);
    wvm_kit_idle();
    return released;
}

static WVM_NOINLINE DWORD take_shared(struct mutex *m, uint64_t seen, HANDLE h, DWORD ms)
{
    return WVM_LIKELY(swap_quick(m, seen, wvm_kit_self_known)) ? WAIT_OBJECT_0
                                                               : wvm_kit_wait_slowly(h, ms);
}

static DWORD take_quick(struct wvm_kit_object *object, uint64_t seen, HANDLE h, DWORD ms)
{
    struct mutex *m = (struct mutex *)object;
    struct wvm_kit_thread *self = wvm_kit_self_known;
    uint32_t state = (uint32_t)seen;
    if (WVM_LIKELY(state == 0 && self)) {
        if (!WVM_KIT_ALONE)
            return take_shared(m, seen, h, ms);
        wvm_kit_set_word(object, seen | OWNED);
        return own(m, self);
    }
    if (is_owner(m, self)) {
        m->again++;
        return WAIT_OBJECT_0;
    }
    return state == OWNED ? wvm_kit_wait_on(h, ms) : wvm_kit_wait_slowly(h, ms);
}

static bool keeps(struct wvm_kit_object *object)
{
    uint64_t seen = wvm_kit_word(object);
    while (!wvm_kit_swap(object, &seen, seen & OWNED ? seen | ORPHAN : seen + WVM_KIT_LIFE))
        ;
    return seen & OWNED;
}

static struct wvm_kit_kind mutexes = {
    .kind = {.name = "Mutant",
             .generic = {STANDARD_RIGHTS_READ | MUTEX_MODIFY_STATE, STANDARD_RIGHTS_WRITE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, MUTEX_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct mutex)},
    .quick = take_quick,
    .keeps = keeps,
    .ready = is_free,
    .take = take,
};

/* Under the lock. When it is free and no wait hangs on it, then it may be gone. */
static void abandon(struct mutex *m, struct wvm_kit_thread *owner)
{
    m->again = 0;
    disown(m, owner);
    uint64_t seen = wvm_kit_word(&m->object);
    while (!(seen & ORPHAN) &&
           !wvm_kit_swap(&m->object, &seen, (seen & ~WVM_KIT_STATE) | ABANDONED))
        ;
    if (seen & ORPHAN) {
        __atomic_add_fetch(&m->object.word, WVM_KIT_LIFE, __ATOMIC_ACQ_REL);
        wvm_kit_put(&mutexes.store, m);
    } else if (seen & WVM_KIT_FROZEN) {
        wvm_kit_signal(&m->object);
        wvm_kit_thaw(&m->object);
    }
}

static void abandon_all(struct wvm_kit_thread *self)
{
    if (self->mutex)
        abandon(self->mutex, self);
    while (self->mutexes.next != &self->mutexes)
        abandon(WVM_KIT_CONTAINER(self->mutexes.next, struct mutex, owned), self);
}

/* The caller's from the start, before anybody else can find it. */
static HANDLE publish(const struct wvm_kit_name *name, struct mutex *m, DWORD access, bool owned)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    if (owned)
        swap_quick(m, wvm_kit_word(&m->object), self);
    winvm_object_hold(&m->object.head);
    HANDLE h = wvm_kit_name_leave(name, &m->object, access);
    if (!h && owned)
        release_quick(m, wvm_kit_word(&m->object), self);
    wvm_kit_drop(&m->object);
    return h;
}

static HANDLE create(const struct wvm_kit_name *name, DWORD flags, DWORD access)
{
    HANDLE known;
    if (flags & ~(DWORD)CREATE_MUTEX_INITIAL_OWNER) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    struct wvm_kit_thread *self = wvm_kit_self();
    if (!self || wvm_kit_name_enter(name, &mutexes, access, &known))
        return self ? known : NULL;
    __atomic_store_n(&wvm_kit_end_mutexes, abandon_all, __ATOMIC_RELEASE);
    struct mutex *m = wvm_kit_object_new(&mutexes);
    return m ? publish(name, m, access, flags & CREATE_MUTEX_INITIAL_OWNER)
             : wvm_kit_name_leave(name, NULL, access);
}

HANDLE wvm_kit_CreateMutexExA(LPSECURITY_ATTRIBUTES security, LPCSTR text, DWORD flags,
                              DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_a(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateMutexExW(LPSECURITY_ATTRIBUTES security, LPCWSTR text, DWORD flags,
                              DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_w(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateMutexA(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCSTR text)
{
    return wvm_kit_CreateMutexExA(security, text, owned ? CREATE_MUTEX_INITIAL_OWNER : 0,
                                  MUTEX_ALL_ACCESS);
}

HANDLE wvm_kit_CreateMutexW(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCWSTR text)
{
    return wvm_kit_CreateMutexExW(security, text, owned ? CREATE_MUTEX_INITIAL_OWNER : 0,
                                  MUTEX_ALL_ACCESS);
}

HANDLE wvm_kit_OpenMutexA(DWORD access, BOOL inherit, LPCSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_a(&name, text) ? wvm_kit_name_open(&name, &mutexes, access) : NULL;
}

HANDLE wvm_kit_OpenMutexW(DWORD access, BOOL inherit, LPCWSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_w(&name, text) ? wvm_kit_name_open(&name, &mutexes, access) : NULL;
}

/* Under the lock, which it gives up. False: it is not the caller's. */
static bool release(struct mutex *m)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    bool mine = is_owner(m, self);
    if (mine && m->again > 0) {
        m->again--;
    } else if (mine) {
        wvm_kit_freeze(&m->object);
        disown(m, self);
        wvm_kit_set_state(&m->object, 0);
        wvm_kit_signal(&m->object);
        wvm_kit_thaw(&m->object);
    }
    wvm_kit_dispatch_end();
    return mine;
}

static WVM_NOINLINE BOOL release_slowly(HANDLE h)
{
    struct wvm_kit_object *waited = wvm_kit_lock_waited(h, 0, &mutexes);
    bool mine;
    if (waited) {
        mine = release((struct mutex *)waited);
    } else {
        struct mutex *m = wvm_kit_object_of(h, &mutexes, 0);
        if (!m)
            return FALSE;
        wvm_kit_lock(&wvm_kit_dispatch);
        mine = release(m);
        wvm_kit_drop(&m->object);
    }
    return mine || wvm_kit_fail(ERROR_NOT_OWNER);
}

static WVM_NOINLINE BOOL release_shared(struct mutex *m, uint64_t seen, HANDLE h)
{
    return ((uint32_t)seen == OWNED && release_quick(m, seen, wvm_kit_self_known)) ||
           release_slowly(h);
}

static inline BOOL release_known(struct mutex *m, uint64_t seen, HANDLE h)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    if (WVM_UNLIKELY(!is_owner(m, self)))
        return release_slowly(h);
    if (WVM_UNLIKELY(m->again > 0)) {
        m->again--;
        return TRUE;
    }
    if (!WVM_KIT_ALONE || WVM_UNLIKELY((uint32_t)seen != OWNED))
        return release_shared(m, seen, h);
    disown(m, self);
    wvm_kit_set_word(&m->object, seen & ~OWNED);
    return TRUE;
}

static WVM_NOINLINE BOOL release_at_first(HANDLE h)
{
    uint64_t seen;
    struct mutex *m = (struct mutex *)wvm_kit_glance_of(h, 0, &mutexes, &seen);
    return m ? release_known(m, seen, h) : release_slowly(h);
}

BOOL wvm_kit_ReleaseMutex(HANDLE h)
{
    uint64_t seen;
    struct mutex *m = (struct mutex *)wvm_kit_recall_of(h, 0, &mutexes, &seen);
    return WVM_LIKELY(m != NULL) ? release_known(m, seen, h) : release_at_first(h);
}

/* Of a mutex that another thread owns the depth is not known: it counts as taken once. */
bool wvm_kit_mutex_look(HANDLE h, uint32_t rights, MUTANT_BASIC_INFORMATION *out)
{
    struct mutex *m = wvm_kit_object_of(h, &mutexes, rights);
    if (!m)
        return false;
    uint64_t word = wvm_kit_word(&m->object);
    bool mine = is_owner(m, wvm_kit_self_known);
    out->CurrentCount = mine ? -(LONG)m->again : word & OWNED ? 0 : 1;
    out->OwnedByCaller = mine;
    out->AbandonedState = (word & ABANDONED) != 0;
    wvm_kit_drop(&m->object);
    return true;
}

#define WVM_KIT_MUTEX
#include "kit/kit_entry.h"
