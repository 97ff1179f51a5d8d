/* The usual call: neighbouring frames, on pages of one leaf. What it costs beyond the host's call
 * is what a program notices that maps a window again and again.
 *
 * I1  Slots and words of such a run are arrays, and nothing in it is named twice: nothing is
 *     marked.
 * I2  Where a run takes the place of a run only translations change: its pages have their states
 *     (space_physical.c I1), and of all marks only locks are left on windows.
 * Locking: the space lock, held by the caller.   Failure: the long way decides.
 * Signal safety: not for handlers. */
#include "space/space_physical_parts.h"

/* Pages [lo, lo + n) and frames [index, index + n). */
struct run {
    struct wvm_alloc *a;
    uint64_t lo;
    uint32_t n, index;
    uint32_t *slot;
    uintptr_t *word;
};

/* 16 bytes of slots or words. Blocks of a granule's pages have no branches: a processor that
 * forgets them with each system call would miss the end of every short loop. */
typedef uint32_t slots __attribute__((vector_size(16), aligned(4), may_alias));
typedef uintptr_t words __attribute__((vector_size(16), aligned(sizeof(uintptr_t)), may_alias));
#ifdef __LP64__
#define FIRST_WORDS ((words){0, 1})
#else
#define FIRST_WORDS ((words){0, 1, 2, 3})
#endif
#define N_SLOTS ((uint32_t)(sizeof(slots) / sizeof(uint32_t)))
#define N_WORDS ((uint32_t)(sizeof(words) / sizeof(uintptr_t)))
#define BLOCK ((uint32_t)WVM_PAGES_PER_GRANULE)

/* Slots [0, n) are not first, first + 1 ... */
static bool differ(const uint32_t *slot, uint32_t n, uint32_t first)
{
    slots seen = {0}, want = (slots){0, 1, 2, 3} + first;
    uint32_t rest = 0, i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (uint32_t k = 0; k < BLOCK; k += N_SLOTS, want += N_SLOTS)
            seen |= *(const slots *)(slot + i + k) ^ want;
    for (; i < n; i++)
        rest |= slot[i] ^ (first + i);
    return rest | seen[0] | seen[1] | seen[2] | seen[3];
}

static void fill_slots(uint32_t *slot, uint32_t n, uint32_t first)
{
    slots value = (slots){0, 1, 2, 3} + first;
    uint32_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (uint32_t k = 0; k < BLOCK; k += N_SLOTS, value += N_SLOTS)
            *(slots *)(slot + i + k) = value;
    for (; i < n; i++)
        slot[i] = first + i;
}

/* Some of words [0, n) is not IDLE. */
static bool busy(const uintptr_t *word, uint32_t n)
{
    words seen = {0};
    uintptr_t rest = 0;
    uint32_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (uint32_t k = 0; k < BLOCK; k += N_WORDS)
            seen |= *(const words *)(word + i + k) ^ WVM_FRAME_IDLE;
    for (; i < n; i++)
        rest |= word[i] ^ WVM_FRAME_IDLE;
#pragma GCC unroll 4
    for (i = 0; i < N_WORDS; i++)
        rest |= seen[i];
    return rest;
}

/* Words [0, n) become IDLE. */
static void fill_idle(uintptr_t *word, uint32_t n)
{
    const words idle = (words){0} + WVM_FRAME_IDLE;
    uint32_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (uint32_t k = 0; k < BLOCK; k += N_WORDS)
            *(words *)(word + i + k) = idle;
    for (; i < n; i++)
        word[i] = WVM_FRAME_IDLE;
}

/* Words [0, n) become page, page + 1 ... */
static void fill_pages(uintptr_t *word, uint32_t n, uintptr_t page)
{
    words value = FIRST_WORDS + page;
    uint32_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (uint32_t k = 0; k < BLOCK; k += N_WORDS, value += N_WORDS)
            *(words *)(word + i + k) = value;
    for (; i < n; i++)
        word[i] = page + i;
}

