/* One-time initialisation.
 *
 * Terms   the low two bits of the word are the state, the others the context once it is DONE.
 * I1      NEW -> RUNNING -> DONE, or back to NEW when an initialisation failed; NEW -> RACING ->
 *         DONE for those that start at the same time (INIT_ONCE_ASYNC), of which one wins.
 * I2      Of the threads that begin synchronously one runs; the others sleep until it is done, or
 *         has failed, when one of them runs.
 * Locking: none; the lot.   Failure: the state is unchanged.   Signal safety: none. */
#include <limits.h>

#include "kit/kit.h"
#include "kit/kit_lot.h"

enum { NEW, RUNNING, DONE, RACING, STATE = 3 };

typedef BOOL(WVM_OWN_CALL *own_fn)(PINIT_ONCE, PVOID, PVOID *);
typedef BOOL(WVM_WINDOWS_CALL *ms_fn)(PINIT_ONCE, PVOID, PVOID *);

static uintptr_t *word_of(PINIT_ONCE once)
{
    return (uintptr_t *)&once->Ptr;
}

static bool is_running(const void *address, const void *arg)
{
    UNREFERENCED_PARAMETER(arg);
    return (__atomic_load_n((const uintptr_t *)address, __ATOMIC_SEQ_CST) & STATE) == RUNNING;
}

static bool move(PINIT_ONCE once, uintptr_t from, uintptr_t to)
{
    return __atomic_compare_exchange_n(word_of(once), &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

static BOOL is_done(uintptr_t word, PBOOL pending, LPVOID *context)
{
    *pending = FALSE;
    if (context)
        *context = (LPVOID)(word & ~(uintptr_t)STATE);
    return TRUE;
}

static BOOL begin_racing(PINIT_ONCE once, PBOOL pending, LPVOID *context)
{
    if (!move(once, NEW, RACING)) {
        uintptr_t word = __atomic_load_n(word_of(once), __ATOMIC_ACQUIRE);
        if ((word & STATE) == DONE)
            return is_done(word, pending, context);
        if ((word & STATE) != RACING)
            return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    }
    *pending = TRUE;
    return TRUE;
}

static BOOL begin(PINIT_ONCE once, PBOOL pending, LPVOID *context)
{
    static const struct wvm_kit_sleep sleep = {is_running, NULL, NULL};
    for (;;) {
        uintptr_t word = __atomic_load_n(word_of(once), __ATOMIC_ACQUIRE);
        if ((word & STATE) == DONE)
            return is_done(word, pending, context);
        if ((word & STATE) == RACING)
            return wvm_kit_fail(ERROR_INVALID_PARAMETER);
        if (word == NEW && move(once, NEW, RUNNING)) {
            *pending = TRUE;
            return TRUE;
        }
        wvm_kit_lot_sleep(once, &sleep, WVM_KIT_NEVER);
    }
}

VOID wvm_kit_InitOnceInitialize(PINIT_ONCE once)
{
    once->Ptr = NULL;
}

BOOL wvm_kit_InitOnceBeginInitialize(LPINIT_ONCE once, DWORD flags, PBOOL pending, LPVOID *context)
{
    if (flags == INIT_ONCE_CHECK_ONLY) {
        uintptr_t word = __atomic_load_n(word_of(once), __ATOMIC_ACQUIRE);
        if ((word & STATE) == DONE)
            return is_done(word, pending, context);
        *pending = TRUE;
        return wvm_kit_fail(ERROR_GEN_FAILURE);
    }
    if (flags == INIT_ONCE_ASYNC)
        return begin_racing(once, pending, context);
    return flags == 0 ? begin(once, pending, context) : wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_InitOnceComplete(LPINIT_ONCE once, DWORD flags, LPVOID context)
{
    bool failed = flags & INIT_ONCE_INIT_FAILED, racing = flags & INIT_ONCE_ASYNC;
    uintptr_t end = failed ? NEW : (uintptr_t)context | DONE;
    if ((flags & ~(DWORD)(INIT_ONCE_INIT_FAILED | INIT_ONCE_ASYNC)) || (failed && racing) ||
        ((uintptr_t)context & STATE) || (failed && context))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!move(once, racing ? RACING : RUNNING, end))
        return wvm_kit_fail(ERROR_GEN_FAILURE);
    if (!racing)
        wvm_kit_lot_wake(once, UINT_MAX);
    return TRUE;
}

struct call {
    own_fn own; /* one of the two */
    ms_fn ms;
    PVOID argument;
};

static BOOL execute(PINIT_ONCE once, const struct call *c, LPVOID *context)
{
    BOOL pending;
    LPVOID made = NULL;
    if (!begin(once, &pending, context))
        return FALSE;
    if (!pending)
        return TRUE;
    BOOL good = c->ms ? c->ms(once, c->argument, &made) : c->own(once, c->argument, &made);
    if (!good) {
        DWORD error = GetLastError();
        wvm_kit_InitOnceComplete(once, INIT_ONCE_INIT_FAILED, NULL);
        return wvm_kit_fail(error);
    }
    if (!wvm_kit_InitOnceComplete(once, 0, made))
        return FALSE;
    if (context)
        *context = made;
    return TRUE;
}

/* The short way: it is done. */
static inline bool was_done(PINIT_ONCE once, LPVOID *context)
{
    uintptr_t word = __atomic_load_n(word_of(once), __ATOMIC_ACQUIRE);
    if (WVM_UNLIKELY((word & STATE) != DONE))
        return false;
    if (context)
        *context = (LPVOID)(word & ~(uintptr_t)STATE);
    return true;
}

static WVM_NOINLINE BOOL execute_own(PINIT_ONCE once, own_fn run, PVOID argument, LPVOID *context)
{
    struct call c = {.own = run, .argument = argument};
    return execute(once, &c, context);
}

static WVM_NOINLINE BOOL execute_ms(PINIT_ONCE once, ms_fn run, PVOID argument, LPVOID *context)
{
    struct call c = {.ms = run, .argument = argument};
    return execute(once, &c, context);
}

BOOL wvm_kit_InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN run, PVOID argument,
                                 LPVOID *context)
{
    return was_done(once, context) || execute_own(once, (own_fn)run, argument, context);
}

BOOL wvm_kit_InitOnceExecuteOnce_ms(PINIT_ONCE once, PINIT_ONCE_FN run, PVOID argument,
                                    LPVOID *context)
{
    return was_done(once, context) ||
           execute_ms(once, (ms_fn)(uintptr_t)run, argument, context);
}

#define WVM_KIT_ONCE
#include "kit/kit_entry.h"
