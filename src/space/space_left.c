/* Pages that left the working set and are in use again.
 *
 * I1  Afterwards a page of the range is marked in sp->left exactly when it left and was not used
 *     since, as far as the host tells; what it does not tell counts as used.
 * I2  A page with a mark costs the question; others cost nothing.
 * The host tells of ranges only, so a marked run is asked about as a whole; where some of it was
 * used its pieces are asked about, smaller ones from level to level. No two ranges of one question
 * touch: of the pieces of a run first the even ones are asked about, then the odd ones.
 * Values of sp->left while this goes on: WVM_LEFT, or WVM_LEFT + 1 + level for pages that are to be
 * asked about at that level.
 * Locking: the space lock, held by the caller.   Failure: see I1.   Signal safety: none. */
#include "space/space_internal.h"
#include "space/space_working.h"

#define MOST_PIECES 2048
#define FEW_PIECES 16

/* Pages of a piece of each level, as powers of two. */
static const uint8_t piece_shift[] = {12, 8, 5, 2, 0};
#define N_LEVELS WVM_ARRAY_LEN(piece_shift)
#define WHOLE_RUNS N_LEVELS /* the level of a question for runs */

/* One question. Under the lock. */
static struct wvm_host_use piece[MOST_PIECES];

static void set(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t v)
{
    wvm_sheet_set(&sp->store, &sp->left, lo, hi, v);
    wvm_store_flush(&sp->store);
}

/* The next range with the value, in or behind page p and before hi. At a level it is part of a
 * piece, whose number is odd or even as wanted. */
static bool next_range(struct wvm_space *sp, uint64_t *p, uint64_t hi, unsigned level,
                       unsigned odd, uint64_t *end)
{
    uint8_t v, want = (uint8_t)(level == WHOLE_RUNS ? WVM_LEFT : WVM_LEFT + 1 + level);
    for (; *p < hi; *p = *end) {
        *end = wvm_sheet_next(&sp->store, &sp->left, *p, hi, &v);
        if (v != want)
            continue;
        if (level == WHOLE_RUNS)
            return true;
        uint64_t number = *p >> piece_shift[level];
        *end = wvm_min(*end, (number + 1) << piece_shift[level]);
        if ((number & 1) == odd)
            return true;
    }
    return false;
}

/* What a question for [lo, hi), asked at the level, says about it. */
static uint8_t value_after(const struct wvm_host_use *u, unsigned level)
{
    uint64_t len = u->end - u->start;
    if (u->untold)
        return 0;
    if (u->used == 0)
        return WVM_LEFT;
    if (u->used >= u->in_memory || len == WVM_PAGE_SIZE)
        return 0;
    return (uint8_t)(WVM_LEFT + 1 + (level == WHOLE_RUNS ? 0 : level + 1));
}

/* The ranges of one question, from *p on. */
static size_t gather(struct wvm_space *sp, uint64_t *p, uint64_t hi, unsigned level, unsigned odd)
{
    size_t n = 0, most = wvm_space_maps_allow_more(sp, 2 * MOST_PIECES) ? MOST_PIECES : FEW_PIECES;
    uint64_t end;
    for (; n < most && next_range(sp, p, hi, level, odd, &end); n++, *p = end)
        piece[n] = (struct wvm_host_use){.start = wvm_addr_of(*p), .end = wvm_addr_of(end)};
    return n;
}

/* part false: the ranges are only looked at, and those that cannot be asked about are given up. */
static void ask(struct wvm_space *sp, size_t n, unsigned level, bool part)
{
    uint64_t lo = wvm_page_of(piece[0].start), hi = wvm_page_of(piece[n - 1].end);
    bool told = wvm_space_stock(sp, n, hi - lo) && wvm_host_use(piece, n, part) == 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t v = !told || piece[i].untold ? 0 : part ? value_after(&piece[i], level) : WVM_LEFT;
        if (v != WVM_LEFT || level != WHOLE_RUNS)
            set(sp, wvm_page_of(piece[i].start), wvm_page_of(piece[i].end), v);
    }
}

static void ask_all(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned level, bool part)
{
    for (unsigned odd = 0; odd < (level == WHOLE_RUNS ? 1 : 2); odd++) {
        size_t n;
        for (uint64_t p = lo; (n = gather(sp, &p, hi, level, odd)) > 0;)
            ask(sp, n, level, part);
    }
}

void wvm_space_left_refresh(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (WVM_LIKELY(!wvm_space_any_marked(sp, &sp->left.pages, lo, hi)))
        return;
    ask_all(sp, lo, hi, WHOLE_RUNS, false);
    ask_all(sp, lo, hi, WHOLE_RUNS, true);
    for (unsigned level = 0; level < N_LEVELS; level++)
        ask_all(sp, lo, hi, level, true);
}
