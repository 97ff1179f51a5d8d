/* Lists of which any thread may take the first entry, put one in front, or take all, in the layout
 * of SLIST_HEADER.
 *
 * Terms   first word = the word of the header that has the address of the first entry.
 * I1      Bit 0 of the first word is a lock, held for a few instructions. So the link of an entry
 *         is never read that another thread may have taken, and given back, already.
 * I2      A header of zeros is an empty list.
 * Locking: I1.   Failure: none.   Signal safety: none. */
#include <sched.h>
#include <string.h>

#include "kit/kit.h"

#define LOCKED ((uintptr_t)1)

#if defined(__x86_64__)
#define FIRST_WORD 8
#define COUNTS_WORD 0
#else
#define FIRST_WORD 0
#define COUNTS_WORD 4
#endif
#define ONE_CHANGE 0x10000u /* of the sequence, above the depth */

static uintptr_t *first_of(SLIST_HEADER *list)
{
    return (uintptr_t *)(void *)((char *)list + FIRST_WORD);
}

static uintptr_t *counts_of(SLIST_HEADER *list)
{
    return (uintptr_t *)(void *)((char *)list + COUNTS_WORD);
}

/* The first entry, with the list locked. */
static SLIST_ENTRY *lock(SLIST_HEADER *list)
{
    uintptr_t *word = first_of(list);
    for (;;) {
        uintptr_t first = __atomic_load_n(word, __ATOMIC_RELAXED);
        if (!(first & LOCKED) &&
            __atomic_compare_exchange_n(word, &first, first | LOCKED, true, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return (SLIST_ENTRY *)first;
        if (first & LOCKED)
            sched_yield();
    }
}

/* Lets go, with another first entry and `more` entries than before. */
static void unlock(SLIST_HEADER *list, SLIST_ENTRY *first, int more)
{
    uintptr_t *counts = counts_of(list), is = __atomic_load_n(counts, __ATOMIC_RELAXED);
    uint16_t depth = (uint16_t)((int)(uint16_t)is + more);
    __atomic_store_n(counts, ((is + ONE_CHANGE) & ~(uintptr_t)0xffff) | depth, __ATOMIC_RELAXED);
    __atomic_store_n(first_of(list), (uintptr_t)first, __ATOMIC_RELEASE);
}

VOID wvm_kit_InitializeSListHead(PSLIST_HEADER list)
{
    memset(list, 0, sizeof *list);
}

PSLIST_ENTRY wvm_kit_InterlockedPushEntrySList(PSLIST_HEADER list, PSLIST_ENTRY entry)
{
    SLIST_ENTRY *first = lock(list);
    entry->Next = first;
    unlock(list, entry, 1);
    return first;
}

PSLIST_ENTRY wvm_kit_InterlockedPushListSListEx(PSLIST_HEADER list, PSLIST_ENTRY from,
                                                PSLIST_ENTRY to, ULONG n)
{
    SLIST_ENTRY *first = lock(list);
    to->Next = first;
    unlock(list, from, (int)n);
    return first;
}

PSLIST_ENTRY wvm_kit_InterlockedPopEntrySList(PSLIST_HEADER list)
{
    SLIST_ENTRY *first = lock(list);
    if (first)
        unlock(list, first->Next, -1);
    else
        __atomic_store_n(first_of(list), 0, __ATOMIC_RELEASE);
    return first;
}

PSLIST_ENTRY wvm_kit_InterlockedFlushSList(PSLIST_HEADER list)
{
    SLIST_ENTRY *first = lock(list);
    uintptr_t depth = (uint16_t)__atomic_load_n(counts_of(list), __ATOMIC_RELAXED);
    unlock(list, NULL, -(int)depth);
    return first;
}

USHORT wvm_kit_QueryDepthSList(PSLIST_HEADER list)
{
    return (USHORT)__atomic_load_n(counts_of(list), __ATOMIC_RELAXED);
}

#define WVM_KIT_SLIST
#include "kit/kit_entry.h"
