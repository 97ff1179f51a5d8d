/* Memory above the top of the address space that a program may name all the same.
 *
 * A lower top than the host's own (the options wow64 and layout) leaves the program's code, data,
 * stacks and heap above it. On Windows these belong to the address space, and programs query,
 * protect, lock and copy them.
 * I1  Only what is mapped there is such memory; a free address at or above the top is outside user
 *     space. Nothing can be reserved or mapped there.
 * I2  Below 4 GiB, and in the first 64 KiB above the top, there is none: a walk from address 0 ends
 *     at the top. In a 32-bit process it is the first page above the top that is none.
 * I3  A based space has no such memory.
 * I4  System space is none, wherever it lies (space_system.h); user space that begins below it ends
 *     where it begins.
 * Locking: none.   Failure: the address counts as outside.   Signal safety: of this process's
 * memory. */
#include "nt/nt_host_memory.h"

#include "base/arith.h"
#include "nt/nt_query.h"

/* I2. Below 4 GiB is all that a 32-bit process has. */
static const uint64_t least = sizeof(void *) == 8 ? UINT64_C(0x100000000) : 0;
static const uint64_t none_above_top = sizeof(void *) == 8 ? WVM_GRANULE_SIZE : WVM_PAGE_SIZE;

bool wvm_nt_find_host_memory(const struct wvm_target *t, uintptr_t addr, struct wvm_region *out)
{
    if (t->window || addr < least || addr >= wvm_nt_host_top() || addr < t->top ||
        addr - t->top < none_above_top)
        return false;
    if (t->pid == 0 && wvm_space_is_system(&wvm_space_native, addr, 1))
        return false;
    return wvm_nt_region_in(t, addr, out) >= 0 && out->type != WVM_TYPE_FREE;
}

uintptr_t wvm_nt_end_above(const struct wvm_target *t, uintptr_t addr)
{
    if (!wvm_nt_is_host_memory(t, addr))
        return t->top;
    return t->pid == 0 ? wvm_space_user_end(addr, wvm_nt_host_top()) : wvm_nt_host_top();
}
