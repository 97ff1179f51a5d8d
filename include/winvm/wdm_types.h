/* winvm/wdm_types.h: the types and constants of wdm.h, which includes it. Values and layouts as in
 * the public documentation of the Windows driver kit. */
#ifndef WINVM_WDM_TYPES_H
#define WINVM_WDM_TYPES_H

#include "ntdef.h"

#ifndef WINVM_NO_TYPES

#ifndef NTKERNELAPI
#define NTKERNELAPI
#endif
#ifndef NTHALAPI
#define NTHALAPI
#endif
#ifndef FASTCALL
#define FASTCALL
#endif
#ifndef PAGE_SIZE
#define PAGE_SIZE 0x1000
#endif
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#ifndef SYSTEM_CACHE_ALIGNMENT_SIZE
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#endif
#ifndef DECLSPEC_CACHEALIGN
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#endif
/* May pageable code run here? A debugging aid of drivers; checks nothing. */
#ifndef PAGED_CODE
#define PAGED_CODE() ((void)0)
#endif

/* ---- interrupt request levels ---- */

typedef UCHAR KIRQL, *PKIRQL;
typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#if WINVM_64
#define CMCI_LEVEL 5
#define SYNCH_LEVEL 12
#define CLOCK_LEVEL 13
#define IPI_LEVEL 14
#define DRS_LEVEL 14
#define POWER_LEVEL 14
#define PROFILE_LEVEL 15
#define HIGH_LEVEL 15
#else
#define CMCI_LEVEL 5
#define PROFILE_LEVEL 27
#define SYNCH_LEVEL 27
#define CLOCK1_LEVEL 28
#define CLOCK2_LEVEL 28
#define CLOCK_LEVEL CLOCK2_LEVEL
#define IPI_LEVEL 29
#define POWER_LEVEL 30
#define HIGH_LEVEL 31
#endif

/* ---- pools ---- */

typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = NonPagedPool,
    PagedPool = 1,
    NonPagedPoolMustSucceed = 2,
    DontUseThisType = 3,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolCacheAlignedMustS = 6,
    MaxPoolType = 7,
    NonPagedPoolBase = 0,
    NonPagedPoolBaseMustSucceed = 2,
    NonPagedPoolBaseCacheAligned = 4,
    NonPagedPoolBaseCacheAlignedMustS = 6,
    NonPagedPoolSession = 32,
    PagedPoolSession = 33,
    NonPagedPoolMustSucceedSession = 34,
    DontUseThisTypeSession = 35,
    NonPagedPoolCacheAlignedSession = 36,
    PagedPoolCacheAlignedSession = 37,
    NonPagedPoolCacheAlignedMustSSession = 38,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516,
    NonPagedPoolSessionNx = 544
} POOL_TYPE;

#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 0x8
#define POOL_RAISE_IF_ALLOCATION_FAILURE 0x10
#define POOL_COLD_ALLOCATION 0x100
#define POOL_NX_ALLOCATION 0x200
#define POOL_ZERO_ALLOCATION 0x400

/* For drivers that ask for it: non-paged pool is not executable. */
#ifdef POOL_NX_OPTIN_AUTO
#define NonPagedPool NonPagedPoolNx
#endif
#define DrvRtPoolNxOptIn 0x00000001
#define ExInitializeDriverRuntime(flags) ((void)(flags))

/* In a tag: only a free with the same tag is right. */
#define PROTECTED_POOL 0x80000000

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_REQUIRED_START 0x0000000000000001ULL
#define POOL_FLAG_USE_QUOTA 0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_SESSION 0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ULL
#define POOL_FLAG_RESERVED1 0x0000000000000010ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL
#define POOL_FLAG_RESERVED2 0x0000000000000200ULL
#define POOL_FLAG_RESERVED3 0x0000000000000400ULL
#define POOL_FLAG_REQUIRED_END 0x0000000080000000ULL
#define POOL_FLAG_OPTIONAL_START 0x0000000100000000ULL
#define POOL_FLAG_SPECIAL_POOL 0x0000000100000000ULL
#define POOL_FLAG_OPTIONAL_END 0x8000000000000000ULL

