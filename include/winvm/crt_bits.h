/* winvm/crt_bits.h: rotations and byte orders, which Windows has in stdlib.h and intrin.h. */
#ifndef WINVM_CRT_BITS_H
#define WINVM_CRT_BITS_H

__extension__ typedef unsigned long long winvm_bits64_;

/* `unsigned long` of Windows has 32 bits. */
#ifndef _byteswap_ushort
#define _byteswap_ushort(v) __builtin_bswap16((unsigned short)(v))
#define _byteswap_ulong(v) __builtin_bswap32((unsigned int)(v))
#define _byteswap_uint64(v) __builtin_bswap64((winvm_bits64_)(v))
#endif

#define WINVM_ROTATE_(name, type, bits, one, other)                                      \
    static __inline__ __attribute__((__unused__, __always_inline__)) type \
    winvm_##name##_(type v, int n) \
    {                                                                                    \
        n &= bits - 1;                                                                   \
        return (type)(n ? (type)(v one n) | (type)(v other (bits - n)) : v);             \
    }
WINVM_ROTATE_(rotl8, unsigned char, 8, <<, >>)
WINVM_ROTATE_(rotr8, unsigned char, 8, >>, <<)
WINVM_ROTATE_(rotl16, unsigned short, 16, <<, >>)
WINVM_ROTATE_(rotr16, unsigned short, 16, >>, <<)
WINVM_ROTATE_(rotl, unsigned int, 32, <<, >>)
WINVM_ROTATE_(rotr, unsigned int, 32, >>, <<)
WINVM_ROTATE_(rotl64, winvm_bits64_, 64, <<, >>)
WINVM_ROTATE_(rotr64, winvm_bits64_, 64, >>, <<)
#undef WINVM_ROTATE_
#undef _rotl
#undef _rotr
#undef _lrotl
#undef _lrotr
#undef _rotl64
#undef _rotr64
#define _rotl8(v, n) winvm_rotl8_((unsigned char)(v), (n))
#define _rotr8(v, n) winvm_rotr8_((unsigned char)(v), (n))
#define _rotl16(v, n) winvm_rotl16_((unsigned short)(v), (n))
#define _rotr16(v, n) winvm_rotr16_((unsigned short)(v), (n))
#define _rotl(v, n) winvm_rotl_((unsigned int)(v), (n))
#define _rotr(v, n) winvm_rotr_((unsigned int)(v), (n))
#define _lrotl _rotl
#define _lrotr _rotr
#define _rotl64(v, n) winvm_rotl64_((winvm_bits64_)(v), (n))
#define _rotr64(v, n) winvm_rotr64_((winvm_bits64_)(v), (n))

#endif
