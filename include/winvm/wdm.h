/* winvm/wdm.h: kernel pools for driver-style code in user mode.
 *
 * Blocks come from system space: to the program they are ordinary memory, to the calls of
 * memoryapi.h they are addresses above user space. Sizes are bytes. A block is aligned to 16 bytes
 * (32-bit: 8); one of less than a page crosses no page boundary, a larger one begins at a page
 * (POOL-001, 002). What a driver would pay for with a stopped system ends the program here:
 * KeBugCheckEx below.
 *
 * Tags are four characters, written reversed in the source ('looP' shows as "Pool", POOL-142).
 * Interrupt request levels are a number of each thread that the rules of the pools consult:
 * non-paged memory may be allocated and freed at DISPATCH_LEVEL and below, paged memory at
 * APC_LEVEL and below (POOL-026, POOL-069).
 *
 * The calls are also right for sources that include <ntddk.h>, <wdm.h> or <ntifs.h>: put
 * include/winvm/compat/ddk on the include path.
 *
 * WINVM_NO_TYPES needs: NTSTATUS ULONG ULONG64 ULONG_PTR SIZE_T POOL_TYPE EX_POOL_PRIORITY;
 * LARGE_INTEGER and the lookaside lists are named by their tags. */
#ifndef WINVM_WDM_H
#define WINVM_WDM_H

#include "ntdef.h"
#include "ntstatus.h"
#include "wdm_lists.h"
#include "wdm_types.h"

WINVM_STATIC_ASSERT(sizeof(POOL_TYPE) == 4 && sizeof(EX_POOL_PRIORITY) == 4, "enumerations");

struct _POOL_EXTENDED_PARAMETER;
struct _NPAGED_LOOKASIDE_LIST;
struct _PAGED_LOOKASIDE_LIST;
struct _LOOKASIDE_LIST_EX;
union _LARGE_INTEGER;

WINVM_BEGIN_DECLS

/* ---- allocation by flags ---- */

/* Exactly one of POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED_EXECUTE and POOL_FLAG_PAGED. The contents
 * are zero, unless POOL_FLAG_UNINITIALIZED. NULL: no memory; quota exceeded; Tag 0, an unknown
 * flag among the low 32, NumberOfBytes 0. With POOL_FLAG_RAISE_ON_FAILURE an exception instead:
 * STATUS_INSUFFICIENT_RESOURCES, STATUS_QUOTA_EXCEEDED or STATUS_INVALID_PARAMETER
 * (POOL-006..016). */
WINVM_DECLARE(void *, ExAllocatePool2, (ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag));
/* The same with parameters: a priority, or a NUMA node for non-paged memory. One that is unknown or
 * wrong fails the call unless it is Optional; secure pools are unknown (POOL-028). */
WINVM_DECLARE(void *, ExAllocatePool3,
              (ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag,
               const struct _POOL_EXTENDED_PARAMETER *ExtendedParameters,
               ULONG ExtendedParametersCount));

/* ---- allocation by type ---- */

/* PoolType: a POOL_TYPE, or'ed with POOL_RAISE_IF_ALLOCATION_FAILURE, POOL_COLD_ALLOCATION (no
 * effect), POOL_NX_ALLOCATION, POOL_ZERO_ALLOCATION. The contents are whatever was there. NULL: no
 * memory; must-succeed types bug check instead. 0 bytes count as 1. Tags 0 and 'BIG ' bug check
 * (POOL-001..024). */
WINVM_DECLARE(void *, ExAllocatePoolWithTag,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
/* Tag 'None'. */
WINVM_DECLARE(void *, ExAllocatePool, (POOL_TYPE PoolType, SIZE_T NumberOfBytes));
/* Low priority is refused when memory is short, normal before high (POOL-027). */
WINVM_DECLARE(void *, ExAllocatePoolWithTagPriority,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority));
/* Charges the current process (winvm/pool.h). Failure raises STATUS_INSUFFICIENT_RESOURCES or
 * STATUS_QUOTA_EXCEEDED; with POOL_QUOTA_FAIL_INSTEAD_OF_RAISE in PoolType it is NULL. Blocks of
 * whole pages are not charged (POOL-040..047). */
