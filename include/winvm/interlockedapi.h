/* winvm/interlockedapi.h: the Interlocked operations, inline (libwinvm-kit). All are full barriers;
 * those named NoFence are relaxed, Acquire and Release what they say. */
#ifndef WINVM_INTERLOCKEDAPI_H
#define WINVM_INTERLOCKEDAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#if defined(__clang__) && defined(__i386__)
#pragma clang diagnostic ignored "-Watomic-alignment" /* 8 bytes, which cmpxchg8b takes anyhow */
#endif
#define WINVM_ATOMIC_ static __inline__ __attribute__((__unused__, __always_inline__))

/* The operations on one type; they return what was there, but Increment and Decrement what is. */
#define WINVM_INTERLOCKED_ORDER_(type, bits, order, how)                                          \
    WINVM_ATOMIC_ type InterlockedIncrement##order##bits(type volatile *to)                       \
    {                                                                                             \
        return __atomic_add_fetch(to, 1, how);                                                    \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedDecrement##order##bits(type volatile *to)                       \
    {                                                                                             \
        return __atomic_sub_fetch(to, 1, how);                                                    \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedExchange##order##bits(type volatile *to, type value)            \
    {                                                                                             \
        return __atomic_exchange_n(to, value, how);                                               \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedExchangeAdd##order##bits(type volatile *to, type value)         \
    {                                                                                             \
        return __atomic_fetch_add(to, value, how);                                                \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedAnd##bits##order(type volatile *to, type value)                 \
    {                                                                                             \
        return __atomic_fetch_and(to, value, how);                                                \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedOr##bits##order(type volatile *to, type value)                  \
    {                                                                                             \
        return __atomic_fetch_or(to, value, how);                                                 \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedXor##bits##order(type volatile *to, type value)                 \
    {                                                                                             \
        return __atomic_fetch_xor(to, value, how);                                                \
    }                                                                                             \
    WINVM_ATOMIC_ type InterlockedCompareExchange##order##bits(type volatile *to, type value,     \
                                                               type expected)                     \
    {                                                                                             \
        return __sync_val_compare_and_swap(to, expected, value);                                  \
    }
#define WINVM_INTERLOCKED_(type, bits)                                      \
    WINVM_INTERLOCKED_ORDER_(type, bits, , __ATOMIC_SEQ_CST)                \
    WINVM_INTERLOCKED_ORDER_(type, bits, Acquire, __ATOMIC_ACQUIRE)         \
    WINVM_INTERLOCKED_ORDER_(type, bits, Release, __ATOMIC_RELEASE)         \
    WINVM_INTERLOCKED_ORDER_(type, bits, NoFence, __ATOMIC_RELAXED)
WINVM_INTERLOCKED_(LONG, )
WINVM_INTERLOCKED_(SHORT, 16)
__extension__ typedef long long WINVM_LONG64_;
WINVM_INTERLOCKED_(WINVM_LONG64_, 64)
#undef WINVM_INTERLOCKED_ORDER_
#undef WINVM_INTERLOCKED_

WINVM_ATOMIC_ char InterlockedExchange8(char volatile *to, char value)
{
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ char InterlockedExchangeAdd8(char volatile *to, char value)
{
    return __atomic_fetch_add(to, value, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ char InterlockedAnd8(char volatile *to, char value)
{
    return __atomic_fetch_and(to, value, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ char InterlockedOr8(char volatile *to, char value)
{
    return __atomic_fetch_or(to, value, __ATOMIC_SEQ_CST);
}

WINVM_ATOMIC_ PVOID InterlockedExchangePointer(PVOID volatile *to, PVOID value)
{
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ PVOID InterlockedCompareExchangePointer(PVOID volatile *to, PVOID value,
                                                      PVOID expected)
{
    return __sync_val_compare_and_swap(to, expected, value);
}
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerRelease InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer

/* What is there afterwards. */
WINVM_ATOMIC_ LONG InterlockedAdd(LONG volatile *to, LONG value)
{
    return __atomic_add_fetch(to, value, __ATOMIC_SEQ_CST);
}
WINVM_ATOMIC_ LONG64 InterlockedAdd64(WINVM_LONG64_ volatile *to, LONG64 value)
{
    return __atomic_add_fetch(to, value, __ATOMIC_SEQ_CST);
}
/* The bit as it was; base + bit / 32 is the word. */
WINVM_ATOMIC_ BOOLEAN InterlockedBitTestAndSet(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (__atomic_fetch_or(base + (bit >> 5), mask, __ATOMIC_SEQ_CST) & mask) != 0;
}
WINVM_ATOMIC_ BOOLEAN InterlockedBitTestAndReset(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (__atomic_fetch_and(base + (bit >> 5), ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

#if WINVM_64
/* Sixteen bytes at once, aligned to 16: TRUE when expected[0..1] was there, and is replaced by the
 * two words; else expected receives what is. */
WINVM_ATOMIC_ BOOLEAN InterlockedCompareExchange128(WINVM_LONG64_ volatile *to,
                                                    WINVM_LONG64_ high, WINVM_LONG64_ low,
                                                    WINVM_LONG64_ *expected)
{
    unsigned char same;
    __asm__ volatile("lock cmpxchg16b %1\n\tsete %0"
                     : "=q"(same), "+m"(*to), "+a"(expected[0]), "+d"(expected[1])
                     : "b"(low), "c"(high)
                     : "memory", "cc");
    return same;
}
#endif

#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define YieldProcessor() __builtin_ia32_pause()

#include "interlocked_more.h"
#endif

#endif
