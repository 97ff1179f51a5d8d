/* winvm/layout.h: size and member offsets of every public structure, checked when compiled.
 *
 * No other header includes this one. It declares nothing; a code base that uses WINVM_NO_TYPES may
 * include it last to check its own structures. Values: the SDK's, and VQ-049 for
 * MEMORY_REGION_INFORMATION. */
#ifndef WINVM_LAYOUT_H
#define WINVM_LAYOUT_H

#include <stddef.h>

#include "sysinfoapi.h"
#include "winternl.h"
#include "control.h"

/* 64-bit value, 32-bit value. */
#define WINVM_SIZE_(type, v64, v32)                                                             \
    WINVM_STATIC_ASSERT(sizeof(type) == (WINVM_64 ? (v64) : (v32)), "size of " #type)
#define WINVM_AT_(type, member, v64, v32)                                                       \
    WINVM_STATIC_ASSERT(offsetof(type, member) == (WINVM_64 ? (v64) : (v32)),                   \
                        "offset of " #member " in " #type)

WINVM_SIZE_(MEMORY_BASIC_INFORMATION, 48, 28);
WINVM_AT_(MEMORY_BASIC_INFORMATION, BaseAddress, 0, 0);
WINVM_AT_(MEMORY_BASIC_INFORMATION, AllocationBase, 8, 4);
WINVM_AT_(MEMORY_BASIC_INFORMATION, AllocationProtect, 16, 8);
WINVM_AT_(MEMORY_BASIC_INFORMATION, RegionSize, 24, 12);
WINVM_AT_(MEMORY_BASIC_INFORMATION, State, 32, 16);
WINVM_AT_(MEMORY_BASIC_INFORMATION, Protect, 36, 20);
WINVM_AT_(MEMORY_BASIC_INFORMATION, Type, 40, 24);

WINVM_SIZE_(SYSTEM_INFO, 48, 36);
WINVM_AT_(SYSTEM_INFO, dwPageSize, 4, 4);
WINVM_AT_(SYSTEM_INFO, lpMinimumApplicationAddress, 8, 8);
WINVM_AT_(SYSTEM_INFO, lpMaximumApplicationAddress, 16, 12);
WINVM_AT_(SYSTEM_INFO, dwActiveProcessorMask, 24, 16);
WINVM_AT_(SYSTEM_INFO, dwNumberOfProcessors, 32, 20);
WINVM_AT_(SYSTEM_INFO, dwProcessorType, 36, 24);
WINVM_AT_(SYSTEM_INFO, dwAllocationGranularity, 40, 28);
WINVM_AT_(SYSTEM_INFO, wProcessorLevel, 44, 32);
WINVM_AT_(SYSTEM_INFO, wProcessorRevision, 46, 34);

WINVM_SIZE_(struct winvm_commit_info, 24, 24);
WINVM_AT_(struct winvm_commit_info, committed, 0, 0);
WINVM_AT_(struct winvm_commit_info, limit, 8, 8);
WINVM_AT_(struct winvm_commit_info, peak, 16, 16);

#ifndef WINVM_NO_TYPES
#if WINVM_64
WINVM_AT_(MEMORY_BASIC_INFORMATION, PartitionId, 20, 0);
#endif

WINVM_SIZE_(MEMORY_BASIC_INFORMATION32, 28, 28);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, BaseAddress, 0, 0);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, AllocationBase, 4, 4);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, AllocationProtect, 8, 8);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, RegionSize, 12, 12);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, State, 16, 16);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, Protect, 20, 20);
WINVM_AT_(MEMORY_BASIC_INFORMATION32, Type, 24, 24);

WINVM_SIZE_(MEMORY_BASIC_INFORMATION64, 48, 48);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, BaseAddress, 0, 0);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, AllocationBase, 8, 8);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, AllocationProtect, 16, 16);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, __alignment1, 20, 20);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, RegionSize, 24, 24);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, State, 32, 32);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, Protect, 36, 36);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, Type, 40, 40);
WINVM_AT_(MEMORY_BASIC_INFORMATION64, __alignment2, 44, 44);

WINVM_SIZE_(LARGE_INTEGER, 8, 8);
WINVM_AT_(LARGE_INTEGER, u.LowPart, 0, 0);
WINVM_AT_(LARGE_INTEGER, u.HighPart, 4, 4);
WINVM_AT_(LARGE_INTEGER, QuadPart, 0, 0);
WINVM_SIZE_(ULARGE_INTEGER, 8, 8);
WINVM_AT_(ULARGE_INTEGER, u.LowPart, 0, 0);
WINVM_AT_(ULARGE_INTEGER, u.HighPart, 4, 4);
WINVM_AT_(ULARGE_INTEGER, QuadPart, 0, 0);

WINVM_SIZE_(UNICODE_STRING, 16, 8);
WINVM_AT_(UNICODE_STRING, Length, 0, 0);
WINVM_AT_(UNICODE_STRING, MaximumLength, 2, 2);
WINVM_AT_(UNICODE_STRING, Buffer, 8, 4);
WINVM_SIZE_(STRING, 16, 8);
WINVM_AT_(STRING, Length, 0, 0);
WINVM_AT_(STRING, MaximumLength, 2, 2);
WINVM_AT_(STRING, Buffer, 8, 4);
WINVM_SIZE_(IO_STATUS_BLOCK, 16, 8);
WINVM_AT_(IO_STATUS_BLOCK, Information, 8, 4);

WINVM_SIZE_(MEMORY_REGION_INFORMATION, 48, 28);
WINVM_AT_(MEMORY_REGION_INFORMATION, AllocationBase, 0, 0);
WINVM_AT_(MEMORY_REGION_INFORMATION, AllocationProtect, 8, 4);
WINVM_AT_(MEMORY_REGION_INFORMATION, RegionSize, 16, 12);
WINVM_AT_(MEMORY_REGION_INFORMATION, CommitSize, 24, 16);
WINVM_AT_(MEMORY_REGION_INFORMATION, PartitionId, 32, 20);
WINVM_AT_(MEMORY_REGION_INFORMATION, NodePreference, 40, 24);

WINVM_SIZE_(MEMORY_IMAGE_INFORMATION, 24, 12);
WINVM_AT_(MEMORY_IMAGE_INFORMATION, ImageBase, 0, 0);
WINVM_AT_(MEMORY_IMAGE_INFORMATION, SizeOfImage, 8, 4);

WINVM_SIZE_(MEMORY_SECTION_NAME, 16, 8);
WINVM_AT_(MEMORY_SECTION_NAME, SectionFileName, 0, 0);

#ifndef NONAMELESSUNION
WINVM_AT_(SYSTEM_INFO, dwOemId, 0, 0);
WINVM_AT_(SYSTEM_INFO, wProcessorArchitecture, 0, 0);
WINVM_AT_(SYSTEM_INFO, wReserved, 2, 2);
WINVM_AT_(LARGE_INTEGER, HighPart, 4, 4);
WINVM_AT_(ULARGE_INTEGER, HighPart, 4, 4);
WINVM_AT_(IO_STATUS_BLOCK, Status, 0, 0);
WINVM_AT_(MEMORY_REGION_INFORMATION, RegionType, 12, 8);
WINVM_AT_(MEMORY_IMAGE_INFORMATION, ImageFlags, 16, 8);
#endif
#endif

#undef WINVM_SIZE_
#undef WINVM_AT_

#endif
