/* Page and granule arithmetic that cannot overflow unnoticed.
 * Terms   page = 4 KiB, the unit of state; granule = 64 KiB, the unit of placement. */
#ifndef WVM_BASE_ARITH_H
#define WVM_BASE_ARITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WVM_PAGE_SHIFT 12
#define WVM_PAGE_SIZE ((uintptr_t)1 << WVM_PAGE_SHIFT)
#define WVM_GRANULE_SHIFT 16
#define WVM_GRANULE_SIZE ((uintptr_t)1 << WVM_GRANULE_SHIFT)
#define WVM_PAGES_PER_GRANULE (1u << (WVM_GRANULE_SHIFT - WVM_PAGE_SHIFT))

#define WVM_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* align is a power of two. */
static inline uintptr_t wvm_align_down(uintptr_t x, uintptr_t align)
{
    return x & ~(align - 1);
}

/* x + align - 1 must not wrap; see wvm_align_up_checked for values from a caller. */
static inline uintptr_t wvm_align_up(uintptr_t x, uintptr_t align)
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

static inline uintptr_t wvm_min(uintptr_t a, uintptr_t b)
{
    return a < b ? a : b;
}

static inline uintptr_t wvm_max(uintptr_t a, uintptr_t b)
{
    return a > b ? a : b;
}

#endif
