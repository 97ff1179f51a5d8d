/* Handlers that are not ours: those that were there before us, and those that the program installs
 * through the preload object since.
 *
 * Terms    slot = what the kernel has for a signal; behind us = what the program believes to be in
 *          the slot; version = one action that was behind us, in a ring of the last N_VERSIONS.
 * I1       A version is written once, before it is published, and not again until N_VERSIONS later
 *          ones were begun. A reader that meets a version being replaced takes the newer one: it
 *          waits for nobody.
 * I2       The slot is filled once. What another part of the program puts there later stays.
 * I3       A handler behind us runs under the mask that the kernel would have given it.
 * Locking  none: versions are numbered and published atomically.
 * Failure  none; a kernel that refuses to say what is in the slot counts as the default action.
 * Signal safety: all. */
#include <errno.h>
#include <string.h>

#include "fault/fault_internal.h"

enum { N_SIGNALS = 5, N_VERSIONS = 16 };

struct version {
    uint32_t number; /* 0: being written */
    void *handler;
    unsigned long flags;
    wvm_word64 mask;
};

struct link {
    uint32_t begun, current; /* 0: the default action */
    bool filled;
    struct version ring[N_VERSIONS];
};

static struct link links[N_SIGNALS];

WVM_SIGNAL_PATH static struct link *link_of(int sig)
{
    static const int8_t signals[N_SIGNALS] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (unsigned i = 0; i < N_SIGNALS; i++)
        if (signals[i] == sig)
            return &links[i];
    return NULL;
}

bool wvm_chain_knows(int sig)
{
    return link_of(sig) != NULL;
}

/* ---- versions ---- */

/* The action that is behind us now and its number. */
WVM_SIGNAL_PATH static uint32_t read_current(struct link *l, struct version *out)
{
    for (;;) {
        uint32_t n = __atomic_load_n(&l->current, __ATOMIC_ACQUIRE);
        struct version *v = &l->ring[n % N_VERSIONS];
        if (n == 0) {
            memset(out, 0, sizeof(*out));
            return 0;
        }
        out->handler = __atomic_load_n(&v->handler, __ATOMIC_RELAXED);
        out->flags = __atomic_load_n(&v->flags, __ATOMIC_RELAXED);
        out->mask = __atomic_load_n(&v->mask, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&v->number, __ATOMIC_RELAXED) == n)
            return n;
    }
}

WVM_SIGNAL_PATH static uint32_t write_version(struct link *l, const struct wvm_host_action *act)
{
    uint32_t n;
    do
        n = __atomic_add_fetch(&l->begun, 1, __ATOMIC_RELAXED);
    while (n == 0);
    struct version *v = &l->ring[n % N_VERSIONS];
    __atomic_store_n(&v->number, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&v->handler, act->handler, __ATOMIC_RELAXED);
    __atomic_store_n(&v->flags, act->flags, __ATOMIC_RELAXED);
    __atomic_store_n(&v->mask, act->mask, __ATOMIC_RELAXED);
    __atomic_store_n(&v->number, n, __ATOMIC_RELEASE);
    return n;
}

