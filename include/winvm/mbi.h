/* winvm/mbi.h: MEMORY_BASIC_INFORMATION in the widths of 32-bit and 64-bit processes.
 *
 * winvm_mbi_A_to_B(from, to): exact copies. 1: *to is filled. 0: an address or the size does not
 * fit into the narrower form, and *to is as it was. The PartitionId of the 64-bit form, which is 0
 * in what winvm reports, has no place in the 32-bit one and is dropped. */
#ifndef WINVM_MBI_H
#define WINVM_MBI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

#define WINVM_MBI_INLINE_ static __inline__ __attribute__((__unused__))

WINVM_MBI_INLINE_ int winvm_mbi_64_to_32(const MEMORY_BASIC_INFORMATION64 *from,
                                         MEMORY_BASIC_INFORMATION32 *to)
{
    if ((from->BaseAddress | from->AllocationBase | from->RegionSize) >> 32)
        return 0;
    to->BaseAddress = (DWORD)from->BaseAddress;
    to->AllocationBase = (DWORD)from->AllocationBase;
    to->AllocationProtect = from->AllocationProtect;
    to->RegionSize = (DWORD)from->RegionSize;
    to->State = from->State;
    to->Protect = from->Protect;
    to->Type = from->Type;
    return 1;
}

WINVM_MBI_INLINE_ int winvm_mbi_32_to_64(const MEMORY_BASIC_INFORMATION32 *from,
                                         MEMORY_BASIC_INFORMATION64 *to)
{
    to->BaseAddress = from->BaseAddress;
    to->AllocationBase = from->AllocationBase;
    to->AllocationProtect = from->AllocationProtect;
    to->__alignment1 = 0;
    to->RegionSize = from->RegionSize;
    to->State = from->State;
    to->Protect = from->Protect;
    to->Type = from->Type;
    to->__alignment2 = 0;
    return 1;
}

WINVM_MBI_INLINE_ int winvm_mbi_to_64(const MEMORY_BASIC_INFORMATION *from,
                                      MEMORY_BASIC_INFORMATION64 *to)
{
    to->BaseAddress = (ULONG_PTR)from->BaseAddress;
    to->AllocationBase = (ULONG_PTR)from->AllocationBase;
    to->AllocationProtect = from->AllocationProtect;
#if WINVM_64
    to->__alignment1 = from->PartitionId;
#else
    to->__alignment1 = 0;
#endif
    to->RegionSize = from->RegionSize;
    to->State = from->State;
    to->Protect = from->Protect;
    to->Type = from->Type;
    to->__alignment2 = 0;
    return 1;
}

WINVM_MBI_INLINE_ int winvm_mbi_from_64(const MEMORY_BASIC_INFORMATION64 *from,
                                        MEMORY_BASIC_INFORMATION *to)
{
#if WINVM_64
    to->PartitionId = (WORD)from->__alignment1;
#else
    if ((from->BaseAddress | from->AllocationBase | from->RegionSize) >> 32)
        return 0;
#endif
    to->BaseAddress = (PVOID)(ULONG_PTR)from->BaseAddress;
    to->AllocationBase = (PVOID)(ULONG_PTR)from->AllocationBase;
    to->AllocationProtect = from->AllocationProtect;
    to->RegionSize = (SIZE_T)from->RegionSize;
    to->State = from->State;
    to->Protect = from->Protect;
    to->Type = from->Type;
    return 1;
}

WINVM_MBI_INLINE_ int winvm_mbi_to_32(const MEMORY_BASIC_INFORMATION *from,
                                      MEMORY_BASIC_INFORMATION32 *to)
{
    MEMORY_BASIC_INFORMATION64 wide;
    return winvm_mbi_to_64(from, &wide) && winvm_mbi_64_to_32(&wide, to);
}

WINVM_MBI_INLINE_ int winvm_mbi_from_32(const MEMORY_BASIC_INFORMATION32 *from,
                                        MEMORY_BASIC_INFORMATION *to)
{
    MEMORY_BASIC_INFORMATION64 wide;
    return winvm_mbi_32_to_64(from, &wide) && winvm_mbi_from_64(&wide, to);
}

#undef WINVM_MBI_INLINE_
#endif

#endif
