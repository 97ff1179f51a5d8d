/* winvm/crt_float.h: the floating-point environment and the classes of numbers, as float.h of
 * Windows has them.
 *
 * A change goes to the control words of SSE and of the x87 alike, since double is computed by one
 * and long double (on i386: all) by the other. An exception that is unmasked is EXCEPTION_FLT_*
 * when an instruction raises it the next time; flags that are set already stay flags. */
#ifndef WINVM_CRT_FLOAT_H
#define WINVM_CRT_FLOAT_H

#include <limits.h>
#include <math.h>
#include <stdint.h>

#include "crt_types.h"

#define _MCW_EM 0x0008001F
#define _EM_INEXACT 0x00000001
#define _EM_UNDERFLOW 0x00000002
#define _EM_OVERFLOW 0x00000004
#define _EM_ZERODIVIDE 0x00000008
#define _EM_INVALID 0x00000010
#define _EM_DENORMAL 0x00080000
#define _MCW_RC 0x00000300
#define _RC_NEAR 0x00000000
#define _RC_DOWN 0x00000100
#define _RC_UP 0x00000200
#define _RC_CHOP 0x00000300
#define _MCW_PC 0x00030000
#define _PC_64 0x00000000
#define _PC_53 0x00010000
#define _PC_24 0x00020000
#define _MCW_IC 0x00040000
#define _IC_AFFINE 0x00040000
#define _IC_PROJECTIVE 0x00000000
#define _MCW_DN 0x03000000
#define _DN_SAVE 0x00000000
#define _DN_FLUSH 0x01000000
#define _DN_FLUSH_OPERANDS_SAVE_RESULTS 0x02000000
#define _DN_SAVE_OPERANDS_FLUSH_RESULTS 0x03000000
#define _SW_INEXACT 0x00000001
#define _SW_UNDERFLOW 0x00000002
#define _SW_OVERFLOW 0x00000004
#define _SW_ZERODIVIDE 0x00000008
#define _SW_INVALID 0x00000010
#define _SW_UNEMULATED 0x00000040
#define _SW_SQRTNEG 0x00000080
#define _SW_STACKOVERFLOW 0x00000200
#define _SW_STACKUNDERFLOW 0x00000400
#define _SW_DENORMAL 0x00080000
#if defined(__i386__)
#define _CW_DEFAULT (_RC_NEAR | _PC_53 | _MCW_EM)
#else
#define _CW_DEFAULT (_RC_NEAR | _MCW_EM)
#endif
#define _FPE_INVALID 0x81
#define _FPE_DENORMAL 0x82
#define _FPE_ZERODIVIDE 0x83
#define _FPE_OVERFLOW 0x84
#define _FPE_UNDERFLOW 0x85
#define _FPE_INEXACT 0x86
#define _FPE_UNEMULATED 0x87
#define _FPE_SQRTNEG 0x88
#define _FPE_STACKOVERFLOW 0x8a
#define _FPE_STACKUNDERFLOW 0x8b
#define _FPE_EXPLICITGEN 0x8c
#define _FPE_MULTIPLE_TRAPS 0x8d
#define _FPE_MULTIPLE_FAULTS 0x8e

/* ---- the processor's words ---- */

#define WINVM_MXCSR_FLAGS_ 0x3fu
#define WINVM_MXCSR_INIT_ 0x1f80u
#define WINVM_X87_INIT_ 0x37fu

WINVM_CRT_ unsigned winvm_mxcsr_(void)
{
    unsigned v;
    __asm__ volatile("stmxcsr %0" : "=m"(v));
    return v;
}
WINVM_CRT_ void winvm_set_mxcsr_(unsigned v)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(v) : "memory");
}
WINVM_CRT_ unsigned winvm_x87_control_(void)
{
    unsigned short v;
    __asm__ volatile("fnstcw %0" : "=m"(v));
    return v;
}
WINVM_CRT_ unsigned winvm_x87_status_(void)
{
    unsigned short v;
    __asm__ volatile("fnstsw %0" : "=m"(v));
    return v;
}
/* Flags of the x87 go to SSE's word first: unmasked ones would be raised by the next instruction
 * there. */
