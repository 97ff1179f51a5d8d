/* A general allocator: blocks of up to 32 KiB are of size classes, from slabs, and each thread
 * caches some free ones of each class and gives them back when it ends. A larger block is a
 * reservation of its own, with room to grow, at a multiple of a segment's size as slabs are. */
#include <windows.h>
#include <string.h>
#include "slabs.h"

enum { MOST_CACHED = 64 };
struct cache {
    struct block *free[N_CLASSES];
    unsigned n_free[N_CLASSES];
};

static CRITICAL_SECTION lock;       /* of larges */
static struct segment larges;       /* a ring */
static LONG n_threads;
static DWORD cache_slot, end_slot;
static struct cache no_cache;       /* of a thread whose cache is gone for good */

/* ---- Caches of threads ---- */

static unsigned most_cached(int class)
{
    size_t fit = MOST_SMALL / size_of_class(class);
    return fit > MOST_CACHED ? MOST_CACHED : (unsigned)fit;
}

static struct block *take_one(int class)
{
    struct block *block = NULL;
    slabs_take(class, 1, &block);
    return block;
}

static void give_one(void *at)
{
    struct block *block = at;
    block->next = NULL;
    slabs_give(slab_of(at)->class, 1, &block);
}

static void shrink(struct cache *cache, int class, unsigned keep)
{
    slabs_give(class, cache->n_free[class] - keep, &cache->free[class]);
    cache->n_free[class] = keep;
}

static void flush_cache(struct cache *cache)
{
    int class;
    for (class = 0; class < N_CLASSES; class++)
        shrink(cache, class, 0);
}

/* Blocks that are freed in this thread later go to their slabs at once. */
static VOID NTAPI end_thread(PVOID cache)
{
    if (!cache)
        return;
    TlsSetValue(cache_slot, &no_cache);
    flush_cache(cache);
    give_one(cache);
    InterlockedDecrement(&n_threads);
}

/* NULL: the thread has none, and gets none. */
static struct cache *my_cache(void)
{
    struct cache *cache = TlsGetValue(cache_slot);
    if (cache)
        return cache == &no_cache ? NULL : cache;
    TlsSetValue(cache_slot, &no_cache);     /* should what follows allocate */
    cache = (struct cache *)(void *)take_one(class_of_size(sizeof *cache));
    if (!cache)
        return NULL;
    memset(cache, 0, sizeof *cache);
    if (!FlsSetValue(end_slot, cache)) {
        give_one(cache);
        return NULL;
    }
    InterlockedIncrement(&n_threads);
    TlsSetValue(cache_slot, cache);
    return cache;
}

static void *get_small(int class)
{
    struct cache *cache = my_cache();
    struct block *block;
    if (!cache)
        return take_one(class);
    if (!cache->free[class])
        cache->n_free[class] = slabs_take(class, most_cached(class) / 2 + 1, &cache->free[class]);
    block = cache->free[class];
    if (block) {
        cache->free[class] = block->next;
        cache->n_free[class]--;
    }
    return block;
}

static void free_small(struct block *block)
{
    struct cache *cache = my_cache();
    int class = slab_of(block)->class;
    if (!cache) {
        give_one(block);
        return;
    }
    block->next = cache->free[class];
    cache->free[class] = block;
    if (++cache->n_free[class] > most_cached(class))
        shrink(cache, class, most_cached(class) / 2);
}

void alloc_flush(void)
{
    struct cache *cache = my_cache();
    if (cache)
        flush_cache(cache);
}

/* ---- Large blocks ---- */

/* A reservation with its first page and `large` bytes at `offset` committed. */
static struct segment *reserve_large(size_t large, size_t offset, size_t room)
{
    struct segment *segment = os_reserve(offset + room, SEGMENT);
    if (!segment)
        return NULL;
    if (!os_commit(segment, OS_PAGE) || !os_commit((char *)segment + offset, large)) {
        os_release(segment);
        return NULL;
    }
    segment->large = large;
    return segment;
}

