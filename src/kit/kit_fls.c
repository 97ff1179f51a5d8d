/* Slots of each thread with a callback.
 *
 * Owns    the indexes in use and their callbacks.
 * Terms   callback = what a value is given to when its thread or its index ends.
 * I1      A value is exchanged for NULL by who gives it to the callback: it is given once.
 * I2      Callbacks are called without a lock. Values that callbacks set are given in further
 *         rounds, N_ROUNDS at most.
 * I3      A slot is NULL in every thread when its index is given out.
 * Locking: one lock for the indexes; that of the list of threads; never both.
 * Failure: nothing changed.   Signal safety: FlsGetValue. */
#include "kit/kit.h"
#include "kit/kit_self.h"

#define N_ROUNDS 4

typedef void(WVM_OWN_CALL *own_fn)(PVOID);
typedef void(WVM_WINDOWS_CALL *ms_fn)(PVOID);

struct callback {
    own_fn own; /* at most one of the two */
    ms_fn ms;
};
static struct {
    bool used, ending;
    struct callback callback;
} slots[WVM_KIT_N_FLS];
static struct wvm_kit_lock slots_lock;

static struct callback callback_of(DWORD i)
{
    wvm_kit_lock(&slots_lock);
    struct callback c = slots[i].callback;
    wvm_kit_unlock(&slots_lock);
    return c;
}

static void give(struct callback c, PVOID value)
{
    if (c.ms)
        c.ms(value);
    else if (c.own)
        c.own(value);
}

static PVOID exchange(struct wvm_kit_thread *t, DWORD i)
{
    return __atomic_load_n(&t->fls[i], __ATOMIC_RELAXED)
               ? __atomic_exchange_n(&t->fls[i], NULL, __ATOMIC_ACQ_REL)
               : NULL;
}

/* All values of one thread: it ends. */
static void end_thread(struct wvm_kit_thread *self)
{
    bool more = true;
    for (int round = 0; more && round < N_ROUNDS; round++) {
        more = false;
        for (DWORD i = 0; i < WVM_KIT_N_FLS; i++) {
            PVOID value = exchange(self, i);
            if (!value)
                continue;
            more = true;
            give(callback_of(i), value);
        }
    }
}

static void __attribute__((destructor)) end_process(void)
{
    if (wvm_kit_self_known && __atomic_load_n(&wvm_kit_end_fls, __ATOMIC_ACQUIRE))
        end_thread(wvm_kit_self_known);
}

/* A value that some thread has there, taken from it; NULL: none has. */
static PVOID take_any(DWORD i)
{
    struct wvm_kit_thread *t;
    PVOID value = NULL;
    wvm_kit_lock(&wvm_kit_threads_lock);
    WVM_KIT_EACH_THREAD(t, l)
        if ((value = exchange(t, i)) != NULL)
            break;
    if (!value && wvm_kit_fiber_fls)
        value = wvm_kit_fiber_fls(i);
    wvm_kit_unlock(&wvm_kit_threads_lock);
    return value;
}

static DWORD alloc(struct callback c)
{
    DWORD i = 0;
    wvm_kit_lock(&slots_lock);
    while (i < WVM_KIT_N_FLS && slots[i].used)
        i++;
    if (i < WVM_KIT_N_FLS) {
        slots[i].used = true;
        slots[i].callback = c;
    }
    wvm_kit_unlock(&slots_lock);
    if (i == WVM_KIT_N_FLS) {
        wvm_kit_fail(ERROR_NO_MORE_ITEMS);
        return FLS_OUT_OF_INDEXES;
    }
    __atomic_store_n(&wvm_kit_end_fls, end_thread, __ATOMIC_RELEASE);
    while (take_any(i)) /* set without an index */
        ;
    return i;
}

DWORD wvm_kit_FlsAlloc(PFLS_CALLBACK_FUNCTION callback)
{
    return alloc((struct callback){.own = (own_fn)callback});
}

DWORD wvm_kit_FlsAlloc_ms(PFLS_CALLBACK_FUNCTION callback)
{
    return alloc((struct callback){.ms = (ms_fn)(uintptr_t)callback});
}

BOOL wvm_kit_FlsFree(DWORD i)
{
    struct callback c = {NULL, NULL};
    PVOID value;
    bool known = false;
    wvm_kit_lock(&slots_lock);
    if (i < WVM_KIT_N_FLS && slots[i].used && !slots[i].ending) {
        known = slots[i].ending = true;
        c = slots[i].callback;
    }
    wvm_kit_unlock(&slots_lock);
    if (!known)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    while ((value = take_any(i)) != NULL)
        give(c, value);
    wvm_kit_lock(&slots_lock);
    slots[i].used = slots[i].ending = false;
    slots[i].callback = (struct callback){NULL, NULL};
    wvm_kit_unlock(&slots_lock);
    return TRUE;
}

static WVM_NOINLINE PVOID get_slowly(DWORD i)
{
    const struct wvm_kit_thread *self = wvm_kit_self_known;
    if (i >= WVM_KIT_N_FLS) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    SetLastError(NO_ERROR);
    return self ? __atomic_load_n(&self->fls[i], __ATOMIC_RELAXED) : NULL;
}

PVOID wvm_kit_FlsGetValue(DWORD i)
{
    struct wvm_kit_thread *self = wvm_kit_quick_known;
    if (WVM_UNLIKELY(i >= WVM_KIT_N_FLS || !self))
        return get_slowly(i);
    self->teb.LastErrorValue = NO_ERROR;
    return __atomic_load_n(&self->fls[i], __ATOMIC_RELAXED);
}

BOOL wvm_kit_FlsSetValue(DWORD i, PVOID value)
{
    if (WVM_UNLIKELY(i >= WVM_KIT_N_FLS))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    struct wvm_kit_thread *self = wvm_kit_self();
    if (WVM_UNLIKELY(!self))
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    __atomic_store_n(&self->fls[i], value, __ATOMIC_RELEASE);
    return TRUE;
}

#define WVM_KIT_FLS
#include "kit/kit_entry.h"
