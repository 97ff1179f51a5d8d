/* winvm/kit_place.h: where a program is, of processenv.h, fileapi.h and winbase.h (libwinvm-kit).
 * Paths are the host's.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD UINT LPSTR LPCSTR LPWSTR LPCWSTR. */
#ifndef WINVM_KIT_PLACE_H
#define WINVM_KIT_PLACE_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#ifndef INVALID_FILE_ATTRIBUTES
#define INVALID_FILE_ATTRIBUTES ((DWORD)-1)
#endif
#ifndef MAX_COMPUTERNAME_LENGTH
#define MAX_COMPUTERNAME_LENGTH 15
#endif
#endif

WINVM_BEGIN_DECLS

/* The length when it fits with its NUL, else the size needed, with the NUL. 0: 2, 3, 5. */
WINVM_DECLARE(DWORD, GetCurrentDirectoryA, (DWORD nBufferLength, LPSTR lpBuffer));
WINVM_DECLARE(DWORD, GetCurrentDirectoryW, (DWORD nBufferLength, LPWSTR lpBuffer));
/* The host has no such folders: /usr/lib, and /usr for the others. The length and size as above. */
WINVM_DECLARE(UINT, GetSystemDirectoryA, (LPSTR lpBuffer, UINT uSize));
WINVM_DECLARE(UINT, GetSystemDirectoryW, (LPWSTR lpBuffer, UINT uSize));
WINVM_DECLARE(UINT, GetWindowsDirectoryA, (LPSTR lpBuffer, UINT uSize));
WINVM_DECLARE(UINT, GetWindowsDirectoryW, (LPWSTR lpBuffer, UINT uSize));
WINVM_DECLARE(UINT, GetSystemWindowsDirectoryA, (LPSTR lpBuffer, UINT uSize));
WINVM_DECLARE(UINT, GetSystemWindowsDirectoryW, (LPWSTR lpBuffer, UINT uSize));
/* Of the whole process, as the C library has it. Errors: 2, 3, 5, 87 NULL. */
WINVM_DECLARE(BOOL, SetCurrentDirectoryA, (LPCSTR lpPathName));
WINVM_DECLARE(BOOL, SetCurrentDirectoryW, (LPCWSTR lpPathName));
/* The path from the root on, without "." and ".."; it need not exist. *lpFilePart: its last name,
 * NULL when it ends with a slash. 0: 87 NULL, 161 ERROR_BAD_PATHNAME empty. */
WINVM_DECLARE(DWORD, GetFullPathNameA,
              (LPCSTR lpFileName, DWORD nBufferLength, LPSTR lpBuffer, LPSTR *lpFilePart));
WINVM_DECLARE(DWORD, GetFullPathNameW,
              (LPCWSTR lpFileName, DWORD nBufferLength, LPWSTR lpBuffer, LPWSTR *lpFilePart));
/* DIRECTORY, READONLY when nobody may write, else NORMAL. INVALID_FILE_ATTRIBUTES: 2, 3, 5, 206. */
WINVM_DECLARE(DWORD, GetFileAttributesA, (LPCSTR lpFileName));
WINVM_DECLARE(DWORD, GetFileAttributesW, (LPCWSTR lpFileName));
/* *nSize: the room, then the length. Errors: 111 the room; *nSize is the size needed. */
WINVM_DECLARE(BOOL, GetComputerNameA, (LPSTR lpBuffer, DWORD *nSize));
WINVM_DECLARE(BOOL, GetComputerNameW, (LPWSTR lpBuffer, DWORD *nSize));
/* The same, but the length is told with the NUL. Errors: 122 the room. */
WINVM_DECLARE(BOOL, GetUserNameA, (LPSTR lpBuffer, DWORD *pcbBuffer));
WINVM_DECLARE(BOOL, GetUserNameW, (LPWSTR lpBuffer, DWORD *pcbBuffer));
/* Each %NAME% that there is becomes its value. The size with the NUL; nothing is written when that
 * is more than nSize. 0: 8. */
WINVM_DECLARE(DWORD, ExpandEnvironmentStringsA, (LPCSTR lpSrc, LPSTR lpDst, DWORD nSize));
WINVM_DECLARE(DWORD, ExpandEnvironmentStringsW, (LPCWSTR lpSrc, LPWSTR lpDst, DWORD nSize));
/* All variables, each with its NUL, and one more. To be freed. NULL: 8. */
WINVM_DECLARE(LPSTR, GetEnvironmentStrings, (void));
WINVM_DECLARE(LPWSTR, GetEnvironmentStringsW, (void));
WINVM_DECLARE(BOOL, FreeEnvironmentStringsA, (LPSTR penv));
WINVM_DECLARE(BOOL, FreeEnvironmentStringsW, (LPWSTR penv));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetCurrentDirectory GetCurrentDirectoryW
#define GetSystemDirectory GetSystemDirectoryW
#define GetSystemWindowsDirectory GetSystemWindowsDirectoryW
#define GetWindowsDirectory GetWindowsDirectoryW
#define SetCurrentDirectory SetCurrentDirectoryW
#define GetFullPathName GetFullPathNameW
#define GetFileAttributes GetFileAttributesW
#define GetComputerName GetComputerNameW
#define GetUserName GetUserNameW
#define ExpandEnvironmentStrings ExpandEnvironmentStringsW
#define GetEnvironmentStrings GetEnvironmentStringsW
#define FreeEnvironmentStrings FreeEnvironmentStringsW
#else
#define GetCurrentDirectory GetCurrentDirectoryA
#define GetSystemDirectory GetSystemDirectoryA
#define GetSystemWindowsDirectory GetSystemWindowsDirectoryA
#define GetWindowsDirectory GetWindowsDirectoryA
#define SetCurrentDirectory SetCurrentDirectoryA
#define GetFullPathName GetFullPathNameA
#define GetFileAttributes GetFileAttributesA
#define GetComputerName GetComputerNameA
#define GetUserName GetUserNameA
#define ExpandEnvironmentStrings ExpandEnvironmentStringsA
#define FreeEnvironmentStrings FreeEnvironmentStringsA
#endif
#endif

WINVM_END_DECLS

#endif
