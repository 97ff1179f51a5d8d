/* Which pages of a sparse backing are committed: a bit a page, and summaries of it.
 *
 * Terms   level 0 = the bits of the pages; level k + 1 = a bit for each word of level k, "it may
 *         have bits". The levels follow each other in the memory, up to one of a single word.
 * I1  Bits only rise. The summaries of a bit are set before it: a process that is killed in between
 *     leaves words that are said to have bits and have none, never the other way round.
 * I2  A search for a committed page costs the height of the summaries, whatever the size; one for a
 *     page that is not committed reads the words of the run before it.
 * The memory is shared with other processes: what they may write to it can make pages look
 * committed and nothing else, since every position is bounded by the number of pages.
 * Locking: none, atomic words.   Failure: none.   Signal safety: all of it. */
#include "base/arith.h"
#include "space/space_view.h"

#define BITS 64u
#define LEVELS 6 /* of 64 ** 6 pages */

struct levels {
    unsigned n;
    uint64_t words[LEVELS]; /* of each level */
    uint64_t first[LEVELS]; /* word, counted from the start of the map */
};

static uint64_t words_of(uint64_t bits)
{
    return (bits + BITS - 1) / BITS;
}

static void find_levels(uint64_t n_pages, struct levels *l)
{
    uint64_t first = 0, words = words_of(n_pages);
    for (l->n = 0; l->n < LEVELS; words = words_of(words)) {
        l->words[l->n] = words;
        l->first[l->n++] = first;
        first += words;
        if (words <= 1)
            return;
    }
}

uint64_t wvm_commits_len(uint64_t n_pages)
{
    struct levels l;
    find_levels(n_pages, &l);
    return (l.first[l.n - 1] + l.words[l.n - 1]) * sizeof(uint64_t);
}

static uint64_t load(const wvm_word64 *map, uint64_t word)
{
    return __atomic_load_n(&map[word], __ATOMIC_ACQUIRE);
}

uint64_t wvm_commits_next(const struct wvm_backing *b, uint64_t i, uint64_t end)
{
    struct levels l;
    unsigned k = 0;
    if (i >= end)
        return end;
    find_levels(b->n_commits, &l);
    for (uint64_t at = i;;) {
        uint64_t w = at / BITS < l.words[k] ? load(b->commits, l.first[k] + at / BITS) >> at % BITS
                                            : 0;
        if (w) {
            at += (uint64_t)__builtin_ctzll(w);
            if (k == 0)
                return wvm_min(at, end);
            at *= BITS;
            k--;
        } else {
            at = at / BITS + 1;
            if (++k == l.n)
                return end;
        }
    }
}

uint64_t wvm_commits_gap(const struct wvm_backing *b, uint64_t i, uint64_t end)
{
    while (i < end) {
        uint64_t w = ~load(b->commits, i / BITS) >> i % BITS;
        if (w)
            return wvm_min(i + (uint64_t)__builtin_ctzll(w), end);
        i += BITS - i % BITS;
    }
    return end;
}

static void set_bits(wvm_word64 *map, uint64_t i, uint64_t end)
{
    while (i < end) {
        uint64_t n = wvm_min(end - i, BITS - i % BITS);
        uint64_t bits = (n == BITS ? UINT64_MAX : ((uint64_t)1 << n) - 1) << i % BITS;
        if (bits & ~load(map, i / BITS))
            __atomic_fetch_or(&map[i / BITS], bits, __ATOMIC_ACQ_REL);
        i += n;
    }
}

void wvm_commits_set(struct wvm_backing *b, uint64_t i, uint64_t end)
{
    struct levels l;
    find_levels(b->n_commits, &l);
    for (unsigned k = l.n - 1; i < end && k > 0; k--) {
        unsigned shift = 6 * k;
        set_bits(b->commits + l.first[k], i >> shift, ((end - 1) >> shift) + 1);
    }
    set_bits(b->commits, i, end);
}
