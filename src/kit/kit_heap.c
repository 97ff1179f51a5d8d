/* Heaps on top of malloc.
 *
 * Owns    the heaps, and the head in front of each of their blocks.
 * Terms   head = the size asked for, the capacity and whose it is, just before the block; raw =
 *         where the memory of a block begins; listed = a heap that knows its blocks: one of
 *         HeapCreate; kept = freed, and with a thread for its next calls (kit_heap_kept.h).
 * I1      A listed heap's blocks, the kept ones too, form a ring through links, which stand before
 *         the head.
 * I2      head.check is the heap's mark while the block is the program's. No two heaps of a process
 *         have the same mark.
 * I3      In a heap with a maximum, `used` is the sum of the raw sizes and never more than it.
 * I4      No lock is held while an exception is raised or memory is taken.
 * I5      A block that is resized in place keeps its capacity in head.units.
 * The heap of the process is malloc itself: no list, no lock of ours.
 * Locking: the lock of each listed heap, also with HEAP_NO_SERIALIZE; wvm_kit_heaps_lock, before
 * it, for the end of a heap.
 * Failure: the heap and the block are unchanged.   Signal safety: none, as malloc. */
#include "kit/kit_heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_heap_kept.h"
#include "kit/kit_store.h"

#define MOST_SMALL (WVM_KIT_N_BINS * WVM_KIT_UNIT - WVM_KIT_UNIT_FIRST) /* in bins */
#define MOST_SHORT ((SIZE_T)1 << 30)
#define FIRST_MARK 0x5bd1e995u
/* Of a heap with a maximum. */
#define LARGEST_FIXED (sizeof(void *) == 8 ? (SIZE_T)0xfe000 : (SIZE_T)0x7f000)

struct wvm_kit_heap wvm_kit_process_heap = {
    .magic = WVM_KIT_HEAP_MAGIC, .mark = FIRST_MARK, .keeps = true};
static struct wvm_kit_heap moveable_heap = {.magic = WVM_KIT_HEAP_MAGIC, .mark = FIRST_MARK + 1};
static struct wvm_kit_store heaps = {.size = sizeof(struct wvm_kit_heap)};
static uint32_t last_mark = FIRST_MARK + 1; /* wvm_kit_heaps_lock */
struct wvm_kit_lock wvm_kit_heaps_lock;

static bool owns(const struct wvm_kit_heap *heap, const struct wvm_kit_head *head)
{
    return head->check == heap->mark;
}

/* The head of a block of the heap, or NULL and the last error. */
static struct wvm_kit_head *find(const struct wvm_kit_heap *heap, LPCVOID block)
{
    if (WVM_LIKELY(heap && wvm_kit_may_be_block(block) && owns(heap, wvm_kit_head_of(block))))
        return wvm_kit_head_of(block);
    wvm_kit_fail(heap ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
    return NULL;
}

/* ---- Capacities ---- */

/* The units for `size` bytes, at most SIZE_MAX / 2. */
static uint32_t units_of(SIZE_T size)
{
    SIZE_T n = (size + (WVM_KIT_UNIT - WVM_KIT_UNIT_FIRST - 1)) / WVM_KIT_UNIT;
    return n < WVM_KIT_MOST_UNITS ? (uint32_t)n : WVM_KIT_MOST_UNITS;
}

static size_t capacity_of(uint32_t units, SIZE_T size)
{
    return units == WVM_KIT_MOST_UNITS ? size
                                       : (size_t)units * WVM_KIT_UNIT + WVM_KIT_UNIT_FIRST;
}

static size_t capacity(const struct wvm_kit_head *head)
{
    return capacity_of(head->units, head->size);
}

/* ---- Heaps ---- */

HANDLE wvm_kit_GetProcessHeap(VOID)
{
    return &wvm_kit_process_heap;
}

HANDLE wvm_kit_moveable_heap(void)
{
    return &moveable_heap;
}

/* Both under wvm_kit_heaps_lock. */
static void link_heap(struct wvm_kit_heap *heap)
{
    heap->next = wvm_kit_process_heap.next;
    heap->link = &wvm_kit_process_heap.next;
    if (heap->next)
        heap->next->link = &heap->next;
    *heap->link = heap;
}

static void unlink_heap(struct wvm_kit_heap *heap)
{
    *heap->link = heap->next;
    if (heap->next)
        heap->next->link = heap->link;
}

/* Into the chain, with a mark of its own. */
static uint32_t enter_chain(struct wvm_kit_heap *heap)
{
    wvm_kit_lock(&wvm_kit_heaps_lock);
    link_heap(heap);
    do
        last_mark = (last_mark + 1) & ~WVM_KIT_KEPT;
    while (last_mark == 0 || last_mark - FIRST_MARK < 2);
    uint32_t mark = last_mark;
    wvm_kit_unlock(&wvm_kit_heaps_lock);
    return mark;
}

HANDLE wvm_kit_HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    uintptr_t most = 0;
    if (maximum != 0 &&
        !wvm_align_up_checked(maximum < initial ? initial : maximum, WVM_PAGE_SIZE, &most)) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    struct wvm_kit_heap *heap = wvm_kit_take(&heaps);
    if (!heap) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    heap->options = options;
    heap->most = most;
    heap->used = 0;
    heap->listed = true;
    heap->keeps = most == 0 && !wvm_kit_is_executable(heap);
    heap->door = (struct wvm_kit_lock){0};
    heap->door_owner = heap->door_depth = 0;
    heap->ring.prev = heap->ring.next = &heap->ring;
    __atomic_store_n(&heap->mark, enter_chain(heap), __ATOMIC_RELAXED);
    __atomic_store_n(&heap->magic, WVM_KIT_HEAP_MAGIC, __ATOMIC_RELEASE);
    return heap;
}

