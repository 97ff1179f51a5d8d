/* Write watches: GetWriteWatch, ResetWriteWatch (WW-001..049). */
#include "../compat.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define RWR PAGE_READWRITE
#define SIZE 0x10000
#define WATCH_FAILED 0xFFFFFFFFu
#define WATCHED (RSV | COM | VM_WRITE_WATCH)

static PVOID hits[64];
static ULONG_PTR n_hits;
static DWORD granularity;

static unsigned get(ULONG flags, const BYTE *at, SIZE_T size, ULONG_PTR room)
{
    n_hits = room;
    granularity = 0xdead;
    memset(hits, 0, sizeof hits);
    return GetWriteWatch(flags, (PVOID)(uintptr_t)at, size, hits, &n_hits, &granularity);
}

/* Page numbers from b, ascending, then -1. */
static void compat_hits(const char *file, int line, const BYTE *b, unsigned result,
                        const int *pages)
{
    ULONG_PTR n = 0;

    compat_equal(file, line, "result", result, 0);
    compat_equal(file, line, "granularity", granularity, PG);
    for (; pages[n] >= 0; n++)
        compat_equal(file, line, "page", n < n_hits ? (uint64_t)((BYTE *)hits[n] - b) : 0,
                     (uint64_t)pages[n] * PG);
    compat_equal(file, line, "count", n_hits, n);
}
#define expect_hits(b, call, ...)                                                                  \
    compat_hits(__FILE__, __LINE__, b, call, (const int[]){__VA_ARGS__, -1})
#define expect_none(b, call) compat_hits(__FILE__, __LINE__, b, call, (const int[]){-1})

#define expect_watch_error(call, ...)                                                              \
    do {                                                                                           \
        SetLastError(0xdeadbeef);                                                                  \
        expect_eq((unsigned)(call), WATCH_FAILED);                                                 \
        compat_one_of(__FILE__, __LINE__, "last error of " #call, GetLastError(),                  \
                      (const ULONG[]){__VA_ARGS__, 0xEEEEEEEEu});                                  \
    } while (0)

static void write_page(BYTE *b, unsigned page)
{
    *(volatile BYTE *)(b + page * PG + 1) = (BYTE)(page + 1);
}

CASE(WW, 001, "query a watched region", "one COMMIT RW PRIVATE run; the watch is not visible")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_query(b, b, b, RWR, SIZE, COM, RWR, MEM_PRIVATE);
}

CASE(WW, 002, "GetWriteWatch of an untouched region", "0, count 0")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_none(b, get(0, b, SIZE, 64));
}

CASE(WW, 003, "write B+0x1001, get", "count 1: B+0x1000")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 1);
    expect_hits(b, get(0, b, SIZE, 64), 1);
    expect_hits(b, get(0, b, SIZE, 64), 1);
}

CASE(WW, 004, "get with RESET twice", "count 1, then 0")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 1);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 1);
    expect_none(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64));
}

/* The region of WW-005: page 1 written and reset, then 2 and 4 written. */
static BYTE *two_and_four(void)
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 1);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 1);
    write_page(b, 4);
    write_page(b, 2);
    return b;
}

CASE(WW, 005, "write pages 4 and 2, get", "both, ascending")
{
    BYTE *b = two_and_four();

    expect_hits(b, get(0, b, SIZE, 64), 2, 4);
}

CASE(WW, 006, "get(B+0x3000, 0x2000)", "page 4")
{
    BYTE *b = two_and_four();

    expect_hits(b, get(0, b + 0x3000, 0x2000, 64), 4);
    expect_hits(b, get(0, b + 0x3FFF, 2, 64), 4);
}

CASE(WW, 007, "ResetWriteWatch(B, 0x3000), get all", "page 4")
{
    BYTE *b = two_and_four();

    expect_eq(ResetWriteWatch(b, 0x3000), 0);
    expect_hits(b, get(0, b, SIZE, 64), 4);
}

CASE(WW, 008, "4-byte write at B+0x1FFE", "both pages")
{
    BYTE *b = two_and_four();
    ULONG value = 5;

    expect_eq(ResetWriteWatch(b, 0x3000), 0);
    memcpy(b + 0x1FFE, &value, 4);
    expect_hits(b, get(0, b, SIZE, 64), 1, 2, 4);
}

CASE(WW, 009, "get with RESET and count 1", "page 1; only that one is reset")
{
    BYTE *b = two_and_four();

    write_page(b, 1);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 1), 1);
}

CASE(WW, 010, "get after WW-009", "pages 2 and 4")
{
    BYTE *b = two_and_four();

    write_page(b, 1);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 1), 1);
    expect_hits(b, get(0, b, SIZE, 64), 2, 4);
}

