/* What the program installs for its signals.
 *
 * Two kinds of signals. Those that winvm owns (SIGSEGV and SIGBUS, and others when the program
 * handles exceptions): the kernel's slot is winvm's, the program's action is the end of the chain
 * (fault_chain.c). All others: the kernel's slot has the program's action, wrapped
 * (signals_wrap.c).
 * Terms    borrowed = this process is a child of vfork, which runs in its parent's memory.
 * I1       The program reads what it installed: address, flags and mask.
 * I2       What the C library refuses is refused with its error.
 * I3       A borrowed process changes its own slots in the kernel, never the chain, which is its
 *          parent's.
 * The C library's own calls of sigaction (timers, cancellation, system()) do not come here, and
 * restore what they found.
 * Locking: none.   Failure: that of the real sigaction.   Signal safety: everything after the
 * constructor. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fault/fault.h"
#include "host/host.h"
#include "preload/real.h"
#include "preload/signals.h"

static long home_pid;

static long current_pid(void)
{
    return WVM_SYS(syscall(SYS_getpid));
}

static void note_home(void)
{
    __atomic_store_n(&home_pid, current_pid(), __ATOMIC_RELAXED);
}

void wvm_signals_init(void)
{
    uint64_t old = 0;
    wvm_raw_mask(SIG_UNBLOCK, WVM_SIG_OPEN, &old);
    wvm_signals_believe(wvm_signals_believed() | old);
    note_home();
    if (pthread_atfork(NULL, NULL, note_home) != 0)
        wvm_host_log("cannot watch for fork(): a child's handlers are not followed");
}

static bool is_borrowed(void)
{
    long home = __atomic_load_n(&home_pid, __ATOMIC_RELAXED);
    return home != 0 && home != current_pid();
}

/* ---- sigaction ---- */

/* What the kernel would keep of an action. */
static struct sigaction as_kept(const struct sigaction *act)
{
    const unsigned kept = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
                          SA_NODEFER | SA_RESETHAND | 0x800 /* SA_EXPOSE_TAGBITS */;
    struct sigaction out;
    memset(&out, 0, sizeof out);
    out.sa_handler = act->sa_handler;
    /* SA_RESTORER: on x86-64 the C library adds it, on i386 it lets it pass. */
#if defined(__x86_64__)
    const unsigned passed = 0, added = 0x04000000;
#else
    const unsigned passed = 0x04000000, added = 0;
#endif
    out.sa_flags = (int)(((unsigned)act->sa_flags & (kept | passed)) | added);
    wvm_set_put(&out.sa_mask, wvm_set_word(&act->sa_mask) &
                                  ~(WVM_SIG_BIT(SIGKILL) | WVM_SIG_BIT(SIGSTOP)));
    return out;
}

static int change_chain(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction now, was;
    if (act != NULL) {
        now = as_kept(act);
        wvm_chain_set(sig, &now, &was);
    } else {
        wvm_chain_get(sig, &was);
    }
    wvm_unwrap(&was);
    if (old != NULL)
        *old = was;
    return 0;
}

/* Code of this object that is not a stub: the linker's names for the object's bounds. */
static bool is_winvms(struct sigaction act)
{
    extern const char __ehdr_start[] WVM_HIDDEN, etext[] WVM_HIDDEN;
    __sighandler_t installed = act.sa_handler;
    wvm_unwrap(&act);
    return act.sa_handler == installed && (uintptr_t)installed >= (uintptr_t)__ehdr_start &&
           (uintptr_t)installed < (uintptr_t)etext;
}

/* old becomes what was in the slot; not unwrapped. */
static int change_slot(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction wrapped;
    if (act != NULL && (sig < 1 || sig > 64 || (WVM_SIG_BIT(sig) & WVM_SIG_OPEN) == 0)) {
        wrapped = *act;
        wvm_wrap(&wrapped);
        act = &wrapped;
    }
    return WVM_REAL_OF(sigaction)(sig, act, old);
}

/* When winvm took the slot at the same time it gets it back. */
static int change_kernel(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction was;
    int result = change_slot(sig, act, &was);
    if (result != 0)
        return result;
    if (is_winvms(was)) {
        if (act != NULL)
            WVM_REAL_OF(sigaction)(sig, &was, NULL);
        return change_chain(sig, act, old);
    }
    wvm_unwrap(&was);
    if (old != NULL)
        *old = was;
    return 0;
}

