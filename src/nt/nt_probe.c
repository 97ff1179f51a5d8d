/* ProbeForRead, ProbeForWrite, MmIsAddressValid, MmGetPhysicalAddress: what drivers ask about
 * addresses.
 *
 * Terms   touch = an access that reads a byte and writes it back as it is.
 * I1  Order of checks: length 0; alignment; range; then, of a write, one touch in each page
 *     (POOL-157).
 * I2  Reading is never tried (POOL-153); touches are ordinary accesses of the calling thread: what
 *     they meet (a guard page, a page without write access) is an exception of theirs, with its
 *     address, and pages before it stay touched (POOL-154, POOL-155).
 * I3  A touch loses no write of another thread: it is one atomic operation.
 * I4  Where user space ends is what the other calls say, but for memory that the host mapped above
 *     the top: the program's own code, stacks and heap may be there. System space is none
 *     (POOL-158).
 * Locking: none.   Failure: the exception; where nobody raises (nt_raise.h) nothing is touched.
 * Signal safety: a probe runs the program's handlers; the others are safe. */
#include "api/api.h"
#include "base/arith.h"
#include "host/host.h"
#include "nt/nt.h"
#include "nt/nt_raise.h"
#include "space/space_system.h"

/* Has the host mapped something at addr, at or above the top? */
static bool is_mapped_above(uintptr_t addr)
{
    struct wvm_region r;
    return addr < wvm_nt_host_top() && wvm_nt_region_at(addr, &r) >= 0 &&
           r.type != WVM_TYPE_FREE;
}

/* First address past the user space that addr is in; addr or less: it is in none. */
static uintptr_t user_end(uintptr_t addr, size_t len)
{
    uintptr_t top = wvm_nt_top();
    bool whole = wvm_nt_host_top() - top <= WVM_GRANULE_SIZE; /* a stack may cross the top */
    if (WVM_LIKELY(addr < top && (len <= top - addr || !whole)))
        return wvm_space_user_end(addr, top);
    if (is_mapped_above(wvm_max(addr, top)))
        top = wvm_nt_host_top();
    return wvm_space_user_end(addr, top);
}

/* 0, or the exception that the range deserves. */
static uint32_t judge(uintptr_t addr, size_t len, ULONG alignment)
{
    if (addr & (uintptr_t)(alignment - 1))
        return (uint32_t)STATUS_DATATYPE_MISALIGNMENT;
    uintptr_t end = user_end(addr, len);
    return addr < end && len <= end - addr ? 0 : (uint32_t)STATUS_ACCESS_VIOLATION;
}

static void touch(uintptr_t at)
{
    __asm__ volatile("lock orb $0, %0" : "+m"(*(volatile char *)at) : : "cc");
}

void wvm_ProbeForRead(const volatile void *address, SIZE_T length, ULONG alignment)
{
    uint32_t status = length ? judge((uintptr_t)address, length, alignment) : 0;
    if (WVM_UNLIKELY(status))
        wvm_nt_raise(status);
}

void wvm_ProbeForWrite(volatile void *address, SIZE_T length, ULONG alignment)
{
    uintptr_t at = (uintptr_t)address, end = at + length;
    uint32_t status = length ? judge(at, length, alignment) : 0;
    if (WVM_UNLIKELY(status)) {
        wvm_nt_raise(status);
        return;
    }
    for (; at < end; at = wvm_align_down(at, WVM_PAGE_SIZE) + WVM_PAGE_SIZE)
        touch(at);
}

/* ---- pages ---- */

/* In memory now, and readable: a page that would have to be made first is not valid. */
BOOLEAN wvm_MmIsAddressValid(PVOID address)
{
    uint8_t bits, byte;
    uintptr_t at = (uintptr_t)address;
    return at < wvm_nt_host_top() &&
           wvm_host_residency(wvm_align_down(at, WVM_PAGE_SIZE), 1, &bits) >= 0 && (bits & 1) &&
           wvm_host_read(0, &byte, at, 1) == 1;
}

PHYSICAL_ADDRESS wvm_MmGetPhysicalAddress(PVOID address)
{
    uintptr_t at = (uintptr_t)address;
    uint64_t frame = at < wvm_nt_host_top() ? wvm_host_page_frame(at) : 0;
    PHYSICAL_ADDRESS physical;
    physical.QuadPart =
        frame ? (LONGLONG)(frame << WVM_PAGE_SHIFT | (at & (WVM_PAGE_SIZE - 1))) : 0;
    return physical;
}