typedef enum _EX_POOL_PRIORITY {
    LowPoolPriority = 0,
    LowPoolPrioritySpecialPoolOverrun = 8,
    LowPoolPrioritySpecialPoolUnderrun = 9,
    NormalPoolPriority = 16,
    NormalPoolPrioritySpecialPoolOverrun = 24,
    NormalPoolPrioritySpecialPoolUnderrun = 25,
    HighPoolPriority = 32,
    HighPoolPrioritySpecialPoolOverrun = 40,
    HighPoolPrioritySpecialPoolUnderrun = 41
} EX_POOL_PRIORITY;

typedef enum POOL_EXTENDED_PARAMETER_TYPE {
    PoolExtendedParameterInvalidType = 0,
    PoolExtendedParameterPriority,
    PoolExtendedParameterSecurePool,
    PoolExtendedParameterNumaNode,
    PoolExtendedParameterMax
} POOL_EXTENDED_PARAMETER_TYPE, *PPOOL_EXTENDED_PARAMETER_TYPE;

#define POOL_EXTENDED_PARAMETER_TYPE_BITS 8
#define POOL_EXTENDED_PARAMETER_REQUIRED_FIELD_BITS 1
#define POOL_EXTENDED_PARAMETER_RESERVED_BITS \
    (64 - POOL_EXTENDED_PARAMETER_TYPE_BITS - POOL_EXTENDED_PARAMETER_REQUIRED_FIELD_BITS)

#define SECURE_POOL_FLAGS_NONE 0x0
#define SECURE_POOL_FLAGS_FREEABLE 0x1
#define SECURE_POOL_FLAGS_MODIFIABLE 0x2
typedef struct _POOL_EXTENDED_PARAMS_SECURE_POOL {
    HANDLE SecurePoolHandle;
    PVOID Buffer;
    ULONG_PTR Cookie;
    ULONG SecurePoolFlags;
} POOL_EXTENDED_PARAMS_SECURE_POOL;

/* A node's number; or'ed with MM_ANY_NODE_OK: another one will do. */
typedef ULONG POOL_NODE_REQUIREMENT;
#ifndef MM_ANY_NODE_OK
#define MM_ANY_NODE_OK 0x80000000
#endif

__extension__ typedef struct _POOL_EXTENDED_PARAMETER {
    __extension__ struct {
        __extension__ ULONG64 Type : POOL_EXTENDED_PARAMETER_TYPE_BITS;
        __extension__ ULONG64 Optional : POOL_EXTENDED_PARAMETER_REQUIRED_FIELD_BITS;
        __extension__ ULONG64 Reserved : POOL_EXTENDED_PARAMETER_RESERVED_BITS;
    } DUMMYSTRUCTNAME;
    __extension__ union {
        ULONG64 Reserved2;
        PVOID Reserved3;
        EX_POOL_PRIORITY Priority;
        POOL_EXTENDED_PARAMS_SECURE_POOL *SecurePoolParams;
        POOL_NODE_REQUIREMENT PreferredNode;
    } DUMMYUNIONNAME;
} POOL_EXTENDED_PARAMETER, *PPOOL_EXTENDED_PARAMETER;
typedef const POOL_EXTENDED_PARAMETER *PCPOOL_EXTENDED_PARAMETER;

/* ---- lookaside lists ---- */

#if !WINVM_64 && (defined(_NTDDK_) || defined(_NTIFS_) || defined(_NDIS_))
#define LOOKASIDE_ALIGN
#else
#define LOOKASIDE_ALIGN DECLSPEC_CACHEALIGN
#endif
#define LOOKASIDE_MINIMUM_BLOCK_SIZE (RTL_SIZEOF_THROUGH_FIELD(SLIST_ENTRY, Next))

#define EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL 0x00000001UL
#define EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE 0x00000002UL
#define EX_MAXIMUM_LOOKASIDE_DEPTH_BASE 256
#define EX_MAXIMUM_LOOKASIDE_DEPTH_LIMIT 1024