CASE(WW, 011, "VirtualProtect RO and back on 3 pages", "the written pages stay")
{
    BYTE *b = two_and_four();
    DWORD old = 0;

    expect_success(VirtualProtect(b, 3 * PG, PAGE_READONLY, &old));
    expect_eq(old, RWR);
    expect_hits(b, get(0, b, SIZE, 64), 2, 4);
    expect_success(VirtualProtect(b, 3 * PG, RWR, &old));
    expect_eq(old, PAGE_READONLY);
    expect_hits(b, get(0, b, SIZE, 64), 2, 4);
    write_page(b, 0);
    expect_hits(b, get(0, b, SIZE, 64), 0, 2, 4);
}

CASE(WW, 012, "query after WW-011", "one RW run")
{
    BYTE *b = two_and_four();
    DWORD old = 0;

    VirtualProtect(b, 3 * PG, PAGE_READONLY, &old);
    VirtualProtect(b, 3 * PG, RWR, &old);
    expect_query(b, b, b, RWR, SIZE, COM, RWR, MEM_PRIVATE);
}

CASE(WW, 013, "read only", "not reported")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);
    volatile BYTE sum = 0;

    for (unsigned i = 0; i < SIZE; i += 512)
        sum = (BYTE)(sum + b[i]);
    expect_none(b, get(0, b, SIZE, 64));
    write_page(b, 3);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 3);
    for (unsigned i = 0; i < SIZE; i += 512)
        sum = (BYTE)(sum + b[i]);
    expect_none(b, get(0, b, SIZE, 64));
}

CASE(WW, 014, "NA region: RW on 6 pages, write page 5, NA again", "page 5")
{
    BYTE *b = obtain(SIZE, WATCHED, PAGE_NOACCESS);
    DWORD old = 0;

    expect_none(b, get(0, b, SIZE, 64));
    expect_success(VirtualProtect(b, 6 * PG, RWR, &old));
    expect_eq(old, PAGE_NOACCESS);
    write_page(b, 5);
    expect_success(VirtualProtect(b, 6 * PG, PAGE_NOACCESS, &old));
    expect_hits(b, get(0, b, SIZE, 64), 5);
}

CASE(WW, 015, "MEM_DECOMMIT of everything, get", "still page 5")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 5);
    expect_success(VirtualFree(b, SIZE, MEM_DECOMMIT));
    expect_hits(b, get(0, b, SIZE, 64), 5);
}

CASE(WW, 016, "get on reserved pages", "0, count 0")
{
    BYTE *b = obtain(SIZE, RSV | VM_WRITE_WATCH, RWR);

    expect_none(b, get(0, b, SIZE, 64));
}

CASE(WW, 017, "RESERVE+WRITE_WATCH, COMMIT later", "watched")
{
    BYTE *b = obtain(SIZE, RSV | VM_WRITE_WATCH, RWR);

    expect_ptr(VirtualAlloc(b + PG, 4 * PG, COM, RWR), b + PG);
    write_page(b, 2);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 2);
    expect_ptr(VirtualAlloc(b + 6 * PG, PG, COM, RWR), b + 6 * PG);
    expect_none(b, get(0, b, SIZE, 64));
    write_page(b, 6);
    expect_hits(b, get(0, b, SIZE, 64), 6);
}

CASE(WW, 018, "VirtualAlloc(MEM_WRITE_WATCH) alone", "NULL, 87")
{
    expect_error(VirtualAlloc(NULL, SIZE, VM_WRITE_WATCH, RWR), ERROR_INVALID_PARAMETER);
}

CASE(WW, 019, "get with base NULL", "87")
{
    expect_watch_error(get(0, NULL, SIZE, 64), ERROR_INVALID_PARAMETER);
}

CASE(WW, 020, "get in memory that is not watched", "87")
{
    BYTE *plain = obtain(SIZE, COM, RWR);

    expect_watch_error(get(0, plain, SIZE, 64), ERROR_INVALID_PARAMETER);
    expect_watch_error(get(0, (BYTE *)hits, PG, 64), ERROR_INVALID_PARAMETER);
    expect_eq(n_hits, 64);
}

CASE(WW, 021, "count 0", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(get(0, b, SIZE, 0), ERROR_INVALID_PARAMETER);
}

CASE(WW, 022, "count NULL", "998")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(GetWriteWatch(0, b, SIZE, hits, NULL, &granularity), ERROR_NOACCESS);
}

CASE(WW, 023, "granularity NULL", "998")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    n_hits = 64;
    expect_watch_error(GetWriteWatch(0, b, SIZE, hits, &n_hits, NULL), ERROR_NOACCESS);
    expect_eq(n_hits, 64);
}

CASE(WW, 024, "addresses NULL, count 64", "998; nothing is reset")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 1);
    n_hits = 64;
    expect_watch_error(
        GetWriteWatch(WRITE_WATCH_FLAG_RESET, b, SIZE, NULL, &n_hits, &granularity),
        ERROR_NOACCESS);
    expect_hits(b, get(0, b, SIZE, 64), 1);
}

