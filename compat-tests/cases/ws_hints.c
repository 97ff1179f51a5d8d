/* Hints: DiscardVirtualMemory, OfferVirtualMemory, ReclaimVirtualMemory (WS-061..073, WS-154),
 * PrefetchVirtualMemory and NtSetInformationVirtualMemory (WS-080..090, WS-155). */
#include "../compat_layout.h"
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define SIZE 0x10000

enum { VERY_LOW = 1, LOW, BELOW_NORMAL, NORMAL };

struct entry {
    const void *at;
    SIZE_T size;
};

typedef DWORD(WINAPI *range_call)(PVOID, SIZE_T);
typedef DWORD(WINAPI *offer_call)(PVOID, SIZE_T, int);
typedef BOOL(WINAPI *prefetch_call)(HANDLE, ULONG_PTR, struct entry *, ULONG);
typedef NTSTATUS(NTAPI *set_call)(HANDLE, int, ULONG_PTR, struct entry *, PVOID, ULONG);

static range_call discard_memory, reclaim_memory;
static offer_call offer_memory;
static prefetch_call prefetch_memory;
static set_call set_information;

/* Ends the case: skipped where the call does not exist, failed where it should. */
#define need(variable, type, name)                                                                 \
    do {                                                                                           \
        variable = (type)find_call(name);                                                          \
        skip_if(!variable && !is_native(), "no " name " here");                                    \
        if (!ok(variable != NULL, "GetProcAddress(%s): got NULL", name))                           \
            return;                                                                                \
    } while (0)
#define need_offer()                                                                               \
    do {                                                                                           \
        need(offer_memory, offer_call, "OfferVirtualMemory");                                      \
        need(reclaim_memory, range_call, "ReclaimVirtualMemory");                                  \
    } while (0)
#define need_discard() need(discard_memory, range_call, "DiscardVirtualMemory")

/* The result is the error; the last error is left alone. */
#define expect_code(call, ...)                                                                     \
    do {                                                                                           \
        SetLastError(0xdeadbeef);                                                                  \
        expect_status(call, __VA_ARGS__);                                                          \
        expect_eq(GetLastError(), 0xdeadbeef);                                                     \
    } while (0)

/* Memory of SIZE bytes, all of them `fill`. */
static BYTE *filled(int fill)
{
    BYTE *a = obtain(SIZE, RSV | COM, RWR);

    memset(a, fill, SIZE);
    return a;
}

static int is_filled(const BYTE *a, SIZE_T size, int fill)
{
    for (SIZE_T i = 0; i < size; i++)
        if (a[i] != (BYTE)fill)
            return 0;
    return 1;
}

/* ---- discard ---- */

CASE(WS, 061, "DiscardVirtualMemory of committed RW memory", "0, the last error is left alone")
{
    BYTE *a;

    need_discard();
    a = filled(5);
    expect_code(discard_memory(a, SIZE), 0);
    expect_code(discard_memory(a + PG, PG), 0);
    memset(a, 6, SIZE);
    expect_code(discard_memory(a, PG), 0);
    expect_eq(is_filled(a + PG, SIZE - PG, 6), 1);
}

CASE(WS, 062, "DiscardVirtualMemory of memory that is not RW", "error, the contents stay")
{
    DWORD old;
    BYTE *a;

    need_discard();
    a = filled(5);
    expect_success(VirtualProtect(a + PG, PG, RO, &old));
    expect_code(discard_memory(a, SIZE), ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS);
    expect_eq(is_filled(a, SIZE, 5), 1);
    expect_success(VirtualFree(a + PG, PG, MEM_DECOMMIT));
    expect_code(discard_memory(a, SIZE), ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS);
    expect_eq(a[0], 5);
    expect_page(a + PG, MEM_RESERVE, 0);
}

CASE(WS, 063, "DiscardVirtualMemory with a base or size that is not aligned", "error")
{
    BYTE *a;

    need_discard();
    a = filled(5);
    expect_code(discard_memory(a + 1, PG), ERROR_INVALID_PARAMETER);
    expect_code(discard_memory(a, PG + 1), ERROR_INVALID_PARAMETER);
    expect_code(discard_memory(a, 0), ERROR_INVALID_PARAMETER);
    expect_code(discard_memory(NULL, PG), ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS);
    expect_code(discard_memory(a, (SIZE_T)-PG), ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS);
    expect_eq(is_filled(a, SIZE, 5), 1);
}