BOOL wvm_kit_HeapDestroy(HANDLE h)
{
    struct wvm_kit_heap *heap = wvm_kit_heap_of(h);
    if (!heap || !heap->listed)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    wvm_kit_lock(&wvm_kit_heaps_lock);
    __atomic_store_n(&heap->magic, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&heap->mark, 0, __ATOMIC_RELEASE);
    unlink_heap(heap);
    wvm_kit_unlock(&wvm_kit_heaps_lock);
    for (struct wvm_kit_heap_links *l = heap->ring.next; l != &heap->ring;) {
        struct wvm_kit_heap_links *next = l->next;
        wvm_kit_give_raw(heap, l);
        l = next;
    }
    wvm_kit_put(&heaps, heap);
    return TRUE;
}

/* ---- Blocks ---- */

/* No memory: the exception, if the heap or the call wants it. */
static LPVOID refuse(const struct wvm_kit_heap *heap, DWORD flags, SIZE_T size)
{
    ULONG_PTR argument = size;
    if ((heap->options | flags) & HEAP_GENERATE_EXCEPTIONS)
        RaiseException((DWORD)STATUS_NO_MEMORY, 0, 1, &argument);
    wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* The raw size for a block of `size` bytes; 0: too large for this heap. */
static size_t raw_size(const struct wvm_kit_heap *heap, SIZE_T size)
{
    if (size > SIZE_MAX / 2 || (heap->most != 0 && size > LARGEST_FIXED))
        return 0;
    return capacity_of(units_of(size), size) + wvm_kit_overhead(heap);
}

static LPVOID start_block(struct wvm_kit_head *head, const struct wvm_kit_heap *heap, SIZE_T size)
{
    head->size = size;
    head->units = units_of(size);
    wvm_kit_check(head, heap->mark);
    return head + 1;
}

static WVM_NOINLINE LPVOID alloc_of(struct wvm_kit_heap *heap, DWORD flags, SIZE_T size)
{
    if (!heap) {
        wvm_kit_fail(ERROR_INVALID_HANDLE);
        return NULL;
    }
    size_t total = raw_size(heap, size);
    if (total == 0 || !wvm_kit_charge(heap, total, 0))
        return refuse(heap, flags, size);
    struct wvm_kit_head *head = wvm_kit_take_kept(heap, units_of(size));
    if (head) {
        head->size = size;
        return flags & HEAP_ZERO_MEMORY ? memset(head + 1, 0, size) : head + 1;
    }
    char *raw = wvm_kit_take_raw(heap, total, flags & HEAP_ZERO_MEMORY);
    if (!raw) {
        wvm_kit_charge(heap, 0, total);
        return refuse(heap, flags, size);
    }
    head = (struct wvm_kit_head *)(raw + wvm_kit_overhead(heap)) - 1;
    start_block(head, heap, size);
    wvm_kit_link_block(heap, head);
    return head + 1;
}

LPVOID wvm_kit_HeapAlloc(HANDLE h, DWORD flags, SIZE_T size)
{
    struct wvm_kit_kept *kept = wvm_kit_kept_of(h);
    if (WVM_LIKELY(kept && size <= MOST_SMALL)) {
        struct wvm_kit_head *head = wvm_kit_take_small(kept, units_of(size));
        if (WVM_LIKELY(head != NULL)) {
            head->size = size;
            if (WVM_UNLIKELY(flags & HEAP_ZERO_MEMORY))
                return memset(head + 1, 0, size);
            return head + 1;
        }
    }
    return alloc_of(wvm_kit_heap_of(h), flags, size);
}

/* Takes a block from the program. It is not to be found any more. */
static void free_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    size_t total = capacity(head) + wvm_kit_overhead(heap);
    if (wvm_kit_keep(heap, head))
        return;
    wvm_kit_check(head, heap->mark | WVM_KIT_KEPT);
    wvm_kit_heap_give(heap, head);
    wvm_kit_charge(heap, 0, total);
}

