/* How much of an address space is free.
 *
 * Terms   vacant = granules of our mappings that nothing is allocated in.
 * I1  Free is what could be reserved: whole granules. What an allocation leaves of its last granule
 *     counts as used. Only the pages of a granule before a mapping of the host's count as free
 *     although nothing can be reserved there: to find them takes a look at each mapping.
 * I2  What nobody has mapped is free, too, but in a low layout: there all that is free was mapped
 *     at start, and what the host has is in use.
 * Numbers are read one after the other: changes by other threads may be counted half.
 * Locking: none.   Failure: without /proc only the vacant granules count.   Signal safety: yes. */
#include "base/arith.h"
#include "host/host_system.h"
#include "space/space_internal.h"
#include "space/space_layout.h"

/* Mapped bytes below top: one look at the host's list for each mapping there. */
static uint64_t mapped_below(uint64_t top)
{
    struct wvm_host_vma vma;
    uint64_t bytes = 0;
    for (uintptr_t at = 0; at < top && wvm_host_map_find(at, &vma) > 0 && vma.start < top;
         at = vma.end)
        bytes += wvm_min(vma.end, top) - vma.start;
    return bytes;
}

uint64_t wvm_space_free_bytes(const struct wvm_space *sp)
{
    uint64_t vacant = __atomic_load_n(&sp->gaps.total, __ATOMIC_RELAXED) << WVM_GRANULE_SHIFT;
    uint64_t top = sp->top << WVM_PAGE_SHIFT, space = top - WVM_GRANULE_SIZE, mapped = 0;
    if (!wvm_layout.low)
        mapped = sp->host_top - sp->top < WVM_PAGES_PER_GRANULE ? wvm_host_mapped_bytes()
                                                                : mapped_below(top);
    if (mapped < vacant || mapped - vacant > space)
        return wvm_min(vacant, space);
    return space - (mapped - vacant);
}
