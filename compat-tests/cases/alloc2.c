/* VirtualAlloc2 and NtAllocateVirtualMemoryEx: extended parameters (PH-001..031; VA-083, VA-088,
 * VA-089, VA-118..120). */
#include "../compat_extended.h"

/* Both calls refuse the parameters with 87. */
static void refuse_params(void *at, SIZE_T size, ULONG type, struct param *params, ULONG count)
{
    expect_refused(alloc_ex(at, size, type, RWR, params, count), at, size, ST_INVALID_PARAMETER);
    expect_error(extended.alloc2(GetCurrentProcess(), at, size, type, RWR, params, count),
                 ERR_PARAMETER);
}

/* The same for one parameter, NULL base, RESERVE. */
static void refuse_param(struct param param)
{
    refuse_params(NULL, GR, RSV, &param, 1);
}

static void refuse_requirements(ULONG_PTR lowest, ULONG_PTR highest, ULONG_PTR alignment)
{
    struct requirements wanted = {lowest, highest, alignment};

    todo_if(is_wine() && lowest, "Wine: the lowest address is ignored")
        refuse_param(param_requiring(&wanted));
}

/* RESERVE with these requirements succeeds, in the range and aligned. */
static BYTE *require(SIZE_T size, ULONG_PTR lowest, ULONG_PTR highest, ULONG_PTR alignment)
{
    struct requirements wanted = {lowest, highest, alignment};
    struct param param = param_requiring(&wanted);
    struct nt_out out = alloc_ex(NULL, size, RSV, RWR, &param, 1);
    ULONG_PTR at = address_of(out.base);

    expect_status(out.status, ST_SUCCESS);
    if (out.status)
        return NULL;
    expect_eq(out.size, size);
    expect_eq(at & (alignment ? alignment - 1 : GR - 1), 0);
    todo_if(is_wine() && lowest, "Wine: the lowest address is ignored")
        ok(at >= lowest, "base 0x%llx below 0x%llx", (unsigned long long)at,
           (unsigned long long)lowest);
    ok(!highest || at + size - 1 <= highest, "base 0x%llx above 0x%llx", (unsigned long long)at,
       (unsigned long long)highest);
    expect_query(out.base, out.base, out.base, RWR, size, RSV, 0, MEM_PRIVATE);
    return out.base;
}

CASE(PH, 001, "count 1, pointer NULL", "87")
{
    need_extended();
    refuse_params(NULL, GR, RSV, NULL, 1);
}

CASE(PH, 002, "type 0", "87")
{
    need_extended();
    refuse_param(param_of(PARAM_INVALID, 0));
}

CASE(PH, 003, "type 7", "87")
{
    need_extended();
    refuse_param(param_of(PARAM_MAX, 0));
    refuse_param(param_of(31, 0));
    refuse_param(param_of(255, 0));
}

CASE(PH, 004, "address requirements all zero", "success")
{
    need_extended();
    require(GR, 0, 0, 0);
}

CASE(PH, 005, "the same type twice", "87")
{
    struct requirements none = {0, 0, 0};
    struct param two[2];

    need_extended();
    two[0] = two[1] = param_requiring(&none);
    refuse_params(NULL, GR, RSV, two, 2);
    todo_wine("two of a type are let pass") {
        two[0] = two[1] = param_of(PARAM_NUMA, 0);
        refuse_params(NULL, GR, RSV, two, 2);
        two[0] = two[1] = param_of(PARAM_ATTRIBUTES, 0);
        refuse_params(NULL, GR, RSV, two, 2);
    }
}

CASE(PH, 006, "attribute flags 0", "success")
{
    struct param param = param_of(PARAM_ATTRIBUTES, 0);
    struct nt_out out;

    need_extended();
    out = alloc_ex(NULL, GR, RSV, RWR, &param, 1);
    expect_status(out.status, ST_SUCCESS);
    expect_query(out.base, out.base, out.base, RWR, GR, RSV, 0, MEM_PRIVATE);
}

CASE(PH, 007, "attribute flag EC_CODE", "INVALID_PARAMETER or NOT_SUPPORTED")
{
    struct param param = param_of(PARAM_ATTRIBUTES, ATTRIBUTE_EC_CODE);

    need_extended();
    todo_wine("it succeeds") {
        expect_refused(alloc_ex(NULL, GR, RSV, RWR, &param, 1), NULL, GR, ST_INVALID_PARAMETER,
                       ST_NOT_SUPPORTED);
        expect_error(extended.alloc2(NULL, NULL, GR, RSV, RWR, &param, 1), ERR_PARAMETER, 50);
    }
}

CASE(PH, 008, "highest 0x20001001", "87")
{
    need_extended();
    refuse_requirements(0, 0x20001001, 0);
}

CASE(PH, 009, "highest 0x20000FFE", "87")
{
    need_extended();
    refuse_requirements(0, 0x20000FFE, 0);
}

