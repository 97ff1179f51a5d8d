/* The raw memory of heaps, and the books of those that know their blocks.
 *
 * Terms   as in kit_heap.c.
 * Locking: the heap's lock, for its ring and what it has used; no memory is taken or given back
 * under it.   Failure: NULL, or no room; nothing changed.   Signal safety: none. */
#include <stdlib.h>
#include <string.h>

#include "kit/kit_heap_block.h"

void *wvm_kit_take_raw(const struct wvm_kit_heap *heap, size_t size, bool zero)
{
    if (wvm_kit_is_executable(heap))
        return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    return zero ? calloc(1, size) : malloc(size);
}

void wvm_kit_give_raw(const struct wvm_kit_heap *heap, void *raw)
{
    if (wvm_kit_is_executable(heap))
        VirtualFree(raw, 0, MEM_RELEASE);
    else
        free(raw);
}

void *wvm_kit_move_raw(const struct wvm_kit_heap *heap, void *raw, size_t old_size, size_t size)
{
    if (!wvm_kit_is_executable(heap))
        return realloc(raw, size);
    void *to = wvm_kit_take_raw(heap, size, false);
    if (to) {
        memcpy(to, raw, old_size < size ? old_size : size);
        wvm_kit_give_raw(heap, raw);
    }
    return to;
}

/* ---- Books of a listed heap ---- */

/* Room for `more` bytes in place of `less`. */
bool wvm_kit_charge(struct wvm_kit_heap *heap, size_t more, size_t less)
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

void wvm_kit_link_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    struct wvm_kit_heap_links *l = wvm_kit_links_of(head);
    if (!heap->listed)
        return;
    wvm_kit_lock(&heap->lock);
    l->prev = heap->ring.prev;
    l->next = &heap->ring;
    l->prev->next = l->next->prev = l;
    wvm_kit_unlock(&heap->lock);
}

void wvm_kit_unlink_block(struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    struct wvm_kit_heap_links *l = wvm_kit_links_of(head);
    if (!heap->listed)
        return;
    wvm_kit_lock(&heap->lock);
    l->prev->next = l->next;
    l->next->prev = l->prev;
    wvm_kit_unlock(&heap->lock);
}

void wvm_kit_heap_give(struct wvm_kit_heap *heap, struct wvm_kit_head *head)
{
    wvm_kit_unlink_block(heap, head);
    wvm_kit_check(head, 0);
    wvm_kit_give_raw(heap, wvm_kit_raw_of(heap, head));
}
