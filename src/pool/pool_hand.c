/* Ways, and the hands that they keep (struct wvm_pool_way).
 *
 * Terms   a way's hand is a slot of one size, of up to a page; it is out while somebody has the
 *         block, else idle and in no magazine; even = what is asked for fills it, so that there is
 *         no slack.
 * I1  An idle hand is proven, and its state says that it is idle.
 * I2  The hand that is out can be freed by anyone, or never. Whichever block of its shelf and row
 *     the thread frees first is the hand from then on: the pair of calls is counted as one.
 * I3  A hand's state is looked at without a look at its span only while no span has ended since
 *     it was learned (`epoch`): other spans may have its state.
 * I4  No more than PAGES hands of a thread are pages: all pages begin in the same sets of a
 *     processor's first cache. Other ways that are asked for pages take the one that was freed
 *     last: they have NO_HAND, and know the magazine.
 * Locking: none, but for slots that go back to spans.   Failure: NULL, false.   Signal safety: as
 * the fast way. */
#include "pool/pool_fast.h"

enum {
    OTHERS = 1000, /* blocks besides the hand, before it is given up for one of them */
    PAGES = 8,     /* hands of a thread that are pages, at most */
};

/* ---- ways ---- */

struct wvm_pool_way wvm_pool_no_way;

static void set_hand(struct wvm_pool_way *way, unsigned hand)
{
    uint64_t back = way->pairs & ~(uint64_t)WVM_POOL_HAND;
    __atomic_store_n(&way->pairs, back | hand, __ATOMIC_RELAXED);
}

static bool has_page(const struct wvm_pool_way *way)
{
    return way->room == WVM_POOL_PAGE && !(way->pairs & WVM_POOL_NO_HAND);
}

/* The way has no hand, and the next request is to give it one. */
static void make_empty(struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    th->pages -= has_page(way);
    set_hand(way, WVM_POOL_NO_HAND);
    way->bare = way->live ^ way->shelf ^ wvm_pool_map.cookie;
    way->cache = wvm_pool_cache_of(th, way->shelf);
    way->epoch = 0;
    way->room = 0;
    way->block = NULL;
    way->size = SIZE_MAX;
    way->others = 0;
}

struct wvm_pool_way *wvm_pool_way_make(struct wvm_pool_thread *th, unsigned kind, unsigned row)
{
    struct wvm_pool_way *way = &th->way[row];
    if (way->type)
        return way;
    way->tag = wvm_pool_map.row_tag[row];
    way->live = WVM_POOL_USE(row, 0) ^ wvm_pool_map.cookie;
    way->shelf = WVM_POOL_SHELF(kind, 0);
    way->type = wvm_pool_type_of(kind) ^ wvm_pool_map.cookie;
    make_empty(th, way);
    way->next = th->first[wvm_pool_hash(way->tag)];
    th->first[wvm_pool_hash(way->tag)] = way;
    return way;
}

/* ---- hands ---- */

/* The hand goes to the magazine, or is a block as others from now on. False: the magazine is
 * full. */
static bool put_down(struct wvm_pool_way *way)
{
    struct wvm_pool_cache *cache = way->cache;
    if (way->pairs & WVM_POOL_OUT) {
        wvm_pool_add(&way->taken, cache->count);
        wvm_pool_add(&way->pairs, (uint64_t)-WVM_POOL_OUT);
    } else if (!(way->pairs & WVM_POOL_NO_HAND)) {
        if (cache->top == cache->full)
            return false;
        *++cache->top = (struct wvm_pool_slot){way->block, way->state};
    }
    return true;
}

static void learn(struct wvm_pool_way *way, size_t size, struct wvm_pool_cache *cache,
                  uint32_t shelf)
{
    size_t room = cache->room, at = wvm_pool_canary_at(room, size);
    bool even = room == size;
    way->room = (uint32_t)room;
    way->cache = cache;
    way->size = size;
    way->at = (uint16_t)at;
    way->slack = (uint16_t)(room - size);
    way->mask = even ? 0 : ~(uint64_t)0 << 8 * (size - at);
    way->use = way->live ^ shelf ^ (even ? 0 : WVM_POOL_SLACKED);
    way->bare = way->live ^ shelf ^ wvm_pool_map.cookie;
    set_hand(way, even ? 0 : WVM_POOL_UNEVEN);
}

/* The way stays without a hand; requests for a page go to the magazine. */
static void *learn_page(struct wvm_pool_cache *cache, struct wvm_pool_thread *th,
                        struct wvm_pool_way *way, void *block)
{
    make_empty(th, way);
    learn(way, WVM_POOL_PAGE, cache, wvm_pool_shelf_of(th, cache));
    set_hand(way, WVM_POOL_NO_HAND);
    way->others = OTHERS;
    return wvm_pool_taken(th, cache, way, block);
}

void *wvm_pool_hand_learn(struct wvm_pool_state *state, size_t size, struct wvm_pool_cache *cache,
                          struct wvm_pool_thread *th, struct wvm_pool_way *way, void *block)
{
    bool page = cache->room == WVM_POOL_PAGE, none = page && th->pages == PAGES && !has_page(way);
    way->others = OTHERS;
    if (cache->room > WVM_POOL_PAGE || (none && size < WVM_POOL_PAGE) || !put_down(way))
        return wvm_pool_taken(th, cache, way, block);
    if (none)
        return learn_page(cache, th, way, block);
    th->pages += page - has_page(way);
    learn(way, size, cache, wvm_pool_shelf_of(th, cache));
    wvm_pool_hand_is(way, block, state);
    wvm_pool_add(&way->pairs, WVM_POOL_OUT);
    wvm_pool_fast_leave(th);
    return block;
}

static void way_flush(struct wvm_pool_thread *th, struct wvm_pool_way *way)
{
    struct wvm_pool_part *part = &wvm_pool_part[WVM_POOL_SHELF_KIND(way->shelf)];
    struct wvm_pool_slot slot = {way->block, way->state};
    if (!(way->pairs & (WVM_POOL_OUT | WVM_POOL_NO_HAND))) {
        pthread_mutex_lock(&part->lock);
        wvm_pool_slots_give(part, &slot, 1, true);
        pthread_mutex_unlock(&part->lock);
    } else {
        (void)put_down(way);
    }
    make_empty(th, way);
}

void wvm_pool_hands_flush(struct wvm_pool_thread *th)
{
    for (size_t i = 0; i < WVM_POOL_HASH; i++)
        for (struct wvm_pool_way *way = th->first[i]; way->next; way = way->next)
            way_flush(th, way);
}

void wvm_pool_hands_init(struct wvm_pool_thread *th)
{
    for (size_t i = 0; i < WVM_POOL_HASH; i++)
        th->first[i] = &wvm_pool_no_way;
}
