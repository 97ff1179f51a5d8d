/* winvm/interlocked_more.h: the Interlocked operations on words that sources declare as `long` or
 * as unsigned ones, and plain reads and writes with an order. interlockedapi.h includes this
 * header.
 *
 * LONG is an int here, a `long` of a 64-bit host has 64 bits: a `volatile long` that a source hands
 * over is taken as the 64 bits it has. */
#ifndef WINVM_INTERLOCKED_MORE_H
#define WINVM_INTERLOCKED_MORE_H

#include "interlockedapi.h"

#ifndef WINVM_NO_TYPES

#if defined(__cplusplus)
extern "C++" {
#define WINVM_INTERLOCKED_TYPE_(type)                                                      \
    WINVM_ATOMIC_ type InterlockedIncrement(type volatile *to)                             \
    {                                                                                      \
        return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST);                                \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedDecrement(type volatile *to)                             \
    {                                                                                      \
        return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST);                                \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedExchange(type volatile *to, type value)                  \
    {                                                                                      \
        return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);                           \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedExchangeAdd(type volatile *to, type value)               \
    {                                                                                      \
        return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);                            \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedAnd(type volatile *to, type value)                       \
    {                                                                                      \
        return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST);                            \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedOr(type volatile *to, type value)                        \
    {                                                                                      \
        return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST);                             \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedXor(type volatile *to, type value)                       \
    {                                                                                      \
        return __atomic_fetch_xor(to, value, __ATOMIC_SEQ_CST);                            \
    }                                                                                      \
    WINVM_ATOMIC_ type InterlockedCompareExchange(type volatile *to, type value, type was) \
    {                                                                                      \
        return __sync_val_compare_and_swap(to, was, value);                                \
    }
WINVM_INTERLOCKED_TYPE_(unsigned int)
WINVM_INTERLOCKED_TYPE_(long)
WINVM_INTERLOCKED_TYPE_(unsigned long)
#undef WINVM_INTERLOCKED_TYPE_
WINVM_ATOMIC_ ULONGLONG InterlockedIncrement(unsigned long long volatile *to)
{
    return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ ULONGLONG InterlockedDecrement(unsigned long long volatile *to)
{
    return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST);
}
/* The 64-bit ones on the other types of that width. */
#define WINVM_INTERLOCKED_WIDE_(type)                                                  \
    WINVM_ATOMIC_ type InterlockedIncrement64(type volatile *to)                       \
    {                                                                                  \
        return __atomic_add_fetch(to, 1, __ATOMIC_SEQ_CST);                            \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedDecrement64(type volatile *to)                       \
    {                                                                                  \
        return __atomic_sub_fetch(to, 1, __ATOMIC_SEQ_CST);                            \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedExchange64(type volatile *to, type value)            \
    {                                                                                  \
        return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);                       \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedExchangeAdd64(type volatile *to, type value)         \
    {                                                                                  \
        return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);                        \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedAnd64(type volatile *to, type value)                 \
    {                                                                                  \
        return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST);                        \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedOr64(type volatile *to, type value)                  \
    {                                                                                  \
        return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST);                         \
    }                                                                                  \
    WINVM_ATOMIC_ type InterlockedCompareExchange64(type volatile *to, type v, type was) \
    {                                                                                  \
        return __sync_val_compare_and_swap(to, was, v);                                \
    }
__extension__ typedef unsigned long long winvm_ulong64_;
WINVM_INTERLOCKED_WIDE_(winvm_ulong64_)
#if WINVM_64
WINVM_INTERLOCKED_WIDE_(long)
WINVM_INTERLOCKED_WIDE_(unsigned long)
#endif
#undef WINVM_INTERLOCKED_WIDE_
}
#else
/* C: a pointer to `long` is looked for; every other pointer goes to the function, and is checked
 * there. */
#define WINVM_IS_LONG_(to)                                           \
    (__builtin_types_compatible_p(__typeof__(*(to)), long) ||        \
     __builtin_types_compatible_p(__typeof__(*(to)), unsigned long))
#define WINVM_AS_LONG_(to) \
    ((__typeof__(__builtin_choose_expr(WINVM_IS_LONG_(to), (LONG volatile *)0, (to))))(to))
#define WINVM_AS_INTEGER_(to) \
    ((__typeof__(__builtin_choose_expr(WINVM_IS_LONG_(to), (to), (LONG volatile *)0)))(to))
#define WINVM_LONG_(to, wide, plain) \
    __builtin_choose_expr(WINVM_IS_LONG_(to), wide, plain)
#define InterlockedIncrement(to)                                                        \
    WINVM_LONG_(to, __atomic_add_fetch(WINVM_AS_INTEGER_(to), 1, __ATOMIC_SEQ_CST),     \
                (InterlockedIncrement)(WINVM_AS_LONG_(to)))
#define InterlockedDecrement(to)                                                        \
    WINVM_LONG_(to, __atomic_sub_fetch(WINVM_AS_INTEGER_(to), 1, __ATOMIC_SEQ_CST),     \
                (InterlockedDecrement)(WINVM_AS_LONG_(to)))
#define InterlockedExchange(to, v)                                                      \
    WINVM_LONG_(to, __atomic_exchange_n(WINVM_AS_INTEGER_(to), (v), __ATOMIC_SEQ_CST),  \
                (InterlockedExchange)(WINVM_AS_LONG_(to), (v)))
#define InterlockedExchangeAdd(to, v)                                                   \
    WINVM_LONG_(to, __atomic_fetch_add(WINVM_AS_INTEGER_(to), (v), __ATOMIC_SEQ_CST),   \
                (InterlockedExchangeAdd)(WINVM_AS_LONG_(to), (v)))
#define InterlockedAnd(to, v)                                                           \
    WINVM_LONG_(to, __atomic_fetch_and(WINVM_AS_INTEGER_(to), (v), __ATOMIC_SEQ_CST),   \
                (InterlockedAnd)(WINVM_AS_LONG_(to), (v)))
#define InterlockedOr(to, v)                                                            \
    WINVM_LONG_(to, __atomic_fetch_or(WINVM_AS_INTEGER_(to), (v), __ATOMIC_SEQ_CST),    \
                (InterlockedOr)(WINVM_AS_LONG_(to), (v)))
#define InterlockedXor(to, v)                                                           \
    WINVM_LONG_(to, __atomic_fetch_xor(WINVM_AS_INTEGER_(to), (v), __ATOMIC_SEQ_CST),   \
                (InterlockedXor)(WINVM_AS_LONG_(to), (v)))
#define InterlockedCompareExchange(to, v, was)                                          \
    WINVM_LONG_(to, __sync_val_compare_and_swap(WINVM_AS_INTEGER_(to), (was), (v)),     \
                (InterlockedCompareExchange)(WINVM_AS_LONG_(to), (v), (was)))
#endif

/* ---- what is there, with an order ---- */

#define WINVM_READ_WRITE_(suffix, type)                                                 \
    WINVM_ATOMIC_ type ReadAcquire##suffix(type const volatile *from)                   \
    {                                                                                   \
        return __atomic_load_n(from, __ATOMIC_ACQUIRE);                                 \
    }                                                                                   \
    WINVM_ATOMIC_ type ReadNoFence##suffix(type const volatile *from)                   \
    {                                                                                   \
        return __atomic_load_n(from, __ATOMIC_RELAXED);                                 \
    }                                                                                   \
    WINVM_ATOMIC_ void WriteRelease##suffix(type volatile *to, type value)              \
    {                                                                                   \
        __atomic_store_n(to, value, __ATOMIC_RELEASE);                                  \
    }                                                                                   \
    WINVM_ATOMIC_ void WriteNoFence##suffix(type volatile *to, type value)              \
    {                                                                                   \
        __atomic_store_n(to, value, __ATOMIC_RELAXED);                                  \
    }
WINVM_READ_WRITE_(, LONG)
WINVM_READ_WRITE_(8, CHAR)
WINVM_READ_WRITE_(16, SHORT)
WINVM_READ_WRITE_(64, WINVM_LONG64_)
WINVM_READ_WRITE_(Pointer, PVOID)
#undef WINVM_READ_WRITE_

#define InterlockedXor8(to, v) __atomic_fetch_xor((CHAR volatile *)(to), (v), __ATOMIC_SEQ_CST)
WINVM_ATOMIC_ BOOLEAN InterlockedBitTestAndComplement(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (__atomic_fetch_xor(base + (bit >> 5), mask, __ATOMIC_SEQ_CST) & mask) != 0;
}
WINVM_ATOMIC_ BOOLEAN InterlockedBitTestAndSet64(WINVM_LONG64_ volatile *base, WINVM_LONG64_ bit)
{
    WINVM_LONG64_ mask = (WINVM_LONG64_)((ULONGLONG)1 << (bit & 63));
    return (__atomic_fetch_or(base + (bit >> 6), mask, __ATOMIC_SEQ_CST) & mask) != 0;
}
WINVM_ATOMIC_ BOOLEAN InterlockedBitTestAndReset64(WINVM_LONG64_ volatile *base,
                                                   WINVM_LONG64_ bit)
{
    WINVM_LONG64_ mask = (WINVM_LONG64_)((ULONGLONG)1 << (bit & 63));
    return (__atomic_fetch_and(base + (bit >> 6), ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
}
/* Pointers as numbers of their size. */
#if WINVM_64
#define InterlockedExchangeAddSizeT(to, v) \
    ((SIZE_T)__atomic_fetch_add((SIZE_T volatile *)(to), (SIZE_T)(v), __ATOMIC_SEQ_CST))
#define InterlockedIncrementSizeT(to) \
    ((SIZE_T)__atomic_add_fetch((SIZE_T volatile *)(to), 1, __ATOMIC_SEQ_CST))
#define InterlockedDecrementSizeT(to) \
    ((SIZE_T)__atomic_sub_fetch((SIZE_T volatile *)(to), 1, __ATOMIC_SEQ_CST))
#endif

#endif

#endif