WINVM_CRT_ void winvm_set_x87_control_(unsigned v)
{
    unsigned short word = (unsigned short)v;
    winvm_set_mxcsr_(winvm_mxcsr_() | (winvm_x87_status_() & WINVM_MXCSR_FLAGS_));
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(word) : "memory");
}
/* The processor's six bits (invalid, denormal, zero, overflow, underflow, inexact) and _EM_*. */
WINVM_CRT_ unsigned winvm_fp_abstract_(unsigned six)
{
    return ((six & 0x01) << 4) | ((six & 0x02) << 18) | ((six & 0x04) << 1) | ((six & 0x08) >> 1) |
           ((six & 0x10) >> 3) | ((six & 0x20) >> 5);
}
WINVM_CRT_ unsigned winvm_fp_six_(unsigned bits)
{
    return ((bits & 0x10) >> 4) | ((bits & _EM_DENORMAL) >> 18) | ((bits & 0x08) >> 1) |
           ((bits & 0x04) << 1) | ((bits & 0x02) << 3) | ((bits & 0x01) << 5);
}

/* ---- control ---- */

WINVM_CRT_ unsigned winvm_fp_control_(void)
{
    unsigned sse = winvm_mxcsr_(), denormals = ((sse >> 15) & 1) | ((sse >> 5) & 2);
    static const unsigned dn[] = {_DN_SAVE, _DN_SAVE_OPERANDS_FLUSH_RESULTS,
                                  _DN_FLUSH_OPERANDS_SAVE_RESULTS, _DN_FLUSH};
    unsigned word = winvm_fp_abstract_((sse >> 7) & 0x3f) | ((sse >> 5) & _MCW_RC) | dn[denormals];
#if defined(__i386__)
    unsigned x87 = winvm_x87_control_(), precision = (x87 >> 8) & 3;
    word |= precision == 0 ? _PC_24 : precision == 2 ? _PC_53 : _PC_64;
    word |= (x87 << 6) & _MCW_IC;
#endif
    return word;
}
WINVM_CRT_ void winvm_fp_set_control_(unsigned word)
{
    unsigned sse = winvm_mxcsr_() & WINVM_MXCSR_FLAGS_, x87 = winvm_x87_control_() & ~0xc3fu;
    unsigned six = winvm_fp_six_(word & _MCW_EM), dn = word & _MCW_DN;
    sse |= (six << 7) | ((word & _MCW_RC) << 5);
    if (dn == _DN_FLUSH || dn == _DN_SAVE_OPERANDS_FLUSH_RESULTS) sse |= 0x8000;
    if (dn == _DN_FLUSH || dn == _DN_FLUSH_OPERANDS_SAVE_RESULTS) sse |= 0x40;
    x87 |= six | ((word & _MCW_RC) << 2);
#if defined(__i386__)
    x87 &= ~0x1300u;
    x87 |= (word & _MCW_PC) == _PC_24 ? 0 : (word & _MCW_PC) == _PC_53 ? 0x200 : 0x300;
    x87 |= (word & _MCW_IC) >> 6;
#endif
    winvm_set_mxcsr_(sse);
    winvm_set_x87_control_(x87);
}
/* 64-bit Windows has no precision and no infinity to choose. */
#if defined(__i386__)
#define WINVM_FP_KNOWN_ (_MCW_EM | _MCW_RC | _MCW_DN | _MCW_PC | _MCW_IC)
#else
#define WINVM_FP_KNOWN_ (_MCW_EM | _MCW_RC | _MCW_DN)
#endif
/* The bits of mask as in word; precision and infinity are an invalid parameter where they cannot be
 * chosen. The word from then on. */
WINVM_CRT_ unsigned _control87(unsigned word, unsigned mask)
{
    if (mask & (_MCW_PC | _MCW_IC) & ~WINVM_FP_KNOWN_) winvm_crt_invalid_call_();
    mask &= WINVM_FP_KNOWN_;
    if (mask) winvm_fp_set_control_((winvm_fp_control_() & ~mask) | (word & mask));
    return winvm_fp_control_();
}
/* The same, but that denormal operands stay masked or not. */
WINVM_CRT_ unsigned _controlfp(unsigned word, unsigned mask)
{
    return _control87(word, mask & ~(unsigned)_EM_DENORMAL);
}
/* EINVAL: bits are set that cannot be; *current is the word all the same. */
WINVM_CRT_ errno_t _controlfp_s(unsigned *current, unsigned word, unsigned mask)
{
    if (word & mask & ~(unsigned)(WINVM_FP_KNOWN_ | _MCW_PC | _MCW_IC)) {
        if (current) *current = winvm_fp_control_();
        return winvm_crt_error_(EINVAL);
    }
    word = _controlfp(word, mask);
    if (current) *current = word;
    return 0;
}
#if defined(__i386__)
/* Both words at once, which are the same here. */
WINVM_CRT_ int __control87_2(unsigned word, unsigned mask, unsigned *x87, unsigned *sse)
{
    word = _control87(word, mask);
    if (x87) *x87 = word;
    if (sse) *sse = word;
    return 1;
}
#endif

