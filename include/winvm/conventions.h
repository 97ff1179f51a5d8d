/* winvm/conventions.h: the words of calling conventions, and integers by their width, as
 * Microsoft's compiler has them. No types.
 *
 * __stdcall means the convention that abi.h selected, so that callbacks are declared as they are
 * called; __cdecl stays the compiler's own, so that main and the comparison functions of libc keep
 * theirs. */
#ifndef WINVM_CONVENTIONS_H
#define WINVM_CONVENTIONS_H

#include "abi.h"

#ifndef WINVM_NO_TYPES
#ifndef __int8
#define __int8 char
#endif
#ifndef __int16
#define __int16 short
#endif
#ifndef __int32
#define __int32 int
#endif
#ifndef __int64
#define __int64 long long
#endif

#if !defined(_MSC_VER) || defined(__linux__)
#ifndef __stdcall
#define __stdcall WINVM_CALL
#endif
#ifndef __cdecl
#define __cdecl
#endif
#ifndef _cdecl
#define _cdecl __cdecl
#endif
#ifndef _stdcall
#define _stdcall __stdcall
#endif
#ifndef __fastcall
#if defined(__i386__)
#define __fastcall __attribute__((fastcall))
#else
#define __fastcall
#endif
#endif
#endif
#endif

#endif
