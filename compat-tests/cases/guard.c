/* Guard pages of a program's own allocations (GP-001..028, VQ-028, WS-005). */
#include "../compat.h"
#include "../compat_hear.h"
#include "../compat_watch.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define GUARDED (PAGE_READWRITE | PAGE_GUARD)
#define GP ST_GUARD_PAGE_VIOLATION
#define AV ST_ACCESS_VIOLATION

static BYTE *guarded(SIZE_T size)
{
    return obtain(size, RSV | COM, GUARDED);
}

static BYTE *watched(ULONG protect)
{
    return obtain(GR, RSV | COM | VM_WRITE_WATCH, protect);
}

static ULONG protect_page(BYTE *page, ULONG protect)
{
    DWORD old = 0xdead;

    expect_success(VirtualProtect(page, PG, protect, &old));
    return old;
}

CASE(GP, 001, "VirtualAlloc(RESERVE+COMMIT, RW+GUARD), query",
     "Protect = AllocationProtect = 0x104")
{
    BYTE *a = guarded(0x3000);

    expect_query(a, a, a, 0x104, 0x3000, COM, 0x104, MEM_PRIVATE);
}

CASE(GP, 002, "VirtualProtect(RW) of it", "old 0x104")
{
    BYTE *a = guarded(PG);

    expect_eq(protect_page(a, RWR), 0x104);
    expect_query(a, a, a, 0x104, PG, COM, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(a));
}

CASE(GP, 003, "VirtualProtect(RW+GUARD) of a RW page", "old RW, data kept")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    memset(a, 0x31, PG);
    expect_eq(protect_page(a, GUARDED), RWR);
    expect_eq(protect_page(a, RWR), 0x104);
    for (SIZE_T i = 0; i < PG; i += 0xFF)
        expect_eq(a[i], 0x31);
}

static struct {
    MEMORY_BASIC_INFORMATION info;
    BYTE *page, byte;
} inside;

/* Looks at the page, reads it and writes it. */
static LONG use_page(EXCEPTION_POINTERS *info)
{
    (void)info;
    inside.info = query(inside.page);
    inside.byte = *(volatile BYTE *)(inside.page + 9);
    *(volatile BYTE *)(inside.page + 9) = 0x77;
    return EXCEPTION_CONTINUE_EXECUTION;
}

CASE(GP, 004, "read of a guard page", "one 80000001; the guard is gone before the handler runs")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    a[9] = 0x21;
    protect_page(a, GUARDED);
    inside.page = a;
    hear(use_page);
    touch_read(a + 0x10);
    expect_eq(heard_now(), 1);
    expect_heard(0, GP, 0, a + 0x10);
    expect_ptr(heard.kept[0].ExceptionAddress, compat_leaf_read);
    hear_end();
    expect_eq(inside.info.Protect, RWR);
    expect_eq(inside.info.State, COM);
    expect_eq(inside.byte, 0x21);
    expect_eq(a[9], 0x77);
}

CASE(GP, 005, "write to a guard page, the handler continues", "one 80000001; the write completes")
{
    BYTE *a = guarded(PG);

    hear(go_on);
    touch_write(a + 0xABC);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_heard(0, GP, 1, a + 0xABC);
    expect_eq(a[0xABC], 0x5a);
    expect_eq(a[0xABB], 0);
}

CASE(GP, 006, "second access", "no exception")
{
    BYTE *a = guarded(PG);

    hear(go_on);
    touch_read(a);
    touch_read(a);
    touch_write(a + 0xFFF);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_eq(a[0xFFF], 0x5a);
}

CASE(GP, 007, "query after the fault", "Protect RW, AllocationProtect 0x104")
{
    BYTE *a = guarded(PG);

    expect_eq(touch_read(a).code, GP);
    expect_query(a, a, a, 0x104, PG, COM, RWR, MEM_PRIVATE);
}

CASE(VQ, 028, "query of a guard page before and after it fires", "0x104, then 0x04 of 0x104")
{
    BYTE *a = guarded(PG), *b = obtain(0x2000, RSV | COM, RO | PAGE_GUARD);

    expect_query(a, a, a, 0x104, PG, COM, 0x104, MEM_PRIVATE);
    expect_eq(touch_write(a).code, GP);
    expect_query(a, a, a, 0x104, PG, COM, RWR, MEM_PRIVATE);
    expect_query(b, b, b, 0x102, 0x2000, COM, 0x102, MEM_PRIVATE);
    expect_eq(touch_read(b).code, GP);
    expect_query(b, b, b, 0x102, PG, COM, RO, MEM_PRIVATE);
    expect_query(b + PG, b + PG, b, 0x102, PG, COM, 0x102, MEM_PRIVATE);
}

CASE(GP, 008, "write to a RO+GUARD page", "80000001, then C0000005 with 1")
{
    BYTE *a = obtain(PG, RSV | COM, RO | PAGE_GUARD);
    struct fault got = touch_write(a + 5);

    expect_eq(got.code, GP);
    expect_eq(got.kind, 1);
    expect_ptr(got.address, a + 5);
    expect_page(a, COM, RO);
    expect_fault(touch_write(a + 5), 1, a + 5);
    expect_no_fault(touch_read(a));
    expect_eq(a[5], 0);
}

