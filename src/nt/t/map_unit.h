/* Mapping calls and views over the fake space: what the tests of both share. */
#ifndef WVM_NT_T_MAP_UNIT_H
#define WVM_NT_T_MAP_UNIT_H

#include "api/api.h"
#include "base/t/unit.h"
#include "fake_section.h"
#include "nt/nt_map.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP FAKE_TOP
#define FREE 0x30000000ull

/* What one call is asked; what it answers is left in it. */
struct call {
    uintptr_t base;
    SIZE_T size;
    LONGLONG offset;
    ULONG_PTR zero_bits;
    SIZE_T commit;
    ULONG type, prot;
};

static inline NTSTATUS map(HANDLE h, struct call *c)
{
    LARGE_INTEGER offset = {.QuadPart = c->offset};
    return wvm_NtMapViewOfSection(h, OWN, (PVOID *)&c->base, c->zero_bits, c->commit, &offset,
                                  &c->size, ViewShare, c->type, c->prot);
}

static inline NTSTATUS map_ex(HANDLE h, struct call *c)
{
    LARGE_INTEGER offset = {.QuadPart = c->offset};
    return wvm_NtMapViewOfSectionEx(h, OWN, (PVOID *)&c->base, &offset, &c->size, c->type, c->prot,
                                    NULL, 0);
}

/* The space has one region: a view of s. */
static inline void show_view(struct wvm_section *s, uintptr_t start, uintptr_t end)
{
    fake_reset();
    fake.backing = &s->backing;
    fake.region = (struct wvm_region){
        .start = start, .end = end, .alloc_start = start, .alloc_end = end, .attr = WVM_ATTR_RW,
        .alloc_attr = WVM_ATTR_RW, .flags = WVM_ALLOC_VIEW,
        .type = s->kind == WVM_SECTION_IMAGE ? WVM_TYPE_IMAGE : WVM_TYPE_MAPPED,
    };
}

/* Of the process that the tests are in; a base that its images may have. */
#ifdef __LP64__
enum { OWN_MACHINE = 0x8664, OTHER_MACHINE = 0x14c };
#define IMAGE_BASE ((uintptr_t)0x140000000)
#else
enum { OWN_MACHINE = 0x14c, OTHER_MACHINE = 0x8664 };
#define IMAGE_BASE ((uintptr_t)0x94000000)
#endif

static inline struct wvm_image_info image_info(uint64_t preferred)
{
    return (struct wvm_image_info){
        .preferred = preferred,
        .size = 0x24000,
        .machine = OWN_MACHINE,
        .n_parts = 3,
        .part = {{0, 1, WVM_ATTR_RO}, {1, 16, WVM_ATTR_XR}, {16, 36, WVM_ATTR_WC}},
    };
}

#endif