CASE(PH, 010, "highest 0x200007FF", "87")
{
    need_extended();
    refuse_requirements(0, 0x200007FF, 0);
}

CASE(PH, 011, "highest = maximum application address + 0x1000", "87")
{
    need_extended();
    refuse_requirements(0, highest_address() + PG, 0);
    refuse_requirements(0, (ULONG_PTR)-1, 0);
}

CASE(PH, 012, "highest = maximum application address", "success")
{
    need_extended();
    require(GR, 0, highest_address(), 0);
}

CASE(PH, 013, "highest 0x20000FFF, size 0x40000", "on 64 KiB, ends at or below 0x20001000")
{
    need_extended();
    require(0x40000, 0, 0x20000FFF, 0);
}

CASE(PH, 014, "COMMIT of what PH-013 reserved, the same requirement", "87")
{
    struct requirements wanted = {0, 0x20000FFF, 0};
    struct param param = param_requiring(&wanted);
    BYTE *at;

    need_extended();
    at = require(0x40000, 0, 0x20000FFF, 0);
    refuse_params(at, PG, COM, &param, 1);
    expect_query(at, at, at, RWR, 0x40000, RSV, 0, MEM_PRIVATE);
}

CASE(PH, 015, "RESERVE with a base and a highest address", "87")
{
    struct requirements wanted = {0, 0x7FFFFFFF, 0};
    struct param param = param_requiring(&wanted);
    BYTE *at = arena(GR);

    need_extended();
    refuse_params(at, GR, RSV, &param, 1);
    expect_gone(at);
}

CASE(PH, 016, "a base and requirements all zero", "success or CONFLICTING_ADDRESSES")
{
    struct requirements none = {0, 0, 0};
    struct param param = param_requiring(&none);
    BYTE *taken = obtain(GR, RSV, NA), *at = arena(GR);
    struct nt_out out;

    need_extended();
    out = alloc_ex(at, GR, RSV, RWR, &param, 1);
    expect_range(out, at, GR);
    expect_query(at, at, at, RWR, GR, RSV, 0, MEM_PRIVATE);
    expect_refused(alloc_ex(taken, GR, RSV, RWR, &param, 1), taken, GR, ST_CONFLICTING_ADDRESSES);
}

CASE(PH, 017, "highest 0x20000FFF, alignment 0x10000, size 0x1000", "aligned, below the limit")
{
    need_extended();
    require(PG, 0, 0x20000FFF, 0x10000);
}

CASE(PH, 018, "highest 0x20000FFF, alignment 0x20000000, size 0x2000", "NO_MEMORY")
{
    struct requirements wanted = {0, 0x20000FFF, 0x20000000};
    struct param param = param_requiring(&wanted);

    need_extended();
    expect_refused(alloc_ex(NULL, 0x2000, RSV, RWR, &param, 1), NULL, 0x2000, ST_NO_MEMORY);
    expect_error(extended.alloc2(NULL, NULL, 0x2000, RSV, RWR, &param, 1), ERR_MEMORY);
}

CASE(PH, 019, "alignment 0x8000", "87")
{
    need_extended();
    refuse_requirements(0, 0, 0x8000);
}

CASE(PH, 020, "alignment 0x30000", "87")
{
    need_extended();
    refuse_requirements(0, 0, 0x30000);
}

CASE(PH, 021, "alignment 0x40000", "base & 0x3FFFF is 0")
{
    need_extended();
    require(PG, 0, 0, 0x40000);
    require(PG, 0, 0, 0x40000);
    todo_wine32("the middle of the space is not used")
        require(GR, 0, 0, 0x40000000);
}

CASE(PH, 022, "COMMIT on an existing base with an alignment", "87")
{
    struct requirements wanted = {0, 0, 0x10000};
    struct param param = param_requiring(&wanted);
    BYTE *at = obtain(GR, RSV, RWR);

    need_extended();
    refuse_params(at, PG, COM, &param, 1);
    expect_query(at, at, at, RWR, GR, RSV, 0, MEM_PRIVATE);
}

CASE(PH, 023, "RESERVE with a base and an alignment", "87")
{
    struct requirements wanted = {0, 0, 0x10000};
    struct param param = param_requiring(&wanted);
    BYTE *at = arena(GR);

    need_extended();
    refuse_params(at, GR, RSV, &param, 1);
    expect_gone(at);
}

CASE(PH, 024, "lowest 0x20001000", "87")
{
    need_extended();
    refuse_requirements(0x20001000, 0, 0);
}

CASE(PH, 025, "lowest 0x20000FFF or 0x20001001", "87")
{
    need_extended();
    refuse_requirements(0x20000FFF, 0, 0);
    refuse_requirements(0x20001001, 0, 0);
}

CASE(PH, 026, "lowest 0x30000000, highest 0x20000000", "87")
{
    need_extended();
    refuse_requirements(0x30000000, 0x20000000, 0);
    refuse_requirements(0x30000000, 0x1FFFFFFF, 0);
}