CASE(GP, 009, "guard over 2 pages, the second touched",
     "only that page loses it; the region splits")
{
    BYTE *a = guarded(0x2000);

    expect_eq(touch_read(a + PG).code, GP);
    expect_query(a, a, a, 0x104, PG, COM, 0x104, MEM_PRIVATE);
    expect_query(a + PG, a + PG, a, 0x104, PG, COM, RWR, MEM_PRIVATE);
    expect_eq(touch_read(a).code, GP);
    expect_query(a, a, a, 0x104, 0x2000, COM, RWR, MEM_PRIVATE);
}

CASE(GP, 010, "access that straddles a plain and a guard page",
     "one 80000001 (which byte is not verified)")
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);

    protect_page(a + PG, GUARDED);
    hear(go_on);
    touch_write4(a + 0xFFE);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_eq(heard.kept[0].ExceptionCode, GP);
    expect_eq(heard.kept[0].ExceptionInformation[0], 1);
    printf("# recorded: byte %d of the operand, which has 2 in the first page\n",
           (int)((BYTE *)heard.kept[0].ExceptionInformation[1] - (a + 0xFFE)));
    expect_eq(a[0xFFE], 0x5a);
    expect_eq(a[0x1001], 0x5a);
}

CASE(GP, 011, "execute in a guard page", "80000001 with 8; then it runs")
{
    BYTE *a = obtain(PG, RSV | COM, RWR);

    memset(a, 0xC3, PG);
    protect_page(a, XR | PAGE_GUARD);
    hear(go_on);
    touch_exec(a + 0x80);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_heard(0, GP, 8, a + 0x80);
    expect_page(a, COM, XR);
}

CASE(GP, 012, "NA+GUARD", "87; INVALID_PAGE_PROTECTION")
{
    BYTE *a = obtain(0x2000, RSV, RWR);

    todo_wine("GUARD is not checked against NOACCESS") {
        expect_error(VirtualAlloc(a, PG, COM, NA | PAGE_GUARD), ERROR_INVALID_PARAMETER);
        expect_status(nt_alloc(a, 0, PG, COM, NA | PAGE_GUARD).status, ST_INVALID_PAGE_PROTECTION);
        expect_page(a, RSV, 0);
    }
}

CASE(GP, 013, "CreateFileMapping(RW+GUARD)", "NULL")
{
    expect_failure(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, GUARDED, 0, PG, NULL));
}

CASE(GP, 015, "VirtualLock of a guard page", "FALSE, last error 0x80000001; the guard is gone")
{
    BYTE *a = guarded(PG);

    todo_wine("the lock succeeds or fails with another error, the guard stays") {
        expect_error(VirtualLock(a, PG), GP);
        expect_page(a, COM, RWR);
    }
}

CASE(GP, 016, "the same again", "TRUE")
{
    BYTE *a = guarded(PG);

    VirtualLock(a, PG);
    todo_wine("it fails again")
        expect_success(VirtualLock(a, PG));
    VirtualUnlock(a, PG);
}

CASE(GP, 017, "query after both", "Protect RW")
{
    BYTE *a = guarded(PG);

    VirtualLock(a, PG);
    VirtualLock(a, PG);
    todo_wine("the guard stays")
        expect_query(a, a, a, 0x104, PG, COM, RWR, MEM_PRIVATE);
    VirtualUnlock(a, PG);
}

CASE(GP, 018, "VirtualProtect(RW+GUARD) after the failing lock", "old RW")
{
    BYTE *a = guarded(PG);

    VirtualLock(a, PG);
    todo_wine("the guard stays")
        expect_eq(protect_page(a, GUARDED), RWR);
}

CASE(WS, 005, "VirtualLock of a range with one guard page", "FALSE once, 0x80000001; then TRUE")
{
    BYTE *a = obtain(0x3000, RSV | COM, RWR);

    protect_page(a + PG, GUARDED);
    todo_wine("the lock fails again, or with another error") {
        expect_error(VirtualLock(a, 0x3000), GP);
        expect_query(a, a, a, RWR, 0x3000, COM, RWR, MEM_PRIVATE);
        expect_success(VirtualLock(a, 0x3000));
    }
    VirtualUnlock(a, 0x3000);
}

CASE(GP, 019, "write to a guard page that is watched", "one 80000001; the page is reported")
{
    BYTE *a = watched(GUARDED);

    hear(go_on);
    touch_write(a + 0x2010);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_heard(0, GP, 1, a + 0x2010);
    expect_watch(get_watch(0, a, GR), a, 2, -1);
}

CASE(GP, 020, "read of one; the handler writes to it", "reported only when the handler wrote")
{
    BYTE *a = watched(GUARDED);

    hear(go_on);
    touch_read(a + 0x1000);
    expect_heard(0, GP, 0, a + 0x1000);
    expect_no_watch(get_watch(0, a, GR));
    inside.page = a + 0x3000;
    hear(use_page);
    touch_read(a + 0x3000);
    hear_end();
    expect_eq(heard_now(), 1);
    expect_watch(get_watch(0, a, GR), a, 3, -1);
}

