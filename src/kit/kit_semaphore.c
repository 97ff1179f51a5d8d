/* Semaphores.
 *
 * I1  0 <= count <= most; a wait that ends takes one.
 * Locking: the dispatch lock.   Failure: nothing changed.   Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
#include "kit/kit_wait.h"

struct semaphore {
    struct wvm_kit_object object; /* first */
    LONG count, most;
};

static bool is_open(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return ((const struct semaphore *)object)->count > 0;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    ((struct semaphore *)object)->count--;
    return false;
}

static struct wvm_kit_kind semaphores = {
    .kind = {.name = "Semaphore",
             .generic = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | SEMAPHORE_MODIFY_STATE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct semaphore)},
    .ready = is_open,
    .take = take,
};

struct wanted {
    LONG count, most;
    DWORD flags, access;
};

static HANDLE create(const struct wvm_kit_name *name, struct wanted w)
{
    HANDLE known;
    if (w.count < 0 || w.most <= 0 || w.count > w.most || w.flags != 0) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (wvm_kit_name_enter(name, &semaphores, w.access, &known))
        return known;
    struct semaphore *s = wvm_kit_object_new(&semaphores);
    if (s) {
        s->count = w.count;
        s->most = w.most;
    }
    return wvm_kit_name_leave(name, s ? &s->object : NULL, w.access);
}

HANDLE wvm_kit_CreateSemaphoreExA(LPSECURITY_ATTRIBUTES security, LONG count, LONG most,
                                  LPCSTR text, DWORD flags, DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_a(&name, text)
               ? create(&name, (struct wanted){count, most, flags, access})
               : NULL;
}

HANDLE wvm_kit_CreateSemaphoreExW(LPSECURITY_ATTRIBUTES security, LONG count, LONG most,
                                  LPCWSTR text, DWORD flags, DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_w(&name, text)
               ? create(&name, (struct wanted){count, most, flags, access})
               : NULL;
}

HANDLE wvm_kit_CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG count, LONG most, LPCSTR text)
{
    return wvm_kit_CreateSemaphoreExA(security, count, most, text, 0, SEMAPHORE_ALL_ACCESS);
}

HANDLE wvm_kit_CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG count, LONG most,
                                LPCWSTR text)
{
    return wvm_kit_CreateSemaphoreExW(security, count, most, text, 0, SEMAPHORE_ALL_ACCESS);
}

HANDLE wvm_kit_OpenSemaphoreA(DWORD access, BOOL inherit, LPCSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_a(&name, text) ? wvm_kit_name_open(&name, &semaphores, access) : NULL;
}

HANDLE wvm_kit_OpenSemaphoreW(DWORD access, BOOL inherit, LPCWSTR text)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(inherit);
    return wvm_kit_name_w(&name, text) ? wvm_kit_name_open(&name, &semaphores, access) : NULL;
}

BOOL wvm_kit_ReleaseSemaphore(HANDLE h, LONG more, LPLONG before)
{
    struct semaphore *s = wvm_kit_object_of(h, &semaphores, SEMAPHORE_MODIFY_STATE);
    if (!s)
        return FALSE;
    wvm_kit_lock(&wvm_kit_dispatch);
    LONG seen = s->count;
    bool fits = more > 0 && more <= s->most - seen;
    if (fits) {
        s->count += more;
        wvm_kit_signal(&s->object);
    }
    wvm_kit_unlock(&wvm_kit_dispatch);
    wvm_kit_drop(&s->object);
    if (!fits)
        return wvm_kit_fail(more > 0 ? ERROR_TOO_MANY_POSTS : ERROR_INVALID_PARAMETER);
    if (before)
        *before = seen;
    return TRUE;
}

#define WVM_KIT_SEMAPHORE
#include "kit/kit_entry.h"