WINVM_DECLARE(void *, ExAllocatePoolWithQuotaTag,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
WINVM_DECLARE(void *, ExAllocatePoolWithQuota, (POOL_TYPE PoolType, SIZE_T NumberOfBytes));

/* The same three with contents of zero, or named for what is in them (POOL-008, POOL-009). */
WINVM_DECLARE(void *, ExAllocatePoolZero, (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
WINVM_DECLARE(void *, ExAllocatePoolUninitialized,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
WINVM_DECLARE(void *, ExAllocatePoolQuotaZero,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
WINVM_DECLARE(void *, ExAllocatePoolQuotaUninitialized,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag));
WINVM_DECLARE(void *, ExAllocatePoolPriorityZero,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority));
WINVM_DECLARE(void *, ExAllocatePoolPriorityUninitialized,
              (POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority));

/* ---- free ---- */

/* What is wrong with P is a bug check: BAD_POOL_CALLER, BAD_POOL_HEADER (POOL-060..080). */
WINVM_DECLARE(void, ExFreePool, (void *P));
/* Tag must be the block's; 0 is not compared (POOL-061..063). */
WINVM_DECLARE(void, ExFreePoolWithTag, (void *P, ULONG Tag));
/* No parameter is known: one that is not Optional bug checks. */
WINVM_DECLARE(void, ExFreePool2,
              (void *P, ULONG Tag, const struct _POOL_EXTENDED_PARAMETER *ExtendedParameters,
               ULONG ExtendedParametersCount));
/* The usable bytes of a block, and whether a quota was charged for it (POOL-048..050). */
WINVM_DECLARE(SIZE_T, ExQueryPoolBlockSize, (void *PoolBlock, unsigned char *QuotaCharged));

/* ---- lookaside lists (POOL-110..130) ---- */

/* Entries of one size that are kept for reuse. Allocate and Free: NULL, or what makes and frees
 * entries, in the convention of the caller; Depth is 0. Size: at least
 * LOOKASIDE_MINIMUM_BLOCK_SIZE. STATUS_INVALID_PARAMETER_4: PoolType; _5: Flags. */
WINVM_DECLARE(NTSTATUS, ExInitializeLookasideListEx,
              (struct _LOOKASIDE_LIST_EX *Lookaside, winvm_lookaside_allocate_ex Allocate,
               winvm_lookaside_free_ex Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size,
               ULONG Tag, unsigned short Depth));
WINVM_DECLARE(void *, ExAllocateFromLookasideListEx, (struct _LOOKASIDE_LIST_EX *Lookaside));
WINVM_DECLARE(void, ExFreeToLookasideListEx,
              (struct _LOOKASIDE_LIST_EX *Lookaside, void *Entry));
/* Frees what is kept. */
WINVM_DECLARE(void, ExFlushLookasideListEx, (struct _LOOKASIDE_LIST_EX *Lookaside));
WINVM_DECLARE(void, ExDeleteLookasideListEx, (struct _LOOKASIDE_LIST_EX *Lookaside));

/* Flags: 0, POOL_NX_ALLOCATION or POOL_RAISE_IF_ALLOCATION_FAILURE; Depth is not looked at. */
WINVM_DECLARE(void, ExInitializeNPagedLookasideList,
              (struct _NPAGED_LOOKASIDE_LIST *Lookaside, winvm_lookaside_allocate Allocate,
               winvm_lookaside_free Free, ULONG Flags, SIZE_T Size, ULONG Tag,
               unsigned short Depth));
WINVM_DECLARE(void *, ExAllocateFromNPagedLookasideList,
              (struct _NPAGED_LOOKASIDE_LIST *Lookaside));
WINVM_DECLARE(void, ExFreeToNPagedLookasideList,
              (struct _NPAGED_LOOKASIDE_LIST *Lookaside, void *Entry));
WINVM_DECLARE(void, ExDeleteNPagedLookasideList, (struct _NPAGED_LOOKASIDE_LIST *Lookaside));
WINVM_DECLARE(void, ExInitializePagedLookasideList,
              (struct _PAGED_LOOKASIDE_LIST *Lookaside, winvm_lookaside_allocate Allocate,
               winvm_lookaside_free Free, ULONG Flags, SIZE_T Size, ULONG Tag,
               unsigned short Depth));
WINVM_DECLARE(void *, ExAllocateFromPagedLookasideList,
              (struct _PAGED_LOOKASIDE_LIST *Lookaside));
WINVM_DECLARE(void, ExFreeToPagedLookasideList,
              (struct _PAGED_LOOKASIDE_LIST *Lookaside, void *Entry));
WINVM_DECLARE(void, ExDeletePagedLookasideList, (struct _PAGED_LOOKASIDE_LIST *Lookaside));

/* ---- addresses ---- */

/* Whole pages of non-paged memory; NULL: none. The size of the free is the one allocated. */
WINVM_DECLARE(void *, MmAllocateNonCachedMemory, (SIZE_T NumberOfBytes));
WINVM_DECLARE(void, MmFreeNonCachedMemory, (void *BaseAddress, SIZE_T NumberOfBytes));
/* Would an access to the byte find memory, without a fault? */
WINVM_DECLARE(unsigned char, MmIsAddressValid, (void *VirtualAddress));
/* 0: not present, or the host does not tell. */
WINVM_DECLARE(union _LARGE_INTEGER, MmGetPhysicalAddress, (void *BaseAddress));

/* Raise an exception unless the bytes are an aligned range of user space; ProbeForWrite touches a
 * byte of each page. Alignment: 1, 2, 4, 8 or 16. Length 0: nothing is checked (POOL-150..158). */
WINVM_DECLARE(void, ProbeForRead, (const volatile void *Address, SIZE_T Length, ULONG Alignment));
WINVM_DECLARE(void, ProbeForWrite, (volatile void *Address, SIZE_T Length, ULONG Alignment));

/* ---- interrupt request levels ---- */

WINVM_DECLARE(unsigned char, KeGetCurrentIrql, (void));
/* Raising to a lower level or lowering to a higher one bug checks: IRQL_NOT_GREATER_OR_EQUAL,
 * IRQL_NOT_LESS_OR_EQUAL (level, current level, 0, 0); the level stays. */
WINVM_DECLARE(void, KeRaiseIrql, (unsigned char NewIrql, unsigned char *OldIrql));
WINVM_DECLARE(void, KeLowerIrql, (unsigned char NewIrql));
/* They answer the level before. */
WINVM_DECLARE(unsigned char, KfRaiseIrql, (unsigned char NewIrql));
WINVM_DECLARE(unsigned char, KeRaiseIrqlToDpcLevel, (void));
WINVM_DECLARE(unsigned char, KeRaiseIrqlToSynchLevel, (void));
WINVM_DECLARE(void, KfLowerIrql, (unsigned char NewIrql));

/* ---- bug checks ---- */

/* Reports on standard error and aborts, or calls what winvm_set_bug_check_callback (winvm/pool.h)
 * registered; when that returns, so does this call. */
WINVM_DECLARE(void, KeBugCheckEx,
              (ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
               ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4));
WINVM_DECLARE(void, KeBugCheck, (ULONG BugCheckCode));

WINVM_END_DECLS

#endif
