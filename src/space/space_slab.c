/* Where address space comes from: slabs, single mappings, and the choice of a place.
 *
 * Terms   slab = a large PROT_NONE mapping handed out by granules; single = a mapping made for one
 *         reservation at an address (or below a bound) that no slab covers;
 *         vacant = in no allocation. System space (space_system.c) is neither.
 * I1  sp->owner names the kind of every granule of ours; all others are foreign and never touched.
 * I2  A vacant slab granule is in a gap; a vacant single granule is given back to the kernel.
 * I3  A mapping is only ever made where nothing was (MAP_FIXED_NOREPLACE),
 *     never over foreign memory.
 *
 * The first slab is as large as the kernel gives, up to 64 TiB: it costs one call and no memory.
 * With a limit on address space (RLIMIT_AS), and in a 32-bit process always, slabs take at most an
 * eighth of what is left, and what is vacated in later ones goes back. In a 32-bit process the
 * first is smaller and each later one twice as long; at the end the holes in the kernel's list are
 * used one by one, and HOST_ROOM stays the program's own. A new slab is primed (one page touched
 * and dropped), so that all later mappings in it can merge.
 * Locking: the space lock. Failure: nothing changed. Signal safety: not for handlers. */
#include <errno.h>

#include "base/options.h"
#include "space/space_internal.h"
#include "space/space_system.h"

#define SLAB_FIRST ((uint64_t)64 << 40)
#define SLAB_LEAST ((uint64_t)1 << 20)
#define MAX_CLAIMS 16
#define SMALL_WORLD (WVM_ADDRESS_BITS <= 32)
#define HOST_ROOM ((uint64_t)16 << 20) /* for stacks, libraries and malloc of a 32-bit process */

static uint64_t owner_run(struct wvm_space *sp, uint64_t g, uint64_t limit, uint8_t *owner)
{
    return wvm_pages_next(&sp->store, &sp->owner, g, limit, owner);
}

static uintptr_t addr_of_granule(uint64_t g)
{
    return (uintptr_t)g << WVM_GRANULE_SHIFT;
}

static uint64_t top_granule(const struct wvm_space *sp)
{
    return WVM_GRANULE_OF(sp->top);
}

/* ---- slabs ---- */

/* One page becomes writable, is touched, and is emptied again: the mapping then owns the kernel's
 * record (anon_vma) that lets any two of its later parts merge. */
void wvm_space_prime(struct wvm_space *sp, uintptr_t addr)
{
    if (wvm_host.protect(addr, WVM_PAGE_SIZE, WVM_HOST_R | WVM_HOST_W) < 0)
        return;
    *(volatile char *)addr = 0;
    wvm_host.drop(addr, WVM_PAGE_SIZE);
    if (wvm_host.protect(addr, WVM_PAGE_SIZE, WVM_HOST_NONE) == 0 ||
        wvm_host.discard(addr, WVM_PAGE_SIZE) == 0)
        return;
    wvm_space_set_host(sp, wvm_page_of(addr), wvm_page_of(addr) + 1, WVM_HOST_R | WVM_HOST_W);
    sp->stale = true;
}

static uint64_t whole_slab(uint64_t len)
{
    return wvm_max(len & ~(WVM_GRANULE_SIZE - 1), SLAB_LEAST);
}

/* The most that a slab may take of the address space that is left. */
static uint64_t slab_share(size_t left)
{
    return whole_slab(left / 8);
}

static uint64_t first_slab_len(const struct wvm_space *sp)
{
    uint64_t len = wvm_option(WVM_OPTION_SLAB);
    size_t left = wvm_host_room_left();
    if (!len)
        len = SMALL_WORLD ? left / 32 : wvm_min(SLAB_FIRST, wvm_addr_of(sp->top) / 2);
    return left == SIZE_MAX ? whole_slab(len) : wvm_min(whole_slab(len), slab_share(left));
}

