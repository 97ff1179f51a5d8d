/* Slots, their states and classes: what every call of this room reads. Terms: pool_internal.h. */
#ifndef WVM_POOL_POOL_MAP_H
#define WVM_POOL_POOL_MAP_H

#include <pthread.h>

#include "base/arith.h"
#include "host/host.h"
#include "pool/pool.h"

enum {
    WVM_POOL_PAGE = 4096,
    WVM_POOL_SPAN = 65536,
    WVM_POOL_SPAN_PAGES = 16,
    WVM_POOL_N_BELOW_PAGE = 47,  /* classes below 4096 bytes: 1 .. 47 */
    WVM_POOL_PAGE_CLASS = 48,    /* one page; 49: two pages ... */
    WVM_POOL_MAX_PAGES = 8,      /* of a class */
    WVM_POOL_CLASSES = WVM_POOL_PAGE_CLASS + WVM_POOL_MAX_PAGES, /* 1 .. 55 */
    WVM_POOL_SHELVES = 256,      /* 64 of each kind, and as many of none */
    WVM_POOL_SLOTS = 128,        /* of a magazine, the first is its head */
    WVM_POOL_ROWS = 16384,
    WVM_POOL_HASH = 1024,        /* values that tags are told by first */
};

/* shelf = kind and class in one number. */
#define WVM_POOL_SHELF(kind, class) ((unsigned)(kind) << 6 | (unsigned)(class))
#define WVM_POOL_SHELF_KIND(shelf) ((shelf) >> 6)
#define WVM_POOL_CLASS_BITS 63u
#define WVM_POOL_SHELF_CLASS(shelf) ((shelf) & WVM_POOL_CLASS_BITS)
static inline bool wvm_pool_is_shelf(size_t shelf)
{
    size_t class = WVM_POOL_SHELF_CLASS(shelf);
    return WVM_POOL_SHELF_KIND(shelf) < WVM_POOL_KINDS && class > 0 && class < WVM_POOL_CLASSES;
}

/* What is known of a slot. `start` is written when it is cut; `use` says how it is used: shelf |
 * row << 8 | the flags below, exclusive-or the process's number, whose bit 31 is set, so that 0 as
 * it stands means: never in use. */
struct wvm_pool_state {
    uint32_t use;   /* (a) */
    uint16_t slack; /* (a) bytes, where use has SLACKED */
    uint16_t start; /* low 16 bits of its address */
};
#define WVM_POOL_SLACKED (1u << 22)
#define WVM_POOL_CHARGED_USE (1u << 23)
#define WVM_POOL_IDLE (1u << 24)
#define WVM_POOL_NO_USE (~0u << 25) /* none of these is in the use of any slot */
#define WVM_POOL_NOT_PLAIN (WVM_POOL_NO_USE | WVM_POOL_IDLE | WVM_POOL_CHARGED_USE)
#define WVM_POOL_USE(row, shelf) ((uint32_t)(row) << 8 | (uint32_t)(shelf))
#define WVM_POOL_USE_ROW(use) ((use) >> 8 & (WVM_POOL_ROWS - 1))
#define WVM_POOL_USE_SHELF(use) ((use) & (WVM_POOL_SHELVES - 1))

/* Of each 64 KiB, whether they are a span: kind, class, and class of the rest slots (0: none). */
struct wvm_pool_place {
    uint8_t kind;
    uint8_t class;   /* 0: no span */
    uint8_t rest;
};
/* Where the states of its slots are: their address << 16 | what an offset in the span is multiplied
 * by, and then divided by 65536, for the slot's index; 0: no span. */
#define WVM_POOL_WHERE(state, times) ((uint64_t)(uintptr_t)(state) << 16 | (times))
#define WVM_POOL_WHERE_STATE(where) ((struct wvm_pool_state *)(uintptr_t)((where) >> 16))
#define WVM_POOL_WHERE_INDEX(where, at) ((uint32_t)(uint16_t)(where) * (uint16_t)(at) >> 16)

struct wvm_pool_class {
    uint32_t size;
    uint32_t group;     /* bytes */
    uint16_t per_group;
    uint16_t limit;     /* slots of a magazine that are used */
    uint16_t times;     /* for WVM_POOL_WHERE */
    uint8_t rest;
};

/* What every call reads; written by wvm_pool_start() alone. */
struct wvm_pool_map {
    uintptr_t base;
    size_t size;      /* 0: not started */
    uint32_t cookie;
    uint64_t canary;
    uint32_t epoch;    /* (a) another one when a span has ended; odd */
    bool late;         /* (a) a look at a slack is left for later */
    bool was_late;     /* (a) it ever was */
    wvm_word64 *where; /* (a) by 64 KiB */
    struct wvm_pool_place *place;
    uint32_t *row_tag;
    uint8_t class_of[257];      /* by (size + 15) / 16, sizes up to a page; of 0: 0 */
    uint8_t class_of_line[65];  /* by (size + 63) / 64: multiples of a cache line */
    struct wvm_pool_class class[64];
};
extern struct wvm_pool_map wvm_pool_map;
void wvm_pool_classes_init(void);

/* 0: larger than every class, or nothing. */
static inline unsigned wvm_pool_class_for(size_t size)
{
    if (WVM_LIKELY(size <= WVM_POOL_PAGE))
        return wvm_pool_map.class_of[(size + 15) / 16];
    if (size <= WVM_POOL_MAX_PAGES * WVM_POOL_PAGE)
        return WVM_POOL_PAGE_CLASS + (unsigned)((size - 1) / WVM_POOL_PAGE);
    return 0;
}

static inline uint32_t wvm_pool_use_get(const struct wvm_pool_state *state)
{
    return __atomic_load_n(&state->use, __ATOMIC_RELAXED) ^ wvm_pool_map.cookie;
}
/* Of a slot whose use has SLACKED. */
static inline size_t wvm_pool_slack(const struct wvm_pool_state *state)
{
    return __atomic_load_n(&state->slack, __ATOMIC_RELAXED);
}
/* Of a slot with this use. */
static inline size_t wvm_pool_slack_of(const struct wvm_pool_state *state, uint32_t use)
{
    return use & WVM_POOL_SLACKED ? wvm_pool_slack(state) : 0;
}
static inline void wvm_pool_use_set(struct wvm_pool_state *state, uint32_t use)
{
    __atomic_store_n(&state->use, use ^ wvm_pool_map.cookie, __ATOMIC_RELAXED);
}

/* Of the bytes behind those asked for the first eight are known, or as many as there are. Where
 * the eight bytes begin; without a branch, as nobody can tell how much slack a block has. */
static inline size_t wvm_pool_canary_at(size_t room, size_t size)
{
    return size < room - sizeof(uint64_t) ? size : room - sizeof(uint64_t);
}
/* With slack. */
static inline void wvm_pool_canary_put(void *block, size_t room, size_t size)
{
    __builtin_memcpy((char *)block + wvm_pool_canary_at(room, size), &wvm_pool_map.canary,
                     sizeof(uint64_t));
}
/* With slack. True: they are as they were. Bytes asked for that are among the eight do not
 * count. */
static inline bool wvm_pool_canary_ok(const void *block, size_t room, size_t slack)
{
    uint64_t word;
    size_t size = room - slack, at = wvm_pool_canary_at(room, size);
    __builtin_memcpy(&word, (const char *)block + at, sizeof(word));
    return (word ^ wvm_pool_map.canary) >> 8 * (size - at) == 0;
}

#endif