CASE(WS, 154, "DiscardVirtualMemory, then a query and a write", "COMMIT, RW; the write is kept")
{
    BYTE *a;

    need_discard();
    a = filled(5);
    expect_code(discard_memory(a, SIZE), 0);
    expect_page(a, MEM_COMMIT, RWR);
    expect_query(a, a, a, RWR, SIZE, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_no_fault(touch_read(a));
    expect_no_fault(touch_write(a));
    memset(a, 9, SIZE);
    expect_eq(is_filled(a, SIZE, 9), 1);
}

/* ---- offer and reclaim ---- */

CASE(WS, 064, "OfferVirtualMemory with priority 1..4", "0; inaccessible until reclaimed")
{
    need_offer();
    for (int priority = VERY_LOW; priority <= NORMAL; priority++) {
        BYTE *a = filled(priority);
        DWORD code;

        expect_code(offer_memory(a, SIZE, priority), 0);
        expect_fault(touch_read(a), 0, a);
        code = reclaim_memory(a, SIZE);
        expect_status(code, 0, ERROR_BUSY);
        expect_no_fault(touch_write(a));
    }
}

CASE(WS, 065, "access to an offered page", "C0000005")
{
    BYTE *a;

    need_offer();
    a = filled(5);
    expect_code(offer_memory(a + PG, PG, NORMAL), 0);
    expect_no_fault(touch_write(a));
    expect_fault(touch_read(a + PG + 7), 0, a + PG + 7);
    expect_fault(touch_write(a + PG), 1, a + PG);
    expect_fault(touch_read(a + 2 * PG - 1), 0, a + 2 * PG - 1);
    expect_no_fault(touch_write(a + 2 * PG));
}

CASE(WS, 066, "OfferVirtualMemory with priority 0, above 4", "87, nothing is offered")
{
    BYTE *a;

    need_offer();
    a = filled(5);
    expect_code(offer_memory(a, SIZE, 0), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, SIZE, 5), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, SIZE, 0x1000), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, SIZE, -1), ERROR_INVALID_PARAMETER);
    expect_eq(is_filled(a, SIZE, 5), 1);
}

CASE(WS, 067, "OfferVirtualMemory with a base or size that is not aligned", "error")
{
    BYTE *a;

    need_offer();
    a = filled(5);
    expect_code(offer_memory(a + 8, PG, NORMAL), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, 100, NORMAL), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, 0, NORMAL), ERROR_INVALID_PARAMETER);
    expect_code(offer_memory(a, (SIZE_T)-PG, NORMAL), ERROR_INVALID_PARAMETER,
                ERROR_INVALID_ADDRESS);
    expect_code(reclaim_memory(a + 1, PG), ERROR_INVALID_PARAMETER);
    expect_eq(is_filled(a, SIZE, 5), 1);
}

CASE(WS, 068, "OfferVirtualMemory of locked pages", "succeeds and unlocks them")
{
    BYTE *a;

    need_offer();
    a = filled(5);
    expect_success(VirtualLock(a, 2 * PG));
    expect_code(offer_memory(a, PG, NORMAL), 0);
    expect_failure(VirtualUnlock(a, PG));
    expect_success(VirtualUnlock(a + PG, PG));
    expect_failure(VirtualLock(a, PG));
    expect_status(reclaim_memory(a, PG), 0, ERROR_BUSY);
    expect_success(VirtualLock(a, PG));
    VirtualUnlock(a, PG);
}

CASE(WS, 069, "ReclaimVirtualMemory, the data is intact", "0, old data")
{
    BYTE *a;
    DWORD code;

    need_offer();
    a = filled(0xA5);
    expect_code(offer_memory(a, SIZE, NORMAL), 0);
    SetLastError(0xdeadbeef);
    code = reclaim_memory(a, SIZE);
    expect_eq(GetLastError(), 0xdeadbeef);
    /* Nothing else wants the memory: on a machine at its limit it may be gone. */
    expect_status(code, 0, ERROR_BUSY);
    if (code == 0)
        expect_eq(is_filled(a, SIZE, 0xA5), 1);
    memset(a, 1, SIZE);
    expect_eq(is_filled(a, SIZE, 1), 1);
    /* What was never written has nothing to lose. */
    a = obtain(SIZE, RSV | COM, RWR);
    expect_code(offer_memory(a, SIZE, VERY_LOW), 0);
    if (is_native())
        expect_code(reclaim_memory(a, SIZE), 0);
    else
        expect_status(reclaim_memory(a, SIZE), 0, ERROR_BUSY);
    expect_eq(is_filled(a, SIZE, 0), 1);
}

CASE(WS, 070, "ReclaimVirtualMemory, the data was discarded", "170; accessible")
{
    BYTE *a;
    DWORD code;

    need_offer();
    a = filled(0xA5);
    expect_code(offer_memory(a, SIZE, VERY_LOW), 0);
#ifndef _WIN32
    skip_if(madvise(a + PG, PG, 21) != 0, "the host takes no single page (MADV_PAGEOUT)");
#endif
    code = reclaim_memory(a, SIZE);
    skip_if(code == 0, "the system has memory to spare");
    expect_eq(code, ERROR_BUSY);
    expect_page(a, MEM_COMMIT, RWR);
    expect_no_fault(touch_write(a + PG));
    memset(a, 3, SIZE);
    expect_eq(is_filled(a, SIZE, 3), 1);
    /* It is told once. */
    expect_code(offer_memory(a, SIZE, NORMAL), 0);
    expect_status(reclaim_memory(a, SIZE), 0, ERROR_BUSY);
}