static void adopt_slab(struct wvm_space *sp, uintptr_t addr, uint64_t len)
{
    uint64_t lo = addr >> WVM_GRANULE_SHIFT, hi = lo + (len >> WVM_GRANULE_SHIFT);
    wvm_pages_set(&sp->store, &sp->owner, lo, hi, WVM_OWNER_SLAB);
    wvm_gaps_give(&sp->store, &sp->gaps, lo, hi);
    if (!sp->main_hi) {
        __atomic_store_n(&sp->main_lo, lo, __ATOMIC_RELAXED);
        __atomic_store_n(&sp->main_hi, hi, __ATOMIC_RELEASE);
    }
    sp->n_edges += 1;
    wvm_space_prime(sp, addr);
}

/* The host chooses addresses below the end of its own half, which is the top but for a granule;
 * when all others are taken, also those where the stack grows. */
static int reserve_slab(const struct wvm_space *sp, uint64_t len, uintptr_t *out)
{
    if (sp->host_top - sp->top > WVM_PAGES_PER_GRANULE)
        return wvm_space_reserve_below_top(sp, len, out);
    int err = wvm_host.reserve(len, out);
    if (SMALL_WORLD && err == 0 && wvm_space_is_left(sp, *out, len)) {
        wvm_host.unmap(*out, len);
        return -ENOMEM;
    }
    return err;
}

static void prepare_limited(struct wvm_space *sp)
{
    size_t left = wvm_host_room_left();
    sp->as_limited = left != SIZE_MAX;
    if (sp->as_limited)
        sp->slab_len = wvm_min(sp->slab_len, slab_share(left));
}

/* Adds a slab with room for `need` bytes. Halves what it asks for until the host gives it; below
 * the least slab only exactly what is needed. */
static int add_slab(struct wvm_space *sp, uint64_t need)
{
    uintptr_t addr;
    uint64_t len;
    int err;
    if (!sp->slab_len) {
        sp->slab_len = first_slab_len(sp);
        wvm_space_take_ballast(sp);
    } else if (SMALL_WORLD) {
        sp->slab_len *= 2;
    }
    prepare_limited(sp);
    for (len = sp->slab_len; len > need; len = (len / 2) & ~(WVM_GRANULE_SIZE - 1)) {
        err = reserve_slab(sp, len, &addr);
        if (err == 0) {
            sp->slab_len = len;
            adopt_slab(sp, addr, len);
            return 0;
        }
        if ((err != -ENOMEM && err != -EAGAIN) || len <= SLAB_LEAST)
            break;
    }
    err = reserve_slab(sp, need, &addr);
    if (err == 0)
        adopt_slab(sp, addr, need);
    return err;
}

wvm_status wvm_space_no_room(int err, size_t len)
{
    wvm_status status = wvm_space_host_fail(err, len);
    return status == STATUS_COMMITMENT_LIMIT ? STATUS_NO_MEMORY : status;
}

/* ---- choosing a place ---- */

/* The lowest (or highest) place of n granules inside the hole [lo, hi), 0: none. */
static uint64_t fit_hole(uint64_t lo, uint64_t hi, uint64_t n, const struct wvm_bounds *b)
{
    lo = wvm_align_up(lo, b->align);
    if (lo + n > hi)
        return 0;
    return b->top_down ? wvm_align_down(hi - n, b->align) : lo;
}

/* The lowest (or highest) place within the bounds in the kernel's list of mappings, mapped. For
 * bounds that no slab satisfies: low addresses. */
static int place_single(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *b, uint64_t *out)
{
    uint64_t least = wvm_host_caps.min_addr >> WVM_GRANULE_SHIFT;
    uint64_t at = wvm_max(least, b->low), best = 0;
    uint64_t from, to;
    while (at + n <= b->limit) {
        int found = wvm_space_next_taken(sp, at, &from, &to);
        if (found < 0)
            return found;
        uint64_t end = found ? wvm_min(from, b->limit) : b->limit;
        uint64_t fit = fit_hole(at, end, n, b);
        best = fit ? fit : best;
        if (!found || (best && !b->top_down))
            break;
        at = to;
    }
    if (!best)
        return -ENOMEM;
    int err = wvm_host.reserve_at(addr_of_granule(best), n << WVM_GRANULE_SHIFT);
    if (err == 0) {
        wvm_pages_set(&sp->store, &sp->owner, best, best + n, WVM_OWNER_SINGLE);
        sp->n_edges += 1;
        *out = best;
    }
    return err;
}

