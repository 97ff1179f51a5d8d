/* Slots of each thread.
 *
 * Owns    which indexes are in use.
 * I1      A slot is NULL in every thread when its index is given out.
 * I2      Reading a slot makes no record: a thread without one has NULL everywhere.
 * Locking: one lock for the indexes, then that of the list of threads; a thread's own slots need
 * none.   Failure: nothing changed.   Signal safety: TlsGetValue. */
#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_self.h"

static uint64_t used[WVM_KIT_N_TLS / 64];
static struct wvm_kit_lock used_lock;

static void clear_everywhere(DWORD i)
{
    struct wvm_kit_thread *t;
    wvm_kit_lock(&wvm_kit_threads_lock);
    WVM_KIT_EACH_THREAD(t, l)
        __atomic_store_n(wvm_kit_tls(t, i), NULL, __ATOMIC_RELAXED);
    wvm_kit_unlock(&wvm_kit_threads_lock);
}

DWORD wvm_kit_TlsAlloc(VOID)
{
    DWORD found = TLS_OUT_OF_INDEXES;
    wvm_kit_lock(&used_lock);
    for (DWORD i = 0; i < WVM_ARRAY_LEN(used) && found == TLS_OUT_OF_INDEXES; i++) {
        if (~used[i] == 0)
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(~used[i]);
        used[i] |= UINT64_C(1) << bit;
        found = i * 64 + bit;
        clear_everywhere(found);
    }
    wvm_kit_unlock(&used_lock);
    if (found == TLS_OUT_OF_INDEXES)
        wvm_kit_fail(ERROR_NO_MORE_ITEMS);
    return found;
}

BOOL wvm_kit_TlsFree(DWORD i)
{
    bool known = false;
    if (i < WVM_KIT_N_TLS) {
        wvm_kit_lock(&used_lock);
        known = used[i / 64] >> i % 64 & 1;
        used[i / 64] &= ~(UINT64_C(1) << i % 64);
        wvm_kit_unlock(&used_lock);
    }
    return known || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

static WVM_NOINLINE LPVOID get_slowly(DWORD i)
{
    struct wvm_kit_thread *self = wvm_kit_self_known;
    if (i >= WVM_KIT_N_TLS) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    SetLastError(NO_ERROR);
    return self ? __atomic_load_n(wvm_kit_tls(self, i), __ATOMIC_RELAXED) : NULL;
}

LPVOID wvm_kit_TlsGetValue(DWORD i)
{
    struct wvm_kit_thread *self = wvm_kit_quick_known;
    if (WVM_UNLIKELY(i >= TLS_MINIMUM_AVAILABLE || !self))
        return get_slowly(i);
    self->teb.LastErrorValue = NO_ERROR;
    return __atomic_load_n(&self->teb.TlsSlots[i], __ATOMIC_RELAXED);
}

BOOL wvm_kit_TlsSetValue(DWORD i, LPVOID value)
{
    if (WVM_UNLIKELY(i >= WVM_KIT_N_TLS))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    struct wvm_kit_thread *self = wvm_kit_self();
    if (WVM_UNLIKELY(!self))
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (WVM_UNLIKELY(i >= TLS_MINIMUM_AVAILABLE))
        self->more_used = true;
    __atomic_store_n(wvm_kit_tls(self, i), value, __ATOMIC_RELAXED);
    return TRUE;
}

#define WVM_KIT_TLS
#include "kit/kit_entry.h"