/* ---- status ---- */

WINVM_CRT_ unsigned _statusfp(void)
{
    unsigned x87 = winvm_x87_status_();
    unsigned word = winvm_fp_abstract_((winvm_mxcsr_() | x87) & WINVM_MXCSR_FLAGS_);
    if (x87 & 0x40) word |= x87 & 0x200 ? _SW_STACKOVERFLOW : _SW_STACKUNDERFLOW;
    return word;
}
WINVM_CRT_ unsigned _clearfp(void)
{
    unsigned word = _statusfp();
    __asm__ volatile("fnclex");
    winvm_set_mxcsr_(winvm_mxcsr_() & ~WINVM_MXCSR_FLAGS_);
    return word;
}
#define _status87 _statusfp
#define _clear87 _clearfp
WINVM_CRT_ void _statusfp2(unsigned *x87, unsigned *sse)
{
    if (x87) *x87 = winvm_fp_abstract_(winvm_x87_status_() & WINVM_MXCSR_FLAGS_);
    if (sse) *sse = winvm_fp_abstract_(winvm_mxcsr_() & WINVM_MXCSR_FLAGS_);
}
/* As the host starts threads: all is masked, and the x87 computes with 64 bits. */
WINVM_CRT_ void _fpreset(void)
{
    unsigned short word = WINVM_X87_INIT_;
    __asm__ volatile("fnclex\n\tfldcw %0" : : "m"(word) : "memory");
    winvm_set_mxcsr_(WINVM_MXCSR_INIT_);
}
#define fpreset _fpreset

/* ---- numbers ---- */

#define _FPCLASS_SNAN 0x0001
#define _FPCLASS_QNAN 0x0002
#define _FPCLASS_NINF 0x0004
#define _FPCLASS_NN 0x0008
#define _FPCLASS_ND 0x0010
#define _FPCLASS_NZ 0x0020
#define _FPCLASS_PZ 0x0040
#define _FPCLASS_PD 0x0080
#define _FPCLASS_PN 0x0100
#define _FPCLASS_PINF 0x0200

WINVM_CRT_ uint64_t winvm_double_bits_(double v)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &v, sizeof(bits));
    return bits;
}
WINVM_CRT_ int _fpclass(double v)
{
    uint64_t bits = winvm_double_bits_(v), fraction = bits & (((uint64_t)1 << 52) - 1);
    unsigned exponent = (unsigned)(bits >> 52) & 0x7ff;
    int minus = (int)(bits >> 63);
    if (exponent == 0x7ff && fraction) return fraction >> 51 ? _FPCLASS_QNAN : _FPCLASS_SNAN;
    if (exponent == 0x7ff) return minus ? _FPCLASS_NINF : _FPCLASS_PINF;
    if (exponent) return minus ? _FPCLASS_NN : _FPCLASS_PN;
    if (fraction) return minus ? _FPCLASS_ND : _FPCLASS_PD;
    return minus ? _FPCLASS_NZ : _FPCLASS_PZ;
}
#define _isnan(v) __builtin_isnan(v)
#define _finite(v) __builtin_isfinite(v)
#define _copysign(a, b) __builtin_copysign((a), (b))
#define _chgsign(v) (-(double)(v))
#define _scalb(v, exponent) ldexp((v), (int)(exponent))
#define _isnanf(v) __builtin_isnan((float)(v))
#define _finitef(v) __builtin_isfinite((float)(v))
/* The exponent of v = m * 2^e, 1 <= m < 2. */
WINVM_CRT_ double _logb(double v)
{
    int exponent;
    if (__builtin_isnan(v) || __builtin_isinf(v)) return v * v;
    if (v == 0) return -1 / (v * v);
    frexp(v, &exponent);
    return exponent - 1;
}
/* The next number from v towards `to`. */
WINVM_CRT_ double _nextafter(double v, double to)
{
    uint64_t bits = winvm_double_bits_(v);
    if (__builtin_isnan(v) || __builtin_isnan(to)) return v + to;
    if (v == to) return to;
    if (v == 0) bits = ((uint64_t)(to < 0) << 63) | 1;
    else bits += (v < to) == (v > 0) ? 1 : (uint64_t)-1;
    __builtin_memcpy(&v, &bits, sizeof(v));
    return v;
}

#endif
