/* The pages of system space: runs, what is committed, what goes back to the host.
 *
 * Terms   part = the addresses of one kind; grown = up to where a part was ever committed; run =
 *         pages handed out or free together; released = free pages that the host has taken back.
 * I1  Below `grown` every page belongs to exactly one run; the first page of a run tells its
 *     length, of a free run the last page too; all others are WVM_POOL_NONE.
 * I2  No two free runs touch, unless one is released and the other is not.
 * I3  Non-paged pages that are not released are locked, unless the option pool-lock is off.
 * I4  Tables are committed as far as their part has grown.
 * Locking: the part's lock, held by the caller.   Failure: nothing changed; when the host gives no
 * more, free memory of other sizes is used up first.   Signal safety: none. */
#include <errno.h>

#include "base/options.h"
#include "pool/pool_internal.h"

enum {
    GROW_MIN = 64,     /* pages */
    GROW_MAX = 512,
    EXACT_BINS = 64,   /* bins of one length */
    LOOK = 16,         /* runs of a bin that are looked at */
    KEEP_MIN = 1024,   /* free pages that are always kept */
};

struct wvm_pool_part wvm_pool_part[WVM_POOL_KINDS];
struct wvm_pool_page *wvm_pool_page;

/* The pool has no memory there, and locks none. */
static bool is_empty(uint32_t page)
{
    const struct wvm_pool_page *p = &wvm_pool_page[page];
    return p->what == WVM_POOL_LENT || (p->what == WVM_POOL_FREE && p->held == WVM_POOL_RELEASED);
}

/* ---- bins ---- */

static unsigned bin_of(uint32_t n)
{
    if (n < EXACT_BINS)
        return n;
    unsigned log = 31 - (unsigned)__builtin_clz(n);
    unsigned bin = EXACT_BINS + (log - 6) * 4 + ((n >> (log - 2)) & 3);
    return (unsigned)wvm_min(bin, WVM_POOL_BINS - 1);
}

/* Read without the lock, too. */
static void set_idle(struct wvm_pool_part *part, unsigned held, uint32_t n)
{
    __atomic_store_n(&part->n_idle[held], n, __ATOMIC_RELAXED);
}

static void bin_put(struct wvm_pool_part *part, uint32_t page, uint32_t n, unsigned held)
{
    struct wvm_pool_bins *bins = &part->bins[held == WVM_POOL_RELEASED];
    unsigned bin = bin_of(n);
    struct wvm_pool_page *first = &wvm_pool_page[page], *last = &wvm_pool_page[page + n - 1];
    last->run = first->run = n;
    last->what = first->what = WVM_POOL_FREE;
    last->held = first->held = (uint8_t)held;
    first->prev = 0;
    first->next = bins->head[bin];
    if (first->next)
        wvm_pool_page[first->next].prev = page;
    bins->head[bin] = page;
    bins->map[bin / 64] |= (uint64_t)1 << bin % 64;
    set_idle(part, held, part->n_idle[held] + n);
}

static void bin_drop(struct wvm_pool_part *part, uint32_t page)
{
    struct wvm_pool_page *p = &wvm_pool_page[page];
    struct wvm_pool_bins *bins = &part->bins[p->held == WVM_POOL_RELEASED];
    unsigned bin = bin_of(p->run);
    if (p->prev)
        wvm_pool_page[p->prev].next = p->next;
    else
        bins->head[bin] = p->next;
    if (p->next)
        wvm_pool_page[p->next].prev = p->prev;
    if (!bins->head[bin])
        bins->map[bin / 64] &= ~((uint64_t)1 << bin % 64);
    set_idle(part, p->held, part->n_idle[p->held] - p->run);
    p->what = wvm_pool_page[page + p->run - 1].what = WVM_POOL_NONE;
}

/* The lowest bin from `from` up that is not empty; WVM_POOL_BINS: none. */
static unsigned next_bin(const struct wvm_pool_bins *bins, unsigned from)
{
    for (unsigned word = from / 64; word < WVM_POOL_BINS / 64; word++) {
        uint64_t map = bins->map[word];
        if (word == from / 64)
            map &= ~(uint64_t)0 << from % 64;
        if (map)
            return word * 64 + (unsigned)__builtin_ctzll(map);
    }
    return WVM_POOL_BINS;
}

