/* Extended parameters and the rules of NtAllocateVirtualMemoryEx, over a space that only remembers
 * what it was asked. */
#include <string.h>
#include <sys/mman.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_extended.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP FAKE_TOP
#define ALIGN_MOST ((uintptr_t)1 << (8 * sizeof(uintptr_t) - 1))
#define PLACEHOLDER (MEM_RESERVE | MEM_RESERVE_PLACEHOLDER)
#define REPLACE (MEM_RESERVE | MEM_REPLACE_PLACEHOLDER)
#define INVALID STATUS_INVALID_PARAMETER

static MEM_EXTENDED_PARAMETER number(unsigned type, uint64_t value)
{
    MEM_EXTENDED_PARAMETER p;
    memset(&p, 0, sizeof p);
    p.Type = type;
    p.ULong64 = value;
    return p;
}

static MEM_EXTENDED_PARAMETER pointer(unsigned type, void *value)
{
    return number(type, (uintptr_t)value);
}

static wvm_status read_params(const MEM_EXTENDED_PARAMETER *p, uint32_t n, uintptr_t base,
                              bool view, struct wvm_nt_extended *e)
{
    const struct wvm_nt_params params = {p, n};
    return wvm_nt_extended(&params, base, view, TOP, e);
}

/* ---- one parameter alone ---- */

static const struct {
    unsigned type;
    uint64_t value;
    NTSTATUS view, memory;
} singles[] = {
    {MemExtendedParameterInvalidType, 0, INVALID, INVALID},  /* PH-002, PH-099 */
    {MemExtendedParameterMax, 0, INVALID, INVALID},          /* PH-003 */
    {31, 0, INVALID, INVALID},
    {32, 0, INVALID, INVALID},
    {255, 0, INVALID, INVALID},
    {MemExtendedParameterAttributeFlags, 0, 0, 0},           /* PH-006 */
    {MemExtendedParameterAttributeFlags, 0x3f, 0, 0},
    {MemExtendedParameterAttributeFlags, MEM_EXTENDED_PARAMETER_EC_CODE, INVALID, INVALID},
    {MemExtendedParameterAttributeFlags, MEM_EXTENDED_PARAMETER_IMAGE_NO_HPAT, 0, INVALID},
    {MemExtendedParameterAttributeFlags, 0x100, INVALID, INVALID},
    {MemExtendedParameterAttributeFlags, 1ull << 63, INVALID, INVALID},
    {MemExtendedParameterNumaNode, 0, 0, 0},                 /* PH-031 */
    {MemExtendedParameterNumaNode, 0xffffffff, 0, 0},
    {MemExtendedParameterNumaNode, 5000, INVALID, INVALID},
    {MemExtendedParameterPartitionHandle, 0, 0, 0},
    {MemExtendedParameterPartitionHandle, 8, STATUS_INVALID_HANDLE, STATUS_INVALID_HANDLE},
    {MemExtendedParameterUserPhysicalHandle, 8, STATUS_NOT_SUPPORTED, STATUS_NOT_SUPPORTED},
    {MemExtendedParameterImageMachine, 0, 0, INVALID},       /* PH-103 */
    {MemExtendedParameterImageMachine, 0x8664, 0, INVALID},
    {MemExtendedParameterImageMachine, 0x162, STATUS_NOT_SUPPORTED, INVALID}, /* PH-105 */
    {MemExtendedParameterAddressRequirements, 0, STATUS_ACCESS_VIOLATION, STATUS_ACCESS_VIOLATION},
    {MemExtendedParameterAddressRequirements, FAKE_KERNEL, STATUS_ACCESS_VIOLATION,
     STATUS_ACCESS_VIOLATION},
};

START_TEST(single)
{
    struct wvm_nt_extended e;
    MEM_EXTENDED_PARAMETER p[2] = {number(singles[_i].type, singles[_i].value)};
    ck_assert_int_eq(read_params(p, 1, 0, true, &e), singles[_i].view);
    ck_assert_int_eq(read_params(p, 1, 0, false, &e), singles[_i].memory);
    if (singles[_i].memory == 0)
        ck_assert_uint_eq(
            e.attributes,
            singles[_i].type == MemExtendedParameterAttributeFlags ? singles[_i].value : 0);
    /* PH-005, PH-099, PH-104: twice; PH-030: reserved bits. */
    if (singles[_i].view == 0) {
        p[1] = p[0];
        ck_assert_int_eq(read_params(p, 2, 0, true, &e), INVALID);
        p[0].Reserved = 1;
        ck_assert_int_eq(read_params(p, 1, 0, true, &e), INVALID);
    }
    ck_assert_int_eq(read_params(p, 0, 0, true, &e), 0);
}
END_TEST