/* A range that was taken at start has no more to give, unless the host refused some of it. */
static bool may_take_more(const struct wvm_space *sp)
{
    return !sp->low || sp->range_refused;
}

/* Out of a gap; b is complete. */
static bool place_in_gap(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *b,
                         uint64_t *out)
{
    struct wvm_gaps *gaps = b->window ? &b->window->gaps : &sp->gaps;
    struct wvm_fit fit = {n, b->low, b->limit, wvm_min(b->align, WVM_N_GRANULES), b->top_down};
    uint32_t g;
    if (!wvm_gaps_fit(&sp->store, gaps, &fit, &g))
        return false;
    wvm_gaps_take(&sp->store, gaps, g, g + n);
    *out = g;
    return true;
}

static wvm_status none_within(const struct wvm_bounds *b)
{
    return wvm_space_fail(STATUS_NO_MEMORY, "no free range within the bounds, below",
                          addr_of_granule(b->limit));
}

static wvm_status place_mapped(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *b,
                               uint64_t *granule)
{
    /* Another thread of the program may map the hole first: look again, not for ever. */
    for (int tries = 0; tries < 8; tries++) {
        int err = place_single(sp, n, b, granule);
        if (err == 0)
            return STATUS_SUCCESS;
        if (err != -EEXIST)
            break;
    }
    return none_within(b);
}

static wvm_status place_bounded(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *b,
                                uint64_t *granule)
{
    if (place_in_gap(sp, n, b, granule))
        return STATUS_SUCCESS;
    return may_take_more(sp) ? place_mapped(sp, n, b, granule) : none_within(b);
}

static bool place_anywhere(struct wvm_space *sp, uint64_t n, bool top_down, uint64_t *out)
{
    *out = wvm_gaps_place(&sp->store, &sp->gaps, n, top_down);
    return *out != 0;
}

static wvm_status place_unbounded(struct wvm_space *sp, uint64_t n, bool top_down,
                                  uint64_t *granule)
{
    if (place_anywhere(sp, n, top_down, granule))
        return STATUS_SUCCESS;
    uint64_t len = n << WVM_GRANULE_SHIFT;
    if (SMALL_WORLD && len + HOST_ROOM > wvm_host_room_left())
        return wvm_space_no_room(-ENOMEM, len);
    int err = add_slab(sp, len);
    if (err == -ENOMEM && SMALL_WORLD) {
        const struct wvm_bounds all = {
            .low = 1, .limit = top_granule(sp), .align = 1, .top_down = top_down};
        return place_bounded(sp, n, &all, granule);
    }
    if (err < 0)
        return wvm_space_no_room(err, len);
    if (place_anywhere(sp, n, top_down, granule))
        return STATUS_SUCCESS;
    return wvm_space_fail(STATUS_NO_MEMORY, "no free range of this size", 0);
}

/* A window has all its memory from the start. b is complete. */
static wvm_status place_in_window(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *b,
                                  uint64_t *granule)
{
    struct wvm_bounds within = *b;
    within.low = wvm_max(b->low, b->window->lo);
    if (within.low < within.limit && place_in_gap(sp, n, &within, granule))
        return STATUS_SUCCESS;
    return wvm_space_fail(STATUS_NO_MEMORY, "no free range of this size in the space", 0);
}

/* What the bounds must keep: addresses past the top are had for the asking alone. */
static uint64_t end_for(const struct wvm_space *sp, const struct wvm_bounds *b)
{
    if (b->window)
        return b->window->hi;
    return b->low < top_granule(sp) ? top_granule(sp) : WVM_GRANULE_OF(sp->host_top);
}

