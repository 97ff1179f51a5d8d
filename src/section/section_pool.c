/* Type-stable memory for section objects, image descriptions and names.
 *
 * Owns     static tables; only the pages of what was used are ever touched.
 * Terms    head = the top of the stack of free objects and a count of its changes, in one word.
 * I1       An object is on the stack, or never used (its number is not below `used`), or its
 *          owner's. Only a dead object is on the stack.
 * I2       The count in the head changes with every change of the stack, so that a stale head is
 *          never taken for the present one; reading `next` of an object that somebody took is
 *          harmless, since the table is never anything else.
 * Locking  none, compare and swap.   Failure: NULL, nothing changed.
 * Signal safety: all functions. fork: the child's tables are its own copies. */
#include "section/section_pool.h"

#define N_SECTIONS 65536u
#define N_IMAGES 4096u
#define N_TEXTS 16384u

struct stack {
    uint64_t head;  /* (a) low half: number + 1 of the top, 0: empty; high half: the count */
    uint32_t used;  /* (a) */
    uint32_t n;
    uint32_t *next; /* (a) of each object on the stack: number + 1 of the one below */
};

static struct wvm_section sections[N_SECTIONS];
static uint32_t section_next[N_SECTIONS];
static struct stack section_stack = {.n = N_SECTIONS, .next = section_next};

static struct wvm_image_info images[N_IMAGES];
static uint32_t image_next[N_IMAGES];
static struct stack image_stack = {.n = N_IMAGES, .next = image_next};

static struct wvm_section_text texts[N_TEXTS];
static uint32_t text_next[N_TEXTS];
static struct stack text_stack = {.n = N_TEXTS, .next = text_next};

static uint64_t head_with(uint64_t old, uint32_t top)
{
    return ((old >> 32) + 1) << 32 | top;
}

/* The number of an object, or UINT32_MAX. */
static uint32_t take(struct stack *st)
{
    uint64_t head = __atomic_load_n(&st->head, __ATOMIC_ACQUIRE);
    while ((uint32_t)head != 0) {
        uint32_t at = (uint32_t)head - 1;
        uint32_t below = __atomic_load_n(&st->next[at], __ATOMIC_RELAXED);
        if (__atomic_compare_exchange_n(&st->head, &head, head_with(head, below), true,
                                        __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
            return at;
    }
    uint32_t used = __atomic_load_n(&st->used, __ATOMIC_RELAXED);
    while (used < st->n && !__atomic_compare_exchange_n(&st->used, &used, used + 1, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return used < st->n ? used : UINT32_MAX;
}

static void give(struct stack *st, uint32_t at)
{
    uint64_t head = __atomic_load_n(&st->head, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&st->next[at], (uint32_t)head, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&st->head, &head, head_with(head, at + 1), true,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

struct wvm_section *wvm_section_take(void)
{
    uint32_t at = take(&section_stack);
    return at == UINT32_MAX ? NULL : &sections[at];
}

void wvm_section_give(struct wvm_section *s)
{
    give(&section_stack, (uint32_t)(s - sections));
}

struct wvm_section *wvm_section_at(uint32_t i)
{
    return i < __atomic_load_n(&section_stack.used, __ATOMIC_RELAXED) ? &sections[i] : NULL;
}

struct wvm_image_info *wvm_image_info_take(void)
{
    uint32_t at = take(&image_stack);
    return at == UINT32_MAX ? NULL : &images[at];
}

void wvm_image_info_give(struct wvm_image_info *info)
{
    give(&image_stack, (uint32_t)(info - images));
}

struct wvm_section_text *wvm_section_text_take(void)
{
    uint32_t at = take(&text_stack);
    return at == UINT32_MAX ? NULL : &texts[at];
}

void wvm_section_text_give(struct wvm_section_text *text)
{
    give(&text_stack, (uint32_t)(text - texts));
}
