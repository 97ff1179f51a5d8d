/* What is asked about heaps: their locks, their blocks one by one, which heaps there are.
 *
 * Terms   door = the lock that a program holds between HeapLock and HeapUnlock.
 * I1      The door is one thread's, any number of times over; it keeps out others who lock the
 *         heap. Calls for blocks do not stop at it: their own lock keeps the heap in order.
 * I2      The heap of the process comes first among heaps, then those of HeapCreate, the newest
 *         first.
 * Locking: a heap's lock to walk over its ring; wvm_kit_heaps_lock for the chain of heaps.
 * Failure: nothing changed.   Signal safety: none. */
#include <malloc.h>

#include "kit/kit.h"
#include "kit/kit_heap_block.h"

#define LOW_FRAGMENTATION 2u

/* The heap of a handle; NULL and the last error. */
static struct wvm_kit_heap *heap_of(HANDLE h)
{
    struct wvm_kit_heap *heap = wvm_kit_heap_of(h);
    if (!heap)
        wvm_kit_fail(ERROR_INVALID_HANDLE);
    return heap;
}

/* ---- Information ---- */

static bool is_low_fragmentation(const struct wvm_kit_heap *heap)
{
    return heap->most == 0 && !(heap->options & HEAP_NO_SERIALIZE);
}

static BOOL set_compatibility(HANDLE h, const ULONG *value, SIZE_T size)
{
    struct wvm_kit_heap *heap = heap_of(h);
    if (!heap)
        return FALSE;
    if (!value || size < sizeof *value)
        return wvm_kit_fail(value ? ERROR_INSUFFICIENT_BUFFER : ERROR_INVALID_PARAMETER);
    if (*value != LOW_FRAGMENTATION)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return is_low_fragmentation(heap) || wvm_kit_fail(ERROR_GEN_FAILURE);
}

/* The C library ends a process whose heap it finds damaged, asked or not. */
BOOL wvm_kit_HeapSetInformation(HANDLE h, HEAP_INFORMATION_CLASS what, PVOID in, SIZE_T size)
{
    const HEAP_OPTIMIZE_RESOURCES_INFORMATION *optimize = in;
    switch (what) {
    case HeapCompatibilityInformation:
        return set_compatibility(h, in, size);
    case HeapEnableTerminationOnCorruption:
        if (h && !heap_of(h))
            return FALSE;
        return (!in && size == 0) || wvm_kit_fail(ERROR_INVALID_PARAMETER);
    case HeapOptimizeResources:
        if (h && !heap_of(h))
            return FALSE;
        if (!in || size < sizeof *optimize || optimize->Version != 1 || optimize->Flags != 0)
            return wvm_kit_fail(ERROR_INVALID_PARAMETER);
        wvm_kit_HeapCompact(wvm_kit_GetProcessHeap(), 0);
        return TRUE;
    default:
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    }
}

BOOL wvm_kit_HeapQueryInformation(HANDLE h, HEAP_INFORMATION_CLASS what, PVOID out, SIZE_T size,
                                  PSIZE_T needed)
{
    struct wvm_kit_heap *heap = heap_of(h);
    if (!heap)
        return FALSE;
    if (what != HeapCompatibilityInformation)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (needed)
        *needed = sizeof(ULONG);
    if (!out || size < sizeof(ULONG))
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    *(ULONG *)out = is_low_fragmentation(heap) ? LOW_FRAGMENTATION : 0;
    return TRUE;
}

/* ---- The door ---- */

BOOL wvm_kit_HeapLock(HANDLE h)
{
    struct wvm_kit_heap *heap = heap_of(h);
    uint32_t self = wvm_kit_GetCurrentThreadId();
    if (!heap)
        return FALSE;
    if (__atomic_load_n(&heap->door_owner, __ATOMIC_RELAXED) != self) {
        wvm_kit_lock(&heap->door);
        __atomic_store_n(&heap->door_owner, self, __ATOMIC_RELAXED);
    }
    heap->door_depth++;
    return TRUE;
}