CASE(WW, 025, "addresses NULL, count 0", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    n_hits = 0;
    expect_watch_error(GetWriteWatch(0, b, SIZE, NULL, &n_hits, &granularity),
                       ERROR_INVALID_PARAMETER);
}

CASE(WW, 026, "flags 0xDEADBEEF", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(get(0xDEADBEEF, b, SIZE, 64), ERROR_INVALID_PARAMETER);
}

CASE(WW, 027, "size 0", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(get(0, b, 0, 64), ERROR_INVALID_PARAMETER);
}

CASE(WW, 028, "size twice the region", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(get(0, b, 2 * SIZE, 64), ERROR_INVALID_PARAMETER);
}

CASE(WW, 029, "base B+0xF000, size 0x1001", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(get(0, b + 0xF000, 0x1001, 64), ERROR_INVALID_PARAMETER);
}

CASE(WW, 030, "ResetWriteWatch(B, 0)", "87")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    expect_watch_error(ResetWriteWatch(b, 0), ERROR_INVALID_PARAMETER);
}

CASE(WW, 031, "ResetWriteWatch of memory that is not watched", "87")
{
    expect_watch_error(ResetWriteWatch(hits, PG), ERROR_INVALID_PARAMETER);
}

CASE(WW, 032, "memset of the region, get with RESET", "count 16")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    memset(b, 1, SIZE);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                12, 13, 14, 15);
    expect_none(b, get(0, b, SIZE, 64));
}

CASE(WW, 040, "WriteProcessMemory to watched pages", "reported")
{
    BYTE *b = two_and_four();
    BYTE data[0x1800];
    SIZE_T done = 0;

    memset(data, 3, sizeof data);
    expect_eq(ResetWriteWatch(b, SIZE), 0);
    expect_success(WriteProcessMemory(GetCurrentProcess(), b + 0x1800, data, sizeof data, &done));
    expect_eq(done, sizeof data);
    todo_wine("its own writes are not noticed")
        expect_hits(b, get(0, b, SIZE, 64), 1, 2);
}

CASE(WW, 045, "VirtualLock of a clean page", "the page counts as written")
{
    BYTE *b = two_and_four();

    expect_eq(ResetWriteWatch(b, SIZE), 0);
    expect_success(VirtualLock(b + PG, PG));
    todo_wine("locking is no write")
        expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 1);
    expect_success(VirtualUnlock(b + PG, PG));
    expect_none(b, get(0, b, SIZE, 64));
}

/* ---- a writer beside the calls ---- */

enum { WRITES = 20000 };
static struct {
    volatile ULONG *counters; /* the first four bytes of each page */
    int ended;
} writer;

static void write_pages(void *arg)
{
    (void)arg;
    for (ULONG i = 1; i <= WRITES; i++)
        writer.counters[(i % 16) * (PG / 4)] = i;
    __atomic_store_n(&writer.ended, 1, __ATOMIC_RELEASE);
}

/* What each page held when it was reported last: a page that holds something else at the end, and
 * is not reported by the last call, is a lost write. */
static int count_lost(BYTE *b)
{
    ULONG seen[16] = {0};
    int ended, lost = 0;

    do {
        ended = __atomic_load_n(&writer.ended, __ATOMIC_ACQUIRE);
        expect_eq(get(1, b, SIZE, 64), 0);
        for (ULONG_PTR i = 0; i < n_hits; i++) {
            SIZE_T page = (SIZE_T)((BYTE *)hits[i] - b) / PG;

            seen[page] = writer.counters[page * (PG / 4)];
        }
    } while (!ended);
    for (SIZE_T page = 0; page < 16; page++)
        lost += seen[page] != writer.counters[page * (PG / 4)];
    return lost;
}

CASE(WW, 047, "a writer beside GetWriteWatch(RESET)", "no write is lost")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);
    struct compat_thread other;

    writer.counters = (volatile ULONG *)b;
    writer.ended = 0;
    if (!ok(thread_start(&other, write_pages, NULL), "no thread"))
        return;
    expect_eq(count_lost(b), 0);
    thread_join(&other);
}

CASE(WW, 048, "get, a write, ResetWriteWatch, get", "the write in between is lost")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 2);
    expect_hits(b, get(0, b, SIZE, 64), 2);
    write_page(b, 3);
    expect_eq(ResetWriteWatch(b, SIZE), 0);
    expect_none(b, get(0, b, SIZE, 64));
}

CASE(WW, 049, "success of both calls", "last error unchanged")
{
    BYTE *b = obtain(SIZE, WATCHED, RWR);

    write_page(b, 1);
    SetLastError(0xdeadbeef);
    expect_hits(b, get(WRITE_WATCH_FLAG_RESET, b, SIZE, 64), 1);
    expect_eq(ResetWriteWatch(b, SIZE), 0);
    expect_eq(GetLastError(), 0xdeadbeef);
}
