/* winvm/libloaderapi.h: winvm's own functions by name.
 *
 * The modules kernel32, kernelbase, ntdll and psapi (any case, with or without ".dll") exist and
 * export what winvm exports; no other module does.
 *
 * WINVM_NO_TYPES needs: BOOL HMODULE FARPROC LPCWSTR. */
#ifndef WINVM_LIBLOADERAPI_H
#define WINVM_LIBLOADERAPI_H

#include "winnt.h"

WINVM_BEGIN_DECLS

/* NULL names the program itself. Errors: 126 ERROR_MOD_NOT_FOUND. */
WINVM_DECLARE(HMODULE, GetModuleHandleA, (const char *lpModuleName));
WINVM_DECLARE(HMODULE, GetModuleHandleW, (LPCWSTR lpModuleName));
/* Errors: 126 ERROR_MOD_NOT_FOUND. */
WINVM_DECLARE(HMODULE, LoadLibraryA, (const char *lpLibFileName));
WINVM_DECLARE(HMODULE, LoadLibraryW, (LPCWSTR lpLibFileName));
/* The function in the calling convention of the caller. Errors: 127 ERROR_PROC_NOT_FOUND, 126. */
WINVM_DECLARE(FARPROC, GetProcAddress, (HMODULE hModule, const char *lpProcName));
WINVM_DECLARE(BOOL, FreeLibrary, (HMODULE hLibModule));

WINVM_END_DECLS

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetModuleHandle GetModuleHandleW
#define LoadLibrary LoadLibraryW
#else
#define GetModuleHandle GetModuleHandleA
#define LoadLibrary LoadLibraryA
#endif
#endif

#endif
