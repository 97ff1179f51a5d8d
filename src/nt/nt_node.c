/* Preferred memory nodes of allocations and views.
 *
 * Terms   preference = the host's policy for the pages of a range that come into memory from then
 *         on: the node while it has memory, then any other.
 * I1  A preference is a hint: it is set after the range is there, and a failure of it is none of
 *     the call's. Pages that are in memory already stay where they are.
 * I2  What is released loses its preference first: the next allocation there has none. What is
 *     decommitted may lose it.
 * I3  A machine of one node, and a program that never names a node, pay nothing.
 * Locking: none; a range that is released meanwhile is at most placed badly.
 * Failure: ignored.   Signal safety: yes. */
#include "nt/nt_node.h"

#include "host/host_numa.h"
#include "nt/nt_target.h"

/* (a) Some range may have a preference. */
bool wvm_nt_node_used;

/* The allocation that starts at or contains addr, an address of ours. */
static bool find(uintptr_t addr, struct wvm_region *r)
{
    return wvm_space_query(&wvm_space_native, addr, r) >= 0 && r->alloc_end > r->alloc_start &&
           !(r->flags & WVM_ALLOC_FOREIGN);
}

void wvm_nt_node_prefer(HANDLE process, uintptr_t base, uint32_t node)
{
    struct wvm_target t;
    struct wvm_region r;
    if (node == NUMA_NO_PREFERRED_NODE || !wvm_host_has_nodes() ||
        wvm_target_of(process, PROCESS_VM_OPERATION, &t) < 0)
        return;
    if (t.pid == 0 && find(t.base + base, &r)) {
        __atomic_store_n(&wvm_nt_node_used, true, __ATOMIC_RELAXED);
        (void)wvm_host_prefer_node(r.alloc_start, r.alloc_end - r.alloc_start, (int)node);
    }
    wvm_target_drop(&t);
}

void wvm_nt_node_forget_range(uintptr_t start, uintptr_t end)
{
    struct wvm_region r;
    if (!find(start, &r))
        return;
    if (start == end)
        end = r.alloc_end;
    if (start >= r.alloc_start && end <= r.alloc_end && start < end)
        (void)wvm_host_prefer_node(start, end - start, -1);
}