/* ---- address requirements ---- */

static const struct {
    uintptr_t low, high, align;
    NTSTATUS expected; /* base NULL, not a view */
} bounds[] = {
    {0, 0, 0, 0},                                /* PH-004 */
    {0, 0x20001001, 0, INVALID},                 /* PH-008 */
    {0, 0x20000ffe, 0, INVALID},                 /* PH-009 */
    {0, 0x200007ff, 0, INVALID},                 /* PH-010 */
    {0, TOP - 1 + 0x1000, 0, INVALID},           /* PH-011 */
    {0, TOP - 1, 0, 0},                          /* PH-012 */
    {0, UINTPTR_MAX, 0, INVALID},
    {0, 0x20000fff, 0, 0},                       /* PH-013 */
    {0, 0x20000fff, 0x10000, 0},                 /* PH-017 */
    {0, 0, 0x8000, INVALID},                     /* PH-019 */
    {0, 0, 0x30000, INVALID},                    /* PH-020 */
    {0, 0, 0x40000, 0},                          /* PH-021 */
    {0, 0, ALIGN_MOST, 0},
    {0, 0, UINTPTR_MAX, INVALID},
    {0x20001000, 0, 0, INVALID},                 /* PH-024 */
    {0x20000fff, 0, 0, INVALID},                 /* PH-025 */
    {0x20001001, 0, 0, INVALID},
    {0x30000000, 0x20000fff, 0, INVALID},        /* PH-026 */
    {0x20000000, 0, 0, 0},                       /* PH-027 */
    {0x20000000, 0x2fffffff, 0, 0},              /* PH-028 */
    {0x20000000, 0x20000fff, 0, 0},
    {TOP, 0, 0, INVALID},                        /* PH-029 */
    {TOP - 0x10000, 0, 0, 0},
};

START_TEST(requirements)
{
    struct wvm_nt_extended e;
    MEM_ADDRESS_REQUIREMENTS r = {(PVOID)bounds[_i].low, (PVOID)bounds[_i].high, bounds[_i].align};
    MEM_EXTENDED_PARAMETER p = pointer(MemExtendedParameterAddressRequirements, &r);
    bool any = bounds[_i].low || bounds[_i].high || bounds[_i].align;
    ck_assert_int_eq(read_params(&p, 1, 0, false, &e), bounds[_i].expected);
    if (bounds[_i].expected == 0) {
        ck_assert_uint_eq(e.low, bounds[_i].low);
        ck_assert_uint_eq(e.limit, bounds[_i].high ? bounds[_i].high + 1 : 0);
        ck_assert_uint_eq(e.align, bounds[_i].align);
    }
    /* PH-100..102; PH-014..016. */
    ck_assert_int_eq(read_params(&p, 1, 0, true, &e),
                     bounds[_i].align ? INVALID : bounds[_i].expected);
    ck_assert_int_eq(read_params(&p, 1, 0x50000, false, &e), any ? INVALID : 0);
    ck_assert_int_eq(read_params(&p, 1, 0x50000, true, &e), any ? INVALID : 0);
}
END_TEST

