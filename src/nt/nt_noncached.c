/* MmAllocateNonCachedMemory, MmFreeNonCachedMemory: whole pages of non-paged memory.
 *
 * Terms   TAG = what these pages are counted under; no other call frees a block of it by tag.
 * I1  A block is the pages of one call, and is freed by its start and its size in pages; anything
 *     else is a bug check that changes nothing.
 * The memory is cached as all memory of a process is: what differs is that it is locked.
 * Locking: none is held when a bug check leaves this file.   Failure: NULL.
 * Signal safety: as pool/pool.h. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_pool.h"

#define TAG 0x634e6d4du /* "MmNc" */
#define NO_BLOCK 0x99   /* parameter 1 of BAD_POOL_CALLER */

PVOID wvm_MmAllocateNonCachedMemory(SIZE_T size)
{
    uintptr_t pages;
    if (size == 0 || !wvm_align_up_checked(size, WVM_PAGE_SIZE, &pages) || !wvm_nt_pool_ready())
        return NULL;
    const struct wvm_pool_request rq = {
        .kind = WVM_POOL_NX, .tag = TAG, .size = pages, .caller = __builtin_return_address(0)};
    return wvm_pool_alloc(&rq);
}

void wvm_MmFreeNonCachedMemory(PVOID base, SIZE_T size)
{
    struct wvm_pool_block b;
    uintptr_t pages;
    bool known = wvm_pool_started() && wvm_pool_find(base, &b) && b.tag == TAG;
    if (known && (!wvm_align_up_checked(size, WVM_PAGE_SIZE, &pages) || pages != b.size))
        wvm_bug_check(BAD_POOL_CALLER, NO_BLOCK, (uintptr_t)base, 0, 0);
    else
        wvm_nt_pool_free(base, TAG, __builtin_return_address(0));
}
