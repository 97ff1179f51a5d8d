/* VirtualAlloc2, MapViewOfFile3 and their native calls for conformance cases.
 *
 * Owns    the layout of extended parameters as the specification gives it, and the calls, by name.
 * Use     need_extended(); struct nt_out out = alloc_ex(NULL, size, type, protect, param, count).
 * I1      What alloc_ex() and map_ex() obtain is released when the case ends. */
#ifndef COMPAT_EXTENDED_H
#define COMPAT_EXTENDED_H

#include "compat_section.h"

enum {
    PARAM_INVALID = 0,
    PARAM_REQUIREMENTS = 1,
    PARAM_NUMA = 2,
    PARAM_PARTITION = 3,
    PARAM_USER_PHYSICAL = 4,
    PARAM_ATTRIBUTES = 5,
    PARAM_MACHINE = 6,
    PARAM_MAX = 7,
    ATTRIBUTE_EC_CODE = 0x40,
};

/* MEM_EXTENDED_PARAMETER: 16 bytes, aligned to 8. */
struct param {
    uint64_t type; /* bits 0..7; the others are reserved */
    uint64_t value;
} __attribute__((aligned(8)));
/* MEM_ADDRESS_REQUIREMENTS; 0: no bound. */
struct requirements {
    ULONG_PTR lowest, highest, alignment;
};

typedef NTSTATUS(NTAPI *alloc_ex_call)(HANDLE, PVOID *, PSIZE_T, ULONG, ULONG, void *, ULONG);
typedef NTSTATUS(NTAPI *map_ex_call)(HANDLE, HANDLE, PVOID *, const LARGE_INTEGER *, PSIZE_T, ULONG,
                                     ULONG, void *, ULONG);
typedef PVOID(WINAPI *alloc2_call)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, void *, ULONG);
typedef PVOID(WINAPI *map3_call)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, void *,
                                 ULONG);
typedef BOOL(WINAPI *unmap2_call)(HANDLE, PVOID, ULONG);

static struct {
    alloc_ex_call alloc_ex;
    map_ex_call map_ex;
    alloc2_call alloc2;
    map3_call map3;
    unmap2_call unmap2;
} extended;

static inline int find_extended(void)
{
    extended.alloc_ex = (alloc_ex_call)find_call("NtAllocateVirtualMemoryEx");
    extended.map_ex = (map_ex_call)find_call("NtMapViewOfSectionEx");
    extended.alloc2 = (alloc2_call)find_call("VirtualAlloc2");
    extended.map3 = (map3_call)find_call("MapViewOfFile3");
    extended.unmap2 = (unmap2_call)find_call("UnmapViewOfFile2");
    return extended.alloc_ex && extended.map_ex && extended.alloc2 && extended.map3 &&
           extended.unmap2;
}

/* Ends the case: skipped before Windows 10 1809, failed where the calls should exist. */
#define need_extended()                                                                            \
    do {                                                                                           \
        int extended_found = find_extended();                                                      \
        skip_if(!extended_found && !is_native(), "no extended calls (Windows 10 1809)");           \
        if (!ok(extended_found, "GetProcAddress: a call is missing"))                              \
            return;                                                                                \
    } while (0)

/* NtAllocateVirtualMemoryEx in this process; what it allocates is released at the end. */
static inline struct nt_out alloc_ex(void *at, SIZE_T size, ULONG type, ULONG protect,
                                     struct param *params, ULONG count)
{
    struct nt_out out = {0, (BYTE *)at, size, 0};
    PVOID base = at;

    out.status = (ULONG)extended.alloc_ex(GetCurrentProcess(), &base, &out.size, type, protect,
                                          params, count);
    out.base = (BYTE *)base;
    if (out.status < 0x80000000u)
        compat_claim((ULONG_PTR)base, out.size);
    return out;
}

/* NtMapViewOfSectionEx in this process; the view is unmapped at the end. */
static inline struct nt_out map_ex(HANDLE section, void *at, ULONG type, struct param *params,
                                   ULONG count)
{
    struct nt_out out = {0, (BYTE *)at, 0, 0};
    PVOID base = at;

    out.status = (ULONG)extended.map_ex(section, GetCurrentProcess(), &base, NULL, &out.size, type,
                                        RWR, params, count);
    out.base = (BYTE *)base;
    if (out.status < 0x80000000u)
        keep_view(base);
    return out;
}

static inline struct param param_of(unsigned type, uint64_t value)
{
    struct param one = {type, value};

    return one;
}

static inline struct param param_requiring(const struct requirements *requirements)
{
    return param_of(PARAM_REQUIREMENTS, (uint64_t)(uintptr_t)requirements);
}

/* lpMaximumApplicationAddress */
static inline uint64_t highest_address(void)
{
    return user_top() - 1;
}
#endif