/* Arrays and requirements that cannot be read, also in part; the last readable byte is enough. */
START_TEST(wild_arrays)
{
    struct wvm_nt_extended e;
    char *page = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    munmap(page + 0x1000, 0x1000);
    MEM_EXTENDED_PARAMETER *last = (MEM_EXTENDED_PARAMETER *)(page + 0x1000) - 1;
    MEM_ADDRESS_REQUIREMENTS *r = (MEM_ADDRESS_REQUIREMENTS *)page;
    fake_reset();
    *last = number(MemExtendedParameterNumaNode, 0);
    ck_assert_int_eq(read_params(last, 1, 0, false, &e), 0);
    ck_assert_int_eq(read_params(last, 2, 0, false, &e), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(read_params(last + 1, 1, 0, false, &e), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(read_params((void *)8, 1, 0, false, &e), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(read_params((void *)-16, 1, 0, false, &e), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(read_params(NULL, 1, 0, false, &e), INVALID); /* PH-001 */
    ck_assert_int_eq(read_params(NULL, 0, 0, false, &e), 0);
    *last = pointer(MemExtendedParameterAddressRequirements,
                    page + 0x1000 - sizeof *r + sizeof(void *));
    ck_assert_int_eq(read_params(last, 1, 0, false, &e), STATUS_ACCESS_VIOLATION);
    r->HighestEndingAddress = (PVOID)0x2fffffff;
    *last = pointer(MemExtendedParameterAddressRequirements, r);
    mprotect(page, 0x1000, PROT_READ);
    ck_assert_int_eq(read_params(last, 1, 0, false, &e), 0);
    ck_assert_uint_eq(e.limit, 0x30000000);
    /* Duplicates end the reading long before the count does. */
    mprotect(page, 0x1000, PROT_READ | PROT_WRITE);
    last[-1] = last[0] = number(MemExtendedParameterNumaNode, 0);
    ck_assert_int_eq(read_params(last - 1, UINT32_MAX, 0, false, &e), INVALID);
}
END_TEST

/* ---- the calls ---- */

static NTSTATUS allocate(uintptr_t *base, SIZE_T *size, ULONG type, ULONG prot)
{
    return wvm_NtAllocateVirtualMemoryEx(OWN, (PVOID *)base, size, type, prot, NULL, 0);
}

static const struct {
    uintptr_t base, size;
    ULONG type, prot;
    NTSTATUS expected;
    uint16_t flags; /* of the request */
    uintptr_t start, len;
} types[] = {
    {0, 0x10000, PLACEHOLDER, PAGE_NOACCESS, 0, WVM_ALLOC_PLACEHOLDER, 0x120000, 0x10000},
    {0x50001, 0x1000, PLACEHOLDER | MEM_TOP_DOWN, PAGE_NOACCESS, 0, WVM_ALLOC_PLACEHOLDER, 0x50000,
     0x2000},
    {0, 0x10000, PLACEHOLDER, PAGE_READWRITE, INVALID, 0, 0, 0}, /* PH-041 */
    {0, 0x10000, PLACEHOLDER | MEM_COMMIT, PAGE_NOACCESS, INVALID, 0, 0, 0},
    {0, 0x10000, PLACEHOLDER | MEM_WRITE_WATCH, PAGE_NOACCESS, INVALID, 0, 0, 0},
    {0x50000, 0x10000, PLACEHOLDER | MEM_REPLACE_PLACEHOLDER, PAGE_NOACCESS, INVALID, 0, 0, 0},
    {0, 0x10000, MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, INVALID, 0, 0, 0},
    {0x51000, 0x1000, REPLACE | MEM_COMMIT, PAGE_READWRITE, 0, WVM_ALLOC_REPLACED, 0x51000, 0x1000},
    {0x51000, 0x2000, REPLACE, PAGE_NOACCESS, 0, WVM_ALLOC_REPLACED, 0x51000, 0x2000},
    {0x51800, 0x1000, REPLACE, PAGE_READONLY, 0, WVM_ALLOC_REPLACED, 0x51000, 0x2000},
    {0x50000, 0x1000, REPLACE | MEM_WRITE_WATCH, PAGE_READONLY, 0,
     WVM_ALLOC_REPLACED | WVM_ALLOC_WRITE_WATCH, 0x50000, 0x1000}, /* PH-050 */
    {0x50000, 0x1000, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, INVALID, 0, 0, 0}, /* PH-049 */
    {0x50000, 0x1000, MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, INVALID, 0, 0, 0},
    {0, 0x1000, REPLACE, PAGE_READWRITE, INVALID, 0, 0, 0},
    {0x50000, 0x1000, REPLACE | MEM_PHYSICAL, PAGE_READWRITE, INVALID, 0, 0, 0},
    {0x50000, 0x1000, REPLACE | MEM_COMMIT | MEM_LARGE_PAGES, PAGE_READWRITE, INVALID, 0, 0, 0},
    {0x50000, 0x1000, REPLACE, PAGE_WRITECOPY, STATUS_INVALID_PAGE_PROTECTION, 0, 0, 0},
    {0, 0, MEM_RESERVE, PAGE_READWRITE, STATUS_INVALID_PARAMETER_4, 0, 0, 0},
    {0, 0x1000, MEM_TOP_DOWN, PAGE_READWRITE, STATUS_INVALID_PARAMETER_5, 0, 0, 0},
    {0x50008000, 1, MEM_RESERVE, PAGE_READWRITE, 0, 0, 0x50000000, 0x9000}, /* VA-120 */
};

START_TEST(type)
{
    uintptr_t base = types[_i].base;
    SIZE_T size = types[_i].size;
    fake_reset();
    ck_assert_int_eq(allocate(&base, &size, types[_i].type, types[_i].prot), types[_i].expected);
    if (types[_i].expected) {
        ck_assert_uint_eq(fake.n_calls, 0);
        ck_assert(base == types[_i].base && size == types[_i].size);
        return;
    }
    ck_assert_int_eq(fake.op, FAKE_RESERVE);
    ck_assert_uint_eq(fake.req.flags, types[_i].flags);
    ck_assert_int_eq(fake.req.commit, (types[_i].type & MEM_COMMIT) != 0);
    ck_assert_uint_eq(base, types[_i].start);
    ck_assert_uint_eq(size, types[_i].len);
    /* PH-042, VA-045. */
    if (types[_i].flags)
        ck_assert_int_eq(
            wvm_NtAllocateVirtualMemory(OWN, (PVOID *)&base, 0, &size, types[_i].type,
                                        types[_i].prot),
            INVALID);
}
END_TEST

START_TEST(bounded_requests)
{
    MEM_ADDRESS_REQUIREMENTS r = {(PVOID)0x20000000, (PVOID)0x2fffffff, 0x40000};
    MEM_EXTENDED_PARAMETER p[2] = {pointer(MemExtendedParameterAddressRequirements, &r)};
    PVOID base = NULL;
    SIZE_T size = 0x1000;
    fake_reset();
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 1), 0);
    ck_assert_uint_eq(fake.req.low, 0x20000000);
    ck_assert_uint_eq(fake.req.limit, 0x30000000);
    ck_assert_uint_eq(fake.req.align, 0x40000);
    fake_reset();
    base = NULL;
    size = 0x10000001;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 1),
                     STATUS_NO_MEMORY);
    r = (MEM_ADDRESS_REQUIREMENTS){NULL, (PVOID)0x20000fff, 0x20000000};
    size = 0x2000;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 1),
                     STATUS_NO_MEMORY); /* PH-018 */
    /* The one multiple is above the top of 64-bit programs, below that of 32-bit ones. */
    r = (MEM_ADDRESS_REQUIREMENTS){NULL, NULL, ALIGN_MOST};
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 1),
                     ALIGN_MOST < TOP ? 0 : STATUS_NO_MEMORY);
    ck_assert_uint_eq(fake.n_calls, ALIGN_MOST < TOP);
    fake_reset();
    base = NULL;
    r = (MEM_ADDRESS_REQUIREMENTS){(PVOID)(TOP - 0x10000), NULL, 0};
    size = 0x10001;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 1),
                     STATUS_NO_MEMORY);
    size = 0x1000;
    p[1] = number(MemExtendedParameterAttributeFlags, MEM_EXTENDED_PARAMETER_NONPAGED);
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, p, 2),
                     STATUS_INVALID_PARAMETER_5); /* it is committed from the start */
    /* VA-118: the handle goes first; VA-119. */
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(NULL, NULL, NULL, 0, 0, NULL, 1),
                     STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtAllocateVirtualMemoryEx(OWN, &base, &size, MEM_RESERVE, 4, NULL, 1),
                     INVALID);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