/* False: something else is behind us than version `was`. */
WVM_SIGNAL_PATH static bool replace(struct link *l, uint32_t was, uint32_t by)
{
    return __atomic_compare_exchange_n(&l->current, &was, by, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* ---- the slot ---- */

void wvm_chain_install(int sig, void (*handler)(int, siginfo_t *, void *))
{
    struct link *l = link_of(sig);
    struct wvm_host_action was = {0}, ours = {
        .handler = (void *)(uintptr_t)handler,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
        .mask = ~(wvm_host_sigbit(SIGSEGV) | wvm_host_sigbit(SIGBUS)),
    };
    if (__atomic_load_n(&l->filled, __ATOMIC_ACQUIRE))
        return;
    wvm_host_sigaction(sig, NULL, &was);
    if (was.handler != ours.handler) {
        if (was.handler != (void *)SIG_DFL)
            replace(l, 0, write_version(l, &was));
        wvm_host_sigaction(sig, &ours, NULL);
    }
    __atomic_store_n(&l->filled, true, __ATOMIC_RELEASE);
}

bool wvm_chain_owns(int sig)
{
    struct link *l = link_of(sig);
    return l && __atomic_load_n(&l->filled, __ATOMIC_ACQUIRE);
}

static void tell(const struct version *v, struct sigaction *out)
{
    memset(out, 0, sizeof(*out));
    out->sa_sigaction = (void (*)(int, siginfo_t *, void *))v->handler;
    out->sa_flags = (int)v->flags;
    memcpy(&out->sa_mask, &v->mask, sizeof(v->mask));
}

void wvm_chain_get(int sig, struct sigaction *out)
{
    struct version v;
    read_current(link_of(sig), &v);
    tell(&v, out);
}

void wvm_chain_set(int sig, const struct sigaction *act, struct sigaction *old)
{
    struct link *l = link_of(sig);
    struct wvm_host_action set = {.handler = (void *)(uintptr_t)act->sa_sigaction,
                                  .flags = (unsigned long)(unsigned)act->sa_flags};
    struct version v;
    memcpy(&set.mask, &act->sa_mask, sizeof(set.mask));
    uint32_t by = write_version(l, &set), was;
    do
        was = read_current(l, &v);
    while (!replace(l, was, by));
    if (old)
        tell(&v, old);
}

WVM_SIGNAL_PATH static bool is_action(const void *handler)
{
    return handler != (void *)SIG_DFL && handler != (void *)SIG_IGN;
}

WVM_SIGNAL_PATH bool wvm_chain_is_default(int sig)
{
    struct version v;
    read_current(link_of(sig), &v);
    return !is_action(v.handler);
}

/* ---- a signal for those behind us ---- */

/* SA_RESETHAND: the first of several threads to call the handler is the one that resets it; as in
 * the kernel, flags and mask stay. */
WVM_SIGNAL_PATH static void take(struct link *l, struct version *v)
{
    for (;;) {
        uint32_t was = read_current(l, v);
        struct wvm_host_action reset = {.handler = (void *)SIG_DFL, .flags = v->flags,
                                        .mask = v->mask};
        if (!(v->flags & SA_RESETHAND) || !is_action(v->handler) ||
            replace(l, was, write_version(l, &reset)))
            return;
    }
}

/* The signal comes again, as it was, when the interrupted code goes on. */
WVM_SIGNAL_PATH static void default_action(int sig, const siginfo_t *info,
                                           struct wvm_kernel_context *uc)
{
    static const struct wvm_host_action reset = {.handler = (void *)SIG_DFL};
    wvm_host_sigmask(~(uint64_t)0);
    wvm_host_sigaction(sig, &reset, NULL);
    wvm_host_sigqueue(sig, info);
    uc->sigmask &= ~wvm_host_sigbit(sig);
}

WVM_SIGNAL_PATH static void call(const struct version *v, int sig, siginfo_t *info, void *context)
{
    const struct wvm_kernel_context *uc = context;
    uint64_t mask = uc->sigmask | v->mask;
    if (!(v->flags & SA_NODEFER))
        mask |= wvm_host_sigbit(sig);
    mask = wvm_host_sigmask(mask);
    if (v->flags & SA_SIGINFO)
        ((void (*)(int, siginfo_t *, void *))v->handler)(sig, info, context);
    else
        ((void (*)(int))v->handler)(sig);
    wvm_host_sigmask(mask);
}

WVM_SIGNAL_PATH void wvm_chain_pass(int sig, siginfo_t *info, void *context, bool fault)
{
    struct version v;
    take(link_of(sig), &v);
    if (is_action(v.handler))
        call(&v, sig, info, context);
    else if (fault || v.handler != (void *)SIG_IGN)
        default_action(sig, info, context);
}
