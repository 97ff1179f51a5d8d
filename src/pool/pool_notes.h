/* The table of call sites, between pool_trace.c and pool_leaks.c. */
#ifndef WVM_POOL_POOL_NOTES_H
#define WVM_POOL_POOL_NOTES_H

#include "pool/pool.h"

/* All (a) but addr and next, which are constant once the note is in its chain. */
struct wvm_pool_note {
    uintptr_t addr;
    uintptr_t allocated, freed; /* where the calls returned to */
    size_t size, room;
    uint32_t tag;
    uint32_t next; /* number + 1 of the note behind in the chain; 0: none */
    bool live, paged;
};

/* Notes made so far: numbers 0 .. that - 1. */
uint32_t wvm_pool_notes(void);
/* NULL: there was no memory for it. One without an address is not in use yet. */
struct wvm_pool_note *wvm_pool_note_at(uint32_t number);

#endif