static inline bool in_segment(const struct wvm_frames *f, uint32_t index, uint32_t n)
{
    return index && n <= f->n - index &&
           wvm_frame_segment(index) == wvm_frame_segment(index + n - 1);
}

/* False: the call is not of that kind, or has to fail. */
static bool find_run(struct wvm_space *sp, const struct wvm_frames_map *m, struct run *r)
{
    struct wvm_frames *f = &sp->frames;
    r->lo = wvm_page_of(m->start);
    r->a = wvm_window_of(sp, r->lo);
    if (!r->a || m->n > r->a->end - r->lo ||
        (r->lo ^ (r->lo + m->n - 1)) >> WVM_FRAME_LEAF_BITS)
        return false;
    r->n = (uint32_t)m->n;
    r->index = wvm_frame_index(f, m->first);
    if (!in_segment(f, r->index, r->n))
        return false;
    r->word = wvm_frame_word(f, r->index);
    if (WVM_LIKELY(!busy(r->word, r->n)))
        return true;
    for (uint32_t i = 0; i < r->n; i++)
        if (r->word[i] != WVM_FRAME_IDLE && r->word[i] - (uintptr_t)r->lo >= r->n)
            return false;
    return true;
}

/* The frames that the run's pages show are shown no more. *edges: borders between them. Returns how
 * many pages show none. */
static int drop_shown(struct wvm_frames *f, const struct run *r, int *edges)
{
    int fresh = 0;
    *edges = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t old = r->slot[i];
        *edges += i && wvm_frames_border(r->slot[i - 1], old);
        fresh += !old;
        if (old)
            *wvm_frame_word(f, old) = WVM_FRAME_IDLE;
    }
    return fresh;
}

/* The translations of a run that is mapped. `same`: its pages showed a run before. */
static void translate_run(struct wvm_space *sp, const struct run *r, bool same)
{
    struct wvm_frames *f = &sp->frames;
    uint32_t left = wvm_window_shown(sp, r->lo - 1), right = wvm_window_shown(sp, r->lo + r->n);
    int edges = wvm_frames_border(left, r->index) - wvm_frames_border(left, r->slot[0]) +
                wvm_frames_border(r->index + r->n - 1, right) -
                wvm_frames_border(r->slot[r->n - 1], right);
    int between = 0, fresh = 0;
    if (WVM_LIKELY(same))
        fill_idle(wvm_frame_word(f, r->slot[0]), r->n);
    else
        fresh = drop_shown(f, r, &between);
    sp->n_edges += edges - between;
    fill_slots(r->slot, r->n, r->index);
    fill_pages(r->word, r->n, (uintptr_t)r->lo);
    if (fresh)
        wvm_frames_count(f, r->lo, fresh);
}

/* False: the long way is to be gone. Where a run takes the place of a run only translations change:
 * its pages have their states (I1), and only locks leave marks on windows. */
bool wvm_window_map_run(struct wvm_space *sp, const struct wvm_frames_map *m)
{
    struct wvm_frames *f = &sp->frames;
    struct run r;
    if (!find_run(sp, m, &r) || sp->n_edges + 2 >= sp->calm_below)
        return false;
    if (!wvm_frames_stocked(f, r.lo, r.lo + r.n) && !wvm_frames_stock(sp, r.lo, r.lo + r.n))
        return false;
    r.slot = wvm_frame_slot(f, r.lo);
    bool same = in_segment(f, r.slot[0], r.n) && !differ(r.slot, r.n, r.slot[0]);
    bool plain = same && !sp->n_locked;
    if (!plain && !wvm_space_stock(sp, 0, 0))
        return false;
    if (wvm_window_show(sp, r.lo, r.n, r.index)) {
        wvm_window_put_back(sp, r.lo, r.lo + r.n);
        return false;
    }
    translate_run(sp, &r, same);
    if (!plain)
        wvm_window_enter(sp, r.a, r.lo, r.lo + r.n);
    return true;
}
