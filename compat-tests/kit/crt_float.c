/* float.h of Windows' C run time on the compat path, in C and C++: control words, flags, exceptions
 * that are unmasked, classes of numbers. Ends with 0, or names what fails. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "crt_check.h"

static jmp_buf way_back;
static volatile DWORD code;
static volatile double zero, one = 1, two = 2, tiny = 2.2250738585072014e-308, huge_one = 1e308;
static volatile double denormal = 4.9406564584124654e-324, result;
static volatile long double long_zero, long_one = 1, long_result;

static LONG WINAPI at_exception(PEXCEPTION_POINTERS e)
{
    code = e->ExceptionRecord->ExceptionCode;
    longjmp(way_back, 1);
}

enum kind { DIVIDE, INVALID, OVER, UNDER, INEXACT, DENORMAL, LONG_DIVIDE };
static void raise_it(enum kind kind)
{
    switch (kind) {
    case DIVIDE: result = one / zero; break;
    case INVALID: result = zero / zero; break;
    case OVER: result = huge_one * huge_one; break;
    case UNDER: result = tiny * tiny; break;
    case INEXACT: result = one / (two + one); break;
    case DENORMAL: result = denormal + one; break;
    case LONG_DIVIDE:
        long_result = long_one / long_zero;
        break;
    }
    __asm__ volatile("fwait"); /* the x87 tells with its next instruction */
}

/* The exception that `kind` is when all but `bit` are masked; 0: none. */
static DWORD unmasked(enum kind kind, unsigned bit)
{
    code = 0;
    _clearfp();
    _control87(~bit, _MCW_EM);
    if (_setjmp(way_back) == 0) raise_it(kind);
    _clearfp();
    _fpreset();
    return code;
}

static void exceptions(void)
{
    PVOID handler = AddVectoredExceptionHandler(1, at_exception);
    CHECK(unmasked(DIVIDE, 0) == 0 && unmasked(DIVIDE, _EM_INVALID) == 0);
    CHECK(unmasked(DIVIDE, _EM_ZERODIVIDE) == EXCEPTION_FLT_DIVIDE_BY_ZERO);
    CHECK(unmasked(INVALID, _EM_INVALID) == EXCEPTION_FLT_INVALID_OPERATION);
    CHECK(unmasked(OVER, _EM_OVERFLOW) == EXCEPTION_FLT_OVERFLOW);
    CHECK(unmasked(UNDER, _EM_UNDERFLOW) == EXCEPTION_FLT_UNDERFLOW);
    CHECK(unmasked(INEXACT, _EM_INEXACT) == EXCEPTION_FLT_INEXACT_RESULT);
    CHECK(unmasked(DENORMAL, _EM_DENORMAL) == EXCEPTION_FLT_DENORMAL_OPERAND);
    CHECK(unmasked(LONG_DIVIDE, _EM_ZERODIVIDE) == EXCEPTION_FLT_DIVIDE_BY_ZERO);
    /* What is a flag already is not raised later. */
    long_result = long_one / long_zero;
    code = 0;
    _control87(0, _EM_ZERODIVIDE);
    if (_setjmp(way_back) == 0) long_result = long_one + long_one;
    CHECK(code == 0 && (_statusfp() & _SW_ZERODIVIDE));
    _fpreset();
    RemoveVectoredExceptionHandler(handler);
}

static void words(void)
{
    unsigned word = 0, was = _controlfp(0, 0);
    CHECK(was == (_MCW_EM | _RC_NEAR)); /* i386 too: the host computes with 64 bits */
    CHECK(_controlfp(0, _EM_DENORMAL) == was && _control87(0, _EM_DENORMAL) == was - _EM_DENORMAL);
    CHECK(_control87(_EM_DENORMAL, _EM_DENORMAL) == was);
    CHECK((_controlfp(_RC_UP, _MCW_RC) & _MCW_RC) == _RC_UP);
    result = one / (two + one);
    CHECK((_controlfp(_RC_DOWN, _MCW_RC) & _MCW_RC) == _RC_DOWN);
    CHECK(result > one / (two + one));
    long_result = long_one / (long_one + 2);
    _controlfp(_RC_UP, _MCW_RC);
    CHECK(long_result < long_one / (long_one + 2));
    CHECK(!_controlfp_s(&word, _RC_NEAR, _MCW_RC) && word == was);
    CHECK(_controlfp_s(&word, 0x1000, 0x1000) == EINVAL && word == was);
    _controlfp(_DN_FLUSH, _MCW_DN);
    CHECK((_controlfp(0, 0) & _MCW_DN) == _DN_FLUSH);
#if !defined(__i386__) /* the x87 flushes nothing */
    CHECK(tiny / two == 0);
#endif
    _controlfp(_DN_SAVE, _MCW_DN);
    CHECK(tiny / two > 0 && _controlfp(0, 0) == was);
#if defined(__i386__)
    CHECK((_controlfp(_PC_53, _MCW_PC) & _MCW_PC) == _PC_53);
    _fpreset();
#endif
    _clearfp();
    CHECK(_statusfp() == 0);
    result = one / zero;
    CHECK(_statusfp() == _SW_ZERODIVIDE);
    long_result = long_one / (long_one + 2);
    CHECK(_clearfp() == (_SW_ZERODIVIDE | _SW_INEXACT) && _statusfp() == 0 && _clear87() == 0);
}

static void numbers(void)
{
    volatile double none = zero / zero, infinite = one / zero, signalling;
    ULONGLONG bits = (ULONGLONG)0x7ff4 << 48;
    memcpy((void *)&signalling, &bits, sizeof(bits));
    CHECK(_fpclass(1) == _FPCLASS_PN && _fpclass(-1) == _FPCLASS_NN);
    CHECK(_fpclass(0) == _FPCLASS_PZ && _fpclass(-zero) == _FPCLASS_NZ);
    CHECK(_fpclass(denormal) == _FPCLASS_PD && _fpclass(-denormal) == _FPCLASS_ND);
    CHECK(_fpclass(infinite) == _FPCLASS_PINF && _fpclass(-infinite) == _FPCLASS_NINF);
    CHECK(_fpclass(none) == _FPCLASS_QNAN);
#if !defined(__i386__)
    CHECK(_fpclass(signalling) == _FPCLASS_SNAN);
#endif
    CHECK(_isnan(none) && !_isnan(one) && _finite(one) && !_finite(infinite) && !_finite(none));
    CHECK(_copysign(2.0, -1.0) == -2 && _chgsign(3.0) == -3 && _scalb(3.0, 4) == 48);
    CHECK(_logb(10.0) == 3 && _logb(0.25) == -2 && _logb(denormal) == -1074);
    CHECK(_logb(zero) == -infinite && _logb(-infinite) == infinite);
    CHECK(_nextafter(1.0, 2.0) == 1 + DBL_EPSILON && _nextafter(0.0, -1.0) == -denormal);
    CHECK(_nextafter(1.0, 0.0) == 1 - DBL_EPSILON / 2 && _nextafter(5.0, 5.0) == 5);
    CHECK(_nextafter(denormal, -1.0) == 0 && _nextafter(-1.0, 0.0) == -1 + DBL_EPSILON / 2);
    CHECK(_isnan(_nextafter(none, one)) && _nextafter(DBL_MAX, infinite) == infinite);
    _clearfp();
}

int main(void)
{
    words();
    exceptions();
    numbers();
    return failed;
}
