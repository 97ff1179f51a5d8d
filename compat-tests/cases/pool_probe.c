/* ProbeForRead and ProbeForWrite (POOL-150..POOL-158). */
#include "../compat_pool.h"

#define NO_PROBE "a probe does nothing"

static BYTE *kernel_address(void)
{
    return (BYTE *)at_address((ULONG_PTR)user_top());
}

CASE(POOL, 150, "a probe of length 0", "no check at all")
{
    BYTE *page = obtain(PG, MEM_RESERVE, PAGE_NOACCESS);

    expect_no_raise(ProbeForRead(page + 1, 0, 4));
    expect_no_raise(ProbeForWrite(page + 1, 0, 4));
    expect_no_raise(ProbeForRead(kernel_address() + 3, 0, 8));
    expect_no_raise(ProbeForWrite(kernel_address() + 3, 0, 8));
    expect_no_raise(ProbeForWrite(NULL, 0, 1));
}

CASE(POOL, 151, "a probe of an address that is no multiple of the alignment", "raises 80000002")
{
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READWRITE);

    for (ULONG alignment = 2; alignment <= 16; alignment *= 2)
        todo_wine(NO_PROBE) {
            expect_raise(ProbeForRead(page + 1, 4, alignment), ST_DATATYPE_MISALIGNMENT);
            expect_raise(ProbeForWrite(page + alignment / 2, 4, alignment),
                         ST_DATATYPE_MISALIGNMENT);
        }
}

CASE(POOL, 152, "a probe of a range that leaves user space or wraps", "raises C0000005")
{
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READWRITE);

    skip_if(compat_base != 0, "a probe is of the process's own space");
    todo_wine(NO_PROBE) {
        expect_raise(ProbeForRead(page, ~(SIZE_T)0, 1), ST_ACCESS_VIOLATION);
        expect_raise(ProbeForWrite(page, ~(SIZE_T)0, 1), ST_ACCESS_VIOLATION);
        expect_raise(ProbeForRead(page, (SIZE_T)(kernel_address() - page) + 0x20000, 1),
                     ST_ACCESS_VIOLATION);
        expect_raise(ProbeForWrite(page, (SIZE_T)(kernel_address() - page) + 0x20000, 1),
                     ST_ACCESS_VIOLATION);
    }
}

CASE(POOL, 153, "ProbeForRead of user addresses without memory", "no exception, nothing is touched")
{
    BYTE *none = arena(GR), *reserved = obtain(GR, MEM_RESERVE, PAGE_NOACCESS);
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READONLY | PAGE_GUARD);

    expect_no_raise(ProbeForRead(none, GR, 1));
    expect_no_raise(ProbeForRead(reserved, GR, 8));
    expect_no_raise(ProbeForRead(page, 100, 4));
    expect_page(page, MEM_COMMIT, PAGE_READONLY | PAGE_GUARD);
}

CASE(POOL, 154, "ProbeForWrite of RO, NA, unmapped pages", "raises C0000005")
{
    static const ULONG protections[] = {PAGE_READONLY, PAGE_NOACCESS, PAGE_EXECUTE_READ};
    BYTE *pages = obtain(3 * PG, MEM_COMMIT, PAGE_READWRITE), *none = arena(GR);
    DWORD old;

    todo_wine(NO_PROBE)
        expect_raise(ProbeForWrite(none, 1, 1), ST_ACCESS_VIOLATION);
    for (unsigned i = 0; i < 3; i++) {
        VirtualProtect(pages + PG, PG, protections[i], &old);
        todo_wine(NO_PROBE) {
            expect_raise(ProbeForWrite(pages + PG + 16, 4, 4), ST_ACCESS_VIOLATION);
            expect_raise(ProbeForWrite(pages, 3 * PG, 4), ST_ACCESS_VIOLATION);
        }
        expect_no_raise(ProbeForWrite(pages, PG, 4));
    }
}

CASE(POOL, 155, "ProbeForWrite of several pages", "one place of each is written, contents stay")
{
    BYTE *p = (BYTE *)VirtualAlloc(NULL, 4 * PG, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                                   PAGE_READWRITE);
    void *written[8];
    ULONG_PTR n = 8;
    DWORD page_size = 0;

    if (!ok(p != NULL, "no watched memory"))
        return;
    compat_claim((ULONG_PTR)p, 4 * PG);
    memset(p, 0x3c, 4 * PG);
    ResetWriteWatch(p, 4 * PG);
    expect_no_raise(ProbeForWrite(p + 100, 2 * PG, 4));
    expect_eq(GetWriteWatch(0, p, 4 * PG, written, &n, &page_size), 0);
    todo_wine(NO_PROBE)
        expect_eq(n, 3);
    for (SIZE_T i = 0; i < 4 * PG; i += 50)
        ok(p[i] == 0x3c, "byte %llu: got 0x%x", (unsigned long long)i, p[i]);
}

CASE(POOL, 156, "alignments 1, 2, 4, 8, 16", "accepted")
{
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READWRITE);

    for (ULONG alignment = 1; alignment <= 16; alignment *= 2) {
        expect_no_raise(ProbeForRead(page + alignment, 5, alignment));
        expect_no_raise(ProbeForWrite(page + alignment, 5, alignment));
    }
}

CASE(POOL, 157, "order: alignment, range, the pages", "the first that is wrong is raised")
{
    BYTE *page = obtain(PG, MEM_COMMIT, PAGE_READONLY);

    skip_if(compat_base != 0, "a probe is of the process's own space");
    todo_wine(NO_PROBE) {
        expect_raise(ProbeForWrite(kernel_address() + 1, 4, 4), ST_DATATYPE_MISALIGNMENT);
        expect_raise(ProbeForRead(kernel_address() + 1, 4, 4), ST_DATATYPE_MISALIGNMENT);
        expect_raise(ProbeForWrite(page + 1, 4, 4), ST_DATATYPE_MISALIGNMENT);
    }
}

CASE(POOL, 158, "a probe of an address of the kernel's", "raises C0000005")
{
    BYTE *block;

    skip_if(compat_base != 0, "a probe is of the process's own space");
    todo_wine(NO_PROBE) {
        expect_raise(ProbeForWrite(kernel_address() + 0x1000, 4, 4), ST_ACCESS_VIOLATION);
        expect_raise(ProbeForRead(kernel_address() + 0x1000, 4, 4), ST_ACCESS_VIOLATION);
    }
    if (is_native()) {
        block = ExAllocatePoolWithTag(T_NX, 64, TAG_ONE);
        expect_raise(ProbeForRead(block, 4, 4), ST_ACCESS_VIOLATION);
        expect_raise(ProbeForWrite(block, 4, 4), ST_ACCESS_VIOLATION);
        memset(block, 1, 64);
        ExFreePoolWithTag(block, TAG_ONE);
    }
}
