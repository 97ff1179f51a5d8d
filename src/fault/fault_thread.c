/* What a thread needs so that its faults can be handled: an alternate stack, and the bounds of its
 * own.
 *
 * Owns     the alternate stacks that it made, wvm_fault_self, the key of thread exit.
 * I1       A thread that has an alternate stack of at least LEAST_ALTERNATE bytes keeps it.
 * I2       An alternate stack is given back when its thread ends, unless the thread runs on it; the
 *          next threads get up to N_SPARE of these.
 * I3       Attaching calls nothing that could allocate by malloc: it may be called by a malloc that
 *          is built on winvm. (pthread_setspecific allocates only for keys from FAR_KEY on; inside
 *          a change, where that would come back to winvm, such a thread is attached later.)
 * I4       An alternate stack takes N_NESTED faults that happen one in the handling of another.
 * Locking  none.   Failure: without memory the thread has no alternate stack; its faults are still
 *          handled, but not the overflow of its stack.
 * Signal safety: attach, detach, wvm_fault_is_overflow. */
#include <errno.h>
#include <pthread.h>

#include "base/arith.h"
#include "fault/fault_internal.h"
#include "host/host.h"
#include "space/space_fault.h"

enum { N_NESTED = 16, NESTED_OWN = 12288, BASE_LEN = 65536, LEAST_ALTERNATE = 16384 };
enum { FAR_KEY = 32, N_SPARE = 4 };
enum { BOTTOM_NEAR = 65536, FRAME_MOST = 1 << 20 }; /* of the stack; of one function */

WVM_THREAD_LOCAL struct wvm_fault_thread wvm_fault_self;
WVM_THREAD_LOCAL bool wvm_fault_attached;
bool wvm_fault_active;

static pthread_key_t exit_key;
static bool has_key;
/* (a) Alternate stacks of threads that have ended, all of one length; 0: none. */
static uintptr_t spare[N_SPARE];

/* ---- alternate stacks ---- */

static void thread_ends(void *self)
{
    (void)self;
    wvm_fault_thread_detach();
}

void wvm_fault_thread_init(void)
{
    has_key = pthread_key_create(&exit_key, thread_ends) == 0;
    if (!has_key)
        wvm_host_log("no thread key left: stacks of ended threads are not given back");
}

static size_t alternate_len(void)
{
    static size_t known; /* (a) */
    size_t len = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!len) {
        len = N_NESTED * (2 * wvm_host_signal_frame_size() + NESTED_OWN) + BASE_LEN;
        len = wvm_align_up(len, WVM_PAGE_SIZE);
        __atomic_store_n(&known, len, __ATOMIC_RELAXED);
    }
    return len;
}

/* False: an allocation would be made at a moment that forbids it. */
static bool watch_exit(void)
{
    if (!has_key)
        return true;
    if (exit_key >= FAR_KEY && wvm_space_inside())
        return false;
    return pthread_setspecific(exit_key, &wvm_fault_self) == 0;
}

static uintptr_t take_spare(void)
{
    uintptr_t alt = 0;
    for (unsigned i = 0; i < N_SPARE && !alt; i++)
        if (__atomic_load_n(&spare[i], __ATOMIC_RELAXED))
            alt = __atomic_exchange_n(&spare[i], 0, __ATOMIC_ACQUIRE);
    return alt;
}

