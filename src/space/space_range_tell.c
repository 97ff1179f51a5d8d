/* What became of the range that was taken at start, in words: the option diag.
 *
 * Terms   those of space_range.c; lost = granules of the range that are not winvm's.
 * I1      Nothing is changed; every line ends with what gives the addresses back.
 * Locking: none; called once, at start.   Failure: what the host does not tell is left out.
 * Signal safety: none. */
#include <errno.h>

#include "base/options.h"
#include "space/space_internal.h"
#include "space/space_layout.h"

#define SHADOW_LEAST ((uintptr_t)256 << 20) /* no other mapping below 4 GiB is as long */
#define NAME_CAP 256

static unsigned long long kib_of(uint64_t n_granules)
{
    return (unsigned long long)n_granules << (WVM_GRANULE_SHIFT - 10);
}

/* Why a mapping lies there, and what is to be done. */
static const char *explain(const struct wvm_host_vma *vma, bool module)
{
    uintptr_t heap = wvm_host_heap_end();
    if (module)
        return "is made for fixed addresses; link it position-independent (-pie, -fPIC)";
    if (vma->ino)
        return "was mapped there before winvm started (MAP_32BIT or a fixed address)";
    if (vma->start < heap && heap <= vma->end)
        return "is the program's heap (brk); a program linked with -pie has it elsewhere";
    if (vma->end - vma->start >= SHADOW_LEAST)
        return "seems to be a sanitizer's shadow memory; take a lower limit, or build without";
    return "was mapped before winvm started (MAP_32BIT or a fixed address)";
}

/* Tells of the hole that begins at or above `at`; its end, or limit when there is none. */
static uintptr_t tell_hole(uintptr_t at, uintptr_t limit)
{
    struct wvm_host_vma vma;
    char name[NAME_CAP] = "";
    uintptr_t start, end;
    if (wvm_host_map_find(at, &vma) <= 0 || vma.start >= limit)
        return limit;
    bool module = wvm_host_module(vma.start, &start, &end);
    if (module) {
        vma.start = start;
        vma.end = wvm_max(vma.end, wvm_align_up(end, WVM_PAGE_SIZE));
    }
    if (wvm_host_map_name(vma.start, name, sizeof name) < 0)
        name[0] = '\0';
    uint64_t lo = wvm_max(vma.start, at) >> WVM_GRANULE_SHIFT;
    uint64_t hi = wvm_align_up(wvm_min(vma.end, limit), WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT;
    wvm_host_diag("0x%lx-0x%lx%s%s %s: %llu KiB are lost", (unsigned long)vma.start,
                  (unsigned long)vma.end, *name ? " " : "", name, explain(&vma, module),
                  kib_of(hi - lo));
    return vma.end;
}

/* Granules [lo, hi) are not ours. */
static void tell_lost(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t least = wvm_align_up(wvm_host_caps.min_addr, WVM_GRANULE_SIZE) >> WVM_GRANULE_SHIFT;
    if (lo < least)
        wvm_host_diag("the host lets nobody map below 0x%lx (vm.mmap_min_addr): %llu KiB are lost; "
                      "sysctl vm.mmap_min_addr=65536 gives them back",
                      (unsigned long)wvm_host_caps.min_addr, kib_of(least - lo));
    for (unsigned i = 0; i < sp->n_gaps_left; i++)
        if (sp->gap_left[i].lo >= lo && sp->gap_left[i].hi <= hi)
            wvm_host_diag("0x%lx-0x%lx is left to the host, as wow64-gap asks: %llu KiB",
                          (unsigned long)wvm_addr_of(WVM_PAGE_OF_GRANULE(sp->gap_left[i].lo)),
                          (unsigned long)wvm_addr_of(WVM_PAGE_OF_GRANULE(sp->gap_left[i].hi)),
                          kib_of(sp->gap_left[i].hi - sp->gap_left[i].lo));
    uintptr_t limit = wvm_addr_of(WVM_PAGE_OF_GRANULE(hi));
    for (uintptr_t at = wvm_addr_of(WVM_PAGE_OF_GRANULE(lo)); at < limit;)
        at = tell_hole(at, limit);
}

void wvm_space_tell_range(struct wvm_space *sp)
{
    uint64_t top = WVM_GRANULE_OF(sp->top), taken = 0;
    unsigned pieces = 0;
    uint8_t owner;
    if (!wvm_option(WVM_OPTION_DIAG))
        return;
    for (uint64_t g = 1, end; g < top; g = end) {
        end = wvm_pages_next(&sp->store, &sp->owner, g, top, &owner);
        if (owner == WVM_OWNER_FOREIGN) {
            tell_lost(sp, g, end);
            continue;
        }
        taken += end - g;
        pieces++;
    }
    wvm_host_diag("the address space ends at 0x%llx; %llu of %llu KiB are winvm's, in %u pieces, "
                  "the largest of %llu KiB",
                  (unsigned long long)wvm_layout.top, kib_of(taken), kib_of(top - 1), pieces,
                  kib_of(sp->main_hi - sp->main_lo));
    if (sp->range_refused)
        (void)wvm_space_host_fail(-ENOMEM, kib_of(top - 1 - taken) << 10);
}
