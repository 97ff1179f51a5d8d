/* Vectored handlers: the exception list and the continue list; and the unhandled exception filter.
 *
 * Owns    one table of slots for each list, and the filter.
 * Terms   key = a slot's place in the call order, unique for ever, so that a key still there
 *         proves that slot and handler belong together; tagged = a function pointer whose top bit
 *         says that it has the Windows calling convention.
 * I1  A slot is FREE, FILLING (its adder writes the handler) or has a key. Slots never go away.
 * I2  A walk holds nothing but the last key it saw: a handler may add and remove handlers, itself
 *     among them, raise, or leave by longjmp.
 * I3  A handle names list, slot and generation: removing it twice, through the other list, or a
 *     number that was never a handle does nothing.
 * I4  Keys grow upwards from the middle for the end of a list and downwards for its head.
 * Locking: none; all of it is atomic words. A handler that another thread removes may still be in
 *     its last call.
 * Failure: a full table refuses the handler.   Signal safety: yes. */
#include "base/assert.h"
#include "fault/fault_entry.h"
#include "fault/fault_private.h"

#define N_SLOTS 256
#define FREE 0
#define FILLING 1
#define MIDDLE ((uint64_t)1 << 63)
#define MS_BIT ((uint64_t)1 << 63)

struct slot {
    wvm_word64 key;     /* FREE, FILLING, or the place in the order */
    wvm_word64 handler; /* tagged */
    uint32_t gen;       /* of the latest use */
};

static struct list {
    wvm_word64 last, first; /* keys given out at the end and at the head */
    unsigned used;          /* no slot at or above this was ever used */
    struct slot slots[N_SLOTS];
} lists[WVM_N_VECTORED] = {
    {.last = MIDDLE, .first = MIDDLE},
    {.last = MIDDLE, .first = MIDDLE},
};

static wvm_word64 filter;     /* tagged; 0: none */
static wvm_word64 bridged[2]; /* tagged, by the convention of the bridge */

/* A handle: mark | generation | list | slot. No pointer to an object looks like it: 64 bits begin
 * with "VE", 32 bits are an odd number. */
#if UINTPTR_MAX > UINT32_MAX
enum { HANDLE_GEN_SHIFT = 16, HANDLE_LIST_SHIFT = 12, HANDLE_SLOT_SHIFT = 0 };
#define HANDLE_MARK ((uintptr_t)0x5645 << 48)
#define GEN_MASK UINT32_MAX
#else
enum { HANDLE_GEN_SHIFT = 11, HANDLE_LIST_SHIFT = 9, HANDLE_SLOT_SHIFT = 1 };
#define HANDLE_MARK ((uintptr_t)1)
#define GEN_MASK (UINT32_MAX >> HANDLE_GEN_SHIFT)
#endif
WVM_STATIC(N_SLOTS == 256, "a slot's number fills its place in a handle");

static void *handle_of(enum wvm_vectored_list list, unsigned index, uint32_t gen)
{
    return (void *)(HANDLE_MARK | (uintptr_t)(gen & GEN_MASK) << HANDLE_GEN_SHIFT |
                    (uintptr_t)(list + 1) << HANDLE_LIST_SHIFT |
                    (uintptr_t)index << HANDLE_SLOT_SHIFT);
}

static uint64_t tagged(void *function, bool ms)
{
    return (uintptr_t)function | (ms ? MS_BIT : 0);
}

/* Apart, because gcc takes the two kinds of call for one when they are branches of an if. */
static __attribute__((noinline)) LONG call_ms(uintptr_t at, EXCEPTION_POINTERS *pointers)
{
    return ((LONG(WVM_WINDOWS_CALL *)(EXCEPTION_POINTERS *))at)(pointers);
}

static LONG call(uint64_t handler, EXCEPTION_POINTERS *pointers)
{
    uintptr_t at = (uintptr_t)(handler & ~MS_BIT);
    if (handler & MS_BIT)
        return call_ms(at, pointers);
    return ((LONG(*)(EXCEPTION_POINTERS *))at)(pointers);
}

