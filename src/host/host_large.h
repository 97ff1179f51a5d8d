/* Large pages: what the host has of them, and the ways to get them. */
#ifndef WVM_HOST_HOST_LARGE_H
#define WVM_HOST_HOST_LARGE_H

#include "host/host.h"

#define WVM_LARGE_SHIFT 21 /* large pages: 2 MiB */
#define WVM_HUGE_SHIFT 30  /* huge ones: 1 GiB */

/* Can the host make large pages of ordinary memory (transparent huge pages)? */
bool wvm_host_has_transparent(void);
/* Does the host know reserved pages (hugetlb) of 2^shift bytes? There may be none free. */
bool wvm_host_has_reserved(unsigned shift);

/* Every page of [addr, addr + len), ordinary writable memory of our own, is there and is made of
 * large pages as far as the host can: *n_large of the len >> WVM_LARGE_SHIFT ones. addr and len are
 * multiples of a large page. all: fail at the first that cannot be. -ENOMEM, -EAGAIN. */
int wvm_host_make_large(uintptr_t addr, size_t len, bool all, size_t *n_large);
/* Every page of [addr, addr + len), writable, is there. A page that cannot be had is an error, no
 * signal. */
int wvm_host_make_present(uintptr_t addr, size_t len);
/* The same for the first len bytes of shared memory, whoever maps them later. */
int wvm_host_make_shared_large(int fd, uint64_t len, bool all, uint64_t *n_large);
/* Large pages of shared memory are mapped at [addr, addr + len), readable: their first use faults
 * no more. What cannot be read stays as it is. */
void wvm_host_meet_large(uintptr_t addr, size_t len);
/* Does one large page hold the page of addr now? Costs a system call. */
bool wvm_host_is_large(uintptr_t addr);

#endif
