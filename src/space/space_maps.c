/* Mappings are scarce: the host allows vm.max_map_count of them, and each border between
 * protections costs one. This file keeps count and keeps room.
 *
 * I1  n_edges is the number of borders between protections inside our mappings, kept exactly by
 *     wvm_space_set_host and _set_host_run, the only writers of sp->host, and of views.
 * I2  What would add mappings is refused past 7/8 of the limit, so that the program's own mappings
 *     and every close find room; past half of it, opening and closing choose the way that saves
 *     mappings, and free space is tidied.
 * I3  Ballast is never touched but to be unmapped.
 * Locking: the space lock. Failure: none; refusals are the caller's NO_MEMORY.
 * Signal safety: not for handlers. */
#include <errno.h>

#include "space/space_internal.h"

#define TIDY_RUNS 32    /* fewer are not worth a call */
#define REFUSED_NEAR 16 /* more than one change of protection adds */

/* Borders between protections from page lo - 1 to page hi: as they are now, and as they would be if
 * [lo, hi) had protection `prot`. */
static void count_edges(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot, int64_t *now,
                        int64_t *then)
{
    uint8_t h, next;
    uint64_t end = wvm_host_run(sp, lo - 1, hi + 1, &h);
    *then = wvm_hp_vma_prot(h) != prot;
    for (*now = 0; end <= hi; h = next) {
        end = wvm_host_run(sp, end, hi + 1, &next);
        *now += wvm_hp_vma_prot(next) != wvm_hp_vma_prot(h);
    }
    *then += wvm_hp_vma_prot(h) != prot;
}

void wvm_space_set_host(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t v)
{
    int64_t now, then;
    count_edges(sp, lo, hi, wvm_hp_vma_prot(v), &now, &then);
    sp->n_edges += then - now;
    wvm_sheet_set(&sp->store, &sp->host, lo, hi, v);
}

void wvm_space_set_host_run(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint8_t h, uint8_t v)
{
    unsigned was = wvm_hp_vma_prot(h), now = wvm_hp_vma_prot(v);
    if (was != now) {
        unsigned left = wvm_hp_vma_prot(wvm_sheet_at(&sp->store, &sp->host, lo - 1));
        unsigned right = wvm_hp_vma_prot(wvm_sheet_at(&sp->store, &sp->host, hi));
        sp->n_edges += (left != now) + (right != now) - (left != was) - (right != was);
    }
    wvm_sheet_set(&sp->store, &sp->host, lo, hi, v);
}

/* So far ours may grow or shrink before the others are counted again. */
static int64_t recount_step(int64_t left)
{
    int64_t step = (int64_t)wvm_host_caps.max_map_count / 16;
    return left / 2 > step ? left / 2 : step;
}

/* Mappings of the process now, by our own count of ours. The others are counted when ours have
 * grown by a sixteenth of what is allowed, or by half of what is left until they are scarce. */
static int64_t count_maps(struct wvm_space *sp)
{
    if (sp->n_edges >= sp->recount_at) {
        int64_t n = (int64_t)wvm_host_map_count();
        int64_t half = (int64_t)wvm_host_caps.max_map_count / 2;
        sp->n_maps_other = n - sp->n_edges;
        sp->counted_at = sp->n_edges;
        sp->recount_at = sp->n_edges + recount_step(half - n);
        half -= sp->n_maps_other;
        sp->calm_below = half < sp->recount_at ? half : sp->recount_at;
    }
    return sp->n_maps_other + sp->n_edges;
}

bool wvm_space_maps_counted_scarce(struct wvm_space *sp)
{
    return count_maps(sp) > (int64_t)wvm_host_caps.max_map_count / 2;
}

bool wvm_space_give_up_ballast(struct wvm_space *sp)
{
    if (!sp->n_ballast)
        return false;
    for (unsigned i = 0; i < 2 && sp->n_ballast; i++)
        wvm_host.unmap(sp->ballast[--sp->n_ballast], WVM_PAGE_SIZE);
    sp->ballast_lost = true;
    return true;
}

/* Ballast: mappings of another kind than anything next to them, to be unmapped when a close meets
 * the host's limit of mappings. Each is its own page. */
void wvm_space_take_ballast(struct wvm_space *sp)
{
    while (sp->n_ballast < WVM_N_BALLAST &&
           wvm_host.ballast(WVM_PAGE_SIZE, &sp->ballast[sp->n_ballast]) == 0)
        sp->n_ballast++;
    sp->ballast_lost = false;
}

/* ---- tidying ---- */

