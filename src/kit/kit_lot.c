/* The lot: lists of sleeping threads by the address they sleep for.
 *
 * Terms   bucket = the sleepers of all addresses with one hash; node = a sleeper, on its stack.
 * I1      A sleeper is put into its bucket under the lock under which it asked `still`: a change of
 *         the memory followed by a wake is either seen by that or wakes it.
 * I2      A node leaves its bucket under the bucket's lock, by the waker or by its own time-out. A
 *         waker wakes it when the lock is free again, as the thread may want it at once; `woken` is
 *         the last that it touches of it.
 * I3      Sleepers of one address are woken in the order they came.
 * Locking: the bucket's lock; `still` is called under it and takes none.
 * Failure: none, no memory is needed.   Signal safety: none. */
#include "kit/kit_lot.h"

#include <string.h>

#include "kit/kit_wait.h"

#define N_BUCKETS 64u

struct node {
    struct wvm_kit_links in; /* first */
    const void *address;
    struct node *after;         /* of those that a waker took out together */
    bool out;                   /* the bucket's lock */
    uint32_t woken;             /* (a) */
} __attribute__((aligned(64))); /* which two threads touch: the fewest lines */
static struct bucket {
    struct wvm_kit_lock lock;
    struct wvm_kit_links nodes; /* NULL: never used */
} __attribute__((aligned(64))) buckets[N_BUCKETS];

/* Locked. */
static struct bucket *enter(const void *address)
{
    uint64_t mixed = (uint64_t)(uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);
    struct bucket *b = &buckets[mixed >> 58];
    wvm_kit_lock(&b->lock);
    if (!b->nodes.next)
        wvm_kit_ring(&b->nodes);
    return b;
}

/* True: this thread is no longer to be woken; false: somebody does, or has done it. */
static bool withdraw(struct node *n)
{
    struct bucket *b = enter(n->address);
    bool in = !n->out;
    if (in)
        wvm_kit_unlink(&n->in);
    wvm_kit_unlock(&b->lock);
    return in;
}

bool wvm_kit_lot_sleep(const void *address, const struct wvm_kit_sleep *sleep, uint64_t deadline)
{
    struct node n = {.address = address};
    struct bucket *b = enter(address);
    bool goes = sleep->still(address, sleep->arg);
    if (goes)
        wvm_kit_link(&b->nodes, &n.in);
    wvm_kit_unlock(&b->lock);
    if (sleep->then)
        sleep->then(sleep->arg);
    while (goes && !__atomic_load_n(&n.woken, __ATOMIC_ACQUIRE)) {
        if (wvm_kit_park(&n.woken, 0, deadline))
            continue;
        if (withdraw(&n))
            return false;
        deadline = WVM_KIT_NEVER; /* it is about to be woken */
    }
    return true;
}

/* Takes the `most` oldest nodes of the address out, and lists them from *first on. Locked. */
static unsigned take_out(struct bucket *b, const void *address, unsigned most, struct node **first)
{
    unsigned n_out = 0;
    for (struct wvm_kit_links *l = b->nodes.next, *next; l != &b->nodes && n_out < most; l = next) {
        struct node *n = (struct node *)l;
        next = l->next;
        if (n->address != address)
            continue;
        wvm_kit_unlink(l);
        n->out = true;
        *first = n;
        first = &n->after;
        n_out++;
    }
    *first = NULL;
    return n_out;
}

unsigned wvm_kit_lot_wake(const void *address, unsigned most)
{
    struct node *n, *after;
    wvm_kit_busy(); /* until all are woken */
    struct bucket *b = enter(address);
    unsigned n_out = take_out(b, address, most, &n);
    wvm_kit_unlock(&b->lock);
    for (; n; n = after) {
        after = n->after;
        __atomic_store_n(&n->woken, 1, __ATOMIC_RELEASE);
        wvm_kit_unpark(&n->woken, 1);
    }
    wvm_kit_idle();
    return n_out;
}

/* ---- What is compared ---- */

static uint64_t load(const volatile void *at, size_t size)
{
    switch (size) {
    case 1:
        return __atomic_load_n((const volatile uint8_t *)at, __ATOMIC_SEQ_CST);
    case 2:
        return __atomic_load_n((const volatile uint16_t *)at, __ATOMIC_SEQ_CST);
    case 4:
        return __atomic_load_n((const volatile uint32_t *)at, __ATOMIC_SEQ_CST);
    default:
        return __atomic_load_n((const volatile wvm_word64 *)at, __ATOMIC_SEQ_CST);
    }
}

bool wvm_kit_lot_equal(const void *address, const void *arg)
{
    const struct wvm_kit_compared *c = arg;
    uint64_t with = 0;
    memcpy(&with, c->with, c->size);
    return load(address, c->size) == with;
}
