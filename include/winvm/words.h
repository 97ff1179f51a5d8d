/* winvm/words.h: the words of Microsoft's compiler, for sources that windows.h or a header of the C
 * run time was included in; winvm's own headers do not need them.
 *
 *   __declspec(x)  one attribute in the parentheses: align, allocate, allocator, code_seg,
 *                  deprecated, dllexport, dllimport, empty_bases, guard, noalias, noinline,
 *                  noreturn, nothrow, novtable, process, restrict, safebuffers, selectany, thread,
 *                  uuid. allocate, guard, process and those of COM do nothing. naked is an error.
 *                  As with every compiler of GNU's kind, align in front of a `struct X {}` without
 *                  a variable is lost: `struct __declspec(align(n)) X {}` is not.
 *   __pragma(x)    #pragma x
 * The words of conventions are those of conventions.h; __vectorcall and __thiscall mean the
 * compiler's own convention. */
#ifndef WINVM_WORDS_H
#define WINVM_WORDS_H

#include "conventions.h"

#if !defined(_MSC_VER) || defined(__linux__)

/* Pragmas of Microsoft's compiler (comment, warning, section, intrinsic) say nothing. Only where
 * the source is compiled as a Windows one. */
#if defined(_WIN32) && defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#endif

#ifndef __declspec
#define __declspec(x) __attribute__((WINVM_DECLSPEC_##x))
#endif
#ifndef _declspec
#define _declspec __declspec
#endif
#define WINVM_DECLSPEC_align __aligned__
#define WINVM_DECLSPEC_allocate(section)
#define WINVM_DECLSPEC_allocator
#define WINVM_DECLSPEC_code_seg(section)
#define WINVM_DECLSPEC_deprecated __deprecated__
#define WINVM_DECLSPEC_dllexport __visibility__("default")
#define WINVM_DECLSPEC_dllimport
#define WINVM_DECLSPEC_empty_bases
#define WINVM_DECLSPEC_guard(what)
#define WINVM_DECLSPEC_naked \
    )) WINVM_declspec_naked_has_no_meaning_for_this_compiler __attribute__((
#define WINVM_DECLSPEC_noalias
#define WINVM_DECLSPEC_noinline __noinline__
#define WINVM_DECLSPEC_noreturn __noreturn__
#define WINVM_DECLSPEC_nothrow __nothrow__
#define WINVM_DECLSPEC_novtable
#define WINVM_DECLSPEC_process
#define WINVM_DECLSPEC_restrict __malloc__
#define WINVM_DECLSPEC_safebuffers
#define WINVM_DECLSPEC_selectany __weak__
#define WINVM_DECLSPEC_uuid(text)
#define WINVM_DECLSPEC___aligned__ __aligned__
#define WINVM_DECLSPEC___noinline__ __noinline__
#define WINVM_DECLSPEC___noreturn__ __noreturn__
#define WINVM_DECLSPEC___nothrow__ __nothrow__
/* A storage class, and so between two lists of attributes. */
#if defined(__cplusplus)
#define WINVM_DECLSPEC_thread )) thread_local __attribute__((
#else
#define WINVM_DECLSPEC_thread )) _Thread_local __attribute__((
#endif

#ifndef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#endif
#ifndef _inline
#define _inline __inline__
#endif
#ifndef __pragma
#define WINVM_PRAGMA_(x) _Pragma(#x)
#define __pragma(x) WINVM_PRAGMA_(x)
#endif
#ifndef __assume
#define __assume(condition)                       \
    do {                                          \
        if (!(condition)) __builtin_unreachable(); \
    } while (0)
#endif
#ifndef __noop
#define __noop(...) ((void)0)
#endif

#ifndef __vectorcall
#define __vectorcall
#endif
#ifndef __thiscall
#define __thiscall
#endif
#ifndef __clrcall
#define __clrcall
#endif
#ifndef _fastcall
#define _fastcall __fastcall
#endif
#ifndef __CRTDECL
#define __CRTDECL __cdecl
#endif

#ifndef far
#define far
#endif
#ifndef near
#define near
#endif

/* Pointers are aligned and as wide as the host's whatever these say. */
#ifndef __unaligned
#define __unaligned
#endif
#ifndef UNALIGNED
#define UNALIGNED
#endif
#ifndef UNALIGNED64
#define UNALIGNED64
#endif
#ifndef __ptr64
#define __ptr64
#endif
#ifndef __ptr32
#define __ptr32
#endif
#ifndef __sptr
#define __sptr
#endif
#ifndef __uptr
#define __uptr
#endif
#ifndef __w64
#define __w64
#endif

#ifndef _int64
#define _int64 __int64
#endif

#endif

#endif
