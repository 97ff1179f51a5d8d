/* Signal masks as the program sees them.
 *
 * A thread that blocks SIGSEGV and SIGBUS would be ended by its next guard page. So these two stay
 * open in every real mask, and what the program asked for is remembered and told.
 * Terms    open = never blocked (WVM_SIG_OPEN); believed = which of them the program has blocked in
 *          this thread.
 * I1       No call of the program's puts an open signal into a real mask: not by a change of the
 *          mask, not by the mask of a call that waits, not by that of a handler (signals_wrap.c).
 * I2       What the program reads as its mask is the real mask and what it believes.
 * I3       A new thread believes what its creator did, or what its attributes say (threads.c); a
 *          fork child what its parent did.
 * Not followed: the masks that siglongjmp and setcontext bring back, and those of the handlers'
 * actions while a handler runs: the belief stays as it is then.
 * Locking: none; all is the thread's own.   Failure: that of the real call; nothing changed then.
 * Signal safety: everything. */
#include <errno.h>
#include <string.h>

#include "preload/io.h"
#include "preload/real.h"
#include "preload/signals.h"

static WVM_THREAD_LOCAL uint64_t believed;

uint64_t wvm_signals_believed(void)
{
    return believed;
}

void wvm_signals_believe(uint64_t word)
{
    believed = word & WVM_SIG_OPEN;
}

static uint64_t changed(int how, uint64_t before, uint64_t word)
{
    return how == SIG_BLOCK ? before | word : how == SIG_UNBLOCK ? before & ~word : word;
}

/* Either of the two calls that change a mask. */
static int change(int (*real)(int, const sigset_t *, sigset_t *), int how, const sigset_t *set,
                  sigset_t *old)
{
    uint64_t before = believed, word = 0;
    sigset_t rest;
    const sigset_t *asked = set;
    if (set != NULL) {
        word = wvm_set_word(set);
        memset(&rest, 0, sizeof rest);
        wvm_set_put(&rest, word & ~WVM_SIG_OPEN);
        asked = &rest;
    }
    int result = real(how, asked, old);
    if (result != 0)
        return result;
    if (set != NULL)
        believed = changed(how, before, word & WVM_SIG_OPEN);
    if (old != NULL && before != 0)
        wvm_set_put(old, wvm_set_word(old) | before);
    return 0;
}

int wvm_signals_mask(int how, const sigset_t *set, sigset_t *old)
{
    return change(WVM_REAL_OF(sigprocmask), how, set, old);
}

WVM_DEFINE(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old))
{
    return wvm_signals_mask(how, set, old);
}

WVM_DEFINE(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old))
{
    return change(WVM_REAL_OF(pthread_sigmask), how, set, old);
}

/* ---- calls that wait under another mask ---- */

/* Before a page was armed nothing raises the open signals: then the mask is not looked at. */
const sigset_t *wvm_signals_open_mask(const sigset_t *set, sigset_t *copy)
{
    uint64_t word;
    if (set == NULL || !__atomic_load_n(&wvm_io_armed, __ATOMIC_RELAXED))
        return set;
    if (!wvm_io_peek(&word, set, sizeof word) || (word & WVM_SIG_OPEN) == 0)
        return set;
    wvm_set_put(copy, word & ~WVM_SIG_OPEN);
    return copy;
}

WVM_DEFINE(int, sigsuspend, (const sigset_t *set))
{
    return WVM_REAL_OF(sigsuspend)(wvm_signals_open_mask(set, &(sigset_t){{0}}));
}

/* Signals 1 to 32, signal n is bit n - 1. */
WVM_DEFINE(int, sigpause, (int mask))
{
    return WVM_REAL_OF(sigpause)(mask & ~(int)WVM_SIG_OPEN);
}

/* ---- the older calls ---- */

/* The mask's first 32 signals before the change. */
static int change_low(int how, unsigned mask)
{
    sigset_t set, old;
    sigemptyset(&set);
    wvm_set_put(&set, mask);
    if (wvm_signals_mask(how, &set, &old) != 0)
        return -1;
    return (int)(unsigned)wvm_set_word(&old);
}

WVM_DEFINE(int, sigblock, (int mask))
{
    return change_low(SIG_BLOCK, (unsigned)mask);
}

WVM_DEFINE(int, sigsetmask, (int mask))
{
    return change_low(SIG_SETMASK, (unsigned)mask);
}

WVM_DEFINE(int, siggetmask, (void))
{
    return change_low(SIG_BLOCK, 0);
}

static int change_one(int how, int sig)
{
    sigset_t set;
    sigemptyset(&set);
    if (sigaddset(&set, sig) != 0)
        return -1;
    return wvm_signals_mask(how, &set, NULL);
}

WVM_DEFINE(int, sighold, (int sig))
{
    return change_one(SIG_BLOCK, sig);
}

WVM_DEFINE(int, sigrelse, (int sig))
{
    return change_one(SIG_UNBLOCK, sig);
}
