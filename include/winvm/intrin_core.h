/* winvm/intrin_core.h: the intrinsics that windows.h brings already: barriers, stops, the search of
 * bits. */
#ifndef WINVM_INTRIN_CORE_H
#define WINVM_INTRIN_CORE_H

#include "interlockedapi.h"

#ifndef WINVM_NO_TYPES

#define _ReadWriteBarrier() __asm__ volatile("" ::: "memory")
#define _ReadBarrier() _ReadWriteBarrier()
#define _WriteBarrier() _ReadWriteBarrier()
#define __faststorefence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#ifndef __nop
#define __nop() __asm__ volatile("nop")
#endif
#ifndef __debugbreak
#define __debugbreak() __asm__ volatile("int3")
#endif
#ifndef __ud2
#define __ud2() __builtin_trap()
#endif
/* Ends the process at once; nothing can handle it. */
#ifndef __fastfail
#define __fastfail(code) ((void)(code), __builtin_trap())
#endif
#define _ReturnAddress() __builtin_return_address(0)
#define _AddressOfReturnAddress() ((void *)((void **)__builtin_frame_address(0) + 1))

/* *index: the lowest (highest) bit that is set, of any integer type; 0: none is. */
#define WINVM_BIT_SCAN_(type, index, mask, expression)  \
    (__extension__({                                    \
        type winvm_mask_ = (type)(mask);                \
        if (winvm_mask_) *(index) = (expression);       \
        (unsigned char)(winvm_mask_ != 0);              \
    }))
#define _BitScanForward(index, mask) \
    WINVM_BIT_SCAN_(unsigned int, index, mask, (unsigned int)__builtin_ctz(winvm_mask_))
#define _BitScanReverse(index, mask) \
    WINVM_BIT_SCAN_(unsigned int, index, mask, 31u - (unsigned int)__builtin_clz(winvm_mask_))
#define _BitScanForward64(index, mask) \
    WINVM_BIT_SCAN_(ULONGLONG, index, mask, (unsigned int)__builtin_ctzll(winvm_mask_))
#define _BitScanReverse64(index, mask) \
    WINVM_BIT_SCAN_(ULONGLONG, index, mask, 63u - (unsigned int)__builtin_clzll(winvm_mask_))
#define BitScanForward _BitScanForward
#define BitScanReverse _BitScanReverse
#define BitScanForward64 _BitScanForward64
#define BitScanReverse64 _BitScanReverse64

#endif

#endif
