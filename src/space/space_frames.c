/* The tables of frames and translations.
 *
 * I1  A frame whose word is a page is shown by exactly that page, and the other way round: word and
 *     slot name each other. `mapped` is how many do.
 * I2  An index below n and not 0 is owned (its word is not NONE), in `free`, or on its way from one
 *     to the other outside the lock; charged = owned + those on their way.
 * I3  A leaf exists while some page of it shows a frame; an empty one that was stocked for a call
 *     stays until the last of its pages loses its frame. Spare leaves are zero but for the link.
 * I4  Runs of indices that were free together are handed out together where they fit, the lowest
 *     first; else new indices are. When most indices are free, pieces are used up before that: the
 *     tables stay as long as twice what was owned at most.
 * Locking: the space lock.   Failure: no memory for tables, nothing changed.
 * Signal safety: none of it. */
#include "space/space_frames.h"

#include "space/space_internal.h"

#define LEAVES_AT_ONCE 16u
#define LOOSE 65536u /* indices that may be free in pieces before these are used up */

/* ---- indices ---- */

static size_t segment_len(unsigned k)
{
    return ((size_t)(k ? 2048u << k : 4096u)) * sizeof(uintptr_t);
}

/* Indices below end have words. */
static bool extend(struct wvm_space *sp, uint64_t end)
{
    struct wvm_frames *f = &sp->frames;
    if (end > WVM_FRAMES_MAX)
        return false;
    for (unsigned k = 0; k <= wvm_frame_segment((uint32_t)(end - 1)); k++) {
        void *mem;
        if (f->word[k])
            continue;
        if (!wvm_space_take_meta(sp, segment_len(k), &mem))
            return false;
        f->word[k] = mem;
    }
    return true;
}

/* Nodes of `free` are not to be taken for those of free address space. */
static void count_gaps(struct wvm_space *sp, uint32_t used_before)
{
    wvm_store_flush(&sp->store);
    sp->frames.n_gaps += wvm_cells_used(&sp->store.gap) - used_before;
}

static uint32_t place_free(struct wvm_space *sp, uint64_t n)
{
    struct wvm_frames *f = &sp->frames;
    uint32_t used = wvm_cells_used(&sp->store.gap);
    uint32_t first = n < WVM_FRAMES_MAX
                         ? wvm_gaps_place(&sp->store, &f->free, (uint32_t)n, false)
                         : 0;
    count_gaps(sp, used);
    return first;
}

static uint32_t place_piece(struct wvm_space *sp, uint64_t n, uint64_t *got)
{
    struct wvm_frames *f = &sp->frames;
    uint32_t a, b;
    if (!wvm_gaps_overlap(&sp->store, &f->free, 1, f->n ? f->n : 1, &a, &b))
        return 0;
    *got = wvm_min(n, b - a);
    uint32_t used = wvm_cells_used(&sp->store.gap);
    wvm_gaps_take(&sp->store, &f->free, a, a + (uint32_t)*got);
    count_gaps(sp, used);
    return a;
}

static uint32_t place_new(struct wvm_space *sp, uint64_t n)
{
    struct wvm_frames *f = &sp->frames;
    uint32_t first = f->n ? f->n : 1;
    if (!extend(sp, first + n))
        return 0;
    f->n = first + (uint32_t)n;
    return first;
}

uint32_t wvm_frames_place(struct wvm_space *sp, uint64_t n, uint64_t *got)
{
    struct wvm_frames *f = &sp->frames;
    *got = n;
    uint32_t first = place_free(sp, n);
    bool loose = f->free.total > f->n / 2 + LOOSE;
    if (!first && loose)
        first = place_piece(sp, n, got);
    if (!first)
        first = place_new(sp, n);
    return first ? first : place_piece(sp, n, got);
}

void wvm_frames_give(struct wvm_space *sp, uint32_t first, uint64_t n)
{
    uint32_t used = wvm_cells_used(&sp->store.gap);
    wvm_gaps_give(&sp->store, &sp->frames.free, first, first + (uint32_t)n);
    count_gaps(sp, used);
}

/* ---- leaves ---- */

static struct wvm_frame_mid *make_mid(struct wvm_space *sp, uint64_t block)
{
    struct wvm_frame_mid **mid = &sp->frames.mid[block >> WVM_FRAME_MID_BITS];
    void *mem;
    if (!*mid && wvm_space_take_meta(sp, sizeof **mid, &mem))
        *mid = mem;
    return *mid;
}

static void keep_leaf(struct wvm_frames *f, struct wvm_frame_leaf *leaf)
{
    __builtin_memcpy(leaf->frame, &f->spare, sizeof f->spare);
    f->spare = leaf;
}

