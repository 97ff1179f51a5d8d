/* Events.
 *
 * I1  An event that resets by itself ends one wait for each time it is set.
 * Locking: the dispatch lock.   Failure: nothing changed.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_wait.h"

struct event {
    struct wvm_kit_object object; /* first */
    bool manual, set;
};

static bool is_set(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return ((const struct event *)object)->set;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    struct event *e = (struct event *)object;
    UNREFERENCED_PARAMETER(waiter);
    e->set = e->manual;
    return false;
}

static struct wvm_kit_kind events = {
    .kind = {.name = "Event",
             .generic = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct event)},
    .ready = is_set,
    .take = take,
};

static HANDLE create(bool manual, bool set, DWORD access)
{
    struct event *e = wvm_kit_object_new(&events);
    if (!e)
        return NULL;
    e->manual = manual;
    e->set = set;
    return wvm_kit_handle(&e->object, access);
}

static HANDLE create_ex(const void *name, DWORD flags, DWORD access)
{
    if (flags & ~(DWORD)(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET)) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return wvm_kit_unnamed(name) ? create(flags & CREATE_EVENT_MANUAL_RESET,
                                          flags & CREATE_EVENT_INITIAL_SET, access)
                                 : NULL;
}

HANDLE wvm_kit_CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name)
{
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_unnamed(name) ? create(manual, set, EVENT_ALL_ACCESS) : NULL;
}

HANDLE wvm_kit_CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name)
{
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_unnamed(name) ? create(manual, set, EVENT_ALL_ACCESS) : NULL;
}

HANDLE wvm_kit_CreateEventExA(LPSECURITY_ATTRIBUTES security, LPCSTR name, DWORD flags,
                              DWORD access)
{
    UNREFERENCED_PARAMETER(security);
    return create_ex(name, flags, access);
}

HANDLE wvm_kit_CreateEventExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags,
                              DWORD access)
{
    UNREFERENCED_PARAMETER(security);
    return create_ex(name, flags, access);
}

BOOL wvm_kit_SetEvent(HANDLE h)
{
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    e->set = true;
    wvm_kit_signal(&e->object);
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&e->object);
    return TRUE;
}

BOOL wvm_kit_ResetEvent(HANDLE h)
{
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    e->set = false;
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&e->object);
    return TRUE;
}

#define WVM_KIT_EVENT
#include "kit/kit_entry.h"
