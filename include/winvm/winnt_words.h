/* winvm/winnt_words.h: words of winnt.h that have nothing to do with memory: sizes and arithmetic,
 * languages, versions, the reasons of a DLL's entry point. winnt.h includes this header.
 *
 * WINVM_NO_TYPES leaves out all of it. */
#ifndef WINVM_WINNT_WORDS_H
#define WINVM_WINNT_WORDS_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES

#ifndef C_ASSERT
#define C_ASSERT(e) WINVM_STATIC_ASSERT(e, #e)
#endif
#ifndef RTL_FIELD_SIZE
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#endif
#ifndef RTL_SIZEOF_THROUGH_FIELD
#define RTL_SIZEOF_THROUGH_FIELD(type, field) \
    (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#endif
#ifndef RTL_CONTAINS_FIELD
#define RTL_CONTAINS_FIELD(at, size, field) \
    ((((char *)(&(at)->field)) + sizeof((at)->field)) <= (((char *)(at)) + (size)))
#endif
#ifndef RTL_BITS_OF
#define RTL_BITS_OF(type) (sizeof(type) * 8)
#endif
#ifndef RTL_NUMBER_OF_V2
#define RTL_NUMBER_OF_V2(a) RTL_NUMBER_OF(a)
#endif
#ifndef TYPE_ALIGNMENT
#define TYPE_ALIGNMENT(t) FIELD_OFFSET(struct { char x; t test; }, test)
#endif
#ifndef MEMORY_ALLOCATION_ALIGNMENT
#define MEMORY_ALLOCATION_ALIGNMENT (WINVM_64 ? 16 : 8)
#endif
#ifndef SYSTEM_CACHE_ALIGNMENT_SIZE
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#endif
#ifndef DECLSPEC_CACHEALIGN
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#endif
#ifndef DECLSPEC_NOINLINE
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#endif
#ifndef DECLSPEC_SELECTANY
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#endif
#ifndef DECLSPEC_NOVTABLE
#define DECLSPEC_NOVTABLE
#endif
#ifndef DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED
#endif
#ifndef CFORCEINLINE
#define CFORCEINLINE FORCEINLINE
#endif
#ifndef STDMETHODCALLTYPE
#define STDMETHODCALLTYPE WINVM_CALL
#endif
#ifndef EXTERN_C
#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif
#endif
#ifndef UNALIGNED
#define UNALIGNED
#endif
#ifndef UNALIGNED64
#define UNALIGNED64
#endif
#ifndef DEFAULT_UNREACHABLE
#define DEFAULT_UNREACHABLE default: __builtin_unreachable()
#endif
#if defined(__cplusplus) && __cplusplus >= 201103L
/* The operators of a set of bits, for an enumeration. */
#ifndef DEFINE_ENUM_FLAG_OPERATORS
#define WINVM_FLAGS_(type, op)                                 \
    inline constexpr type operator op(type a, type b)          \
    {                                                          \
        return type((int)a op(int) b);                         \
    }                                                          \
    inline type &operator op##=(type &a, type b)               \
    {                                                          \
        return a = type((int)a op(int) b);                     \
    }
#define DEFINE_ENUM_FLAG_OPERATORS(type)         \
    extern "C++" {                               \
    WINVM_FLAGS_(type, |)                        \
    WINVM_FLAGS_(type, &)                        \
    WINVM_FLAGS_(type, ^)                        \
    inline constexpr type operator~(type a)      \
    {                                            \
        return type(~(int)a);                    \
    }                                            \
    }
#endif
#else
#ifndef DEFINE_ENUM_FLAG_OPERATORS
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#endif
#endif

typedef char CCHAR;
typedef DWORD LCID, *PLCID;
typedef WORD LANGID;
typedef BYTE FCHAR;
typedef WORD FSHORT;
typedef DWORD FLONG;
typedef ULONG LOGICAL, *PLOGICAL;
typedef PSTR *PZPSTR;
typedef PCSTR *PZPCSTR;
typedef WCHAR *PNZWCH, *LPUWSTR, *PUWSTR;
typedef const WCHAR *PCNZWCH, *LPCUWSTR, *PCUWSTR;
typedef LPWSTR *PZPWSTR;
typedef PVOID *PPVOID;
typedef DWORD EXECUTION_STATE;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef PVOID PSID;
typedef PVOID PACCESS_TOKEN;
typedef PVOID PCLAIMS_BLOB;

#define Int32x32To64(a, b) ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b) ((ULONGLONG)(DWORD)(a) * (ULONGLONG)(DWORD)(b))
#define Int64ShllMod32(a, n) ((ULONGLONG)(a) << ((n) & 31))
#define Int64ShraMod32(a, n) ((LONGLONG)(a) >> ((n) & 31))
#define Int64ShrlMod32(a, n) ((ULONGLONG)(a) >> ((n) & 31))
#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG 0x80000000
#define MAXLONG 0x7fffffff
#define MAXBYTE 0xff
#define MAXWORD 0xffff
#define MAXDWORD 0xffffffff
#define MAXLONGLONG ((LONGLONG)0x7fffffffffffffff)
#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)

/* DllMain, TLS callbacks. */
#define DLL_PROCESS_DETACH 0
#define DLL_PROCESS_ATTACH 1
#define DLL_THREAD_ATTACH 2
#define DLL_THREAD_DETACH 3

#define MAKELANGID(p, s) ((((WORD)(s)) << 10) | (WORD)(p))
#define PRIMARYLANGID(id) ((WORD)(id) & 0x3ff)
#define SUBLANGID(id) ((WORD)(id) >> 10)
#define MAKELCID(id, sort) ((DWORD)((((DWORD)((WORD)(sort))) << 16) | ((DWORD)((WORD)(id)))))
#define LANGIDFROMLCID(lcid) ((WORD)(lcid))
#define LANG_NEUTRAL 0x00
#define LANG_ENGLISH 0x09
#define SUBLANG_NEUTRAL 0x00
#define SUBLANG_DEFAULT 0x01
#define SUBLANG_SYS_DEFAULT 0x02
#define SUBLANG_ENGLISH_US 0x01
#define SORT_DEFAULT 0x0
#define LANG_SYSTEM_DEFAULT (MAKELANGID(LANG_NEUTRAL, SUBLANG_SYS_DEFAULT))
#define LANG_USER_DEFAULT (MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT))
#define LOCALE_SYSTEM_DEFAULT (MAKELCID(LANG_SYSTEM_DEFAULT, SORT_DEFAULT))
#define LOCALE_USER_DEFAULT (MAKELCID(LANG_USER_DEFAULT, SORT_DEFAULT))
#define LOCALE_NEUTRAL (MAKELCID(MAKELANGID(LANG_NEUTRAL, SUBLANG_NEUTRAL), SORT_DEFAULT))

/* __fastfail. */
#define FAST_FAIL_LEGACY_GS_VIOLATION 0
#define FAST_FAIL_VTGUARD_CHECK_FAILURE 1
#define FAST_FAIL_STACK_COOKIE_CHECK_FAILURE 2
#define FAST_FAIL_CORRUPT_LIST_ENTRY 3
#define FAST_FAIL_INCORRECT_STACK 4
#define FAST_FAIL_INVALID_ARG 5
#define FAST_FAIL_GS_COOKIE_INIT 6
#define FAST_FAIL_FATAL_APP_EXIT 7
#define FAST_FAIL_RANGE_CHECK_FAILURE 8
#define FAST_FAIL_UNSAFE_REGISTRY_ACCESS 9

/* The hint of a prefetch. */
/* Codes of exceptions between a program and its debugger. */
#define DBG_EXCEPTION_HANDLED ((DWORD)0x00010001)
#define DBG_CONTINUE ((DWORD)0x00010002)
#define DBG_TERMINATE_THREAD ((DWORD)0x40010003)
#define DBG_TERMINATE_PROCESS ((DWORD)0x40010004)
#define DBG_CONTROL_C ((DWORD)0x40010005)
#define DBG_PRINTEXCEPTION_C ((DWORD)0x40010006)
#define DBG_RIPEXCEPTION ((DWORD)0x40010007)
#define DBG_CONTROL_BREAK ((DWORD)0x40010008)
#define DBG_COMMAND_EXCEPTION ((DWORD)0x40010009)
#define DBG_PRINTEXCEPTION_WIDE_C ((DWORD)0x4001000A)
#define DBG_EXCEPTION_NOT_HANDLED ((DWORD)0x80010001)
#define PF_TEMPORAL_LEVEL_1 3
#define PF_TEMPORAL_LEVEL_2 2
#define PF_TEMPORAL_LEVEL_3 1
#define PF_NON_TEMPORAL_LEVEL_ALL 0
#define PreFetchCacheLine(level, at) __builtin_prefetch((const void *)(at), 0, 3)
#define PrefetchForWrite(at) __builtin_prefetch((const void *)(at), 1, 3)

#endif

#endif
