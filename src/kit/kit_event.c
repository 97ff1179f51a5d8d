/* Events.
 *
 * I1  An event that resets by itself ends one wait for each time it is set.
 * I2      The state is SET and MANUAL in the object's word. Who sets an event that is set swaps the
 *         word all the same: what the thread wrote before, the wait that ends by it sees.
 * Locking: none while no wait hangs on it, else the dispatch lock.   Failure: nothing changed.
 * Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
#include "kit/kit_wait.h"

#define SET UINT64_C(1)
#define MANUAL UINT64_C(2)

struct event {
    struct wvm_kit_object object; /* all of it */
};

static bool is_set(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return wvm_kit_word(object) & SET;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    if (!(wvm_kit_word(object) & MANUAL))
        wvm_kit_set_state(object, 0);
    return false;
}

static DWORD take_quick(struct wvm_kit_object *object, uint64_t seen, HANDLE h, DWORD ms)
{
    uint64_t word = seen;
    while (WVM_LIKELY(wvm_kit_is_open(word, seen))) {
        if (!(word & SET))
            return wvm_kit_wait_on(h, ms);
        if ((word & MANUAL) || wvm_kit_swap(object, &word, word & ~SET))
            return WAIT_OBJECT_0;
    }
    return wvm_kit_wait_slowly(h, ms);
}

static void set_object(struct winvm_object *object, int on);

static struct wvm_kit_kind events = {
    .kind = {.name = "Event",
             .generic = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS},
             .gone = wvm_kit_gone,
             .set = set_object},
    .store = {.size = sizeof(struct event)},
    .quick = take_quick,
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
    if (e)
        wvm_kit_set_state(&e->object, (flags & CREATE_EVENT_MANUAL_RESET ? MANUAL : 0) |
                                          (flags & CREATE_EVENT_INITIAL_SET ? SET : 0));
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

/* False: ask under the lock. *word: what it was. */
static inline bool change_quick(struct wvm_kit_object *object, uint64_t seen, uint64_t set,
                                uint64_t *word)
{
    *word = seen;
    while (WVM_LIKELY(wvm_kit_is_open(*word, seen)))
        if (WVM_LIKELY(wvm_kit_swap(object, word, (*word & ~SET) | set)))
            return true;
    return false;
}

/* Under the lock. What it was. */
static uint64_t put(struct event *e, uint64_t set)
{
    wvm_kit_freeze(&e->object);
    uint64_t before = wvm_kit_word(&e->object);
    wvm_kit_set_state(&e->object, (before & MANUAL) | set);
    wvm_kit_signal(&e->object);
    wvm_kit_thaw(&e->object);
    return before;
}

static void set_object(struct winvm_object *object, int on)
{
    wvm_kit_lock(&wvm_kit_dispatch);
    put((struct event *)object, on ? SET : 0);
    wvm_kit_dispatch_end();
}

static bool change_slowly(HANDLE h, uint64_t set, uint64_t *word)
{
    struct wvm_kit_object *waited = wvm_kit_lock_waited(h, EVENT_MODIFY_STATE, &events);
    if (waited) {
        *word = put((struct event *)waited, set);
        wvm_kit_dispatch_end();
        return true;
    }
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return false;
    wvm_kit_lock(&wvm_kit_dispatch);
    *word = put(e, set);
    wvm_kit_dispatch_end();
    wvm_kit_drop(&e->object);
    return true;
}

bool wvm_kit_event_change(HANDLE h, bool set, bool *was)
{
    uint64_t seen, word = 0, next = set ? SET : 0;
    struct wvm_kit_object *object = wvm_kit_glance_of(h, EVENT_MODIFY_STATE, &events, &seen);
    bool done =
        (object && change_quick(object, seen, next, &word)) || change_slowly(h, next, &word);
    *was = word & SET;
    return done;
}

static WVM_NOINLINE BOOL change_at_first(HANDLE h, bool set)
{
    bool was;
    return wvm_kit_event_change(h, set, &was);
}

static inline WVM_ALWAYS_INLINE BOOL change(HANDLE h, bool set)
{
    uint64_t seen, word;
    struct wvm_kit_object *object = wvm_kit_recall_of(h, EVENT_MODIFY_STATE, &events, &seen);
    if (WVM_LIKELY(object && change_quick(object, seen, set ? SET : 0, &word)))
        return TRUE;
    return change_at_first(h, set);
}

BOOL wvm_kit_SetEvent(HANDLE h)
{
    return change(h, true);
}

BOOL wvm_kit_ResetEvent(HANDLE h)
{
    return change(h, false);
}

/* Ends the waits that could end if it were set now. */
BOOL wvm_kit_PulseEvent(HANDLE h)
{
    struct event *e = wvm_kit_object_of(h, &events, EVENT_MODIFY_STATE);
    if (!e)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    put(e, SET);
    put(e, 0);
    wvm_kit_dispatch_end();
    wvm_kit_drop(&e->object);
    return TRUE;
}

bool wvm_kit_event_look(HANDLE h, uint32_t rights, EVENT_BASIC_INFORMATION *out)
{
    struct event *e = wvm_kit_object_of(h, &events, rights);
    if (!e)
        return false;
    uint64_t word = wvm_kit_word(&e->object);
    wvm_kit_drop(&e->object);
    out->EventType = word & MANUAL ? NotificationEvent : SynchronizationEvent;
    out->EventState = (word & SET) != 0;
    return true;
}

#define WVM_KIT_EVENT
#include "kit/kit_entry.h"