/* Takes a free slot; -1: none. */
static int take_slot(struct list *list)
{
    for (unsigned i = 0; i < N_SLOTS; i++) {
        uint64_t expected = FREE;
        if (!__atomic_compare_exchange_n(&list->slots[i].key, &expected, FILLING, false,
                                         __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        unsigned used = __atomic_load_n(&list->used, __ATOMIC_RELAXED);
        while (used < i + 1 && !__atomic_compare_exchange_n(&list->used, &used, i + 1, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        return (int)i;
    }
    return -1;
}

void *wvm_vectored_add(enum wvm_vectored_list which, bool first, void *handler, bool ms)
{
    struct list *list = &lists[which];
    int index = take_slot(list);
    if (index < 0)
        return NULL;
    struct slot *slot = &list->slots[index];
    uint32_t gen = __atomic_add_fetch(&slot->gen, 1, __ATOMIC_RELAXED);
    uint64_t key = first ? __atomic_sub_fetch(&list->first, 1, __ATOMIC_RELAXED)
                         : __atomic_add_fetch(&list->last, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->handler, tagged(handler, ms), __ATOMIC_RELEASE);
    __atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
    wvm_fault_install_all();
    return handle_of(which, (unsigned)index, gen);
}

bool wvm_vectored_remove(enum wvm_vectored_list which, void *handle)
{
    unsigned index = (uintptr_t)handle >> HANDLE_SLOT_SHIFT & (N_SLOTS - 1);
    uint32_t gen = (uint32_t)((uintptr_t)handle >> HANDLE_GEN_SHIFT) & GEN_MASK;
    if (handle != handle_of(which, index, gen))
        return false;
    struct slot *slot = &lists[which].slots[index];
    uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
    uint32_t now = __atomic_load_n(&slot->gen, __ATOMIC_ACQUIRE) & GEN_MASK;
    if (key == FREE || key == FILLING || now != gen)
        return false;
    return __atomic_compare_exchange_n(&slot->key, &key, FREE, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/* The handler with the lowest key above *key, which becomes *key; 0: none. */
static uint64_t next_handler(struct list *list, uint64_t *key)
{
    for (;;) {
        unsigned used = __atomic_load_n(&list->used, __ATOMIC_ACQUIRE);
        struct slot *best = NULL;
        uint64_t lowest = UINT64_MAX;
        for (unsigned i = 0; i < used; i++) {
            uint64_t k = __atomic_load_n(&list->slots[i].key, __ATOMIC_ACQUIRE);
            if (k > *key && k < lowest) {
                lowest = k;
                best = &list->slots[i];
            }
        }
        if (best == NULL)
            return 0;
        uint64_t handler = __atomic_load_n(&best->handler, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&best->key, __ATOMIC_ACQUIRE) == lowest) {
            *key = lowest;
            return handler;
        }
    }
}

bool wvm_vectored_call(enum wvm_vectored_list which, EXCEPTION_POINTERS *pointers)
{
    uint64_t key = FILLING, handler;
    while ((handler = next_handler(&lists[which], &key)) != 0) {
        if (call(handler, pointers) == EXCEPTION_CONTINUE_EXECUTION)
            return true;
    }
    return false;
}

bool wvm_vectored_any(void)
{
    uint64_t key = FILLING;
    return next_handler(&lists[WVM_VECTORED_EXCEPTION], &key) != 0;
}

bool wvm_filter_call(EXCEPTION_POINTERS *pointers, LONG *answer)
{
    uint64_t now = __atomic_load_n(&filter, __ATOMIC_ACQUIRE);
    if (now != 0)
        *answer = call(now, pointers);
    return now != 0;
}

bool wvm_filter_any(void)
{
    return __atomic_load_n(&filter, __ATOMIC_ACQUIRE) != 0;
}

void *wvm_unhandled_filter_set(void *function, bool ms, bool *old_ms)
{
    uint64_t old = __atomic_exchange_n(&filter, function != NULL ? tagged(function, ms) : 0,
                                       __ATOMIC_ACQ_REL);
    if (function != NULL)
        wvm_fault_install_all();
    *old_ms = old & MS_BIT;
    return (void *)(uintptr_t)(old & ~MS_BIT);
}

static LONG WVM_WINDOWS_CALL WVM_ANY_STACK bridge_ms(EXCEPTION_POINTERS *pointers)
{
    return call(__atomic_load_n(&bridged[1], __ATOMIC_ACQUIRE), pointers);
}

static LONG bridge_sysv(EXCEPTION_POINTERS *pointers)
{
    return call(__atomic_load_n(&bridged[0], __ATOMIC_ACQUIRE), pointers);
}

void *wvm_filter_bridge(void *function, bool ms)
{
    __atomic_store_n(&bridged[ms], tagged(function, !ms), __ATOMIC_RELEASE);
    return ms ? (void *)bridge_ms : (void *)bridge_sysv;
}
