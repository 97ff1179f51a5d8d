/* Events.
 *
 * I1  An event that resets by itself ends one wait for each time it is set.
 * Locking: the dispatch lock.   Failure: nothing changed.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
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

static HANDLE create(const struct wvm_kit_name *name, DWORD flags, DWORD access)
{
    HANDLE known;
    if (flags & ~(DWORD)(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET)) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (wvm_kit_name_enter(name, &events, access, &known))
        return known;
    struct event *e = wvm_kit_object_new(&events);
    if (e) {
        e->manual = flags & CREATE_EVENT_MANUAL_RESET;
        e->set = flags & CREATE_EVENT_INITIAL_SET;
    }
    return wvm_kit_name_leave(name, e ? &e->object : NULL, access);
}

static DWORD flags_of(BOOL manual, BOOL set)
{
    return (manual ? CREATE_EVENT_MANUAL_RESET : 0) | (set ? CREATE_EVENT_INITIAL_SET : 0);
}

HANDLE wvm_kit_CreateEventExA(LPSECURITY_ATTRIBUTES security, LPCSTR text, DWORD flags,
                              DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_a(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateEventExW(LPSECURITY_ATTRIBUTES security, LPCWSTR text, DWORD flags,
                              DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_w(&name, text) ? create(&name, flags, access) : NULL;
}

HANDLE wvm_kit_CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR text)
{
    return wvm_kit_CreateEventExA(security, text, flags_of(manual, set), EVENT_ALL_ACCESS);
}

HANDLE wvm_kit_CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR text)
{
    return wvm_kit_CreateEventExW(security, text, flags_of(manual, set), EVENT_ALL_ACCESS);
}

HANDLE wvm_kit_OpenEventA(DWORD access, BOOL inherit, LPCSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_a(&name, text) ? wvm_kit_name_open(&name, &events, access) : NULL;
}

HANDLE wvm_kit_OpenEventW(DWORD access, BOOL inherit, LPCWSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_w(&name, text) ? wvm_kit_name_open(&name, &events, access) : NULL;
}

bool wvm_kit_event_change(HANDLE h, bool set, bool *was)
{
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return false;
    wvm_kit_lock(&wvm_kit_dispatch);
    *was = e->set;
    e->set = set;
    if (set)
        wvm_kit_signal(&e->object);
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&e->object);
    return true;
}

BOOL wvm_kit_SetEvent(HANDLE h)
{
    bool was;
    return wvm_kit_event_change(h, true, &was);
}

BOOL wvm_kit_ResetEvent(HANDLE h)
{
    bool was;
    return wvm_kit_event_change(h, false, &was);
}

/* Ends the waits that could end if it were set now. */
BOOL wvm_kit_PulseEvent(HANDLE h)
{
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    e->set = true;
    wvm_kit_signal(&e->object);
    e->set = false;
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&e->object);
    return TRUE;
}

#define WVM_KIT_EVENT
#include "kit/kit_entry.h"
