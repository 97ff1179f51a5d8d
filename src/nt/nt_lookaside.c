/* Lookaside lists: entries of one size that are kept for reuse, by any number of threads at once.
 *
 * Terms    entry = a block that is in the list, or that came out of it; maker = what allocates and
 *          frees entries: functions of the program's, or the pool; miss = a call that had to go to
 *          the maker; depth = entries that are kept at most, as the list says now.
 * Fields that Windows keeps to itself: Future[0] is how the makers are called (enum
 * wvm_lookaside_maker), Future[1] the second in which the depth was looked at last.
 * I1       A call of the program's counts once in the totals, and once in the misses when it is
 *          one; counters wrap at 2^32.
 * I2       More entries than the depth are kept only when it was lowered, or where several threads
 *          free at once.
 * I3       On 64-bit an entry that is not 16-byte aligned cannot be linked, and goes to its maker.
 * Locking  none.   Failure: NULL, or what the maker raises.   Signal safety: what does not miss. */
#include <time.h>

#include "api/api.h"
#include "base/slist.h"
#include "nt/nt_lookaside.h"

enum { LOOK_EACH = 256 }; /* frees */

typedef GENERAL_LOOKASIDE_POOL list_t;
typedef struct _LOOKASIDE_LIST_EX *list_ex;

static inline struct wvm_slist *entries_of(list_t *list)
{
    return (struct wvm_slist *)&list->ListHead;
}

/* The number before. */
static inline ULONG count(ULONG *counter)
{
    return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static inline USHORT depth_of(const list_t *list)
{
    return __atomic_load_n(&list->Depth, __ATOMIC_RELAXED);
}

/* ---- makers ---- */

/* The calls in the other convention are functions of their own: gcc 12 takes two calls of one
 * address with the same arguments for the same, whatever their conventions, and merges them. */
#ifdef __clang__
#define OTHER_CONVENTION __attribute__((noinline))
#else
#define OTHER_CONVENTION __attribute__((noipa))
#endif

static OTHER_CONVENTION void *make_windows(list_t *list)
{
    typedef PVOID(WVM_WINDOWS_CALL *plain)(POOL_TYPE, SIZE_T, ULONG);
    typedef PVOID(WVM_WINDOWS_CALL *extended)(POOL_TYPE, SIZE_T, ULONG, list_ex);
    void (*maker)(void) = (void (*)(void))list->Allocate;
    if (list->Future[0] & WVM_MAKER_ALLOCATE_EX)
        return ((extended)maker)(list->Type, list->Size, list->Tag, (list_ex)list);
    return ((plain)maker)(list->Type, list->Size, list->Tag);
}

static void *make_entry(list_t *list)
{
    typedef PVOID (*plain)(POOL_TYPE, SIZE_T, ULONG);
    typedef PVOID (*extended)(POOL_TYPE, SIZE_T, ULONG, list_ex);
    void (*maker)(void) = (void (*)(void))list->Allocate;
    if (list->Future[0] & WVM_MAKER_ALLOCATE_MS)
        return make_windows(list);
    if (list->Future[0] & WVM_MAKER_ALLOCATE_EX)
        return ((extended)maker)(list->Type, list->Size, list->Tag, (list_ex)list);
    return ((plain)maker)(list->Type, list->Size, list->Tag);
}

static OTHER_CONVENTION void unmake_windows(list_t *list, void *entry)
{
    typedef void(WVM_WINDOWS_CALL *plain)(PVOID);
    typedef void(WVM_WINDOWS_CALL *extended)(PVOID, list_ex);
    void (*maker)(void) = (void (*)(void))list->Free;
    if (list->Future[0] & WVM_MAKER_FREE_EX)
        ((extended)maker)(entry, (list_ex)list);
    else
        ((plain)maker)(entry);
}

static void unmake_entry(list_t *list, void *entry)
{
    typedef void (*plain)(PVOID);
    typedef void (*extended)(PVOID, list_ex);
    void (*maker)(void) = (void (*)(void))list->Free;
    if (list->Future[0] & WVM_MAKER_FREE_MS)
        unmake_windows(list, entry);
    else if (list->Future[0] & WVM_MAKER_FREE_EX)
        ((extended)maker)(entry, (list_ex)list);
    else
        ((plain)maker)(entry);
}

/* ---- the depth ---- */

ULONG wvm_lookaside_second(void)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (ULONG)t.tv_sec;
}