CASE(GP, 021, "VirtualLock of one, failing", "nothing is reported")
{
    BYTE *a = watched(GUARDED);

    ok(!VirtualLock(a, PG), "the lock of a guard page succeeded");
    expect_no_watch(get_watch(0, a, GR));
}

CASE(GP, 022, "VirtualLock of it again", "TRUE; the page is reported")
{
    BYTE *a = watched(GUARDED);
    struct watched got;

    VirtualLock(a, PG);
    todo_wine("the lock does not make the page dirty") {
        expect_success(VirtualLock(a, PG));
        got = get_watch(0, a, GR);
        if (!broken(got.count == 0))
            expect_watch(got, a, 0, -1);
    }
    VirtualUnlock(a, PG);
}

CASE(GP, 023, "ReadProcessMemory into, WriteProcessMemory from a guard page",
     "fails; the guard is gone; the same call succeeds")
{
    BYTE *a = guarded(0x2000), *from = obtain(PG, COM, RWR), *to = from + 64;
    SIZE_T n;

    memset(from, 0x4e, 64);
    expect_failure(ReadProcessMemory(GetCurrentProcess(), from, a, 64, &n));
    expect_page(a, COM, RWR);
    expect_failure(WriteProcessMemory(GetCurrentProcess(), to, a + PG, 64, &n));
    expect_page(a + PG, COM, RWR);
    expect_success(ReadProcessMemory(GetCurrentProcess(), from, a, 64, &n));
    expect_eq(a[63], 0x4e);
    expect_success(WriteProcessMemory(GetCurrentProcess(), to, a, 64, &n));
    expect_eq(to[63], 0x4e);
}

CASE(GP, 025, "Nt(COMMIT, RW+GUARD) over a committed page",
     "success: the protection changes, data kept")
{
    BYTE *a = obtain(0x2000, RSV | COM, RWR);

    memset(a, 0x62, 0x2000);
    expect_range(nt_alloc(a, 0, PG, COM, GUARDED), a, PG);
    expect_query(a, a, a, RWR, PG, COM, 0x104, MEM_PRIVATE);
    expect_eq(touch_read(a).code, GP);
    expect_eq(a[0], 0x62);
    expect_eq(a[0xFFF], 0x62);
    expect_page(a + PG, COM, RWR);
}

CASE(GP, 026, "guard page hit, nobody handles it", "80000001 ends the process")
{
    if (compat_is_child) {
        *(volatile BYTE *)guarded(PG) = 1;
        return;
    }
    expect_death("GP-026", GP);
}

CASE(GP, 027, "GUARD+NOCACHE", "87")
{
    BYTE *a = obtain(0x2000, RSV, RWR);
    DWORD old;

    todo_wine("GUARD and NOCACHE are not checked against each other") {
        expect_error(VirtualAlloc(a, PG, COM, GUARDED | PAGE_NOCACHE), ERROR_INVALID_PARAMETER);
        expect_page(a, RSV, 0);
        VirtualAlloc(a, PG, COM, RWR);
        expect_error(VirtualProtect(a, PG, GUARDED | PAGE_NOCACHE, &old), ERROR_INVALID_PARAMETER);
        expect_page(a, COM, RWR);
    }
}

/* ---- two threads ---- */

enum { ROUNDS = 400 };
static struct {
    volatile BYTE *page;
    int round, done;
    unsigned none, more;
} race;

static void race_to(int round)
{
    while (__atomic_load_n(&race.round, __ATOMIC_ACQUIRE) < round)
        ;
    touch_write(race.page + 0x40);
    __atomic_add_fetch(&race.done, 1, __ATOMIC_RELEASE);
}

static void race_thread(void *arg)
{
    (void)arg;
    for (int i = 1; i <= ROUNDS; i++)
        race_to(i);
}

CASE(GP, 028, "two threads touch a guard page at once", "one exception in total")
{
    struct compat_thread other;

    race.page = guarded(PG);
    race.round = race.done = 0;
    race.none = race.more = 0;
    hear(go_on);
    if (!ok(thread_start(&other, race_thread, NULL), "no thread"))
        return;
    for (int i = 1; i <= ROUNDS; i++) {
        DWORD old;
        unsigned before = heard_now();

        VirtualProtect((void *)race.page, PG, GUARDED, &old);
        __atomic_store_n(&race.round, i, __ATOMIC_RELEASE);
        race_to(i);
        while (__atomic_load_n(&race.done, __ATOMIC_ACQUIRE) < 2 * i)
            ;
        race.none += heard_now() == before;
        race.more += heard_now() > before + 1;
    }
    thread_join(&other);
    hear_end();
    expect_eq(race.none, 0);
    todo_wine("the thread that comes second gets an access violation")
        expect_eq(race.more, 0);
    expect_page((void *)race.page, COM, RWR);
}
