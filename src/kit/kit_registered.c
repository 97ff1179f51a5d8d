/* Registered waits: a function that is called each time an object is signalled.
 *
 * Owns    the registrations, each with a thread of its own that waits and calls.
 * Terms   busy = its function is running; cancel = the event that ends its thread.
 * I1      A handle of a registration is the address of its record, which is in the ring from
 *         RegisterWaitForSingleObject until UnregisterWait.
 * I2      No call begins once the registration is out of the ring.
 * I3      A record has two owners, its thread and its handle; the last one puts it back.
 * Locking: one lock for the ring and all records, a leaf.   Failure: nothing registered.
 * Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_wait.h"

typedef void(WVM_OWN_CALL *own_fn)(PVOID, BOOLEAN);
typedef void(WVM_WINDOWS_CALL *ms_fn)(PVOID, BOOLEAN);

struct registered {
    struct wvm_kit_links on; /* first */
    uint32_t refs;
    own_fn own; /* one of the two */
    ms_fn ms;
    PVOID context;
    DWORD ms_to_wait;
    bool once, busy, is_out;
    HANDLE object, cancel, thread;
    HANDLE completed; /* to be set once it is not busy, or NULL */
};
static struct wvm_kit_store store = {.size = sizeof(struct registered)};
static struct wvm_kit_lock lock;
static struct wvm_kit_links ring = {&ring, &ring};

