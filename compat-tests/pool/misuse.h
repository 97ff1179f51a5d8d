/* What programs do wrong with kernel pools, each time one thing, and the bug check that it is.
 *
 * Terms   misuse = a function that says by want() what it expects, and then does it; blocks with
 *         the tags "SpE?" come from special pool at the end of their page, "SpS?" at the start
 *         (OPTIONS). A misuse sets seen->spared when a callback has returned and nothing was
 *         changed. */
#ifndef POOL_MISUSE_H
#define POOL_MISUSE_H

#include "env.h"

#include <winvm/pool.h>
#include <winvm/wdm.h>

#define OPTIONS "special=tag=SpE?,end+tag=SpS?,start:verifier=1"
#define TAG_N 0x6d726f4eu /* "Norm" */
#define TAG_E 0x45457053u /* "SpEE" */
#define TAG_S 0x53537053u /* "SpSS" */
#define TAG_BIG 0x20474942u /* "BIG " */
#define TAG_MUST 0x7473754du /* "Must" */

/* ---- what is expected, and what came ---- */

struct check {
    uint32_t code;
    uintptr_t p[4];
    unsigned any; /* ANYn: parameter n may be anything; BY3, BY4: it is an instruction of touch() */
};
static struct {
    struct check want, came;
    unsigned n_came;
    bool spared; /* the block was still whole when the callback had returned */
} *seen; /* shared with the children */

enum { ANY2 = 2, ANY3 = 4, ANY4 = 8, BY3 = 4 | 64, BY4 = 8 | 128 };
enum { TOUCH_MOST = 128 }; /* bytes of code */

static void __attribute__((noinline)) touch(volatile char *p, bool write)
{
    if (write)
        *p = 1;
    else
        (void)*p;
}

static void want(uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4,
                 unsigned any)
{
    seen->want = (struct check){code, {p1, p2, p3, p4}, any};
}

/* ---- misuse of ordinary blocks ---- */

static char *paged(SIZE_T size)
{
    return ExAllocatePoolWithTag(PagedPool, size, TAG_N);
}

static char *nonpaged(SIZE_T size)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, size, TAG_N);
}

static void wrong_tag(void)
{
    char *p = paged(100);
    want(0xC2, 0x0A, (uintptr_t)p, TAG_N, TAG_E, 0);
    ExFreePoolWithTag(p, TAG_E);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 100;
}

static void wrong_tag_big(void)
{
    char *p = paged(5 * PAGE);
    want(0xC2, 0x0A, (uintptr_t)p, TAG_N, TAG_E, 0);
    ExFreePoolWithTag(p, TAG_E);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) == 5 * PAGE;
}

static void freed_twice(void)
{
    char *p = nonpaged(200);
    ExFreePool(p);
    want(0xC2, 0x07, 0, 0, (uintptr_t)p, ANY3);
    ExFreePoolWithTag(p, TAG_N);
}

static void freed_twice_big(void)
{
    char *p = paged(20 * PAGE);
    ExFreePool(p);
    want(0xC2, 0x07, 0, 0, (uintptr_t)p, ANY3);
    ExFreePool(p);
}

static void user_address(void)
{
    static char byte;
    ExFreePool(paged(16));
    want(0xC2, 0x40, (uintptr_t)&byte, 0, 0, ANY3);
    ExFreePool(&byte);
}

static void inside_paged(void)
{
    char *p = paged(256);
    want(0xC2, 0x41286, 0, 0, 0, ANY2 | ANY3 | ANY4);
    ExFreePool(p + 32);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 256;
}

static void inside_nonpaged(void)
{
    char *p = nonpaged(256);
    want(0xC2, 0x46, (uintptr_t)p + 32, 0, 0, 0);
    ExFreePool(p + 32);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 256;
}

static void inside_big(void)
{
    char *p = paged(8 * PAGE);
    want(0xC2, 0x41286, 0, 0, 0, ANY2 | ANY3 | ANY4);
    ExFreePool(p + PAGE);
}

