/* winvm/kit_text.h: texts, of winbase.h (lstrlen and its kin) and winuser.h (wsprintf)
 * (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: int LPSTR LPCSTR LPWSTR LPCWSTR. */
#ifndef WINVM_KIT_TEXT_H
#define WINVM_KIT_TEXT_H

#include <stdarg.h>

#include "winnt.h"

#ifndef WINVM_VA_LIST_
#if WINVM_ABI == 2 && defined(__x86_64__)
#define WINVM_VA_LIST_ __builtin_ms_va_list
#else
#define WINVM_VA_LIST_ va_list
#endif
#endif

WINVM_BEGIN_DECLS

/* Units up to the NUL; 0 for NULL. */
WINVM_DECLARE(int, lstrlenA, (LPCSTR lpString));
WINVM_DECLARE(int, lstrlenW, (LPCWSTR lpString));
/* The text that was written; NULL: one of the two is NULL. */
WINVM_DECLARE(LPSTR, lstrcpyA, (LPSTR lpString1, LPCSTR lpString2));
WINVM_DECLARE(LPWSTR, lstrcpyW, (LPWSTR lpString1, LPCWSTR lpString2));
WINVM_DECLARE(LPSTR, lstrcatA, (LPSTR lpString1, LPCSTR lpString2));
WINVM_DECLARE(LPWSTR, lstrcatW, (LPWSTR lpString1, LPCWSTR lpString2));
/* iMaxLength units at most, the NUL too; what does not fit is left out. NULL also below 1. */
WINVM_DECLARE(LPSTR, lstrcpynA, (LPSTR lpString1, LPCSTR lpString2, int iMaxLength));
WINVM_DECLARE(LPWSTR, lstrcpynW, (LPWSTR lpString1, LPCWSTR lpString2, int iMaxLength));
/* -1, 0, 1: marks, digits, letters; small letters before the same capitals, to lstrcmpi the same.
 * NULL is an empty text. Letters outside of ASCII are in the order of their code points. */
WINVM_DECLARE(int, lstrcmpA, (LPCSTR lpString1, LPCSTR lpString2));
WINVM_DECLARE(int, lstrcmpW, (LPCWSTR lpString1, LPCWSTR lpString2));
WINVM_DECLARE(int, lstrcmpiA, (LPCSTR lpString1, LPCSTR lpString2));
WINVM_DECLARE(int, lstrcmpiW, (LPCWSTR lpString1, LPCWSTR lpString2));

/* The length without the NUL; 1024 units at most, with it. Forms: c C d i p s S u x X and %%, with
 * - # 0 width .precision, and h l ll w I I32 I64. l is 32 bits, as LONG; s is of the function's own
 * characters, S of the other ones. */
#if defined(__clang__) /* of i386: such functions are cdecl */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wignored-attributes"
#endif
WINVM_DECLARE(int, wsprintfA, (LPSTR, LPCSTR, ...));
WINVM_DECLARE(int, wsprintfW, (LPWSTR, LPCWSTR, ...));
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
WINVM_DECLARE(int, wvsprintfA, (LPSTR, LPCSTR, WINVM_VA_LIST_ arglist));
WINVM_DECLARE(int, wvsprintfW, (LPWSTR, LPCWSTR, WINVM_VA_LIST_ arglist));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define lstrlen lstrlenW
#define lstrcpy lstrcpyW
#define lstrcat lstrcatW
#define lstrcpyn lstrcpynW
#define lstrcmp lstrcmpW
#define lstrcmpi lstrcmpiW
#define wsprintf wsprintfW
#define wvsprintf wvsprintfW
#else
#define lstrlen lstrlenA
#define lstrcpy lstrcpyA
#define lstrcat lstrcatA
#define lstrcpyn lstrcpynA
#define lstrcmp lstrcmpA
#define lstrcmpi lstrcmpiA
#define wsprintf wsprintfA
#define wvsprintf wvsprintfA
#endif
#endif

WINVM_END_DECLS

#endif
