/* System space: one range of winvm's addresses that is not user space.
 *
 * Kernel pools live there. To the calls of the program it is memory of somebody else: VirtualQuery
 * tells the whole range as one RESERVE, PRIVATE, NOACCESS allocation, so that walks pass it, and
 * what would change, free, lock, read or write it answers as for an address above user space. What
 * the pages are is the business of who opened it; the tracker knows nothing of them. */
#ifndef WVM_SPACE_SPACE_SYSTEM_H
#define WVM_SPACE_SPACE_SYSTEM_H

#include "space/space.h"

/* Opens the range, once: at most `most` bytes and at least `least`, granule multiples, as much as
 * the host's limits and the address space have room for. Inaccessible. NO_MEMORY. */
wvm_status wvm_space_system_open(struct wvm_space *sp, size_t least, size_t most, uintptr_t *start,
                                 uintptr_t *end) WVM_MUST_CHECK;
/* Lies any byte of [addr, addr+len) in it? len not 0; no wrap. Lock-free. */
bool wvm_space_is_system(const struct wvm_space *sp, uintptr_t addr, size_t len);

/* Asked by the fault path, on the faulting thread, when an access to system space faults. True: it
 * has dealt with it, and the access is tried again. Signal safety: it runs in the handler. NULL:
 * nobody asks. */
struct wvm_system_fault {
    uintptr_t addr, ip;
    bool write, execute;
};
extern bool (*wvm_space_system_fault)(const struct wvm_system_fault *f);

#endif