static WVM_NOINLINE BOOL free_of(struct wvm_kit_heap *heap, LPVOID block)
{
    if (heap && !block)
        return TRUE;
    struct wvm_kit_head *head = find(heap, block);
    if (!head)
        return FALSE;
    free_block(heap, head);
    return TRUE;
}

BOOL wvm_kit_HeapFree(HANDLE h, DWORD flags, LPVOID block)
{
    struct wvm_kit_kept *kept = wvm_kit_kept_of(h);
    UNREFERENCED_PARAMETER(flags);
    if (WVM_LIKELY(kept && wvm_kit_may_be_block(block))) {
        struct wvm_kit_head *head = wvm_kit_head_of(block);
        if (WVM_LIKELY(head->check == kept->mark && head->units < WVM_KIT_N_BINS &&
                       wvm_kit_keep_small(kept, head)))
            return TRUE;
    }
    return free_of(wvm_kit_heap_of(h), block);
}

/* Elsewhere, by a kept block; NULL: none is kept. */
static inline struct wvm_kit_head *move_to_kept(struct wvm_kit_kept *kept,
                                                struct wvm_kit_heap *heap,
                                                struct wvm_kit_head *head, SIZE_T size)
{
    struct wvm_kit_head *to = size <= MOST_SMALL ? wvm_kit_take_small(kept, units_of(size)) : NULL;
    if (to) {
        memcpy(to + 1, head + 1, head->size < size ? head->size : size);
        if (head->units >= WVM_KIT_N_BINS || !wvm_kit_keep_small(kept, head))
            free_block(heap, head);
    }
    return to;
}

/* Another capacity, here or elsewhere; NULL: no memory, nothing changed. */
static struct wvm_kit_head *move_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head,
                                       SIZE_T size)
{
    size_t old_total = capacity(head) + wvm_kit_overhead(heap), total = raw_size(heap, size);
    struct wvm_kit_kept *kept = wvm_kit_kept_of(heap);
    struct wvm_kit_head *to = kept ? move_to_kept(kept, heap, head, size) : NULL;
    if (to)
        return to;
    if (total == 0 || !wvm_kit_charge(heap, total, old_total))
        return NULL;
    wvm_kit_unlink_block(heap, head);
    char *moved = wvm_kit_move_raw(heap, wvm_kit_raw_of(heap, head), old_total, total);
    if (moved)
        head = (struct wvm_kit_head *)(moved + wvm_kit_overhead(heap)) - 1;
    else
        wvm_kit_charge(heap, old_total, total);
    if (moved)
        head->units = units_of(size);
    wvm_kit_link_block(heap, head);
    return moved ? head : NULL;
}

static WVM_NOINLINE LPVOID realloc_of(struct wvm_kit_heap *heap, DWORD flags, LPVOID block,
                                      SIZE_T size)
{
    struct wvm_kit_head *head = find(heap, block);
    if (!head)
        return NULL;
    size_t old = head->size, room = capacity(head);
    bool stays = size <= room && (size >= room / 2 || (flags & HEAP_REALLOC_IN_PLACE_ONLY));
    if (!stays)
        head = flags & HEAP_REALLOC_IN_PLACE_ONLY ? NULL : move_block(heap, head, size);
    if (!head)
        return refuse(heap, flags, size);
    head->size = size;
    if (size > old && (flags & HEAP_ZERO_MEMORY))
        memset((char *)(head + 1) + old, 0, size - old);
    return head + 1;
}

