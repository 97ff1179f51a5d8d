/* winvm/shlwapi.h: paths and texts, as shlwapi has them. Of libwinvm-kit.
 *
 * Paths are the host's: / separates. \ separates as well, and is what joins where the path has it
 * before any /. Paths that are made have MAX_PATH (260) characters at most, the NUL too.
 * WINVM_NO_TYPES needs: BOOL LPSTR LPCSTR LPWSTR LPCWSTR. */
#ifndef WINVM_SHLWAPI_H
#define WINVM_SHLWAPI_H

#include "abi.h"
#include "kit_text.h"
#include "winnt.h"

WINVM_BEGIN_DECLS

/* FALSE and the last error: there is no such file or folder. */
WINVM_DECLARE(BOOL, PathFileExistsA, (LPCSTR pszPath));
WINVM_DECLARE(BOOL, PathFileExistsW, (LPCWSTR pszPath));
/* pszFile below pszDir, or pszFile itself when it has a root; either may be NULL. "." and ".." are
 * carried out. pszDest has MAX_PATH characters. NULL: it does not fit, and pszDest is empty. */
WINVM_DECLARE(LPSTR, PathCombineA, (LPSTR pszDest, LPCSTR pszDir, LPCSTR pszFile));
WINVM_DECLARE(LPWSTR, PathCombineW, (LPWSTR pszDest, LPCWSTR pszDir, LPCWSTR pszFile));
/* The same in place; one separator that pszMore begins with is not its root. */
WINVM_DECLARE(BOOL, PathAppendA, (LPSTR pszPath, LPCSTR pszMore));
WINVM_DECLARE(BOOL, PathAppendW, (LPWSTR pszPath, LPCWSTR pszMore));
/* Cuts the last component and its separator off, but no root. FALSE: there was nothing to cut. */
WINVM_DECLARE(BOOL, PathRemoveFileSpecA, (LPSTR pszPath));
WINVM_DECLARE(BOOL, PathRemoveFileSpecW, (LPWSTR pszPath));
/* The last component, with the separator that ends it. */
WINVM_DECLARE(LPSTR, PathFindFileNameA, (LPCSTR pszPath));
WINVM_DECLARE(LPWSTR, PathFindFileNameW, (LPCWSTR pszPath));
/* The dot of the extension, or the end of the path. */
WINVM_DECLARE(LPSTR, PathFindExtensionA, (LPCSTR pszPath));
WINVM_DECLARE(LPWSTR, PathFindExtensionW, (LPCWSTR pszPath));
/* Where pszSrch first is in pszFirst, whatever the case of letters (A: those of ASCII); NULL. */
WINVM_DECLARE(LPSTR, StrStrIA, (LPCSTR pszFirst, LPCSTR pszSrch));
WINVM_DECLARE(LPWSTR, StrStrIW, (LPCWSTR pszFirst, LPCWSTR pszSrch));
/* lstrcmpiW; lstrcpynW, but it answers psz1 always. */
WINVM_DECLARE(int, StrCmpIW, (LPCWSTR psz1, LPCWSTR psz2));
WINVM_DECLARE(LPWSTR, StrCpyNW, (LPWSTR psz1, LPCWSTR psz2, int cchMax));
#define StrCmpIA lstrcmpiA
#define StrCpyNA lstrcpynA

WINVM_END_DECLS

#if defined(UNICODE)
#define PathAppend PathAppendW
#define PathCombine PathCombineW
#define PathFileExists PathFileExistsW
#define PathFindExtension PathFindExtensionW
#define PathFindFileName PathFindFileNameW
#define PathRemoveFileSpec PathRemoveFileSpecW
#define StrCmpI StrCmpIW
#define StrCpyN StrCpyNW
#define StrStrI StrStrIW
#else
#define PathAppend PathAppendA
#define PathCombine PathCombineA
#define PathFileExists PathFileExistsA
#define PathFindExtension PathFindExtensionA
#define PathFindFileName PathFindFileNameA
#define PathRemoveFileSpec PathRemoveFileSpecA
#define StrCmpI StrCmpIA
#define StrCpyN StrCpyNA
#define StrStrI StrStrIA
#endif

#endif
