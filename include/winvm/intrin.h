/* winvm/intrin.h: the intrinsics of Microsoft's compiler that memory code uses, for x86, beside
 * those that the compiler's own x86intrin.h has. Inline, without the kit but for __readgs* and
 * __readfs*, which are those of kit_teb.h. */
#ifndef WINVM_INTRIN_H
#define WINVM_INTRIN_H

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

#include "interlockedapi.h"
#include "intrin_core.h"
#include "intrin_interlocked.h"
#include "kit_teb.h"

#ifndef WINVM_NO_TYPES

/* ---- the processor ---- */

#if defined(__x86_64__) || defined(__i386__)
/* EAX, EBX, ECX and EDX of a leaf. */
WINVM_ATOMIC_ void(__cpuidex)(int info[4], int leaf, int part)
{
    __asm__ volatile("cpuid"
                     : "=a"(info[0]), "=b"(info[1]), "=c"(info[2]), "=d"(info[3])
                     : "a"(leaf), "c"(part));
}
#ifndef __cpuid /* of cpuid.h, with other arguments */
WINVM_ATOMIC_ void __cpuid(int info[4], int leaf)
{
    (__cpuidex)(info, leaf, 0);
}
#endif
WINVM_ATOMIC_ ULONGLONG winvm_xgetbv_(unsigned int which)
{
    unsigned int low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(which));
    return (ULONGLONG)high << 32 | low;
}
#define _XCR_XFEATURE_ENABLED_MASK 0
#undef _xgetbv
#define _xgetbv(which) winvm_xgetbv_(which)
#endif

/* ---- bits ---- */

#define WINVM_BIT_(at, bit, bits) (((at)[(bit) / bits] >> ((bit) % bits)) & 1)
#define _bittest(at, bit) ((unsigned char)WINVM_BIT_((const unsigned int *)(at), bit, 32))
#define _bittest64(at, bit) ((unsigned char)WINVM_BIT_((const ULONGLONG *)(at), bit, 64))
WINVM_ATOMIC_ unsigned char winvm_bit_change_(unsigned char *at, LONGLONG bit, int set, int flip)
{
    unsigned char mask = (unsigned char)(1u << (bit & 7)), was;
    at += bit >> 3;
    was = *at;
    *at = (unsigned char)(flip ? was ^ mask : set ? was | mask : was & ~mask);
    return (was & mask) != 0;
}
#define _bittestandset(at, bit) winvm_bit_change_((unsigned char *)(at), (bit), 1, 0)
#define _bittestandreset(at, bit) winvm_bit_change_((unsigned char *)(at), (bit), 0, 0)
#define _bittestandcomplement(at, bit) winvm_bit_change_((unsigned char *)(at), (bit), 0, 1)
#define _bittestandset64 _bittestandset
#define _bittestandreset64 _bittestandreset
#define _bittestandcomplement64 _bittestandcomplement
#define _interlockedbittestandset(at, bit) \
    InterlockedBitTestAndSet((LONG volatile *)(at), (LONG)(bit))
#define _interlockedbittestandreset(at, bit) \
    InterlockedBitTestAndReset((LONG volatile *)(at), (LONG)(bit))
#define _interlockedbittestandset64 _interlockedbittestandset
#define _interlockedbittestandreset64 _interlockedbittestandreset

#define __popcnt16(v) ((unsigned short)__builtin_popcount((unsigned short)(v)))
#define __popcnt(v) ((unsigned int)__builtin_popcount((unsigned int)(v)))
#define __popcnt64(v) ((ULONGLONG)__builtin_popcountll((ULONGLONG)(v)))
WINVM_ATOMIC_ unsigned int winvm_lzcnt_(ULONGLONG v, unsigned int bits)
{
    return v ? (unsigned int)__builtin_clzll(v) - (64 - bits) : bits;
}
#ifndef __lzcnt16
#define __lzcnt16(v) ((unsigned short)winvm_lzcnt_((unsigned short)(v), 16))
#endif
#ifndef __lzcnt
#define __lzcnt(v) winvm_lzcnt_((unsigned int)(v), 32)
#endif
#ifndef __lzcnt64
#define __lzcnt64(v) ((ULONGLONG)winvm_lzcnt_((ULONGLONG)(v), 64))
#endif

#include "intrin_words.h"

#endif

#endif
