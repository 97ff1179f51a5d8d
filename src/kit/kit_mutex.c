/* Mutexes: owned by a thread, any number of times over, and abandoned when it ends.
 *
 * I1  A mutex is in the ring of its owner's record as long as it has an owner, and holds itself
 *     then: closing the last handle does not take it from its owner.
 * Locking: the dispatch lock.   Failure: nothing changed.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
#include "kit/kit_self.h"

struct mutex {
    struct wvm_kit_object object; /* first */
    struct wvm_kit_links owned;
    struct wvm_kit_thread *owner;
    uint32_t depth;
    bool abandoned;
};

static bool is_free(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    const struct mutex *m = (const struct mutex *)object;
    return !m->owner || m->owner == waiter;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    struct mutex *m = (struct mutex *)object;
    bool abandoned = m->abandoned;
    m->abandoned = false;
    if (m->depth++ == 0) {
        m->owner = waiter;
        winvm_object_hold(&m->object.head);
        wvm_kit_link(&waiter->mutexes, &m->owned);
    }
    return abandoned;
}

static struct wvm_kit_kind mutexes = {
    .kind = {.name = "Mutant",
             .generic = {STANDARD_RIGHTS_READ | MUTEX_MODIFY_STATE, STANDARD_RIGHTS_WRITE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, MUTEX_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct mutex)},
    .ready = is_free,
    .take = take,
};

/* The owner lets go; who waits may have it. The reference that it had is the caller's. */
static void give_up(struct mutex *m, bool abandoned)
{
    m->owner = NULL;
    m->depth = 0;
    m->abandoned = abandoned;
    wvm_kit_unlink(&m->owned);
    wvm_kit_signal(&m->object);
}

static void abandon_all(struct wvm_kit_thread *self)
{
    while (self->mutexes.next != &self->mutexes) {
        struct mutex *m = WVM_KIT_CONTAINER(self->mutexes.next, struct mutex, owned);
        give_up(m, true);
        wvm_kit_drop(&m->object);
    }
}

/* The calling thread's from the start, before anybody else can find it. */
static HANDLE publish(const struct wvm_kit_name *name, struct mutex *m, DWORD access, bool owned)
{
    if (owned) {
        wvm_kit_lock(&wvm_kit_dispatch);
        take(&m->object, wvm_kit_self_known);
        wvm_kit_unlock(&wvm_kit_dispatch);
    }
    winvm_object_hold(&m->object.head);
    HANDLE h = wvm_kit_name_leave(name, &m->object, access);
    if (!h && owned) {
        wvm_kit_lock(&wvm_kit_dispatch);
        give_up(m, false);
        wvm_kit_unlock(&wvm_kit_dispatch);
        wvm_kit_drop(&m->object);
    }
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

BOOL wvm_kit_ReleaseMutex(HANDLE h)
{
    struct mutex *m = wvm_kit_object_of(h, &mutexes, 0);
    bool mine, last = false;
    if (!m)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    mine = m->owner && m->owner == wvm_kit_self_known;
    if (mine && --m->depth == 0) {
        last = true;
        give_up(m, false);
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
    if (last)
        wvm_kit_drop(&m->object);
    wvm_kit_drop(&m->object);
    return mine || wvm_kit_fail(ERROR_NOT_OWNER);
}

#define WVM_KIT_MUTEX
#include "kit/kit_entry.h"