/* Also when the gaps have been looked at in vain (wvm_space_place). Bounds that the first slab may
 * satisfy are looked for there; without it, it is taken. */
wvm_status wvm_space_make_place(struct wvm_space *sp, uint64_t n, const struct wvm_bounds *bounds,
                                uint64_t *granule)
{
    struct wvm_bounds b = *bounds;
    uint64_t top = end_for(sp, bounds);
    bool below_top = b.limit && b.limit < top;
    b.limit = below_top ? b.limit : top;
    b.low = wvm_max(b.low, 1);
    b.align = wvm_max(b.align, 1);
    if (b.low >= b.limit || n > b.limit - b.low)
        return wvm_space_fail(STATUS_NO_MEMORY, "larger than the address space that is allowed", 0);
    if (b.window)
        return place_in_window(sp, n, &b, granule);
    if (b.low >= top_granule(sp))
        return place_mapped(sp, n, &b, granule);
    if (!below_top && b.low == 1 && b.align == 1 && !sp->low)
        return place_unbounded(sp, n, b.top_down, granule);
    if (!below_top && !sp->main_hi && !sp->low)
        add_slab(sp, n << WVM_GRANULE_SHIFT);
    return place_bounded(sp, n, &b, granule);
}

wvm_status wvm_space_place_fenced(struct wvm_space *sp, uint64_t n, uint64_t *granule)
{
    struct wvm_bounds b = {.low = 1, .limit = WVM_N_GRANULES, .align = 1u << WVM_CHUNK_BITS,
                           .top_down = true};
    if (!sp->main_hi)
        add_slab(sp, n << WVM_GRANULE_SHIFT);
    if (!sp->low && place_in_gap(sp, n, &b, granule))
        return STATUS_SUCCESS;
    b.top_down = false; /* the list of mappings is read up to the first hole that does */
    if (sp->low)
        b.low = top_granule(sp); /* all below is taken; none of the program's own addresses */
    return place_mapped(sp, n, &b, granule);
}

/* ---- an address of the caller's ---- */

static void unclaim(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    wvm_host.unmap(addr_of_granule(lo), (hi - lo) << WVM_GRANULE_SHIFT);
    wvm_pages_set(&sp->store, &sp->owner, lo, hi, WVM_OWNER_FOREIGN);
}

/* The parts of [lo, hi) that are in gaps are so no more. */
static void occupy(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    struct wvm_gaps *gaps = wvm_space_gaps_at(sp, lo);
    uint32_t a, b;
    for (uint64_t g = lo; g < hi && wvm_gaps_overlap(&sp->store, gaps, g, hi, &a, &b); g = b)
        wvm_gaps_take(&sp->store, gaps, a, b);
}

/* Nobody gets an address in a window of others. */
static wvm_status check_window(const struct wvm_space *sp, const struct wvm_window *w, uint64_t lo,
                               uint64_t hi)
{
    uint64_t meets = wvm_space_next_window(sp, lo, hi);
    if (w ? lo >= w->lo && hi <= w->hi : meets == hi)
        return STATUS_SUCCESS;
    return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "the range is another space's, at or above",
                          addr_of_granule(meets));
}

struct claims {
    struct { uint64_t lo, hi; } run[MAX_CLAIMS];
    unsigned n;
};

/* What is foreign of granules [lo, hi) is mapped. 0 or -errno; `claims` has what was. */
static int claim_foreign(struct wvm_space *sp, uint64_t lo, uint64_t hi, struct claims *claims)
{
    uint8_t owner;
    for (uint64_t g = lo, end; g < hi; g = end) {
        end = owner_run(sp, g, hi, &owner);
        if (owner != WVM_OWNER_FOREIGN)
            continue;
        if (claims->n == MAX_CLAIMS)
            return -ENOMEM;
        int err = wvm_host.reserve_at(addr_of_granule(g), (end - g) << WVM_GRANULE_SHIFT);
        if (err)
            return err;
        claims->run[claims->n].lo = g;
        claims->run[claims->n++].hi = end;
        wvm_pages_set(&sp->store, &sp->owner, g, end, WVM_OWNER_SINGLE);
        wvm_store_flush(&sp->store);
    }
    return 0;
}

