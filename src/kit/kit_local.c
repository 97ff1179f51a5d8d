/* LocalAlloc, GlobalAlloc and their kin: fixed blocks, and handles of moveable ones.
 *
 * Terms   fixed = a block of the process's heap; its handle is its address. Slot = what a handle of
 *         moveable memory names; block = the memory behind one, of the moveable heap, with the
 *         slot's address in front (struct front), so that the handle of an address can be told.
 * I1      A handle of a slot is its address + 4: never the address of a block.
 * I2      slot->magic is set while the handle is valid; slots stay slots for ever (kit_store.h).
 * I3      The block of a slot moves only while it is unlocked, unless LMEM_MOVEABLE says so.
 * I4      What a handle names is read only where memory is: on a page that was there when it was
 *         last looked at. A freed block of MOST_LASTING bytes or more takes its page from the known
 *         ones, since malloc may give it back.
 * Locking: one lock for all slots; memory is taken and given back under it.
 * Failure: nothing changed.   Signal safety: none. */
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_heap.h"
#include "kit/kit_heap_block.h"
#include "kit/kit_store.h"

#define SLOT_MAGIC 0x4d4f5645u
#define SLOT_TAG 4u
#define SLOT_ALIGNMENT 64u /* of a store's pieces */
#define MOST_LOCKS 0xffu
#define N_PAGES 1024u
#define MOST_LASTING ((SIZE_T)32 << 10)

struct slot {
    void *free;        /* the store's */
    uint32_t magic;
    uint32_t n_locks;
    UINT flags;        /* LMEM_DISCARDABLE */
    struct front *block; /* NULL: discarded */
};
struct front {
    struct slot *slot;
    void *unused; /* keeps the alignment */
};

static struct wvm_kit_store slots = {.size = sizeof(struct slot)};
static struct wvm_kit_lock slots_lock;
static uintptr_t known_pages[N_PAGES]; /* (a) numbers, by a hash */

static HANDLE process_heap(void)
{
    return &wvm_kit_process_heap;
}

static HANDLE handle_of(struct slot *slot)
{
    return (char *)slot + SLOT_TAG;
}

/* ---- Pages that are there ---- */

static uintptr_t number_of(LPCVOID mem)
{
    return (uintptr_t)mem / WVM_PAGE_SIZE;
}

static uintptr_t *page_of(LPCVOID mem)
{
    return &known_pages[(number_of(mem) ^ number_of(mem) >> 10) % N_PAGES];
}

static bool is_known(LPCVOID mem)
{
    return __atomic_load_n(page_of(mem), __ATOMIC_RELAXED) == number_of(mem);
}

static void make_known(LPCVOID mem)
{
    __atomic_store_n(page_of(mem), number_of(mem), __ATOMIC_RELAXED);
}

/* ---- Handles ---- */

static bool is_slot(const struct slot *slot)
{
    if (!is_known(slot) && (number_of(slot) == 0 || IsBadReadPtr(slot, sizeof *slot)))
        return false;
    if (slot->magic != SLOT_MAGIC)
        return false;
    make_known(slot);
    return true;
}

/* The slot that a handle, or the address of moveable memory, names; NULL: none. */
static struct slot *slot_of(LPCVOID mem)
{
    uintptr_t at = (uintptr_t)mem;
    struct slot *slot = (struct slot *)(at - SLOT_TAG);
    if (at % 8 == SLOT_TAG)
        return at % SLOT_ALIGNMENT == SLOT_TAG && is_slot(slot) ? slot : NULL;
    const struct front *front = (const struct front *)at - 1;
    return wvm_kit_heap_owns(wvm_kit_moveable_heap(), front) ? front->slot : NULL;
}

/* The head of a block may be on the page before. */
static bool has_known_head(LPCVOID mem)
{
    return is_known(mem) && (WVM_LIKELY(number_of(wvm_kit_head_of(mem)) == number_of(mem)) ||
                             is_known(wvm_kit_head_of(mem)));
}

static bool is_fixed(LPCVOID mem)
{
    if (!wvm_kit_may_be_block(mem))
        return false;
    if (WVM_LIKELY(has_known_head(mem)))
        return wvm_kit_head_of(mem)->check == wvm_kit_process_heap.mark;
    if (!wvm_kit_heap_owns(process_heap(), mem))
        return false;
    make_known(mem);
    make_known(wvm_kit_head_of(mem));
    return true;
}