static struct wvm_frame_leaf *take_leaf(struct wvm_space *sp)
{
    struct wvm_frames *f = &sp->frames;
    void *mem;
    if (!f->spare) {
        if (!wvm_space_take_meta(sp, LEAVES_AT_ONCE * sizeof *f->spare, &mem))
            return NULL;
        for (unsigned i = LEAVES_AT_ONCE; i-- > 0;)
            keep_leaf(f, (struct wvm_frame_leaf *)mem + i);
    }
    struct wvm_frame_leaf *leaf = f->spare;
    __builtin_memcpy(&f->spare, leaf->frame, sizeof f->spare);
    __builtin_memset(leaf->frame, 0, sizeof f->spare);
    return leaf;
}

bool wvm_frames_stock(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t last = (hi - 1) >> WVM_FRAME_LEAF_BITS;
    for (uint64_t block = lo >> WVM_FRAME_LEAF_BITS; block <= last; block++) {
        if (block == f->near && f->near_leaf)
            continue;
        struct wvm_frame_mid *mid = make_mid(sp, block);
        unsigned i = block & ((1u << WVM_FRAME_MID_BITS) - 1);
        if (mid && !mid->part[i].leaf)
            mid->part[i].leaf = take_leaf(sp);
        if (!mid || !mid->part[i].leaf) {
            wvm_space_fail(STATUS_NO_MEMORY, "no memory for winvm's own tables", 0);
            return false;
        }
        f->near = block;
        f->near_leaf = mid->part[i].leaf;
    }
    return true;
}

void wvm_frames_count(struct wvm_frames *f, uint64_t page, int n)
{
    uint64_t block = page >> WVM_FRAME_LEAF_BITS;
    struct wvm_frame_mid *mid = f->mid[block >> WVM_FRAME_MID_BITS];
    unsigned i = block & ((1u << WVM_FRAME_MID_BITS) - 1);
    f->mapped += (uint64_t)(int64_t)n;
    mid->part[i].used += (uint32_t)n;
    if (mid->part[i].used)
        return;
    keep_leaf(f, mid->part[i].leaf);
    mid->part[i].leaf = NULL;
    f->near_leaf = NULL;
}

uint64_t wvm_frames_next(struct wvm_frames *f, uint64_t page, uint64_t end)
{
    const uint64_t leaf = 1u << WVM_FRAME_LEAF_BITS;
    const uint64_t mid = leaf << WVM_FRAME_MID_BITS;
    while (page < end) {
        if (wvm_frame_at(f, page))
            return page;
        if (!f->mid[page / mid])
            page = wvm_align_down(page, mid) + mid;
        else if (!f->near_leaf)
            page = wvm_align_down(page, leaf) + leaf;
        else
            page++;
    }
    return end;
}

/* ---- fork ---- */

/* No page shows a frame. Dropping the words costs no copies of pages that the parent has too. */
void wvm_frames_forget(struct wvm_space *sp)
{
    struct wvm_frames *f = &sp->frames;
    uint32_t a, b;
    while (wvm_gaps_overlap(&sp->store, &f->free, 1, f->n ? f->n : 1, &a, &b))
        wvm_gaps_take(&sp->store, &f->free, a, b);
    for (unsigned k = 0; k < WVM_FRAME_SEGMENTS; k++)
        if (f->word[k])
            (void)wvm_host.drop((uintptr_t)f->word[k],
                                wvm_align_up(segment_len(k), WVM_PAGE_SIZE));
    f->made = false;
    __atomic_fetch_add(&f->round, 1, __ATOMIC_RELAXED);
    f->n = f->n_gaps = 0;
    f->charged = f->owned = f->budget = 0;
}

/* ---- audit ---- */

static const char *check_words(struct wvm_frames *f)
{
    uint64_t owned = 0, mapped = 0;
    for (uint32_t i = 1; i < f->n; i++) {
        uintptr_t word = *wvm_frame_word(f, i);
        if (word & WVM_FRAME_MARK)
            return "space_frames: a mark without a call";
        owned += word != WVM_FRAME_NONE;
        mapped += word > WVM_FRAME_IDLE;
        if (word > WVM_FRAME_IDLE && wvm_frame_at(f, word) != i)
            return "space_frames I1: a frame that its page does not show";
    }
    if (owned != f->owned || mapped != f->mapped || owned > f->charged)
        return "space_frames I1, I2: the counts of frames";
    return NULL;
}

const char *wvm_frames_check(struct wvm_space *sp)
{
    struct wvm_frames *f = &sp->frames;
    uint64_t shown = 0;
    const char *bad = check_words(f);
    for (uint64_t p = 0; !bad && (p = wvm_frames_next(f, p, WVM_N_PAGES)) < WVM_N_PAGES; p++) {
        uint32_t index = wvm_frame_at(f, p);
        shown++;
        if (index >= f->n || *wvm_frame_word(f, index) != p)
            bad = "space_frames I1: a page that its frame does not know";
    }
    if (!bad && shown != f->mapped)
        bad = "space_frames I1: the count of pages";
    if (!bad && f->n && f->charged + f->free.total > f->n - 1)
        bad = "space_frames I2: an index that is two things";
    return bad ? bad : wvm_gaps_check(&sp->store, &f->free);
}
