/* Taking a whole address space from the host: identity mode and the 2 GB layout.
 *
 * Terms   range = 0x10000 up to the top of the layout; piece = a mapping taken of it; hole = what
 *         was the host's already (a program at a fixed address, a library, a heap, a sanitizer's
 *         shadow); gap = addresses that are left to the host on purpose (the option wow64-gap).
 * I1      After wvm_space_take_range() every granule of the range is a slab's, in a hole, in a gap,
 *         or was refused by the host (sp->range_refused).
 * I2      A granule that the host uses in part is a hole. An ELF module is one hole, whatever lies
 *         between its segments.
 * I3      The main slab is the longest run of granules that were taken.
 * I4      Pieces are taken where nothing was (MAP_FIXED_NOREPLACE); refusals for other reasons than
 *         a mapping are met by smaller pieces, the lowest addresses first.
 * The host wants low addresses in two places, and each gets a gap of the size asked for: behind the
 * program's heap (brk), when that is in the range, and below 0x7FFE0000, where MAP_32BIT looks.
 * Under a limit on address space (RLIMIT_AS) a quarter of what is left stays the program's.
 * Locking: the space lock, taken here; at start only.   Failure: the space is smaller.
 * Signal safety: wvm_space_next_taken and wvm_space_find_hole as the host's list; else none. */
#include <errno.h>

#include "space/space_internal.h"
#include "space/space_layout.h"

#define SHARED_DATA_GRANULE ((uint64_t)0x7ffe0000 >> WVM_GRANULE_SHIFT)
#define LEAST_PIECE 16 /* granules: smaller ones are not worth a call */
#define FIND_TRIES 8

struct taking {
    struct wvm_space *sp;
    uint64_t budget; /* granules that may be taken yet */
    bool done;       /* the host gives no more */
};

static uintptr_t addr_of_granule(uint64_t g)
{
    return (uintptr_t)g << WVM_GRANULE_SHIFT;
}

/* ---- what is taken by others ---- */