/* Pages of free space that are fenced: the smallest range with all of them,
 * and in how many runs. */
static uint64_t find_fenced(struct wvm_space *sp, uint64_t *lo, uint64_t *hi)
{
    uint64_t first = *hi, last = *lo, runs = 0;
    uint8_t h;
    for (uint64_t p = *lo, end; p < *hi; p = end) {
        end = wvm_host_run(sp, p, *hi, &h);
        if (h == WVM_HP_NONE)
            continue;
        first = runs ? first : p;
        last = end;
        runs++;
    }
    *lo = first;
    *hi = last;
    return runs;
}

/* Makes the free pages [lo, hi) one mapping, if at least `runs` runs of them are fenced. */
static void tidy_gap(struct wvm_space *sp, uint64_t lo, uint64_t hi, uint64_t runs)
{
    wvm_space_join(sp, lo, hi);
    if (find_fenced(sp, &lo, &hi) >= runs &&
        wvm_host.discard(wvm_addr_of(lo), (hi - lo) << WVM_PAGE_SHIFT) == 0)
        wvm_space_set_host(sp, lo, hi, WVM_HP_NONE);
}

static void tidy_gaps(struct wvm_space *sp, const struct wvm_gaps *gaps)
{
    uint32_t a, b = 0;
    while (wvm_gaps_overlap(&sp->store, gaps, b, WVM_N_GRANULES, &a, &b))
        tidy_gap(sp, WVM_PAGE_OF_GRANULE(a), WVM_PAGE_OF_GRANULE(b), 1);
}

static void tidy_all(struct wvm_space *sp)
{
    tidy_gaps(sp, &sp->gaps);
    for (uint32_t i = 1; sp->n_windows && i <= sp->fresh_window; i++)
        tidy_gaps(sp, &sp->window[i].gaps);
}

/* Free space keeps fenced pages, each a border or two. When that matters, one call over the free
 * range around a page makes it one mapping again. */
void wvm_space_tidy_around(struct wvm_space *sp, uint64_t page)
{
    uint32_t a, b;
    if (!wvm_space_maps_scarce(sp)) {
        if (sp->ballast_lost)
            wvm_space_take_ballast(sp);
        return;
    }
    uint64_t granule = WVM_GRANULE_OF(page);
    if (!wvm_gaps_around(&sp->store, wvm_space_gaps_at(sp, granule), granule, &a, &b))
        return;
    tidy_gap(sp, WVM_PAGE_OF_GRANULE(a), WVM_PAGE_OF_GRANULE(b), TIDY_RUNS);
}

static int64_t most_maps(void)
{
    return (int64_t)wvm_host_caps.max_map_count * 7 / 8;
}

/* Free space may hold borders, and the program may have given back mappings of its own since they
 * were counted. */
static int64_t count_fresh(struct wvm_space *sp)
{
    tidy_all(sp);
    sp->recount_at = sp->n_edges;
    return count_maps(sp);
}

bool wvm_space_maps_refused(void)
{
    return (int64_t)wvm_host_map_count() + REFUSED_NEAR >= most_maps();
}

bool wvm_space_maps_allow_more(struct wvm_space *sp, uint64_t n)
{
    int64_t more = (int64_t)n;
    if (WVM_LIKELY(sp->n_edges + more < sp->calm_below) || count_maps(sp) + more <= most_maps() ||
        count_fresh(sp) + more <= most_maps())
        return true;
    wvm_host_diag("7/8 of the host's vm.max_map_count (%zu) are in use; raise it with sysctl",
                  wvm_host_caps.max_map_count);
    return false;
}

/* A view counts more than once when its neighbours are no mappings of ours: a count that was taken
 * at a high is not good at a low. */
void wvm_space_maps_fewer(struct wvm_space *sp, uint64_t n)
{
    sp->n_edges -= (int64_t)n;
    if (sp->n_edges + 2 * recount_step(0) < sp->counted_at)
        sp->recount_at = sp->calm_below = sp->n_edges;
}

/* May [lo, hi) get protection prot? Growth ends at 7/8 of what the host allows, so that the
 * program's own mappings and every later close find room. */
bool wvm_space_maps_counted_allow(struct wvm_space *sp, uint64_t lo, uint64_t hi, unsigned prot)
{
    int64_t most = most_maps();
    if (count_maps(sp) + 2 < most)
        return true;
    int64_t now, then;
    count_edges(sp, lo, hi, prot, &now, &then);
    if (then <= now || count_maps(sp) + then - now <= most)
        return true;
    return count_fresh(sp) + then - now <= most;
}
