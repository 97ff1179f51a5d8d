/* winvm/intrin_words.h: products, shifts and moves of intrin.h. */
#ifndef WINVM_INTRIN_WORDS_H
#define WINVM_INTRIN_WORDS_H

#include "crt_bits.h"
#include "interlockedapi.h"

#ifndef WINVM_NO_TYPES

#define __emul(a, b) ((LONGLONG)(int)(a) * (int)(b))
#define __emulu(a, b) ((ULONGLONG)(unsigned int)(a) * (unsigned int)(b))
#define __ll_lshift(v, n) ((ULONGLONG)(v) << ((n) & 63))
#define __ll_rshift(v, n) ((LONGLONG)(v) >> ((n) & 63))
#define __ull_rshift(v, n) ((ULONGLONG)(v) >> ((n) & 63))

#if WINVM_64
__extension__ typedef __int128 winvm_int128_;
__extension__ typedef unsigned __int128 winvm_uint128_;
WINVM_ATOMIC_ ULONGLONG __umulh(ULONGLONG a, ULONGLONG b)
{
    return (ULONGLONG)((winvm_uint128_)a * b >> 64);
}
WINVM_ATOMIC_ LONGLONG __mulh(LONGLONG a, LONGLONG b)
{
    return (LONGLONG)((winvm_int128_)a * b >> 64);
}
/* The low half, and the high one in *high, which has 64 bits. */
#define _umul128(a, b, high)                                                      \
    (__extension__({                                                              \
        winvm_uint128_ winvm_product_ = (winvm_uint128_)(ULONGLONG)(a) *          \
                                        (ULONGLONG)(b);                           \
        *(high) = (ULONGLONG)(winvm_product_ >> 64);                              \
        (ULONGLONG)winvm_product_;                                                \
    }))
#define _mul128(a, b, high)                                                       \
    (__extension__({                                                              \
        winvm_int128_ winvm_product_ = (winvm_int128_)(LONGLONG)(a) *             \
                                       (LONGLONG)(b);                             \
        *(high) = (LONGLONG)(winvm_product_ >> 64);                               \
        (LONGLONG)winvm_product_;                                                 \
    }))
WINVM_ATOMIC_ ULONGLONG __shiftleft128(ULONGLONG low, ULONGLONG high, unsigned char n)
{
    return (n & 63) ? high << (n & 63) | low >> (64 - (n & 63)) : high;
}
WINVM_ATOMIC_ ULONGLONG __shiftright128(ULONGLONG low, ULONGLONG high, unsigned char n)
{
    return (n & 63) ? low >> (n & 63) | high << (64 - (n & 63)) : low;
}
#endif

#if defined(__x86_64__) || defined(__i386__)
/* `count` units, upwards. */
#define WINVM_REPEAT_(letter, instruction, type)                                         \
    WINVM_ATOMIC_ void __stos##letter(type *to, type value, size_t count)                \
    {                                                                                    \
        __asm__ volatile("rep stos" instruction                                          \
                         : "+D"(to), "+c"(count)                                         \
                         : "a"(value)                                                    \
                         : "memory");                                                    \
    }                                                                                    \
    WINVM_ATOMIC_ void __movs##letter(type *to, const type *from, size_t count)          \
    {                                                                                    \
        __asm__ volatile("rep movs" instruction                                          \
                         : "+D"(to), "+S"(from), "+c"(count)                             \
                         :                                                               \
                         : "memory");                                                    \
    }
WINVM_REPEAT_(b, "b", unsigned char)
WINVM_REPEAT_(w, "w", unsigned short)
WINVM_REPEAT_(d, "l", ULONG)
#if WINVM_64
WINVM_REPEAT_(q, "q", ULONGLONG)
#endif
#undef WINVM_REPEAT_
#endif

#endif

#endif
