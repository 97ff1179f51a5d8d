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
 * the host's limits and the address space have room for. Inaccessible. NO_MEMORY. A second call
 * answers SUCCESS and the range there is. POSSIBLE_DEADLOCK: a handler inside winvm. */
wvm_status wvm_space_system_open(struct wvm_space *sp, size_t least, size_t most, uintptr_t *start,
                                 uintptr_t *end) WVM_MUST_CHECK;

/* The range; all 0 until it is open. end is written last (release), and neither changes again. */
struct wvm_system_range {
    uintptr_t start, end;
};
extern struct wvm_system_range wvm_space_system_range;

/* Lies any byte of [addr, addr+len) in it? len not 0; no wrap. Lock-free. */
static inline bool wvm_space_is_system(const struct wvm_space *sp, uintptr_t addr, size_t len)
{
    (void)sp;
    return addr < __atomic_load_n(&wvm_space_system_range.end, __ATOMIC_ACQUIRE) &&
           addr + (len - 1) >= __atomic_load_n(&wvm_space_system_range.start, __ATOMIC_RELAXED);
}
/* First address past what a range of user space that begins at addr, itself below `top`, can reach:
 * addr and less when addr is system space. */
static inline uintptr_t wvm_space_user_end(uintptr_t addr, uintptr_t top)
{
    if (WVM_LIKELY(addr >= __atomic_load_n(&wvm_space_system_range.end, __ATOMIC_ACQUIRE)))
        return top;
    uintptr_t start = __atomic_load_n(&wvm_space_system_range.start, __ATOMIC_RELAXED);
    return start < top ? start : top;
}

/* Asked by the fault path, on the faulting thread, when an access to system space faults. True: it
 * has dealt with it, and the access is tried again. Signal safety: it runs in the handler. NULL:
 * nobody asks. */
struct wvm_system_fault {
    uintptr_t addr, ip;
    bool write, execute;
};
extern bool (*wvm_space_system_fault)(const struct wvm_system_fault *f);

#endif