/* Where n pages begin in the free run at `page`; 0: nowhere. */
static uint32_t fit(uint32_t page, uint32_t n, uint32_t align)
{
    uint32_t at = (uint32_t)wvm_align_up(page, align);
    return at + n <= page + wvm_pool_page[page].run ? at : 0;
}

/* The free run to take n pages from; 0: none. */
static uint32_t find(const struct wvm_pool_bins *bins, uint32_t n, uint32_t align)
{
    for (unsigned bin = next_bin(bins, bin_of(n)); bin < WVM_POOL_BINS;
         bin = next_bin(bins, bin + 1)) {
        unsigned looked = 0;
        for (uint32_t page = bins->head[bin]; page; page = wvm_pool_page[page].next) {
            if (fit(page, n, align))
                return page;
            if (bin != WVM_POOL_BINS - 1 && ++looked == LOOK)
                break;
        }
    }
    return 0;
}

static bool joins(const struct wvm_pool_page *p, unsigned held)
{
    return p->what == WVM_POOL_FREE &&
           (p->held == WVM_POOL_RELEASED) == (held == WVM_POOL_RELEASED);
}

/* ---- the host ---- */

static bool is_locked_part(const struct wvm_pool_part *part)
{
    return part->kind != WVM_POOL_PAGED && wvm_option(WVM_OPTION_POOL_LOCK);
}

static unsigned prot_of(const struct wvm_pool_part *part)
{
    bool runs = part->kind == WVM_POOL_EXEC
                || (part->kind == WVM_POOL_PAGED && sizeof(void *) == 4); /* POOL-030 */
    return WVM_HOST_R | WVM_HOST_W | (runs ? WVM_HOST_X : 0);
}

static bool lock_pages(struct wvm_pool_part *part, uint32_t page, uint32_t n)
{
    if (!is_locked_part(part))
        return true;
    int e = wvm_host.lock((uintptr_t)wvm_pool_page_start(page), (size_t)n * WVM_POOL_PAGE);
    if (e) {
        wvm_host_diag("non-paged pool: %u KiB more cannot be locked (error %d) beside %u KiB: "
                      "raise RLIMIT_MEMLOCK (ulimit -l), or set pool-lock=0",
                      n * 4, -e, (unsigned)(part->n_locked * 4));
        __atomic_store_n(&part->lock_error, -e, __ATOMIC_RELAXED);
        return false;
    }
    __atomic_store_n(&part->lock_error, 0, __ATOMIC_RELAXED);
    part->n_locked += n;
    return true;
}

