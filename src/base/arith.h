/* Page and granule arithmetic that cannot overflow unnoticed.
 * Terms   page = 4 KiB, the unit of state; granule = 64 KiB, the unit of placement.
 * I1      Sizes and results have 64 bits where pointers have 32: the end of a 4 GiB space, 2^32, is
 *         a number like any other. Only the checked functions know where addresses end. */
#ifndef WVM_BASE_ARITH_H
#define WVM_BASE_ARITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WVM_PAGE_SHIFT 12
#define WVM_PAGE_SIZE ((uint64_t)1 << WVM_PAGE_SHIFT)
#define WVM_GRANULE_SHIFT 16
#define WVM_GRANULE_SIZE ((uint64_t)1 << WVM_GRANULE_SHIFT)
#define WVM_PAGES_PER_GRANULE (1u << (WVM_GRANULE_SHIFT - WVM_PAGE_SHIFT))

#define WVM_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* align is a power of two. */
static inline uint64_t wvm_align_down(uint64_t x, uint64_t align)
{
    return x & ~(align - 1);
}

/* x + align - 1 must not wrap; see wvm_align_up_checked for values from a caller. */
static inline uint64_t wvm_align_up(uint64_t x, uint64_t align)
{
    return (x + align - 1) & ~(align - 1);
}

/* False when rounding up leaves the address space; *out is then untouched. */
static inline bool wvm_align_up_checked(uintptr_t x, uintptr_t align, uintptr_t *out)
{
    uintptr_t sum;
    if (__builtin_add_overflow(x, align - 1, &sum))
        return false;
    *out = sum & ~(align - 1);
    return true;
}

static inline bool wvm_add_checked(uintptr_t a, uintptr_t b, uintptr_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline uint64_t wvm_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t wvm_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
