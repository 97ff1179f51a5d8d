/* The pages of special pool: taken in chunks, handed out one by one.
 *
 * Owns     chunks and slots.
 * Terms    slot = a data page with what is known of it; fence = the page before each slot, and the
 *          one behind the last of a chunk, never accessible; chunk = WVM_SLOTS slots of one kind
 *          with their fences; returned = slots given back that no allocation has sorted in yet.
 * I1       Chunks and slots are never given back: an address that was a block's once stays known.
 * I2       Slots that were given back wait in that order, behind all that were never used: the
 *          one handed out next is the one whose page has been closed for longest.
 * I3       What a chunk says is written before it is counted, and constant.
 * I4       Pages of live blocks of non-paged memory are locked, unless the option pool-lock is off.
 * I5       Pages are open in a quarter of as many places as the host allows mappings, at most: each
 *          of them costs two.
 * Locking  `lock` for the lists and new chunks, before the lock of a part. Giving and finding take
 *          none. Taking is for threads inside the room: fork finds the lock free.
 * Failure  NULL.   Signal safety: finding. */
#include "pool/pool_special_slots.h"

#include <pthread.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"

enum { MOST_CHUNKS = 1024 };

static struct wvm_chunk chunks[MOST_CHUNKS];
static unsigned n_chunks; /* (a) */
static size_t reserve_left;
static size_t n_open; /* (a) pages */

struct list {
    struct wvm_slot *first, *last;
};

/* Free slots of one kind. */
static struct {
    struct list fresh, used;
    struct wvm_slot *returned; /* (a) the latest first */
} lists[WVM_POOL_KINDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void wvm_slots_start(size_t reserve)
{
    reserve_left = reserve;
}

/* ---- lists ---- */

static void append(struct list *list, struct wvm_slot *s)
{
    s->next = NULL;
    if (list->first == NULL)
        list->first = s;
    else
        list->last->next = s;
    list->last = s;
}

static struct wvm_slot *take_first(struct list *list)
{
    struct wvm_slot *s = list->first;
    if (s != NULL)
        list->first = s->next;
    return s;
}

void wvm_slot_give(struct wvm_slot *s)
{
    struct wvm_slot **returned = &lists[wvm_slot_kind(s)].returned;
    s->next = __atomic_load_n(returned, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(returned, &s->next, s, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        continue;
}

/* Moves what was returned to the list of used slots, in the order in which it came. */
static void sort_in(enum wvm_pool_kind kind)
{
    struct wvm_slot *s = __atomic_exchange_n(&lists[kind].returned, NULL, __ATOMIC_ACQUIRE);
    struct wvm_slot *oldest = NULL, *next;
    for (; s != NULL; s = next) {
        next = s->next;
        s->next = oldest;
        oldest = s;
    }
    for (; oldest != NULL; oldest = next) {
        next = oldest->next;
        append(&lists[kind].used, oldest);
    }
}

/* ---- chunks ---- */

static bool make_slots(void *base, struct wvm_slot **out)
{
    void *at;
    if (wvm_host.meta(wvm_align_up(WVM_SLOTS * sizeof(struct wvm_slot), WVM_SLOT_PAGE), &at) == 0) {
        *out = at;
        return true;
    }
    wvm_pool_pages_give(base);
    return false;
}

/* False: the reserve is used up, or there is no memory. */
static bool add_chunk(enum wvm_pool_kind kind)
{
    unsigned n = n_chunks;
    struct wvm_chunk *c = &chunks[n];
    size_t len = (size_t)WVM_CHUNK_PAGES * WVM_SLOT_PAGE;
    if (n == MOST_CHUNKS || reserve_left < len)
        return false;
    void *base = wvm_pool_pages_take(kind, WVM_CHUNK_PAGES);
    if (base == NULL || !make_slots(base, &c->slot))
        return false;
    c->base = (uintptr_t)base;
    c->kind = kind;
    reserve_left -= len;
    for (unsigned i = 0; i < WVM_SLOTS; i++) {
        c->slot[i].chunk = (uint16_t)n;
        c->slot[i].number = (uint16_t)i;
        append(&lists[kind].fresh, &c->slot[i]);
    }
    __atomic_store_n(&n_chunks, n + 1, __ATOMIC_RELEASE);
    return true;
}

struct wvm_slot *wvm_slot_take(enum wvm_pool_kind kind)
{
    pthread_mutex_lock(&lock);
    struct wvm_slot *s = take_first(&lists[kind].fresh);
    if (s == NULL && add_chunk(kind))
        s = take_first(&lists[kind].fresh);
    if (s == NULL) {
        sort_in(kind);
        s = take_first(&lists[kind].used);
    }
    pthread_mutex_unlock(&lock);
    return s;
}

/* ---- pages ---- */

enum wvm_pool_kind wvm_slot_kind(const struct wvm_slot *s)
{
    return chunks[s->chunk].kind;
}

uintptr_t wvm_slot_page(const struct wvm_slot *s)
{
    return chunks[s->chunk].base + ((uintptr_t)s->number * 2 + 1) * WVM_SLOT_PAGE;
}

bool wvm_slot_lock(const struct wvm_slot *s)
{
    return wvm_slot_kind(s) == WVM_POOL_PAGED || !wvm_option(WVM_OPTION_POOL_LOCK) ||
           wvm_host.lock(wvm_slot_page(s), WVM_SLOT_PAGE) == 0;
}

bool wvm_slot_open(const struct wvm_slot *s)
{
    unsigned prot = WVM_HOST_R | WVM_HOST_W;
    if (wvm_slot_kind(s) == WVM_POOL_EXEC)
        prot |= WVM_HOST_X;
    if (__atomic_fetch_add(&n_open, 1, __ATOMIC_RELAXED) < wvm_host_caps.max_map_count / 4 &&
        wvm_host.protect(wvm_slot_page(s), WVM_SLOT_PAGE, prot) == 0 && wvm_slot_lock(s))
        return true;
    wvm_slot_close(s);
    return false;
}

/* Where the host cannot drop the page it closes it at least. */
void wvm_slot_close(const struct wvm_slot *s)
{
    uintptr_t page = wvm_slot_page(s);
    __atomic_fetch_sub(&n_open, 1, __ATOMIC_RELAXED);
    if (wvm_host.discard(page, WVM_SLOT_PAGE) != 0)
        (void)wvm_host.protect(page, WVM_SLOT_PAGE, WVM_HOST_NONE);
}

/* ---- finding ---- */

static void describe_page(const struct wvm_chunk *c, unsigned page, struct wvm_place *out)
{
    unsigned n = page / 2;
    if (page % 2 != 0)
        *out = (struct wvm_place){.slot = &c->slot[n]};
    else
        *out = (struct wvm_place){.before = n > 0 ? &c->slot[n - 1] : NULL,
                                  .behind = n < WVM_SLOTS ? &c->slot[n] : NULL};
}

bool wvm_place_find(uintptr_t addr, struct wvm_place *out)
{
    unsigned n = __atomic_load_n(&n_chunks, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < n; i++)
        if (addr - chunks[i].base < (uintptr_t)WVM_CHUNK_PAGES * WVM_SLOT_PAGE) {
            describe_page(&chunks[i], (unsigned)((addr - chunks[i].base) / WVM_SLOT_PAGE), out);
            return true;
        }
    return false;
}

struct wvm_slot *wvm_slot_at(unsigned i)
{
    unsigned chunk = i / WVM_SLOTS;
    return chunk < __atomic_load_n(&n_chunks, __ATOMIC_ACQUIRE)
               ? &chunks[chunk].slot[i % WVM_SLOTS]
               : NULL;
}