CASE(PH, 027, "lowest 0x20000000, highest 0", "base at or above 0x20000000")
{
    need_extended();
    require(GR, 0x20000000, 0, 0);
}

CASE(PH, 028, "lowest 0x20000000, highest 0x2FFFFFFF, size 0x1000", "in the range")
{
    need_extended();
    require(PG, 0x20000000, 0x2FFFFFFF, 0);
}

CASE(PH, 029, "lowest = maximum application address + 1", "87")
{
    need_extended();
    refuse_requirements(highest_address() + 1, 0, 0);
}

CASE(PH, 031, "NUMA node 0; one that cannot be", "success; 87")
{
    struct param param = param_of(PARAM_NUMA, 0);
    struct nt_out out;

    need_extended();
    out = alloc_ex(NULL, GR, RSV | COM, RWR, &param, 1);
    expect_status(out.status, ST_SUCCESS);
    expect_query(out.base, out.base, out.base, RWR, GR, COM, RWR, MEM_PRIVATE);
    param.value = 0x7FFF;
    todo_wine("the node is ignored")
        refuse_params(NULL, GR, RSV | COM, &param, 1);
}

/* ---- the calls themselves ---- */

CASE(VA, 083, "VirtualAlloc2(NULL process, NULL, n, COMMIT, XRW)", "memory of this process")
{
    BYTE *p;

    need_extended();
    p = (BYTE *)extended.alloc2(NULL, NULL, 0x2000, COM, XRW, NULL, 0);
    if (!ok(p != NULL, "last error %lu", (unsigned long)GetLastError()))
        return;
    compat_claim((ULONG_PTR)p, 0x2000);
    expect_query(p, p, p, XRW, 0x2000, COM, XRW, MEM_PRIVATE);
}

CASE(VA, 088, "VirtualAlloc2FromApp(COMMIT, RW)", "success")
{
    alloc2_call call = (alloc2_call)find_call("VirtualAlloc2FromApp");
    BYTE *p;

    need_call(call, "VirtualAlloc2FromApp");
    p = (BYTE *)call(GetCurrentProcess(), NULL, PG, COM, RWR, NULL, 0);
    if (!ok(p != NULL, "last error %lu", (unsigned long)GetLastError()))
        return;
    compat_claim((ULONG_PTR)p, PG);
    expect_query(p, p, p, RWR, PG, COM, RWR, MEM_PRIVATE);
}

CASE(VA, 089, "VirtualAlloc2FromApp, protections X XR XRW XWC", "NULL, 87")
{
    alloc2_call call = (alloc2_call)find_call("VirtualAlloc2FromApp");
    static const ULONG protect[] = {X, XR, XRW, XWC};

    need_call(call, "VirtualAlloc2FromApp");
    for (unsigned i = 0; i < 4; i++)
        expect_error(call(GetCurrentProcess(), NULL, PG, COM, protect[i], NULL, 0), ERR_PARAMETER);
}

CASE(VA, 118, "NtAllocateVirtualMemoryEx(NULL handle)", "INVALID_HANDLE")
{
    PVOID base = NULL;
    SIZE_T size = GR;

    need_extended();
    expect_status(extended.alloc_ex(NULL, &base, &size, RSV, RWR, NULL, 0), ST_INVALID_HANDLE);
    expect_ptr(base, NULL);
    expect_eq(size, GR);
}

CASE(VA, 119, "NtAllocateVirtualMemoryEx, count 1, parameters NULL", "INVALID_PARAMETER")
{
    BYTE *at = arena(GR);

    need_extended();
    expect_refused(alloc_ex(at, GR, RSV, RWR, NULL, 1), at, GR, ST_INVALID_PARAMETER);
    expect_gone(at);
}

CASE(VA, 120, "NtAllocateVirtualMemoryEx, count 0", "as NtAllocateVirtualMemory")
{
    BYTE *at = arena(2 * GR);

    need_extended();
    expect_range(alloc_ex(at + 0x1234, 0x2000, RSV, RWR, NULL, 0), at, 0x4000);
    expect_range(alloc_ex(at + PG, 1, COM, RO, NULL, 0), at + PG, PG);
    expect_query(at + PG, at + PG, at, RWR, PG, COM, RO, MEM_PRIVATE);
    expect_refused(alloc_ex(at, GR, RSV, RWR, NULL, 0), at, GR, ST_CONFLICTING_ADDRESSES);
    expect_refused(alloc_ex(NULL, GR, RSV, 0x06, NULL, 0), NULL, GR, ST_INVALID_PAGE_PROTECTION);
    expect_refused(alloc_ex(NULL, 0, RSV, RWR, NULL, 0), NULL, 0, ST_PARAMETER(4),
                   ST_INVALID_PARAMETER);
}
