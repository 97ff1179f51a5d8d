/* Heaps on top of malloc.
 *
 * Owns    the heaps, and the head in front of each of their blocks.
 * Terms   head = the size asked for and the heap, kept just before the block; raw = where the
 *         memory of a block begins; listed = a heap that knows its blocks: one of HeapCreate.
 * I1      A listed heap's blocks form a ring through `links`, which stand before the head.
 * I2      head.owner is the heap's address mixed with MARK, and 0 once the block is free.
 * I3      In a heap with a maximum, `used` is the sum of the raw sizes and never more than it.
 * I4      No lock is held while an exception is raised, nor while memory is taken or given back.
 * The heap of the process is malloc itself: no list, no lock of ours.
 * Locking: the lock of each listed heap, also with HEAP_NO_SERIALIZE.
 * Failure: the heap and the block are unchanged.   Signal safety: none, as malloc. */
#include "kit/kit_heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_store.h"

#define HEAP_MAGIC 0x48774b69u
#define MARK ((uintptr_t)0x5bd1e995)
/* Of a heap with a maximum. */
#define LARGEST_FIXED (sizeof(void *) == 8 ? (SIZE_T)0xfe000 : (SIZE_T)0x7f000)

struct links {
    struct links *prev, *next;
};
struct head {
    size_t size;
    uintptr_t owner;
};
struct heap {
    void *free;         /* the store's */
    uint32_t magic;
    DWORD options;
    size_t most, used;  /* bytes; most 0: no maximum */
    bool listed;
    struct wvm_kit_lock lock;
    struct links ring;
};

static struct heap process_heap = {.magic = HEAP_MAGIC};
static struct heap moveable_heap = {.magic = HEAP_MAGIC};
static struct wvm_kit_store heaps = {.size = sizeof(struct heap)};

static struct heap *heap_of(HANDLE h)
{
    struct heap *heap = h;
    return heap && __atomic_load_n(&heap->magic, __ATOMIC_ACQUIRE) == HEAP_MAGIC ? heap : NULL;
}

static struct head *head_of(LPCVOID block)
{
    return (struct head *)(uintptr_t)block - 1;
}

static size_t overhead(const struct heap *heap)
{
    return sizeof(struct head) + (heap->listed ? sizeof(struct links) : 0);
}

static void *raw_of(const struct heap *heap, struct head *head)
{
    return (char *)(head + 1) - overhead(heap);
}

static struct links *links_of(struct head *head)
{
    return (struct links *)head - 1;
}

static bool owns(const struct heap *heap, const struct head *head)
{
    return head->owner == ((uintptr_t)heap ^ MARK);
}

static bool is_aligned(LPCVOID block)
{
    return block && ((uintptr_t)block & (sizeof(struct head) - 1)) == 0;
}