static HANDLE free_fixed(HANDLE mem)
{
    if (WVM_UNLIKELY(wvm_kit_head_of(mem)->size >= MOST_LASTING)) {
        __atomic_store_n(page_of(mem), 0, __ATOMIC_RELAXED);
        __atomic_store_n(page_of(wvm_kit_head_of(mem)), 0, __ATOMIC_RELAXED);
    }
    return wvm_kit_HeapFree(process_heap(), 0, mem) ? NULL : mem;
}

/* ---- Moveable memory ---- */

static DWORD heap_flags(UINT flags)
{
    return flags & LMEM_ZEROINIT ? HEAP_ZERO_MEMORY : 0;
}

/* Memory for a slot; false: there is none. */
static bool fill(struct slot *slot, SIZE_T size, DWORD flags)
{
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct front), &total))
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    struct front *front = wvm_kit_HeapAlloc(wvm_kit_moveable_heap(), flags, total);
    if (!front)
        return false;
    front->slot = slot;
    slot->block = front;
    return true;
}

static HANDLE alloc_moveable(UINT flags, SIZE_T size)
{
    struct slot *slot = wvm_kit_take(&slots);
    if (!slot) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    *slot = (struct slot){.flags = flags & LMEM_DISCARDABLE};
    if (size != 0 && !fill(slot, size, heap_flags(flags))) {
        wvm_kit_put(&slots, slot);
        return NULL;
    }
    __atomic_store_n(&slot->magic, SLOT_MAGIC, __ATOMIC_RELEASE);
    return handle_of(slot);
}

static inline HANDLE alloc(UINT flags, SIZE_T size)
{
    return flags & LMEM_MOVEABLE ? alloc_moveable(flags, size)
                                 : wvm_kit_HeapAlloc(process_heap(), heap_flags(flags), size);
}

/* Fixed memory becomes moveable. */
static HANDLE make_moveable(HANDLE mem, UINT flags)
{
    SIZE_T size = wvm_kit_HeapSize(process_heap(), 0, mem);
    HANDLE h = alloc_moveable(flags | LMEM_MOVEABLE, size);
    struct slot *slot = h ? slot_of(h) : NULL;
    if (slot && slot->block)
        memcpy(slot->block + 1, mem, size);
    if (h)
        free_fixed(mem);
    return h;
}

static HANDLE realloc_fixed(HANDLE mem, SIZE_T size, UINT flags)
{
    DWORD how = heap_flags(flags);
    if (flags & LMEM_MODIFY)
        return flags & LMEM_MOVEABLE ? make_moveable(mem, flags) : mem;
    if (!(flags & LMEM_MOVEABLE))
        how |= HEAP_REALLOC_IN_PLACE_ONLY;
    return wvm_kit_HeapReAlloc(process_heap(), how, mem, size);
}

static void discard(struct slot *slot)
{
    wvm_kit_HeapFree(wvm_kit_moveable_heap(), 0, slot->block);
    slot->block = NULL;
}

static bool resize(struct slot *slot, SIZE_T size, UINT flags)
{
    DWORD how = heap_flags(flags);
    size_t total;
    if (!slot->block)
        return fill(slot, size, how);
    if (__builtin_add_overflow(size, sizeof(struct front), &total))
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (slot->n_locks > 0 && !(flags & LMEM_MOVEABLE))
        how |= HEAP_REALLOC_IN_PLACE_ONLY;
    struct front *front = wvm_kit_HeapReAlloc(wvm_kit_moveable_heap(), how, slot->block, total);
    if (front)
        slot->block = front;
    return front != NULL;
}

static HANDLE realloc_moveable(struct slot *slot, SIZE_T size, UINT flags)
{
    bool done = true;
    if (flags & LMEM_MODIFY)
        slot->flags = flags & LMEM_DISCARDABLE;
    else if (size != 0)
        done = resize(slot, size, flags);
    else if (slot->n_locks == 0)
        discard(slot);
    else
        done = wvm_kit_fail(ERROR_INVALID_HANDLE);
    return done ? handle_of(slot) : NULL;
}

static HANDLE re_alloc(HANDLE mem, SIZE_T size, UINT flags)
{
    if (is_fixed(mem))
        return realloc_fixed(mem, size, flags);
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    HANDLE h = slot ? realloc_moveable(slot, size, flags) : NULL;
    wvm_kit_unlock(&slots_lock);
    if (!slot)
        wvm_kit_fail(ERROR_INVALID_HANDLE);
    return h;
}

static WVM_NOINLINE HANDLE free_any(HANDLE mem)
{
    if (!mem)
        return NULL;
    if (is_fixed(mem))
        return free_fixed(mem);
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    if (slot) {
        slot->magic = 0;
        discard(slot);
        wvm_kit_put(&slots, slot);
    }
    wvm_kit_unlock(&slots_lock);
    if (slot)
        return NULL;
    wvm_kit_fail(ERROR_INVALID_HANDLE);
    return mem;
}

