/* Rings of the last changes: making them and giving them to threads.
 *
 * Terms   listed = on wvm_rings; owned = its tid is not 0; overflow ring = the one that threads
 *         share when no other can be had.
 * I1  A listed ring stays listed and mapped for ever: a debugger or another thread may read it.
 * I2  A ring is owned by at most one thread; it is taken by a compare-and-swap of tid from 0.
 * I3  At most MAX_RINGS rings exist, about 2.6 KiB each; they come from the host's metadata
 *     pages in batches of RINGS_PER_BATCH.
 * I4  Noting a change takes no lock, makes no system call, and reads no clock (ring.h).
 * A thread gives its ring back when it ends, through a pthread key. Keys past the 32nd make the C
 * library allocate for each thread; such a key is not used, and rings are then kept by ended
 * threads until MAX_RINGS are made.
 * Locking: none.   Failure: no memory or too many threads: the overflow ring.
 * Signal safety: a note is; a signal that arrives during a note may overwrite the entry being made.
 * fork: the child keeps its thread's ring; those of other threads stay owned and readable. */
#include "api/ring.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "host/host.h"

#define RINGS_PER_BATCH 12u
#define MAX_RINGS 1536u
/* Keys below this need no allocation in pthread_setspecific. */
#define CHEAP_KEYS 32u

WVM_STATIC(sizeof(struct wvm_ring_entry) == 40, "a ring entry is 40 bytes");

__attribute__((used)) struct wvm_ring *wvm_rings;
WVM_THREAD_LOCAL struct wvm_ring *wvm_ring_mine;

static struct wvm_ring overflow_ring = {.tid = -1};
static unsigned n_rings;
static pthread_key_t end_key;
static bool end_key_made;

static void give_back(void *arg)
{
    struct wvm_ring *ring = arg;
    wvm_ring_mine = NULL;
    __atomic_store_n(&ring->tid, 0, __ATOMIC_RELEASE);
}

void wvm_ring_init(void)
{
    if (end_key_made || pthread_key_create(&end_key, give_back) != 0)
        return;
    end_key_made = end_key < CHEAP_KEYS;
    if (!end_key_made)
        pthread_key_delete(end_key);
}

static void list_ring(struct wvm_ring *ring)
{
    struct wvm_ring *head = __atomic_load_n(&wvm_rings, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&ring->next, head, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&wvm_rings, &head, ring, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED));
}

static struct wvm_ring *take_free(int32_t tid)
{
    struct wvm_ring *ring = __atomic_load_n(&wvm_rings, __ATOMIC_ACQUIRE);
    for (; ring != NULL; ring = __atomic_load_n(&ring->next, __ATOMIC_RELAXED)) {
        int32_t nobody = 0;
        if (__atomic_compare_exchange_n(&ring->tid, &nobody, tid, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return ring;
    }
    return NULL;
}

/* Lists a batch of free rings, the first of them owned by tid. */
static struct wvm_ring *make_rings(int32_t tid)
{
    if (__atomic_fetch_add(&n_rings, RINGS_PER_BATCH, __ATOMIC_RELAXED) >= MAX_RINGS) {
        __atomic_fetch_sub(&n_rings, RINGS_PER_BATCH, __ATOMIC_RELAXED);
        return NULL;
    }
    size_t len = sizeof(struct wvm_ring) * RINGS_PER_BATCH;
    void *at = NULL;
    if (wvm_host.meta((len + 4095) & ~(size_t)4095, &at) != 0) {
        __atomic_fetch_sub(&n_rings, RINGS_PER_BATCH, __ATOMIC_RELAXED);
        return NULL;
    }
    struct wvm_ring *rings = at;
    rings[0].tid = tid;
    for (unsigned i = RINGS_PER_BATCH; i-- > 0;)
        list_ring(&rings[i]);
    return &rings[0];
}

struct wvm_ring *wvm_ring_attach(void)
{
    int32_t tid = (int32_t)syscall(SYS_gettid);
    struct wvm_ring *ring = take_free(tid);
    if (ring == NULL)
        ring = make_rings(tid);
    if (ring == NULL)
        ring = &overflow_ring;
    wvm_ring_mine = ring;
    if (end_key_made && ring != &overflow_ring)
        pthread_setspecific(end_key, ring);
    return ring;
}
