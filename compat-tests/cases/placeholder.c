/* Placeholders: made, and replaced by memory (PH-040..050; VA-121, WW-042, WW-043). */
#include "../compat_placeholder.h"

CASE(PH, 040, "RESERVE+RESERVE_PLACEHOLDER, NA, 0x10000",
     "RESERVE, Protect 0, AllocationProtect NA, PRIVATE")
{
    BYTE *p;

    need_placeholders();
    expect_placeholder(placeholder(GR), GR);
    p = (BYTE *)extended.alloc2(NULL, NULL, GR, HOLD, NA, NULL, 0);
    if (!ok(p != NULL, "VirtualAlloc2: last error %lu", (unsigned long)GetLastError()))
        return;
    compat_claim((ULONG_PTR)p, GR);
    expect_placeholder(p, GR);
    expect_fault(touch_read(p), 0, p);
}

CASE(PH, 041, "RESERVE_PLACEHOLDER with RW", "87")
{
    need_placeholders();
    expect_refused(alloc_ex(NULL, GR, HOLD, RWR, NULL, 0), NULL, GR, ST_INVALID_PARAMETER);
    expect_error(extended.alloc2(NULL, NULL, GR, HOLD, RWR, NULL, 0), ERR_PARAMETER);
}

CASE(PH, 042, "RESERVE_PLACEHOLDER through NtAllocateVirtualMemory, VirtualAlloc", "87")
{
    expect_refused(nt_alloc(NULL, 0, GR, HOLD, NA), NULL, GR, ST_INVALID_PARAMETER,
                   ST_PARAMETER(5));
    expect_error(VirtualAlloc(NULL, GR, HOLD, NA), ERR_PARAMETER);
    expect_error(VirtualAlloc(NULL, GR, RSV | REPLACE, NA), ERR_PARAMETER);
}

CASE(PH, 043, "RESERVE+COMMIT+REPLACE RW of exactly the placeholder", "COMMIT RW PRIVATE")
{
    BYTE *a, *p;

    need_placeholders();
    a = replaced();
    expect_query(a, a, a, RWR, GR, COM, RWR, MEM_PRIVATE);
    expect_no_fault(touch_write(a + 0xFFFF));
    p = placeholder(GR);
    expect_ptr(extended.alloc2(NULL, p, GR, RSV | REPLACE, RWR, NULL, 0), p);
    expect_query(p, p, p, RWR, GR, RSV, 0, MEM_PRIVATE);
}

CASE(PH, 044, "RELEASE+PRESERVE of what replaced it", "a placeholder again")
{
    BYTE *a;

    need_placeholders();
    a = replaced();
    expect_range(nt_free(a, GR, MEM_RELEASE | KEEP), a, GR);
    expect_placeholder(a, GR);
    a = replaced();
    expect_success(VirtualFree(a, GR, MEM_RELEASE | KEEP));
    expect_placeholder(a, GR);
}

CASE(PH, 045, "replaced again with RO, read", "all zero")
{
    BYTE *a;
    unsigned others = 0;

    need_placeholders();
    a = replaced();
    memset(a, 0xEE, GR);
    expect_range(nt_free(a, GR, MEM_RELEASE | KEEP), a, GR);
    expect_range(alloc_ex(a, GR, RSV | COM | REPLACE, RO, NULL, 0), a, GR);
    expect_query(a, a, a, RO, GR, COM, RO, MEM_PRIVATE);
    for (unsigned i = 0; i < GR; i++)
        others += a[i] != 0;
    expect_eq(others, 0);
}

CASE(PH, 046, "a placeholder or RESERVE over a placeholder", "487")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, alloc_ex(a, GR, HOLD, NA, NULL, 0), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_kept(a, alloc_ex(a, GR, RSV, RWR, NULL, 0), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(a, GR, RSV, RWR), ERR_ADDRESS);
    expect_placeholder(a, GR);
}