BOOL wvm_kit_HeapUnlock(HANDLE h)
{
    struct wvm_kit_heap *heap = heap_of(h);
    if (!heap)
        return FALSE;
    if (__atomic_load_n(&heap->door_owner, __ATOMIC_RELAXED) != wvm_kit_GetCurrentThreadId())
        return wvm_kit_fail(ERROR_NOT_OWNER);
    if (--heap->door_depth == 0) {
        __atomic_store_n(&heap->door_owner, 0, __ATOMIC_RELAXED);
        wvm_kit_unlock(&heap->door);
    }
    return TRUE;
}

/* ---- Blocks ---- */

static bool is_programs(const struct wvm_kit_heap *heap, struct wvm_kit_heap_links *l)
{
    const struct wvm_kit_head *head = (const struct wvm_kit_head *)(l + 1);
    return __atomic_load_n(&head->check, __ATOMIC_RELAXED) == heap->mark;
}

/* The first block of the program's behind `l`; the ring itself at the end. */
static struct wvm_kit_heap_links *next_block(struct wvm_kit_heap *heap,
                                             struct wvm_kit_heap_links *l)
{
    do
        l = l->next;
    while (l != &heap->ring && !is_programs(heap, l));
    return l;
}

/* Where a walk stands; NULL: that block is none of the heap any more. */
static struct wvm_kit_heap_links *place_of(struct wvm_kit_heap *heap, LPCVOID block)
{
    struct wvm_kit_heap_links *l = &heap->ring;
    if (!block)
        return l;
    for (l = l->next; l != &heap->ring; l = l->next)
        if ((LPCVOID)((struct wvm_kit_head *)(l + 1) + 1) == block)
            return l;
    return NULL;
}

static DWORD walk(struct wvm_kit_heap *heap, PROCESS_HEAP_ENTRY *entry)
{
    struct wvm_kit_heap_links *l = place_of(heap, entry->lpData);
    if (!l)
        return ERROR_INVALID_PARAMETER;
    l = next_block(heap, l);
    if (l == &heap->ring)
        return ERROR_NO_MORE_ITEMS;
    struct wvm_kit_head *head = (struct wvm_kit_head *)(l + 1);
    *entry = (PROCESS_HEAP_ENTRY){.lpData = head + 1,
                                  .cbData = (DWORD)head->size,
                                  .cbOverhead = (BYTE)wvm_kit_overhead(heap),
                                  .wFlags = PROCESS_HEAP_ENTRY_BUSY};
    return NO_ERROR;
}

BOOL wvm_kit_HeapWalk(HANDLE h, PROCESS_HEAP_ENTRY *entry)
{
    struct wvm_kit_heap *heap = heap_of(h);
    if (!heap)
        return FALSE;
    if (!entry || !heap->listed)
        return wvm_kit_fail(entry ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER);
    wvm_kit_lock(&heap->lock);
    DWORD error = walk(heap, entry);
    wvm_kit_unlock(&heap->lock);
    return error == NO_ERROR || wvm_kit_fail(error);
}

SIZE_T wvm_kit_HeapCompact(HANDLE h, DWORD flags)
{
    UNREFERENCED_PARAMETER(flags);
    if (!heap_of(h))
        return 0;
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    SetLastError(NO_ERROR); /* the largest free block is not known */
    return 0;
}

/* ---- Heaps ---- */

DWORD wvm_kit_GetProcessHeaps(DWORD room, PHANDLE out)
{
    DWORD n = 1;
    wvm_kit_lock(&wvm_kit_heaps_lock);
    struct wvm_kit_heap *first = wvm_kit_process_heap.next;
    for (struct wvm_kit_heap *heap = first; heap; heap = heap->next)
        n++;
    DWORD i = 0;
    for (struct wvm_kit_heap *heap = &wvm_kit_process_heap; n <= room && heap; heap = heap->next)
        out[i++] = heap;
    wvm_kit_unlock(&wvm_kit_heaps_lock);
    return n;
}

#define WVM_KIT_HEAP_MORE
#include "kit/kit_entry.h"
