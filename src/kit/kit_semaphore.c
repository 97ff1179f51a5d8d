/* Semaphores.
 *
 * I1  0 <= count <= most; a wait that ends takes one. The count is the state in the object's word.
 * Locking: none while no wait hangs on it, else the dispatch lock.   Failure: nothing changed.
 * Signal safety: none. */
#include "kit/kit.h"
#include "kit/kit_named.h"
#include "kit/kit_wait.h"

struct semaphore {
    struct wvm_kit_object object; /* first */
    LONG most;
};

static LONG count_of(uint64_t word)
{
    return (LONG)(word & WVM_KIT_STATE);
}

static bool is_open(const struct wvm_kit_object *object, const struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    return count_of(wvm_kit_word(object)) > 0;
}

static bool take(struct wvm_kit_object *object, struct wvm_kit_thread *waiter)
{
    UNREFERENCED_PARAMETER(waiter);
    wvm_kit_set_state(object, (uint64_t)count_of(wvm_kit_word(object)) - 1);
    return false;
}

/* The count, or less than 0: it is frozen. */
static int32_t open_count_of(uint64_t word)
{
    return (int32_t)(uint32_t)word;
}
_Static_assert(WVM_KIT_FROZEN == UINT64_C(1) << 31, "the sign of open_count_of");

static WVM_NOINLINE DWORD take_again(struct wvm_kit_object *object, uint64_t seen, HANDLE h,
                                     DWORD ms)
{
    uint64_t word = seen;
    while (WVM_LIKELY(wvm_kit_is_open(word, seen))) {
        if (count_of(word) == 0)
            return wvm_kit_wait_on(h, ms);
        if (wvm_kit_swap(object, &word, word - 1))
            return WAIT_OBJECT_0;
    }
    return wvm_kit_wait_slowly(h, ms);
}

static DWORD take_quick(struct wvm_kit_object *object, uint64_t seen, HANDLE h, DWORD ms)
{
    uint64_t word = seen;
    if (WVM_LIKELY(open_count_of(seen) > 0 && wvm_kit_swap(object, &word, seen - 1)))
        return WAIT_OBJECT_0;
    return take_again(object, seen, h, ms);
}

static struct wvm_kit_kind semaphores = {
    .kind = {.name = "Semaphore",
             .generic = {STANDARD_RIGHTS_READ | 1, STANDARD_RIGHTS_WRITE | SEMAPHORE_MODIFY_STATE,
                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct semaphore)},
    .quick = take_quick,
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
        wvm_kit_set_state(&s->object, (uint64_t)w.count);
        s->most = w.most;
    }
    return wvm_kit_name_leave(name, s ? &s->object : NULL, w.access);
}

HANDLE wvm_kit_CreateSemaphoreExA(LPSECURITY_ATTRIBUTES security, LONG count, LONG most,
                                  LPCSTR text, DWORD flags, DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_a(&name, text) ? create(&name, (struct wanted){count, most, flags, access})
                                       : NULL;
}

HANDLE wvm_kit_CreateSemaphoreExW(LPSECURITY_ATTRIBUTES security, LONG count, LONG most,
                                  LPCWSTR text, DWORD flags, DWORD access)
{
    struct wvm_kit_name name;
    UNREFERENCED_PARAMETER(security);
    return wvm_kit_name_w(&name, text) ? create(&name, (struct wanted){count, most, flags, access})
                                       : NULL;
}

HANDLE wvm_kit_CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG count, LONG most, LPCSTR text)
{
    return wvm_kit_CreateSemaphoreExA(security, count, most, text, 0, SEMAPHORE_ALL_ACCESS);
}

HANDLE wvm_kit_CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG count, LONG most, LPCWSTR text)
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

static bool fits(LONG more, LONG count, LONG most)
{
    return more > 0 && more <= most - count;
}

/* Under the lock, which it gives up. */
static bool release(struct semaphore *s, LONG more, LONG *before)
{
    wvm_kit_freeze(&s->object);
    *before = count_of(wvm_kit_word(&s->object));
    bool may = fits(more, *before, s->most);
    if (may) {
        wvm_kit_set_state(&s->object, (uint64_t)(*before + more));
        wvm_kit_signal(&s->object);
    }
    wvm_kit_thaw(&s->object);
    wvm_kit_dispatch_end();
    return may;
}

static WVM_NOINLINE BOOL release_slowly(HANDLE h, LONG more, LPLONG before)
{
    struct wvm_kit_object *waited = wvm_kit_lock_waited(h, SEMAPHORE_MODIFY_STATE, &semaphores);
    LONG seen;
    bool may;
    if (waited) {
        may = release((struct semaphore *)waited, more, &seen);
    } else {
        struct semaphore *s = wvm_kit_object_of(h, &semaphores, SEMAPHORE_MODIFY_STATE);
        if (!s)
            return FALSE;
        wvm_kit_lock(&wvm_kit_dispatch);
        may = release(s, more, &seen);
        wvm_kit_drop(&s->object);
    }
    if (!may)
        return wvm_kit_fail(more > 0 ? ERROR_TOO_MANY_POSTS : ERROR_INVALID_PARAMETER);
    if (before)
        *before = seen;
    return TRUE;
}

static inline BOOL release_known(struct wvm_kit_object *object, uint64_t seen, HANDLE h, LONG more,
                                 LPLONG before)
{
    LONG most = __atomic_load_n(&((struct semaphore *)object)->most, __ATOMIC_RELAXED);
    LONG count = open_count_of(seen);
    if (WVM_UNLIKELY(count < 0 || !fits(more, count, most) ||
                     !wvm_kit_swap(object, &seen, seen + (uint64_t)more)))
        return release_slowly(h, more, before);
    if (before)
        *before = count;
    return TRUE;
}

static WVM_NOINLINE BOOL release_at_first(HANDLE h, LONG more, LPLONG before)
{
    uint64_t seen;
    struct wvm_kit_object *object =
        wvm_kit_glance_of(h, SEMAPHORE_MODIFY_STATE, &semaphores, &seen);
    return object ? release_known(object, seen, h, more, before) : release_slowly(h, more, before);
}

BOOL wvm_kit_ReleaseSemaphore(HANDLE h, LONG more, LPLONG before)
{
    uint64_t seen;
    struct wvm_kit_object *object =
        wvm_kit_recall_of(h, SEMAPHORE_MODIFY_STATE, &semaphores, &seen);
    return WVM_LIKELY(object != NULL) ? release_known(object, seen, h, more, before)
                                      : release_at_first(h, more, before);
}

bool wvm_kit_semaphore_look(HANDLE h, uint32_t rights, SEMAPHORE_BASIC_INFORMATION *out)
{
    struct semaphore *s = wvm_kit_object_of(h, &semaphores, rights);
    if (!s)
        return false;
    out->CurrentCount = count_of(wvm_kit_word(&s->object));
    out->MaximumCount = s->most;
    wvm_kit_drop(&s->object);
    return true;
}

#define WVM_KIT_SEMAPHORE
#include "kit/kit_entry.h"