void wvm_pool_tell_lock_error(unsigned kind)
{
    static bool told; /* (a) */
    int e = wvm_pool_lock_error(kind);
    if (!e || wvm_option(WVM_OPTION_DIAG) || __atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
        return;
    wvm_host_log("non-paged pool is used up: no more than %u KiB can be locked (error %d): raise "
                 "RLIMIT_MEMLOCK (ulimit -l), or set WINVM_OPTIONS=pool-lock=0",
                 (unsigned)(wvm_pool_part[kind].n_locked * 4), e);
}

int wvm_pool_table_commit(void *table, size_t size, uint32_t from, uint32_t to)
{
    uintptr_t start = wvm_align_down((uintptr_t)table + from * size, WVM_POOL_PAGE);
    uintptr_t end = wvm_align_up((uintptr_t)table + to * size, WVM_POOL_PAGE);
    return wvm_host.protect(start, end - start, WVM_HOST_R | WVM_HOST_W);
}

static void note_peak(struct wvm_pool_part *part)
{
    part->n_peak = (uint32_t)wvm_max(part->n_peak, wvm_pool_part_held(part));
    wvm_pool_late_check();
}

/* A free run joins its neighbours that are like it. */
static void give(struct wvm_pool_part *part, uint32_t page, uint32_t n, unsigned held)
{
    wvm_pool_page[page].what = WVM_POOL_NONE;
    const struct wvm_pool_page *before = &wvm_pool_page[page - 1];
    const struct wvm_pool_page *after = &wvm_pool_page[page + n];
    if (page > part->first && joins(before, held)) {
        uint32_t first = page - before->run;
        held = (unsigned)wvm_min(held, before->held);
        n += before->run;
        page = first;
        bin_drop(part, first);
    }
    if (page + n < part->grown && joins(after, held)) {
        uint32_t next = page + n;
        held = (unsigned)wvm_min(held, after->held);
        n += after->run;
        bin_drop(part, next);
    }
    bin_put(part, page, n, held);
}

/* Commits the next n pages of the part; they become a free run, or part of one. */
static bool grow_by(struct wvm_pool_part *part, uint32_t n)
{
    uint32_t page = part->grown;
    uintptr_t start = (uintptr_t)wvm_pool_page_start(page);
    size_t len = (size_t)n * WVM_POOL_PAGE;
    if (n > part->end - page ||
        wvm_pool_table_commit(wvm_pool_page, sizeof(*wvm_pool_page), page, page + n) ||
        !wvm_pool_spans_grow(page, page + n))
        return false;
    if (wvm_host.protect(start, len, prot_of(part)))
        return false;
    if (!lock_pages(part, page, n)) {
        (void)wvm_host.discard(start, len);
        return false;
    }
    __atomic_store_n(&part->grown, page + n, __ATOMIC_RELAXED);
    give(part, page, n, WVM_POOL_ZEROED);
    note_peak(part);
    return true;
}

/* The part grows by n pages at least. */
static bool grow(struct wvm_pool_part *part, uint32_t n)
{
    uint32_t least = (uint32_t)wvm_align_up(n, WVM_POOL_SPAN_PAGES);
    uint32_t more = (part->grown - part->first) / 8;
    more = (uint32_t)wvm_max(wvm_min(more, GROW_MAX), GROW_MIN);
    more = (uint32_t)wvm_align_up(wvm_max(more, n), WVM_POOL_SPAN_PAGES);
    return grow_by(part, more) || (more > least && grow_by(part, least));
}

/* ---- runs ---- */

/* Takes [at, at+n) out of the free run at `page`. */
static void cut(struct wvm_pool_part *part, uint32_t page, uint32_t at, uint32_t n)
{
    uint32_t end = page + wvm_pool_page[page].run;
    unsigned held = wvm_pool_page[page].held;
    bin_drop(part, page);
    if (at > page)
        bin_put(part, page, at - page, held);
    if (at + n < end)
        bin_put(part, at + n, end - at - n, held);
    wvm_pool_page[at].run = n;
    wvm_pool_page[at].what = WVM_POOL_NONE;
}

static uint32_t take(struct wvm_pool_part *part, uint32_t n, uint32_t align, bool *zero)
{
    uint32_t page = find(&part->bins[0], n, align);
    if (!page)
        page = find(&part->bins[1], n, align);
    if (!page)
        return 0;
    uint32_t at = fit(page, n, align);
    unsigned held = wvm_pool_page[page].held;
    cut(part, page, at, n);
    if (held == WVM_POOL_RELEASED && !lock_pages(part, at, n)) {
        give(part, at, n, held);
        return 0;
    }
    *zero = held != WVM_POOL_DIRTY;
    note_peak(part);
    return at;
}

uint32_t wvm_pool_run_take(struct wvm_pool_part *part, uint32_t n, uint32_t align, bool *zero)
{
    uint32_t at = take(part, n, align, zero);
    if (!at && (grow(part, n) || wvm_pool_runs_trim(part, 0)))
        at = take(part, n, align, zero);
    return at;
}

/* The host takes a free run back. */
static bool release(struct wvm_pool_part *part, uint32_t page)
{
    uint32_t n = wvm_pool_page[page].run;
    uintptr_t start = (uintptr_t)wvm_pool_page_start(page);
    size_t len = (size_t)n * WVM_POOL_PAGE;
    if (is_locked_part(part) && wvm_host.unlock(start, len))
        return false;
    if (wvm_host.drop(start, len)) {
        if (is_locked_part(part))
            (void)wvm_host.lock(start, len);
        return false;
    }
    if (is_locked_part(part))
        part->n_locked -= n;
    bin_drop(part, page);
    give(part, page, n, WVM_POOL_RELEASED);
    return true;
}

uint32_t wvm_pool_runs_trim(struct wvm_pool_part *part, uint32_t keep)
{
    const struct wvm_pool_bins *bins = &part->bins[0];
    uint32_t before = part->n_idle[WVM_POOL_RELEASED];
    for (unsigned bin = WVM_POOL_BINS; bin-- > 1;)
        while (bins->head[bin])
            if (part->n_idle[WVM_POOL_DIRTY] + part->n_idle[WVM_POOL_ZEROED] <= keep ||
                !release(part, bins->head[bin]))
                return part->n_idle[WVM_POOL_RELEASED] - before;
    return part->n_idle[WVM_POOL_RELEASED] - before;
}

void wvm_pool_run_give(struct wvm_pool_part *part, uint32_t page, uint32_t n)
{
    give(part, page, n, WVM_POOL_DIRTY);
    uint32_t used = wvm_pool_part_held(part) - part->n_idle[WVM_POOL_DIRTY];
    uint32_t keep = (uint32_t)wvm_max(used / 4, KEEP_MIN);
    if (part->n_idle[WVM_POOL_DIRTY] > keep)
        (void)wvm_pool_runs_trim(part, keep / 2);
}

uint32_t wvm_pool_run_lend(struct wvm_pool_part *part, uint32_t n)
{
    bool zero;
    uint32_t page = wvm_pool_run_take(part, n, 1, &zero);
    if (!page)
        return 0;
    if (wvm_host.discard((uintptr_t)wvm_pool_page_start(page), (size_t)n * WVM_POOL_PAGE)) {
        wvm_pool_run_give(part, page, n);
        return 0;
    }
    if (is_locked_part(part))
        part->n_locked -= n;
    wvm_pool_page[page].what = WVM_POOL_LENT;
    return page;
}

void wvm_pool_run_return(struct wvm_pool_part *part, uint32_t page)
{
    uint32_t n = wvm_pool_page[page].run;
    uintptr_t start = (uintptr_t)wvm_pool_page_start(page);
    size_t len = (size_t)n * WVM_POOL_PAGE;
    if (wvm_host.discard(start, len) == 0 && wvm_host.protect(start, len, prot_of(part)) == 0)
        give(part, page, n, WVM_POOL_RELEASED);
}

uint32_t wvm_pool_run_first(const struct wvm_pool_part *part, uint32_t page)
{
    uint32_t first = page;
    while (first > part->first && wvm_pool_page[first].what == WVM_POOL_NONE)
        first--;
    const struct wvm_pool_page *p = &wvm_pool_page[first];
    bool in_use = p->what != WVM_POOL_NONE && p->what != WVM_POOL_FREE;
    return in_use && first + p->run > page ? first : 0;
}

void wvm_pool_pages_relock(struct wvm_pool_part *part)
{
    part->n_locked = 0;
    for (uint32_t page = part->first, end; page < part->grown; page = end) {
        end = page;
        while (end < part->grown && !is_empty(end))
            end += wvm_pool_page[end].run;
        if (end > page && !lock_pages(part, page, end - page))
            return;
        while (end < part->grown && is_empty(end))
            end += wvm_pool_page[end].run;
    }
}

/* ---- start ---- */

/* Parts begin at a span that is left out: no page has the number 0. */
static void init_part(unsigned kind, uint64_t from, uint64_t to)
{
    struct wvm_pool_part *part = &wvm_pool_part[kind];
    pthread_mutex_init(&part->lock, NULL);
    part->kind = kind;
    part->first = part->grown = (uint32_t)from + WVM_POOL_SPAN_PAGES;
    part->end = (uint32_t)to;
}

bool wvm_pool_pages_init(void)
{
    uint64_t pages = wvm_pool_map.size / WVM_POOL_PAGE;
    uint64_t quarter = wvm_align_down(pages / 4, WVM_POOL_SPAN_PAGES);
    uintptr_t table;
    if (wvm_host.reserve(wvm_align_up(pages * sizeof(*wvm_pool_page), WVM_GRANULE_SIZE), &table))
        return false;
    wvm_pool_page = (struct wvm_pool_page *)table;
    init_part(WVM_POOL_PAGED, 0, 2 * quarter);
    init_part(WVM_POOL_NX, 2 * quarter, 3 * quarter);
    init_part(WVM_POOL_EXEC, 3 * quarter, pages);
    return true;
}
