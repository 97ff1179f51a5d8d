/* winvm/winnls.h: text in code pages and UTF-16 (libwinvm-kit), with what stringapiset.h has.
 *
 * "ANSI" and "OEM" text is UTF-8 here. Code pages: CP_ACP, CP_OEMCP, CP_THREAD_ACP and CP_UTF8,
 * which are one; 1252, 20127 (ASCII) and 28591 (Latin 1).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD UINT int LPSTR LPCSTR LPWSTR LPCWSTR. */
#ifndef WINVM_WINNLS_H
#define WINVM_WINNLS_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define CP_ACP 0
#define CP_OEMCP 1
#define CP_THREAD_ACP 3
#define CP_UTF7 65000
#define CP_UTF8 65001
#define MB_PRECOMPOSED 0x00000001
#define MB_COMPOSITE 0x00000002
#define MB_USEGLYPHCHARS 0x00000004
#define MB_ERR_INVALID_CHARS 0x00000008
#define WC_DISCARDNS 0x00000010
#define WC_SEPCHARS 0x00000020
#define WC_DEFAULTCHAR 0x00000040
#define WC_ERR_INVALID_CHARS 0x00000080
#define WC_COMPOSITECHECK 0x00000200
#define WC_NO_BEST_FIT_CHARS 0x00000400
#define CSTR_LESS_THAN 1
#define CSTR_EQUAL 2
#define CSTR_GREATER_THAN 3
#endif

WINVM_BEGIN_DECLS

/* Both: lengths in units of their side, -1: up to and with the NUL; cch (cb) 0: the size needed.
 * Returns the units written. What is not valid becomes U+FFFD, or fails when ERR_INVALID_CHARS is
 * asked for. In pages other than CP_UTF8 a character that is not there becomes *lpDefaultChar or
 * '?', and *lpUsedDefaultChar tells. 0: 87, 122 the buffer, 1004 ERROR_INVALID_FLAGS, 1113
 * ERROR_NO_UNICODE_TRANSLATION. */
WINVM_DECLARE(int, MultiByteToWideChar,
              (UINT CodePage, DWORD dwFlags, LPCSTR lpMultiByteStr, int cbMultiByte,
               LPWSTR lpWideCharStr, int cchWideChar));
WINVM_DECLARE(int, WideCharToMultiByte,
              (UINT CodePage, DWORD dwFlags, LPCWSTR lpWideCharStr, int cchWideChar,
               LPSTR lpMultiByteStr, int cbMultiByte, LPCSTR lpDefaultChar,
               BOOL *lpUsedDefaultChar));
WINVM_DECLARE(BOOL, IsValidCodePage, (UINT CodePage));
/* 65001. */
WINVM_DECLARE(UINT, GetACP, (void));
WINVM_DECLARE(UINT, GetOEMCP, (void));
/* By units; -1: up to the NUL. Letters of Latin, Greek and Cyrillic have cases. CSTR_*; 0: 87. */
WINVM_DECLARE(int, CompareStringOrdinal,
              (LPCWSTR lpString1, int cchCount1, LPCWSTR lpString2, int cchCount2,
               BOOL bIgnoreCase));

WINVM_END_DECLS

#endif