/* The short ways of the process's heap. A small block that grows moves, and leaves its memory to
 * the next of its capacity; realloc grows others, mostly in place. */
static WVM_NOINLINE LPVOID grow_small(struct wvm_kit_head *head, SIZE_T size)
{
    struct wvm_kit_kept *kept = &wvm_kit_keeper_known->process;
    struct wvm_kit_head *to =
        size <= MOST_SMALL ? wvm_kit_take_small(kept, units_of(size)) : NULL;
    if (!to) {
        to = malloc(capacity_of(units_of(size), size) + sizeof *head);
        if (WVM_UNLIKELY(!to))
            return refuse(&wvm_kit_process_heap, 0, size);
        start_block(to, &wvm_kit_process_heap, size);
    }
    to->size = size;
    memcpy(to + 1, head + 1, head->size);
    if (WVM_UNLIKELY(!wvm_kit_keep_small(kept, head)))
        free_block(&wvm_kit_process_heap, head);
    return to + 1;
}

static WVM_NOINLINE LPVOID grow_large(struct wvm_kit_head *head, SIZE_T size)
{
    uint32_t units = units_of(size);
    head = realloc(head, (size_t)units * WVM_KIT_UNIT + (WVM_KIT_UNIT_FIRST + sizeof *head));
    if (WVM_UNLIKELY(!head))
        return refuse(&wvm_kit_process_heap, 0, size);
    head->units = units;
    head->size = size;
    return head + 1;
}

LPVOID wvm_kit_HeapReAlloc(HANDLE h, DWORD flags, LPVOID block, SIZE_T size)
{
    if (WVM_LIKELY(h == &wvm_kit_process_heap && flags == 0 && wvm_kit_may_be_block(block) &&
                   size < MOST_SHORT)) {
        struct wvm_kit_head *head = wvm_kit_head_of(block);
        SIZE_T units = head->units; /* MOST_UNITS: for more than any short size */
        if (WVM_LIKELY(owns(h, head) && size > units * WVM_KIT_UNIT + WVM_KIT_UNIT_FIRST))
            return units < WVM_KIT_N_BINS ? grow_small(head, size) : grow_large(head, size);
    }
    return realloc_of(wvm_kit_heap_of(h), flags, block, size);
}

SIZE_T wvm_kit_HeapSize(HANDLE h, DWORD flags, LPCVOID block)
{
    struct wvm_kit_head *head = find(wvm_kit_heap_of(h), block);
    UNREFERENCED_PARAMETER(flags);
    return head ? head->size : (SIZE_T)-1;
}

bool wvm_kit_heap_owns(HANDLE h, LPCVOID block)
{
    struct wvm_kit_heap *heap = wvm_kit_heap_of(h);
    return heap && wvm_kit_may_be_block(block) && (uintptr_t)block > sizeof(struct wvm_kit_head) &&
           !IsBadReadPtr(wvm_kit_head_of(block), sizeof(struct wvm_kit_head)) &&
           owns(heap, wvm_kit_head_of(block));
}

/* Every block of the ring is this heap's and points back. */
static bool is_in_order(struct wvm_kit_heap *heap)
{
    const struct wvm_kit_heap_links *before = &heap->ring;
    bool good = true;
    wvm_kit_lock(&heap->lock);
    for (struct wvm_kit_heap_links *l = heap->ring.next; good && l != &heap->ring; l = l->next) {
        const struct wvm_kit_head *head = (const struct wvm_kit_head *)(l + 1);
        good = !IsBadReadPtr(l, wvm_kit_overhead(heap)) && l->prev == before &&
               (__atomic_load_n(&head->check, __ATOMIC_RELAXED) & ~WVM_KIT_KEPT) == heap->mark;
        before = l;
    }
    wvm_kit_unlock(&heap->lock);
    return good;
}

BOOL wvm_kit_HeapValidate(HANDLE h, DWORD flags, LPCVOID block)
{
    UNREFERENCED_PARAMETER(flags);
    if (IsBadReadPtr(h, sizeof(struct wvm_kit_heap)) || !wvm_kit_heap_of(h))
        return FALSE;
    struct wvm_kit_heap *heap = wvm_kit_heap_of(h);
    if (block)
        return wvm_kit_heap_owns(h, block);
    return !heap->listed || is_in_order(heap);
}

#define WVM_KIT_HEAP
#include "kit/kit_entry.h"
