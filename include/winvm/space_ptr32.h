/* winvm/space_ptr32.h: pointers into a based space in 32 bits. Included by space.h.
 *
 * `base` is a space's base, a multiple of 4 GiB; in a program whose own addresses lie below 4 GiB
 * (the option wow64) NULL does. From 32 bits to a pointer is one addition, which the compiler folds
 * into the address of an access where it can; the way back is the lower half of the pointer.
 * I1  A conversion changes no memory and cannot fail. The plain ones take every value: 0 becomes
 *     base, where an access faults; NULL becomes 0.
 * I2  The _or_null one keeps null null. The _checked ones answer null, or 0 for false, for what is
 *     not wholly inside 0x10000 .. limit; they say nothing about what is allocated there. */
#ifndef WINVM_SPACE_PTR32_H
#define WINVM_SPACE_PTR32_H
#pragma GCC system_header

#include <stddef.h>
#include <stdint.h>

/* Addresses below are never allocated. */
#define WINVM_PTR32_LOWEST 0x10000u

#define WINVM_PTR32_INLINE_ static inline __attribute__((always_inline, unused))

WINVM_PTR32_INLINE_ void *winvm_ptr32_to_ptr(const volatile void *base, uint32_t p)
{
    return (void *)((uintptr_t)base + p);
}

WINVM_PTR32_INLINE_ uint32_t winvm_ptr_to_ptr32(const volatile void *base,
                                                const volatile void *ptr)
{
    (void)base;
    return (uint32_t)(uintptr_t)ptr;
}

WINVM_PTR32_INLINE_ void *winvm_ptr32_to_ptr_or_null(const volatile void *base, uint32_t p)
{
    void *ptr;
    if (!p)
        return (void *)0;
    ptr = winvm_ptr32_to_ptr(base, p);
    if (!ptr)
        __builtin_unreachable(); /* the caller's test for NULL is the one above */
    return ptr;
}

/* Do the len bytes at p lie inside 0x10000 .. limit? limit is winvm_space_info's, at least 0x10000.
 * Without bytes, p may be limit itself. */
WINVM_PTR32_INLINE_ int winvm_ptr32_check(uint64_t limit, uint32_t p, uint64_t len)
{
    uint64_t room = limit - WINVM_PTR32_LOWEST;
    uint64_t at = (uint64_t)p - WINVM_PTR32_LOWEST; /* below the lowest: more than any room */
    return at <= room && len <= room - at;
}

/* NULL: not inside. */
WINVM_PTR32_INLINE_ void *winvm_ptr32_to_ptr_checked(const volatile void *base, uint64_t limit,
                                                     uint32_t p, uint64_t len)
{
    return winvm_ptr32_check(limit, p, len) ? winvm_ptr32_to_ptr(base, p) : (void *)0;
}

/* 0: not inside. */
WINVM_PTR32_INLINE_ uint32_t winvm_ptr_to_ptr32_checked(const volatile void *base, uint64_t limit,
                                                        const volatile void *ptr, uint64_t len)
{
    uint64_t at = (uint64_t)(uintptr_t)ptr - (uint64_t)(uintptr_t)base;
    return at >> 32 == 0 && winvm_ptr32_check(limit, (uint32_t)at, len) ? (uint32_t)at : 0;
}

/* Four bytes that point to a T, for members of structures that a 32-bit program shares with this
 * one; in C++ winvm::ptr32<T>.
 *
 *     struct node;
 *     typedef WINVM_PTR32(struct node) node32;
 *     struct node { node32 next; uint32_t value; };
 *
 * off is the ptr32 itself. In C two uses of WINVM_PTR32 are two types: name the type where values
 * are to be assigned. The null is {0}. */
#ifdef __cplusplus
#include "space_ptr32_class.h"
#define WINVM_PTR32(T) ::winvm::ptr32<T>
#define WINVM_PTR32_GET(base, p) ((p).get(base))
#define WINVM_PTR32_GET_OR_NULL(base, p) ((p).get_or_null(base))
#define WINVM_PTR32_SET(base, p, ptr) ((void)(p).set(base, ptr))
#else
/* type has no bytes and only carries T. */
#define WINVM_PTR32(T)                        \
    union {                                   \
        uint32_t off;                         \
        __extension__ __typeof__(T) *type[0]; \
    } __attribute__((packed, aligned(4)))

/* The pointer to T: p is not null; any p. */
#define WINVM_PTR32_GET(base, p) \
    ((__typeof__(*(p).type))(winvm_ptr32_to_ptr((base), (p).off)))
#define WINVM_PTR32_GET_OR_NULL(base, p) \
    ((__typeof__(*(p).type))(winvm_ptr32_to_ptr_or_null((base), (p).off)))
/* Makes p, an lvalue, point to what ptr, a T * or void *, points to. NULL makes it null. */
#define WINVM_PTR32_SET(base, p, ptr) \
    ((void)((p).off = winvm_ptr_to_ptr32((base), 1 ? (ptr) : *(p).type)))
#endif

/* The T itself, an lvalue. */
#define WINVM_DEREF32(base, p) (*WINVM_PTR32_GET(base, p))
#define WINVM_PTR32_IS_NULL(p) ((p).off == 0)

#endif