/* More than one allocation in 100 missed: half as deep again. Fewer than one in 1000: by an eighth
 * less. */
static USHORT next_depth(const list_t *list, ULONG allocates, ULONG misses)
{
    ULONG depth = depth_of(list), most = list->MaximumDepth;
    if ((uint64_t)misses * 100 > allocates)
        depth += depth / 2 + 1;
    else if ((uint64_t)misses * 1000 < allocates || allocates == 0)
        depth -= depth / 8 + 1 < depth ? depth / 8 + 1 : depth;
    if (depth < WVM_LOOKASIDE_LEAST)
        depth = WVM_LOOKASIDE_LEAST;
    return (USHORT)(depth < most ? depth : most);
}

void wvm_lookaside_tune(GENERAL_LOOKASIDE_POOL *list)
{
    ULONG now = wvm_lookaside_second(), last = __atomic_load_n(&list->Future[1], __ATOMIC_RELAXED);
    if (now == last || !__atomic_compare_exchange_n(&list->Future[1], &last, now, false,
                                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    ULONG allocates = __atomic_load_n(&list->TotalAllocates, __ATOMIC_RELAXED);
    ULONG misses = __atomic_load_n(&list->AllocateMisses, __ATOMIC_RELAXED);
    USHORT depth = next_depth(list, allocates - list->LastTotalAllocates,
                              misses - list->LastAllocateMisses);
    list->LastTotalAllocates = allocates;
    list->LastAllocateMisses = misses;
    __atomic_store_n(&list->Depth, depth, __ATOMIC_RELAXED);
}

/* ---- what all lists have in common ---- */

static WVM_COLD void *allocate_missed(list_t *list)
{
    count(&list->AllocateMisses);
    wvm_lookaside_tune(list);
    return make_entry(list);
}

static inline void *allocate(list_t *list)
{
    count(&list->TotalAllocates);
    void *entry = wvm_slist_pop(entries_of(list));
    return WVM_LIKELY(entry != NULL) ? entry : allocate_missed(list);
}

static WVM_COLD void free_missed(list_t *list, void *entry)
{
    count(&list->FreeMisses);
    wvm_lookaside_tune(list);
    unmake_entry(list, entry);
}

static inline void give_back(list_t *list, void *entry)
{
    bool linkable = sizeof(void *) == 4 || ((uintptr_t)entry & 15) == 0;
    if (WVM_UNLIKELY(count(&list->TotalFrees) % LOOK_EACH == LOOK_EACH - 1))
        wvm_lookaside_tune(list);
    if (WVM_LIKELY(linkable && wvm_slist_depth(entries_of(list)) < depth_of(list)))
        wvm_slist_push(entries_of(list), entry);
    else
        free_missed(list, entry);
}

static void flush(list_t *list)
{
    struct wvm_slist_entry *entry = wvm_slist_flush(entries_of(list));
    while (entry != NULL) {
        struct wvm_slist_entry *next = entry->next;
        unmake_entry(list, entry);
        entry = next;
    }
}

/* Entries that come later go to their maker. */
static void delete_list(list_t *list)
{
    list->MaximumDepth = 0;
    __atomic_store_n(&list->Depth, 0, __ATOMIC_RELAXED);
    flush(list);
}

/* ---- the calls ---- */

PVOID wvm_ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    return allocate((list_t *)&list->L);
}

PVOID wvm_ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    return allocate((list_t *)&list->L);
}

PVOID wvm_ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    return allocate((list_t *)&list->L);
}

VOID wvm_ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX list, PVOID entry)
{
    give_back((list_t *)&list->L, entry);
}

VOID wvm_ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PVOID entry)
{
    give_back((list_t *)&list->L, entry);
}

VOID wvm_ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST list, PVOID entry)
{
    give_back((list_t *)&list->L, entry);
}

VOID wvm_ExFlushLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    flush((list_t *)&list->L);
}

VOID wvm_ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list)
{
    delete_list((list_t *)&list->L);
}

VOID wvm_ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list)
{
    delete_list((list_t *)&list->L);
}

VOID wvm_ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list)
{
    delete_list((list_t *)&list->L);
}
