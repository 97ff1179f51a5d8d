/* What a heap and its blocks look like; for the families that walk over them. */
#ifndef WVM_KIT_KIT_HEAP_BLOCK_H
#define WVM_KIT_KIT_HEAP_BLOCK_H

#include <string.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"

#pragma GCC visibility push(hidden)

#define WVM_KIT_HEAP_MAGIC 0x48774b69u
/* A block's check is its heap's mark while it is the program's, and this besides while a thread
 * keeps it for the next call. */
#define WVM_KIT_KEPT 0x80000000u
/* Capacities are UNIT * n + UNIT_FIRST bytes: what malloc has to give anyway. */
#define WVM_KIT_UNIT 16u
#define WVM_KIT_UNIT_FIRST 8u
#define WVM_KIT_MOST_UNITS UINT32_MAX

struct wvm_kit_heap_links {
    struct wvm_kit_heap_links *prev, *next;
};
/* Stands before each block; before it, in a listed heap, the links. */
struct wvm_kit_head {
    size_t size;    /* asked for */
    uint32_t units __attribute__((aligned(8))); /* the capacity; MOST_UNITS: just `size` */
    uint32_t check; /* (a) */
};
struct wvm_kit_heap {
    void *free;         /* the store's */
    uint32_t magic;     /* (a) */
    uint32_t mark;      /* (a) no other heap's of this process; 0: destroyed */
    DWORD options;
    bool listed;        /* has a ring of its blocks, those that threads keep too */
    bool keeps;         /* threads may keep blocks of it */
    size_t most, used;  /* bytes; most 0: no maximum */
    struct wvm_kit_lock lock;
    struct wvm_kit_heap_links ring; /* of a listed heap, under the lock */
    /* The chain of heaps, behind the process's one; wvm_kit_heaps_lock. */
    struct wvm_kit_heap *next, **link;
    struct wvm_kit_lock door;       /* HeapLock */
    uint32_t door_owner, door_depth;
};

static inline struct wvm_kit_head *wvm_kit_head_of(LPCVOID block)
{
    return (struct wvm_kit_head *)(uintptr_t)block - 1;
}

static inline struct wvm_kit_heap_links *wvm_kit_links_of(struct wvm_kit_head *head)
{
    return (struct wvm_kit_heap_links *)head - 1;
}

static inline bool wvm_kit_may_be_block(LPCVOID block)
{
    return block && ((uintptr_t)block & (2 * sizeof(void *) - 1)) == 0;
}

/* A valid heap, or NULL. Heaps that were destroyed can still be read. */
static inline struct wvm_kit_heap *wvm_kit_heap_of(HANDLE h)
{
    struct wvm_kit_heap *heap = h;
    return heap && __atomic_load_n(&heap->magic, __ATOMIC_ACQUIRE) == WVM_KIT_HEAP_MAGIC ? heap
                                                                                         : NULL;
}

extern struct wvm_kit_heap wvm_kit_process_heap;
/* Under it marks of heaps become 0, and threads give up what they keep of a listed heap. */
extern struct wvm_kit_lock wvm_kit_heaps_lock;

/* Who walks over the ring may look at the same time. */
static inline void wvm_kit_check(struct wvm_kit_head *head, uint32_t check)
{
    __atomic_store_n(&head->check, check, __ATOMIC_RELAXED);
}

/* What stands before a block. */
static inline size_t wvm_kit_overhead(const struct wvm_kit_heap *heap)
{
    return sizeof(struct wvm_kit_head) + (heap->listed ? sizeof(struct wvm_kit_heap_links) : 0);
}

static inline void *wvm_kit_raw_of(const struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    return (char *)(head + 1) - wvm_kit_overhead(heap);
}

static inline bool wvm_kit_is_executable(const struct wvm_kit_heap *heap)
{
    return heap->options & HEAP_CREATE_ENABLE_EXECUTE;
}

/* Memory as the heap is made of; NULL: there is none, and old memory stays. */
void *wvm_kit_take_raw(const struct wvm_kit_heap *heap, size_t size, bool zero);
void *wvm_kit_move_raw(const struct wvm_kit_heap *heap, void *raw, size_t old_size, size_t size);
void wvm_kit_give_raw(const struct wvm_kit_heap *heap, void *raw);
/* In a heap with a maximum: room for `more` bytes in place of `less`. */
bool wvm_kit_charge(struct wvm_kit_heap *heap, size_t more, size_t less);
/* In a listed heap: into the ring, and out of it. */
void wvm_kit_link_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head);
void wvm_kit_unlink_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head);
/* A block that is nobody's any more: out of the ring, and its memory given back. */
void wvm_kit_heap_give(struct wvm_kit_heap *heap, struct wvm_kit_head *head);

#pragma GCC visibility pop

#endif
