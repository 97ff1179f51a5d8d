/* Blocks that a thread keeps for its next calls.
 *
 * Owns    the keeper of each thread.
 * Terms   bin = kept blocks of one capacity, last in, first out; place = one kept block that is
 *         too large for the bins, found by a hash of its capacity.
 * I1      What is kept has the mark of its heap with WVM_KIT_KEPT for a check: the calls do not
 *         take it for a block. In a listed heap it is still in the ring, so that HeapDestroy frees
 *         it.
 * I2      Kept blocks of a heap with another mark than now are the memory of nobody: they are
 *         dropped without a look at them.
 * I3      A bin keeps at most SMALL_BYTES, the places of one heap LARGE_BYTES, and a thread that
 *         has ended nothing.
 * I4      Under AddressSanitizer nothing is kept: it has to see each block freed.
 * Locking: a keeper is its thread's; wvm_kit_heaps_lock, then the heap's, to give up blocks of a
 * listed heap, of which another thread may be at HeapDestroy.
 * Failure: nothing is kept.   Signal safety: none. */
#include "kit/kit_heap_kept.h"

#include <pthread.h>

#include "kit/kit_self.h"
#include "kit/kit_store.h"

#define SMALL_BYTES 4096u
#define MOST_IN_BIN 32u
#define LARGE_BYTES ((size_t)128 << 10)
#define MOST_LARGE ((size_t)64 << 10)

extern void __asan_init(void) __attribute__((weak));

static struct wvm_kit_keeper none; /* all 0: keeps nothing, has no room */
WVM_THREAD_LOCAL struct wvm_kit_keeper *wvm_kit_keeper_known = &none;
static WVM_THREAD_LOCAL bool ended;
static struct wvm_kit_store keepers = {.size = sizeof(struct wvm_kit_keeper)};

static size_t capacity_of(size_t units)
{
    return units * WVM_KIT_UNIT + WVM_KIT_UNIT_FIRST;
}

static void **place_of(struct wvm_kit_kept *kept, size_t units)
{
    return &kept->large[(units ^ units >> 4 ^ units >> 8) % WVM_KIT_N_LARGE];
}

/* ---- Giving up ---- */

static void give_all(struct wvm_kit_kept *kept)
{
    for (unsigned i = 0; i < WVM_KIT_N_BINS; i++)
        for (void *block = kept->bins[i].first, *next; block; block = next) {
            next = *(void **)block;
            wvm_kit_heap_give(kept->heap, wvm_kit_head_of(block));
        }
    for (unsigned i = 0; i < WVM_KIT_N_LARGE; i++)
        if (kept->large[i])
            wvm_kit_heap_give(kept->heap, wvm_kit_head_of(kept->large[i]));
}

static void give_up(struct wvm_kit_kept *kept)
{
    struct wvm_kit_heap *heap = kept->heap;
    if (!heap)
        return;
    if (heap->listed)
        wvm_kit_lock(&wvm_kit_heaps_lock);
    if (heap->mark == kept->mark)
        give_all(kept);
    if (heap->listed)
        wvm_kit_unlock(&wvm_kit_heaps_lock);
    memset(kept, 0, sizeof *kept);
}

/* The thread ends. */
static void end_thread(void)
{
    struct wvm_kit_keeper *keeper = wvm_kit_keeper_known;
    wvm_kit_keeper_known = &none;
    ended = true;
    if (keeper == &none)
        return;
    give_up(&keeper->process);
    for (unsigned i = 0; i < WVM_KIT_N_HEAPS; i++)
        give_up(&keeper->own[i]);
    wvm_kit_put(&keepers, keeper);
}

/* ---- Beginning ---- */

static void begin(struct wvm_kit_kept *kept, struct wvm_kit_heap *heap)
{
    kept->heap = heap;
    kept->mark = heap->mark;
    kept->large_room = LARGE_BYTES;
    for (unsigned i = 0; i < WVM_KIT_N_BINS; i++) {
        size_t n = SMALL_BYTES / capacity_of(i);
        kept->bins[i].room = n < MOST_IN_BIN ? n : MOST_IN_BIN;
    }
}

static struct wvm_kit_keeper *make_keeper(void)
{
    struct wvm_kit_keeper *keeper;
    if (ended || __asan_init || !wvm_kit_self() || !(keeper = wvm_kit_take(&keepers)))
        return NULL;
    memset(keeper, 0, sizeof *keeper);
    begin(&keeper->process, &wvm_kit_process_heap);
    __atomic_store_n(&wvm_kit_end_heap, end_thread, __ATOMIC_RELEASE);
    return wvm_kit_keeper_known = keeper;
}

/* What the thread keeps of the heap; NULL: nothing, and it will not. */
static struct wvm_kit_kept *open_kept(struct wvm_kit_heap *heap)
{
    struct wvm_kit_keeper *keeper = wvm_kit_keeper_known;
    if (!heap->keeps || (keeper == &none && !(keeper = make_keeper())))
        return NULL;
    if (heap == &wvm_kit_process_heap)
        return &keeper->process;
    struct wvm_kit_kept *kept = wvm_kit_kept_place(keeper, heap);
    if (kept->heap != heap || kept->mark != heap->mark) {
        give_up(kept);
        begin(kept, heap);
    }
    return kept;
}

/* ---- The calls ---- */

struct wvm_kit_head *wvm_kit_take_kept(struct wvm_kit_heap *heap, size_t units)
{
    struct wvm_kit_kept *kept = capacity_of(units) <= MOST_LARGE + WVM_KIT_UNIT ? open_kept(heap)
                                                                               : NULL;
    if (!kept)
        return NULL;
    if (units < WVM_KIT_N_BINS)
        return wvm_kit_take_small(kept, units);
    void **place = place_of(kept, units);
    struct wvm_kit_head *head = *place ? wvm_kit_head_of(*place) : NULL;
    if (!head || head->units != units)
        return NULL;
    *place = NULL;
    kept->large_room += capacity_of(units);
    wvm_kit_check(head, kept->mark);
    return head;
}

bool wvm_kit_keep(struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    size_t bytes = capacity_of(head->units);
    struct wvm_kit_kept *kept = bytes <= MOST_LARGE + WVM_KIT_UNIT ? open_kept(heap) : NULL;
    if (!kept)
        return false;
    if (head->units < WVM_KIT_N_BINS)
        return wvm_kit_keep_small(kept, head);
    void **place = place_of(kept, head->units);
    if (*place || kept->large_room < bytes)
        return false;
    *place = head + 1;
    kept->large_room -= bytes;
    wvm_kit_check(head, kept->mark | WVM_KIT_KEPT);
    return true;
}

/* ---- Forks: the child has locks that nobody holds ---- */

static void before_fork(void)
{
    wvm_kit_lock(&wvm_kit_heaps_lock);
    wvm_kit_lock(&keepers.lock);
}

static void after_fork(void)
{
    wvm_kit_unlock(&keepers.lock);
    wvm_kit_unlock(&wvm_kit_heaps_lock);
}

static void __attribute__((constructor)) start(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}