CASE(WS, 071, "ReclaimVirtualMemory of pages that are not offered", "(unspecified)")
{
    BYTE *a;
    DWORD code;

    need_offer();
    a = filled(5);
    code = reclaim_memory(a, SIZE);
    expect_status(code, 0, ERROR_BUSY, ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS);
    expect_page(a, MEM_COMMIT, RWR);
    expect_eq(is_filled(a, SIZE, 5), 1);
    if (!is_native())
        return;
    expect_eq(code, 0);
    expect_code(offer_memory(a + PG, PG, LOW), 0);
    expect_code(reclaim_memory(a, SIZE), 0);
    expect_eq(is_filled(a, SIZE, 5), 1);
    expect_success(VirtualFree(a + PG, PG, MEM_DECOMMIT));
    expect_code(reclaim_memory(a, SIZE), ERROR_INVALID_ADDRESS);
}

CASE(WS, 072, "the priorities", "1, 2, 3, 4")
{
#if defined(WINVM_OFFER_PRIORITY_) && !defined(WINVM_NO_TYPES)
    expect_eq(VmOfferPriorityVeryLow, 1);
    expect_eq(VmOfferPriorityLow, 2);
    expect_eq(VmOfferPriorityBelowNormal, 3);
    expect_eq(VmOfferPriorityNormal, 4);
#endif
    need_offer();
    for (int priority = -1; priority <= 6; priority++) {
        BYTE *a = obtain(SIZE, RSV | COM, RWR);

        expect_eq(offer_memory(a, PG, priority) == 0, priority >= 1 && priority <= 4);
    }
}

CASE(WS, 073, "VirtualQuery of offered pages", "COMMIT; the protection is unspecified")
{
    MEMORY_BASIC_INFORMATION info;
    BYTE *a;
    DWORD old;

    need_offer();
    a = filled(5);
    expect_code(offer_memory(a + PG, PG, NORMAL), 0);
    info = query(a + PG);
    expect_eq(info.State, MEM_COMMIT);
    expect_ptr(info.AllocationBase, a);
    if (!is_native())
        return;
    expect_eq(info.Protect, RWR);
    /* Ours: nobody gets at the pages but by reclaiming them. */
    expect_error(VirtualProtect(a, SIZE, RO, &old), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(a, SIZE, COM, RO), ERROR_INVALID_ADDRESS);
    expect_error(VirtualAlloc(a, SIZE, MEM_RESET, RWR), ERROR_INVALID_ADDRESS);
    expect_fault(touch_read(a + PG), 0, a + PG);
    expect_page(a, MEM_COMMIT, RWR);
    expect_success(VirtualFree(a + PG, PG, MEM_DECOMMIT));
    expect_page(a + PG, MEM_RESERVE, 0);
    place(a + PG, PG, COM, RWR);
    expect_eq(a[PG], 0);
}

/* ---- prefetch ---- */

#define need_prefetch() need(prefetch_memory, prefetch_call, "PrefetchVirtualMemory")
#define need_set() need(set_information, set_call, "NtSetInformationVirtualMemory")

static BYTE static_data[3 * PG];

CASE(WS, 080, "PrefetchVirtualMemory(p, 0, NULL, 0)", "FALSE, 87")
{
    need_prefetch();
    expect_error(prefetch_memory(GetCurrentProcess(), 0, NULL, 0), ERROR_INVALID_PARAMETER);
}

CASE(WS, 081, "PrefetchVirtualMemory of one range, aligned and not", "TRUE")
{
    struct entry e = {static_data, PG};

    need_prefetch();
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
    e.at = (BYTE *)((ULONG_PTR)static_data & ~(ULONG_PTR)(PG - 1));
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
    e.at = static_data + 123;
    e.size = 1;
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
}

CASE(WS, 082, "PrefetchVirtualMemory of unmapped memory", "TRUE")
{
    struct entry e = {NULL, PG};

    need_prefetch();
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
    e.at = arena(GR);
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
    e.at = obtain(SIZE, RSV, RWR);
    e.size = SIZE;
    expect_success(prefetch_memory(GetCurrentProcess(), 1, &e, 0));
}

CASE(WS, 083, "PrefetchVirtualMemory of two ranges", "TRUE")
{
    struct entry e[2] = {{static_data, PG}, {static_data + 2 * PG, PG}};

    need_prefetch();
    expect_success(prefetch_memory(GetCurrentProcess(), 2, e, 0));
    e[0].at = NULL;
    expect_success(prefetch_memory(GetCurrentProcess(), 2, e, 0));
}

