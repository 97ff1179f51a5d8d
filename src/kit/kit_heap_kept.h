/* Blocks that a thread keeps for its next calls: the short way of HeapAlloc and HeapFree. */
#ifndef WVM_KIT_KIT_HEAP_KEPT_H
#define WVM_KIT_KIT_HEAP_KEPT_H

#include "kit/kit_heap_block.h"

#pragma GCC visibility push(hidden)

#define WVM_KIT_N_BINS 64u  /* capacities of up to 1,016 bytes */
#define WVM_KIT_N_LARGE 8u  /* places of one larger block each */
#define WVM_KIT_N_HEAPS 8u  /* heaps of its own of which a thread keeps blocks */

/* Kept blocks of one capacity; the first word of each leads to the next. */
struct wvm_kit_bin {
    void *first;
    uintptr_t room; /* how many more */
};
/* Kept blocks of one heap. */
struct wvm_kit_kept {
    struct wvm_kit_heap *heap; /* NULL: of none, and there are none */
    uint32_t mark;             /* of the heap when this was begun */
    size_t large_room;         /* bytes */
    struct wvm_kit_bin bins[WVM_KIT_N_BINS];
    void *large[WVM_KIT_N_LARGE];
};
struct wvm_kit_keeper {
    struct wvm_kit_kept process;
    struct wvm_kit_kept own[WVM_KIT_N_HEAPS];
};

/* The thread's; one that keeps nothing, and has no room, until it has its own. */
extern WVM_THREAD_LOCAL struct wvm_kit_keeper *wvm_kit_keeper_known;

static inline struct wvm_kit_kept *wvm_kit_kept_place(struct wvm_kit_keeper *keeper, HANDLE h)
{
    uintptr_t at = (uintptr_t)h;
    return &keeper->own[(at >> 7 ^ at >> 10) % WVM_KIT_N_HEAPS];
}

/* What the thread keeps of the heap; NULL: nothing, or there is no such heap. */
static inline struct wvm_kit_kept *wvm_kit_kept_of(HANDLE h)
{
    struct wvm_kit_keeper *keeper = wvm_kit_keeper_known;
    if (h == &wvm_kit_process_heap)
        return &keeper->process;
    struct wvm_kit_kept *kept = wvm_kit_kept_place(keeper, h);
    const struct wvm_kit_heap *heap = kept->heap;
    bool same = heap && heap == h && kept->mark == __atomic_load_n(&heap->mark, __ATOMIC_RELAXED);
    return same ? kept : NULL;
}

/* A kept block of that capacity, which is now the program's but for head->size; NULL: none. */
static inline WVM_ALWAYS_INLINE struct wvm_kit_head *wvm_kit_take_small(struct wvm_kit_kept *kept,
                                                                       size_t unit)
{
    struct wvm_kit_bin *bin = &kept->bins[unit];
    void *block = bin->first;
    if (WVM_UNLIKELY(!block))
        return NULL;
    bin->first = *(void **)block;
    bin->room++;
    wvm_kit_check(wvm_kit_head_of(block), kept->mark);
    return wvm_kit_head_of(block);
}

/* Keeps a block of at most 1,016 bytes. False: there is no room. */
static inline WVM_ALWAYS_INLINE bool wvm_kit_keep_small(struct wvm_kit_kept *kept,
                                                        struct wvm_kit_head *head)
{
    struct wvm_kit_bin *bin = &kept->bins[head->units];
    if (WVM_UNLIKELY(bin->room == 0))
        return false;
    wvm_kit_check(head, kept->mark | WVM_KIT_KEPT);
    *(void **)(head + 1) = bin->first;
    bin->first = head + 1;
    bin->room--;
    return true;
}

/* As above for every capacity, for any heap, with what it takes to begin to keep blocks of it. */
struct wvm_kit_head *wvm_kit_take_kept(struct wvm_kit_heap *heap, size_t units);
bool wvm_kit_keep(struct wvm_kit_heap *heap, struct wvm_kit_head *head);

#pragma GCC visibility pop

#endif
