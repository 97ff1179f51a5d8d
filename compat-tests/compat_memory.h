/* Address-space pictures and memory for conformance cases.
 *
 * Owns    what VirtualQuery must say (picture), what a range looked like (snapshot), and the memory
 *         that a case takes.
 * I1      Memory taken by obtain() and arena() is free again when the case ends, whatever it did.
 * I2      A snapshot is clipped to its range, so that neighbours may change.
 * Locking: for the main thread. */
#ifndef COMPAT_MEMORY_H
#define COMPAT_MEMORY_H

#include "compat_check.h"

static MEMORY_BASIC_INFORMATION query(const void *p)
{
    MEMORY_BASIC_INFORMATION info;

    memset(&info, 0xcc, sizeof(info));
    if (VirtualQuery((LPCVOID)p, &info, sizeof(info)) != sizeof(info))
        memset(&info, 0, sizeof(info));
    return info;
}

/* What VirtualQuery must say. */
struct picture {
    const void *base, *allocation;
    ULONG allocation_protect;
    SIZE_T size;
    ULONG state, protect, type;
};

static inline void picture_of(struct picture *picture, const MEMORY_BASIC_INFORMATION *info)
{
    picture->base = info->BaseAddress;
    picture->allocation = info->AllocationBase;
    picture->allocation_protect = info->AllocationProtect;
    picture->size = info->RegionSize;
    picture->state = info->State;
    picture->protect = info->Protect;
    picture->type = info->Type;
}

static inline int same_picture(const struct picture *a, const struct picture *b)
{
    return a->base == b->base && a->allocation == b->allocation && a->size == b->size &&
           a->allocation_protect == b->allocation_protect && a->state == b->state &&
           a->protect == b->protect && a->type == b->type;
}

static inline void compat_pictured(const char *file, int line, struct picture got,
                                   struct picture want)
{
    compat_check(
        file, line, same_picture(&got, &want),
        "query: got base %p allocation %p protect 0x%lx size 0x%llx state 0x%lx 0x%lx type 0x%lx,"
        " expected base %p allocation %p protect 0x%lx size 0x%llx state 0x%lx 0x%lx type 0x%lx",
        (void *)(uintptr_t)got.base, (void *)(uintptr_t)got.allocation,
        (unsigned long)got.allocation_protect, (unsigned long long)got.size,
        (unsigned long)got.state, (unsigned long)got.protect, (unsigned long)got.type,
        (void *)(uintptr_t)want.base, (void *)(uintptr_t)want.allocation,
        (unsigned long)want.allocation_protect, (unsigned long long)want.size,
        (unsigned long)want.state, (unsigned long)want.protect, (unsigned long)want.type);
}

static inline void compat_query(const char *file, int line, const void *at, struct picture want)
{
    MEMORY_BASIC_INFORMATION info = query(at);
    struct picture got;

    picture_of(&got, &info);
    compat_pictured(file, line, got, want);
}
/* expect_query(address, base, allocation, allocation_protect, size, state, protect, type) */
#define expect_query(at, ...) compat_query(__FILE__, __LINE__, at, (struct picture){__VA_ARGS__})

/* State and protection of the run that holds p. */
#define expect_page(p, want_state, want_protect)                                                   \
    do {                                                                                           \
        MEMORY_BASIC_INFORMATION page_info = query(p);                                             \
        ok(page_info.State == (want_state) && page_info.Protect == (want_protect),                 \
           "%s: got state 0x%lx protect 0x%lx, expected 0x%lx 0x%lx", #p,                          \
           (unsigned long)page_info.State, (unsigned long)page_info.Protect,                       \
           (unsigned long)(want_state), (unsigned long)(want_protect));                            \
    } while (0)

/* What a range looks like, to be compared after a call that must change nothing. */
struct snapshot {
    ULONG_PTR start, end;
    unsigned n;
    struct picture runs[40];
};

