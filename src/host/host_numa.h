/* Memory nodes: which there are, and where pages are. Part of the host room: no malloc, errno is
 * preserved, safe in a signal handler. A host that tells nothing has one node, number 0. */
#ifndef WVM_HOST_HOST_NUMA_H
#define WVM_HOST_HOST_NUMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Windows numbers nodes up to 63; what the host has beyond does not exist here. */
#define WVM_MAX_NODE 63u

/* True when the memory node exists now. Node 0 always does. */
bool wvm_host_node_exists(unsigned node);
/* The highest one that exists now. */
unsigned wvm_host_highest_node(void);
/* The machine can have more than one: a system call at the first question, none afterwards. */
bool wvm_host_has_nodes(void);
/* Bit n for processor n < 64 of a node that exists. */
uint64_t wvm_host_node_processors(unsigned node);
/* Bytes of a node that are free or hold only what can be read again. False: the host does not
 * tell. */
bool wvm_host_node_left(unsigned node, uint64_t *bytes);

/* The node of each of n_pages pages from addr, which need not be mapped; 0 for one that is not in
 * memory. One system call for PAGES of them (host_numa.c), none on a machine of one node. 0, or
 * -errno where the host does not tell: then all are 0. */
int wvm_host_nodes(uintptr_t addr, size_t n_pages, uint8_t *node);
/* The same in process pid, 0: this one. -ESRCH, -EPERM: it has ended, it may not be looked at. */
int wvm_host_nodes_of(pid_t pid, uintptr_t addr, size_t n_pages, uint8_t *node);

/* Pages of [addr, addr+len) that come into memory from now on shall be of the node while it has
 * memory; -1: of the host's choice. 0 or -errno; nothing happens on a machine of one node. */
int wvm_host_prefer_node(uintptr_t addr, size_t len, int node);

#endif