/* The head of a block of the heap, or NULL and the last error. */
static struct head *find(const struct heap *heap, LPCVOID block)
{
    if (heap && is_aligned(block) && owns(heap, head_of(block)))
        return head_of(block);
    wvm_kit_fail(heap ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
    return NULL;
}

/* ---- Raw memory ---- */

static bool is_executable(const struct heap *heap)
{
    return heap->options & HEAP_CREATE_ENABLE_EXECUTE;
}

static void *take_raw(const struct heap *heap, size_t size, bool zero)
{
    if (is_executable(heap))
        return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    return zero ? calloc(1, size) : malloc(size);
}

static void give_raw(const struct heap *heap, void *raw)
{
    if (is_executable(heap))
        VirtualFree(raw, 0, MEM_RELEASE);
    else
        free(raw);
}

/* What raw memory can hold without moving. */
static size_t room_of(const struct heap *heap, void *raw, size_t size)
{
    return is_executable(heap) ? (size_t)wvm_align_up(size, WVM_PAGE_SIZE)
                               : malloc_usable_size(raw);
}

static void *move_raw(const struct heap *heap, void *raw, size_t old_size, size_t size)
{
    if (!is_executable(heap))
        return realloc(raw, size);
    void *to = take_raw(heap, size, false);
    if (to) {
        memcpy(to, raw, old_size < size ? old_size : size);
        give_raw(heap, raw);
    }
    return to;
}

/* ---- Books of a listed heap ---- */

/* Room for `more` bytes in place of `less`. */
static bool charge(struct heap *heap, size_t more, size_t less)
{
    if (heap->most == 0)
        return true;
    wvm_kit_lock(&heap->lock);
    bool fits = more <= heap->most - (heap->used - less);
    if (fits)
        heap->used = heap->used - less + more;
    wvm_kit_unlock(&heap->lock);
    return fits;
}

static void link_block(struct heap *heap, struct head *head)
{
    struct links *l = links_of(head);
    if (!heap->listed)
        return;
    wvm_kit_lock(&heap->lock);
    l->prev = heap->ring.prev;
    l->next = &heap->ring;
    l->prev->next = l->next->prev = l;
    wvm_kit_unlock(&heap->lock);
}

static void unlink_block(struct heap *heap, struct head *head)
{
    struct links *l = links_of(head);
    if (!heap->listed)
        return;
    wvm_kit_lock(&heap->lock);
    l->prev->next = l->next;
    l->next->prev = l->prev;
    wvm_kit_unlock(&heap->lock);
}

/* ---- The calls ---- */

/* No memory: the exception, if the heap or the call wants it. */
static LPVOID refuse(const struct heap *heap, DWORD flags, SIZE_T size)
{
    ULONG_PTR argument = size;
    if ((heap->options | flags) & HEAP_GENERATE_EXCEPTIONS)
        RaiseException((DWORD)STATUS_NO_MEMORY, 0, 1, &argument);
    wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

/* The raw size for a block of `size` bytes; false: too large for this heap. */
static bool raw_size(const struct heap *heap, SIZE_T size, size_t *raw)
{
    return !__builtin_add_overflow(size, overhead(heap), raw) &&
           (heap->most == 0 || size <= LARGEST_FIXED);
}

HANDLE wvm_kit_GetProcessHeap(VOID)
{
    return &process_heap;
}

HANDLE wvm_kit_moveable_heap(void)
{
    return &moveable_heap;
}

HANDLE wvm_kit_HeapCreate(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    uintptr_t most = 0;
    if (maximum != 0 &&
        !wvm_align_up_checked(maximum < initial ? initial : maximum, WVM_PAGE_SIZE, &most)) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    struct heap *heap = wvm_kit_take(&heaps);
    if (!heap) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    *heap = (struct heap){.options = options, .most = most, .listed = true};
    heap->ring.prev = heap->ring.next = &heap->ring;
    __atomic_store_n(&heap->magic, HEAP_MAGIC, __ATOMIC_RELEASE);
    return heap;
}

BOOL wvm_kit_HeapDestroy(HANDLE h)
{
    struct heap *heap = heap_of(h);
    if (!heap || !heap->listed)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    __atomic_store_n(&heap->magic, 0, __ATOMIC_RELEASE);
    for (struct links *l = heap->ring.next; l != &heap->ring;) {
        struct links *next = l->next;
        give_raw(heap, l);
        l = next;
    }
    wvm_kit_put(&heaps, heap);
    return TRUE;
}

static struct head *start_block(void *raw, const struct heap *heap, SIZE_T size)
{
    struct head *head = (struct head *)((char *)raw + overhead(heap)) - 1;
    head->size = size;
    head->owner = (uintptr_t)heap ^ MARK;
    return head;
}

static WVM_NOINLINE LPVOID alloc_of(struct heap *heap, DWORD flags, SIZE_T size)
{
    size_t total;
    if (!heap) {
        wvm_kit_fail(ERROR_INVALID_HANDLE);
        return NULL;
    }
    if (!raw_size(heap, size, &total) || !charge(heap, total, 0))
        return refuse(heap, flags, size);
    void *raw = take_raw(heap, total, flags & HEAP_ZERO_MEMORY);
    if (!raw) {
        charge(heap, 0, total);
        return refuse(heap, flags, size);
    }
    struct head *head = start_block(raw, heap, size);
    link_block(heap, head);
    return head + 1;
}

LPVOID wvm_kit_HeapAlloc(HANDLE h, DWORD flags, SIZE_T size)
{
    size_t total = size + sizeof(struct head);
    if (WVM_LIKELY(h == &process_heap && total >= size)) { /* the short way */
        void *raw = flags & HEAP_ZERO_MEMORY ? calloc(1, total) : malloc(total);
        if (WVM_LIKELY(raw != NULL))
            return start_block(raw, &process_heap, size) + 1;
    }
    return alloc_of(heap_of(h), flags, size);
}

/* Another size, here or elsewhere; NULL: no memory, nothing changed. */
static struct head *resize(struct heap *heap, struct head *head, size_t total, bool in_place)
{
    size_t old_total = head->size + overhead(heap);
    void *raw = raw_of(heap, head);
    if (in_place || is_executable(heap)) {
        if (total <= room_of(heap, raw, old_total))
            return head;
        if (in_place)
            return NULL;
    }
    unlink_block(heap, head);
    char *moved = move_raw(heap, raw, old_total, total);
    if (moved)
        head = (struct head *)(moved + overhead(heap)) - 1;
    link_block(heap, head);
    return moved ? head : NULL;
}

LPVOID wvm_kit_HeapReAlloc(HANDLE h, DWORD flags, LPVOID block, SIZE_T size)
{
    struct heap *heap = heap_of(h);
    struct head *head = find(heap, block);
    size_t total;
    if (!head)
        return NULL;
    size_t old = head->size, old_total = old + overhead(heap);
    if (!raw_size(heap, size, &total) || !charge(heap, total, old_total))
        return refuse(heap, flags, size);
    head = resize(heap, head, total, flags & HEAP_REALLOC_IN_PLACE_ONLY);
    if (!head) {
        charge(heap, old_total, total);
        return refuse(heap, flags, size);
    }
    head->size = size;
    if (size > old && (flags & HEAP_ZERO_MEMORY))
        memset((char *)(head + 1) + old, 0, size - old);
    return head + 1;
}

static WVM_NOINLINE BOOL free_of(struct heap *heap, LPVOID block)
{
    if (heap && !block)
        return TRUE;
    struct head *head = find(heap, block);
    if (!head)
        return FALSE;
    size_t total = head->size + overhead(heap);
    head->owner = 0;
    unlink_block(heap, head);
    give_raw(heap, raw_of(heap, head));
    charge(heap, 0, total);
    return TRUE;
}

BOOL wvm_kit_HeapFree(HANDLE h, DWORD flags, LPVOID block)
{
    UNREFERENCED_PARAMETER(flags);
    if (WVM_LIKELY(h == &process_heap && is_aligned(block) && owns(h, head_of(block)))) {
        head_of(block)->owner = 0; /* the short way */
        free(head_of(block));
        return TRUE;
    }
    return free_of(heap_of(h), block);
}

SIZE_T wvm_kit_HeapSize(HANDLE h, DWORD flags, LPCVOID block)
{
    struct head *head = find(heap_of(h), block);
    UNREFERENCED_PARAMETER(flags);
    return head ? head->size : (SIZE_T)-1;
}

bool wvm_kit_heap_owns(HANDLE h, LPCVOID block)
{
    struct heap *heap = heap_of(h);
    return heap && is_aligned(block) && (uintptr_t)block > sizeof(struct head) &&
           !IsBadReadPtr(head_of(block), sizeof(struct head)) && owns(heap, head_of(block));
}

/* Every block of the ring is this heap's and points back. */
static bool is_in_order(struct heap *heap)
{
    const struct links *before = &heap->ring;
    bool good = true;
    wvm_kit_lock(&heap->lock);
    for (struct links *l = heap->ring.next; good && l != &heap->ring; l = l->next) {
        good = !IsBadReadPtr(l, overhead(heap)) && l->prev == before &&
               owns(heap, (struct head *)(l + 1));
        before = l;
    }
    wvm_kit_unlock(&heap->lock);
    return good;
}

BOOL wvm_kit_HeapValidate(HANDLE h, DWORD flags, LPCVOID block)
{
    UNREFERENCED_PARAMETER(flags);
    if (IsBadReadPtr(h, sizeof(struct heap)) || !heap_of(h))
        return FALSE;
    struct heap *heap = heap_of(h);
    if (block)
        return wvm_kit_heap_owns(h, block);
    return !heap->listed || is_in_order(heap);
}

#define WVM_KIT_HEAP
#include "kit/kit_entry.h"
