/* Lookaside lists (POOL-110..POOL-130). */
#include <time.h>

#include "../compat_pool.h"

#define TAG_LIST TAG('L', 'i', 's', 't')
enum { LIST_RAISE = 1, LIST_NO_RAISE = 2, DEPTH_LEAST = 4, DEPTH_MOST = 256 };

/* GENERAL_LOOKASIDE, with room for what 32-bit lists have behind it. */
struct list {
    ULONG_PTR head[2];
    USHORT depth, maximum_depth;
    ULONG allocates, allocate_misses, frees, free_misses;
    ULONG type, tag, size;
    PVOID(NTAPI *allocate)(int, SIZE_T, ULONG, void *);
    VOID(NTAPI *free)(void *, void *);
    ULONG_PTR links[2];
    ULONG last_allocates, last_misses, future[2];
    BYTE more[128];
} __attribute__((aligned(64)));

typedef PVOID(NTAPI *make_call)(int, SIZE_T, ULONG);
typedef VOID(NTAPI *drop_call)(void *);

#define LIST_CALLS(X)                                                                              \
    X(VOID, ExInitializeNPagedLookasideList,                                                       \
      (void *l, void *make, void *drop, ULONG flags, SIZE_T n, ULONG tag, USHORT depth),           \
      (l, make, drop, flags, n, tag, depth))                                                       \
    X(VOID, ExInitializePagedLookasideList,                                                        \
      (void *l, void *make, void *drop, ULONG flags, SIZE_T n, ULONG tag, USHORT depth),           \
      (l, make, drop, flags, n, tag, depth))                                                       \
    X(VOID, ExDeleteNPagedLookasideList, (void *l), (l))                                           \
    X(VOID, ExDeletePagedLookasideList, (void *l), (l))                                            \
    X(PVOID, ExAllocateFromNPagedLookasideList, (void *l), (l))                                    \
    X(VOID, ExFreeToNPagedLookasideList, (void *l, void *entry), (l, entry))                       \
    X(PVOID, ExAllocateFromPagedLookasideList, (void *l), (l))                                     \
    X(VOID, ExFreeToPagedLookasideList, (void *l, void *entry), (l, entry))                        \
    X(NTSTATUS, ExInitializeLookasideListEx,                                                       \
      (void *l, void *make, void *drop, int type, ULONG flags, SIZE_T n, ULONG tag, USHORT depth), \
      (l, make, drop, type, flags, n, tag, depth))                                                 \
    X(PVOID, ExAllocateFromLookasideListEx, (void *l), (l))                                        \
    X(VOID, ExFreeToLookasideListEx, (void *l, void *entry), (l, entry))                           \
    X(VOID, ExFlushLookasideListEx, (void *l), (l))                                                \
    X(VOID, ExDeleteLookasideListEx, (void *l), (l))
#ifdef _WIN32
LIST_CALLS(POOL_DEFINE)
#elif defined(__WINE_WINBASE_H)
LIST_CALLS(POOL_DECLARE)
#endif

static struct list list;

/* ---- what stands in a new list ---- */

static void check_new(ULONG type, SIZE_T size)
{
    expect_eq(list.depth, DEPTH_LEAST);
    expect_eq(list.maximum_depth, DEPTH_MOST);
    expect_eq(list.allocates, 0);
    expect_eq(list.allocate_misses, 0);
    expect_eq(list.frees, 0);
    expect_eq(list.free_misses, 0);
    expect_eq(list.type, type);
    expect_eq(list.tag, TAG_LIST);
    expect_eq(list.size, size);
}

CASE(POOL, 110, "ExInitializeNPagedLookasideList with POOL_NX_ALLOCATION",
     "depth 4, maximum 256, counters 0, type 0x200")
{
    memset(&list, 0xcc, sizeof(list));
    ExInitializeNPagedLookasideList((void *)&list, NULL, NULL, 0x200, 48, TAG_LIST, 0);
    check_new(0x200, 48);
    ExDeleteNPagedLookasideList((void *)&list);
}

CASE(POOL, 111, "the same with a depth of 20, no flags", "depth 4, type 0")
{
    memset(&list, 0xcc, sizeof(list));
    ExInitializeNPagedLookasideList((void *)&list, NULL, NULL, 0, 48, TAG_LIST, 20);
    check_new(0, 48);
    ExDeleteNPagedLookasideList((void *)&list);
}

CASE(POOL, 112, "ExInitializePagedLookasideList with POOL_NX_ALLOCATION", "type 0x201")
{
    memset(&list, 0xcc, sizeof(list));
    ExInitializePagedLookasideList((void *)&list, NULL, NULL, 0x200, 100, TAG_LIST, 0);
    check_new(0x201, 100);
    ExDeletePagedLookasideList((void *)&list);
}