static void *get_large(size_t size, size_t align)
{
    size_t offset = align > OS_PAGE ? align : OS_PAGE, large = round_up(size, OS_PAGE);
    size_t room = round_up(offset + large + large / 8, MOST_ALIGN) - offset;
    struct segment *segment;
    if (size > (size_t)-1 / 4)
        return NULL;
    segment = os_large(offset + room, SEGMENT);
    if (segment) {
        segment->large = room;
        segment->whole = 1;
    } else {
        segment = reserve_large(large, offset, room);
    }
    if (!segment)
        return NULL;
    segment->offset = offset;
    segment->room = room;
    EnterCriticalSection(&lock);
    put_segment(&larges, segment);
    LeaveCriticalSection(&lock);
    return (char *)segment + offset;
}

/* Whether the block could be made so large where it is. */
static int resize_large(struct segment *segment, size_t size)
{
    size_t large = round_up(size, OS_PAGE), old = segment->large;
    char *start = (char *)segment + segment->offset;
    if (size > segment->room || size <= MOST_SMALL)
        return 0;
    if (segment->whole || large == old)
        return 1;
    if (large > old && !os_commit(start + old, large - old))
        return 0;
    EnterCriticalSection(&lock);
    segment->large = large;
    LeaveCriticalSection(&lock);
    if (large < old)
        os_decommit(start + large, old - large);
    return 1;
}

static void free_large(struct segment *segment)
{
    EnterCriticalSection(&lock);
    drop_segment(segment);
    LeaveCriticalSection(&lock);
    os_release(segment);
}

static int is_large(const void *block)
{
    return segment_of(block)->large != 0;
}

/* ---- The calls ---- */

void alloc_start(int plain)
{
    os_start(plain);
    slabs_start();
    InitializeCriticalSection(&lock);
    larges.next = larges.prev = &larges;
    cache_slot = TlsAlloc();
    end_slot = FlsAlloc(end_thread);
}

void *alloc_get(size_t size, size_t align)
{
    size_t power = 16;
    if (align > 16 && size <= MOST_SMALL) {     /* such a class has its blocks where they must be */
        while (power < size || power < align)
            power <<= 1;
        size = power;
    }
    if (align > MOST_ALIGN)
        return NULL;
    return size <= MOST_SMALL ? get_small(class_of_size(size)) : get_large(size, align);
}

void alloc_free(void *block)
{
    if (!block)
        return;
    if (is_large(block))
        free_large(segment_of(block));
    else
        free_small(block);
}

size_t alloc_size(const void *block)
{
    return is_large(block) ? segment_of(block)->large : size_of_class(slab_of(block)->class);
}

void *alloc_resize(void *block, size_t size)
{
    size_t old = block ? alloc_size(block) : 0;
    void *to;
    if (block && is_large(block) && resize_large(segment_of(block), size))
        return block;
    if (block && !is_large(block) && size <= old && size >= old / 2)
        return block;
    to = alloc_get(size, 16);
    if (to && block) {
        memcpy(to, block, old < size ? old : size);
        alloc_free(block);
    }
    return to;
}

void alloc_trim(void)
{
    slabs_trim();
}

struct alloc_stats alloc_stats(void)
{
    struct alloc_stats stats = {0};
    struct segment *segment;
    slabs_stats(&stats);
    EnterCriticalSection(&lock);
    for (segment = larges.next; segment != &larges; segment = segment->next) {
        stats.large++;
        stats.committed += segment->large + (segment->whole ? segment->offset : OS_PAGE);
    }
    LeaveCriticalSection(&lock);
    stats.threads = (size_t)n_threads;
    return stats;
}

int alloc_check(void)
{
    struct segment *segment;
    int right = slabs_check();
    EnterCriticalSection(&lock);
    for (segment = larges.next; segment != &larges; segment = segment->next) {
        size_t books = segment->large + (segment->whole ? segment->offset : OS_PAGE);
        right &= os_committed(segment, segment->offset + segment->room) == books;
    }
    LeaveCriticalSection(&lock);
    return right;
}