static void close_all(struct registered *r)
{
    const HANDLE all[] = {r->object, r->cancel, r->thread, r->completed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            CloseHandle(all[i]);
}

static void let_go(struct registered *r)
{
    wvm_kit_lock(&lock);
    bool last = --r->refs == 0;
    wvm_kit_unlock(&lock);
    if (!last)
        return;
    close_all(r);
    wvm_kit_put(&store, r);
}

static bool begin_call(struct registered *r)
{
    wvm_kit_lock(&lock);
    bool go = r->busy = !r->is_out;
    wvm_kit_unlock(&lock);
    return go;
}

/* False: it was unregistered meanwhile. */
static bool end_call(struct registered *r)
{
    wvm_kit_lock(&lock);
    r->busy = false;
    bool go_on = !r->is_out;
    HANDLE completed = r->completed;
    wvm_kit_unlock(&lock);
    if (completed)
        wvm_kit_SetEvent(completed);
    return go_on;
}

static bool call(struct registered *r, BOOLEAN timed_out)
{
    if (!begin_call(r))
        return false;
    if (r->ms)
        r->ms(r->context, timed_out);
    else
        r->own(r->context, timed_out);
    return end_call(r) && !r->once;
}

static WVM_OWN_CALL DWORD wait_and_call(LPVOID argument)
{
    struct registered *r = argument;
    const HANDLE both[2] = {r->cancel, r->object};
    DWORD result;
    do
        result = wvm_kit_WaitForMultipleObjects(2, both, FALSE, r->ms_to_wait);
    while (result != WAIT_OBJECT_0 && result != WAIT_FAILED && call(r, result == WAIT_TIMEOUT));
    let_go(r);
    return 0;
}

/* Its handles; what is NULL could not be made. */
static bool make_handles(struct registered *r, HANDLE object)
{
    HANDLE self = GetCurrentProcess();
    LPTHREAD_START_ROUTINE first = (LPTHREAD_START_ROUTINE)(uintptr_t)wait_and_call;
    return DuplicateHandle(self, object, self, &r->object, SYNCHRONIZE, FALSE, 0) &&
           wvm_kit_can_wait(r->object) &&
           (r->cancel = wvm_kit_CreateEventW(NULL, TRUE, FALSE, NULL)) != NULL &&
           (r->thread = wvm_kit_CreateThread(NULL, 0, first, r, CREATE_SUSPENDED, NULL));
}

static BOOL start(PHANDLE out, HANDLE object, struct registered wanted)
{
    struct registered *r = wvm_kit_take(&store);
    if (!r)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    *r = wanted;
    r->refs = 2;
    if (!make_handles(r, object)) {
        DWORD error = GetLastError();
        close_all(r);
        wvm_kit_put(&store, r);
        return wvm_kit_fail(error);
    }
    wvm_kit_lock(&lock);
    wvm_kit_link(&ring, &r->on);
    wvm_kit_unlock(&lock);
    *out = (HANDLE)r;
    wvm_kit_ResumeThread(r->thread);
    return TRUE;
}

#define FLAGS                                                                               \
    (WT_EXECUTEINIOTHREAD | WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE |                   \
     WT_EXECUTELONGFUNCTION | WT_EXECUTEINPERSISTENTTHREAD | WT_TRANSFER_IMPERSONATION)

static BOOL check_and_start(PHANDLE out, HANDLE object, struct registered wanted, ULONG flags)
{
    /* The upper half is a limit of threads, WT_SET_MAX_THREADPOOL_THREADS. */
    if (!out || (!wanted.own && !wanted.ms) || flags & 0xffff & ~(ULONG)FLAGS)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    wanted.once = (flags & WT_EXECUTEONLYONCE) != 0;
    return start(out, object, wanted);
}

BOOL wvm_kit_RegisterWaitForSingleObject(PHANDLE out, HANDLE object, WAITORTIMERCALLBACK function,
                                         PVOID context, ULONG ms, ULONG flags)
{
    struct registered wanted = {
        .own = (own_fn)function, .context = context, .ms_to_wait = ms};
    return check_and_start(out, object, wanted, flags);
}

BOOL wvm_kit_RegisterWaitForSingleObject_ms(PHANDLE out, HANDLE object,
                                            WAITORTIMERCALLBACK function, PVOID context, ULONG ms,
                                            ULONG flags)
{
    struct registered wanted = {
        .ms = (ms_fn)(uintptr_t)function, .context = context, .ms_to_wait = ms};
    return check_and_start(out, object, wanted, flags);
}

/* ---- the end ---- */

/* Takes the registration out of the ring; NULL: there is none. It then has `completed`, if it is
 * busy. */
static struct registered *take_out(HANDLE h, HANDLE completed, bool *busy)
{
    struct registered *found = NULL;
    wvm_kit_lock(&lock);
    for (struct wvm_kit_links *l = ring.next; l != &ring && !found; l = l->next)
        if ((HANDLE)l == h)
            found = (struct registered *)l;
    if (found) {
        wvm_kit_unlink(&found->on);
        found->is_out = true;
        *busy = found->busy;
        found->completed = found->busy ? completed : NULL;
    }
    wvm_kit_unlock(&lock);
    return found;
}

/* The caller's event, to be kept until it is set. */
static bool keep(HANDLE event, HANDLE *out)
{
    HANDLE self = GetCurrentProcess();
    *out = NULL;
    if (!event || event == INVALID_HANDLE_VALUE)
        return true;
    return DuplicateHandle(self, event, self, out, 0, FALSE, DUPLICATE_SAME_ACCESS);
}

BOOL wvm_kit_UnregisterWaitEx(HANDLE h, HANDLE event)
{
    HANDLE completed;
    bool busy = false;
    if (!keep(event, &completed))
        return FALSE;
    struct registered *r = take_out(h, completed, &busy);
    if (!r) {
        if (completed)
            CloseHandle(completed);
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    }
    wvm_kit_SetEvent(r->cancel);
    if (event == INVALID_HANDLE_VALUE) {
        wvm_kit_WaitForSingleObject(r->thread, INFINITE);
        busy = false;
    } else if (completed && !busy) {
        wvm_kit_SetEvent(completed);
        CloseHandle(completed);
    }
    let_go(r);
    return !busy || wvm_kit_fail(ERROR_IO_PENDING);
}

BOOL wvm_kit_UnregisterWait(HANDLE h)
{
    return wvm_kit_UnregisterWaitEx(h, NULL);
}

#define WVM_KIT_REGISTERED
#include "kit/kit_entry.h"
