/* Preferred memory nodes: what VirtualAllocExNuma and its kin ask for. */
#ifndef WVM_NT_NT_NODE_H
#define WVM_NT_NT_NODE_H

#include <stdbool.h>

#include "nt/nt.h"

/* The new allocation or view at base of the process prefers the node; NUMA_NO_PREFERRED_NODE and
 * other processes of the host: nothing. */
void wvm_nt_node_prefer(HANDLE process, uintptr_t base, uint32_t node);

extern bool wvm_nt_node_used;
void wvm_nt_node_forget_range(uintptr_t start, uintptr_t end);
/* [start, end) is about to be released, start == end: the whole allocation at start. */
static inline void wvm_nt_node_forget(uintptr_t start, uintptr_t end)
{
    if (WVM_UNLIKELY(__atomic_load_n(&wvm_nt_node_used, __ATOMIC_RELAXED)))
        wvm_nt_node_forget_range(start, end);
}

#endif