CASE(WS, 084, "NtSetInformationVirtualMemory, a range of size 0", "INVALID_PARAMETER_4")
{
    struct entry e[2] = {{static_data, 0}, {static_data, PG}};
    ULONG flags = 0;

    need_set();
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, e, &flags, sizeof flags), 4);
    e[0].size = PG;
    e[1].size = 0;
    expect_parameter(set_information(GetCurrentProcess(), 0, 2, e, &flags, sizeof flags), 4);
}

CASE(WS, 085, "NtSetInformationVirtualMemory, the ranges are NULL", "ACCESS_VIOLATION")
{
    ULONG flags = 0;

    need_set();
    expect_status(set_information(GetCurrentProcess(), 0, 1, NULL, &flags, sizeof flags),
                  ST_ACCESS_VIOLATION);
#ifndef _WIN32
    expect_status(set_information(GetCurrentProcess(), 0, (ULONG_PTR)1 << (sizeof(PVOID) * 8 - 5),
                                  (struct entry *)static_data, &flags, sizeof flags),
                  ST_ACCESS_VIOLATION, ST_PARAMETER(4));
#endif
}

CASE(WS, 086, "NtSetInformationVirtualMemory, VmInformation NULL", "INVALID_PARAMETER_5")
{
    struct entry e = {static_data, PG};

    need_set();
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, &e, NULL, sizeof(ULONG)), 5);
}

CASE(WS, 087, "NtSetInformationVirtualMemory, VmInformation length 2 or 8", "INVALID_PARAMETER_6")
{
    struct entry e = {static_data, PG};
    ULONG flags[2] = {0, 0};

    need_set();
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, &e, flags, 2), 6);
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, &e, flags, 8), 6);
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, &e, flags, 0), 6);
}

CASE(WS, 088, "NtSetInformationVirtualMemory, class -1", "INVALID_PARAMETER_2")
{
    struct entry e = {static_data, PG};
    ULONG flags = 0;

    need_set();
    expect_parameter(set_information(GetCurrentProcess(), -1, 1, &e, &flags, sizeof flags), 2);
}

CASE(WS, 089, "PrefetchVirtualMemory, Flags not 0", "FALSE, 87")
{
    struct entry e = {static_data, PG};

    need_prefetch();
    todo_wine("the flags are not looked at") {
        expect_error(prefetch_memory(GetCurrentProcess(), 1, &e, 1), ERROR_INVALID_PARAMETER);
        expect_error(prefetch_memory(GetCurrentProcess(), 1, &e, 0x80000000u),
                     ERROR_INVALID_PARAMETER);
    }
}

CASE(WS, 090, "NtSetInformationVirtualMemory, the order of its checks",
     "class, VmInformation, its length, the count, the ranges")
{
    struct entry e = {static_data, 0};
    ULONG flags = 0;

    need_set();
    skip_if(is_32bit(), "the order is that of 64-bit processes");
    expect_parameter(set_information(GetCurrentProcess(), -1, 0, NULL, NULL, 2), 2);
    expect_parameter(set_information(GetCurrentProcess(), 0, 0, NULL, NULL, 2), 5);
    expect_parameter(set_information(GetCurrentProcess(), 0, 0, NULL, &flags, 2), 6);
    expect_parameter(set_information(GetCurrentProcess(), 0, 0, NULL, &flags, sizeof flags), 3);
    expect_status(set_information(GetCurrentProcess(), 0, 1, NULL, &flags, sizeof flags),
                  ST_ACCESS_VIOLATION);
    expect_parameter(set_information(GetCurrentProcess(), 0, 1, &e, &flags, sizeof flags), 4);
}

CASE(WS, 155, "NtSetInformationVirtualMemory, numbers and layouts",
     "class 0, a 32-bit 0, entries of two pointers")
{
    struct entry e = {static_data, PG};
    ULONG flags = 0;

    expect_eq(sizeof(struct entry), 2 * sizeof(PVOID));
#if defined(WINVM_OFFER_PRIORITY_) && !defined(WINVM_NO_TYPES)
    expect_eq(VmPrefetchInformation, 0);
    expect_eq(sizeof(MEMORY_RANGE_ENTRY), sizeof(struct entry));
    expect_eq(offsetof(MEMORY_RANGE_ENTRY, NumberOfBytes), offsetof(struct entry, size));
    expect_eq(sizeof(WIN32_MEMORY_RANGE_ENTRY), sizeof(struct entry));
#endif
    need_set();
    expect_status(set_information(GetCurrentProcess(), 0, 1, &e, &flags, sizeof flags),
                  ST_SUCCESS);
}