/* ---- freeing ---- */

static const struct {
    uintptr_t base, size;
    ULONG type;
    NTSTATUS expected;
    enum fake_op op;
} frees[] = {
    {0x51000, 0x1000, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER, 0, FAKE_PRESERVE},
    {0x51000, 0x2000, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS, 0, FAKE_COALESCE},
    {0x51000, 0, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER_3, 0}, /* 053 */
    {0x51000, 0, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS, STATUS_INVALID_PARAMETER_3, 0}, /* 064 */
    {0x51000, 0x1000, MEM_COALESCE_PLACEHOLDERS, STATUS_INVALID_PARAMETER_4, 0}, /* 061 */
    {0x51000, 0x1000, MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER_4, 0},
    {0x51000, 0x1000, MEM_RELEASE | 3, STATUS_INVALID_PARAMETER_4, 0},
    {0x51000, 0x1000, MEM_DECOMMIT | MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER_4, 0},
};

START_TEST(freeing)
{
    uintptr_t base = frees[_i].base;
    SIZE_T size = frees[_i].size;
    fake_reset();
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, frees[_i].type),
                     frees[_i].expected);
    ck_assert_int_eq(fake.op, frees[_i].op);
    ck_assert(base == frees[_i].base && size == frees[_i].size);
    if (frees[_i].expected)
        return;
    ck_assert(fake.start == base && fake.end == base + size);
    fake.result = STATUS_CONFLICTING_ADDRESSES;
    base++;
    ck_assert_int_eq(wvm_NtFreeVirtualMemory(OWN, (PVOID *)&base, &size, frees[_i].type),
                     STATUS_CONFLICTING_ADDRESSES);
    ck_assert(base == frees[_i].base + 1 && size == frees[_i].size);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_extended", 20, &c);
    tcase_add_loop_test(c, single, 0, (int)WVM_ARRAY_LEN(singles));
    tcase_add_loop_test(c, requirements, 0, (int)WVM_ARRAY_LEN(bounds));
    tcase_add_test(c, wild_arrays);
    tcase_add_loop_test(c, type, 0, (int)WVM_ARRAY_LEN(types));
    tcase_add_test(c, bounded_requests);
    tcase_add_loop_test(c, freeing, 0, (int)WVM_ARRAY_LEN(frees));
    return unit_run(s);
}