CASE(PH, 047, "RESERVE+REPLACE of 0x1000 of a placeholder", "487: exactly the placeholder")
{
    BYTE *a, *plain;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, alloc_ex(a, PG, RSV | REPLACE, RWR, NULL, 0), a, PG, ST_CONFLICTING_ADDRESSES);
    expect_kept(a, alloc_ex(a + PG, 0xF000, RSV | REPLACE, RWR, NULL, 0), a + PG, 0xF000,
                ST_CONFLICTING_ADDRESSES);
    plain = obtain(GR, RSV, RWR);
    expect_kept(plain, alloc_ex(plain, GR, RSV | REPLACE, RWR, NULL, 0), plain, GR,
                ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 048, "COMMIT on a placeholder", "487")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, alloc_ex(a, GR, COM, RWR, NULL, 0), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_kept(a, alloc_ex(a, PG, COM, RWR, NULL, 0), a, PG, ST_CONFLICTING_ADDRESSES);
}

CASE(VA, 121, "COMMIT alone of a placeholder", "487")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, nt_alloc(a, 0, GR, COM, RWR), a, GR, ST_CONFLICTING_ADDRESSES);
    expect_error(VirtualAlloc(a + PG, PG, COM, RWR), ERR_ADDRESS);
    expect_placeholder(a, GR);
}

CASE(PH, 049, "REPLACE alone, COMMIT+REPLACE without RESERVE", "87")
{
    BYTE *a;

    need_placeholders();
    a = placeholder(GR);
    expect_kept(a, alloc_ex(a, GR, REPLACE, RWR, NULL, 0), a, GR, ST_INVALID_PARAMETER);
    expect_kept(a, alloc_ex(a, GR, COM | REPLACE, RWR, NULL, 0), a, GR, ST_INVALID_PARAMETER);
    expect_error(extended.alloc2(NULL, a, GR, COM | REPLACE, RWR, NULL, 0), ERR_PARAMETER);
}

/* ---- with a write watch ---- */

static BYTE *watched_placeholder(void)
{
    BYTE *a = placeholder(GR);
    struct nt_out out = alloc_ex(a, GR, VM_WRITE_WATCH | RSV | REPLACE, RO, NULL, 0);

    if (broken(out.status == ST_INVALID_PARAMETER)) /* 1809 */
        return NULL;
    expect_range(out, a, GR);
    expect_range(nt_alloc(a, 0, GR, COM, RWR), a, GR);
    return a;
}

static ULONG_PTR count_written(BYTE *a, PVOID *first)
{
    PVOID hits[16] = {NULL};
    ULONG_PTR n = 16;
    DWORD granularity = 0;

    expect_eq(GetWriteWatch(0, a, GR, hits, &n, &granularity), 0);
    *first = hits[0];
    return n;
}

CASE(PH, 050, "WRITE_WATCH+RESERVE+REPLACE RO, then COMMIT RW", "success; the watch works")
{
    BYTE *a;
    PVOID first;

    need_placeholders();
    a = watched_placeholder();
    if (!a)
        return;
    a[0x3456] = 1;
    expect_eq(count_written(a, &first), 1);
    expect_ptr(first, a + 0x3000);
}

CASE(WW, 042, "watch of a replaced placeholder", "count 0; page 1 written: count 1")
{
    BYTE *a;
    PVOID first;

    need_placeholders();
    a = watched_placeholder();
    if (!a)
        return;
    expect_eq(count_written(a, &first), 0);
    a[PG] = 1;
    expect_eq(count_written(a, &first), 1);
    expect_ptr(first, a + PG);
}

CASE(WW, 043, "query in WW-042", "AllocationProtect RO, COMMIT, PRIVATE, 0x10000")
{
    BYTE *a;

    need_placeholders();
    a = watched_placeholder();
    if (a)
        expect_query(a, a, a, RO, GR, COM, RWR, MEM_PRIVATE);
}