wvm_status wvm_space_claim_any(struct wvm_space *sp, const struct wvm_window *w, uint64_t lo,
                               uint64_t hi)
{
    wvm_status status = check_window(sp, w, lo, hi);
    if (status)
        return status;
    if (wvm_space_is_system(sp, addr_of_granule(lo), (hi - lo) << WVM_GRANULE_SHIFT))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "the range meets system space, at",
                              wvm_space_system_range.start);
    struct claims claims;
    claims.n = 0;
    int err = claim_foreign(sp, lo, hi, &claims);
    if (err == 0) {
        sp->n_edges += claims.n;
        occupy(sp, lo, hi);
        return STATUS_SUCCESS;
    }
    while (claims.n--)
        unclaim(sp, claims.run[claims.n].lo, claims.run[claims.n].hi);
    if (err == -EEXIST)
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES,
                              "the range is in use outside winvm, at or above",
                              addr_of_granule(lo));
    return wvm_space_no_room(err, (hi - lo) << WVM_GRANULE_SHIFT);
}

wvm_status wvm_space_claim(struct wvm_space *sp, const struct wvm_window *w, uint64_t lo,
                           uint64_t hi)
{
    if (!w && hi > top_granule(sp))
        return wvm_space_fail(STATUS_CONFLICTING_ADDRESSES, "past the end of user space, at",
                              addr_of_granule(lo));
    return wvm_space_claim_any(sp, w, lo, hi);
}

/* ---- in use, and free again ---- */

/* Single granules go back to the kernel, and those of slabs but the first where the program has a
 * limit on address space; when the kernel has no mapping to spare for the
 * hole, they become a slab. */
static void vacate_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t owner)
{
    if ((owner == WVM_OWNER_SINGLE || sp->as_limited) &&
        wvm_host.unmap(addr_of_granule(lo), (hi - lo) << WVM_GRANULE_SHIFT) == 0) {
        wvm_space_set_host(sp, WVM_PAGE_OF_GRANULE(lo), WVM_PAGE_OF_GRANULE(hi), WVM_HP_NONE);
        wvm_pages_set(&sp->store, &sp->owner, lo, hi, WVM_OWNER_FOREIGN);
        return;
    }
    if (owner == WVM_OWNER_SINGLE)
        wvm_pages_set(&sp->store, &sp->owner, lo, hi, WVM_OWNER_SLAB);
    wvm_gaps_give(&sp->store, &sp->gaps, lo, hi);
}

static void vacate(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint8_t owner;
    if (WVM_LIKELY(wvm_space_in_main(sp, lo, hi) || wvm_space_window_at(sp, lo))) {
        wvm_gaps_give(&sp->store, wvm_space_gaps_at(sp, lo), lo, hi);
        return;
    }
    for (uint64_t g = lo, end; g < hi; g = end) {
        end = owner_run(sp, g, hi, &owner);
        vacate_run(sp, g, end, owner);
        wvm_store_flush(&sp->store);
    }
}

void wvm_space_unoccupy_parts(struct wvm_space *sp, uint64_t start, uint64_t end)
{
    uint64_t lo = WVM_GRANULE_OF(start), hi = WVM_GRANULE_OF(end - 1) + 1;
    uint32_t before = 0, after = 0;
    /* Whole granules have no other users. */
    if (start % WVM_PAGES_PER_GRANULE)
        before = wvm_index_before(&sp->store, &sp->index, start);
    if (end % WVM_PAGES_PER_GRANULE)
        after = wvm_index_after(&sp->store, &sp->index, end);
    if (before)
        lo = wvm_max(lo, WVM_GRANULE_OF(wvm_alloc_at(&sp->store, before)->end - 1) + 1);
    if (after)
        hi = wvm_min(hi, WVM_GRANULE_OF(wvm_alloc_at(&sp->store, after)->start));
    if (lo < hi)
        vacate(sp, lo, hi);
}
