/* Where user space ends for a call: the host's own memory above the top. */
#ifndef WVM_NT_NT_HOST_MEMORY_H
#define WVM_NT_NT_HOST_MEMORY_H

#include "base/annotate.h"
#include "nt/nt_target.h"
#include "space/space_system.h"

/* Is addr, at or above the target's top, in memory that the host has mapped at 4 GiB or above? Then
 * *out is what lies there. */
bool wvm_nt_find_host_memory(const struct wvm_target *t, uintptr_t addr, struct wvm_region *out);
static inline bool wvm_nt_is_host_memory(const struct wvm_target *t, uintptr_t addr)
{
    struct wvm_region r;
    return wvm_nt_find_host_memory(t, addr, &r);
}

/* First address past what a call on existing memory at addr may name: the target's top, or the end
 * of the host's memory, or where system space begins. At or below addr: addr is not user space. */
WVM_COLD uintptr_t wvm_nt_end_above(const struct wvm_target *t, uintptr_t addr);
static inline uintptr_t wvm_nt_end_for(const struct wvm_target *t, uintptr_t addr)
{
    if (WVM_UNLIKELY(addr >= t->top))
        return wvm_nt_end_above(t, addr);
    return WVM_LIKELY(t->pid == 0) ? wvm_space_user_end(addr, t->top) : t->top;
}

#endif
