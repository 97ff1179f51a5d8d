/* Marks on single pages: see space_overlay.h.
 *
 * I1  n is raised before a mark becomes not 0 and lowered after it became 0 again: n == 0 means
 *     that no mark is set.
 * Locking: none for marks; the space lock for chunks.   Failure: none.
 * Signal safety: wvm_overlay_get, _swap and _next may be called anywhere. */
#include "space/space_overlay.h"

#include "base/assert.h"

uint64_t wvm_overlay_lacks(const struct wvm_overlay *ov, uint64_t lo, uint64_t hi)
{
    for (uint64_t c = lo >> WVM_OVERLAY_SHIFT; c <= (hi - 1) >> WVM_OVERLAY_SHIFT; c++)
        if (!ov->chunk[c])
            return c;
    return WVM_OVERLAY_CHUNKS;
}

void wvm_overlay_add(struct wvm_overlay *ov, uint64_t chunk, void *mem)
{
    if (ov->first == ov->last) {
        ov->first = chunk;
        ov->last = chunk + 1;
    }
    ov->first = wvm_min(ov->first, chunk);
    ov->last = wvm_max(ov->last, chunk + 1);
    __atomic_store_n(&ov->chunk[chunk], mem, __ATOMIC_RELEASE);
}

static void count(struct wvm_overlay *ov, int by)
{
    __atomic_fetch_add(&ov->n, (uint32_t)by, __ATOMIC_ACQ_REL);
}

static uint8_t *mark_of(struct wvm_overlay_chunk *c, uint64_t page)
{
    return &c->mark[page & (WVM_OVERLAY_SPAN - 1)];
}

bool wvm_overlay_swap(struct wvm_overlay *ov, uint64_t page, uint8_t was, uint8_t v)
{
    struct wvm_overlay_chunk *c = wvm_overlay_chunk(ov, page);
    if (!c)
        return false;
    bool sets = !was && v, clears = was && !v;
    if (sets)
        count(ov, 1);
    bool done = __atomic_compare_exchange_n(mark_of(c, page), &was, v, false, __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST);
    if (done ? clears : sets)
        count(ov, -1);
    return done;
}

void wvm_overlay_store(struct wvm_overlay *ov, uint64_t page, uint8_t v)
{
    __atomic_store_n(mark_of(wvm_overlay_chunk(ov, page), page), v, __ATOMIC_RELEASE);
    if (!v)
        count(ov, -1);
}

/* First page of a chunk at or after i, below end, whose mark is not v. */
static uint64_t skip_equal(const struct wvm_overlay_chunk *c, uint64_t i, uint64_t end, uint8_t v)
{
    uint64_t eight = v * 0x0101010101010101u;
    while (i < end) {
        const wvm_word64 *word = (const wvm_word64 *)(const void *)&c->mark[i & ~(uint64_t)7];
        if (i % 8 == 0 && __atomic_load_n(word, __ATOMIC_RELAXED) == eight) {
            i += 8;
            continue;
        }
        if (__atomic_load_n(&c->mark[i], __ATOMIC_ACQUIRE) != v)
            return i;
        i++;
    }
    return end;
}

uint64_t wvm_overlay_next(const struct wvm_overlay *ov, uint64_t page, uint64_t limit, uint8_t *v)
{
    *v = wvm_overlay_get(ov, page);
    while (page < limit) {
        const struct wvm_overlay_chunk *c = wvm_overlay_chunk(ov, page);
        uint64_t base = page & ~(WVM_OVERLAY_SPAN - 1);
        uint64_t end = wvm_min(limit, base + WVM_OVERLAY_SPAN);
        if (!c && *v)
            return page;
        page = c ? base + skip_equal(c, page - base, end - base, *v) : end;
        if (page < end)
            return page;
    }
    return limit;
}

bool wvm_overlay_find(const struct wvm_overlay *ov, uint8_t v, uint64_t *page)
{
    uint64_t end = (uint64_t)ov->last << WVM_OVERLAY_SHIFT;
    uint64_t p = wvm_max(*page, (uint64_t)ov->first << WVM_OVERLAY_SHIFT);
    uint8_t mark;
    for (uint64_t to; p < end; p = to) {
        to = wvm_overlay_next(ov, p, end, &mark);
        if (mark == v) {
            *page = p;
            return true;
        }
    }
    return false;
}
