/* The pages of special pool. Nobody outside of pool_special*.c includes it. */
#ifndef WVM_POOL_POOL_SPECIAL_SLOTS_H
#define WVM_POOL_POOL_SPECIAL_SLOTS_H

#include "pool/pool.h"

enum { WVM_SLOT_PAGE = 4096, WVM_SLOTS = 128 };
enum { WVM_CHUNK_PAGES = 2 * WVM_SLOTS + 1 };

enum wvm_slot_state {
    WVM_SLOT_NEVER,   /* no block was ever there */
    WVM_SLOT_LIVE,
    WVM_SLOT_LEAVING, /* its free is being judged */
    WVM_SLOT_FREED,
};

struct wvm_slot {
    uint32_t state; /* (a) enum wvm_slot_state */
    uint32_t tag;
    uint16_t chunk, number; /* which slot it is */
    uint16_t size;          /* as asked for */
    uint16_t start;         /* of the block in its page */
    uint8_t fill, flags;    /* enum wvm_pool_flag */
    bool at_start;
    struct wvm_slot *next;
};

struct wvm_chunk {
    uintptr_t base;
    enum wvm_pool_kind kind;
    struct wvm_slot *slot; /* WVM_SLOTS of them */
};

/* How many bytes of system space all chunks may have together. Once, before all else. */
void wvm_slots_start(size_t reserve);
/* A free slot, its page closed; NULL: none. */
struct wvm_slot *wvm_slot_take(enum wvm_pool_kind kind);
/* Gives a slot back whose page is closed. */
void wvm_slot_give(struct wvm_slot *s);

enum wvm_pool_kind wvm_slot_kind(const struct wvm_slot *s);
uintptr_t wvm_slot_page(const struct wvm_slot *s);
/* Makes its page accessible; its contents are zero. False: it is closed. */
bool wvm_slot_open(const struct wvm_slot *s);
/* Locks an open page in memory where its kind is locked. */
bool wvm_slot_lock(const struct wvm_slot *s);
void wvm_slot_close(const struct wvm_slot *s);

static inline enum wvm_slot_state wvm_slot_state_of(const struct wvm_slot *s)
{
    return (enum wvm_slot_state)__atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
}

static inline void wvm_slot_set_state(struct wvm_slot *s, enum wvm_slot_state state)
{
    __atomic_store_n(&s->state, state, __ATOMIC_RELEASE);
}

/* Where an address lies: in the page of a slot, or in the fence between two. */
struct wvm_place {
    struct wvm_slot *slot;          /* NULL: in a fence */
    struct wvm_slot *before, *behind; /* of a fence; NULL: it is the chunk's first or last */
};
/* False: in no chunk. */
bool wvm_place_find(uintptr_t addr, struct wvm_place *out);
/* Slot number i of all; NULL: there are no more. */
struct wvm_slot *wvm_slot_at(unsigned i);

#endif