static inline struct snapshot look(const void *start, SIZE_T len)
{
    struct snapshot shot = {(ULONG_PTR)start, (ULONG_PTR)start + len, 0, {{0}}};
    ULONG_PTR at = shot.start;

    while (at < shot.end && shot.n < 40) {
        MEMORY_BASIC_INFORMATION info = query((void *)at);

        picture_of(&shot.runs[shot.n], &info);
        at = (ULONG_PTR)info.BaseAddress + info.RegionSize;
        if (!info.RegionSize)
            break;
        if (at > shot.end)
            shot.runs[shot.n].size -= at - shot.end;
        shot.n++;
    }
    return shot;
}

static inline void compat_unchanged(const char *file, int line, const struct snapshot *before)
{
    struct snapshot now = look((void *)before->start, before->end - before->start);
    unsigned i = 0;

    while (i < now.n && i < before->n && same_picture(&now.runs[i], &before->runs[i]))
        i++;
    if (i < now.n && i < before->n)
        compat_pictured(file, line, now.runs[i], before->runs[i]);
    else
        compat_check(file, line, now.n == before->n, "runs: got %u, expected %u as before", now.n,
                     before->n);
}
#define expect_unchanged(shot) compat_unchanged(__FILE__, __LINE__, shot)

/* ---- memory for cases ---- */

static inline void compat_claim(ULONG_PTR start, SIZE_T size)
{
    struct compat_range range = {start, start + size};

    if (compat.n_ranges < COMPAT_RANGES)
        compat.ranges[compat.n_ranges++] = range;
}

static inline void __attribute__((noreturn)) compat_give_up(const char *why)
{
    compat_check(__FILE__, __LINE__, 0, "cannot go on: %s (last error %lu)", why,
                 (unsigned long)GetLastError());
    compat_escape();
}

/* VirtualAlloc that must succeed; released at the end of the case. */
static inline BYTE *obtain(SIZE_T size, ULONG type, ULONG protect)
{
    BYTE *p = (BYTE *)VirtualAlloc(NULL, size, type, protect);

    if (!p)
        compat_give_up("VirtualAlloc");
    compat_claim((ULONG_PTR)p, size);
    return p;
}

/* A free range on a 64 KiB boundary, by preference at 0x50000000; what the case leaves there is
 * released at its end. */
static inline BYTE *arena(SIZE_T size)
{
    ULONG_PTR at;
    void *picked;

    for (at = 0x50000000; at < 0x70000000; at += 0x4000000) {
        MEMORY_BASIC_INFORMATION info = query(at_address(at));

        if (info.State == MEM_FREE && info.RegionSize >= size) {
            compat_claim((ULONG_PTR)at_address(at), size);
            return (BYTE *)at_address(at);
        }
    }
    picked = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS);
    if (!picked || !VirtualFree(picked, 0, MEM_RELEASE))
        compat_give_up("no free range");
    compat_claim((ULONG_PTR)picked, size);
    return (BYTE *)picked;
}

/* VirtualAlloc at an address that must succeed there. */
static inline BYTE *place(BYTE *at, SIZE_T size, ULONG type, ULONG protect)
{
    if ((BYTE *)VirtualAlloc(at, size, type, protect) != at)
        compat_give_up("VirtualAlloc at a free address");
    return at;
}

static inline void compat_release_all(void)
{
    for (unsigned i = 0; i < compat.n_ranges; i++) {
        ULONG_PTR at = compat.ranges[i].start;

        while (at < compat.ranges[i].end) {
            MEMORY_BASIC_INFORMATION info = query((void *)at);

            if (!info.RegionSize)
                break;
            if (info.State != MEM_FREE && info.Type == MEM_PRIVATE &&
                (ULONG_PTR)info.AllocationBase >= compat.ranges[i].start)
                VirtualFree(info.AllocationBase, 0, MEM_RELEASE);
            at = (ULONG_PTR)info.BaseAddress + info.RegionSize;
        }
    }
}
#endif
