/* Keyed events: who releases a key and who waits for it meet, one with one.
 *
 * Terms   meeting = a thread in one of the two calls, on its stack; a key = an even address, of one
 *         event.
 * I1      Of the meetings for one key in `meetings` all release or all wait: who comes from the
 *         other side takes the oldest of them out and does not stay.
 * I2      A meeting leaves the ring under the lock, by who comes or by its own time-out; `met` is
 *         the last that who comes touches of it.
 * Locking: `lock`, a leaf but for the futex.   Failure: nothing changed.   Signal safety: none. */
#include "kit/kit_lock.h"
#include "kit/kit_native.h"
#include "kit/kit_wait.h"

#define KEYED_EVENT_WAIT 0x1u
#define KEYED_EVENT_WAKE 0x2u

struct keyed {
    struct wvm_kit_object object; /* first */
    uint32_t unused;
};
static struct wvm_kit_kind keyed_events = {
    .kind = {.name = "KeyedEvent",
             .generic = {STANDARD_RIGHTS_READ | KEYED_EVENT_WAIT,
                         STANDARD_RIGHTS_WRITE | KEYED_EVENT_WAKE, STANDARD_RIGHTS_EXECUTE,
                         STANDARD_RIGHTS_REQUIRED | KEYED_EVENT_WAIT | KEYED_EVENT_WAKE},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct keyed)},
};

struct meeting {
    struct wvm_kit_links in; /* first */
    const struct keyed *event; /* NULL: that of the process */
    const void *key;
    bool releases;
    uint32_t met; /* (a) */
};
static struct wvm_kit_lock lock;
static struct wvm_kit_links meetings = {&meetings, &meetings};

/* Somebody who is there for m's key from the other side; NULL: nobody. Under the lock. */
static struct meeting *partner_of(const struct meeting *m)
{
    for (struct wvm_kit_links *l = meetings.next; l != &meetings; l = l->next) {
        struct meeting *other = (struct meeting *)l;
        if (other->event == m->event && other->key == m->key)
            return other->releases == m->releases ? NULL : other;
    }
    return NULL;
}

/* True: nobody has come, and nobody will. */
static bool withdraw(struct meeting *m)
{
    wvm_kit_lock(&lock);
    bool in = !__atomic_load_n(&m->met, __ATOMIC_ACQUIRE);
    if (in)
        wvm_kit_unlink(&m->in);
    wvm_kit_unlock(&lock);
    return in;
}

static NTSTATUS meet(struct meeting *m, uint64_t deadline)
{
    wvm_kit_lock(&lock);
    struct meeting *other = partner_of(m);
    if (other) {
        wvm_kit_unlink(&other->in);
        __atomic_store_n(&other->met, 1, __ATOMIC_RELEASE);
        wvm_kit_unpark(&other->met, 1);
    } else {
        wvm_kit_link(&meetings, &m->in);
    }
    wvm_kit_unlock(&lock);
    while (!other && !__atomic_load_n(&m->met, __ATOMIC_ACQUIRE))
        if (!wvm_kit_park(&m->met, 0, deadline) && withdraw(m))
            return STATUS_TIMEOUT;
    return STATUS_SUCCESS;
}

static NTSTATUS meet_at(HANDLE h, uint32_t right, struct meeting *m, const LARGE_INTEGER *timeout)
{
    DWORD error = GetLastError();
    struct keyed *event = NULL;
    if ((uintptr_t)m->key & 1)
        return STATUS_INVALID_PARAMETER_1;
    uint64_t deadline = wvm_kit_native_deadline(timeout);
    if (h && !(event = wvm_kit_object_of(h, &keyed_events, right)))
        return wvm_kit_native_failed(error);
    m->event = event;
    NTSTATUS status = meet(m, deadline);
    if (event)
        wvm_kit_drop(&event->object);
    return status;
}

NTSTATUS wvm_kit_NtCreateKeyedEvent(PHANDLE out, ACCESS_MASK access,
                                    const OBJECT_ATTRIBUTES *attributes, ULONG flags)
{
    DWORD error = GetLastError();
    if (!out)
        return STATUS_ACCESS_VIOLATION;
    if (flags != 0)
        return STATUS_INVALID_PARAMETER_4;
    if (wvm_kit_native_named(attributes))
        return STATUS_NOT_SUPPORTED;
    struct keyed *event = wvm_kit_object_new(&keyed_events);
    HANDLE h = event ? wvm_kit_handle(&event->object, access) : NULL;
    return wvm_kit_native_handle(h, out, error);
}

NTSTATUS wvm_kit_NtWaitForKeyedEvent(HANDLE h, PVOID key, BOOLEAN alertable,
                                     const LARGE_INTEGER *timeout)
{
    struct meeting m = {.key = key};
    UNREFERENCED_PARAMETER(alertable);
    return meet_at(h, KEYED_EVENT_WAIT, &m, timeout);
}

NTSTATUS wvm_kit_NtReleaseKeyedEvent(HANDLE h, PVOID key, BOOLEAN alertable,
                                     const LARGE_INTEGER *timeout)
{
    struct meeting m = {.key = key, .releases = true};
    UNREFERENCED_PARAMETER(alertable);
    return meet_at(h, KEYED_EVENT_WAKE, &m, timeout);
}

#define WVM_KIT_KEYED
#include "kit/kit_entry.h"