static void never_allocated_paged(void)
{
    char *p = (char *)((uintptr_t)paged(16 * PAGE) + 64 * MIB);
    want(0xC2, 0x42, (uintptr_t)p, 0, 0, 0);
    ExFreePool(p);
}

static void overrun_small(void)
{
    char *p = paged(20);
    memset(p + 20, 0x41, 8);
    want(0x19, 0x20, (uintptr_t)p, 0, 0, ANY3 | ANY4);
    ExFreePool(p);
}

static void overrun_big(void)
{
    char *p = paged(5 * PAGE - 100);
    memset(p + 5 * PAGE - 100, 0x41, 8);
    want(0x19, 0x21, (uintptr_t)p, 5 * PAGE - 100, 0x41414141, 0);
    ExFreePool(p);
}

static void alloc_paged_at_dispatch(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    want(0xC2, 0x08, DISPATCH_LEVEL, PagedPool, 100, 0);
    seen->spared = paged(100) == NULL;
}

static void alloc_above_dispatch(void)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    want(0xC2, 0x08, DISPATCH_LEVEL + 1, NonPagedPoolNx, 100, 0);
    seen->spared = nonpaged(100) == NULL;
}

static void free_paged_at_dispatch(void)
{
    KIRQL old;
    char *p = paged(100);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    want(0xC2, 0x09, DISPATCH_LEVEL, PagedPool, (uintptr_t)p, 0);
    ExFreePool(p);
    KeLowerIrql(old);
    seen->spared = ExQueryPoolBlockSize(p, &(BOOLEAN){0}) >= 100;
}

static void must_succeed(void)
{
    want(0xC2, 0x9A, NonPagedPoolMustSucceed, 64, TAG_N, 0);
    seen->spared = ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 64, TAG_N) == NULL;
}

static void tag_zero(void)
{
    want(0xC2, 0x9B, PagedPool, 64, 0, ANY4);
    seen->spared = ExAllocatePoolWithTag(PagedPool, 64, 0) == NULL;
}

static void tag_big(void)
{
    want(0xC2, 0x9C, PagedPool, 64, 0, ANY4);
    seen->spared = ExAllocatePoolWithTag(PagedPool, 64, TAG_BIG) == NULL;
}

static void tag_unreadable(void)
{
    want(0xC2, 0x9D, 0x2E2E2E2E, PagedPool, 0, ANY4);
    seen->spared = ExAllocatePoolWithTag(PagedPool, 64, 0x2E2E2E2E) == NULL;
}

static void no_bytes(void)
{
    want(0xC2, 0x00, 0, PagedPool, TAG_N, 0);
    seen->spared = ExAllocatePoolWithTag(PagedPool, 0, TAG_N) == NULL;
}

static void own_check(void)
{
    want(0xE2, 1, 2, 3, (uintptr_t)-4, 0);
    KeBugCheckEx(0xE2, 1, 2, 3, (ULONG_PTR)-4);
    seen->spared = true;
}

/* ---- faults of ordinary pool ---- */

/* An address of system space far from every block. */
static char *far_away(void)
{
    return (char *)(((uintptr_t)paged(PAGE) + 64 * MIB) & ~(uintptr_t)(PAGE - 1));
}

static void nothing_there(void)
{
    char *p = far_away();
    want(0x50, (uintptr_t)p, 2, 0, 0, BY3);
    touch(p, true);
}

static void nothing_there_read(void)
{
    char *p = far_away();
    want(0x50, (uintptr_t)p, 0, 0, 0, BY3);
    touch(p, false);
}

static void nothing_there_dispatch(void)
{
    KIRQL old;
    char *p = far_away();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    want(0xD1, (uintptr_t)p, DISPATCH_LEVEL, 1, 0, BY4);
    touch(p, true);
}

/* ret */
static void execute(char *p)
{
    *(volatile char *)p = (char)0xC3;
    ((void (*)(void))(uintptr_t)p)();
}

static void execute_nx(void)
{
    char *p = nonpaged(64);
    want(0xFC, (uintptr_t)p, 0, 0, 0, ANY2);
    execute(p);
}

#endif
