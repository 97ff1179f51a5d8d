/* Lists of which any thread may take the first entry and put one in front, without a lock.
 *
 * The head has the layout of a Windows SLIST_HEADER: on 64-bit depth (16 bits), sequence (48) and
 * the first entry (16-byte aligned, its low bits zero); on 32-bit first entry, depth, sequence (16
 * bits each). A zeroed head is an empty list. Entries are the caller's memory; their first word is
 * the link. The memory of an entry that was taken out may go away at once: see slist.c. */
#ifndef WVM_BASE_SLIST_H
#define WVM_BASE_SLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

struct wvm_slist_entry {
    struct wvm_slist_entry *next;
};

#if defined(__x86_64__)
struct wvm_slist {
    uint64_t counts; /* depth, sequence */
    uintptr_t first;
} __attribute__((aligned(16)));
#else
struct wvm_slist {
    uint32_t first;
    uint32_t counts;
} __attribute__((aligned(8)));
#endif

/* Asks the processor; before the first list is used by two threads. Signal safety: yes. */
void wvm_slist_init(void);

/* The first entry, taken out; NULL: the list is empty. */
struct wvm_slist_entry *wvm_slist_pop(struct wvm_slist *list);
/* Puts an entry in front and answers the one behind it. */
struct wvm_slist_entry *wvm_slist_push(struct wvm_slist *list, struct wvm_slist_entry *entry);
/* Takes out all entries: the first one, linked to the rest. */
struct wvm_slist_entry *wvm_slist_flush(struct wvm_slist *list);
/* Entries, modulo 65536. */
static inline uint16_t wvm_slist_depth(const struct wvm_slist *list)
{
    return (uint16_t)__atomic_load_n(&list->counts, __ATOMIC_RELAXED);
}
static inline struct wvm_slist_entry *wvm_slist_first(const struct wvm_slist *list)
{
    return (struct wvm_slist_entry *)((uintptr_t)__atomic_load_n(&list->first, __ATOMIC_ACQUIRE)
                                      & ~(uintptr_t)(sizeof(void *) == 8 ? 15 : 0));
}

/* For the handler of a fault at instruction ip: where to go on when that is a read of a link whose
 * entry may be gone; 0: it is not. */
uintptr_t wvm_slist_mend(uintptr_t ip);

/* For tests: lists work as on a processor without the wide instruction. */
void wvm_slist_force_narrow(bool narrow);

#endif
