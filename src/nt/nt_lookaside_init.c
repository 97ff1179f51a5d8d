/* How lookaside lists begin: what makes their entries, and what the program may ask for.
 *
 * I1       Where the pool is the maker, the functions in the list do what the pool calls do, in the
 *          Windows convention: driver sources call them through inline functions of their own.
 * I2       The program's functions have the convention of the entry that they were given to.
 * I3       The handler of faults is installed before a list has its first entry (base/slist.c).
 * I4       Nothing of the list is looked at, and a refused one is as it was.
 * Locking  none.   Failure: a status.   Signal safety: none. */
#include <string.h>

#include "api/api.h"
#include "nt/nt_lookaside.h"
#include "space/space_fault.h"

/* What the program gave for a list. */
struct rules {
    void (*allocate)(void), (*free)(void); /* NULL: the pool */
    bool extended;                         /* they get the list too */
    bool ms;                               /* they have the Windows convention */
    POOL_TYPE type;
    ULONG tag;
    SIZE_T size;
};
typedef void (*function)(void);

/* ---- the pool as maker ---- */

static WVM_WINDOWS_CALL WVM_ANY_STACK PVOID pool_allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    /* The quota flag is for makers that charge quotas. */
    type &= ~POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    return wvm_ExAllocatePoolWithTag(type, size, tag);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK PVOID pool_allocate_ex(POOL_TYPE type, SIZE_T size,
                                                             ULONG tag, PLOOKASIDE_LIST_EX list)
{
    (void)list;
    return pool_allocate(type, size, tag);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK void pool_free(PVOID entry)
{
    wvm_ExFreePool(entry);
}

static WVM_WINDOWS_CALL WVM_ANY_STACK void pool_free_ex(PVOID entry, PLOOKASIDE_LIST_EX list)
{
    (void)list;
    wvm_ExFreePool(entry);
}

/* ---- the list ---- */

static void set_makers(GENERAL_LOOKASIDE_POOL *list, const struct rules *rules)
{
    function allocate = rules->allocate, free = rules->free;
    ULONG how = rules->extended ? WVM_MAKER_ALLOCATE_EX | WVM_MAKER_FREE_EX : 0;
    if (allocate == NULL)
        allocate = rules->extended ? (function)pool_allocate_ex : (function)pool_allocate;
    if (free == NULL)
        free = rules->extended ? (function)pool_free_ex : (function)pool_free;
    if (rules->ms || rules->allocate == NULL)
        how |= WVM_MAKER_ALLOCATE_MS;
    if (rules->ms || rules->free == NULL)
        how |= WVM_MAKER_FREE_MS;
    list->Allocate = (PALLOCATE_FUNCTION)allocate;
    list->Free = (PFREE_FUNCTION)free;
    list->Future[0] = how;
}

static void init_list(GENERAL_LOOKASIDE_POOL *list, const struct rules *rules)
{
    memset(list, 0, sizeof(*list));
    list->Depth = WVM_LOOKASIDE_LEAST;
    list->MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
    list->Type = rules->type;
    list->Tag = rules->tag;
    list->Size = rules->size > ~(ULONG)0 ? ~(ULONG)0 : (ULONG)rules->size;
    if (list->Size < LOOKASIDE_MINIMUM_BLOCK_SIZE)
        list->Size = LOOKASIDE_MINIMUM_BLOCK_SIZE;
    set_makers(list, rules);
    list->Future[1] = wvm_lookaside_second();
    list->ListEntry.Flink = list->ListEntry.Blink = &list->ListEntry;
    if (wvm_space_arm_hook != NULL)
        wvm_space_arm_hook();
}

static bool is_type(POOL_TYPE type)
{
    switch (type) {
    case NonPagedPool:
    case PagedPool:
    case NonPagedPoolCacheAligned:
    case PagedPoolCacheAligned:
    case NonPagedPoolSession:
    case PagedPoolSession:
    case NonPagedPoolCacheAlignedSession:
    case PagedPoolCacheAlignedSession:
    case NonPagedPoolNx:
    case NonPagedPoolNxCacheAligned:
    case NonPagedPoolSessionNx:
        return true;
    default:
        return false;
    }
}

/* What ExInitializeLookasideListEx checks, and the type its list has. */
static NTSTATUS check(POOL_TYPE type, ULONG flags, POOL_TYPE *out)
{
    const ULONG raise = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL;
    const ULONG no_raise = EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    if (!is_type(type))
        return STATUS_INVALID_PARAMETER_4;
    if (flags & ~(raise | no_raise) || flags == (raise | no_raise))
        return STATUS_INVALID_PARAMETER_5;
    *out = type | (flags & raise ? POOL_RAISE_IF_ALLOCATION_FAILURE : 0)
           | (flags & no_raise ? POOL_QUOTA_FAIL_INSTEAD_OF_RAISE : 0);
    return STATUS_SUCCESS;
}

/* ---- the calls ---- */

static NTSTATUS init_ex(PLOOKASIDE_LIST_EX list, const struct rules *given, ULONG flags)
{
    struct rules rules = *given;
    NTSTATUS status = check(given->type, flags, &rules.type);
    if (status >= 0)
        init_list(&list->L, &rules);
    return status;
}

/* The reserved depth is not looked at. */
#define EX_RULES(is_ms)                                                                           \
    ((struct rules){(function)allocate, (function)free, true, is_ms, type, tag, size})

NTSTATUS wvm_ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX allocate,
                                         PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                         SIZE_T size, ULONG tag, USHORT depth)
{
    (void)depth;
    return init_ex(list, &EX_RULES(false), flags);
}

NTSTATUS wvm_ExInitializeLookasideListEx_ms(PLOOKASIDE_LIST_EX list,
                                            PALLOCATE_FUNCTION_EX allocate,
                                            PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags,
                                            SIZE_T size, ULONG tag, USHORT depth)
{
    (void)depth;
    return init_ex(list, &EX_RULES(true), flags);
}

#define OLD_RULES(is_ms, base)                                                                    \
    ((struct rules){(function)allocate, (function)free, false, is_ms, (POOL_TYPE)((base) | flags),\
                    tag, size})
#define DEFINE_OLD(name, list_type, is_ms, base)                                                  \
    VOID name(list_type list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free, ULONG flags,      \
              SIZE_T size, ULONG tag, USHORT depth)                                               \
    {                                                                                             \
        (void)depth;                                                                              \
        init_list((GENERAL_LOOKASIDE_POOL *)&list->L, &OLD_RULES(is_ms, base));                   \
    }
DEFINE_OLD(wvm_ExInitializeNPagedLookasideList, PNPAGED_LOOKASIDE_LIST, false, NonPagedPool)
DEFINE_OLD(wvm_ExInitializeNPagedLookasideList_ms, PNPAGED_LOOKASIDE_LIST, true, NonPagedPool)
DEFINE_OLD(wvm_ExInitializePagedLookasideList, PPAGED_LOOKASIDE_LIST, false, PagedPool)
DEFINE_OLD(wvm_ExInitializePagedLookasideList_ms, PPAGED_LOOKASIDE_LIST, true, PagedPool)
