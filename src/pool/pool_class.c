/* Size classes.
 *
 * Owns   the classes of wvm_pool_map and the tables that lead to them.
 * I1  Up to 256 bytes in steps of 16, then eight steps to each power of two: what a class is larger
 *     than a request is at most 12.5 % of the class, or less than 16 bytes.
 * I2  The bytes that a group leaves over are exactly the size of a class, or none.
 * I3  A slot of a class that is a multiple of a cache line begins at one, in groups of every class:
 *     the rest slot ends its group.
 * I4  The k-th slot of a group of n, rest slot included, begins at k * group / n or behind it, and
 *     before (k + 1) * group / n: offset * n / group numbers the slots of a span without a gap. */
#include "base/assert.h"
#include "pool/pool_internal.h"

struct wvm_pool_map wvm_pool_map;

/* What a magazine may hold of a class, in bytes, and the fewest slots. */
enum { MAGAZINE_BYTES = 131072, MAGAZINE_MIN = 4 };

static uint32_t size_of(unsigned class)
{
    if (class <= 16)
        return 16 * class;
    if (class >= WVM_POOL_PAGE_CLASS)
        return (class - WVM_POOL_PAGE_CLASS + 1) * WVM_POOL_PAGE;
    unsigned octave = (class - 17) / 8, step = (class - 17) % 8 + 1;
    return (256u << octave) + step * (32u << octave);
}

static unsigned class_for(uint32_t size)
{
    unsigned class = 1;
    while (size_of(class) < size)
        class++;
    return class;
}

static void init_class(unsigned class)
{
    struct wvm_pool_class *c = &wvm_pool_map.class[class];
    c->size = size_of(class);
    c->group = class <= WVM_POOL_PAGE_CLASS ? WVM_POOL_PAGE : WVM_POOL_SPAN;
    c->per_group = (uint16_t)(c->group / c->size);
    uint32_t rest = c->group - c->per_group * c->size;
    c->rest = rest ? (uint8_t)class_for(rest) : 0;
    WVM_ASSERT(!rest || size_of(c->rest) == rest);
    c->times = (uint16_t)((c->per_group + (rest != 0)) * (WVM_POOL_SPAN / c->group));
    c->limit = (uint16_t)wvm_max(wvm_min(MAGAZINE_BYTES / c->size, WVM_POOL_SLOTS - 1),
                                 MAGAZINE_MIN);
}

void wvm_pool_classes_init(void)
{
    for (unsigned class = 1; class < WVM_POOL_CLASSES; class++)
        init_class(class);
    for (unsigned i = 1; i <= WVM_POOL_PAGE / 16; i++)
        wvm_pool_map.class_of[i] = (uint8_t)class_for(16 * i);
    for (unsigned i = 0; i <= 64; i++) {
        unsigned class = class_for(i ? 64 * i : 64);
        while (size_of(class) % WVM_POOL_CACHE_LINE)
            class++;
        wvm_pool_map.class_of_line[i] = (uint8_t)class;
    }
}