static bool put_spare(uintptr_t alt)
{
    for (unsigned i = 0; i < N_SPARE; i++) {
        uintptr_t none = 0;
        if (__atomic_compare_exchange_n(&spare[i], &none, alt, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

static void give_alternate(uintptr_t alt)
{
    if (!put_spare(alt))
        wvm_host_stack_free(alt, alternate_len());
}

static bool is_enough(const stack_t *s)
{
    return s->ss_flags & SS_ONSTACK ||
           (!(s->ss_flags & SS_DISABLE) && s->ss_size >= LEAST_ALTERNATE);
}

static bool put_on(uintptr_t alt, stack_t *was)
{
    stack_t set = {.ss_sp = (void *)alt, .ss_size = alternate_len()};
    return wvm_host_sigaltstack(&set, was) == 0;
}

/* By one system call, mostly. False: there is none, or the thread has its own and keeps it. */
static bool put_on_spare(void)
{
    stack_t was;
    uintptr_t alt = wvm_fault_self.alt ? 0 : take_spare();
    if (!alt)
        return false;
    bool is_on = put_on(alt, &was);
    if (is_on && !is_enough(&was)) {
        wvm_fault_self.alt = alt;
        return true;
    }
    if (is_on)
        wvm_host_sigaltstack(&was, NULL);
    give_alternate(alt);
    return false;
}

static bool make_alternate(void)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    return (self->alt || wvm_host_stack_make(alternate_len(), &self->alt) == 0) &&
           put_on(self->alt, NULL);
}

bool wvm_fault_thread_attach(void)
{
    stack_t now = {.ss_flags = SS_DISABLE};
    int saved = errno;
    bool watched = watch_exit(), has = watched && put_on_spare();
    if (!has) {
        wvm_host_sigaltstack(NULL, &now);
        has = is_enough(&now);
    }
    wvm_fault_attached = has || watched; /* before the host is asked for memory */
    if (!has && watched)
        has = make_alternate();
    errno = saved;
    return has;
}

/* The thread neither has that stack nor runs on it any more. False: it runs on it. */
static bool put_off(uintptr_t alt)
{
    stack_t none = {.ss_flags = SS_DISABLE}, was = none;
    if (wvm_host_sigaltstack(&none, &was) != 0) /* it runs on the one that it has */
        return wvm_host_sigaltstack(NULL, &was) == 0 && (uintptr_t)was.ss_sp != alt;
    if ((uintptr_t)was.ss_sp != alt) /* the program's */
        wvm_host_sigaltstack(&was, NULL);
    return true;
}

void wvm_fault_thread_detach(void)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    int saved = errno;
    wvm_fault_attached = false;
    if (self->alt && put_off(self->alt)) {
        give_alternate(self->alt);
        self->alt = 0;
    }
    errno = saved;
}

void wvm_fault_threads_wanted(void)
{
    __atomic_store_n(&wvm_fault_active, true, __ATOMIC_RELAXED);
    wvm_fault_thread_touch();
}

/* ---- where stacks end ---- */

/* What the C library has for the first thread ends where its frames begin: above them the stack has
 * the program's arguments and environment. */
static void find_stack(struct wvm_fault_thread *self)
{
    pthread_attr_t attr;
    void *at;
    size_t len;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &at, &len) == 0) {
        uintptr_t high = (uintptr_t)at + len, end = wvm_host_stack_end(high - 1);
        self->low = (uintptr_t)at;
        self->high = end ? end : high;
    }
    pthread_attr_destroy(&attr);
}

void wvm_fault_thread_stack(uintptr_t *low, uintptr_t *high)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    int saved = errno;
    if (!self->high)
        find_stack(self);
    *low = self->low;
    *high = self->high;
    errno = saved;
}

size_t wvm_fault_stack_guarantee(void)
{
    return wvm_fault_self.guarantee;
}

void wvm_fault_set_stack_guarantee(size_t bytes)
{
    wvm_fault_self.guarantee = bytes;
}

static bool is_accessible(const struct wvm_host_vma *v)
{
    return (v->prot & (WVM_HOST_R | WVM_HOST_W)) == (WVM_HOST_R | WVM_HOST_W);
}

/* The lowest byte of the accessible mapping next above addr; 0: there is none near. */
WVM_SIGNAL_PATH static uintptr_t stack_above(uintptr_t addr)
{
    struct wvm_host_vma v;
    if (wvm_host_map_find(addr, &v) != 1)
        return 0;
    if (v.start <= addr && !is_accessible(&v) && wvm_host_map_find(v.end, &v) != 1)
        return 0;
    return v.start > addr && is_accessible(&v) && v.start - addr <= FRAME_MOST ? v.start : 0;
}

WVM_SIGNAL_PATH bool wvm_fault_is_overflow(uintptr_t addr, uintptr_t sp)
{
    const struct wvm_fault_thread *self = &wvm_fault_self;
    if (addr > sp + FRAME_MOST || addr + FRAME_MOST < sp)
        return false;
    uintptr_t low = self->high && sp < self->high ? self->low : 0;
    if (!low || sp > low + BOTTOM_NEAR) /* not its first stack, or one whose bottom is elsewhere */
        low = stack_above(addr);
    return low && addr < low && addr + FRAME_MOST >= low && sp < low + BOTTOM_NEAR &&
           sp + FRAME_MOST >= low;
}
