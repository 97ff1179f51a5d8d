/* The same with special pool. */
#ifndef POOL_MISUSE_SPECIAL_H
#define POOL_MISUSE_SPECIAL_H

#include "misuse.h"

static char *special(ULONG tag, SIZE_T size)
{
    return ExAllocatePoolWithTag(PagedPool, size, tag);
}

static void overrun_write(void)
{
    char *p = special(TAG_E, 64);
    want(0xCD, (uintptr_t)p + 64, 1, 0, 0, BY3);
    touch(p + 64, true);
}

static void overrun_read(void)
{
    char *p = special(TAG_E, 64);
    want(0xCD, (uintptr_t)p + 64, 0, 0, 0, BY3);
    touch(p + 64, false);
}

static void underrun_start(void)
{
    char *p = special(TAG_S, 64);
    want(0xCD, (uintptr_t)p - 1, 1, 0, 0, BY3);
    touch(p - 1, true);
}

static void read_freed(void)
{
    char *p = special(TAG_E, 64);
    ExFreePool(p);
    want(0xCC, (uintptr_t)p + 8, 0, 0, 0, BY3);
    touch(p + 8, false);
}

static void write_freed(void)
{
    char *p = special(TAG_S, 64);
    ExFreePoolWithTag(p, TAG_S);
    want(0xCC, (uintptr_t)p, 1, 0, 0, BY3);
    touch(p, true);
}

static void special_twice(void)
{
    char *p = special(TAG_E, 64);
    ExFreePool(p);
    want(0xC1, (uintptr_t)p, 0, 0, 0x20, 0);
    ExFreePool(p);
}

static void special_inside(void)
{
    char *p = special(TAG_E, 64);
    want(0xC1, (uintptr_t)p + 16, 64, 48, 0x21, 0);
    ExFreePool(p + 16);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 64;
}

static void special_inside_start(void)
{
    char *p = special(TAG_S, 64);
    want(0xC1, (uintptr_t)p + 16, 64, 48, 0x22, 0);
    ExFreePool(p + 16);
}

static void special_underrun(void)
{
    char *p = special(TAG_E, 64);
    memset(p - 4, 0, 4);
    want(0xC1, (uintptr_t)p, (uintptr_t)p - 4, 0, 0x23, 0);
    ExFreePool(p);
}

static void special_gap(void)
{
    char *p = special(TAG_E, 60);
    memset(p + 60, 0, 3);
    want(0xC1, (uintptr_t)p, (uintptr_t)p + 60, 0, 0x24, 0);
    ExFreePool(p);
}

static void special_behind(void)
{
    char *p = special(TAG_S, 60);
    memset(p + 60, 0, 3);
    want(0xC1, (uintptr_t)p, (uintptr_t)p + 60, 0, 0x24, 0);
    ExFreePool(p);
}

static void special_bit(void)
{
    char *p = special(TAG_E, 60);
    p[-200] ^= 4;
    want(0xC1, (uintptr_t)p, (uintptr_t)p - 200, 0, 0x32, 0);
    ExFreePool(p);
}

static void special_tag(void)
{
    char *p = special(TAG_E, 60);
    want(0xC2, 0x0A, (uintptr_t)p, TAG_E, TAG_N, 0);
    ExFreePoolWithTag(p, TAG_N);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 60;
}

static void special_alloc_irql(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    want(0xC1, DISPATCH_LEVEL, PagedPool, 100, 0x30, 0);
    seen->spared = special(TAG_E, 100) == NULL;
}

static void special_free_irql(void)
{
    KIRQL old;
    char *p = special(TAG_E, 100);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    want(0xC1, DISPATCH_LEVEL, PagedPool, (uintptr_t)p, 0x31, 0);
    ExFreePool(p);
    KeLowerIrql(old);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 100;
}

/* POOL-105: overruns are found where the option says underruns. */
static void special_priority(void)
{
    char *p = ExAllocatePoolWithTagPriority(PagedPool, 64, TAG_S,
                                            NormalPoolPrioritySpecialPoolOverrun);
    want(0xCD, (uintptr_t)p + 64, 1, 0, 0, BY3);
    touch(p + 64, true);
}

#endif