static inline HANDLE free_mem(HANDLE mem)
{
    if (WVM_LIKELY(wvm_kit_may_be_block(mem) && has_known_head(mem) &&
                   wvm_kit_head_of(mem)->size < MOST_LASTING))
        return wvm_kit_HeapFree(process_heap(), 0, mem) ? NULL : free_any(mem);
    return free_any(mem);
}

static SIZE_T size_of(HANDLE mem)
{
    SIZE_T size = 0;
    if (is_fixed(mem))
        return wvm_kit_HeapSize(process_heap(), 0, mem);
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    if (slot && slot->block)
        size = wvm_kit_HeapSize(wvm_kit_moveable_heap(), 0, slot->block) - sizeof(struct front);
    wvm_kit_unlock(&slots_lock);
    if (!slot)
        wvm_kit_fail(ERROR_INVALID_HANDLE);
    return size;
}

static UINT flags_of(HANDLE mem)
{
    UINT flags = 0;
    if (is_fixed(mem))
        return 0;
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    if (slot)
        flags = slot->flags | slot->n_locks | (slot->block ? 0 : LMEM_DISCARDED);
    wvm_kit_unlock(&slots_lock);
    if (slot)
        return flags;
    wvm_kit_fail(ERROR_INVALID_HANDLE);
    return LMEM_INVALID_HANDLE;
}

static LPVOID lock_mem(HANDLE mem)
{
    LPVOID at = NULL;
    if (is_fixed(mem))
        return mem;
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    if (slot && slot->block) {
        at = slot->block + 1;
        if (slot->n_locks < MOST_LOCKS)
            slot->n_locks++;
    }
    wvm_kit_unlock(&slots_lock);
    if (!at)
        wvm_kit_fail(slot ? ERROR_DISCARDED : ERROR_INVALID_HANDLE);
    return at;
}

/* fixed: the answer for fixed memory. */
static BOOL unlock_mem(HANDLE mem, BOOL fixed)
{
    uint32_t before = 0;
    if (is_fixed(mem)) {
        if (!fixed)
            wvm_kit_fail(ERROR_NOT_LOCKED);
        return fixed;
    }
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    if (slot) {
        before = slot->n_locks;
        slot->n_locks -= before > 0;
    }
    wvm_kit_unlock(&slots_lock);
    if (!slot)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    if (before <= 1)
        wvm_kit_fail(before == 1 ? NO_ERROR : ERROR_NOT_LOCKED);
    return before > 1;
}

static HANDLE handle_at(LPCVOID mem)
{
    if (is_fixed(mem))
        return (HANDLE)(uintptr_t)mem;
    wvm_kit_lock(&slots_lock);
    struct slot *slot = slot_of(mem);
    wvm_kit_unlock(&slots_lock);
    if (slot)
        return handle_of(slot);
    wvm_kit_fail(ERROR_INVALID_HANDLE);
    return NULL;
}

#define CALLS(Kin, fixed_unlock)                                             \
    HANDLE wvm_kit_##Kin##Alloc(UINT flags, SIZE_T size)                     \
    {                                                                        \
        return alloc(flags, size);                                           \
    }                                                                        \
    HANDLE wvm_kit_##Kin##ReAlloc(HANDLE mem, SIZE_T size, UINT flags)       \
    {                                                                        \
        return re_alloc(mem, size, flags);                                   \
    }                                                                        \
    HANDLE wvm_kit_##Kin##Free(HANDLE mem)                                   \
    {                                                                        \
        return free_mem(mem);                                                \
    }                                                                        \
    SIZE_T wvm_kit_##Kin##Size(HANDLE mem)                                   \
    {                                                                        \
        return size_of(mem);                                                 \
    }                                                                        \
    UINT wvm_kit_##Kin##Flags(HANDLE mem)                                    \
    {                                                                        \
        return flags_of(mem);                                                \
    }                                                                        \
    LPVOID wvm_kit_##Kin##Lock(HANDLE mem)                                   \
    {                                                                        \
        return lock_mem(mem);                                                \
    }                                                                        \
    BOOL wvm_kit_##Kin##Unlock(HANDLE mem)                                   \
    {                                                                        \
        return unlock_mem(mem, fixed_unlock);                                \
    }                                                                        \
    HANDLE wvm_kit_##Kin##Handle(LPCVOID mem)                                \
    {                                                                        \
        return handle_at(mem);                                               \
    }
CALLS(Local, FALSE)
CALLS(Global, TRUE)

#define WVM_KIT_LOCAL
#include "kit/kit_entry.h"
