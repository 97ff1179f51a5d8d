/* Kernel pools for programs of this folder: the names of a driver kit next to those of the SDK, and
 * the counters of a tag. Wine's kit lacks the newer calls. */
#ifndef USERS_POOLS_H
#define USERS_POOLS_H

#include "users.h"

#include <winternl.h>
#ifdef __WINE_WINBASE_H
#include <ddk/wdm.h>
#define POOL_FLAG_USE_QUOTA 0x1ull
#define POOL_FLAG_UNINITIALIZED 0x2ull
#define POOL_FLAG_NON_PAGED 0x40ull
#define POOL_FLAG_PAGED 0x100ull
#define PASSIVE_LEVEL 0
#define DISPATCH_LEVEL 2
PVOID WINAPI ExAllocatePool2(ULONG64, SIZE_T, ULONG);
UCHAR WINAPI KeGetCurrentIrql(void);
void WINAPI KeRaiseIrql(UCHAR, UCHAR *);
void WINAPI KeLowerIrql(UCHAR);
void WINAPI ProbeForRead(const volatile void *, SIZE_T, ULONG);
void WINAPI ProbeForWrite(volatile void *, SIZE_T, ULONG);
#else
#include <winvm/wdm.h>
#endif
#include <winvm/pool.h>

#define TAG4(a, b, c, d) ((ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24)

/* One row of the table of tags. */
struct pool_tag {
    ULONG tag, paged_allocs, paged_frees;
    SIZE_T paged_bytes;
    ULONG allocs, frees;
    SIZE_T bytes;
};
struct pool_tags {
    ULONG n;
    struct pool_tag row[512];
};

static inline int read_tags(struct pool_tags *tags)
{
    return NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)22, tags, sizeof(*tags), NULL) == 0;
}

/* All zero: the tag was never used. */
static inline struct pool_tag row_of(const struct pool_tags *tags, ULONG tag)
{
    struct pool_tag none = {.tag = tag};

    for (ULONG i = 0; i < tags->n; i++)
        if (tags->row[i].tag == tag)
            return tags->row[i];
    return none;
}

#endif
