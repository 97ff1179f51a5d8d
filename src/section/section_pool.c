/* Type-stable memory for section objects, image descriptions and names.
 *
 * Owns     static tables of blocks; a block comes when its first object is wanted, and stays.
 * Terms    head = the top of the stack of free objects and a count of its changes, in one word.
 * I1       An object is on the stack, or never used (its number is not below `used`), or its
 *          owner's. Only a dead object is on the stack.
 * I2       The count in the head changes with every change of the stack, so that a stale head is
 *          never taken for the present one; reading `next` of an object that somebody took is
 *          harmless, since the table is never anything else.
 * I3       The block of every number below `used` is there.
 * Locking  none, compare and swap.   Failure: NULL, nothing changed.
 * Signal safety: all functions. fork: the child's tables are its own copies. */
#include "section/section_pool.h"

#include "base/arith.h"
#include "host/host.h"

#define BLOCKS 256u
#define NONE UINT32_MAX

struct table {
    wvm_word64 head;        /* (a) low half: number + 1 of the top, 0: empty; high: the count */
    uint32_t used;          /* (a) */
    uint32_t per_block;     /* (c) objects */
    size_t size;            /* (c) of an object, bytes */
    uint32_t *next;         /* (a) of each object on the stack: number + 1 of the one below */
    char *block[BLOCKS];    /* (a) set once */
};

#define TABLE(type, n)                                                        \
    {                                                                         \
        .per_block = (n), .size = sizeof(type), .next = (uint32_t[BLOCKS * (n)]) { 0 } \
    }
static struct table sections = TABLE(struct wvm_section, 256u);
static struct table images = TABLE(struct wvm_image_info, 16u);
static struct table texts = TABLE(struct wvm_section_text, 64u);

static uint64_t head_with(uint64_t old, uint32_t top)
{
    return ((old >> 32) + 1) << 32 | top;
}

/* The block for a number is there. Who loses the race for it leaves address space behind. */
static bool have_block(struct table *t, uint32_t at)
{
    char **block = &t->block[at / t->per_block], *none = NULL;
    size_t len = wvm_align_up(t->per_block * t->size, WVM_PAGE_SIZE);
    void *mem;
    if (__atomic_load_n(block, __ATOMIC_ACQUIRE))
        return true;
    if (wvm_host.meta(len, &mem) != 0)
        return false;
    if (!__atomic_compare_exchange_n(block, &none, mem, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        (void)wvm_host.unmap((uintptr_t)mem, len);
    return true;
}

static void *object_at(struct table *t, uint32_t at)
{
    return __atomic_load_n(&t->block[at / t->per_block], __ATOMIC_ACQUIRE) +
           at % t->per_block * t->size;
}

static uint32_t number_of(struct table *t, const void *object)
{
    for (uint32_t i = 0; i < BLOCKS; i++) {
        uintptr_t block = (uintptr_t)__atomic_load_n(&t->block[i], __ATOMIC_ACQUIRE);
        uintptr_t offset = (uintptr_t)object - block;
        if (block && offset < t->per_block * t->size)
            return i * t->per_block + (uint32_t)(offset / t->size);
    }
    return NONE;
}

/* One that was never used, or NONE. */
static uint32_t take_fresh(struct table *t)
{
    uint32_t used = __atomic_load_n(&t->used, __ATOMIC_RELAXED);
    do {
        if (used == BLOCKS * t->per_block || !have_block(t, used))
            return NONE;
    } while (!__atomic_compare_exchange_n(&t->used, &used, used + 1, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED));
    return used;
}

static void *take(struct table *t)
{
    uint64_t head = __atomic_load_n(&t->head, __ATOMIC_ACQUIRE);
    while ((uint32_t)head != 0) {
        uint32_t at = (uint32_t)head - 1;
        uint32_t below = __atomic_load_n(&t->next[at], __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(&t->head, &head, head_with(head, below), true,
                                        __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
            return object_at(t, at);
    }
    uint32_t fresh = take_fresh(t);
    return fresh == NONE ? NULL : object_at(t, fresh);
}

static void give(struct table *t, const void *object)
{
    uint32_t at = number_of(t, object);
    uint64_t head = __atomic_load_n(&t->head, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&t->next[at], (uint32_t)head, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&t->head, &head, head_with(head, at + 1), true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

struct wvm_section *wvm_section_take(void)
{
    return take(&sections);
}

void wvm_section_give(struct wvm_section *s)
{
    give(&sections, s);
}

struct wvm_section *wvm_section_at(uint32_t i)
{
    return i < __atomic_load_n(&sections.used, __ATOMIC_ACQUIRE) ? object_at(&sections, i) : NULL;
}

struct wvm_image_info *wvm_image_info_take(void)
{
    return take(&images);
}

void wvm_image_info_give(struct wvm_image_info *info)
{
    give(&images, info);
}

struct wvm_section_text *wvm_section_text_take(void)
{
    return take(&texts);
}

void wvm_section_text_give(struct wvm_section_text *text)
{
    give(&texts, text);
}