int wvm_space_next_taken(const struct wvm_space *sp, uint64_t at, uint64_t *lo, uint64_t *hi)
{
    struct wvm_host_vma vma;
    int found = wvm_host_map_find(addr_of_granule(at), &vma);
    if (found < 0)
        return found;
    if (found > 0) {
        *lo = wvm_max(vma.start >> WVM_GRANULE_SHIFT, at);
        *hi = wvm_align_up(vma.end, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT;
    }
    for (unsigned i = 0; i < sp->n_gaps_left; i++) {
        if (sp->gap_left[i].hi <= at || (found && sp->gap_left[i].lo >= *lo))
            continue;
        *lo = wvm_max(sp->gap_left[i].lo, at);
        *hi = sp->gap_left[i].hi;
        found = 1;
    }
    return found;
}

bool wvm_space_is_left(const struct wvm_space *sp, uintptr_t addr, size_t len)
{
    uint64_t lo = addr >> WVM_GRANULE_SHIFT, hi = lo + (len >> WVM_GRANULE_SHIFT);
    for (unsigned i = 0; i < sp->n_gaps_left; i++)
        if (sp->gap_left[i].lo < hi && sp->gap_left[i].hi > lo)
            return true;
    return false;
}

void wvm_space_find_hole(const struct wvm_space *sp, uint64_t *lo, uint64_t *hi)
{
    uint64_t at = 1, top = WVM_GRANULE_OF(sp->top), from, to;
    *lo = *hi = 0;
    while (at < top) {
        int found = wvm_space_next_taken(sp, at, &from, &to);
        uint64_t end = found > 0 ? wvm_min(from, top) : top;
        if (end > at && end - at > *hi - *lo) {
            *lo = at;
            *hi = end;
        }
        if (found <= 0)
            break;
        at = wvm_max(at, to);
    }
}

int wvm_space_reserve_below_top(const struct wvm_space *sp, uint64_t len, uintptr_t *out)
{
    int err = -ENOMEM;
    for (int tries = 0; tries < FIND_TRIES; tries++) {
        uint64_t lo, hi;
        wvm_space_find_hole(sp, &lo, &hi);
        if (len >> WVM_GRANULE_SHIFT > hi - lo)
            return -ENOMEM;
        *out = addr_of_granule(hi) - len;
        err = wvm_host.reserve_at(*out, len);
        if (err != -EEXIST)
            break;
    }
    return err;
}

/* ---- pieces ---- */

static int take_piece(struct taking *t, uint64_t lo, uint64_t hi)
{
    struct wvm_space *sp = t->sp;
    if (hi - lo > t->budget || !wvm_space_stock(sp, 0, 0))
        return -ENOMEM;
    int err = wvm_host.reserve_at(addr_of_granule(lo), (hi - lo) << WVM_GRANULE_SHIFT);
    if (err < 0)
        return err;
    t->budget -= hi - lo;
    wvm_pages_set(&sp->store, &sp->owner, lo, hi, WVM_OWNER_SLAB);
    wvm_gaps_give(&sp->store, &sp->gaps, lo, hi);
    wvm_store_flush(&sp->store);
    sp->n_edges++;
    return 0;
}

/* Whatever of [lo, hi) can be taken, without a look at the host's list. */
static void take_halves(struct taking *t, uint64_t lo, uint64_t hi)
{
    if (t->done || lo >= hi)
        return;
    int err = take_piece(t, lo, hi);
    if (err == 0)
        return;
    bool taken = err == -EEXIST; /* by a mapping, or below what the host lets us map */
    t->sp->range_refused |= !taken;
    if (hi - lo <= (taken ? 1 : LEAST_PIECE)) {
        t->done = !taken;
        return;
    }
    uint64_t middle = lo + (hi - lo) / 2;
    take_halves(t, lo, middle);
    take_halves(t, middle, hi);
}

/* [lo, hi) around its holes. */
static void take_around(struct taking *t, uint64_t lo, uint64_t hi)
{
    struct wvm_host_vma vma;
    uintptr_t start, end;
    if (lo >= hi || take_piece(t, lo, hi) == 0)
        return;
    for (uint64_t at = lo; at < hi;) {
        int found = wvm_host_map_find(addr_of_granule(at), &vma);
        uint64_t from = found > 0 ? wvm_min(vma.start >> WVM_GRANULE_SHIFT, hi) : hi;
        if (from > at)
            take_halves(t, at, from);
        if (found <= 0)
            break;
        if (wvm_host_module(vma.start, &start, &end))
            vma.end = wvm_max(vma.end, end);
        at = wvm_max(at + 1, wvm_align_up(vma.end, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT);
    }
}

/* ---- gaps ---- */

static void leave_gap(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    sp->gap_left[sp->n_gaps_left].lo = lo;
    sp->gap_left[sp->n_gaps_left++].hi = hi;
}

void wvm_space_leave_stack(struct wvm_space *sp)
{
    uintptr_t lo, hi;
    if (wvm_host_stack_room(&lo, &hi))
        leave_gap(sp, lo >> WVM_GRANULE_SHIFT,
                  wvm_align_up(hi, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT);
}

static void choose_gaps(struct wvm_space *sp)
{
    uint64_t n = wvm_layout.gap >> WVM_GRANULE_SHIFT;
    uintptr_t heap = wvm_host_heap_end();
    uint64_t high = SHARED_DATA_GRANULE - n;
    if (n == 0)
        return;
    if (heap != 0 && heap < wvm_layout.top) {
        uint64_t lo = heap >> WVM_GRANULE_SHIFT;
        uint64_t hi = wvm_min(lo + n + 1, WVM_GRANULE_OF(sp->top));
        leave_gap(sp, lo, hi);
        high = wvm_max(high, hi);
    }
    if (high < SHARED_DATA_GRANULE)
        leave_gap(sp, high, SHARED_DATA_GRANULE);
}

/* ---- the whole range ---- */

static uint64_t choose_budget(void)
{
    size_t left = wvm_host_as_left();
    return left == SIZE_MAX ? UINT64_MAX : (left - left / 4) >> WVM_GRANULE_SHIFT;
}

static void take_all(struct taking *t)
{
    struct wvm_space *sp = t->sp;
    uint64_t at = wvm_align_up(wvm_host_caps.min_addr, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT;
    for (unsigned i = 0; i < sp->n_gaps_left; i++) {
        take_around(t, at, sp->gap_left[i].lo);
        at = wvm_max(at, sp->gap_left[i].hi);
    }
    take_around(t, at, WVM_GRANULE_OF(sp->top));
}

/* Pieces that lie side by side are one mapping of the host, and become one slab. */
static void choose_main(struct wvm_space *sp)
{
    uint64_t top = WVM_GRANULE_OF(sp->top), lo = 0, hi = 0;
    uint8_t owner;
    for (uint64_t g = 1, end; g < top; g = end) {
        end = wvm_pages_next(&sp->store, &sp->owner, g, top, &owner);
        if (owner != WVM_OWNER_SLAB)
            continue;
        wvm_space_prime(sp, addr_of_granule(g));
        if (end - g > hi - lo) {
            lo = g;
            hi = end;
        }
    }
    __atomic_store_n(&sp->main_lo, lo, __ATOMIC_RELAXED);
    __atomic_store_n(&sp->main_hi, hi, __ATOMIC_RELEASE);
}

wvm_status wvm_space_take_range(struct wvm_space *sp)
{
    struct taking t = {.sp = sp, .budget = choose_budget()};
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    sp->low = true;
    wvm_space_take_ballast(sp);
    choose_gaps(sp);
    take_all(&t);
    choose_main(sp);
    wvm_space_leave(sp);
    wvm_space_tell_range(sp);
    return sp->main_hi ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}
