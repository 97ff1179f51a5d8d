/* The pins of all threads.
 *
 * Owns     a table of pins; the thread's own is found without a search.
 * I1       A pin is a thread's from its first use until the thread has ended; another thread takes
 *          it when there is no other and no thread has its number any more.
 * I2       Setting a pin is a plain store: it is made visible by the barrier of wvm_pins_settle().
 * A thread that ended inside a call keeps its pin for ever, and the object with it.
 * Locking  none: a pin is taken by compare and swap.   Failure  no pin.   Signal safety  all of
 * it; a handler that interrupts a claim at worst costs a pin.   fork  the child keeps its own. */
#include "nt/nt_pin.h"

#include "base/arith.h"
#include "host/host.h"
#include "host/host_barrier.h"
#include "host/host_process.h"

#define N_PINS 256u

static struct wvm_pin pins[N_PINS];
/* In use for ever: what threads have for which there is none. */
static struct wvm_pin no_pin = {.object = &no_pin};

WVM_THREAD_LOCAL struct wvm_pin *wvm_pin_own;

/* was: 0, or the number of a thread that has ended. */
static bool take(struct wvm_pin *pin, uint32_t was, uint32_t tid)
{
    return !__atomic_load_n(&pin->object, __ATOMIC_RELAXED) &&
           __atomic_compare_exchange_n(&pin->tid, &was, tid, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
}

static struct wvm_pin *find(uint32_t tid)
{
    for (uint32_t i = 0; i < N_PINS; i++)
        if (!__atomic_load_n(&pins[i].tid, __ATOMIC_RELAXED) && take(&pins[i], 0, tid))
            return &pins[i];
    for (uint32_t i = 0; i < N_PINS; i++) {
        uint32_t owner = __atomic_load_n(&pins[i].tid, __ATOMIC_RELAXED);
        if (!wvm_host_thread_lives(owner) && take(&pins[i], owner, tid))
            return &pins[i];
    }
    return &no_pin;
}

/* Sanitizers know nothing of barriers in other threads. */
#ifdef __SANITIZE_THREAD__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

struct wvm_pin *wvm_pin_claim(void)
{
    bool works = wvm_host_caps.barrier && !SANITIZED;
    wvm_pin_own = works ? find(wvm_host_thread_number()) : &no_pin;
    return wvm_pin_own;
}

bool wvm_pin_is_set(void)
{
    const struct wvm_pin *pin = wvm_pin_own;
    return pin && pin != &no_pin && __atomic_load_n(&pin->object, __ATOMIC_RELAXED);
}

/* A pin that is taken after this look belongs to a thread that has gone through a barrier of its
 * own since, when it took it. */
static bool others_have_pins(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < N_PINS; i++)
        if (__atomic_load_n(&pins[i].tid, __ATOMIC_RELAXED) && &pins[i] != wvm_pin_own)
            return true;
    return false;
}

bool wvm_pins_settle(void)
{
    return !others_have_pins() || wvm_host_barrier();
}

bool wvm_pins_any(const void *object)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < N_PINS; i++)
        if (__atomic_load_n(&pins[i].object, __ATOMIC_ACQUIRE) == object)
            return true;
    return false;
}

void wvm_pins_after_fork_child(void)
{
    for (uint32_t i = 0; i < N_PINS; i++)
        if (&pins[i] != wvm_pin_own)
            pins[i] = (struct wvm_pin){.object = NULL};
    if (wvm_pin_own && wvm_pin_own != &no_pin)
        wvm_pin_own->tid = wvm_host_thread_number();
}