/* The slot is the parent's as long as winvm's handler is in it. */
static int change_borrowed(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction was, chain;
    wvm_chain_get(sig, &chain);
    int result = change_slot(sig, act, &was);
    if (result != 0)
        return result;
    if (is_winvms(was))
        was = chain;
    wvm_unwrap(&was);
    if (old != NULL)
        *old = was;
    return 0;
}

WVM_DEFINE(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old))
{
    if (sig < 1 || sig > 64 || !wvm_chain_owns(sig))
        return change_kernel(sig, act, old);
    return is_borrowed() ? change_borrowed(sig, act, old) : change_chain(sig, act, old);
}

/* ---- the older calls ---- */

/* Signals whose handlers signal() installs without SA_RESTART: see siginterrupt(3). */
static uint64_t interrupting;

/* *before becomes the handler that was installed; SIG_ERR on failure. 0 or -1. */
static int install(int sig, const struct sigaction *act, __sighandler_t *before)
{
    struct sigaction old;
    int result = wvm_as_sigaction(sig, act, &old);
    *before = result == 0 ? old.sa_handler : SIG_ERR;
    return result;
}

static struct sigaction action(__sighandler_t handler, int flags, uint64_t mask)
{
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_handler = handler;
    act.sa_flags = flags;
    wvm_set_put(&act.sa_mask, mask);
    return act;
}

static bool is_bad(int sig, __sighandler_t handler)
{
    if (handler != SIG_ERR && sig >= 1 && sig <= 64)
        return false;
    errno = EINVAL;
    return true;
}

WVM_DEFINE(__sighandler_t, signal, (int sig, __sighandler_t handler))
{
    if (is_bad(sig, handler))
        return SIG_ERR;
    uint64_t bit = WVM_SIG_BIT(sig);
    bool restarts = (__atomic_load_n(&interrupting, __ATOMIC_RELAXED) & bit) == 0;
    struct sigaction act = action(handler, restarts ? SA_RESTART : 0, bit);
    __sighandler_t before;
    install(sig, &act, &before);
    return before;
}

WVM_DEFINE(__sighandler_t, sysv_signal, (int sig, __sighandler_t handler))
{
    struct sigaction act = action(handler, SA_RESETHAND | SA_NODEFER, 0);
    __sighandler_t before = SIG_ERR;
    if (!is_bad(sig, handler))
        install(sig, &act, &before);
    return before;
}

WVM_DEFINE(int, siginterrupt, (int sig, int on))
{
    struct sigaction act;
    if (wvm_as_sigaction(sig, NULL, &act) != 0)
        return -1;
    if (on) {
        __atomic_fetch_or(&interrupting, WVM_SIG_BIT(sig), __ATOMIC_RELAXED);
        act.sa_flags &= ~SA_RESTART;
    } else {
        __atomic_fetch_and(&interrupting, ~WVM_SIG_BIT(sig), __ATOMIC_RELAXED);
        act.sa_flags |= SA_RESTART;
    }
    return wvm_as_sigaction(sig, &act, NULL);
}

WVM_DEFINE(int, sigignore, (int sig))
{
    struct sigaction act = action(SIG_IGN, 0, 0);
    return wvm_as_sigaction(sig, &act, NULL);
}

/* One signal of the mask. Was it blocked? -1: error. */
static int change_mask(int how, int sig)
{
    sigset_t set, old;
    sigemptyset(&set);
    if (sigaddset(&set, sig) != 0 || wvm_signals_mask(how, &set, &old) != 0)
        return -1;
    return sigismember(&old, sig);
}

WVM_DEFINE(__sighandler_t, sigset, (int sig, __sighandler_t handler))
{
    struct sigaction old, act = action(handler, 0, 0);
    __sighandler_t before;
    if (handler == SIG_HOLD) {
        int was = change_mask(SIG_BLOCK, sig);
        if (was != 0)
            return was > 0 ? SIG_HOLD : SIG_ERR;
        return wvm_as_sigaction(sig, NULL, &old) == 0 ? old.sa_handler : SIG_ERR;
    }
    int was = install(sig, &act, &before) == 0 ? change_mask(SIG_UNBLOCK, sig) : -1;
    return was < 0 ? SIG_ERR : was > 0 ? SIG_HOLD : before;
}

/* Other names of the same functions. */
#define ALIAS(other, name)                                    \
    extern __typeof__(wvm_as_##name) wvm_as_##other __asm__(#other) WVM_EXPORT \
        __attribute__((alias(#name)))
ALIAS(__sigaction, sigaction);
ALIAS(bsd_signal, signal);
ALIAS(ssignal, signal);
ALIAS(__sysv_signal, sysv_signal);