struct _LOOKASIDE_LIST_EX;
typedef struct _LOOKASIDE_LIST_EX *PLOOKASIDE_LIST_EX;
typedef PVOID(NTAPI *PALLOCATE_FUNCTION)(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
typedef PVOID(NTAPI *PALLOCATE_FUNCTION_EX)(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                            PLOOKASIDE_LIST_EX Lookaside);
typedef VOID(NTAPI *PFREE_FUNCTION)(PVOID Buffer);
typedef VOID(NTAPI *PFREE_FUNCTION_EX)(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside);

/* Depth: entries kept at most; the totals count calls, the misses those that went to the pool. */
#define GENERAL_LOOKASIDE_LAYOUT              \
    __extension__ union {                     \
        SLIST_HEADER ListHead;                \
        SINGLE_LIST_ENTRY SingleListHead;     \
    } DUMMYUNIONNAME;                         \
    USHORT Depth;                             \
    USHORT MaximumDepth;                      \
    ULONG TotalAllocates;                     \
    __extension__ union {                     \
        ULONG AllocateMisses;                 \
        ULONG AllocateHits;                   \
    } DUMMYUNIONNAME2;                        \
    ULONG TotalFrees;                         \
    __extension__ union {                     \
        ULONG FreeMisses;                     \
        ULONG FreeHits;                       \
    } DUMMYUNIONNAME3;                        \
    POOL_TYPE Type;                           \
    ULONG Tag;                                \
    ULONG Size;                               \
    __extension__ union {                     \
        PALLOCATE_FUNCTION_EX AllocateEx;     \
        PALLOCATE_FUNCTION Allocate;          \
    } DUMMYUNIONNAME4;                        \
    __extension__ union {                     \
        PFREE_FUNCTION_EX FreeEx;             \
        PFREE_FUNCTION Free;                  \
    } DUMMYUNIONNAME5;                        \
    LIST_ENTRY ListEntry;                     \
    ULONG LastTotalAllocates;                 \
    __extension__ union {                     \
        ULONG LastAllocateMisses;             \
        ULONG LastAllocateHits;               \
    } DUMMYUNIONNAME6;                        \
    ULONG Future[2];

typedef struct _GENERAL_LOOKASIDE {
    GENERAL_LOOKASIDE_LAYOUT
} LOOKASIDE_ALIGN GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;
typedef struct _GENERAL_LOOKASIDE_POOL {
    GENERAL_LOOKASIDE_LAYOUT
} GENERAL_LOOKASIDE_POOL, *PGENERAL_LOOKASIDE_POOL;

typedef struct _NPAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
#if !WINVM_64
    KSPIN_LOCK Lock__ObsoleteButDoNotDelete;
#endif
} LOOKASIDE_ALIGN NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST;
typedef struct _PAGED_LOOKASIDE_LIST {
    GENERAL_LOOKASIDE L;
#if !WINVM_64
    ULONG Lock__ObsoleteButDoNotDelete[8]; /* a FAST_MUTEX */
#endif
} PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;
typedef struct _LOOKASIDE_LIST_EX {
    GENERAL_LOOKASIDE_POOL L;
} LOOKASIDE_LIST_EX;

/* ---- bug checks of the pools ---- */

#define IRQL_NOT_GREATER_OR_EQUAL ((ULONG)0x00000009)
#define IRQL_NOT_LESS_OR_EQUAL ((ULONG)0x0000000A)
#define BAD_POOL_HEADER ((ULONG)0x00000019)
#define MUST_SUCCEED_POOL_EMPTY ((ULONG)0x00000041)
#define PAGE_FAULT_IN_NONPAGED_AREA ((ULONG)0x00000050)
#define SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION ((ULONG)0x000000C1)
#define BAD_POOL_CALLER ((ULONG)0x000000C2)
#define DRIVER_CORRUPTED_EXPOOL ((ULONG)0x000000C5)
#define PAGE_FAULT_IN_FREED_SPECIAL_POOL ((ULONG)0x000000CC)
#define PAGE_FAULT_BEYOND_END_OF_ALLOCATION ((ULONG)0x000000CD)
#define DRIVER_CORRUPTED_MMPOOL ((ULONG)0x000000D0)
#define DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION ((ULONG)0x000000D6)
#define ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY ((ULONG)0x000000FC)
#endif

/* PALLOCATE_FUNCTION and its kin, in either mode. */
struct _LOOKASIDE_LIST_EX;
typedef void *(WINVM_CALL *winvm_lookaside_allocate)(POOL_TYPE PoolType, SIZE_T NumberOfBytes,
                                                     ULONG Tag);
typedef void *(WINVM_CALL *winvm_lookaside_allocate_ex)(POOL_TYPE PoolType, SIZE_T NumberOfBytes,
                                                        ULONG Tag,
                                                        struct _LOOKASIDE_LIST_EX *Lookaside);
typedef void(WINVM_CALL *winvm_lookaside_free)(void *Buffer);
typedef void(WINVM_CALL *winvm_lookaside_free_ex)(void *Buffer,
                                                  struct _LOOKASIDE_LIST_EX *Lookaside);

#endif
