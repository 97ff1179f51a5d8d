/* winvm/kit_loader.h: what libloaderapi.h has of libwinvm-kit.
 *
 * WINVM_NO_TYPES needs: DWORD HMODULE LPSTR LPWSTR. */
#ifndef WINVM_KIT_LOADER_H
#define WINVM_KIT_LOADER_H

#include "libloaderapi.h"

WINVM_BEGIN_DECLS

/* The host's path of the file of a module, NULL: the program. Returns its length; nSize and 122
 * ERROR_INSUFFICIENT_BUFFER: it is cut off, with a NUL; 0: 126 ERROR_MOD_NOT_FOUND. */
WINVM_DECLARE(DWORD, GetModuleFileNameA, (HMODULE hModule, LPSTR lpFilename, DWORD nSize));
WINVM_DECLARE(DWORD, GetModuleFileNameW, (HMODULE hModule, LPWSTR lpFilename, DWORD nSize));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetModuleFileName GetModuleFileNameW
#else
#define GetModuleFileName GetModuleFileNameA
#endif
#endif

WINVM_END_DECLS

#endif