CASE(POOL, 113, "entries of the least size", "sizeof(void *)")
{
    PVOID entry;

    expect_status(ExInitializeLookasideListEx((void *)&list, NULL, NULL, T_NX, 0, sizeof(void *),
                                              TAG_LIST, 0),
                  ST_SUCCESS);
    entry = ExAllocateFromLookasideListEx((void *)&list);
    if (ok(entry != NULL, "no entry"))
        memset(entry, 1, sizeof(void *));
    ExFreeToLookasideListEx((void *)&list, entry);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 114, "where a list lies", "non-paged memory, 16-byte aligned on 64-bit")
{
    struct list *l = ExAllocatePoolWithTag(T_NX_ALIGNED, sizeof(*l), TAG_LIST);
    PVOID entry;

    if (!ok(l != NULL, "no block"))
        return;
    ok((ULONG_PTR)l % 16 == 0, "%p", (void *)l);
    ExInitializeLookasideListEx((void *)l, NULL, NULL, T_NX, 0, 24, TAG_LIST, 0);
    entry = ExAllocateFromLookasideListEx((void *)l);
    ok(entry != NULL, "no entry");
    ExFreeToLookasideListEx((void *)l, entry);
    ExDeleteLookasideListEx((void *)l);
    ExFreePoolWithTag(l, TAG_LIST);
}

CASE(POOL, 115, "ExInitializeLookasideListEx with a bad pool type", "INVALID_PARAMETER_4")
{
    expect_status(
        ExInitializeLookasideListEx((void *)&list, NULL, NULL, 3, 0, 64, TAG_LIST, 0),
        ST_PARAMETER(4));
    expect_status(
        ExInitializeLookasideListEx((void *)&list, NULL, NULL, 0x4000, 0, 64, TAG_LIST, 0),
        ST_PARAMETER(4));
}

CASE(POOL, 116, "ExInitializeLookasideListEx with bad flags", "INVALID_PARAMETER_5")
{
    expect_status(ExInitializeLookasideListEx((void *)&list, NULL, NULL, T_NX, 4, 64, TAG_LIST, 0),
                  ST_PARAMETER(5));
    expect_status(
        ExInitializeLookasideListEx((void *)&list, NULL, NULL, T_NX, 1u << 31, 64, TAG_LIST, 0),
        ST_PARAMETER(5));
}

CASE(POOL, 117, "RAISE_ON_FAIL and FAIL_NO_RAISE together", "refused")
{
    expect_status(ExInitializeLookasideListEx((void *)&list, NULL, NULL, T_NX,
                                              LIST_RAISE | LIST_NO_RAISE, 64, TAG_LIST, 0),
                  ST_PARAMETER(5));
}

/* ---- routines of the caller's ---- */

static struct {
    unsigned made, dropped;
    int type;
    SIZE_T size;
    ULONG tag;
    void *list, *dropped_entry;
    int refuse;
} routine;

static PVOID NTAPI make_entry(int type, SIZE_T size, ULONG tag, void *l)
{
    routine.made++;
    routine.type = type;
    routine.size = size;
    routine.tag = tag;
    routine.list = l;
    return routine.refuse ? NULL : ExAllocatePoolWithTag(T_NX, size, tag);
}

static VOID NTAPI drop_entry(void *entry, void *l)
{
    routine.dropped++;
    routine.list = l;
    routine.dropped_entry = entry;
    ExFreePoolWithTag(entry, TAG_LIST);
}

static void start_list(ULONG flags)
{
    memset(&routine, 0, sizeof(routine));
    memset(&list, 0xcc, sizeof(list));
    expect_status(ExInitializeLookasideListEx((void *)&list, (void *)make_entry,
                                              (void *)drop_entry, T_NX, flags, 64, TAG_LIST, 0),
                  ST_SUCCESS);
}

static PVOID take(void)
{
    return ExAllocateFromLookasideListEx((void *)&list);
}

static void give(PVOID entry)
{
    ExFreeToLookasideListEx((void *)&list, entry);
}

