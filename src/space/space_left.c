/* Pages that left the working set and are in use again.
 *
 * I1  Afterwards a page of the range is marked in sp->left exactly when it left and was not used
 *     since, as far as the host tells; what it does not tell counts as used.
 * I2  A page with a mark costs the question; others cost nothing. Questions are dear, so their
 *     number is bounded: what is not asked about counts as used.
 * The host tells of ranges only, so a marked run is asked about as a whole; where some of it was
 * used its pieces are asked about, smaller ones from level to level. No two ranges of one question
 * touch: of the pieces of a run first the even ones are asked about, then the odd ones.
 * Values of sp->left while this goes on: WVM_LEFT, or WVM_LEFT + 1 + level for pages that are to be
 * asked about at that level.
 * Locking: the space lock, held by the caller.   Failure: see I1.   Signal safety: none. */
#include "space/space_internal.h"
#include "space/space_working.h"

/* Each piece costs two mappings for the time of its question: few where they are short. */
#define MOST_PIECES 2048
#define FEW_PIECES 16
#define MOST_QUESTIONS 256
#define FEW_QUESTIONS 32

/* Pages of a piece of each level, as powers of two. */
static const uint8_t piece_shift[] = {12, 8, 5, 2, 0};
#define N_LEVELS WVM_ARRAY_LEN(piece_shift)
#define WHOLE_RUNS N_LEVELS /* the level of a question for runs */

struct asking {
    struct wvm_space *sp;
    size_t most;    /* pieces of one question */
    unsigned left;  /* questions that may still be asked */
    unsigned level; /* of the ranges asked about */
    bool part;      /* false: the ranges are only looked at, not made mappings of their own, and
                     * those that cannot be asked about are given up */
};

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
static size_t gather(const struct asking *q, uint64_t *p, uint64_t hi, unsigned odd)
{
    size_t n = 0, most = q->part ? q->most : MOST_PIECES;
    uint64_t end;
    for (; n < most && next_range(q->sp, p, hi, q->level, odd, &end); n++, *p = end)
        piece[n] = (struct wvm_host_use){.start = wvm_addr_of(*p), .end = wvm_addr_of(end)};
    return n;
}

static void ask(const struct asking *q, size_t n)
{
    uint64_t lo = wvm_page_of(piece[0].start), hi = wvm_page_of(piece[n - 1].end);
    bool told = wvm_space_stock(q->sp, n, hi - lo) && wvm_host_use(piece, n, q->part) == 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t v = !told || piece[i].untold ? 0
                    : q->part                ? value_after(&piece[i], q->level)
                                             : WVM_LEFT;
        if (v != WVM_LEFT || q->level != WHOLE_RUNS)
            set(q->sp, wvm_page_of(piece[i].start), wvm_page_of(piece[i].end), v);
    }
}

/* Where no more may be asked, whole runs from there on are given up. */
static void ask_all(struct asking *q, uint64_t lo, uint64_t hi)
{
    for (unsigned odd = 0; odd < (q->level == WHOLE_RUNS ? 1 : 2); odd++) {
        size_t n;
        uint64_t p = lo;
        for (; q->left && (n = gather(q, &p, hi, odd)) > 0; q->left--)
            ask(q, n);
        if (!q->left && q->level == WHOLE_RUNS && p < hi && wvm_space_stock_close(q->sp, 0, 0))
            set(q->sp, p, hi, 0);
    }
}

/* Pages that would still have to be asked about. */
static void give_up_rest(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t v;
    for (uint64_t p = lo, end; p < hi && wvm_space_stock_close(sp, 0, 0); p = end) {
        end = wvm_sheet_next(&sp->store, &sp->left, p, hi, &v);
        if (v > WVM_LEFT)
            set(sp, p, end, 0);
    }
}

void wvm_space_left_refresh(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    if (WVM_LIKELY(!wvm_space_any_marked(sp, &sp->left.pages, lo, hi)))
        return;
    bool room = wvm_space_maps_allow_more(sp, 2 * MOST_PIECES);
    struct asking q = {.sp = sp, .level = WHOLE_RUNS, .most = room ? MOST_PIECES : FEW_PIECES,
                       .left = room ? MOST_QUESTIONS : FEW_QUESTIONS};
    ask_all(&q, lo, hi);
    q.part = true;
    ask_all(&q, lo, hi);
    for (q.level = 0; q.level < N_LEVELS; q.level++)
        ask_all(&q, lo, hi);
    if (!q.left)
        give_up_rest(sp, lo, hi);
}