CASE(POOL, 118, "RAISE_ON_FAIL", "the routine gets the type with 0x10")
{
    start_list(LIST_RAISE);
    give(take());
    expect_eq(routine.type, T_NX | 0x10);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 119, "FAIL_NO_RAISE", "the routine gets the type with 0x8")
{
    start_list(LIST_NO_RAISE);
    give(take());
    expect_eq(routine.type, T_NX | 0x8);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 120, "Depth", "0 is accepted")
{
    start_list(0);
    check_new(T_NX, 64);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 121, "an allocation from an empty list",
     "calls the routine with type, size, tag, list; a total and a miss")
{
    PVOID entry;

    start_list(0);
    entry = take();
    ok(entry != NULL, "no entry");
    expect_eq(routine.made, 1);
    expect_eq(routine.type, T_NX);
    expect_eq(routine.size, 64);
    expect_eq(routine.tag, TAG_LIST);
    expect_ptr(routine.list, &list);
    expect_eq(list.allocates, 1);
    expect_eq(list.allocate_misses, 1);
    give(entry);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 122, "free, then allocate", "the entry that was freed last")
{
    PVOID a, b;

    start_list(0);
    a = take();
    b = take();
    give(a);
    give(b);
    expect_eq(list.frees, 2);
    expect_eq(list.free_misses, 0);
    expect_ptr(take(), b);
    expect_ptr(take(), a);
    expect_eq(routine.made, 2);
    expect_eq(list.allocates, 4);
    expect_eq(list.allocate_misses, 2);
    give(a);
    give(b);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 123, "a free to a full list", "calls the routine; a total and a miss")
{
    PVOID entry[DEPTH_LEAST + 1];

    start_list(0);
    for (unsigned i = 0; i <= DEPTH_LEAST; i++)
        entry[i] = take();
    for (unsigned i = 0; i < DEPTH_LEAST; i++)
        give(entry[i]);
    expect_eq(routine.dropped, 0);
    give(entry[DEPTH_LEAST]);
    expect_eq(routine.dropped, 1);
    expect_ptr(routine.dropped_entry, entry[DEPTH_LEAST]);
    expect_ptr(routine.list, &list);
    expect_eq(list.frees, DEPTH_LEAST + 1);
    expect_eq(list.free_misses, 1);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 124, "a new list", "holds nothing, nothing was allocated")
{
    start_list(0);
    expect_eq(routine.made, 0);
    ExDeleteLookasideListEx((void *)&list);
    expect_eq(routine.dropped, 0);
}

CASE(POOL, 126, "ExFlushLookasideListEx", "frees each kept entry; the list goes on")
{
    PVOID entry[3];

    start_list(0);
    for (unsigned i = 0; i < 3; i++)
        entry[i] = take();
    for (unsigned i = 0; i < 3; i++)
        give(entry[i]);
    ExFlushLookasideListEx((void *)&list);
    expect_eq(routine.dropped, 3);
    entry[0] = take();
    ok(entry[0] != NULL, "no entry");
    expect_eq(routine.made, 4);
    give(entry[0]);
    ExDeleteLookasideListEx((void *)&list);
    expect_eq(routine.dropped, 4);
}

CASE(POOL, 127, "ExDeleteLookasideListEx", "frees kept entries, not those that are out")
{
    PVOID out, idle;

    start_list(0);
    out = take();
    idle = take();
    give(idle);
    memset(out, 0x33, 64);
    ExDeleteLookasideListEx((void *)&list);
    expect_eq(routine.dropped, 1);
    expect_ptr(routine.dropped_entry, idle);
    ok(((BYTE *)out)[63] == 0x33, "the entry that was out has changed");
    ExFreePoolWithTag(out, TAG_LIST);
}

CASE(POOL, 129, "an allocation that fails", "the NULL of the routine; counted as a miss")
{
    start_list(0);
    routine.refuse = 1;
    expect_ptr(take(), NULL);
    expect_eq(list.allocates, 1);
    expect_eq(list.allocate_misses, 1);
    ExDeleteLookasideListEx((void *)&list);
}

CASE(POOL, 130, "ExAllocateFromLookasideListEx by name", "exported by the kernel")
{
    HMODULE kernel;

    need_kernel();
    kernel = GetModuleHandleA("ntoskrnl.exe");
    ok(kernel != NULL, "no module");
    ok(GetProcAddress(kernel, "ExAllocateFromLookasideListEx") != NULL, "no such name");
    ok(GetProcAddress(kernel, "ExFreeToLookasideListEx") != NULL, "no such name");
}

/* Many entries out at once, until the system has seen that the list is too short. */
static void miss_often(unsigned seconds)
{
    enum { N_OUT = 100 };
    PVOID entry[N_OUT];
    time_t end = time(NULL) + seconds;

    while (list.depth == DEPTH_LEAST && time(NULL) < end) {
        for (unsigned i = 0; i < N_OUT; i++)
            entry[i] = take();
        for (unsigned i = 0; i < N_OUT; i++)
            give(entry[i]);
    }
}

CASE(POOL, 128, "the depth of a list whose allocations miss", "grows, to the maximum at most")
{
    start_list(0);
    miss_often(10);
    ok(list.depth > DEPTH_LEAST && list.depth <= list.maximum_depth, "depth: got %u", list.depth);
    expect_eq(list.maximum_depth, DEPTH_MOST);
    ExDeleteLookasideListEx((void *)&list);
    expect_eq(routine.made, routine.dropped);
}
